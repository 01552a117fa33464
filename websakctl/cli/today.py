"""Today and the time of day, where the districts are: a day begins and ends in Oslo, wherever the program runs."""

from calendar import month_abbr
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from websakctl.live.clock import SystemClock

OSLO = ZoneInfo("Europe/Oslo")


def today_in_oslo() -> date:
    """The day that it is in Oslo now, by the machine's clock."""
    return day_of_oslo(SystemClock().now())


def end_of_day_in_oslo(day: date) -> datetime:
    """The first moment after a day."""
    return datetime.combine(day + timedelta(days=1), time(), OSLO)


def day_of_oslo(moment: datetime) -> date:
    """The day that a moment is of in Oslo."""
    return moment.astimezone(OSLO).date()


def time_in_oslo(moment: datetime | str | None = None, *, zone: bool = False, seconds: bool = False) -> str:
    """Write a moment (or now) as it is in Oslo: ``2026-12-01 12:31``; with its zone where several may be meant: ``… CET``.

    A text is RFC 3339, as the journal has it; without an offset it is UTC.
    """
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment or datetime.now(UTC)
    at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(OSLO)
    return f"{at:%Y-%m-%d %H:%M}" + (f"{at::%S}" if seconds else "") + (f" {at:%Z}" if zone else "")


def day_in_oslo(moment: str) -> str:
    """Write the day of a moment in few letters: ``29 Nov``, with the year where it is another one."""
    at = datetime.fromisoformat(moment).astimezone(OSLO)
    return f"{at.day} {month_abbr[at.month]}" + (f" {at.year}" if at.year != today_in_oslo().year else "")


def seconds_in_words(seconds: float) -> str:
    """``41 s``, ``3 min 5 s``."""
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < 90 else f"{whole // 60} min {whole % 60} s"
