"""Signed reviews of access, as gates look at them."""

from collections.abc import Mapping
from datetime import date

import msgspec

LONGEST = 180  # days that a signed review counts


class SignedReview(msgspec.Struct, frozen=True, kw_only=True):
    """When a district's review was signed, by whom, and on how much data. ``live``: Websak was asked for it."""

    on: str  # ISO day
    by: str
    evidence: str
    incomplete: int = 0  # accounts and keys of which not all was known
    live: bool = True
    digest: str = ""  # the fingerprint of what was signed
    findings: int = 0
    not_checked: tuple[str, ...] = ()  # what nobody could check in it

    @property
    def reported(self) -> str:
        """Who signed it when; of another machine's review the shared journal tells the day only."""
        return ", ".join(filter(None, (self.by, self.on))) + (f": {self.evidence}" if self.evidence else "")

    def age(self, today: date) -> int | None:
        """Days since it was signed; ``None``: the journal holds no day."""
        try:
            return (today - date.fromisoformat(self.on)).days
        except ValueError:
            return None


class SignedReviews(msgspec.Struct, frozen=True, kw_only=True):
    """The newest review of each district. ``unknown``: why nobody can tell; empty where the journal tells."""

    by_district: Mapping[str, SignedReview] = {}
    unknown: str = ""
    now: Mapping[str, str] = {}  # by district, the fingerprint as Websak is now; none: it was not computed
