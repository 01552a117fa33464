"""A file's parts with the offsets of all they consist of: what patching and formatting work on.

``parsing`` builds values, quickly, with the positions that findings need. Writing needs more (where a list ends, how a
text is quoted, which anchor it bears) and has more time.
"""

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from _ruamel_yaml import CParser  # type: ignore[import-not-found]  # the C half of ruamel.yaml, untyped
from ruamel.yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent

BOM = "\ufeff"
BREAK = re.compile(r"\r\n|\n|\r")
_PROPERTY = re.compile(r"[&!][^\s]*")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*)*")


class Form(Enum):
    """What a part is."""

    SCALAR = "scalar"
    ALIAS = "alias"
    MAPPING = "mapping"
    SEQUENCE = "sequence"


@dataclass(slots=True, eq=False)
class Node:
    """One part. Offsets count characters from 0, ends are exclusive.

    ``start`` is where its anchor or tag begins, ``content`` where what comes after them does. ``style`` is the quote or block
    indicator of a text, empty where it is plain. A block list or mapping ends where the last of its parts does.
    """

    form: Form
    start: int
    content: int
    end: int
    text: str = ""  # a scalar's text as read; an alias's name
    style: str = ""
    plain: bool = False  # read by what it looks like, not as a text
    flow: bool = False
    anchor: str | None = None
    pairs: list["Pair"] = field(default_factory=list)
    items: list["Node"] = field(default_factory=list)

    @property
    def many(self) -> bool:
        """Whether it is a list or a mapping."""
        return self.form in (Form.MAPPING, Form.SEQUENCE)

    @property
    def empty(self) -> bool:
        """Whether nothing is written: a key without a value."""
        return self.form is Form.SCALAR and self.plain and self.content == self.end


@dataclass(slots=True, eq=False)
class Pair:
    """A key and its value."""

    key: Node
    value: Node


def compose(text: str) -> Node | None:
    """Read the nodes of one document; ``None`` where there is none.

    Raises:
        ruamel.yaml.error.YAMLError: If it is not YAML; ``parsing.parse`` says so in a finding.
    """
    return _Composer(text).document()


def column(text: str, offset: int) -> int:
    """How many characters stand before ``offset`` on its line."""
    return offset - line_start(text, offset)


def line_start(text: str, offset: int) -> int:
    """Where the line that holds ``offset`` begins."""
    if text[max(offset - 1, 0) : offset + 1] == "\r\n":
        offset -= 1  # within a line end, which is one
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def line_end(text: str, offset: int) -> int:
    """Where the line that holds ``offset`` ends, its line end not included."""
    result = BREAK.search(text, offset)
    return result.start() if result else len(text)


def skip_space(text: str, offset: int) -> int:
    """The next character that is neither white nor in a comment."""
    result = _SPACE.match(text, offset)
    return result.end() if result else offset


class _Composer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.next = CParser(text).get_event

    def document(self) -> Node | None:
        self.next()  # stream start
        event = self.next()
        if type(event).__name__ == "StreamEndEvent":
            return None
        return self.node(self.next())

    def node(self, event: Any) -> Node:
        start, end = event.start_mark.index, event.end_mark.index
        if type(event) is AliasEvent:
            return Node(Form.ALIAS, start, start, end, text=event.anchor)
        content = self.after_properties(start, event) if event.anchor is not None or event.tag is not None else start
        if type(event) is ScalarEvent:
            style = event.style if event.style in ("'", '"', "|", ">") else ""
            return Node(
                Form.SCALAR,
                start,
                min(content, end),
                end,
                text=event.value,
                style=style,
                plain=event.implicit[0],
                anchor=event.anchor,
            )
        mapping = type(event) is MappingStartEvent
        node = Node(
            Form.MAPPING if mapping else Form.SEQUENCE,
            start,
            content,
            end,
            flow=bool(event.flow_style),
            anchor=event.anchor,
        )
        while True:
            inner = self.next()
            if type(inner) in (MappingEndEvent, SequenceEndEvent):
                break
            if mapping:
                key = self.node(inner)
                node.pairs.append(Pair(key, self.node(self.next())))
            else:
                node.items.append(self.node(inner))
        if node.flow:
            node.end = max(inner.end_mark.index, content)
        elif mapping:
            node.end = node.pairs[-1].value.end if node.pairs else content
        else:
            node.end = self.end_of_items(node)
        return node

    def end_of_items(self, node: Node) -> int:
        last = node.items[-1] if node.items else None
        return last.end if last else node.content

    def after_properties(self, start: int, event: Any) -> int:
        offset = start
        while result := _PROPERTY.match(self.text, offset):
            offset = result.end()
            if type(event) is ScalarEvent and offset >= event.end_mark.index:
                return int(event.end_mark.index)
            offset = skip_space(self.text, offset)
        return offset
