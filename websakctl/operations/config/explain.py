"""Say what a rule, a kind, a field or a word is, and what made each value of a resource."""

import re
from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill
from typing import Any

import msgspec

from websakctl.diagnostics import RULES, Position, Rule
from websakctl.diagnostics.problems import PROBLEMS, ProblemCode
from websakctl.model.address import Address
from websakctl.model.json_schema import json_schema
from websakctl.model.kind import Api, Kind, Removal, Scoping
from websakctl.model.marks import ConfigOnly, CreateOnly, DefaultsToKey, Kept, Overridable, Ref, Unique
from websakctl.model.vocabulary import GLOSSARY, word_for
from websakctl.operations.config.made_by import Commit, PutBy, run_in_words
from websakctl.source.configuration import Configuration, Origin
from websakctl.source.documents import plain
from websakctl.source.problems import did_you_mean
from websakctl.source.tree import Map

_APIS = {
    Api.USER: "the User API",
    Api.SETUP: "the Setup API",
    Api.MANUAL: "people, from a work list",
    Api.CONFIG: "nothing: it steers this tool",
}
_PLACES = {
    Scoping.BASE: "once for all districts, in config/",
    Scoping.DISTRICT: "in each district: in its folder, or under each_district: in config/",
    Scoping.BOTH: "in config/ for all, in a district's folder, or under each_district: in config/",
}
_REMOVALS = {
    Removal.DEACTIVATE: "it is deactivated; it comes back when it comes back into the config",
    Removal.DELETE: "it is deleted",
    Removal.MANUAL: "a step for a person: the API offers no removal",
}


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A heading, a table and notes for people; the same as ``data`` for machines."""

    headline: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    notes: Sequence[str] = ()
    data: Mapping[str, Any] = msgspec.field(default_factory=dict)


def explain(name: str, kinds: Mapping[str, Kind]) -> Explanation | None:
    """Explain a rule, the code of a problem, a kind, a kind's field (``kind.field``) or a Norwegian word; ``None`` if it is none of them."""
    if name in RULES:
        return _rule(RULES[name])
    if name in PROBLEMS:
        return _problem(PROBLEMS[name])
    by_name = {**{k.plural: k for k in kinds.values()}, **kinds}
    kind_name, _, field_name = name.partition(".")
    if kind_name in by_name:
        kind = by_name[kind_name]
        if not field_name:
            return _kind(kind)
        return _field(kind, field_name) if field_name in kind.fields else None
    return _word(name)


def near(name: str, kinds: Mapping[str, Kind]) -> str:
    """What was perhaps meant."""
    kind = kinds.get(name.partition(".")[0])
    if kind is not None:
        return did_you_mean(name, [f"{kind.name}.{f}" for f in kind.fields]) or f"websakctl explain {kind.name}"
    return (
        did_you_mean(name, [*RULES, *PROBLEMS, *kinds])
        or f"kinds: {', '.join(kinds)}; rules: `websakctl validate` names them"
    )


# --- a rule


def _rule(rule: Rule) -> Explanation:
    settable = f"rules: {{{rule.name}: error|warning|off}} in config/websak.yaml" if rule.settable else "no"
    ignore = f"# websakctl: ignore[{rule.name}] why" if rule.settable else None
    notes = [
        fill(f"Why: {rule.why}", 100, break_on_hyphens=False),
        f"Wrong:\n{_indented(rule.bad)}",
        f"Right:\n{_indented(rule.good)}",
    ]
    if ignore:
        notes.append(f"To exempt one line, with a reason:\n  {ignore}")
        notes.append(f"To change its severity:\n  {settable}")
    else:
        notes.append("It holds everywhere: it cannot be ignored, nor its severity be changed.")
    return Explanation(
        headline=f"{rule.name} ({rule.severity.value}): {rule.summary}",
        notes=notes,
        data={
            "rule": rule.name,
            "severity": rule.severity.value,
            "summary": rule.summary,
            "why": rule.why,
            "bad": rule.bad,
            "good": rule.good,
            "settable": rule.settable,
            "ignore": ignore,
        },
    )


