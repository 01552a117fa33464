"""YAML text into plain values that know where they were written, straight from the C parser's events."""

import re
from collections.abc import Sequence
from sys import intern
from typing import Any

import msgspec
from _ruamel_yaml import CParser  # type: ignore[import-not-found]  # the C half of ruamel.yaml, untyped
from msgspec.structs import replace
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from websakctl.diagnostics import Diagnostic, Fix, Position
from websakctl.source.quotes import within_quotes
from websakctl.source.tree import Lines, Map, Seq, Span

MAX_ALIASED = 50_000  # values that aliases may repeat in one file; a hand-written file has a handful
MAX_DEPTH = 64  # nesting; the format itself needs six
MAX_VALUES = 2_000_000  # in one file: some 200 MB of memory; 100 000 units have half a million


_LINE_ENDS = "\x85\u2028\u2029"  # to the parser, and to no editor
# What YAML does not allow, and those three; the parser itself stops at all others. Compiled where it is needed: that takes 4 ms.
_STRAY = "[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """The value of a file and what was wrong with its YAML."""

    value: Any
    findings: list[Diagnostic]


_INT = re.compile(r"[-+]?[0-9]{1,40}\Z")
_BASED = re.compile(r"0o[0-7]{1,40}\Z|0x[0-9a-fA-F]{1,40}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z|[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


def resolve(text: str) -> Any:
    """Read a plain scalar by the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema)."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "-+.0123456789":
        if _INT.match(text):
            return int(text)
        if _BASED.match(text):
            return int(text, 0)
        if len(text) < 60 and _FLOAT.match(text):
            return float(
                text.replace(".inf", "inf")
                .replace(".Inf", "inf")
                .replace(".INF", "inf")
                .replace(".nan", "nan")
                .replace(".NaN", "nan")
                .replace(".NAN", "nan")
            )
    return text


class _Refused(Exception):
    """What ends the reading of a file; its arguments are those of ``_Builder.finding``."""


_NOT_ALWAYS_TEXT = frozenset("-+.0123456789~nNtTfF")  # what a plain scalar begins with that may be no text


class _Builder:
    def __init__(self, text: str, file: str) -> None:
        self.file, self.text = file, text
        self.lines = Lines(text)
        self.findings: list[Diagnostic] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.aliased = 0
        self.size = 0  # values built so far, repeated ones included
        self.share = dict[str, str]().setdefault  # one text for many that are alike

    def document(self) -> Any:
        self.next = CParser(self.text).get_event
        self.next()  # stream start
        event = self.next()
        if type(event) is StreamEndEvent:
            return None
        value = self.value(self.next(), 0)
        self.next()  # document end
        extra = self.next()
        if type(extra) is not StreamEndEvent:
            self.findings.append(
                self.finding(
                    "yaml-feature", "a second document in one file", "keep one document; split the file instead", extra
                )
            )
        return value

    def finding(self, rule: str, message: str, help_: str, event: Any) -> Diagnostic:
        start, end = event.start_mark, event.end_mark
        return Diagnostic(
            code=rule,
            at=Position(self.file, start.line + 1, start.column + 1, end.line + 1, end.column + 1),
            message=message,
            help=help_,
        )

    def value(self, event: Any, depth: int) -> Any:
        kind = type(event)
        if kind is ScalarEvent:
            plain = self.refuse_tag(event) if event.ctag is not None else event.implicit[0]
            value = resolve(event.value) if plain else event.value
            if event.anchor is not None:
                self.anchors[event.anchor] = (value, 1)
            return value
        if kind is AliasEvent:
            return self.alias(event)
        if depth > MAX_DEPTH:
            raise _Refused(
                "yaml-feature", f"nested deeper than {MAX_DEPTH} levels", "flatten it; no section needs that", event
            )
        if event.ctag is not None:
            self.refuse_tag(event)
        before = self.size
        if event.anchor is not None:
            self.anchors[event.anchor] = (None, -1)  # open: an alias to it would contain itself
        value = self.mapping(depth + 1) if kind is MappingStartEvent else self.sequence(depth + 1)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, self.size - before + 1)
        return value

    def refuse_tag(self, event: Any) -> bool:
        """Report a tag; gives whether the value is to be read as it would be without, so that nothing else seems wrong."""
        if event.tag in ("!", "tag:yaml.org,2002:str"):
            return False
        self.findings.append(
            self.finding(
                "yaml-feature",
                f"the tag {event.tag} is not used here",
                "take the tag away; quote the value if it is a text",
                event,
            )
        )
        return True

    def alias(self, event: Any) -> Any:
        value, size = self.anchors.get(event.anchor, (None, 0))
        if size <= 0:
            why = "contains itself" if size else "refers to no anchor above it"
            raise _Refused("yaml-alias", f"the alias *{event.anchor} {why}", "write the value out", event)
        self.size += size
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            raise _Refused(
                "yaml-alias",
                f"aliases repeat more than {MAX_ALIASED} values",
                "write the values out, or make them the skeleton's",
                event,
            )
        return value

    def mapping(self, depth: int) -> Map:
        result = Map()
        offsets: list[int] = []
        merged: list[Any] = []
        twice: list[tuple[str, Any]] = []
        pairs = 0
        following, scalar, once, share = self.next, ScalarEvent, intern, self.share
        not_always_text, place = _NOT_ALWAYS_TEXT, offsets.extend
        try:
            while type(name := following()) is not MappingEndEvent:
                if type(name) is scalar:
                    key = once(name.value)  # the same few words in every entry
                elif type(name) is AliasEvent:
                    key = str(self.alias(name))
                else:
                    raise _Refused("yaml-feature", "a mapping or a list as a key", "use a text as the key", name)
                if merging := key == "<<" and type(name) is scalar and name.implicit[0]:
                    self.findings.append(
                        self.finding(
                            "yaml-feature",
                            "merge keys (<<) are not used here",
                            "write the fields out, or make them the skeleton's",
                            name,
                        )
                    )
                event = following()
                if type(event) is scalar and event.ctag is None and event.anchor is None:
                    value = event.value
                    if event.implicit[0] and (not value or value[0] in not_always_text):
                        value = resolve(value)
                    else:
                        value = share(value, value)
                else:
                    value = self.value(event, depth)
                pairs += 1
                if merging:  # refused, and done all the same: what it brings is then not reported as missing
                    merged.append(value)
                elif key in result:
                    twice.append((key, name))
                else:
                    result[key] = value
                    start, end = event.start_mark, event.end_mark
                    place((name.start_mark.index, name.end_mark.index, start.index, end.index))
        finally:  # a duplicate is told even where the file is refused further down
            result.place(self.lines, offsets)
            self.findings += [self.duplicate(key, event, result.spans[key]) for key, event in twice]
        self.size += pairs
        for other in merged:
            _merge(result, other)
        return result

    def duplicate(self, key: str, event: Any, first: Span) -> Diagnostic:
        return replace(
            self.finding("duplicate-key", f"duplicate key '{key}'", "keep one of the two", event),
            related=Position(self.file, first.kline + 1, first.kcol + 1, first.kend_line + 1, first.kend_col + 1),
            related_label="first here",
        )

    def sequence(self, depth: int) -> Seq:
        result = Seq()
        offsets: list[int] = []
        following = self.next
        while type(event := following()) is not SequenceEndEvent:
            result.append(self.value(event, depth))
            offsets += event.start_mark.index, event.end_mark.index
            if self.size + len(result) > MAX_VALUES:
                raise _Refused("yaml-feature", f"more than {MAX_VALUES} values in one file", "split the file", event)
        self.size += len(result)
        result.place(self.lines, offsets)
        return result


