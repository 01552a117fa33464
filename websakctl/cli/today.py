"""Today, where the districts are: a day begins and ends in Oslo, wherever the program runs."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def today_in_oslo() -> date:
    """The day that it is in Oslo now."""
    return datetime.now(ZoneInfo("Europe/Oslo")).date()
