"""What must never be in git: secrets and national identity numbers, found in the text of a file and blotted out of it."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import msgspec

from websakctl.diagnostics import Diagnostic, Position
from websakctl.redaction import national_ids
from websakctl.source.tree import Map

# Patterns are compiled where a file has something for them: most have nothing.
_HINT = re.compile(r"(?i)secret|passw?or[dt]|passwd|api_?key|token|private_key")
_HINTS = (b"secret", b"passw", b"passor", b"api", b"token", b"private_key")  # one of them is in whatever has a hint
_ALSO_LATIN = ("\u017f", "\u212a")  # a long s and a Kelvin sign, which are letters of a word to the pattern
_NAME = r"[\w-]*(?:secret|password|passord|passwd|api_?key|private_key)|(?:[\w-]*[_-])?token"
_SECRET_NAME = rf"(?i)(?:{_NAME})\Z"
_LINE = (  # for files that cannot be parsed
    rf"(?im)(?:^|[{{,])[ \t]*[\"']?(?P<name>{_NAME})[\"']?[ \t]*:[ \t]+(?P<value>[^\s#{{\[][^\r\n]*)$"
)
_OF_A_PERSON = r"national_no[\"']?[ \t]*:[ \t]*([^\s,}#][^\r\n,}]*)"  # never shown, mistyped ones neither
_PRIVATE_KEY = r"(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----)(?:.*?-----END [A-Z ]*-----|.*)"
_LOGIN_IN_URL = r"(?<=://)[^/\s:@\"']+:[^/\s@\"']+(?=@)"


class _Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A finding from ``start`` to ``end``, and what to blot out; all indexes into the text."""

    rule: str
    start: int
    end: int
    message: str
    blot: tuple[int, int]


def look_through(text: str, file: str, value: Any) -> tuple[list[Diagnostic], str]:
    """Find what must not be here.

    Args:
        text: The file's text.
        file: Its path.
        value: What it was parsed to; ``None`` where it could not be.

    Returns:
        The findings, and the text as it may be shown: of the same shape, with each value replaced by stars.
    """
    hits = sorted([*_ids(text), *_known_shapes(text), *_named(text, value)], key=lambda hit: hit.start)
    persons = [m.span(1) for m in re.finditer(_OF_A_PERSON, text)] if "national_no" in text else []
    if not hits and not persons:
        return [], text
    starts = _line_starts(text)
    parts, after = [], 0
    for first, last in sorted([*(hit.blot for hit in hits), *persons]):
        parts += [text[after:first], re.sub(r"[^\r\n]", "*", text[max(first, after) : last])]
        after = max(after, last)
    return [_diagnostic(hit, starts, file) for hit in hits], "".join([*parts, text[after:]])


def _line_starts(text: str) -> list[int]:
    return [0, *accumulate(len(line) + 1 for line in text.split("\n"))]


def _ids(text: str) -> Iterator[_Hit]:
    for start, end in national_ids(text):
        yield _Hit(
            rule="national-id",
            start=start,
            end=end,
            message="a national identity number stands here",
            blot=(start, end),
        )


def _known_shapes(text: str) -> Iterator[_Hit]:
    if "PRIVATE KEY" in text:
        for m in re.finditer(_PRIVATE_KEY, text):
            yield _Hit(
                rule="secret-in-config",
                start=m.start(1),
                end=m.end(1),
                message="a private key stands here",
                blot=(m.end(1), m.end()),
            )
    if "@" in text and "://" in text:
        for m in re.finditer(_LOGIN_IN_URL, text):
            yield _Hit(
                rule="secret-in-config",
                start=m.start(),
                end=m.end(),
                message="an address with a password in it",
                blot=m.span(),
            )


def _may_hint(text: str) -> bool:
    """Whether it is worth it to look for a hint letter by letter."""
    lower = text.encode("utf-8", "replace").lower()
    return any(hint in lower for hint in _HINTS) or any(letter in text for letter in _ALSO_LATIN)


def _named(text: str, value: Any) -> Iterator[_Hit]:
    if not _may_hint(text) or not _HINT.search(text):
        return
    if value is None:
        for m in re.finditer(_LINE, text):
            yield _Hit(
                rule="secret-in-config",
                start=m.start("name"),
                end=m.end("name"),
                message=_by_name(m["name"]),
                blot=m.span("value"),
            )
        return
    starts = _line_starts(text)
    secret = re.compile(_SECRET_NAME).match
    todo: list[Any] = [value]
    seen: set[int] = set()
    while todo:
        current = todo.pop()
        if not isinstance(current, Map | list) or id(current) in seen:
            continue
        seen.add(id(current))  # an alias gives the same values again
        todo.extend(current.values() if isinstance(current, Map) else current)
        if isinstance(current, list):
            continue
        for key, inner in current.items():
            if secret(key) and not isinstance(inner, dict | list | bool) and inner not in (None, ""):
                s = current.spans[key]
                yield _Hit(
                    rule="secret-in-config",
                    start=starts[s.kline] + s.kcol,
                    end=starts[s.kend_line] + s.kend_col,
                    message=_by_name(key),
                    blot=(starts[s.vline] + s.vcol, starts[s.vend_line] + s.vend_col),
                )


def _by_name(name: str) -> str:
    return f"{name} is a secret by its name"


def _diagnostic(hit: _Hit, starts: list[int], file: str) -> Diagnostic:
    line = bisect_right(starts, hit.start)
    column = hit.start - starts[line - 1] + 1
    return Diagnostic(
        code=hit.rule,
        at=Position(file, line, column, line, column + hit.end - hit.start),
        message=hit.message,
        help=(
            (
                "take it out, or say `user_import: {national_id: true}` in config/websak.yaml"
                if file.startswith("users/")
                else "take it out, and out of git's history; write a role or a unit"
            )
            if hit.rule == "national-id"
            else "take it out, change the secret, and use `websakctl auth login` or WEBSAKCTL_CLIENT_SECRET"
        ),
    )