def _merge(into: Map, other: Any) -> None:
    spans = into.spans
    for source in other if isinstance(other, Seq) else (other,):
        if isinstance(source, Map):
            for key in source.keys() - into.keys():
                into[key], spans[key] = source[key], source.spans[key]


def parse(text: str, file: str) -> Parsed:
    """Read one YAML document.

    Returns:
        The value (``None`` for an empty file or after a syntax error) and the findings.
    """
    if any(character in text for character in _LINE_ENDS):
        return Parsed(value=None, findings=_stray(text, file))
    builder = _Builder(text, file)
    try:
        return Parsed(value=builder.document(), findings=builder.findings)
    except _Refused as refused:
        return Parsed(
            value=None,
            findings=_unmerged(text, file) or _stray(text, file) or [*builder.findings, builder.finding(*refused.args)],
        )
    except (YAMLError, UnicodeEncodeError) as error:  # half a surrogate pair cannot even be handed to the parser
        return Parsed(value=None, findings=_unmerged(text, file) or _stray(text, file) or [_syntax(error, text, file)])


def _unmerged(text: str, file: str) -> list[Diagnostic]:
    """What git leaves of a merge that nobody has finished: both sides, between its markers."""
    if re.search(r"^<{7}( |\r?$)", text, re.MULTILINE) is None:  # as nearly always; line by line takes seconds at 10 MB
        return []
    lines = text.split("\n")
    begins = next(n for n, line in enumerate(lines, 1) if re.match(r"<{7}( |\r?$)", line))
    middle = next((n for n, line in enumerate(lines, 1) if n > begins and re.match(r"={7}\r?$", line)), None)
    ends = next((n for n, line in enumerate(lines, 1) if n > begins and re.match(r">{7}( |\r?$)", line)), None)
    if middle is None or ends is None or not middle < ends:
        sides = "its other markers are missing"
    else:
        ours = next(
            (n for n, line in enumerate(lines, 1) if begins < n < middle and line.startswith("|||||||")), middle
        )
        sides = f"one side is {_lines(begins + 1, ours - 1)}, the other {_lines(middle + 1, ends - 1)}"
    return [
        Diagnostic(
            code="yaml-syntax",
            at=Position(file, begins, 1, begins, len(lines[begins - 1].rstrip("\r")) + 1),
            message=f"git's conflict markers stand here: a merge is not finished, and {sides}",
            help="keep what is right of both sides, delete the lines with <<<<<<<, ======= and >>>>>>>, and run git add",
        )
    ]


