"""Turn what is wrong with a value into a finding at the value's place."""

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from websakctl.diagnostics import Diagnostic, Fix, Position
from websakctl.model.validation import Fault, Problem, ValidationError, faults_of_text
from websakctl.model.vocabulary import field_named
from websakctl.source.documents import Document, raw_text
from websakctl.source.quotes import within_quotes
from websakctl.source.tree import Map, Seq, Span


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is probably meant, if one is: other digits mean something else, and so may two near words."""
    digits = re.sub(r"\D", "", word)
    alike = [other for other in known if re.sub(r"\D", "", other) == digits] if digits == word else list(known)
    near = get_close_matches(word, alike, n=1, cutoff=0.6)
    return near[0] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest known word, as a question, or nothing."""
    near = nearest(word, known)
    return f"did you mean {near}?" if near else ""


def locate(document: Document, section: Map, key: str, path: tuple[int | str, ...]) -> tuple[Position, Span, Any]:
    """Walk ``path`` below ``section[key]`` and give the position of the deepest part that is there."""
    span, value, of_key = section.spans[key], section[key], True
    for step in path:
        in_map = isinstance(value, Map) and step in value.spans
        in_list = isinstance(value, Seq) and isinstance(step, int) and step < len(value.spans)
        if not (in_map or in_list):
            break
        span, value, of_key = value.spans[step], value[step], False
    compound = isinstance(value, dict | list)  # a mapping's own span is its first character; its key says more
    if of_key or compound:
        at = Position(document.file, span.kline + 1, span.kcol + 1, span.kend_line + 1, span.kend_col + 1)
    else:
        at = Position(document.file, span.vline + 1, span.vcol + 1, span.vend_line + 1, span.vend_col + 1)
    return at, span, value


Place = tuple[Document, Map, str]  # a mapping, and the key in it below which fields stand


def findings_of(
    error: ValidationError,
    entry: Place,
    *,
    key_field: str | None,
    over: Place | None = None,
    under: Place | None = None,
) -> list[Diagnostic]:
    """List every problem of one resource, each at the value that has it.

    Args:
        error: What is wrong with it.
        entry: Where the resource is written.
        key_field: The field that is the mapping's key; ``None`` where there is none.
        over: An override, whose fields win over the entry's.
        under: Defaults, whose fields hold where the entry says nothing.
    """
    result = []
    meant = {
        (p.path[:-1], _meant(str(p.path[-1]), _fields(p, key_field)))
        for p in error.problems
        if p.fault is Fault.UNKNOWN
    }
    for problem in error.problems:
        if problem.fault is Fault.MISSING and (problem.path[:-1], str(problem.path[-1])) in meant:
            continue  # it is there, misspelt: that is one mistake
        place = _holder_of(problem.path, entry, over, under)
        split = _split_by_comma(problem, place) if problem.fault is Fault.UNKNOWN else None
        if split is None:
            result.append(_finding(problem, place, key_field))
        elif split not in result:  # once, however many commas there are
            result.append(split)
    return result


def _split_by_comma(problem: Problem, place: Place) -> Diagnostic | None:
    """Within braces a comma ends an unquoted text, and what follows it seems to be a field without a value."""
    document, section, key = place
    _, _, holder = locate(document, section, key, problem.path[:-1])
    names = list(holder.spans) if isinstance(holder, Map) else []
    if problem.path[-1] not in names:
        return None
    first = last = names.index(str(problem.path[-1]))
    while first > 0 and holder[names[first]] is None:
        first -= 1
    while last + 1 < len(names) and holder[names[last + 1]] is None:
        last += 1
    if first == last or holder[names[first]] is None or isinstance(holder[names[first]], dict | list):
        return None
    begins, ends = holder.spans[names[first]], holder.spans[names[last]]
    line = document.text.split("\n")[begins.vline]
    text = line[begins.vcol : ends.kend_col]
    if begins.vline != ends.kend_line or text[:1] in "\"'" or not re.match(r"[^,{}]*\{", line):
        return None
    from websakctl.source.emitting import double  # what a config without this mistake has no use for

    quoted = double(within_quotes(text) or text)
    return Diagnostic(
        code="unquoted-value",
        at=(at := Position(document.file, begins.vline + 1, begins.vcol + 1, ends.kend_line + 1, ends.kend_col + 1)),
        message=f"a comma ends the text of {names[first]} here, as it stands within braces without quotes",
        help=f"quote it: {names[first]}: {quoted}",
        fix=Fix(at, quoted),
    )


def _fields(problem: Problem, key_field: str | None) -> set[str]:
    """The fields that may stand where an unknown one does."""
    return set(problem.expected) - ({key_field} if key_field and len(problem.path) == 1 else set())


def _meant(name: str, known: set[str]) -> str | None:
    """The field that a name is Norwegian for, or nearly is."""
    return field_named(name, known) or nearest(name, known)


