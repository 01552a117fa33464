"""What a district has otherwise, where a resource lives once for all."""

from websakctl.model.entry import Entry
from websakctl.model.types import IsoDate, Text


class Deviation(Entry, frozen=True, kw_only=True):
    """One district's exception from what is made once: what differs, why, and who answers for it."""

    what: Text
    reason: Text
    owner: Text
    unit: str | None = None  # local key of the district's own unit, where another one is responsible there
    until: IsoDate | None = None