def _lines(first: int, last: int) -> str:
    return f"lines {first} to {last}" if first < last else f"line {first}" if first == last else "empty"


def _stray(text: str, file: str) -> list[Diagnostic]:
    """The first character that may not stand in YAML."""
    result = re.search(_STRAY, text)
    if result is None:
        return []
    before = text[: result.start()]
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    return [
        Diagnostic(
            code="yaml-syntax",
            at=Position(file, line, column, line, column + 1),
            message=f"character U+{ord(result[0]):04X} may not stand here",
            help="delete it; it is often left behind by copying from another program",
        )
    ]


_NO_TABS = "indent with spaces; a tab may not stand there"
_HINTS = (
    ("tab character", _NO_TABS),
    ("\t", _NO_TABS),
    ("mapping values are not allowed", "quote the value if it has a colon in it, or check the indentation"),
    (
        "cannot start any token",
        "quote the value: it begins with a character that means something to YAML",
    ),
    ("end of stream", "close the quote that is opened here"),
    ("expected ',' or", "close the bracket that is opened here, or put a comma between the values"),
)


_TYPED = 1_000  # characters of a line that somebody may have typed
_UNQUOTED = re.compile(
    r"""(?<![\w-])(?P<key>[\w-]+|"[^"]*"|'[^']*'):[ ]+(?P<text>[^\s"'{}\[\],&*!|>%@`#][^{}\[\],]*?)(?=[ ]*(?:[,}]|[ ]\#|$))"""
)


def _unquoted_colon(lines: Sequence[str], line: int) -> tuple[int, int, str, str] | None:
    """The unquoted text on a line whose colon is the mistake: first and last column, the text and its key.

    It is the mistake if quotes around it move the parser past the line.
    """
    if len(lines[line]) > _TYPED:
        return None
    for result in _UNQUOTED.finditer(lines[line]):
        in_braces = "{" in lines[line][: result.start()]
        if ":" not in result["text"] or (not in_braces and re.match("[a-z_]+: ", result["text"])):
            continue  # the latter is rather a mapping that should begin on the next line
        start, end = result.span("text")
        quoted = f'{lines[line][:start]}"{result["text"]}"{lines[line][end:]}'
        try:
            _Builder("\n".join([*lines[:line], quoted, *lines[line + 1 :]]), "").document()
        except (YAMLError, _Refused) as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            if mark is None or mark.line <= line:
                continue
        return start, end, result["text"], result["key"]
    return None


def _closed_by_another(line: str, column: int) -> str | None:
    """The typographic quote that ends a text which a straight one begins, where no straight one ends it."""
    quote = line[column : column + 1]
    if quote not in ('"', "'") or quote in line[column + 1 :]:
        return None
    result = re.search(r"[“”‟»‘’](?=\s*([,}\]]|#|$))", line[column + 1 :])
    return result[0] if result is not None else None


def _syntax(error: Exception, text: str, file: str) -> Diagnostic:
    problem = getattr(error, "problem", None) or "this is not YAML"
    context = getattr(error, "context", None)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    lines = re.split("\r\n|\r|\n", text)  # as the parser counts
    line, column = (mark.line, mark.column) if mark else (0, 0)
    at_end = line >= len(lines) or not any(rest.strip() for rest in [lines[line][column:], *lines[line + 1 :]])
    if at_end:
        start = getattr(error, "context_mark", None)
        if start is not None and (start.line, start.column) != (line, column):
            line, column = start.line, start.column  # where what has no end begins says more than where the file ends
        else:
            written = text.rstrip()
            line, column = written.count("\n"), len(written) - (written.rfind("\n") + 1)
    if line < len(lines) and (colon := _unquoted_colon(lines, line)) is not None:
        start, end, unquoted, key = colon
        at = Position(file, line + 1, start + 1, line + 1, end + 1)
        quoted = '"' + (within_quotes(unquoted) or unquoted).replace("\\", "\\\\") + '"'
        return Diagnostic(
            code="yaml-syntax",
            at=at,
            message=f"a colon stands in the text of {key}, which has no quotes",
            help=f"quote it: {key}: {quoted}",
            fix=Fix(at, quoted),
        )
    if line < len(lines) and (closed := _closed_by_another(lines[line], column)) is not None:
        at = Position(file, line + 1, column + 1, line + 1, column + 2)
        opened = lines[line][column]
        message = f"the quote {opened} that is opened here is closed by {closed}, which is no quote to YAML"
        return Diagnostic(code="yaml-syntax", at=at, message=message, help=f"write {opened} in its place")
    here = lines[line][column : column + 1]
    return Diagnostic(
        code="yaml-syntax",
        at=Position(file, line + 1, column + 1, line + 1, column + 2),
        message=f"{problem}{f' ({context})' if context else ''}",
        help=next(
            (hint for words, hint in _HINTS if words in problem or words == here),
            "look for a missing quote, bracket, colon or space on this line or the one above",
        ),
    )