def _problem(problem: ProblemCode) -> Explanation:
    return Explanation(
        headline=f"{problem.name} (exit code {problem.exit_code}): {problem.summary}",
        notes=[fill(problem.what_to_do, 100, break_on_hyphens=False), f"Example:\n  {problem.example}"],
        data={
            "code": problem.name,
            "exit_code": problem.exit_code,
            "summary": problem.summary,
            "help": problem.what_to_do,
            "example": problem.example,
        },
    )


# --- a kind and its fields


def _kind(kind: Kind) -> Explanation:
    described = [_described(kind, name) for name in kind.fields]
    headline = "\n".join(
        [
            f"{kind.name}: {kind.title}",
            "",
            f"Section:   {kind.plural}:",
            f"Where:     {_PLACES[kind.scoping]}",
            f"Through:   {_APIS[kind.api]}",
            f"Leaving:   {_REMOVALS[kind.on_removal]}",
        ]
    )
    return Explanation(
        headline=headline,
        columns=("field", "Norwegian", "English", "type", ""),
        rows=[
            (d["field"], d["norwegian"], d["english"], d["type"], "; ".join([d["unsaid"], *d["remarks"]]))
            for d in described
        ],
        notes=[
            f"Example:\n  {kind.plural}:\n{_indented(kind.example, 4)}",
            f"One field: websakctl explain {kind.name}.FIELD",
        ],
        data={
            "kind": kind.name,
            "section": kind.plural,
            "title": kind.title,
            "where": kind.scoping.value,
            "api": kind.api.value,
            "on_removal": kind.on_removal.value,
            "example": kind.example,
            "fields": described,
        },
    )


def _field(kind: Kind, name: str) -> Explanation:
    d = _described(kind, name)
    meaning = d["meaning"]
    return Explanation(
        headline=f"{kind.name}.{name}: {d['english']} ({d['norwegian']})" + (f"\n\n{meaning[0].upper()}{meaning[1:]}." if meaning else ""),
        columns=("", ""),
        rows=[("type", d["type"]), ("omitted", d["unsaid"]), *(("", remark) for remark in d["remarks"])],
        notes=[f"Example of the kind:\n  {kind.plural}:\n{_indented(kind.example, 4)}"],
        data=d,
    )  # fmt: skip


def _described(kind: Kind, name: str) -> dict[str, Any]:
    schema = json_schema(kind.model)
    word = word_for(kind.name, name)
    key = name == kind.key_field
    return {
        "field": name,
        "norwegian": word.norwegian if word else name,
        "english": word.english if word else name.replace("_", " "),
        "meaning": word.meaning if word else "",
        "type": type_in_words(schema["properties"][name], schema.get("$defs", {})).replace("`", ""),
        "unsaid": "the key"
        if key
        else value_when_omitted(kind, name, name in schema.get("required", [])).replace("`", ""),
        "overridable": name in kind.overridable,
        "remarks": list(_remarks(kind, name)),
    }


def value_when_omitted(kind: Kind, name: str, required: bool) -> str:
    """What holds where a field is not said, in words (code in backticks)."""
    marks = kind.fields[name].marks
    if required:
        return "required"
    if any(isinstance(mark, Kept) for mark in marks):
        return "Websak's value is kept"
    if any(isinstance(mark, DefaultsToKey) for mark in marks):
        return "the full key"
    if kind.root_key and any(isinstance(mark, Ref) and mark.kind == kind.name for mark in marks):
        return f"`{kind.root_key}` in a district"
    value = kind.fields[name].omitted()
    return "–" if value in (None, [], {}) else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _remarks(kind: Kind, name: str) -> Iterator[str]:
    for mark in kind.fields[name].marks:
        match mark:
            case Ref(kind="district"):
                yield "slugs of districts"
            case Ref(kind=other, same_scope=True):
                yield f"key of a {other} of the same district"
            case Ref(kind=other):
                yield f"key of a {other}"
            case Overridable():
                yield "a district may override it"
            case CreateOnly():
                yield "sent when it is made; the API cannot change it"
            case Unique():
                yield "unique in the whole base"
            case ConfigOnly():
                yield "for the tool only, never sent"