def _finding(problem: Problem, place: Place, key_field: str | None) -> Diagnostic:
    document, section, key = place
    path = problem.path
    name = str(path[-1] if path else key)
    if problem.fault is Fault.UNKNOWN:
        at, _, holder = locate(document, section, key, path[:-1])
        if isinstance(holder, Map) and name in holder.spans:
            at = document.key_position(holder.spans, name)
        known = _fields(problem, key_field)
        meant = _meant(name, known)
        help_ = f"did you mean {meant}?" if meant else f"the fields are {', '.join(sorted(known))}"
        return Diagnostic(code="unknown-field", at=at, message=problem.about(name), help=help_)
    if key_field is not None and path == (key_field,):
        at = document.key_position(section.spans, key)
        repaired = _repaired(problem, key) if problem.fault is Fault.CHECK else None
        return Diagnostic(
            code=_rule(problem, "bad-key"),
            at=at,
            message=_message(problem, str(key)),
            help=f'write "{repaired}"' if repaired is not None else _help_for_key(problem),
            fix=Fix(at, f'"{repaired}"') if repaired is not None and at.line == at.end_line else None,
        )
    at, span, value = locate(document, section, key, path)
    if problem.fault is Fault.MISSING:
        return Diagnostic(code="missing-field", at=at, message=problem.about(name), help=f"add `{name}: …`")
    if problem.fault is not Fault.TYPE:
        return Diagnostic(
            code=_rule(problem, "bad-value"),
            at=at,
            message=_message(problem, name),
            help=_value_help(problem, value),
            fix=_fix(document, span, at, problem, value),
        )
    if problem.expected is not str or isinstance(value, dict | list):
        return Diagnostic(
            code="wrong-type",
            at=at,
            message=_message(problem, name),
            help=_type_help(problem.expected, value),
            fix=_fix(document, span, at, problem, value),
        )
    if value is None:
        help_ = "give it a text, or leave the line out"
        return Diagnostic(code="wrong-type", at=at, message=f"{name} has no value", help=help_)
    raw = raw_text(document, span)
    if faults := faults_of_text(raw, problem.limits):  # quotes would not make it right
        return Diagnostic(
            code=_rule(faults[0], "bad-value"),
            at=at,
            message=_message(faults[0], name),
            help=_value_help(faults[0], raw),
        )
    return Diagnostic(
        code="unquoted-value",
        at=at,
        message=f"{raw} is parsed as {_as_read(value)}; expected a string",
        help=f'quote it: "{raw}"',
        fix=_fix(document, span, at, problem, value),
    )


_BARE = re.compile(r"[\w.+:/-]+\Z")
_QUOTED = re.compile(r"""(["'])[^"'\\]*\1\Z""")
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")


def _fix(document: Document, span: Span, at: Position, problem: Problem, value: Any) -> Fix | None:
    """What the value must have been meant to be, where only its spelling in YAML is wrong."""
    if span.vline != span.vend_line or isinstance(value, dict | list):
        return None
    raw = raw_text(document, span)
    bare, quoted = bool(_BARE.match(raw)), bool(_QUOTED.match(raw))
    text: str | None = None
    expected = problem.expected if problem.fault is Fault.TYPE else None
    if problem.fault is Fault.CHECK and (repaired := _repaired(problem, value)) is not None:
        text = f'"{repaired}"'
    elif expected is str and bare and value is not None:
        text = f'"{raw}"'
    elif expected is int and quoted and isinstance(value, str) and re.fullmatch(r"0|[1-9][0-9]{0,9}", value):
        text = value
    elif expected is bool and isinstance(value, str) and (bare or quoted):
        word = value.lower()
        text = "true" if word in _TRUE else "false" if word in _FALSE else None
    elif problem.limit == "pattern" and quoted and isinstance(value, str) and value.strip() not in ("", value):
        text = raw[0] + raw[1:-1].strip() + raw[-1]
    return Fix(at, text) if text is not None else None


def _repaired(problem: Problem, value: Any) -> str | None:
    repair = problem.expected.repair
    return repair(value) if repair is not None and isinstance(value, str) else None


def _holder_of(path: tuple[int | str, ...], entry: Place, over: Place | None, under: Place | None) -> Place:
    """Of the places that take part, the one that says the value at fault."""
    for place in (over, entry, under):
        if place is not None and path:
            fields = place[1].get(place[2])
            if isinstance(fields, Map) and path[0] in fields.spans:
                return place
    return entry


def _as_read(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"the number {value}"


def _type_help(desired: Any, value: Any) -> str:
    if desired is int and isinstance(value, str) and value.isdigit():
        return f"take the quotes away: {value}"
    return {
        bool: "write true or false, without quotes",
        list: "write [A, B], or one item a line after a dash",
        dict: "write {field: value}, or the fields on lines of their own, indented",
        str: "write a text",
    }.get(desired, "write a number, without quotes")


def _rule(problem: Problem, otherwise: str) -> str:
    return (problem.expected.rule if problem.fault is Fault.CHECK else None) or otherwise


def _message(problem: Problem, name: str) -> str:
    return f"{name} has the wrong format" if problem.limit == "pattern" else problem.about(name)


_BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def _help_for_key(problem: Problem) -> str:
    if problem.fault is Fault.CHECK:
        return str(problem.expected.help)
    if problem.limit == "max_length":
        return f"shorten it to {problem.expected} characters"
    return f"a key of this kind is {problem.words}" if problem.words else "write a key"


def _value_help(problem: Problem, value: Any) -> str:
    if problem.fault is Fault.CHECK:
        repaired = _repaired(problem, value)
        return f'write "{repaired}"' if repaired is not None else str(problem.expected.help)
    if problem.fault is Fault.CHOICE:
        options = list(map(str, problem.expected))
        return did_you_mean(str(value), options) or f"one of {', '.join(options)}"
    if problem.limit == "pattern":
        return _shape_help(problem.words, value)
    if problem.limit == "max_length":
        return f"shorten it to {problem.expected} characters; the server cuts longer ones"
    if problem.limit in _BOUNDS:
        return f"write a number that is {_BOUNDS[problem.limit]} {problem.expected}"
    return "write something, or leave the line out"


def _shape_help(words: str, value: Any) -> str:
    text = value if isinstance(value, str) else ""
    if text != text.strip():
        return f'write "{text.strip()}", without spaces around it'
    if any(unicodedata.category(c) == "Cc" for c in text):
        return "take the control characters and line breaks out; write it on one line"
    return f"write {words}"
