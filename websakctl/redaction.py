"""One redaction for everything that is printed or kept: secrets and national identity numbers never get out."""

import json
import re
from functools import cache
from typing import Any, NoReturn

SECRET, NATIONAL_ID = "[secret]", "[national identity number]"
DIGEST_START, DIGEST_END = "[digest ", "]"  # around 16 hexadecimal digits: a person's value that is known elsewhere

_GAP = r"[ .\-\u00a0\u00ad\u2007\u2009-\u2013\u202f\u2060\ufeff]?"  # what people, word processors and web pages put in between
_NUMBER = (  # the look-behind comes after a first digit: that is twice as fast
    rf"[0-9](?<![0-9]{{2}})[0-9]{_GAP}[0-9]{{2}}{_GAP}[0-9]{{2}}{_GAP}[0-9]{{3}}{_GAP}[0-9]{{2}}(?![0-9])"
)
_ELEVEN = re.compile(_NUMBER)
_ELEVEN_ALONE = (  # fingerprints and names of runs are let be
    rf"sha256:[0-9a-f]{{64}}|\[digest [0-9a-f]{{16}}\]|[0-9]{{8}}T[0-9]{{6}}-[0-9a-f]{{6}}(?![0-9A-Za-z])|({_NUMBER})"
)
_QUOTED = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\\+\"(?:(?!\\+\").)*\\+\""
_NAME = r"(?:client|access|refresh|id)[_-]?(?:secret|token)|client[_-]assertion|api[_-]?key|passwo?r?d|passord"
_HEADER_NAME = r"(?:proxy-)?authorization|(?:set-)?cookie|x-sandbox-secret"
_HEADER = (
    rf"(?i)((?:{_HEADER_NAME})(?:\\*[\"'])?\s*[:=]\s*b?|(?:{_HEADER_NAME})[\"']\s*,\s*b?(?=[\"']))"
    rf"(\[secret\]|{_QUOTED}|[^\r\n]+)"
)
_NAMED = (
    rf"(?i)((?:{_NAME})(?:\\*[\"'])?\s*[:=]\s*)"
    rf"(\[secret\]|(?:{_QUOTED})(?=[\"']?(?:[\s,;&)}}\]<>\\]|$))|[\"'][^\r\n]*|[^\s,;&]+?(?=[\"')}}\]]{{0,12}}(?:[\s,;&]|$)))"
)
_SECRET_KEY = rf"(?i)(?:{_HEADER_NAME}|[\w-]*(?:{_NAME}))"
_SCHEME = r"(?i)\b(bearer|basic)[ ]+[A-Za-z0-9._~+/=-]{8,}"
_WEB_KEY = r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?"  # a JSON Web Token
_HINTS = (
    "secret",
    "authorization",
    "bearer",
    "basic",
    "passw",
    "passord",
    "token",
    "cookie",
    "eyj",
    "api",
    "assertion",
)
_secrets: dict[str, None] = {}  # longest first, so that none uncovers the rest of another


def keep_secret(value: str) -> None:
    """Never let this value out again; old ones stay secret when a new one comes. Short ones would hit ordinary words."""
    global _secrets  # replaced whole: other threads may be reading the one before
    if len(value) >= 8:
        found = sorted({*_secrets, *_written(value)}, key=lambda secret: (-len(secret), secret))
        _secrets = dict.fromkeys(found)


class Secret:
    """A text that is never shown: ``reveal`` gives it, and what is made stays out of all that ``redact`` writes.

    A plain class on purpose: msgspec, rich and dataclasses show every field of a class of values.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        keep_secret(value)

    def reveal(self) -> str:
        """The text itself, for whoever sends or stores it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"Secret({SECRET!r})"

    def __str__(self) -> str:
        return SECRET

    def __reduce__(self) -> NoReturn:
        """Neither pickled nor copied into another process.

        Raises:
            TypeError: Always.
        """
        raise TypeError("a secret is not pickled")


