"""Markdown for pull and merge requests: what matters most first, at most 60 kB, and alike on GitHub and GitLab."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from websakctl.model.address import Address
from websakctl.plan.change import Action, FieldChange, Group, HandChange, ManualStep, Plan
from websakctl.redaction import redact
from websakctl.report.differences import Part, differences
from websakctl.report.formats import Format
from websakctl.report.formats.text import (
    MOST_UNEXPANDED,
    SIGNS,
    VERBS,
    access_in_words,
    districts_in_words,
    follows_in_words,
    from_where_they_differ,
    key_of,
    label_of,
    number,
    safe,
    shared_in_words,
    shown,
    steps_by_kind,
    steps_by_sort,
    summary_line,
    undone_in_words,
    visible,
)
from websakctl.report.view_models import DocumentReport, Look, PlanReport, TableReport

LIMIT = 60_000  # bytes; GitHub's own limit for a comment is 65 536 characters
_ROOM = 100  # columns for the districts of one group
_MOST_OPEN = 10  # groups of a section that stands open
_LONGEST = 500  # characters of one fact
_NOTHING = "\u200b"  # has no width; between two characters that would act together
_SPECIAL = {c: f"\\{c}" for c in "\\*_[]{}#|~!`"} | {
    "<": "&lt;",
    ">": "&gt;",
    "&": "&amp;",
    "@": "&#64;",
}
_ON_SITES = _SPECIAL | {
    "$": "<span>$</span>",  # no formula: what GitHub says to write
    _NOTHING: "&#8203;",
}
# What both sites look for in the text after Markdown is done with it, so that no escape helps: mentions, references to issues
# and the like, addresses, emoji.
_ACTS = re.compile(r"[@#!~%^&](?=[\w\"'])|\bG[HL](?=-\d)|:(?=//|[\w+-]+:)|\bwww(?=\.)", re.IGNORECASE)
_BLOCK = re.compile(r"(\d*)([-+=.)])")  # what begins a list, or makes a heading of the line before


def text(value: str) -> str:
    """Write a text so that it stands in Markdown as it is, on one line, and acts on nothing."""
    return _escaped(_ACTS.sub(rf"\g<0>{_NOTHING}", _on_one_line(value)), _ON_SITES)


def literal(value: str) -> str:
    """Write a text so that it stands in Markdown as it is, on one line; for papers, on which nothing acts."""
    return _escaped(_on_one_line(value), _SPECIAL)


def _on_one_line(value: str) -> str:
    return safe(" ".join(redact(value).splitlines()))  # redacted before anything is escaped


def _escaped(one_line: str, special: Mapping[str, str]) -> str:
    escaped = "".join(special.get(c, c) for c in one_line.lstrip())
    return _BLOCK.sub(r"\1\\\2", escaped, count=1) if _BLOCK.match(escaped) else escaped


def code(value: Any) -> str:
    """Write a value as code."""
    return _code(shown(value))


def _code(raw: str) -> str:
    """Fence a text that is safe to show; the fence is longer than any run of backticks in it."""
    longest = max(map(len, re.findall("`+", raw)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {raw} {fence}" if longest else f"`{raw}`"


class _Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something to tell: in full, and in one line where there is no room for that."""

    full: Sequence[str]
    short: str


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """A section. ``what``: the noun of its items, ``total``: how many there are; ``folded``: it opens by a click."""

    title: str
    what: str
    total: int
    items: Iterable[_Item]
    folded: bool = False


def _marker(word: str, environment: str) -> str:
    """Let a workflow find its comment and update it: one for each command and environment."""
    return f"<!-- websakctl {word} {quote(redact(environment), safe='', errors='replace')} -->"


