"""The values of a YAML file, as plain as can be, but for where each was written."""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

_LINE_END = re.compile(r"\r\n|\n|\r")  # as the parser counts them; `parse` refuses texts with the other three


class Span(NamedTuple):
    """Where a key (``k…``) and its value (``v…``) stand; lines and columns count from 0, ends are exclusive."""

    kline: int
    kcol: int
    kend_line: int
    kend_col: int
    vline: int
    vcol: int
    vend_line: int
    vend_col: int
    of_many: bool = False  # the value is a list or a mapping; its part of the span is its first character


class Lines:
    """Where the lines of a text begin, to tell lines and columns from the parser's offsets in it."""

    __slots__ = ("_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text = text.removeprefix("\ufeff")  # the parser does not count it
        self._starts: list[int] = []

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 0."""
        if not self._starts:
            self._starts = [0, *(m.end() for m in _LINE_END.finditer(self._text))]
        line = bisect_right(self._starts, offset) - 1
        return line, offset - self._starts[line]

    def is_alias(self, start: int, end: int) -> bool:
        """Whether the value from ``start`` to ``end`` is an alias. A mapping whose first key is one has no length itself."""
        return end > start and self._text[start] == "*"


class Map(dict[str, Any]):
    """A mapping whose ``spans`` say where each key and value stand."""

    __slots__ = ("_lines", "_offsets", "_spans")
    _lines: Lines
    _offsets: "array[int]"  # start and end of each key and of its value: what of positions the parser tells cheaply
    _spans: dict[str, Span]

    def place(self, lines: Lines, offsets: list[int]) -> None:
        """Say where the entries stand: start and end of each key and of its value, one entry after the other."""
        self._lines, self._offsets = lines, array("I", offsets)

    @property
    def spans(self) -> dict[str, Span]:
        """Where each key and its value stand, by key."""
        if not hasattr(self, "_spans"):
            self._spans = dict(zip(self, self._placed(), strict=True)) if hasattr(self, "_offsets") else {}
        return self._spans

    def _placed(self) -> Iterator[Span]:
        at, offsets = self._lines.at, iter(self._offsets)
        for value, kstart, kend, vstart, vend in zip(self.values(), offsets, offsets, offsets, offsets, strict=True):
            many = isinstance(value, dict | list) and not self._lines.is_alias(vstart, vend)
            yield Span(*at(kstart), *at(kend), *at(vstart), *at(vend), many)


class Seq(list[Any]):
    """A sequence whose ``spans`` say where each item stands (key part and value part are the same)."""

    __slots__ = ("_lines", "_offsets", "_spans")
    _lines: Lines
    _offsets: "array[int]"
    _spans: list[Span]

    def place(self, lines: Lines, offsets: list[int]) -> None:
        """Say where the items stand: start and end of each, one item after the other."""
        self._lines, self._offsets = lines, array("I", offsets)

    @property
    def spans(self) -> list[Span]:
        """Where each item stands."""
        if not hasattr(self, "_spans"):
            self._spans = list(self._placed()) if hasattr(self, "_offsets") else []
        return self._spans

    def _placed(self) -> Iterator[Span]:
        at, offsets = self._lines.at, iter(self._offsets)
        for start, end in zip(offsets, offsets, strict=True):
            yield Span(*at(start), *at(end), *at(start), *at(end))