def type_in_words(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """A field's type for people, from its JSON Schema; literal values in backticks."""
    if "anyOf" in schema:
        return " or ".join(type_in_words(part, definitions) for part in schema["anyOf"] if part.get("type") != "null")
    if "$ref" in schema:
        inner = definitions[schema["$ref"].rpartition("/")[2]]
        names = (f"{name}{'' if name in inner.get('required', ()) else '?'}" for name in inner["properties"])
        return f"{{{', '.join(names)}}}"
    if "enum" in schema:
        return ", ".join(f'`"{value}"`' if value in ("yes", "no") else f"`{value}`" for value in schema["enum"])
    if schema.get("format") == "date":
        return "date"
    match schema.get("type"):
        case "array":
            return f"list of {type_in_words(schema['items'], definitions)}"
        case "object":
            return f"mapping of {type_in_words(schema['additionalProperties'], definitions)}"
        case "integer":
            low, high = schema.get("minimum"), schema.get("maximum")
            return f"number {low}–{high}" if high is not None else f"number from {low}" if low is not None else "number"
        case "boolean":
            return "true, false"
    digits = re.fullmatch(r"\^(?:\\d|\[0-9\])\{(\d)\}\$", schema.get("pattern", ""))
    if digits:
        return f"{digits[1]} digits, quoted"
    longest = schema.get("maxLength")
    return f"text, at most {longest}" if longest else "text"


# --- a word


def _word(name: str) -> Explanation | None:
    desired = name.casefold()
    for words in GLOSSARY.values():
        for word in words:
            if desired in (part.strip(" )").casefold() for part in re.split(r"[,(]", word.norwegian)):
                return Explanation(
                    headline=f"{word.norwegian}: {word.english}",
                    notes=[word.meaning.replace("`", "")],
                    data=msgspec.to_builtins(word),
                )
    return None


# --- a resource


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One of the places that made a value; the last one holds."""

    by: str
    value: Any
    at: Position | None = None
    note: str = ""


def chains(config: Configuration, address: Address, kind: Kind) -> dict[str, list[Step]]:
    """By field: what made the value, from the default to what holds. Only fields that somebody said or that have a value."""
    origin = config.origins[address]
    values = config.whole[address].fields
    result = {}
    for name in kind.fields:
        if name == kind.key_field:
            continue
        steps = list(_steps(origin, kind, name))
        if not steps:
            value = values.get(name)
            empty = value is None and name not in kind.defaults_to_key
            if name in kind.config_only or (empty and name not in values):
                continue
            steps = [
                Step(
                    by="default",
                    value=value,
                    at=None,
                    note="" if value is None else value_when_omitted(kind, name, False).replace("`", ""),
                )
            ]
        result[name] = steps
    return result


def _steps(origin: Origin, kind: Kind, name: str) -> Iterator[Step]:
    if origin.defaults is not None and name in (shared := origin.defaults[0][origin.defaults[1]]):
        at = origin.document.value_position(shared.spans, name)
        yield Step(by="the file's defaults", value=plain(shared[name]), at=at)
    fields = origin.section.get(origin.key)
    if isinstance(fields, Map) and name in fields:
        at = origin.document.value_position(fields.spans, name)
        by = "template" if origin.made_for else "entry"
        note = f"filled in for {origin.made_for}" if origin.made_for else ""
        yield Step(by=by, value=plain(fields[name]), at=at, note=note)
    if origin.override is not None:
        document, section, key = origin.override
        given = section.get(key)
        if isinstance(given, Map) and name in given and name in kind.overridable:
            until = f", until {given['until']}" if "until" in given else ""
            note = f"{given.get('reason')} ({given.get('owner')}{until})"
            yield Step(
                by="override", value=plain(given[name]), at=document.value_position(given.spans, name), note=note
            )


def explain_resource(
    config: Configuration,
    address: Address,
    kind: Kind,
    earlier: Sequence[Address] = (),
    *,
    commits: Mapping[tuple[str, int], Commit] | None = None,
    runs: Mapping[str, PutBy] | None = None,
) -> Explanation:
    """Tell for each value of a resource which lines of which files made it, and which addresses it had before.

    Args:
        config: Valid or not.
        address: In the config.
        kind: Its kind.
        earlier: Addresses that it had before.
        commits: The commit by file and line; ``None`` where git cannot tell. A line that is not there is in no commit yet.
        runs: The last run that set a field, by its name; ``None`` where no journal tells.

    Raises:
        KeyError: If the config has no such resource.
    """
    fields, origin = config.whole[address].fields, config.origins[address]
    rows: list[tuple[str, str, str, str, str, str, str]] = []
    data: dict[str, Any] = {}
    for name, steps in chains(config, address, kind).items():
        value = fields.get(name, config.config_only.get(address, {}).get(name, steps[-1].value))
        put = (runs or {}).get(name)
        differs = value != steps[-1].value and steps[-1].by != "default"
        for step in steps:
            first = name if step is steps[0] else ""
            run = run_in_words(put, value) if step is steps[-1] and not differs else ""
            commit = str(_commit(step, commits) or "")
            rows.append((first, _short(step.value), step.by, str(step.at or ""), commit, run, step.note))
        if differs:
            rows.append(("", _short(value), "as it is then", "", "", run_in_words(put, value), ""))
        data[name] = {"value": value, "made_by": [_step(step, commits) for step in steps], "run": _run(put, value)}
    lines = [f"{address}: {kind.title}", "", f"Written at {origin.position()}."]
    if origin.made_for is not None:
        lines.append(f"Made for the district described at {origin.made_for}.")
    if earlier:
        lines.append(f"It was {', then '.join(map(str, earlier))}.")
    return Explanation(
        headline="\n".join(lines),
        columns=("field", "value", "made by", "where", "commit", "run", ""),
        rows=rows,
        notes=["Of several lines for a field, the last one holds."] if len(rows) > len(data) else [],
        data={
            "address": str(address),
            "source": _place(origin.position()),
            "previously": [str(old) for old in earlier],
            "fields": data,
        },
    )


def places_of(config: Configuration, address: Address, kind: Kind) -> list[str]:
    """The files whose lines made the values of a resource."""
    steps = (step for steps in chains(config, address, kind).values() for step in steps)
    return sorted({step.at.file for step in steps if step.at is not None})


def _commit(step: Step, commits: Mapping[tuple[str, int], Commit] | None) -> Commit | None:
    if commits is None or step.at is None:
        return None
    return commits.get((step.at.file, step.at.line), Commit(sha=""))


def _run(put: PutBy | None, value: Any) -> dict[str, Any] | None:
    return (
        {"run": put.run, "at": put.at, "same_value": run_in_words(put, value) == put.run} if put is not None else None
    )


def _step(step: Step, commits: Mapping[tuple[str, int], Commit] | None) -> dict[str, Any]:
    commit = _commit(step, commits)
    return {
        "by": step.by,
        "value": step.value,
        "source": _place(step.at) if step.at else None,
        "note": step.note,
        "commit": msgspec.to_builtins(commit) if commit is not None else None,
    }


def _place(at: Position) -> dict[str, Any]:
    return {"file": at.file, "line": at.line, "column": at.column}


def _short(value: Any) -> str:
    text = "–" if value in (None, [], {}) else "yes" if value is True else "no" if value is False else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _indented(text: str, by: int = 2) -> str:
    return "\n".join(" " * by + line for line in text.split("\n"))
