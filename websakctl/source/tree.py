"""The values of a YAML file, as plain as can be, but for where each was written."""

from collections.abc import Callable
from typing import Any, NamedTuple


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


class Home:
    """The file that a tree was read from without positions. They are wanted where something is wrong, or changes."""

    __slots__ = ("_again", "root")

    def __init__(self, again: Callable[[], Any]) -> None:
        self._again = again  # reads the file once more, with places
        self.root: Any = None

    def locate(self) -> None:
        """Read the file once more, and tell every part of the tree where it stands."""
        todo = [(self.root, self._again())]
        while todo:
            part, placed = todo.pop()
            part.place(placed.spans)
            pairs = (
                zip(part.values(), placed.values(), strict=True)
                if isinstance(part, Map)
                else zip(part, placed, strict=True)
            )
            todo.extend((inner, there) for inner, there in pairs if isinstance(inner, Map | Seq))


class Map(dict[str, Any]):
    """A mapping whose ``spans`` say where each key and value stand."""

    __slots__ = ("_spans", "home")
    _spans: dict[str, Span]
    home: Home

    @property
    def spans(self) -> dict[str, Span]:
        """Where each key and its value stand; looked up in the file when they are first asked for."""
        if not hasattr(self, "_spans"):
            if hasattr(self, "home"):
                self.home.locate()
            else:
                self._spans = {}
        return self._spans

    def place(self, spans: dict[str, Span]) -> None:
        """Say where the parts stand."""
        self._spans = spans


class Seq(list[Any]):
    """A sequence whose ``spans`` say where each item stands (key part and value part are the same)."""

    __slots__ = ("_spans", "home")
    _spans: list[Span]
    home: Home

    @property
    def spans(self) -> list[Span]:
        """Where each item stands; looked up in the file when they are first asked for."""
        if not hasattr(self, "_spans"):
            if hasattr(self, "home"):
                self.home.locate()
            else:
                self._spans = []
        return self._spans

    def place(self, spans: list[Span]) -> None:
        """Say where the items stand."""
        self._spans = spans
