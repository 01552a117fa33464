"""From the JSON that came in to values that fit the database; anything else is unreadable."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from websakctl.sandbox.userapi.answers import Unreadable

Reader = Callable[[Any, str], Any]
Shape = Mapping[str, Reader]

_INT32: Final = range(-(2**31), 2**31)
_MOMENT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s?([Zz]|[+-]\d\d:\d\d)?)?", re.ASCII
)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL keeps no NUL, UTF-8 has no lone surrogates
_ID: Final = re.compile(r"[0-9]{1,9}")


def read_object(body: Any, shape: Shape, where: str = "$") -> dict[str, Any]:
    """Read the fields that ``shape`` names and that are there; others are passed over, as the real server does.

    Raises:
        Unreadable: ``body`` is no object, or a field has the wrong type.
    """
    if not isinstance(body, dict):
        raise Unreadable(where, "A JSON object is expected here.")
    return {name: read(body[name], f"{where}.{name}") for name, read in shape.items() if name in body}


def text(value: Any, where: str) -> str | None:
    """Read a string or null."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unreadable(where, "A string or null is expected here.")
    return storable(value)


def flag(value: Any, where: str) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise Unreadable(where, "True or false is expected here.")
    return value


def flag_or_null(value: Any, where: str) -> bool | None:
    """Read true, false or null."""
    return None if value is None else flag(value, where)


def integer(value: Any, where: str) -> int:
    """Read a whole number of 32 bits; ``1.0`` is one too."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value not in _INT32:
        raise Unreadable(where, "A whole number of 32 bits is expected here.")
    return value


def moment(value: Any, where: str) -> str | None:
    """Read a date with or without time and offset, or null, and give it in UTC; without an offset it is taken as UTC."""
    if value is None:
        return None
    result = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if result is None:
        raise Unreadable(where, "A date and time in ISO 8601 is expected here.")
    day, minute, second, _fraction, offset = result.groups()
    # A leap second is a real time that datetime does not know.
    iso = f"{day}T{minute or '00:00'}:{min(int(second or 0), 59):02}{(offset or 'Z').upper()}"
    try:
        return datetime.fromisoformat(iso).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
    except (ValueError, OverflowError) as error:
        raise Unreadable(where, "There is no such date and time.") from error


def list_of(read: Reader) -> Reader:
    """Make a reader of a list, or null, whose items ``read`` takes."""

    def read_list(value: Any, where: str) -> list[Any] | None:
        if value is None:
            return None
        if not isinstance(value, list):
            raise Unreadable(where, "A list or null is expected here.")
        return [read(item, f"{where}[{number}]") for number, item in enumerate(value)]

    return read_list


def object_of(shape: Shape) -> Reader:
    """Make a reader of an object of ``shape``."""
    return lambda value, where: read_object(value, shape, where)


def required_text(value: Any, where: str) -> str:
    """Read a string that is not null."""
    if value is None:
        raise Unreadable(where, "A string is expected here.")
    read = text(value, where)
    return read or ""


def storable(value: str) -> str:
    """Replace what no database keeps by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", value)


def name(value: str | None, limit: int) -> str | None:
    """Make of a name what the server makes of it: composed (NFC), trimmed, cut at ``limit`` characters."""
    return None if value is None else unicodedata.normalize("NFC", value).strip()[:limit].rstrip()


def key(value: str | None) -> str | None:
    """Compose and trim a natural key; an empty one is none."""
    return unicodedata.normalize("NFC", storable(value)).strip() or None if value is not None else None


def internal_id(value: str | None) -> int | None:
    """Read the server's own id out of a string; None if it cannot be one."""
    return int(value) if value is not None and _ID.fullmatch(value) else None
