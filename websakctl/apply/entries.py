"""One line of the journal, and what is raised where it cannot be written or read."""

from typing import Any

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the journal."""

    seq: int
    at: str
    run: str
    what: str
    address: str | None
    body: dict[str, Any]


class JournalError(Exception):
    """The journal cannot be written or read. Without it nothing is sent."""
