"""The days on which nobody in Norway works."""

from datetime import date


def norwegian_holidays(years: range) -> frozenset[date]:
    """Public holidays of these years, from a library that is kept; Sundays are left to whoever counts days."""
    import holidays

    return frozenset(holidays.country_holidays("NO", years=years))


def holidays_around(days: list[str]) -> frozenset[date]:
    """Public holidays of the years of some ISO days, and of the year before the first: preparations begin early."""
    if not days:
        return frozenset()
    return norwegian_holidays(range(int(min(days)[:4]) - 1, int(max(days)[:4]) + 1))
