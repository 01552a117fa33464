"""Turn what pydantic says of a value into a finding at the value's place."""

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from websakctl.diagnostics import Diagnostic, Fix, Position
from websakctl.model.shape import Invalid, Managed
from websakctl.source.documents import Document, raw_text
from websakctl.source.tree import Map, Seq, Span

_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "float_type": "a number",
}


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest known word, as a question, or nothing."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else ""


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
    error: Invalid,
    entry: Place,
    *,
    model: type[Managed],
    key_field: str | None,
    over: Place | None = None,
    under: Place | None = None,
) -> list[Diagnostic]:
    """List every problem of one resource, each at the value that has it.

    Args:
        error: What is wrong with it.
        entry: Where the resource is written.
        model: Its model, for suggestions.
        key_field: The field that is the mapping's key; ``None`` where there is none.
        over: An override, whose fields win over the entry's.
        under: Defaults, whose fields hold where the entry says nothing.
    """
    found: list[Diagnostic] = []
    for problem in error.problems:
        path = problem["loc"]
        document, section, key = _holder_of(path, entry, over, under)
        kind = problem["type"]
        if kind == "extra_forbidden":
            parent, name = path[:-1], str(path[-1])
            at, _, holder = locate(document, section, key, parent)
            if isinstance(holder, Map) and name in holder.spans:
                at = document.key_position(holder.spans, name)
            known = _fields_at(model, parent) - ({key_field} if key_field and not parent else set())
            found.append(
                Diagnostic(
                    rule="unknown-field",
                    at=at,
                    message=f"{name} is not a field here",
                    help=did_you_mean(name, known) or f"the fields are {', '.join(sorted(known))}",
                )
            )
            continue
        if key_field is not None and path == (key_field,):
            at = document.key_position(section.spans, key)
            rule = kind if kind.startswith("orgnr") else "bad-key"
            found.append(
                Diagnostic(rule=rule, at=at, message=_message(problem, str(key)), help=_help_for_key(rule, problem))
            )
            continue
        at, span, value = locate(document, section, key, path)
        if kind == "missing":
            name = str(path[-1])
            found.append(Diagnostic(rule="missing-field", at=at, message=f"{name} is missing", help=f"add `{name}: …`"))
        elif kind == "string_type" and not isinstance(value, dict | list):
            raw = raw_text(document, span)
            if value is None:
                found.append(
                    Diagnostic(
                        rule="wrong-type",
                        at=at,
                        message=f"{path[-1]} has no value",
                        help="give it a text, or leave the line out",
                    )
                )
            else:
                found.append(
                    Diagnostic(
                        rule="unquoted-value",
                        at=at,
                        message=f"{raw} is read as {_as_read(value)}, not as a text",
                        help=f'quote it: "{raw}"',
                        fix=_fix(document, span, at, kind, value),
                    )
                )
        elif kind in _WANTED:
            found.append(
                Diagnostic(
                    rule="wrong-type",
                    at=at,
                    message=f"{path[-1] if path else key} should be {_WANTED[kind]}",
                    help=_type_help(kind, value),
                    fix=_fix(document, span, at, kind, value),
                )
            )
        else:
            rule = kind if kind.startswith("orgnr") else "bad-value"
            fix = _fix(document, span, at, kind, value)
            message = _message(problem, str(path[-1]))
            found.append(Diagnostic(rule=rule, at=at, message=message, help=_value_help(problem, value), fix=fix))
    return found


_BARE = re.compile(r"[\w.+:/-]+\Z")
_QUOTED = re.compile(r"""(["'])[^"'\\]*\1\Z""")
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")


