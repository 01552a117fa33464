"""The one way in which a file is laid out: same values, same comments, canonical order, spacing and quotes."""

import re
from collections.abc import Callable, Iterator, Sequence

from websakctl.source.comment_owners import MODELINE, Holder, Outline, Part
from websakctl.source.comments import PROPERTIES, comments_of
from websakctl.source.emitting import WIDTH, scalar
from websakctl.source.nodes import BOM, BREAK, Form, Node, compose, skip_space
from websakctl.source.parsing import parse, resolve
from websakctl.source.patching import identical

Path = tuple[str | int, ...]
OrderOf = Callable[
    [Path], Sequence[str] | None
]  # the keys of the mapping at a path, in order; None: as they are written


class CannotFormat(Exception):
    """The file cannot be laid out without losing something; it stays as it is."""


def formatted(
    text: str, order: OrderOf = lambda _: None, spaced: Callable[[Path], bool] = lambda path: not path
) -> str:
    """Lay a file out.

    Args:
        text: The file, with or without a byte order mark, with any line ends; it keeps both.
        order: In which order the keys of a mapping go.
        spaced: In which mappings a blank line stands between the entries; elsewhere those that are there stay.

    Raises:
        CannotFormat: If it is not sound YAML, or the result would not mean the same.
    """
    mark = BOM if text.startswith(BOM) else ""
    body = text.removeprefix(BOM)
    before = parse(body, "")
    if before.findings:
        raise CannotFormat(before.findings[0].message)
    if before.value is None:
        return text
    plain = BREAK.sub("\n", body)
    newline = "\r\n" if body.count("\r\n") * 2 > plain.count("\n") else "\n"
    for chosen in (order, lambda _: None):  # an alias must stay behind its anchor: then the order stays as it is
        result = _written(plain, chosen, spaced)
        after = parse(result, "")
        if not after.findings and identical(before.value, after.value) and comments_of(plain) == comments_of(result):
            return mark + result.replace("\n", newline)
    raise CannotFormat("it has something that would be lost; lay it out by hand")


def _written(text: str, order: OrderOf, spaced: Callable[[Path], bool]) -> str:
    root = compose(text)
    if root is None or not root.many:
        return text
    outline = Outline(text, root)
    lines = list(_Writer(outline, order, spaced).lines())
    header = _trimmed(outline.header)
    if header and not all(MODELINE.match(line) for line in header):
        header.append("")
    return "\n".join([*outline.preamble, *header, *lines]) + "\n"


