"""Whole pages for people who have no terminal: one self-contained HTML file each, in bokmål or English."""

from collections.abc import Mapping
from typing import Any

from websakctl.report.texts import Language


def page(template: str, values: Mapping[str, Any], language: Language) -> str:
    """Fill a page's template. Every value is escaped, and what could act on the page's direction is shown instead.

    Raises:
        jinja2.UndefinedError: If the template names a value that is not there.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    from websakctl.report.escaping import safe
    from websakctl.report.texts import counted, text, translated
    from websakctl.report.texts.dates import day, listed, number, short_day, week, weekday

    environment = Environment(
        loader=PackageLoader("websakctl.report.pages", ""),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: safe(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
    )
    environment.globals |= {
        "lang": language,
        "t": lambda english, **named: text(english, language, **named),
        "n": lambda english, count, **named: counted(english, language, count, **named),
    }
    environment.filters |= {
        "day": lambda value: day(value, language),
        "short": lambda value: short_day(value, language),
        "weekday": lambda value: weekday(value, language),
        "week": lambda value: week(value, language),
        "number": lambda value: Markup(number(value, language)),  # noqa: S704  # digits, and the space between them
        "listed": lambda value: listed(value, language),
        "translated": lambda value: translated(value, language),
        "svg": Markup,  # what report/ drew itself, its texts escaped there
    }
    return environment.get_template(template).render(values)
