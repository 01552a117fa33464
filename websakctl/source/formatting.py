"""The one way in which a file is laid out: same values, same comments, canonical order, spacing and quotes."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ruamel.yaml.error import YAMLError

from websakctl.source.emitting import WIDTH, scalar
from websakctl.source.nodes import BOM, BREAK, Form, Node, column, compose, line_end, skip_space
from websakctl.source.parsing import parse, resolve
from websakctl.source.patching import identical

Path = tuple[str | int, ...]
OrderOf = Callable[
    [Path], Sequence[str] | None
]  # the keys of the mapping at a path, in order; None: as they are written

_MODELINE = re.compile(r"# *yaml-language-server *:")
_PROPERTIES = re.compile(r"[&!][^\s]*")
_HEADER = re.compile(r"[|>][-+1-9]*")
_ONLY_DASHES = re.compile(r"(?:[-?][ \t]+)+\Z")


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
        result = _Layout(plain, chosen, spaced).written()
        after = parse(result, "")
        if not after.findings and identical(before.value, after.value) and comments_of(plain) == comments_of(result):
            return mark + result.replace("\n", newline)
    raise CannotFormat("it has something that would be lost; lay it out by hand")


def comments_of(text: str) -> list[str]:
    """Every comment, in the order of the alphabet."""
    try:
        root = compose(text)
    except YAMLError:
        return []
    return sorted(text[start:end].rstrip() for start, end in _comments(text, root))


def _comments(text: str, root: Node | None) -> Iterator[tuple[int, int]]:
    taken = sorted(_taken(text, root)) if root is not None else []
    at = 0
    for start, end in [*taken, (len(text), len(text))]:
        while (result := text.find("#", at, start)) >= 0:
            at = text.find("\n", result)
            at = len(text) if at < 0 else at
            yield result, at
        at = max(at, end)


def _taken(text: str, node: Node) -> Iterator[tuple[int, int]]:
    """Where texts, aliases, anchors and tags stand: no comment begins there."""
    offset = node.start
    while offset < node.content and (result := _PROPERTIES.match(text, offset)):
        yield result.span()
        offset = skip_space(text, result.end())
    if node.style in ("|", ">"):
        header = _HEADER.match(text, node.content, node.end)
        yield node.content, header.end() if header else node.end
        yield line_end(text, node.content), node.end
    elif not node.many:
        yield node.content, node.end
    for pair in node.pairs:
        yield from _taken(text, pair.key)
        yield from _taken(text, pair.value)
    for item in node.items:
        yield from _taken(text, item)


@dataclass(slots=True, eq=False)
class _Part:
    """An entry of a mapping or an item of a list, with the comments that go with it."""

    key: Node | None
    value: Node
    holder: "_Holder"
    start: int
    leading: list[str] = field(default_factory=list)  # lines above; "" is a blank one
    head: str = ""  # behind the key, where the value goes on below
    tail: str = ""  # behind the value
    after: list[str] = field(default_factory=list)  # lines below that stand deeper than the key


@dataclass(slots=True, eq=False)
class _Holder:
    """A list or mapping."""

    node: Node
    part: _Part | None  # whose value it is
    column: int = 0
    parts: list[_Part] = field(default_factory=list)
    trailing: list[str] = field(default_factory=list)
    commented: bool = False  # a comment stands within


@dataclass(slots=True)
class _Stop:
    """A place in the text that a comment may belong to."""

    offset: int
    part: _Part | None
    head: bool = False


class _Layout:
    def __init__(self, text: str, order: OrderOf, spaced: Callable[[Path], bool]) -> None:
        self.text, self.order, self.spaced = text, order, spaced
        self.holders: dict[int, _Holder] = {}
        self.starts: list[tuple[int, _Part, bool]] = []  # where something begins; whether it is the part itself
        self.closings: list[tuple[int, _Holder]] = []  # of flow lists and mappings
        self.stops: list[_Stop] = []
        self.header: list[str] = []
        self.preamble: list[str] = []

    def written(self) -> str:
        root = compose(self.text)
        if root is None or not root.many:
            return self.text
        begin = self.cut_preamble(root)
        top = self.hold(root, None)
        self.starts.sort(key=lambda s: s[0])
        self.stops.sort(key=lambda s: s.offset)
        self.closings.sort(key=lambda c: c[0])
        self.attach(root, top, begin)
        self.split_header(top)
        lines = list(self.body(top, 0, ()))
        header = _trimmed(self.header)
        if header and not all(_MODELINE.match(line) for line in header):
            header.append("")
        head = [*self.preamble, *header]
        return "\n".join([*head, *lines]) + "\n"

    def cut_preamble(self, root: Node) -> int:
        """Keep what stands up to the document's start mark as it is."""
        lines = self.text[: root.start].split("\n")
        last = max((i for i, line in enumerate(lines) if line.startswith(("---", "%"))), default=-1)
        if last < 0:
            return 0
        begin = sum(len(line) + 1 for line in lines[: last + 1])
        self.preamble = [line.rstrip() for line in lines[: last + 1]]
        return min(begin, root.start)

    # --- reading

    def hold(self, node: Node, part: _Part | None) -> _Holder:
        holder = _Holder(node, part)
        self.holders[id(node)] = holder
        if node.flow:
            self.stops.append(_Stop(node.content + 1, part, head=True))
        after = node.content
        for pair in node.pairs:
            inner = _Part(pair.key, pair.value, holder, pair.key.start)
            self.stops.append(_Stop(pair.key.end, inner, head=True))
            self.take(inner)
        for item in node.items:
            start = item.start if node.flow else skip_space(self.text, after)
            self.take(_Part(None, item, holder, start))
            after = item.end
        if node.flow:
            self.stops.append(_Stop(node.end, part))
            self.closings.append((node.end - 1, holder))
        elif holder.parts:
            holder.column = column(self.text, holder.parts[0].start)
        return holder

    def take(self, part: _Part) -> None:
        part.holder.parts.append(part)
        self.starts.append((part.start, part, True))
        if part.value.many:
            self.hold(part.value, part)
        else:
            if part.key is not None:
                self.starts.append((part.value.start, part, False))
            if part.value.style in ("|", ">"):
                self.stops.append(_Stop(part.value.content, part, head=True))
            self.stops.append(_Stop(part.value.end, part))

    def attach(self, root: Node, top: _Holder, begin: int) -> None:
        """Give every comment and blank line to what it belongs to."""
        inside = list(_spans(self.text, root))
        comments = {start: end for start, end in _comments(self.text, root) if start >= begin}
        lines = self.text.split("\n")
        offsets = [s[0] for s in self.starts]
        offset, blank = 0, False
        for line in lines:
            end = offset + len(line)
            if offset < begin:
                offset = end + 1
                continue
            covered = _within(inside, offset)
            here = next((c for c in comments if offset <= c <= end), None) if "#" in line else None
            stripped = line.strip()
            if not stripped:
                blank = blank or not covered or self.clipped(inside, offset)
            elif here is not None and (
                not line[: here - offset].strip() or _ONLY_DASHES.match(line[: here - offset].lstrip())
            ):
                self.own_line(top, here, line[here - offset :].rstrip(), blank, offsets)
                blank = False
            else:
                if not covered:
                    index = bisect_left(offsets, offset)
                    if index < len(offsets) and offsets[index] <= end and self.starts[index][2] and blank:
                        part = self.starts[index][1]
                        if not part.holder.node.flow:
                            part.leading.append("")
                blank = False
                if here is not None:
                    self.behind(here, line[here - offset :].rstrip())
            offset = end + 1

    def clipped(self, inside: list[tuple[int, int, bool]], offset: int) -> bool:
        """Whether a blank line within a block text is only behind its last line, and not part of it."""
        result = next((span for span in inside if span[0] < offset < span[1] or offset == span[1]), None)
        return result is not None and not result[2] and not self.text[offset : result[1]].strip()

    def behind(self, at: int, comment: str) -> None:
        index = bisect_right([s.offset for s in self.stops], at) - 1
        stop = self.stops[index] if index >= 0 else _Stop(0, None)
        part = stop.part
        if part is None:
            self.header.append(comment)
            return
        self.mark_commented(at)
        if stop.head and not part.head:
            part.head = comment
        elif not stop.head and not part.tail:
            part.tail = comment
        else:
            part.leading.append(comment)

    def mark_commented(self, at: int) -> None:
        for closing, holder in self.closings:
            if holder.node.content < at < closing:
                holder.commented = True

    def own_line(self, top: _Holder, at: int, comment: str, blank: bool, offsets: list[int]) -> None:
        self.mark_commented(at)
        index = bisect_left(offsets, at)
        closing = next((c for c in self.closings if c[0] > at), None)
        into: list[str]
        if closing is not None and (index >= len(offsets) or closing[0] < offsets[index]):
            into = closing[1].trailing
        elif index < len(offsets) and (not self.starts[index][2] or self.starts[index][1].holder.node.flow):
            into = self.starts[index][1].leading
        else:
            following = self.starts[index][1] if index < len(offsets) else None
            into = self.closed_before(at, following, top)
        if blank:
            into.append("")
        into.append(comment)

    def closed_before(self, at: int, following: _Part | None, top: _Holder) -> list[str]:
        """Where a comment on its own line goes: to what ended above it if it stands deeper than what follows, else to that."""
        index = bisect_right([s.offset for s in self.stops], at) - 1
        previous = self.stops[index].part if index >= 0 else None
        depth = following.holder.column if following is not None else -1
        at_column = column(self.text, at)
        if following is not None and (at_column <= depth or following.leading[-1:] not in ([], [""])):
            return following.leading
        chain: list[tuple[int, list[str]]] = []
        part = previous
        if part is not None and _ends_with_line(part.value) and not part.holder.node.flow:
            chain.append((column(self.text, part.start) + 1, part.after))
        stays = set()
        above = following
        while above is not None:
            stays.add(id(above.holder))
            above = above.holder.part
        while part is not None:
            if not part.holder.node.flow and id(part.holder) not in stays:
                chain.append((part.holder.column, part.holder.trailing))
            elif part.holder.node.flow and part.holder.part is not None and not part.holder.part.holder.node.flow:
                chain = [(column(self.text, part.holder.part.start) + 1, part.holder.part.after)]
            part = part.holder.part
        chain.reverse()  # outermost first
        if not chain:
            return following.leading if following is not None else top.trailing
        fitting = [into for col, into in chain if col <= at_column]
        if not fitting:
            return chain[0][1]
        deepest = max(col for col, _ in chain if col <= at_column)
        return next(into for col, into in chain if col == deepest)

    def split_header(self, top: _Holder) -> None:
        """What stands above the first blank-line-ended comment belongs to the file."""
        leading = top.parts[0].leading if top.parts else []
        if "" in leading:
            cut = len(leading) - leading[::-1].index("")
            self.header += leading[:cut]
            del leading[:cut]
        self.header += [line for line in leading if _MODELINE.match(line)]
        leading[:] = [line for line in leading if not _MODELINE.match(line)]

    # --- writing

    def body(self, holder: _Holder, indent: int, path: Path, *, hoisted: bool = False) -> Iterator[str]:
        pad = " " * indent
        spaced = holder.node.form is Form.MAPPING and self.spaced(path)
        first = True
        for part in self.in_order(holder, path):
            step = part.key.text if part.key is not None else holder.parts.index(part)
            entry = list(self.part(part, indent, (*path, step)))  # moves comments, so it goes first
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

    def in_order(self, holder: _Holder, path: Path) -> list[_Part]:
        expected = self.order(path) if holder.node.form is Form.MAPPING else None
        if expected is None:
            return holder.parts
        place = {key: index for index, key in enumerate(expected)}
        return sorted(holder.parts, key=lambda p: place.get(p.key.text if p.key else "", len(place)))

    def part(self, part: _Part, indent: int, path: Path) -> Iterator[str]:
        pad = " " * indent
        start = f"{pad}{self.key(part.key)}:" if part.key is not None else f"{pad}-"
        value = part.value
        properties = self.properties(value)
        if not value.many:
            yield from self.leaf(part, start, properties, indent)
            return
        holder = self.holders[id(value)]
        if value.flow and not holder.commented:
            line = " ".join(filter(None, (start, properties, self.flow(value, path))))
            if len(line) <= WIDTH or not holder.parts:
                self.hoist_head(part)
                yield f"{line} {part.tail}".rstrip()
                return
        if not holder.parts:  # brackets around nothing but comments
            part.leading += holder.trailing
            self.hoist_head(part)
            yield " ".join(filter(None, (start, properties, self.flow(value, path), part.tail)))
            return
        if part.head and part.tail:
            part.leading.append(part.tail)
            part.tail = ""
        comment = part.head or part.tail
        if part.key is not None or properties:
            yield " ".join(filter(None, (start, properties, comment)))
            yield from self.body(holder, indent + 2, path)
            return
        if comment:
            part.leading.append(comment)
        first = self.in_order(holder, path)[0]
        lines = list(self.body(holder, indent + 2, path, hoisted=True))
        part.leading += [line for line in _trimmed(first.leading) if line]
        yield f"{start} {lines[0].lstrip()}"
        yield from lines[1:]

    def hoist_head(self, part: _Part) -> None:
        if part.head and part.tail:
            part.leading.append(part.head)
        else:
            part.tail = part.head or part.tail
        part.head = ""

    def leaf(self, part: _Part, start: str, properties: str, indent: int) -> Iterator[str]:
        value = part.value
        self.hoist_head(part)
        if value.form is Form.SCALAR and value.style in ("|", ">"):
            lines = self.block_text(value, indent)
            yield " ".join(filter(None, (start, properties, lines[0], part.tail)))
            yield from lines[1:]
            return
        raw = self.text[value.content : value.end]
        if value.form is Form.SCALAR and "\n" in raw and not value.empty:
            first, *rest = raw.split("\n")
            yield " ".join(filter(None, (start, properties, first.rstrip())))
            for i, line in enumerate(rest):
                last = i + 1 == len(rest)
                written = f"{' ' * (indent + 2)}{line.strip()}" if line.strip() else ""
                yield f"{written} {part.tail}".rstrip() if last and part.tail else written
            return
        text = "" if value.empty else self.scalar(value, in_flow=False)
        yield " ".join(filter(None, (start, properties, text, part.tail)))

    def block_text(self, value: Node, indent: int) -> list[str]:
        """A block text as it is, at another depth."""
        ending = {0: "-", 1: ""}.get(len(value.text) - len(value.text.rstrip("\n")))
        if ending is None or value.text.rstrip("\n")[-1:] in ("", " ", "\t"):
            return [scalar(value.text)]  # what is white at its end would be lost among blank lines
        header, *lines = self.text[value.content : value.end].rstrip("\n").split("\n")
        while not lines[-1].strip():
            lines.pop()
        digits = re.match(r"[|>][-+]?([1-9])", header)
        written = [line for line in lines if line.strip()]
        first = value.text.lstrip("\n")
        width = _indent(written[0]) - _indent(first)  # an explicit depth: what stands deeper is part of the text
        header = f"{value.style}{'2' if digits else ''}{ending}"
        pad = " " * (indent + 2)
        return [header, *(f"{pad}{line[width:]}" if line[width:] else "" for line in lines)]

    def key(self, key: Node) -> str:
        properties = self.properties(key)
        if key.form is Form.ALIAS:
            return f"*{key.text} "
        return f"{properties} {scalar(key.text)}".lstrip()

    def scalar(self, value: Node, *, in_flow: bool) -> str:
        if value.form is Form.ALIAS:
            return f"*{value.text}"
        if value.empty:
            return "null"
        raw = self.text[value.content : value.end]
        if "!" in self.text[value.start : value.content]:
            return raw  # a tag says how to read it
        if value.plain and not isinstance(resolve(value.text), str):
            return raw
        return scalar(value.text, flow=in_flow, plain_day=value.plain)

    def flow(self, node: Node, path: Path) -> str:
        if node.form is Form.MAPPING:
            holder = self.holders[id(node)]
            entries = [
                f"{self.flow_key(p.key)}: {self.in_flow(p.value, (*path, p.key.text))}"
                for p in self.in_order(holder, path)
                if p.key is not None
            ]
            return "{" + ", ".join(entries) + "}"
        return "[" + ", ".join(self.in_flow(item, (*path, i)) for i, item in enumerate(node.items)) + "]"

    def flow_key(self, key: Node) -> str:
        if key.form is Form.ALIAS:
            return f"*{key.text} "
        return f"{self.properties(key)} {scalar(key.text, flow=True)}".lstrip()

    def in_flow(self, node: Node, path: Path) -> str:
        text = self.flow(node, path) if node.many else self.scalar(node, in_flow=True)
        return f"{self.properties(node)} {text}".lstrip()

    def properties(self, node: Node) -> str:
        result, offset = [], node.start
        while offset < node.content and (match := _PROPERTIES.match(self.text, offset)):
            result.append(match[0])
            offset = skip_space(self.text, match.end())
        return " ".join(result)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _ends_with_line(value: Node) -> bool:
    """Whether a comment can stand below, deeper than the key: not where it would be taken for text or another entry."""
    return value.flow if value.many else value.style not in ("|", ">")


def _trimmed(lines: list[str], *, start: bool = True) -> list[str]:
    """Without blank lines at the ends and two in a row; ``start``: at the beginning too."""
    result: list[str] = []
    for line in lines:
        if line or (result and result[-1]) or (not result and not start):
            result.append(line)
    while result and not result[-1]:
        result.pop()
    return result


def _spans(text: str, node: Node) -> Iterator[tuple[int, int, bool]]:
    """Where texts stand, and whether blank lines at their end are part of them."""
    if node.form is Form.SCALAR:
        clipped = node.style in ("|", ">") and "+" not in text[node.content : text.find("\n", node.content)]
        yield node.content, node.end, not clipped
    for pair in node.pairs:
        yield from _spans(text, pair.key)
        yield from _spans(text, pair.value)
    for item in node.items:
        yield from _spans(text, item)


def _within(inside: list[tuple[int, int, bool]], offset: int) -> bool:
    index = bisect_left(inside, (offset, 0, False)) - 1
    return index >= 0 and inside[index][0] < offset < inside[index][1]
