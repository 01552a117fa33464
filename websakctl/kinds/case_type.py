"""Case type (sakstype): what a case is about, and how it is kept."""

from typing import Annotated, Literal

from msgspec import Meta

from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import ConfigOnly, Key, Ref
from websakctl.model.patterns import matching
from websakctl.model.types import Name, Text


class CaseType(Named, frozen=True, kw_only=True):
    """What a case can be about (sakstype), and how it is kept."""

    code: Annotated[str, Key(), matching(r"[A-ZÆØÅ0-9-]{2,12}", "2 to 12 capitals, digits and hyphens")]
    name: Name
    series: Text  # arkivdel
    ordering_principle: Text  # ordningsprinsipp
    class_code: Text | None = None
    access_code: Annotated[str | None, Ref(kind="access_code")] = None
    screening_level: Annotated[int, Meta(ge=1, le=3)] | None = None
    legal_basis: Text | None = None
    retention: Literal["B", "K", "G"]  # Noark 5 M450: preserve, dispose, decide later
    retention_years: Annotated[int, Meta(ge=0, le=200)] | None = None  # M451; None: kept for ever
    retention_basis: Text | None = None  # M453
    publish: bool = False
    personal_data: bool = False
    protected: Annotated[bool, ConfigOnly()] = False


KIND = Kind(
    name="case_type",
    plural="case_types",
    model=CaseType,
    api=Api.SETUP,
    endpoint="case-types",
    scoping=Scoping.BASE,
    on_removal=Removal.DEACTIVATE,
    title="case type (sakstype)",
    open_cases="no API tells its open cases: list those of the type in Websak, and settle what they become before it is retired",
    example="PERS: {name: Personalmappe, series: PERS, ordering_principle: fødselsnummer, access_code: P, retention: B}",
)
