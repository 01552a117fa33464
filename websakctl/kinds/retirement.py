"""Retirement: what goes on purpose, why, and the heir of what depends on it."""

from typing import Annotated

from websakctl.model.entry import Entry
from websakctl.model.kind import Api, Kind, Removal, Scoping
from websakctl.model.marks import Key
from websakctl.model.types import Text


class RetirementEntry(Entry, frozen=True, kw_only=True):
    """Something that is retired: a unit by its key, anything else by its address. It stands while old files still name it."""

    retired: Annotated[Text, Key()]
    heir: Text | None = None  # takes over users, children, routes and whatever else refers to it
    reason: Text


KIND = Kind(
    name="retirement",
    plural="retire",
    model=RetirementEntry,
    api=Api.CONFIG,
    endpoint="",
    scoping=Scoping.BOTH,
    on_removal=Removal.DELETE,
    title="retirement (avvikling): what goes, why, and the heir of what depends on it",
    local_keys=True,
    label="reason",
    renames=False,
    example="GAMMEL: {heir: OPPV, reason: Slått sammen med Oppvekst}",
)
