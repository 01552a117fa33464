"""Answers into rows that hold what is looked at and no more; what is not as agreed comes as it is, for the caller to say."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

import msgspec

_HALF = (b"\\ud", b"\\uD")  # what half a letter begins with, where a server cut a text in the middle of one
_MARK = b"\xef\xbb\xbf"  # some servers put a byte order mark before UTF-8
Row = dict[str, Any]
Content = bytes | bytearray


def parsed(content: Content) -> Any:
    """Parse JSON; half a letter becomes U+FFFD: it can be kept nowhere.

    Raises:
        ValueError: If it is not whole, well-formed JSON.
    """
    return msgspec.json.decode(_repaired(content))


def _repaired(content: Content) -> Content:
    """The same answer without what JSON or UTF-8 has no place for."""
    content = content.removeprefix(_MARK)
    if not any(half in content for half in _HALF):
        return content
    text = json.dumps(json.loads(content), ensure_ascii=False)  # msgspec takes no half a letter
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list. ``raws`` are its rows as they were sent, for a write that sends back what nobody looks at."""

    items: Any  # list[Row], where the answer is as agreed
    next: Any
    raws: list[Any]  # mappings, or what ``whole`` makes one of


def whole(raw: Any) -> Mapping[str, Any]:
    """A row with all that was sent of it."""
    if isinstance(raw, Mapping):
        return raw
    result: Mapping[str, Any] = msgspec.json.decode(raw)
    return result


class _Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A page as it was sent."""

    items: list[msgspec.Raw]
    next: Any


class Projection:
    """The names of a row that are looked at; each object and each list of them is read with these and no others."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)
        if not all(map(str.isascii, self.names)):
            raise ValueError("names of rows are ASCII: msgspec 0.22 mistakes an empty one for one that is not")
        ordered = sorted(self.names)
        # gc=False: rows hold JSON values, which are in no circle
        self._kind = msgspec.defstruct("row", [(name, Any, None) for name in ordered], frozen=True, gc=False)
        row: Any = TypedDict("row", dict.fromkeys(ordered, Any), total=False)  # type: ignore[misc]  # made of names
        self._rows = msgspec.json.Decoder(list[self._kind])  # type: ignore[name-defined]  # made of names too
        self._row = msgspec.json.Decoder(row)
        self._page = msgspec.json.Decoder(_Sent)

    def rows(self, content: Content) -> Any:
        """A list of rows that have the names as attributes, ``None`` where a row says nothing; what is no list or no row comes as it is.

        Raises:
            ValueError: If it is not whole, well-formed JSON.
        """
        content = _repaired(content)
        try:
            return self._rows.decode(content)
        except msgspec.ValidationError:
            body = msgspec.json.decode(content)
        return [self.row(row) if isinstance(row, dict) else row for row in body] if isinstance(body, list) else body

    def row(self, given: Mapping[str, Any]) -> Any:
        """One such row."""
        return self._kind(**{name: given.get(name) for name in self.names})

    def values(self, row: Any) -> dict[str, Any]:
        """What such a row says."""
        return {name: getattr(row, name) for name in self.names}

    def is_row(self, value: Any) -> bool:
        """Whether it is one of these rows."""
        return isinstance(value, self._kind)

    def page(self, content: Content) -> Page | Any:
        """A page of ``items`` and ``next``; what is no such thing comes as it is.

        Raises:
            ValueError: If it is not whole, well-formed JSON.
        """
        content = _repaired(content)
        try:
            sent = self._page.decode(content)
            return Page(items=[self._row.decode(raw) for raw in sent.items], next=sent.next, raws=sent.items)
        except msgspec.ValidationError:
            body = msgspec.json.decode(content)
        if not isinstance(body, dict) or not {"items", "next"} <= body.keys():
            return body
        items = body["items"]
        return Page(items=items, next=body["next"], raws=items if isinstance(items, list) else [])
