"""Access code (tilgangskode): who may read, and by which statute."""

from typing import Annotated, Literal

from msgspec import Meta

from websakctl.model.entry import Entry
from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import ConfigOnly, Key
from websakctl.model.patterns import matching
from websakctl.model.types import IsoDate, Name, Text


class LegalBasis(Entry, frozen=True, kw_only=True):
    """A statutory basis (hjemmel) with the time it holds; laws move, so this is data."""

    reference: Text
    valid_from: IsoDate | None  # null: not known, so that it is to be confirmed; nobody leaves it out by accident
    valid_to: IsoDate | None = None  # None: still in force


class AccessCode(Named, frozen=True, kw_only=True):
    """One code of the list that all districts share (Noark 5 M500, M501, M504)."""

    code: Annotated[str, Key(), matching(r"[A-ZÆØÅ0-9a-z]{1,12}", "1 to 12 letters and digits")]
    name: Name
    description: Text | None = None
    legal_basis: list[LegalBasis] = []
    basis_chosen_per_case: bool = False  # the caseworker picks the section
    screening_level: Annotated[int, Meta(ge=1, le=3)] | None = (
        None  # avskjermingskode: 1 text, 2 and title, 3 and parties
    )
    screening_years: Annotated[int, Meta(ge=0, le=200)] | None = None  # M504
    publishable: Literal["yes", "no", "partly"] = "no"
    temporary: bool = False
    # Who reads it is guarded: a plan that lets more people read says so, and rules look at who may (docs/access.md).
    sensitive: Annotated[bool, ConfigOnly()] = False
    read_in: Annotated[list[str] | None, ConfigOnly()] = None  # local keys of the units that handle them; none: all
    protected: Annotated[bool, ConfigOnly()] = False


KIND = Kind(
    name="access_code",
    plural="access_codes",
    model=AccessCode,
    api=Api.SETUP,
    endpoint="access-codes",
    scoping=Scoping.BASE,
    on_removal=Removal.DEACTIVATE,
    title="access code (tilgangskode) with its statutory basis (hjemmel)",
    example="""P:
  name: Personalsaker
  legal_basis:
    - {reference: "offl. § 13 første ledd jf. fvl. § 13 første ledd nr. 1", valid_from: 2009-01-01}
  screening_level: 3
  screening_years: 60""",
)
