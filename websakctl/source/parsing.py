"""YAML text into plain values that know where they were written, straight from the C parser's events."""

import re
from sys import intern
from typing import Any, NamedTuple

from _ruamel_yaml import CParser  # type: ignore[import-not-found]  # the C half of ruamel.yaml, untyped
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from websakctl.diagnostics import Diagnostic, Position
from websakctl.source.tree import Home, Map, Seq, Span

MAX_ALIASED = 50_000  # values that aliases may repeat in one file; a hand-written file has a handful
MAX_DEPTH = 64  # nesting; the format itself needs six


_LINE_ENDS = "\x85\u2028\u2029"  # to the parser, and to no editor
# What YAML does not allow, and those three; the parser itself stops at all others. Compiled where it is needed: that takes 4 ms.
_STRAY = "[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


class Parsed(NamedTuple):
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
    def __init__(self, rule: str, message: str, help_: str, event: Any) -> None:
        super().__init__(message)
        self.finding = (rule, message, help_, event)


class _Builder:
    def __init__(self, file: str, parser: Any) -> None:
        self.file = file
        self.next = parser.get_event
        self.findings: list[Diagnostic] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.aliased = 0
        self.size = 0  # values built so far, repeated ones included

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
        self.size += 1
        if kind is ScalarEvent:
            plain = event.implicit[0]
            if event.tag is not None:
                plain = self.refuse_tag(event)
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
        if event.tag is not None:
            self.refuse_tag(event)
        before = self.size
        if event.anchor is not None:
            self.anchors[event.anchor] = (None, -1)  # open: an alias to it would contain itself
        value = self.mapping(depth) if kind is MappingStartEvent else self.sequence(depth)
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
        spans = result.spans
        following = self.next
        merged: list[Any] = []
        while True:
            event = following()
            kind = type(event)
            if kind is MappingEndEvent:
                for other in merged:
                    _merge(result, other)
                return result
            if kind is ScalarEvent:
                key = event.value
            elif kind is AliasEvent:
                key = str(self.alias(event))
            else:
                raise _Refused("yaml-feature", "a mapping or a list as a key", "use a text as the key", event)
            kstart, kend = event.start_mark, event.end_mark
            merging = kind is ScalarEvent and key == "<<" and event.implicit[0]
            if merging:
                self.findings.append(
                    self.finding(
                        "yaml-feature",
                        "merge keys (<<) are not used here",
                        "write the fields out, or make them the skeleton's",
                        event,
                    )
                )
            inner = following()
            value = self.value(inner, depth + 1)
            vstart, vend = inner.start_mark, inner.end_mark
            if merging:
                merged.append(value)  # refused, and done all the same: what it brings is then not reported as missing
                continue
            if key in spans:
                first = spans[key]
                self.findings.append(
                    Diagnostic(
                        code="duplicate-key",
                        at=Position(self.file, kstart.line + 1, kstart.column + 1, kend.line + 1, kend.column + 1),
                        message=f"{key} stands twice here",
                        help="keep one of the two",
                        related=Position(
                            self.file, first.kline + 1, first.kcol + 1, first.kend_line + 1, first.kend_col + 1
                        ),
                        related_label="first here",
                    )
                )
                continue
            spans[key] = Span(
                kstart.line,
                kstart.column,
                kend.line,
                kend.column,
                vstart.line,
                vstart.column,
                vend.line,
                vend.column,
                isinstance(value, dict | list) and type(inner) is not AliasEvent,
            )
            result[key] = value

    def sequence(self, depth: int) -> Seq:
        result = Seq()
        following = self.next
        while True:
            event = following()
            if type(event) is SequenceEndEvent:
                return result
            value = self.value(event, depth + 1)
            start, end = event.start_mark, event.end_mark
            result.spans.append(
                Span(start.line, start.column, end.line, end.column, start.line, start.column, end.line, end.column)
            )
            result.append(value)


def _merge(into: Map, other: Any) -> None:
    for source in other if isinstance(other, Seq) else (other,):
        if isinstance(source, Map):
            for key in source.keys() - into.keys():
                into[key], into.spans[key] = source[key], source.spans[key]


class _Unusual(Exception):
    """Something that only the builder with positions can judge, or say where it is."""


