"""Dates, numbers and lists as the language writes them."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from websakctl.report.texts import Language

_LOCALES: dict[Language, str] = {"nb": "nb_NO", "en": "en_GB"}


def day(value: date | str, language: Language) -> str:
    """Write a day: ``1. februar 2027``, ``1 February 2027``."""
    from babel.dates import format_date

    return format_date(_date(value), "d. MMMM y" if language == "nb" else "d MMMM y", locale=_LOCALES[language])


def short_day(value: date | str, language: Language) -> str:
    """Write a day in short, for tables: ``1. feb. 2027``, ``1 Feb 2027``."""
    from babel.dates import format_date

    return format_date(_date(value), "d. MMM y" if language == "nb" else "d MMM y", locale=_LOCALES[language])


def weekday(value: date | str, language: Language) -> str:
    """Write a day with its weekday: ``mandag 1. februar 2027``."""
    from babel.dates import format_date

    return f"{format_date(_date(value), 'EEEE', locale=_LOCALES[language])} {day(value, language)}"


def moment(value: str, language: Language) -> str:
    """Write a moment (RFC 3339) as the clock shows it in Oslo: ``1. desember 2026 kl. 12.31``, ``1 December 2026, 12:31 CET``."""
    at = datetime.fromisoformat(value).astimezone(ZoneInfo("Europe/Oslo"))
    if language == "nb":
        return f"{day(at.date(), language)} kl. {at:%H.%M}"
    return f"{day(at.date(), language)}, {at:%H:%M %Z}"


def week(value: date | str, language: Language) -> str:
    """Write the ISO week of a day: ``uke 5``; where it is a week of another year than the day, with that year."""
    year, number, _ = _date(value).isocalendar()
    other = f", {year}" if year != _date(value).year else ""
    return f"{'uke' if language == 'nb' else 'week'} {number}{other}"


def number(value: int, language: Language) -> str:
    """Write a whole number: ``12 400``, ``12,400``."""
    from babel.numbers import format_decimal

    return format_decimal(value, locale=_LOCALES[language])


def listed(items: Iterable[str], language: Language) -> str:
    """Write a list: ``Frogner, Ullern og Vestre Aker``."""
    from babel.lists import format_list

    return format_list(list(items), locale=_LOCALES[language])


def either(items: Iterable[str], language: Language) -> str:
    """Write a list of which one is enough: ``Styrer eller Assisterende styrer``."""
    from babel.lists import format_list

    return format_list(list(items), style="or", locale=_LOCALES[language])


def _date(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
