"""A period, and what it stands at on a day."""

from datetime import date, timedelta
from enum import StrEnum

import msgspec

DAYS_AHEAD = 365  # a last day that is nearer than this is told as coming


class Standing(StrEnum):
    """What a provision stands at on a day: always exactly one of these."""

    NOT_YET = "not yet"  # it has not come into force
    IN_FORCE = "in force"
    ENDING = "ending"  # in force, and its last day is near
    ENDED = "ended"
    UNCONFIRMED = "unconfirmed"  # in force as far as anybody has said, and nobody has confirmed it


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """From the first day to the last, as ISO dates; ``None``: no such day is known.

    ``undecided``: adopted, and its first day is not decided; a first day that is known settles it.
    """

    valid_from: str | None = None
    valid_to: str | None = None
    undecided: bool = False
    confirmed: bool = False


def standing(period: Period, on: date, days_ahead: int = DAYS_AHEAD) -> Standing:
    """Judge a period on a day. A day that is known counts, confirmed or not: a warning too many is no loss.

    Args:
        period: What is known of it.
        on: The day.
        days_ahead: Days before its last one on which it is called ending.
    """
    day = on.isoformat()
    if period.valid_to is not None and period.valid_to < day:
        return Standing.ENDED
    if period.undecided if period.valid_from is None else period.valid_from > day:
        return Standing.NOT_YET
    if period.valid_to is not None and date.fromisoformat(period.valid_to) - on <= timedelta(days=days_ahead):
        return Standing.ENDING
    return Standing.IN_FORCE if period.confirmed else Standing.UNCONFIRMED


def common(*periods: Period) -> Period:
    """The days that are in all of these; confirmed only if each is."""
    starts = [p.valid_from for p in periods if p.valid_from is not None]
    ends = [p.valid_to for p in periods if p.valid_to is not None]
    undecided = any(p.undecided and p.valid_from is None for p in periods)
    return Period(
        valid_from=None if undecided else max(starts, default=None),
        valid_to=min(ends, default=None),
        undecided=undecided,
        confirmed=all(p.confirmed for p in periods),
    )
