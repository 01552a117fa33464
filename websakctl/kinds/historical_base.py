"""Historical base (historisk base): an old system that is looked up in until it is migrated."""

from typing import Annotated, Literal

from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import ConfigOnly, Key, NamesPeople, Overridable
from websakctl.model.patterns import matching
from websakctl.model.types import IsoDate, Name, Text


class HistoricalBase(Named, frozen=True, kw_only=True):
    """A district's old base: who may look things up in it, how far its migration has come, and where it ends."""

    key: Annotated[
        str,
        Key(),
        matching(r"[A-ZÆØÅ0-9]+(-[A-ZÆØÅ0-9]+)*", "capitals and digits, with hyphens between them", max_length=40),
    ]
    name: Annotated[Name, Overridable()]
    system: Annotated[Text | None, Overridable()] = None
    lookup: Annotated[Literal["arranged", "not-needed"], Overridable()] = "arranged"
    readers: Annotated[list[Text], Overridable(), NamesPeople()] = []  # roles that look things up, never persons
    migration: Annotated[Literal["planned", "under-way", "migrated", "not-planned"], Overridable()] = "planned"
    migrate_by: Annotated[IsoDate | None, Overridable()] = None
    deposit: Annotated[bool, Overridable()] = True  # ends as long-term deposit at the city archive
    protected: Annotated[bool, ConfigOnly()] = False


KIND = Kind(
    name="historical_base",
    plural="historical_bases",
    model=HistoricalBase,
    api=Api.MANUAL,
    endpoint="",
    scoping=Scoping.DISTRICT,
    on_removal=Removal.DEACTIVATE,
    title="historical base (historisk base): look-up, migration and deposit",
    local_keys=True,
    merges=False,  # each old base is looked up in for itself
    example="SAK: {name: Gammelt sakssystem, lookup: arranged, readers: [Arkivar], migration: planned}",
)
