"""To which entry of a YAML file each of its comments and blank lines belongs."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from websakctl.source.comments import comments_in
from websakctl.source.nodes import Form, Node, column, skip_space

MODELINE = re.compile(r"# *yaml-language-server *:")
_ONLY_DASHES = re.compile(r"(?:[-?][ \t]+)+\Z")


@dataclass(slots=True, eq=False)
class Part:
    """An entry of a mapping or an item of a list, with the comments that go with it."""

    key: Node | None
    value: Node
    holder: "Holder"
    start: int
    leading: list[str] = field(default_factory=list)  # lines above; "" is a blank one
    head: str = ""  # behind the key, where the value goes on below
    tail: str = ""  # behind the value
    after: list[str] = field(default_factory=list)  # lines below that stand deeper than the key


@dataclass(slots=True, eq=False)
class Holder:
    """A list or mapping."""

    node: Node
    part: Part | None  # whose value it is
    column: int = 0
    parts: list[Part] = field(default_factory=list)
    trailing: list[str] = field(default_factory=list)
    commented: bool = False  # a comment stands within


@dataclass(slots=True)
class _Stop:
    """A place in the text that a comment may belong to."""

    offset: int
    part: Part | None
    head: bool = False


class Outline:
    """A file's lists, mappings and entries, each with its comments.

    ``preamble`` is what stands up to the document's start mark, ``header`` the comments that belong to the file.
    """

    def __init__(self, text: str, root: Node) -> None:
        self.text = text
        self.holders: dict[int, Holder] = {}  # by the identity of their nodes
        self._starts: list[tuple[int, Part, bool]] = []  # where something begins; whether it is the part itself
        self._closings: list[tuple[int, Holder]] = []  # of flow lists and mappings
        self._stops: list[_Stop] = []
        self.header: list[str] = []
        self.preamble: list[str] = []
        begin = self._cut_preamble(root)
        self.top = self._hold(root, None)
        self._starts.sort(key=lambda s: s[0])
        self._stops.sort(key=lambda s: s.offset)
        self._closings.sort(key=lambda c: c[0])
        self._attach(root, self.top, begin)
        self._split_header(self.top)

    def _cut_preamble(self, root: Node) -> int:
        """Keep what stands up to the document's start mark as it is."""
        lines = self.text[: root.start].split("\n")
        last = max((i for i, line in enumerate(lines) if line.startswith(("---", "%"))), default=-1)
        if last < 0:
            return 0
        begin = sum(len(line) + 1 for line in lines[: last + 1])
        self.preamble = [line.rstrip() for line in lines[: last + 1]]
        return min(begin, root.start)

    def _hold(self, node: Node, part: Part | None) -> Holder:
        holder = Holder(node, part)
        self.holders[id(node)] = holder
        if node.flow:
            self._stops.append(_Stop(node.content + 1, part, head=True))
        after = node.content
        for pair in node.pairs:
            inner = Part(pair.key, pair.value, holder, pair.key.start)
            self._stops.append(_Stop(pair.key.end, inner, head=True))
            self._take(inner)
        for item in node.items:
            start = item.start if node.flow else skip_space(self.text, after)
            self._take(Part(None, item, holder, start))
            after = item.end
        if node.flow:
            self._stops.append(_Stop(node.end, part))
            self._closings.append((node.end - 1, holder))
        elif holder.parts:
            holder.column = column(self.text, holder.parts[0].start)
        return holder

    def _take(self, part: Part) -> None:
        part.holder.parts.append(part)
        self._starts.append((part.start, part, True))
        if part.value.many:
            self._hold(part.value, part)
        else:
            if part.key is not None:
                self._starts.append((part.value.start, part, False))
            if part.value.style in ("|", ">"):
                self._stops.append(_Stop(part.value.content, part, head=True))
            self._stops.append(_Stop(part.value.end, part))

    def _attach(self, root: Node, top: Holder, begin: int) -> None:
        """Give every comment and blank line to what it belongs to."""
        inside = list(_spans(self.text, root))
        comments = {start: end for start, end in comments_in(self.text, root) if start >= begin}
        lines = self.text.split("\n")
        offsets = [s[0] for s in self._starts]
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
                blank = blank or not covered or self._clipped(inside, offset)
            elif here is not None and (
                not line[: here - offset].strip() or _ONLY_DASHES.match(line[: here - offset].lstrip())
            ):
                self._own_line(top, here, line[here - offset :].rstrip(), blank, offsets)
                blank = False
            else:
                if not covered:
                    index = bisect_left(offsets, offset)
                    if index < len(offsets) and offsets[index] <= end and self._starts[index][2] and blank:
                        part = self._starts[index][1]
                        if not part.holder.node.flow:
                            part.leading.append("")
                blank = False
                if here is not None:
                    self._behind(here, line[here - offset :].rstrip())
            offset = end + 1

    def _clipped(self, inside: list[tuple[int, int, bool]], offset: int) -> bool:
        """Whether a blank line within a block text is only behind its last line, and not part of it."""
        result = next((span for span in inside if span[0] < offset < span[1] or offset == span[1]), None)
        return result is not None and not result[2] and not self.text[offset : result[1]].strip()

    def _behind(self, at: int, comment: str) -> None:
        index = bisect_right([s.offset for s in self._stops], at) - 1
        stop = self._stops[index] if index >= 0 else _Stop(0, None)
        part = stop.part
        if part is None:
            self.header.append(comment)
            return
        self._mark_commented(at)
        if stop.head and not part.head:
            part.head = comment
        elif not stop.head and not part.tail:
            part.tail = comment
        else:
            part.leading.append(comment)

    def _mark_commented(self, at: int) -> None:
        for closing, holder in self._closings:
            if holder.node.content < at < closing:
                holder.commented = True

    def _own_line(self, top: Holder, at: int, comment: str, blank: bool, offsets: list[int]) -> None:
        self._mark_commented(at)
        index = bisect_left(offsets, at)
        closing = next((c for c in self._closings if c[0] > at), None)
        into: list[str]
        if closing is not None and (index >= len(offsets) or closing[0] < offsets[index]):
            into = closing[1].trailing
        elif index < len(offsets) and (not self._starts[index][2] or self._starts[index][1].holder.node.flow):
            into = self._starts[index][1].leading
        else:
            following = self._starts[index][1] if index < len(offsets) else None
            into = self._closed_before(at, following, top)
        if blank:
            into.append("")
        into.append(comment)

    def _closed_before(self, at: int, following: Part | None, top: Holder) -> list[str]:
        """Where a comment on its own line goes: to what ended above it if it stands deeper than what follows, else to that."""
        index = bisect_right([s.offset for s in self._stops], at) - 1
        previous = self._stops[index].part if index >= 0 else None
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

    def _split_header(self, top: Holder) -> None:
        """What stands above the first blank-line-ended comment belongs to the file."""
        leading = top.parts[0].leading if top.parts else []
        if "" in leading:
            cut = len(leading) - leading[::-1].index("")
            self.header += leading[:cut]
            del leading[:cut]
        self.header += [line for line in leading if MODELINE.match(line)]
        leading[:] = [line for line in leading if not MODELINE.match(line)]


def _ends_with_line(value: Node) -> bool:
    """Whether a comment can stand below, deeper than the key: not where it would be taken for text or another entry."""
    return value.flow if value.many else value.style not in ("|", ">")


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
