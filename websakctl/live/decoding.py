"""Long answers into rows that hold what is looked at and no more: msgspec says yes quickly; on a no, json says what it is.

msgspec decodes straight to the names that are wanted, and takes long to load; so short answers are left to json too, as long as
nobody has loaded it.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple, TypedDict

LONG = 2_000_000  # bytes; loading msgspec takes as long as it saves on so many
_HALF = (b"\\ud", b"\\uD")  # what half a letter begins with, where a server cut a text in the middle of one
Row = dict[str, Any]
Content = bytes | bytearray
_JSON = (dict, list, str, int, float, type(None))


def parsed(content: Content) -> Any:
    """Parse JSON; half a letter becomes U+FFFD: it can be kept nowhere.

    Raises:
        ValueError: If it is not whole, well-formed JSON.
    """
    if not any(half in content for half in _HALF):
        return json.loads(content, parse_constant=_refuse)
    whole = json.dumps(json.loads(content, parse_constant=_refuse), ensure_ascii=False)
    return json.loads(whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")  # Python would take NaN and Infinity


class Page(NamedTuple):
    """One page of a list. ``raws`` are its rows as they were sent, for a write that sends back what nobody looks at."""

    items: Any  # list[Row], where the answer is as agreed
    next: Any
    raws: list[Any]  # mappings, or what ``whole`` makes one of


def whole(raw: Any) -> Mapping[str, Any]:
    """A row with all that was sent of it."""
    if isinstance(raw, Mapping):
        return raw
    found: Mapping[str, Any] = json.loads(bytes(raw))
    return found


class Wanted:
    """The names of a row that are looked at; each object and each list of them is read with these and no others."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)
        self._read = 0  # bytes so far: many pages are as good as a long one
        if not all(map(str.isascii, self.names)):
            raise ValueError("names of rows are ASCII: msgspec 0.22 mistakes an empty one for one that is not")

    def rows(self, content: Content) -> Any:
        """A list of rows that have the names as attributes, ``None`` where a row says nothing; what is no list or no row comes as it is."""
        return self._quickly(content, lambda quick: quick.rows(content), self._rows)

    def row(self, said: Mapping[str, Any]) -> Any:
        """One such row."""
        made = self._plain()
        for name in self.names:
            setattr(made, name, said.get(name))
        return made

    def said(self, row: Any) -> dict[str, Any]:
        """What such a row says."""
        return {name: getattr(row, name) for name in self.names}

    def is_row(self, what: Any) -> bool:
        """Whether it is one of these rows."""
        return isinstance(what, self._plain) or (not isinstance(what, _JSON) and isinstance(what, self._quick.kind))

    def page(self, content: Content) -> Page | Any:
        """A page of ``items`` and ``next``; what is no such thing comes as it is."""
        return self._quickly(content, lambda quick: quick.page(content), self._page)

    def _quickly(self, content: Content, quickly: Callable[["_Quick"], Any], slowly: Callable[[Any], Any]) -> Any:
        self._read += len(content)
        worth_it = self._read >= LONG or "msgspec" in sys.modules
        if worth_it and not any(half in content for half in _HALF):
            found = quickly(self._quick)
            if found is not None:
                return found
        return slowly(parsed(content))

    @cached_property
    def _quick(self) -> "_Quick":
        return _Quick(self.names)

    @cached_property
    def _plain(self) -> type:
        return type("row", (), {"__slots__": tuple(sorted(self.names))})

    def _rows(self, body: Any) -> Any:
        return [self.row(row) if isinstance(row, dict) else row for row in body] if isinstance(body, list) else body

    def _page(self, body: Any) -> Page | Any:
        if not isinstance(body, dict) or "items" not in body or "next" not in body:
            return body
        items = body["items"]
        rows = [self._row(row) for row in items] if isinstance(items, list) else items
        return Page(rows, body["next"], items if isinstance(items, list) else [])

    def _row(self, row: Any) -> Any:
        return {name: row[name] for name in row if name in self.names} if isinstance(row, dict) else row


class _Quick:
    """The same with msgspec; ``None`` where it is for json to say."""

    def __init__(self, names: Iterable[str]) -> None:
        import msgspec

        class Paged(msgspec.Struct):
            items: list[msgspec.Raw]
            next: Any

        row: Any = TypedDict("row", dict.fromkeys(sorted(names), Any), total=False)  # type: ignore[misc]  # made of names
        self.kind = msgspec.defstruct("row", [(name, Any, None) for name in sorted(names)], gc=False)
        self._error = msgspec.MsgspecError
        self._rows = msgspec.json.Decoder(list[self.kind]).decode  # type: ignore[name-defined]  # made of names too
        self._row = msgspec.json.Decoder(row).decode
        self._paged = msgspec.json.Decoder(Paged).decode

    def rows(self, content: Content) -> list[Any] | None:
        try:
            return self._rows(content)
        except self._error:
            return None

    def page(self, content: Content) -> Page | None:
        try:
            found = self._paged(content)
            return Page([self._row(raw) for raw in found.items], found.next, found.items)
        except self._error:
            return None
