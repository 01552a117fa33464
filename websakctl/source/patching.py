"""Change values in a file and leave every other byte of it as it is."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any

import msgspec
from msgspec.structs import replace
from ruamel.yaml.error import YAMLError

from websakctl.source.documents import plain
from websakctl.source.emitting import flow, items, pair, scalar
from websakctl.source.nodes import BOM, BREAK, Form, Node, Pair, column, compose, line_end, line_start, skip_space
from websakctl.source.parsing import parse, resolve

Step = str | int
Path = tuple[Step, ...]
_COMMENT_LINE = re.compile(r"[ \t]*#")
_BLANK_LINE = re.compile(r"[ \t]*\Z")


class CannotPatch(Exception):
    """The edit cannot be made without changing something else; nothing was made of it."""


class Put(msgspec.Struct, frozen=True, kw_only=True):
    """Give what stands at ``path`` another value, or put it there; what is missing on the way is made.

    ``before``: a new key goes before the first of these that its mapping has, else last.
    """

    path: Path
    value: Any
    before: tuple[str, ...] = ()


class Drop(msgspec.Struct, frozen=True, kw_only=True):
    """Take a key with its value, or an item, away."""

    path: Path


Edit = Put | Drop


def patch(text: str, edits: Sequence[Edit]) -> str:
    """Change a file's text.

    Args:
        text: The file, with or without a byte order mark.
        edits: What to change, in this order.

    Raises:
        CannotPatch: If the file is not sound, a path leads nowhere, or the result would not be exactly what was asked for.
    """
    if not edits:
        return text
    mark = BOM if text.startswith(BOM) else ""
    body = text.removeprefix(BOM)
    parsed = parse(body, "")
    if parsed.findings:
        raise CannotPatch("the file is not sound YAML")
    expected = plain(parsed.value)
    for edit in edits:
        expected = _applied(expected, edit)
    for quoted in (lambda text: text, _ends_said, partial(_ends_said, every=True)):
        result = _all_patched(quoted(body), edits)
        again = parse(result, "")
        if not again.findings and identical(again.value, expected):
            return mark + result
    raise CannotPatch("the text that came out does not have the value that was asked for")


def identical(one: Any, other: Any) -> bool:
    """Whether two values are the same, types too: 1, 1.0 and true are not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(identical(v, other[k]) for k, v in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(identical, one, other))
    return type(one) is type(other) and (one == other or (one != one and other != other))  # not a number


