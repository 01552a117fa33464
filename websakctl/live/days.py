"""Days, which the User API keeps as moments: read from every form in which servers answer them, and written in one."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from websakctl.live.errors import NotAsAgreed

OSLO = ZoneInfo("Europe/Oslo")
_YEARS = range(1900, 2200)  # others stand for no day: .NET's first and last moment, among them


def day_in(value: Any, what: str) -> str | None:
    """The day that an answered moment means; ``None`` for none.

    Midnight is the beginning of its own day, whatever offset is said beside it; any other time with an offset is
    taken to Oslo, where a day of the server's begins.

    Raises:
        NotAsAgreed: If it is no moment.
    """
    if value in (None, ""):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise NotAsAgreed(f"{what}: {value!r} is not a date") from None
    if moment.year not in _YEARS:
        return None
    if moment.tzinfo is not None and moment.time().replace(tzinfo=None).isoformat() != "00:00:00":
        moment = moment.astimezone(OSLO)
    return moment.date().isoformat()


def moment_of(day: str) -> str:
    """A day as it is sent: midnight in UTC, which is the same day in Oslo all year."""
    return f"{day}T00:00:00Z"
