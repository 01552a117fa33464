"""What districts and project owners read, in bokmål or English: the English sentence is the key, as gettext has it."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Literal, get_args

from websakctl.report.texts.bokmaal import BOKMAAL, FINDINGS, MARKS

Language = Literal["nb", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
_NAME = re.compile(r"\{(\w+)\}")
_COUNT = r"\d(?:[\d\s.,]*\d)?"  # so that the {n} of one part of a list does not take others along
_KEY = re.compile(r"(?<![\w-])[A-ZÆØÅ0-9][A-ZÆØÅ0-9-]+(?![\w-])")


def text(english: str, language: Language, **values: object) -> str:
    """Write a text with its values filled in.

    Raises:
        KeyError: If it lacks its translation; a test sees to it that none does.
    """
    return (english if language == "en" else BOKMAAL[english]).format(**values)


def counted(english: str, language: Language, n: int, **values: object) -> str:
    """Write a text for one or for many: both are in it, with ``|`` between them and ``{n}`` for the number."""
    one, many = (english if language == "en" else BOKMAAL[english]).split("|")
    return (one if n == 1 else many).format(n=n, **values)


def translated(sentence: str, language: Language) -> str:
    """Translate a finished sentence, such as a gate's finding; what is not known, such as a name, stays as it is.

    A sentence may hold others, as its values, after a colon or between commas: these are translated too.
    """
    if language == "en":
        return sentence
    if sentence in FINDINGS:
        return FINDINGS[sentence]
    for pattern, translation in _patterns():
        if result := pattern.fullmatch(sentence):
            return translation.format(
                **{name: translated(value, language) for name, value in result.groupdict().items()}
            )
    about, colon, finding = sentence.partition(": ")
    if colon:
        return f"{about}: {translated(finding, language)}"
    first, comma, rest = sentence.partition(", ")
    return f"{translated(first, language)}, {translated(rest, language)}" if comma else sentence


def marked(shown: str, language: Language) -> str:
    """Say in a language what stands for what was left out of a finished text."""
    if language != "en":
        for mark, translation in MARKS.items():
            shown = shown.replace(mark, translation)
    return shown


def by_name(sentence: str, names: Mapping[str, str]) -> str:
    """Call gates, licences and batches by their names: owners and districts do not know the keys."""
    return _KEY.sub(lambda result: f"«{names[result[0]]}»" if result[0] in names else result[0], sentence)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Every sentence with values in it, the most definite first."""
    with_values = sorted((e for e in FINDINGS if _NAME.search(e)), key=lambda e: -len(_NAME.sub("", e)))
    return tuple((_pattern(english), FINDINGS[english]) for english in with_values)


def _pattern(english: str) -> re.Pattern[str]:
    parts = _NAME.split(english)  # what is fixed and names of values by turns
    written = [re.escape(part) if i % 2 == 0 else _group(part, parts[1:i:2]) for i, part in enumerate(parts)]
    return re.compile("".join(written), re.DOTALL)


def _group(name: str, before: list[str]) -> str:
    if name in before:
        return f"(?P={name})"
    return f"(?P<{name}>{_COUNT if name == 'n' else '.+?'})"
