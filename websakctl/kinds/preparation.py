"""Preparation (aktivitet): what must be done before a batch goes live, by whom, and how long before."""

from typing import Annotated, Literal

from msgspec import Meta

from websakctl.model.entry import Entry
from websakctl.model.kind import Api, Kind, Removal, Scoping
from websakctl.model.marks import ConfigOnly, Key, Ref
from websakctl.model.patterns import matching
from websakctl.model.types import Text


class Preparation(Entry, frozen=True, kw_only=True):
    """It ends ``before`` working days ahead of go-live, and takes ``days`` of them. ``gate`` tells whether it is done."""

    code: Annotated[str, Key(), matching(r"[A-ZÆØÅ0-9-]{2,40}", "2 to 40 capitals, digits and hyphens")]
    name: Text
    responsible: Text
    before: Annotated[int, Meta(ge=0, le=500)]
    days: Annotated[int, Meta(ge=1, le=250)]
    gate: Annotated[str | None, Ref(kind="gate")] = None
    status: Annotated[Literal["example"] | None, ConfigOnly()] = None


KIND = Kind(
    name="preparation",
    plural="preparations",
    model=Preparation,
    api=Api.CONFIG,
    endpoint="",
    scoping=Scoping.BASE,
    on_removal=Removal.DELETE,
    title="preparation (aktivitet) before go-live: who does it, and how many working days before",
    renames=False,
    example="OPPLAERING-LEDERE: {name: Lære opp ledere, responsible: Opplæringsansvarlig, before: 6, days: 3}",
)
