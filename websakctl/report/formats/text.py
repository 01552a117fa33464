"""Text for a terminal: Terraform's words where they fit, a compiler's way of pointing."""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from websakctl.diagnostics import Diagnostic, Position
from websakctl.model.address import BASE
from websakctl.plan.action import Action
from websakctl.redaction import redact, redacted
from websakctl.report.formats import Format
from websakctl.report.view_models import DocumentReport, FindingsReport, Look, PlanReport, TableReport

if TYPE_CHECKING:  # most commands show no plan
    from websakctl.plan.change import Change, FieldChange, Group, ManualStep, Plan

SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.ACTIVATE: "+", Action.DEACTIVATE: "-", Action.DELETE: "-"}
_VERBS = {Action.ACTIVATE: " (activate)", Action.DELETE: " (delete)", Action.DEACTIVATE: " (deactivate)"}
_STYLES = {"+": "create", "~": "update", "-": "remove"}
_LABELS = ("name", "product")
_LONGEST = 240  # characters of one value; the JSON plan has all of it
_MOST_NEW, _FIRST_NEW = 50, 3  # of one kind in one place without --expand; of more, the first and a number are told
_MOST_UNEXPANDED = 20  # addresses of one list named without --expand
_MOST_OF_A_SORT = 4  # manual steps of one sort named without --expand


_as_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode  # one for all: json.dumps makes one each time