class _Writer:
    """Writes what an outline holds."""

    def __init__(self, outline: Outline, order: OrderOf, spaced: Callable[[Path], bool]) -> None:
        self._outline, self._order, self._spaced = outline, order, spaced

    def lines(self) -> Iterator[str]:
        """The file's lines, below its header."""
        return self._body(self._outline.top, 0, ())

    def _body(self, holder: Holder, indent: int, path: Path, *, hoisted: bool = False) -> Iterator[str]:
        pad = " " * indent
        spaced = holder.node.form is Form.MAPPING and self._spaced(path)
        first = True
        for part in self._in_order(holder, path):
            step = part.key.text if part.key is not None else holder.parts.index(part)
            entry = list(self._part(part, indent, (*path, step)))  # moves comments, so it goes first
            leading = _trimmed(part.leading)
            if leading and part.leading[-1] == "":
                leading.append("")  # it speaks of more than this entry
            if not first and (spaced or part.leading[:1] == [""]):
                leading.insert(0, "")
            if not (first and hoisted):
                yield from (f"{pad}{line}" if line else "" for line in leading)
            yield from entry
            yield from (f"{pad}  {line}" if line else "" for line in _trimmed(part.after, start=False))
            first = False
        yield from (f"{pad}{line}" if line else "" for line in _trimmed(holder.trailing, start=not holder.parts))

    def _in_order(self, holder: Holder, path: Path) -> list[Part]:
        expected = self._order(path) if holder.node.form is Form.MAPPING else None
        if expected is None:
            return holder.parts
        place = {key: index for index, key in enumerate(expected)}
        return sorted(holder.parts, key=lambda p: place.get(p.key.text if p.key else "", len(place)))

    def _part(self, part: Part, indent: int, path: Path) -> Iterator[str]:
        pad = " " * indent
        start = f"{pad}{self._key(part.key)}:" if part.key is not None else f"{pad}-"
        value = part.value
        properties = self._properties(value)
        if not value.many:
            yield from self._leaf(part, start, properties, indent)
            return
        holder = self._outline.holders[id(value)]
        if value.flow and not holder.commented:
            line = " ".join(filter(None, (start, properties, self._flow(value, path))))
            if len(line) <= WIDTH or not holder.parts:
                self._hoist_head(part)
                yield f"{line} {part.tail}".rstrip()
                return
        if not holder.parts:  # brackets around nothing but comments
            part.leading += holder.trailing
            self._hoist_head(part)
            yield " ".join(filter(None, (start, properties, self._flow(value, path), part.tail)))
            return
        if part.head and part.tail:
            part.leading.append(part.tail)
            part.tail = ""
        comment = part.head or part.tail
        if part.key is not None or properties:
            yield " ".join(filter(None, (start, properties, comment)))
            yield from self._body(holder, indent + 2, path)
            return
        if comment:
            part.leading.append(comment)
        first = self._in_order(holder, path)[0]
        lines = list(self._body(holder, indent + 2, path, hoisted=True))
        part.leading += [line for line in _trimmed(first.leading) if line]
        yield f"{start} {lines[0].lstrip()}"
        yield from lines[1:]

    def _hoist_head(self, part: Part) -> None:
        if part.head and part.tail:
            part.leading.append(part.head)
        else:
            part.tail = part.head or part.tail
        part.head = ""

    def _leaf(self, part: Part, start: str, properties: str, indent: int) -> Iterator[str]:
        value = part.value
        self._hoist_head(part)
        if value.form is Form.SCALAR and value.style in ("|", ">"):
            lines = self._block_text(value, indent)
            yield " ".join(filter(None, (start, properties, lines[0], part.tail)))
            yield from lines[1:]
            return
        raw = self._outline.text[value.content : value.end]
        if value.form is Form.SCALAR and "\n" in raw and not value.empty:
            first, *rest = raw.split("\n")
            yield " ".join(filter(None, (start, properties, first.rstrip())))
            for i, line in enumerate(rest):
                last = i + 1 == len(rest)
                written = f"{' ' * (indent + 2)}{line.strip()}" if line.strip() else ""
                yield f"{written} {part.tail}".rstrip() if last and part.tail else written
            return
        text = "" if value.empty else self._scalar(value, in_flow=False)
        yield " ".join(filter(None, (start, properties, text, part.tail)))

    def _block_text(self, value: Node, indent: int) -> list[str]:
        """A block text as it is, at another depth."""
        ending = {0: "-", 1: ""}.get(len(value.text) - len(value.text.rstrip("\n")))
        if ending is None or value.text.rstrip("\n")[-1:] in ("", " ", "\t"):
            return [scalar(value.text)]  # what is white at its end would be lost among blank lines
        header, *lines = self._outline.text[value.content : value.end].rstrip("\n").split("\n")
        while not lines[-1].strip():
            lines.pop()
        digits = re.match(r"[|>][-+]?([1-9])", header)
        written = [line for line in lines if line.strip()]
        first = value.text.lstrip("\n")
        width = _indent(written[0]) - _indent(first)  # an explicit depth: what stands deeper is part of the text
        header = f"{value.style}{'2' if digits else ''}{ending}"
        pad = " " * (indent + 2)
        return [header, *(f"{pad}{line[width:]}" if line[width:] else "" for line in lines)]

    def _key(self, key: Node) -> str:
        properties = self._properties(key)
        if key.form is Form.ALIAS:
            return f"*{key.text} "
        return f"{properties} {scalar(key.text)}".lstrip()

    def _scalar(self, value: Node, *, in_flow: bool) -> str:
        if value.form is Form.ALIAS:
            return f"*{value.text}"
        if value.empty:
            return "null"
        raw = self._outline.text[value.content : value.end]
        if "!" in self._outline.text[value.start : value.content]:
            return raw  # a tag says how to read it
        if value.plain and not isinstance(resolve(value.text), str):
            return raw
        return scalar(value.text, flow=in_flow, plain_day=value.plain)

    def _flow(self, node: Node, path: Path) -> str:
        if node.form is Form.MAPPING:
            holder = self._outline.holders[id(node)]
            entries = [
                f"{self._flow_key(p.key)}: {self._in_flow(p.value, (*path, p.key.text))}"
                for p in self._in_order(holder, path)
                if p.key is not None
            ]
            return "{" + ", ".join(entries) + "}"
        return "[" + ", ".join(self._in_flow(item, (*path, i)) for i, item in enumerate(node.items)) + "]"

    def _flow_key(self, key: Node) -> str:
        if key.form is Form.ALIAS:
            return f"*{key.text} "
        return f"{self._properties(key)} {scalar(key.text, flow=True)}".lstrip()

    def _in_flow(self, node: Node, path: Path) -> str:
        text = self._flow(node, path) if node.many else self._scalar(node, in_flow=True)
        return f"{self._properties(node)} {text}".lstrip()

    def _properties(self, node: Node) -> str:
        result, offset = [], node.start
        while offset < node.content and (match := PROPERTIES.match(self._outline.text, offset)):
            result.append(match[0])
            offset = skip_space(self._outline.text, match.end())
        return " ".join(result)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _trimmed(lines: list[str], *, start: bool = True) -> list[str]:
    """Without blank lines at the ends and two in a row; ``start``: at the beginning too."""
    result: list[str] = []
    for line in lines:
        if line or (result and result[-1]) or (not result and not start):
            result.append(line)
    while result and not result[-1]:
        result.pop()
    return result