def edits_between(old: Any, new: Any, path: Path = ()) -> Iterable[Edit]:
    """The smallest edits that make ``new`` of ``old``."""
    if identical(old, new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [k for k in old if k not in new]:
            yield Drop(path=(*path, key))
        for key, value in new.items():
            if key in old:
                yield from edits_between(old[key], value, (*path, key))
            else:
                yield Put(path=(*path, key), value=value)
    elif isinstance(old, list) and isinstance(new, list) and old and new:
        for index in range(min(len(old), len(new))):
            yield from edits_between(old[index], new[index], (*path, index))
        for index in range(len(old) - 1, len(new) - 1, -1):
            yield Drop(path=(*path, index))
        for index in range(len(old), len(new)):
            yield Put(path=(*path, index), value=new[index])
    else:
        yield Put(path=path, value=new)


# --- on values


def _applied(value: Any, edit: Edit) -> Any:
    if not edit.path:
        if isinstance(edit, Drop):
            raise CannotPatch("the whole file cannot be taken away")
        return edit.value
    step, rest = edit.path[0], edit.path[1:]
    inner = replace(edit, path=rest)
    if isinstance(value, list):
        if not isinstance(step, int) or not 0 <= step <= len(value) - isinstance(edit, Drop):
            raise CannotPatch(f"there is no item {step}")
        if isinstance(edit, Drop) and not rest:
            return [*value[:step], *value[step + 1 :]]
        old = value[step] if step < len(value) else None
        return [*value[:step], _applied(old, inner) if rest else inner.value, *value[step + 1 :]]  # type: ignore[union-attr]  # a Drop has gone
    if value is None and isinstance(edit, Put):
        value = {}
    if not isinstance(value, Mapping) or not isinstance(step, str):
        raise CannotPatch(f"{step} leads nowhere")
    if isinstance(edit, Drop):
        if step not in value:
            raise CannotPatch(f"there is no {step}")
        if not rest:
            return {k: v for k, v in value.items() if k != step}
    return {**value, step: _applied(value.get(step), inner)}


# --- on text


def _all_patched(text: str, edits: Sequence[Edit]) -> str:
    """What the edits come to; the text as it was where one breaks what the next needs."""
    result = text
    try:
        for alike, several in groupby(edits, _is_value):
            run = list(several)
            at_once = _values_put(result, run) if alike and len(run) > 1 else None
            if at_once is not None:
                result = at_once
                continue
            for edit in run:
                result = _patched(result, edit)
    except CannotPatch:
        return text
    return result


def _is_value(edit: Edit) -> bool:
    return isinstance(edit, Put) and not isinstance(edit.value, Mapping | list)


def _values_put(text: str, edits: Sequence[Edit]) -> str | None:
    """Put many values in the place of others in one go; ``None`` where one of them is no plain exchange."""
    root = compose(text)
    if root is None or any(n.form is Form.ALIAS for n in _below(root)):
        return None
    places: dict[int, dict[Step, Node]] = {}
    patcher, result = _Patcher(text), dict[int, tuple[int, int, str]]()
    for edit in edits:
        node, parents = root, list[tuple[Node, int]]()
        for step in edit.path:
            if id(node) not in places:
                places[id(node)] = {p.key.text: p.value for p in node.pairs} or dict(enumerate(node.items))
            parents.append((node, 0))
            inner = places[id(node)].get(step)
            if inner is None:
                return None
            node = inner
        if node.many or node.style in ("|", ">") or id(node) in result or not isinstance(edit, Put):
            return None
        result[id(node)] = patcher.value_span(node, parents, edit.value)
    for start, end, new in sorted(result.values(), reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _patched(text: str, edit: Edit) -> str:
    try:
        root = compose(text)
    except YAMLError as error:
        raise CannotPatch("an earlier edit broke the file") from error
    return _Patcher(text).edited(root, edit)


def _ends_said(text: str, *, every: bool = False) -> str:
    """The same with block texts quoted whose value hangs on what comes after them: blank lines, or the end of the file."""
    while (root := compose(text)) is not None:
        leaves = [n for n in _below(root) if n.form is Form.SCALAR and n.style in ("|", ">")]
        hanging = [
            n
            for n in leaves
            if every
            or "+" in BREAK.split(text[n.content : n.end])[0]
            or text[n.end - 1] not in ("\n", "\r")
            or n.text.rstrip("\n")[-1:] in ("", " ", "\t")
        ]
        if not hanging:
            break
        text = _Patcher(text).replaced_block_text(hanging[0], hanging[0].text, quoted=True)
    return text


class _Patcher:
    def __init__(self, text: str) -> None:
        self.text = text
        result = BREAK.search(text)
        self.newline = result[0] if result else "\n"

    def edited(self, root: Node | None, edit: Edit) -> str:
        if root is None:
            if isinstance(edit, Drop):
                raise CannotPatch("the file is empty")
            text = self.text + (self.newline if self.text and not self.text.endswith(("\n", "\r")) else "")
            return text + self.joined(self.lines_of(_nested(edit.path, edit.value), 0)) + self.newline
        node, parents = root, list[tuple[Node, int]]()
        for depth, step in enumerate(edit.path):
            if node.form is Form.ALIAS:
                return self.written_out(root, node, edit)
            index = _index(node, step)
            if index is None:
                if isinstance(edit, Drop):
                    raise CannotPatch(f"there is no {step}")
                shared = self.unshared(root, [*(p for p, _ in parents), node], None, edit)
                if shared is not None:
                    return shared
                return self.added(node, parents, step, _nested(edit.path[depth + 1 :], edit.value), edit.before)
            parents.append((node, index))
            node = node.pairs[index].value if node.form is Form.MAPPING else node.items[index]
        shared = self.unshared(root, [*(p for p, _ in parents), node, *_below(node)], node, edit)
        if shared is not None:
            return shared
        if isinstance(edit, Drop):
            if not parents:
                raise CannotPatch("the whole file cannot be taken away")
            return self.dropped(*parents[-1], parents[:-1])
        return self.replaced(node, parents, edit.value)

    # --- anchors

    def written_out(self, root: Node, alias: Node, edit: Edit) -> str:
        """Write the value in place of an alias, then edit it there."""
        target = _anchored(root, alias)
        return _patched(self.put(alias.start, alias.end, flow(_value(root, target))), edit)

    def unshared(self, root: Node, changing: Sequence[Node], within: Node | None, edit: Edit) -> str | None:
        """Write out the first alias of what is about to change, which must keep its value; those ``within`` change too."""
        anchors = {id(n) for n in changing if n.anchor is not None}
        inside = {id(n) for n in _below(within)} if within is not None and anchors else set()
        for node in _below(root) if anchors else ():
            if node.form is Form.ALIAS and id(node) not in inside and id(_anchored(root, node)) in anchors:
                value = _value(root, _anchored(root, node))
                return _patched(self.put(node.start, node.end, flow(value)), edit)
        return None

    # --- replacing

    def replaced(self, node: Node, parents: list[tuple[Node, int]], value: Any) -> str:
        in_flow = any(p.flow for p, _ in parents)
        if node.form is Form.SCALAR and node.style in ("|", ">"):
            return self.replaced_block_text(node, value)
        if node.many and not node.flow and node.end > node.content:
            return self.replaced_block(node, parents, value)
        many = isinstance(value, Mapping | list)
        new = (
            flow(value)
            if many
            else scalar(value, flow=in_flow, style=node.style if isinstance(value, str) else "", plain_day=node.plain)
        )
        if many and value and not in_flow and parents:
            parent, index = parents[-1]
            if parent.form is Form.MAPPING:
                lines = list(pair("k", value, column(self.text, parent.pairs[index].key.start)))
                if len(lines) > 1 and not node.anchor:
                    after = self.after_colon(parent.pairs[index])
                    return self.put(after, node.end, self.newline + self.joined(lines[1:]))
        return self.put(*self.value_span(node, parents, value, new))

    def value_span(
        self, node: Node, parents: list[tuple[Node, int]], value: Any, new: str | None = None
    ) -> tuple[int, int, str]:
        """Which part of the text gives way to what, where a value takes the place of one that is on one line."""
        if new is None:
            in_flow = any(p.flow for p, _ in parents)
            new = scalar(value, flow=in_flow, style=node.style if isinstance(value, str) else "", plain_day=node.plain)
        nothing = node.start == node.end or (node.content == node.end and node.anchor)
        return node.content, node.end, f" {new}" if nothing else new

    def replaced_block_text(self, node: Node, value: Any, *, quoted: bool = False) -> str:
        old = self.text[node.content : node.end]
        body = old.rstrip("\r\n \t")
        tail = old[len(body) :]
        header, _, _ = BREAK.sub("\n", old).partition("\n")
        if (
            not quoted
            and isinstance(value, str)
            and node.style == "|"
            and "\n" in value
            and not re.search(r"[0-9]", header)
        ):
            lines = BREAK.split(body)[1:]
            first = next((line for line in lines if line.strip()), "")
            width = len(first) - len(first.lstrip(" "))
            given = value.rstrip("\n")
            ending = {0: "-", 1: ""}.get(len(value) - len(given))
            if (
                ending is not None
                and width
                and given[:1] not in ("", " ", "\n")
                and not re.search(r"[^\n -~\xa0-\ufefe]", given)
            ):
                written = [
                    f"|{ending}{header.removeprefix('|').lstrip('+-')}",
                    *(f"{' ' * width}{line}" if line else "" for line in given.split("\n")),
                ]
                end = self.newline if not tail and not ending else ""
                return self.put(node.content, node.content + len(body), self.joined(written) + end)
        new = scalar(value) if not isinstance(value, Mapping | list) else flow(value)
        comment = re.search(r"[ \t]#.*", header)
        breaks = BREAK.search(tail)
        rest = tail[breaks.start() :] if breaks else ""
        return self.put(node.content, node.end, new + (comment[0] if comment else "") + rest)

    def replaced_block(self, node: Node, parents: list[tuple[Node, int]], value: Any) -> str:
        """Put something in the place of a list or mapping that takes lines of its own."""
        written = self.text[node.content : node.end]
        kept = written[len(written.rstrip("\r\n \t")) :] if written.endswith(("\n", "\r")) else ""
        if not parents:
            return self.put(node.content, node.end, self.joined(self.lines_of(value, 0)) + kept)
        parent, index = parents[-1]
        if parent.form is Form.SEQUENCE:
            return self.put(node.content, node.end, flow(value) + kept)
        entry = parent.pairs[index]
        after = self.after_colon(entry)
        result = re.match(r"((?:[ \t]+[&!][^\s]*)*)([ \t]+#[^\r\n]*)?", self.text[after : node.content])
        prefix, comment = (result[1], result[2] or "") if result else ("", "")
        lines = list(pair("k", value, column(self.text, entry.key.start)))
        if len(lines) > 1:
            return self.put(after, node.end, prefix + comment + self.newline + self.joined(lines[1:]) + kept)
        new = flow(value) if isinstance(value, Mapping | list) else scalar(value)
        return self.put(after, node.end, f"{prefix} {new}{comment}{kept}")

    # --- adding

    def added(
        self, node: Node, parents: list[tuple[Node, int]], step: Step, value: Any, before: tuple[str, ...]
    ) -> str:
        if node.form is Form.SCALAR and node.plain and isinstance(step, str):
            return self.replaced(node, parents, {step: value})  # nothing yet
        if node.form is Form.SEQUENCE and step == len(node.items):
            return self.appended(node, value)
        if node.form is not Form.MAPPING or not isinstance(step, str):
            raise CannotPatch(f"{step} leads nowhere")
        if node.flow:
            if (
                not node.pairs
                and isinstance(value, Mapping)
                and value
                and not any(p.flow for p, _ in parents)
                and parents
            ):
                return self.opened(node, parents, {step: value})
            return self.added_in_flow(node, f"{scalar(step, flow=True)}: {flow(value)}", _place(node, before))
        indent = column(self.text, node.pairs[0].key.start)
        lines = list(pair(step, value, indent, depth=_levels(value)))
        place = _place(node, before)
        if not parents and _levels(value):
            lines = [*lines, ""] if place == 0 else ["", *lines]  # a section
        if place == 0:
            return self.lines_before(node.pairs[0], lines, indent)
        return self.lines_after(node.pairs[place - 1].value, node.pairs[place - 1], lines)

    def opened(self, node: Node, parents: list[tuple[Node, int]], value: Any) -> str:
        """Write what was `{}` on lines of its own."""
        parent, index = parents[-1]
        if parent.form is not Form.MAPPING or node.anchor:
            return self.put(node.content, node.end, flow(value))
        entry = parent.pairs[index]
        lines = list(pair("k", value, column(self.text, entry.key.start), depth=1))
        end = line_end(self.text, node.end)
        return self.put(
            self.after_colon(entry), end, self.text[node.end : end].rstrip() + self.newline + self.joined(lines[1:])
        )

    def added_in_flow(self, node: Node, new: str, place: int) -> str:
        parts: list[tuple[int, int]] = (
            [(p.key.start, p.value.end) for p in node.pairs]
            if node.form is Form.MAPPING
            else [(n.start, n.end) for n in node.items]
        )
        if not parts:
            return self.put(node.content + 1, node.content + 1, new)
        if place < len(parts):
            return self.put(parts[place][0], parts[place][0], f"{new}, ")
        last = node.pairs[-1].value if node.form is Form.MAPPING else node.items[-1]
        end = parts[-1][1]
        return self.put(end, end, f" null, {new}" if last.empty and self.text[end - 1] == ":" else f", {new}")

    def appended(self, node: Node, value: Any) -> str:
        if node.flow:
            return self.added_in_flow(node, flow(value), len(node.items))
        indent = column(self.text, self.dash(node, 0))
        return self.lines_after(node.items[-1], None, list(items([value], indent)))

    def lines_after(self, last: Node, entry: Pair | None, lines: list[str]) -> str:
        while last.many and not last.flow and (last.pairs or last.items):
            last = last.pairs[-1].value if last.pairs else last.items[-1]
        end = max(last.end, entry.key.end if entry else 0)
        if self.text[end - 1 : end] in ("\n", "\r"):  # a block text ends behind its last line
            body = self.text[:end].rstrip("\r\n \t")
            keep = last.style in ("|", ">") and "+" in re.split(r"[\r\n]", self.text[last.content :], maxsplit=1)[0]
            at = end if keep else len(body) + len(BREAK.match(self.text, line_end(self.text, len(body)))[0])  # type: ignore[index]  # it ends a line
            return self.put(at, at, self.joined(lines) + self.newline)
        end = line_end(self.text, end)
        return self.put(end, end, self.newline + self.joined(lines))

    def lines_before(self, entry: Pair, lines: list[str], indent: int) -> str:
        at = line_start(self.text, entry.key.start)
        if self.text[at : entry.key.start].strip():  # after a dash
            return self.put(entry.key.start, entry.key.start, self.joined(lines).lstrip() + self.newline + " " * indent)
        while at > 0 and _COMMENT_LINE.match(self.text, line_start(self.text, at - 1)):
            at = line_start(self.text, at - 1)
        return self.put(at, at, self.joined(lines) + self.newline)

    # --- taking away

    def dropped(self, parent: Node, index: int, parents: list[tuple[Node, int]]) -> str:
        mapping = parent.form is Form.MAPPING
        count = len(parent.pairs) if mapping else len(parent.items)
        if count == 1:
            return self.replaced(parent, parents, {} if mapping else [])
        starts = [p.key.start for p in parent.pairs] if mapping else [n.start for n in parent.items]
        ends = [p.value.end for p in parent.pairs] if mapping else [n.end for n in parent.items]
        if parent.flow:
            if index + 1 < count:
                return self.put(starts[index], starts[index + 1], "")
            if "#" in self.text[ends[index - 1] : starts[index]]:  # a comment on the one before; the comma may stay
                return self.put(starts[index], ends[index], "")
            return self.put(ends[index - 1], ends[index], "")
        if not mapping:
            starts = [self.dash(parent, i) for i in range(count)]
        if mapping and self.text[starts[index] - 2 : starts[index]] == "? ":
            starts[index] -= 2
        start, end = line_start(self.text, starts[index]), ends[index]
        if self.text[start : starts[index]].strip():  # the first after a dash
            return self.put(starts[index], starts[index + 1], "")
        if self.text[end - 1 : end] not in ("\n", "\r") or end <= starts[index]:
            end = line_end(self.text, max(end, starts[index]))
            end += len(result[0]) if (result := BREAK.match(self.text, end)) else 0
        return self.put(self.paragraph(start, end), end, "")

    def paragraph(self, start: int, end: int) -> int:
        """Where to begin taking away: above the comment and the blank line that belong to nothing else."""
        following = self.text[end : line_end(self.text, end)]
        if end < len(self.text) and not _BLANK_LINE.match(following):
            return start
        above = start
        while above > 0 and _COMMENT_LINE.match(self.text, line_start(self.text, above - 1)):
            above = line_start(self.text, above - 1)
        before = line_start(self.text, above - 1) if above > 0 else 0
        if above > 0 and before > 0 and _BLANK_LINE.match(self.text[before : line_end(self.text, before)]):
            return before
        return start

    # --- text

    def put(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new + self.text[end:]

    def joined(self, lines: Iterable[str]) -> str:
        return self.newline.join(lines)

    def lines_of(self, value: Any, indent: int) -> list[str]:
        if isinstance(value, Mapping) and value:
            return [line for k, v in value.items() for line in pair(k, v, indent, depth=1)]
        return [flow(value) if isinstance(value, Mapping | list) else scalar(value)]

    def after_colon(self, entry: Pair) -> int:
        return skip_space(self.text, entry.key.end) + 1

    def dash(self, node: Node, index: int) -> int:
        after = node.content if index == 0 else node.items[index - 1].end
        return skip_space(self.text, after)


def _nested(path: Path, value: Any) -> Any:
    for step in reversed(path):
        value = {step: value} if isinstance(step, str) else [value]
    return value


def _index(node: Node, step: Step) -> int | None:
    if node.form is Form.MAPPING:
        return next((i for i, p in enumerate(node.pairs) if p.key.text == step), None)
    if node.form is Form.SEQUENCE and isinstance(step, int) and 0 <= step < len(node.items):
        return step
    return None


def _levels(value: Any) -> int:
    """How many levels of mappings stand above the entries' fields."""
    if not isinstance(value, Mapping) or not value or not all(isinstance(v, Mapping) for v in value.values()):
        return 0
    return 1 + min(_levels(v) for v in value.values())


def _place(node: Node, before: tuple[str, ...]) -> int:
    return next((i for i, p in enumerate(node.pairs) if p.key.text in before), len(node.pairs))


def _below(node: Node) -> Iterable[Node]:
    """Every node within, in the order of the text."""
    for entry in node.pairs:
        yield entry.key
        yield from _below(entry.key)
        yield entry.value
        yield from _below(entry.value)
    for item in node.items:
        yield item
        yield from _below(item)


def _anchored(root: Node, alias: Node) -> Node:
    """What an alias repeats: the last node before it that bears its anchor."""
    result = [n for n in (root, *_below(root)) if n.anchor == alias.text and n.start < alias.start]
    if not result:
        raise CannotPatch(f"*{alias.text} repeats nothing")
    return result[-1]


def _value(root: Node, node: Node) -> Any:
    """The value of a node, aliases written out."""
    if node.form is Form.ALIAS:
        return _value(root, _anchored(root, node))
    if node.form is Form.MAPPING:
        return {
            (_anchored(root, p.key).text if p.key.form is Form.ALIAS else p.key.text): _value(root, p.value)
            for p in node.pairs
        }
    if node.form is Form.SEQUENCE:
        return [_value(root, n) for n in node.items]
    return resolve(node.text) if node.plain else node.text