def shown(value: Any) -> str:
    """Write a value so that nothing in it can act on the terminal."""
    if value is None:
        return "(none)"
    text = _as_json(redacted(value))  # before it is cut
    return safe(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def safe(text: str) -> str:
    """Escape control and direction characters that come from outside; nothing can look like a line of its own."""
    if text.isascii() and text.isprintable():
        return text
    text = redact(text)  # before what stands between digits is escaped
    return text if text.isprintable() else visible(text.replace("\n", "\\n"))


def visible(text: str) -> str:
    """Escape control and direction characters, but for line feeds."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text)


def width_of(text: str) -> int:
    """Columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


# --- plan


def first_line(report: PlanReport, look: Look) -> str:
    """The first line of every plan: which Websak it is about, and whether that is a protected one."""
    plan = report.plan
    where = f" ({safe(report.origin)})" if report.origin else ""
    mark = look.paint("remove", "  PROTECTED: changes here touch production") if plan.protected else ""
    unseen = look.paint("remove", f"  {safe(plan.unseen)}") if plan.unseen else ""
    return look.paint("strong", f"Environment: {safe(plan.environment)}") + where + mark + unseen


def _plan(report: PlanReport, look: Look) -> str:
    plan = report.plan
    lines = [first_line(report, look), ""]
    if look.expand:
        for change in plan.changes:
            lines.extend(_change(change, look))
    else:
        lines.extend(_groups(plan, look))
    if plan.changes:
        lines.append("")
    lines.extend(the_rest(report, look))
    lines.append(look.paint("strong", summary_line(report)))
    lines.extend(safe(note) for note in report.notes)
    return "\n".join(lines)


def _groups(plan: "Plan", look: Look) -> Iterable[str]:
    """Each group, but of very many new ones of a kind in one place only the first: 600 users are one fact."""
    alone = [
        (group.kind, group.scopes[0]) if group.action is Action.CREATE and len(group.addresses) == 1 else None
        for group in plan.groups
    ]
    counts = Counter(alone)
    seen: Counter[tuple[str, str]] = Counter()
    for group, place in zip(plan.groups, alone, strict=True):
        if place is None or counts[place] <= _MOST_NEW:
            yield from _group(group, look)
            continue
        seen[place] += 1
        if seen[place] <= _FIRST_NEW:
            yield from _group(group, look)
        elif seen[place] == _FIRST_NEW + 1:
            left = f"  … and {number(counts[place] - _FIRST_NEW)} more new ones (--expand lists each)"
            yield _head(group.kind, group.action, place[1], left, look)


def the_rest(report: PlanReport, look: Look) -> Iterable[str]:
    """Manual steps, warnings and the guards' findings: what stands between the changes and the summary."""
    plan = report.plan
    if plan.manual:
        yield from _steps(plan, look)
    if look.expand and plan.unmanaged:
        yield from _listed("Not managed here (left alone):", [str(a) for a in plan.unmanaged], look)
    for warning in plan.warnings:
        yield look.paint("warning", "warning: ") + safe(warning)
    for finding in plan.findings:
        yield look.paint("error", "guard: ") + safe(finding.message)
        yield f"       to allow it: --allow {safe(finding.allowance)}"
    if plan.warnings or plan.findings:
        yield ""


def _steps(plan: "Plan", look: Look) -> Iterable[str]:
    """What a person has to do: many of one sort are one line, so that the list does not grow with the districts."""
    yield "Steps for a person:"
    folded = False
    for together, steps in steps_by_sort(plan):
        if look.expand or not together:
            yield from (line for step in steps for line in _step(step, look))
            continue
        folded = True
        yield f"  - {safe(together)}"
    hints = ["--expand lists each"] * folded
    if any(step.change is not None for step in plan.manual):
        hints.append("`websakctl worklist show` says what to set")
    if hints:
        yield f"  ({'; '.join(hints)})"
    yield ""


def steps_by_sort(plan: "Plan") -> Iterable[tuple[str, list["ManualStep"]]]:
    """Steps of one sort, and what they are together; a few of a sort are told one by one, and this is empty."""
    sorts: dict[tuple[str, str], list[ManualStep]] = {}
    for step in plan.manual:
        sorts.setdefault((step.address.kind, step.what), []).append(step)
    for (kind, what), steps in sorts.items():
        districts = len({step.address.scope for step in steps} - {BASE})
        where = f" in {districts} district{'s' * (districts != 1)}" if districts else ""
        yield f"{kind}: {number(len(steps))}{where}: {what}" if len(steps) > _MOST_OF_A_SORT else "", steps


def _step(step: "ManualStep", look: Look) -> Iterable[str]:
    yield f"  - {safe(f'{step.address}: {step.what}')}"
    if step.change is not None and (look.expand or step.change.action is Action.UPDATE):
        lines = _fields(step.change.fields, look, created=step.change.action is Action.CREATE)
        yield from (f"  {line}" for line in lines if not step.change.action.removes)


def _listed(title: str, items: list[str], look: Look) -> Iterable[str]:
    yield title
    most = len(items) if look.expand else _MOST_UNEXPANDED
    for item in items[:most]:
        yield f"  - {safe(item)}"
    if len(items) > most:
        yield f"  … and {len(items) - most} more (--expand lists them)"
    yield ""


def key_of(group: "Group") -> str:
    """The part of the address that a group's line shows."""
    return f"*/{group.key}" if len(group.addresses) > 1 else f"{group.scopes[0]}/{group.key}"


def _head(kind: str, action: Action, where: str, after: str, look: Look) -> str:
    sign = SIGNS[action]
    return look.paint(_STYLES[sign], f"{sign} {kind}  {safe(where)}") + _VERBS.get(action, "") + after


def _group(group: "Group", look: Look) -> Iterable[str]:
    label = _label(group.fields) if group.action is Action.CREATE else ""
    shared = _shared(group.shared)
    where = key_of(group)
    line = _head(group.kind, group.action, where, "", look)
    after = f"  {label}" if label else ""
    if len(group.addresses) > 1:
        used = width_of(_head(group.kind, group.action, where, after, Look()))
        yield line + _districts(group.scopes, look.width - used) + after
    else:
        yield line + after + shared
    if group.action is not Action.CREATE:
        yield from _fields(group.fields, look)
    yield from _follows(group.follows)


def _shared(districts: int) -> str:
    return f"  [shared: {districts} district{'s' if districts != 1 else ''}]" if districts else ""


def _districts(scopes: tuple[str, ...], room: int) -> str:
    """``(15 districts: a, b, … )``, as many names as fit, at least one."""
    start = f"  ({len(scopes)} districts: "
    if len(merged := f"{start}{', '.join(scopes)})") <= room:
        return merged
    fitting = 1
    while len(f"{start}{', '.join(scopes[: fitting + 1])}, …)") <= room:
        fitting += 1
    return f"{start}{', '.join(scopes[:fitting])}, …)"


def _label(fields: "tuple[FieldChange, ...]") -> str:
    return next((shown(f.after) for name in _LABELS for f in fields if f.path == name), "")


def _change(change: "Change", look: Look) -> Iterable[str]:
    source = f"  {change.source.file}:{change.source.line}" if change.source else ""
    shared = _shared(change.shared)
    yield _head(
        change.address.kind,
        change.action,
        f"{change.address.scope}/{change.address.key}",
        shared + look.paint("faint", source),
        look,
    )
    yield from _fields(change.fields, look, created=change.action is Action.CREATE)
    yield from _follows(change.follows)


def _follows(counts: tuple[tuple[str, int], ...]) -> Iterable[str]:
    if counts:
        from websakctl.plan.change import in_words  # most commands show no plan

        yield f"    followed by {in_words(counts)}"


def _fields(fields: "tuple[FieldChange, ...]", look: Look, *, created: bool = False) -> Iterable[str]:
    for f in fields:
        if f.path == "active":
            continue
        before, after = (None, f.after) if created else _from_where_they_differ(f.before, f.after)
        old = "" if created else f"{look.paint('remove', shown(before))} -> "
        yield f"    {safe(f.path)}: {old}{look.paint('create', shown(after))}"


def _from_where_they_differ(before: Any, after: Any) -> tuple[Any, Any]:
    """Two values to show side by side; long texts without most of what they begin with alike."""
    if not (isinstance(before, str) and isinstance(after, str)) or max(len(before), len(after)) < _LONGEST - 2:
        return before, after
    before, after = redact(before), redact(after)
    pairs = enumerate(zip(before, after, strict=False))
    alike = next((i for i, (old, new) in pairs if old != new), min(len(before), len(after)))
    if alike < _LONGEST // 2:
        return before, after
    return f"…{before[alike - 30 :]}", f"…{after[alike - 30 :]}"


def number(count: int) -> str:
    """Thousands apart, as in 4 812."""
    return f"{count:,}".replace(",", " ")


def _counted(count: int, noun: str) -> str:
    return f"{number(count)} {noun} is" if count == 1 else f"{number(count)} {noun}s are"


def summary_line(report: PlanReport) -> str:
    """The last line of every plan."""
    plan, summary = report.plan, report.plan.summary
    unmanaged = f" {_counted(summary['unmanaged'], 'live object')} not managed here." if summary["unmanaged"] else ""
    steps = (
        f" {number(summary['manual'])} manual step{'s' if summary['manual'] != 1 else ''}." if summary["manual"] else ""
    )
    if not plan.changes:
        what = "No changes. Websak matches the config"
        if report.drift or report.compared:
            what = "No drift. Websak is as it was last applied" if report.drift else "Nothing differs"
        return f"{what} ({number(plan.checked)} checked).{steps}{unmanaged}"
    words = (
        ("created", "updated", "deactivated", "activated", "deleted")
        if report.drift or report.compared
        else ("to create", "to update", "to deactivate", "to activate", "to delete")
    )
    counts = dict(
        zip(
            words,
            (summary["create"], summary["update"], summary["deactivate"], summary["activate"], summary["delete"]),
            strict=True,
        )
    )
    parts = [f"{number(count)} {word}" for word, count in counts.items() if count or word in words[:3]]
    name = "Drift" if report.drift else "Difference" if report.compared else "Plan"
    return f"{name}: {', '.join(parts)}.{steps} Nothing else differs ({number(plan.checked)} checked).{unmanaged}"


# --- findings


def _findings(report: FindingsReport, look: Look) -> str:
    lines = {}
    blocks = []
    for finding in report.findings:
        if finding.at.file not in lines:
            lines[finding.at.file] = report.texts.get(finding.at.file, "").split("\n")
        blocks.append(diagnostic(finding, lines[finding.at.file], look))
    return "\n".join([*blocks, report.headline] if report.headline else blocks)


def diagnostic(finding: Diagnostic, source: list[str], look: Look) -> str:
    """One finding with its source line underlined."""
    at = finding.at
    style = finding.severity.value
    lines = [
        f"{look.paint('strong', safe(str(at)))}: {look.paint(style, f'{finding.severity.value}[{finding.code}]')}: {safe(finding.message)}"
    ]
    if 0 < at.line <= len(source) and source[at.line - 1].strip():
        lines.extend(_pointed(at, source[at.line - 1].rstrip("\r"), look, style))
    if finding.help:
        lines.append(f"  help: {safe(finding.help)}")
    if finding.related is not None:
        lines.append(f"  note: {finding.related_label or 'see also'}: {finding.related}")
    return "\n".join(lines) + "\n"


def _pointed(at: Position, text: str, look: Look, style: str) -> Iterable[str]:
    number_ = str(at.line)
    gutter = " " * len(number_)
    start = at.column - 1
    end = at.end_column - 1 if at.end_line == at.line and at.end_column > at.column else len(text)
    room = max(30, look.width - len(number_) - 3)
    cut = max(0, min(start - 10, len(text) - room)) if len(text) > room else 0
    text = text.replace("\t", " ")
    part = text[cut : cut + room]
    before = part[: start - cut]
    under = part[start - cut : max(end - cut, start - cut + 1)]
    yield f" {gutter} |"
    yield f" {number_} | {safe(part)}"
    yield f" {gutter} | {' ' * width_of(safe(before))}{look.paint(style, '^' * max(1, width_of(safe(under))))}"


# --- tables


def _table(report: TableReport, look: Look) -> str:  # noqa: ARG001  # a table is as wide as it is
    from tabulate import tabulate

    rows = [
        [cell if isinstance(cell, int | float) else safe("" if cell is None else str(cell)) for cell in row]
        for row in report.rows
    ]
    parts = [report.headline] if report.headline else []
    if rows:
        named = any(report.columns)
        parts.append(
            tabulate(
                rows,
                headers=list(report.columns) if named else (),
                tablefmt="simple" if named else "plain",
                disable_numparse=True,
            )
        )
    parts.extend(report.notes)
    return "\n\n".join(parts)


# --- documents


def _document(report: DocumentReport, look: Look) -> str:
    parts = [
        look.paint("strong", safe(report.title)),
        look.paint("create" if report.ok else "error", safe(report.verdict)),
    ]
    if report.facts:
        parts.append("\n".join(f"{safe(name)}: {safe(value)}" for name, value in report.facts))
    for section in report.sections:
        parts.append(look.paint("strong", safe(section.title)))
        if section.rows:
            parts.append(_table(TableReport(headline="", columns=section.columns, rows=section.rows), look))
        if section.lines:
            parts.append("\n".join(f"- {safe(line)}" for line in section.lines))
    return "\n\n".join(parts)


FORMAT = Format(renders={PlanReport: _plan, FindingsReport: _findings, TableReport: _table, DocumentReport: _document})
