"""Markdown for pull requests: at most 60 kB whatever the size; what matters most is never cut."""

from collections.abc import Iterable
from typing import Any

from websakctl.plan.change import Action, FieldChange, Group, in_words
from websakctl.redaction import redact
from websakctl.report.formats import Format
from websakctl.report.formats.text import SIGNS, key_of, safe, shown, summary_line, visible
from websakctl.report.view_models import DocumentReport, Look, PlanReport, TableReport

LIMIT = 60_000  # bytes; GitHub's own limit for a comment is 65 536 characters
_SPECIAL = {c: f"\\{c}" for c in "\\*_[]{}#|~!"} | {
    "<": "&lt;",
    ">": "&gt;",
    "&": "&amp;",
    "`": "\\`",
    "@": "&#64;",
}
# Let a workflow find its comment and update it.
_PLAN_MARKER = "<!-- websakctl plan -->"
_DRIFT_MARKER = "<!-- websakctl drift -->"


def text(value: str) -> str:
    """Write a text so that it stands in Markdown as it is, on one line, and acts on nothing."""
    one_line = " ".join(redact(value).splitlines())  # redacted before anything is escaped
    return "".join(_SPECIAL.get(c, c) for c in safe(one_line))


def code(value: Any) -> str:
    """Write a value as code: a fence longer than any run of backticks in it; a pipe is escaped for tables."""
    raw = shown(value).replace("|", "\\|")
    longest = run = 0
    for c in raw:
        run = run + 1 if c == "`" else 0
        longest = max(longest, run)
    fence = "`" * (longest + 1)
    return f"{fence} {raw} {fence}" if longest else f"`{raw}`"


def _plan(report: PlanReport, _: Look) -> str:
    plan = report.plan
    head = [_DRIFT_MARKER if report.drift else _PLAN_MARKER]
    if plan.unseen:
        head += [f"**{text(plan.unseen)}**", ""]
    head += [f"## websakctl: {text(plan.environment)}", "", f"**{text(summary_line(report))}**", ""]
    head.extend(item for note in report.notes for item in (text(note), ""))
    if plan.protected:
        head.extend(("> This environment is protected.", ""))
    if plan.findings:
        head.extend(("### Guards: apply refuses unless each is allowed", ""))
        head.extend(f"- {text(f.message)}: `--allow {f.allowance}`" for f in plan.findings)
        head.append("")
    if plan.warnings:
        head.extend(("### Warnings", "", *(f"- {text(w)}" for w in plan.warnings[:50])))
        head.extend([f"- … and {len(plan.warnings) - 50} more"] if len(plan.warnings) > 50 else [])
        head.append("")
    first = [group for group in plan.groups if group.shared or group.exception]
    rest = [group for group in plan.groups if not (group.shared or group.exception)]
    budget = LIMIT - _size(head) - 2_000
    return visible("\n".join([*head, *_sections(first, rest, budget, len(plan.groups))]).rstrip())


def _sections(first: list[Group], rest: list[Group], budget: int, total: int) -> Iterable[str]:
    """Shared rows and exceptions open, the rest folded; what does not fit is counted."""
    left = total
    if first:
        yield "### Shared rows and exceptions"
        yield ""
        for group in first:
            lines = _short(group) if budget < 4_000 else _group(group)
            budget -= _size(lines)
            left -= 1
            yield from lines
        yield ""
    if rest:
        yield f"<details{' open' if len(rest) <= 10 else ''}><summary>{len(rest)} group{'s' * (len(rest) != 1)} of changes</summary>"
        yield ""
        for group in rest:
            lines = _group(group)
            size = _size(lines)
            if size > budget:
                lines = _short(group)
                size = _size(lines)
            if size > budget:
                break
            budget -= size
            left -= 1
            yield from lines
        if left:
            yield f"- … and {left} more groups: `websakctl plan` shows them all"
        yield ""
        yield "</details>"


def _short(group: Group) -> list[str]:
    count = f" ×{len(group.addresses)}" if len(group.addresses) > 1 else ""
    return [f"- `{SIGNS[group.action]}` {group.kind} {text(key_of(group))}{count}"]


def _group(group: Group) -> list[str]:
    districts = f" ({len(group.scopes)} districts: {text(', '.join(group.scopes))})" if len(group.addresses) > 1 else ""
    shared = f" — shared: {group.shared} districts" if group.shared else ""
    verb = f" ({group.action.value})" if group.action not in (Action.CREATE, Action.UPDATE) else ""
    head = f"- `{SIGNS[group.action]}` {group.kind} **{text(key_of(group))}**{verb}{districts}{shared}"
    if group.action is Action.CREATE:
        label = next((f for f in group.fields if f.path in ("name", "product")), None)
        return [head + (f" {code(label.after)}" if label else "")]
    follows = [f"  - followed by {in_words(group.follows)}"] if group.follows else []
    return [head, *(_field(f) for f in group.fields if f.path != "active"), *follows]


def _field(f: FieldChange) -> str:
    return f"  - {text(f.path)}: {code(f.before)} → {code(f.after)}"


def _size(lines: list[str]) -> int:
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
