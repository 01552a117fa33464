"""One redaction for everything that is printed or kept: secrets and national identity numbers never get out."""

import json
import re
from functools import cache
from typing import Any, NoReturn

SECRET, NATIONAL_ID = "[secret]", "[national identity number]"
DIGEST_START, DIGEST_END = "[digest ", "]"  # around 16 hexadecimal digits: a person's value that is known elsewhere

# What people, word processors and web pages put in between; a line's end is none.
_GAP = r"[ \t./_\-\u00a0\u00ad\u2007\u2009-\u2013\u202f\u2060\ufeff]{0,3}"
_PARTS = (  # each is looked for at every place, since one that is no number may hide one that is
    rf"\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{3}}{_GAP}\d{{2}}",
    rf"\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{4}}{_GAP}\d{{3}}{_GAP}\d{{2}}",  # the year in full: 12.03.1985 12345
    rf"\d{{4}}{_GAP}\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{3}}{_GAP}\d{{2}}",  # and first: 1985-03-12 12345
    r"\d(?:[ \u00a0]\d){10}",
)
_RUN = re.compile(
    rf"\d(?:{_GAP}\d){{10,}}"
)  # eleven digits or more, so near each other that a number can be among them
_SHAPES = bytes(ord("0") if chr(b) in "0123456789" or b >= 0xC0 else ord(".") for b in range(256))
_LEFT_OUT = b" \t./_-" + bytes(range(0x80, 0xC0))  # of the gap what is ASCII; all but the first byte of what is not
_NUMBERS = tuple(rf"(?<!\d)(?=({part})(?!\d))" for part in _PARTS)
_LET_BE = r"sha256:[0-9a-f]{64}|\[digest [0-9a-f]{16}\]|[0-9]{8}T[0-9]{6}-[0-9a-f]{6}(?![0-9A-Za-z])"  # fingerprints and names of runs
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
        result = sorted({*_secrets, *_written(value)}, key=lambda secret: (-len(secret), secret))
        _secrets = dict.fromkeys(result)


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
    """A value as it stands in text, JSON, a repr, HTML, a form, base64 and hex, and each in capitals and not."""
    from html import escape  # its table of names takes a millisecond to load

    raw = value.encode("utf-8", "replace")
    safe = "_.-~"
    form = "".join(
        c if c.isascii() and (c.isalnum() or c in safe) else "".join(f"%{b:02X}" for b in c.encode("utf-8", "replace"))
        for c in value
    )
    result = {
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        escape(value),
        form,
        form.replace("%20", "+"),
        "".join(f"%{b:02X}" for b in raw),
        raw.hex(),
        raw.hex(":"),
        raw.hex(" "),
    }
    spelled = {*result, *(f.upper() for f in result), *(f.lower() for f in result)}
    return {*spelled, *_in_base64(raw)}


def _in_base64(raw: bytes) -> set[str]:
    """What is the same of a value's base64 wherever it stands in what is encoded, as behind the name in a Basic login."""
    from base64 import b64encode

    result = set()
    for before in range(3):
        text = b64encode(bytes(before) + raw).decode()
        merged = (before + len(raw)) // 3 * 4  # the last letters are shared with what follows
        inner = text[(0, 2, 3)[before] : merged + (0, 1, 2)[(before + len(raw)) % 3]]
        result |= {inner, inner.translate({43: "-", 47: "_"})}
    return {part for part in result if len(part) >= 8}


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


def _may_hold_a_number(text: str) -> bool:
    """Whether the pattern may find eleven digits: never no where it would, and twenty times as fast.

    What stands between digits is left out, and whatever is no ASCII counts as one more digit.
    """
    return b"00000000000" in text.encode("utf-8", "replace").translate(_SHAPES, _LEFT_OUT)


def national_ids(text: str) -> list[tuple[int, int]]:
    """Where national identity numbers stand in a text, as spans that do not overlap: in any spelling, with digits of any script."""
    if not _may_hold_a_number(text) or not _RUN.search(text):
        return []
    result = sorted(
        {
            m.span(1)
            for run in _RUN.finditer(text)
            for pattern in _NUMBERS
            for m in _compiled(pattern).finditer(text, *run.span())
            if _is_national_id(m[1])
        }
    )
    alone: list[tuple[int, int]] = []
    for start, end in result:
        if alone and start < alone[-1][1]:
            alone[-1] = (alone[-1][0], max(end, alone[-1][1]))
        else:
            alone.append((start, end))
    return alone


def _is_national_id(text: str) -> bool:
    digits = "".join(str(int(c)) for c in text if c.isdecimal())
    if len(digits) == 11:
        return national_id_valid(digits)
    return any(
        century in ("18", "19", "20") and national_id_valid(rest)
        for century, rest in (
            (digits[4:6], digits[:4] + digits[6:]),
            (digits[:2], digits[6:8] + digits[4:6] + digits[2:4] + digits[8:]),
        )
    )


def _without_national_ids(text: str) -> str:
    spans = national_ids(text)
    if not spans:
        return text
    let_be = [m.span() for m in _compiled(_LET_BE).finditer(text)]
    for start, end in reversed(spans):
        if not any(first <= start and end <= last for first, last in let_be):
            text = text[:start] + NATIONAL_ID + text[end:]
    return text


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
    return _without_national_ids(text)


def redacted(value: Any) -> Any:
    """The same for JSON values, however nested; keys too. What was JSON stays JSON."""
    return _redacted(value, {}, {})


def _redacted(value: Any, texts: dict[str, str], keys: dict[str, bool]) -> Any:
    """``texts``, ``keys``: what was found of a text, and whether a key is a secret's; a plan has each of them thousands of times."""
    if isinstance(value, str):
        if len(value) <= 7:
            return value
        if (known := texts.get(value)) is None:
            known = texts[value] = redact(value)
        return known
    if isinstance(value, dict):
        result = {}
        for key, inner in value.items():
            if (secret := keys.get(key)) is None:
                secret = keys[key] = bool(_compiled(_SECRET_KEY).fullmatch(key))
                texts[key] = redact(key)
            hidden = secret and inner and isinstance(inner, str | int)
            result[texts[key]] = SECRET if hidden else _redacted(inner, texts, keys)
        return result
    if isinstance(value, list | tuple):
        return [_redacted(inner, texts, keys) for inner in value]
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
