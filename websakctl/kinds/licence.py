"""Licence pool (lisens): seats bought, and seats allotted to each district."""

from typing import Annotated

from msgspec import Meta

from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import ConfigOnly, Key, Ref
from websakctl.model.patterns import matching
from websakctl.model.types import IsoDate, Name

Seats = Annotated[int, Meta(ge=0)]


class Licence(Named, frozen=True, kw_only=True):
    """A pool of seats of one product, with what each district may use of it."""

    code: Annotated[str, Key(), matching(r"[A-ZÆØÅ0-9-]{2,20}", "2 to 20 capitals, digits and hyphens")]
    product: Name
    bought: Seats
    valid_from: IsoDate | None = None
    valid_to: IsoDate | None = None
    allotments: Annotated[dict[str, Seats], Ref(kind="district")] = {}
    protected: Annotated[bool, ConfigOnly()] = False


KIND = Kind(
    name="licence",
    plural="licences",
    model=Licence,
    api=Api.SETUP,
    endpoint="licences",
    scoping=Scoping.BASE,
    on_removal=Removal.DELETE,
    title="licence pool (lisens) with the districts' allotments",
    label="product",
    example="WEBSAK-PLUS: {product: Websak+, bought: 4000, allotments: {frogner: 250}}",
)