def _fix(document: Document, span: Span, at: Position, kind: str, value: Any) -> Fix | None:
    """What the value must have been meant to be, where only its spelling in YAML is wrong."""
    if span.vline != span.vend_line or isinstance(value, dict | list):
        return None
    raw = raw_text(document, span)
    bare, quoted = bool(_BARE.match(raw)), bool(_QUOTED.match(raw))
    text: str | None = None
    if kind == "string_type" and bare and value is not None:
        text = f'"{raw}"'
    elif kind == "int_type" and quoted and isinstance(value, str) and re.fullmatch(r"0|[1-9][0-9]{0,9}", value):
        text = value
    elif kind == "bool_type" and isinstance(value, str) and (bare or quoted):
        word = value.lower()
        text = "true" if word in _TRUE else "false" if word in _FALSE else None
    elif kind == "string_pattern_mismatch" and quoted and isinstance(value, str) and value.strip() not in ("", value):
        text = raw[0] + raw[1:-1].strip() + raw[-1]
    return Fix(at, text) if text is not None else None


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


def _type_help(kind: str, value: Any) -> str:
    if kind == "int_type" and isinstance(value, str) and value.isdigit():
        return f"take the quotes away: {value}"
    if kind == "bool_type":
        return "write true or false, without quotes"
    if kind == "list_type":
        return "write [A, B], or one item a line after a dash"
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return "write {field: value}, or the fields on lines of their own, indented"
    return "write a text" if kind == "string_type" else "write a number, without quotes"


def _message(problem: Any, name: str) -> str:
    text = str(problem["msg"])
    if problem["type"] in ("value_error", "jmespath", "national-id") or problem["type"].startswith("orgnr"):
        return text.removeprefix("Value error, ")
    if "pattern" in problem.get("ctx", {}):
        return f"{name} is not written as it should be"
    text = text.replace("Input should", "should").replace("String should", "should").replace("Value should", "should")
    return f"{name} {text[0].lower()}{text[1:]}"


_FROM_REGISTER = "take the number from the business register; `websakctl suborgs check` looks it up"
_LIMITS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def _help_for_key(rule: str, problem: Any) -> str:
    context = problem.get("ctx", {})
    if rule == "orgnr-checksum":
        return _FROM_REGISTER
    if "max_length" in context:
        return f"shorten it to {context['max_length']} characters"
    return f"keys of this kind match {context['pattern']}" if "pattern" in context else "write a key"


def _value_help(problem: Any, value: Any) -> str:
    context = problem.get("ctx", {})
    if problem["type"].startswith("orgnr"):
        return _FROM_REGISTER
    if problem["type"] == "jmespath":
        return "the language is JMESPath: https://jmespath.org"
    if problem["type"] == "national-id":
        return "take it from HR again: websakctl users import FILE"
    if problem["type"] == "value_error":
        return "write the day as YYYY-MM-DD, such as 2027-01-31"
    if problem["type"] == "literal_error":
        options = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
        return did_you_mean(str(value), options) or f"one of {', '.join(options)}"
    if "pattern" in context:
        return _shape_help(str(context["pattern"]), value)
    if "max_length" in context:
        return f"shorten it to {context['max_length']} characters; the server cuts longer ones"
    limits = [f"{words} {context[name]}" for name, words in _LIMITS.items() if name in context]
    return f"write a number that is {' and '.join(limits)}" if limits else "write something, or leave the line out"


def _shape_help(pattern: str, value: Any) -> str:
    text = value if isinstance(value, str) else ""
    if text != text.strip():
        return f'write "{text.strip()}", without spaces around it'
    if any(unicodedata.category(c) == "Cc" for c in text):
        return "take the control characters and line breaks out; write it on one line"
    return f"it must match {pattern}"


def _fields_at(model: type[Managed], path: tuple[int | str, ...]) -> set[str]:
    """Field names of the model that stands at ``path`` (lists and mappings are stepped through)."""
    current: Any = model
    for step in path:
        if (
            isinstance(current, type)
            and issubclass(current, Managed)
            and isinstance(step, str)
            and step in current.shape
        ):
            current = _inner_model(current.shape[step].annotation)
    return set(current.shape) if isinstance(current, type) and issubclass(current, Managed) else set()


def _inner_model(annotation: Any) -> Any:
    for part in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(part, type) and issubclass(part, Managed):
            return part
        for deeper in getattr(part, "__args__", ()):
            if isinstance(deeper, type) and issubclass(deeper, Managed):
                return deeper
    return None