def _written(value: str) -> set[str]:
    """A value as it stands in text, JSON, a repr, HTML and a form."""
    from html import escape  # its table of names takes a millisecond to load

    safe = "_.-~"
    form = "".join(
        c if c.isascii() and (c.isalnum() or c in safe) else "".join(f"%{b:02X}" for b in c.encode("utf-8", "replace"))
        for c in value
    )
    return {
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        escape(value),
        form,
        form.replace("%20", "+"),
    }


def national_id_valid(digits: str) -> bool:
    """Whether eleven digits are a Norwegian national identity number: both check digits right.

    D-numbers (day + 40), H-numbers and the registers' synthetic numbers (month + 40, + 65 or + 80) count too.

    Source: Skatteetaten, weights 3 7 6 1 8 9 4 5 2 and 5 4 3 2 7 6 5 4 3 2, modulus 11.
    """
    n = [int(c) for c in digits]
    day, month = n[0] * 10 + n[1], n[2] * 10 + n[3]
    if not 1 <= (day - 40 if day > 40 else day) <= 31:
        return False
    if not any(1 <= month - added <= 12 for added in (0, 40, 65, 80)):
        return False
    first = (11 - sum(a * b for a, b in zip((3, 7, 6, 1, 8, 9, 4, 5, 2), n, strict=False)) % 11) % 11
    second = (11 - sum(a * b for a, b in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2), n, strict=False)) % 11) % 11
    return first == n[9] and second == n[10]


def _number(match: re.Match[str]) -> str:
    if match[1] is None:
        return match[0]
    digits = re.sub("[^0-9]", "", match[1])
    return NATIONAL_ID if national_id_valid(digits) else match[0]


def _value(match: re.Match[str]) -> str:
    quote = re.match(r"\\*[\"']", match[2])
    return f"{match[1]}{quote[0]}{SECRET}{quote[0]}" if quote else f"{match[1]}{SECRET}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when it is first needed: most commands print nothing that has even a hint of a secret."""
    return re.compile(pattern)


def redact(text: str) -> str:
    """Take secrets and national identity numbers out of a text."""
    for secret in _secrets:
        if secret in text:
            text = text.replace(secret, SECRET)
    lower = text.lower()
    for hint in _HINTS:  # plainly: a long report comes here for each of its values
        if hint in lower:
            text = _compiled(_HEADER).sub(_value, text)
            text = _compiled(_SCHEME).sub(rf"\1 {SECRET}", text)
            text = _compiled(_NAMED).sub(_value, text)
            text = _compiled(_WEB_KEY).sub(SECRET, text)
            break
    return _compiled(_ELEVEN_ALONE).sub(_number, text) if _ELEVEN.search(text) else text


def redacted(value: Any) -> Any:
    """The same for JSON values, however nested; keys too. What was JSON stays JSON."""
    if isinstance(value, str):
        return redact(value) if len(value) > 7 else value
    if isinstance(value, dict):
        return {
            redact(key): SECRET
            if inner and _compiled(_SECRET_KEY).fullmatch(key) and isinstance(inner, str | int)
            else redacted(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted(inner) for inner in value]
    if isinstance(value, int) and value > 10**9 and len(digits := f"{value:011}") == 11 and national_id_valid(digits):
        return NATIONAL_ID
    return value


def withheld(value: Any) -> bool:
    """Whether a part of a value was taken out: what it was is not known any more."""
    if isinstance(value, str):
        return SECRET in value or NATIONAL_ID in value or DIGEST_START in value
    if isinstance(value, dict):
        return any(map(withheld, value)) or any(map(withheld, value.values()))
    return isinstance(value, list | tuple) and any(map(withheld, value))


def redact_json(text: str) -> str:
    """The same for a JSON document that is to be printed."""
    if redact(text) == text:
        return text
    return json.dumps(redacted(json.loads(text)), ensure_ascii=False, indent=2)