_NOT_ALWAYS_TEXT = frozenset("-+.0123456789~nNtTfF")  # what a plain scalar begins with that may be no text


class _QuickBuilder:
    """Builds the values and nothing else: half of what building with positions costs."""

    def __init__(self, parser: Any, home: Home) -> None:
        self.next = parser.get_event
        self.home = home
        self.share = dict[str, str]().setdefault  # one text for many that are alike

    def document(self) -> Any:
        self.next()  # stream start
        if type(self.next()) is StreamEndEvent:
            return None
        value = self.value(self.next(), 0)
        self.next()  # document end
        if type(self.next()) is not StreamEndEvent:
            raise _Unusual
        return value

    def value(self, event: Any, depth: int) -> Any:
        kind = type(event)
        if depth > MAX_DEPTH or kind is AliasEvent or event.ctag is not None:
            raise _Unusual
        if kind is ScalarEvent:
            return resolve(event.value) if event.implicit[0] else event.value
        return self.mapping(depth + 1) if kind is MappingStartEvent else self.sequence(depth + 1)

    def mapping(self, depth: int) -> Map:
        result = Map()
        result.home = self.home
        following, scalar, once, not_always_text = self.next, ScalarEvent, intern, _NOT_ALWAYS_TEXT
        share = self.share
        pairs = 0
        while True:
            event = following()
            if type(event) is not scalar:
                if type(event) is MappingEndEvent and len(result) == pairs and "<<" not in result:
                    return result
                raise _Unusual
            key = once(event.value)  # the same few words in every entry
            event = following()
            if type(event) is scalar and event.ctag is None:
                value = event.value
                if event.implicit[0] and (not value or value[0] in not_always_text):
                    value = resolve(value)
                else:
                    value = share(value, value)
            else:
                value = self.value(event, depth)
            result[key] = value
            pairs += 1  # less of them than that in the end: a key stood twice

    def sequence(self, depth: int) -> Seq:
        result = Seq()
        result.home = self.home
        following = self.next
        while type(event := following()) is not SequenceEndEvent:
            result.append(self.value(event, depth))
        return result


def parse(text: str, file: str) -> Parsed:
    """Read one YAML document.

    Returns:
        The value (``None`` for an empty file or after a syntax error) and the findings.
    """
    home = Home(lambda: _document(_Builder(file, CParser(text))))
    try:
        if any(character in text for character in _LINE_ENDS):
            raise _Unusual
        home.root = _QuickBuilder(CParser(text), home).document()
    except (_Unusual, YAMLError, UnicodeEncodeError):  # half a surrogate pair cannot even be handed to the parser
        return _parse_closely(text, file)
    return Parsed(home.root, [])


def _parse_closely(text: str, file: str) -> Parsed:
    """The same with positions at once, where there is something to find."""
    if (stray := re.search(_STRAY, text)) is not None:
        return Parsed(None, [_stray(file, text, stray.start())])
    try:
        builder = _Builder(file, CParser(text))
        value = _document(builder)
    except _Refused as refused:
        rule, message, help_, event = refused.finding
        return Parsed(None, [*builder.findings, builder.finding(rule, message, help_, event)])
    except YAMLError as error:
        return Parsed(None, [_syntax(error, text, file)])
    return Parsed(value, builder.findings)


def _document(builder: _Builder) -> Any:
    builder.next()  # stream start
    event = builder.next()
    if type(event) is StreamEndEvent:
        return None
    value = builder.value(builder.next(), 0)
    builder.next()  # document end
    extra = builder.next()
    if type(extra) is not StreamEndEvent:
        builder.findings.append(
            builder.finding(
                "yaml-feature", "a second document in one file", "keep one document; split the file instead", extra
            )
        )
    return value


def _stray(file: str, text: str, index: int) -> Diagnostic:
    before = text[:index]
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    return Diagnostic(
        code="yaml-syntax",
        at=Position(file, line, column, line, column + 1),
        message=f"character U+{ord(text[index]):04X} may not stand here",
        help="delete it; it is often left behind by copying from another program",
    )


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


def _syntax(error: YAMLError, text: str, file: str) -> Diagnostic:
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