def _plan(report: PlanReport, _: Look) -> str:
    plan = report.plan
    word = "drift" if report.drift else "difference" if report.compared else "plan"
    head = [_marker(word, plan.environment), *([f"**{_fact(plan.unseen)}**", ""] if plan.unseen else [])]
    head += [f"## websakctl {word}: {_fact(plan.environment)}", "", f"**{_fact(summary_line(report))}**", ""]
    head += [f"- Address: {_code(safe(_cut(report.origin)))}"] if report.origin else []
    head += [f"- {_fact(line)}" for line in (report.basis, *report.notes) if line]
    head += ["", "> This environment is protected."] if plan.protected else []
    left = LIMIT - _size(head) - 1_000  # for what was cut, and its reason
    body: list[str] = []
    cut: list[str] = []
    parts = list(_parts(report))
    for i, part in enumerate(parts):
        lines, missing, shortened = _section(part, left if i == len(parts) - 1 else left // 2)
        left -= _size(lines)
        body += lines
        where = f"{number(part.total)} {part.what}s below {part.title}"
        cut += [f"{number(missing)} of {where} are left out"] if missing else []
        cut += [f"{number(shortened)} of {where} are one line each"] if shortened else []
    if cut:
        head += [
            "",
            f"> Too long for a comment: {'; '.join(cut)}. With `--expand` and without `--format` all is shown.",
        ]
    return visible("\n".join([*head, *body]).rstrip())


def _fact(value: str) -> str:
    return text(_cut(value))


def _cut(value: str) -> str:
    value = redact(value)  # before a part of what is secret can be cut off
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"


def _parts(report: PlanReport) -> Iterator[_Part]:
    """What a colleague must not miss, in the order in which it matters; then all else."""
    plan = report.plan
    undone = {each.address: each for each in plan.by_hand}
    titles = {
        "shared": "Shared rows and exceptions",
        "by hand": "Changes made by hand that apply would undo",
        "removal": "Removed" if report.drift or report.compared else "Removals",
        "other": "Other changes",
    }
    sorts: dict[str, list[Group]] = {sort: [] for sort in titles}
    for group in plan.groups:
        sorts[_sort(group, undone)].append(group)

    def groups(sort: str) -> Iterator[_Part]:
        if found := sorts[sort]:
            items = (_group(group, plan, _undone(report, group, undone)) for group in found)
            folded = sort == "other" and len(found) > _MOST_OPEN
            yield _Part(title=titles[sort], what="group", total=len(found), items=items, folded=folded)

    yield from _sentences(
        "Guards: apply refuses unless each is allowed",
        "guard",
        [f"{_fact(f.message)}: {_code(safe(f'--allow {f.allowance}'))}" for f in plan.findings],
    )
    if plan.access is not None:
        yield from _sentences("Access", "line", [_fact(line) for line in access_in_words(plan.access, everything=True)])
    for sort in ("shared", "by hand", "removal"):
        yield from groups(sort)
    if report.changed is None:
        yield from _steps("Manual steps", plan.manual)
    else:
        new = [step for step in plan.manual if step.address in report.changed]
        yield from _steps("Manual steps of this change", new, each=True)
        yield from _steps("Other manual steps", [step for step in plan.manual if step.address not in report.changed])
    yield from _sentences("Warnings", "warning", [_fact(warning) for warning in plan.warnings])
    yield from groups("other")


def _sort(group: Group, undone: dict[Address, HandChange]) -> str:
    if group.shared or group.exception:
        return "shared"
    if any(address in undone for address in group.addresses):
        return "by hand"
    return "removal" if group.action.removes else "other"


def _undone(report: PlanReport, group: Group, undone: dict[Address, HandChange]) -> str:
    changes = [undone[address] for address in group.addresses if address in undone] if undone else []
    return undone_in_words(report, changes) if changes else ""


def _sentences(title: str, what: str, lines: Sequence[str]) -> Iterator[_Part]:
    if lines:
        yield _Part(title=title, what=what, total=len(lines), items=map(_one, lines))


def _steps(title: str, steps: Sequence[ManualStep], *, each: bool = False) -> Iterator[_Part]:
    """What people have to set themselves: whole kinds by number, unless each is asked for, and what differs of the others."""
    kinds, others = ("", steps) if each else steps_by_kind(steps)
    items = [_one(f"{kinds} (`websakctl worklist show` says what to set)")] if kinds else []
    for together, alike in steps_by_sort(others):
        if together:
            items.append(_one(_fact(together)))
            continue
        for step in alike:
            line = f"- {_fact(f'{step.address}: {step.what}')}"
            fields = step.change.fields if step.change is not None and step.change.action is Action.UPDATE else ()
            items.append(_Item(full=[line, *_fields(fields)], short=line))
    if items:
        yield _Part(title=title, what="step", total=len(items), items=items)


def _one(line: str) -> _Item:
    return _Item(full=[f"- {line}"], short=f"- {line}")


def _section(part: _Part, budget: int) -> tuple[list[str], int, int]:
    """Its lines within so many bytes, how many items found no room, and how many only room for one line."""
    title = f"{part.title} ({number(part.total)} {part.what}s)" if part.folded else part.title
    lines = ["", f"<details><summary>{title}</summary>", ""] if part.folded else ["", f"### {title}", ""]
    budget -= _size(lines) + 200  # for the last lines
    count = shortened = 0
    for item in part.items:
        fits = _size(item.full) <= budget
        chosen = item.full if fits else [item.short]
        if _size(chosen) > budget:
            break
        lines += chosen
        budget -= _size(chosen)
        count += 1
        shortened += not fits
    missing = part.total - count
    if missing:
        lines.append(f"- … and {missing} more {part.what}s")
    return [*lines, *(["", "</details>"] if part.folded else [])], missing, shortened


def _group(group: Group, plan: Plan, undone: str) -> _Item:
    many = len(group.addresses) > 1
    where = text(districts_in_words(group.scopes, _ROOM, plan.scopes).strip()) if many else ""
    label = label_of(group)
    about = [where, _code(label) if label else "", text(shared_in_words(group.shared).strip("[] "))]
    line = f"- `{SIGNS[group.action]}` {group.kind} **{text(key_of(group))}**{VERBS.get(group.action, '')}"
    full = [" ".join([line, *filter(None, about)])]
    full += [f"  - ⚠ {text(undone)}"] if undone else []
    full += [] if group.action is Action.CREATE else _fields(group.fields)
    full += [f"  - {follows_in_words(group.follows, group.action)}"] if group.follows else []
    short = line + (f" ×{len(group.addresses)}" if many else "") + (" ⚠ changed by hand" if undone else "")
    return _Item(full=full, short=short)


def _fields(fields: Iterable[FieldChange]) -> list[str]:
    lines = []
    for f in fields:
        if f.path == "active":
            continue
        parts = list(differences(f.path, f.before, f.after))
        lines += [_difference(part) for part in parts[:MOST_UNEXPANDED]]
        if len(parts) > MOST_UNEXPANDED:
            lines.append(f"  - {text(f.path)}: … and {number(len(parts) - MOST_UNEXPANDED)} more")
    return lines


def _difference(part: Part) -> str:
    """One value that changed, or one item of a list that came or went."""
    path = f"  - {text(part.path)}: "
    if part.sign != "~":
        return f"{path}{part.sign} {code(part.after if part.sign == '+' else part.before)}"
    before, after = from_where_they_differ(part.before, part.after)
    return f"{path}{code(before)} → {code(after)}"


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _table(report: TableReport, _: Look) -> str:
    head = [report.headline, ""] if report.headline else []
    return visible("\n".join([*head, *_rows(report.columns, report.rows), *report.notes]))


def _rows(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> list[str]:
    names = list(columns)
    lines = [f"| {' | '.join(map(text, names))} |", f"|{' --- |' * len(names)}"]
    return [*lines, *(f"| {' | '.join(text('' if cell is None else str(cell)) for cell in row)} |" for row in rows)]


def _document(report: DocumentReport, _: Look) -> str:
    lines = [
        f"# {text(report.title)}",
        "",
        f"**{text(report.verdict)}**",
        "",
        *(f"- {text(name)}: {text(value)}" for name, value in report.facts),
    ]
    for section in report.sections:
        lines.extend(("", f"## {text(section.title)}", ""))
        if section.rows:
            lines.extend(_rows(section.columns, section.rows))
        if section.lines:
            lines.extend(f"- {text(line)}" for line in section.lines)
    return visible("\n".join(lines))


FORMAT = Format(renders={PlanReport: _plan, TableReport: _table, DocumentReport: _document})
