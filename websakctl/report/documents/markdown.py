"""Templates into Markdown: a value that is missing is an error that names template, line and value."""

from collections.abc import Callable, Mapping
from pathlib import Path
from traceback import extract_tb
from typing import Any

from jinja2 import (
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from websakctl.report.formats.markdown import literal
from websakctl.report.texts import Language, translated
from websakctl.report.texts.dates import day, either, listed, number, short_day, week, weekday


class CannotWrite(Exception):
    """A document cannot be made: its template is not there or not well-formed, or a value is missing."""


class Missing(StrictUndefined):
    """A value that is not there: an error wherever it is used, with the name that the template gave it."""

    @property
    def _undefined_message(self) -> str:
        return f"`{self._undefined_name}` has no value"


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing, so that a template which uses it is told so: ``None`` and empty texts."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def render_markdown(folders: list[Path], template: str, values: Mapping[str, Any], language: Language) -> str:
    """Fill a template.

    Args:
        folders: Where templates are looked for, the first that has it wins.
        template: Its path there, such as ``nb/letter.md``.
        values: What it may name. A value that a template writes stands there as it is, and means nothing to Markdown.
        language: In which dates, numbers and lists are written.

    Raises:
        CannotWrite: If it cannot be filled; the message names template, line and value.
    """
    environment = _environment(folders, language)
    try:
        filled = environment.get_template(template).render(values)
    except UndefinedError as error:
        raise CannotWrite(f"{template}:{_line(error, template)}: {error.message}") from None
    except TemplateNotFound as error:
        raise CannotWrite(f"there is no template {error.name} in {' or '.join(map(str, folders))}") from None
    except TemplateSyntaxError as error:
        raise CannotWrite(f"{error.name}:{error.lineno}: {error.message}") from None
    except (TemplateError, ValueError, TypeError) as error:  # a filter was given what it cannot write
        raise CannotWrite(f"{template}:{_line(error, template)}: {error}") from None
    return filled.strip() + "\n"


def _environment(folders: list[Path], language: Language) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader([str(folder) for folder in folders]),
        undefined=Missing,
        finalize=_literal,
        autoescape=False,  # what is written is Markdown: `finalize` escapes for that
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "day": _of_values(lambda value: day(value, language)),
        "short": _of_values(lambda value: _unbroken(short_day(value, language))),
        "weekday": _of_values(lambda value: weekday(value, language)),
        "week": _of_values(lambda value: _unbroken(week(value, language))),
        "number": _of_values(lambda value: Markup(number(value, language))),  # noqa: S704  # digits and what parts them
        "listed": _of_values(lambda value: listed(value, language)),
        "either": _of_values(lambda value: either(value, language)),
        "said": _of_values(lambda value: translated(value, language)),
    }
    return environment


def _unbroken(text: str) -> str:
    """A date or a week that no table breaks."""
    return Markup(text.replace(" ", "\u00a0"))  # noqa: S704  # a date, and the spaces between its parts


def _of_values(write: Callable[[Any], str]) -> Callable[[Any], str]:
    """Let a filter say that its value is missing, rather than stumble over it."""

    def checked(value: Any) -> str:
        if isinstance(value, Missing):
            str(value)  # raises
        return write(value)

    return checked


def _literal(value: Any) -> Any:
    """Let no value from outside act as markup, nor hide anything."""
    return literal(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _line(error: Exception, template: str) -> int:
    """The line of the template: Jinja puts it into the traceback."""
    lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename.endswith(template)]
    return lines[-1] if lines and lines[-1] else 1
