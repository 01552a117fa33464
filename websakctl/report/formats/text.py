"""Text for a terminal: Terraform's words where they fit, a compiler's way of pointing."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from websakctl.diagnostics import Diagnostic, Position
from websakctl.model.address import BASE
from websakctl.plan.action import Action
from websakctl.redaction import redact, redacted
from websakctl.report.differences import Part, differences
from websakctl.report.escaping import safe as safe
from websakctl.report.escaping import visible as visible
from websakctl.report.formats import Format
from websakctl.report.layout import table, width_of, wrapped
from websakctl.report.view_models import DocumentReport, FindingsReport, Look, PlanReport, TableReport, plain

if TYPE_CHECKING:  # most commands show no plan
    from websakctl.plan.change import AccessEffect, Change, FieldChange, Group, HandChange, ManualStep, Plan
    from websakctl.plan.stale import Stale

SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.ACTIVATE: "+", Action.DEACTIVATE: "-", Action.DELETE: "-"}
VERBS = {Action.ACTIVATE: " (activate)", Action.DELETE: " (delete)", Action.DEACTIVATE: " (deactivate)"}
_STYLES = {"+": "create", "~": "update", "-": "remove"}
_LABELS = ("name", "product")
_LONGEST = 240  # characters of one value; the JSON plan has all of it
_MOST_NEW, _FIRST_NEW = 50, 3  # of one kind in one place without --expand; of more, the first and a number are told
MOST_UNEXPANDED = 20  # addresses or parts of a value of one list named without --expand
_MOST_OF_A_SORT = 4  # manual steps of one sort named without --expand
WHOLE_KIND = frozenset({"this Websak has no API for it: set it manually"})  # steps that say nothing of one resource


_as_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode  # one for all: json.dumps makes one each time


def stale_lines(stale: "Sequence[Stale]") -> Iterator[str]:
    """Each dropped change three ways: planned from, now, wanted."""
    several = len(stale) != 1
    yield f"{len(stale)} change{'s' * several} of the plan no longer hold{'s' * (not several)} and will not be done:"
    for dropped in stale:
        why = f"  (waits for {safe(str(dropped.because_of))})" if dropped.because_of else ""
        yield f"  {safe(str(dropped.change.address))}{why}"
        for path, before, now, expected in dropped.conflicts:
            yield f"      {safe(path)}: planned from {shown(before)}, now {shown(now)}, wanted {shown(expected)}"


def shown(value: Any) -> str:
    """Write a value so that nothing in it can act on the terminal."""
    if value is None:
        return "(none)"
    text = _as_json(redacted(value))  # before it is cut
    return safe(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


# --- plan


def first_lines(report: PlanReport, look: Look) -> list[str]:
    """The first lines of every plan: which Websak it is about, whether that is a protected one, and what was compared when."""
    plan = report.plan
    where = f" ({safe(report.origin)})" if report.origin else ""
    mark = look.paint("remove", "  PROTECTED: changes here touch production") if plan.protected else ""
    unseen = look.paint("remove", f"  {safe(plan.unseen)}") if plan.unseen else ""
    first = look.paint("strong", f"Environment: {safe(plan.environment)}") + where + mark + unseen
    return [first, look.paint("faint", safe(report.basis))] if report.basis else [first]


def _plan(report: PlanReport, look: Look) -> str:
    plan = report.plan
    lines = [*first_lines(report, look), ""]
    if look.expand:
        undone = {each.address: each for each in plan.by_hand}
        for change in plan.changes:
            lines.extend(_change(change, look))
            if change.address in undone:
                lines.append(_undone(report, [undone[change.address]], look))
    else:
        lines.extend(_groups(report, look))
    if plan.changes:
        lines.append("")
    lines.extend(the_rest(report, look))
    lines.append(summary_line(report, look))
    lines.extend(safe(note) for note in report.notes)
    return "\n".join(lines)


def _groups(report: PlanReport, look: Look) -> Iterable[str]:
    """Each group, but of very many new ones of a kind in one place only the first: 600 users are one fact."""
    plan = report.plan
    undone = {each.address: each for each in plan.by_hand}
    alone = [
        (group.kind, group.scopes[0]) if group.action is Action.CREATE and len(group.addresses) == 1 else None
        for group in plan.groups
    ]
    counts = Counter(alone)
    seen: Counter[tuple[str, str]] = Counter()
    for group, place in zip(plan.groups, alone, strict=True):
        if place is None or counts[place] <= _MOST_NEW:
            yield from _group(group, look, plan.scopes)
            if of_group := [undone[address] for address in group.addresses if address in undone]:
                yield _undone(report, of_group, look)
            continue
        seen[place] += 1
        if seen[place] <= _FIRST_NEW:
            yield from _group(group, look, plan.scopes)
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
    if plan.access is not None:
        yield "Access:"
        yield from (f"  {safe(line)}" for line in access_in_words(plan.access, everything=look.expand))
        yield ""
    for warning in plan.warnings:
        yield look.paint("warning", "warning: ") + safe(warning)
    for finding in plan.findings:
        yield look.paint("error", "guard: ") + safe(finding.message)
        yield f"       to allow it: --allow {safe(finding.allowance)}"
    if plan.warnings or plan.findings:
        yield ""


def access_in_words(effect: "AccessEffect", *, everything: bool = False) -> list[str]:
    """What a plan does to who reads what, sensitive codes first; and what that rests on."""
    if effect.why_not:
        return [f"not computed: {effect.why_not}"]
    if not effect.codes:
        return ["nobody can read more or less than before"]
    alike: dict[tuple[bool, str], list[str]] = {}
    for code in effect.codes:
        alike.setdefault((not code.sensitive, code.text.replace(f"code {code.code}", "{code}")), []).append(code.code)
    lines = [
        text.replace("{code}", f"code{'s' * (len(codes) > 1)} {', '.join(codes)}") + " [sensitive]" * (not ordinary)
        for (ordinary, text), codes in sorted(alike.items(), key=lambda item: item[0][0])
    ]
    more = 0 if everything else len(lines) - MOST_UNEXPANDED
    lines = [*lines[:-more], f"… and {more} more (--expand lists them)"] if more > 0 else lines
    lines += [f"not known: {gap}" for gap in effect.gaps]
    if rules := sorted({number for code in effect.codes for number in code.assumed}):
        lines.append(f"rests on rules that nobody has confirmed: {', '.join(map(str, rules))} (docs/access.md)")
    return lines


def _steps(plan: "Plan", look: Look) -> Iterable[str]:
    """What a person has to do: what people set as a whole is one line, and so are many of one sort."""
    if look.expand:
        yield "Steps for a person:"
        yield from (line for _, steps in steps_by_sort(plan.manual) for step in steps for line in _step(step, look))
        yield ""
        return
    kinds, others = steps_by_kind(plan.manual)
    hint = " (--expand lists them; `websakctl worklist show` says what to set)" if kinds else ""
    yield f"Steps for a person:{' ' * bool(kinds)}{kinds}{hint}"
    folded = False
    for together, steps in steps_by_sort(others):
        folded = folded or bool(together)
        yield from [f"  - {safe(together)}"] if together else (line for step in steps for line in _step(step, look))
    if folded:
        yield "  (--expand lists each)"
    yield ""


def steps_by_kind(steps: Iterable["ManualStep"]) -> tuple[str, list["ManualStep"]]:
    """What people set as a whole, counted by kind; and the other steps."""
    counts: Counter[str] = Counter()
    others = []
    for step in steps:
        if (step.change is not None and step.change.action is Action.CREATE) or step.what in WHOLE_KIND:
            counts[step.address.kind] += 1
        else:
            others.append(step)
    return ", ".join(f"{number(count)} {kind}" for kind, count in counts.most_common()), others


def steps_by_sort(steps: Iterable["ManualStep"]) -> Iterable[tuple[str, list["ManualStep"]]]:
    """Steps of one sort, and what they are together; a few of a sort are told one by one, and this is empty."""
    sorts: dict[tuple[str, str], list[ManualStep]] = {}
    for step in steps:
        sorts.setdefault((step.address.kind, step.what), []).append(step)
    for (kind, what), alike in sorts.items():
        districts = len({step.address.scope for step in alike} - {BASE})
        where = f" in {districts} district{'s' * (districts != 1)}" if districts else ""
        yield f"{kind}: {number(len(alike))}{where}: {what}" if len(alike) > _MOST_OF_A_SORT else "", alike


def _step(step: "ManualStep", look: Look) -> Iterable[str]:
    yield f"  - {safe(f'{step.address}: {step.what}')}"
    if step.change is not None and (look.expand or step.change.action is Action.UPDATE):
        lines = _fields(step.change.fields, look, created=step.change.action is Action.CREATE)
        yield from (f"  {line}" for line in lines if not step.change.action.removes)


def _listed(title: str, items: list[str], look: Look) -> Iterable[str]:
    yield title
    most = len(items) if look.expand else MOST_UNEXPANDED
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
    return look.paint(_STYLES[sign], f"{sign} {kind}  {safe(where)}") + VERBS.get(action, "") + after


def _undone(report: PlanReport, changes: Sequence["HandChange"], look: Look) -> str:
    return look.paint("warning", f"    {safe(undone_in_words(report, changes))}")


def undone_in_words(report: PlanReport, changes: Sequence["HandChange"]) -> str:
    """What somebody did by hand that a change would undo."""
    since = max((report.since.get(each.address, "") for each in changes), default="")
    paths = sorted({path for each in changes for path in each.paths} - {"active"})
    what = f"{', '.join(paths)} changed by hand" if paths else "taken away by hand"
    where = f" in {', '.join(sorted({each.address.scope for each in changes}))}" if len(changes) > 1 else ""
    when = f" since {since}" if since else ""
    return f"{what} in Websak{when}{where}; apply puts it back"


def _group(group: "Group", look: Look, every: tuple[str, ...]) -> Iterable[str]:
    label = label_of(group)
    shared = shared_in_words(group.shared)
    where = key_of(group)
    line = _head(group.kind, group.action, where, "", look)
    after = f"  {label}" if label else ""
    if len(group.addresses) > 1:
        used = width_of(_head(group.kind, group.action, where, after, Look()))
        yield line + districts_in_words(group.scopes, look.width - used, every) + after
    else:
        yield line + after + shared
    if group.action is not Action.CREATE:
        yield from _fields(group.fields, look)
    yield from _follows(group.follows, group.action)


def shared_in_words(districts: int) -> str:
    """How many districts a shared row reaches; empty for any other."""
    return f"  [shared: {districts} district{'s' if districts != 1 else ''}]" if districts else ""


def districts_in_words(scopes: tuple[str, ...], room: int, every: tuple[str, ...]) -> str:
    """``(all 15 districts)``, or ``(14 districts: a, b, … )`` with as many names as fit, at least one."""
    if len(scopes) > 2 and len(scopes) == len(every):
        return f"  (all {len(scopes)} districts)"
    start = f"  ({len(scopes)} districts: "
    if len(merged := f"{start}{', '.join(scopes)})") <= room:
        return merged
    fitting = 1
    while len(f"{start}{', '.join(scopes[: fitting + 1])}, …)") <= room:
        fitting += 1
    return f"{start}{', '.join(scopes[:fitting])}, …)"


def label_of(group: "Group") -> str:
    """What a new one is called, or what goes or stays; empty where it has no name."""
    if group.action is not Action.CREATE:
        return shown(group.name) if group.name else ""
    return next((shown(f.after) for name in _LABELS for f in group.fields if f.path == name), "")


def _change(change: "Change", look: Look) -> Iterable[str]:
    source = f"  {change.source.file}:{change.source.line}" if change.source else ""
    shared = shared_in_words(change.shared)
    name = f"  {shown(change.name)}" if change.name else ""
    yield _head(
        change.address.kind,
        change.action,
        f"{change.address.scope}/{change.address.key}",
        name + shared + look.paint("faint", source),
        look,
    )
    yield from _fields(change.fields, look, created=change.action is Action.CREATE)
    yield from _follows(change.follows, change.action)


def _follows(counts: tuple[tuple[str, int], ...], action: Action) -> Iterable[str]:
    if counts:
        yield f"    {follows_in_words(counts, action)}"


def follows_in_words(counts: tuple[tuple[str, int], ...], action: Action) -> str:
    """What refers to what goes, or gets a new key with what is renamed."""
    from websakctl.plan.change import in_words  # most commands show no plan

    one = sum(count for _, count in counts) == 1
    return f"{in_words(counts)} refer{'s' * one} to it" if action.removes else f"followed by {in_words(counts)}"


def _fields(fields: "tuple[FieldChange, ...]", look: Look, *, created: bool = False) -> Iterable[str]:
    for f in fields:
        if f.path == "active":
            continue
        if created:
            yield f"    {safe(f.path)}: {look.paint('create', shown(f.after))}"
            continue
        parts = list(differences(f.path, f.before, f.after))
        most = len(parts) if look.expand else MOST_UNEXPANDED
        yield from (_part(part, look) for part in parts[:most])
        if len(parts) > most:
            yield f"    {safe(f.path)}: … and {number(len(parts) - most)} more (--expand lists them)"


def _part(part: Part, look: Look) -> str:
    """One value that changed, or one item of a list that came or went."""
    path = f"    {safe(part.path)}: "
    if part.sign == "+":
        return path + look.paint("create", f"+ {shown(part.after)}")
    if part.sign == "-":
        return path + look.paint("remove", f"- {shown(part.before)}")
    before, after = from_where_they_differ(part.before, part.after)
    return f"{path}{look.paint('remove', shown(before))} -> {look.paint('create', shown(after))}"


def from_where_they_differ(before: Any, after: Any) -> tuple[Any, Any]:
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


_OUTCOMES = {"create": "create", "update": "update", "deactivate": "remove", "activate": "create", "delete": "remove"}


def summary_line(report: PlanReport, look: Look | None = None) -> str:
    """The last line of every plan."""
    paint = look.paint if look is not None else plain
    plan, summary = report.plan, report.plan.summary
    unmanaged = f" {_counted(summary['unmanaged'], 'live object')} not managed here." if summary["unmanaged"] else ""
    steps = (
        f" {number(summary['manual'])} manual step{'s' if summary['manual'] != 1 else ''}." if summary["manual"] else ""
    )
    ahead = f" {safe(report.estimate)}" if report.estimate else ""
    if not plan.changes:
        if plan.origin.run:
            return f"{paint('strong', f'No changes. Run {safe(plan.origin.run)} left nothing that can be taken back.')}{steps}"
        what = "No changes. Websak matches the config"
        if plan.origin.keep_manual:
            what = "No changes. Apart from what was changed by hand, Websak matches the config"
        if report.drift or report.compared:
            what = "No drift. Websak is as it was last applied" if report.drift else "Nothing differs"
        if not plan.checked:  # an empty selection agrees with everything
            what = "No changes. Nothing was compared"
        return f"{paint('strong', what)} ({number(plan.checked)} checked).{steps}{unmanaged}"
    is_applied = report.drift or report.compared
    parts = []
    for action, style in _OUTCOMES.items():
        count = summary[action]
        if not count and action in ("activate", "delete"):
            continue
        word = f"{action.removesuffix('e')}ed" if is_applied else f"to {action}"
        text = f"{number(count)} {word}"
        parts.append(paint(style, text) if count else text)
    if report.resumed:
        return f"{paint('strong', 'Left to do:')} {', '.join(parts)}.{ahead}"
    name = "Drift" if report.drift else "Difference" if report.compared else "Plan"
    rest = "Nothing else differs"
    if plan.origin.keep_manual:
        rest = "Apart from what was changed by hand, nothing else differs"
    return f"{name}: {', '.join(parts)}.{steps} {rest} ({number(plan.checked)} checked).{unmanaged}{ahead}"


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
    room = max(20, look.width - len(number_) - 4)
    cut = max(0, min(start - 10, len(text) - room)) if len(text) > room else 0
    text = text.replace("\t", " ")
    part = text[cut : cut + room]
    before = part[: start - cut]
    under = part[start - cut : max(end - cut, start - cut + 1)]
    yield f" {gutter} |"
    yield f" {number_} | {safe(part)}"
    yield f" {gutter} | {' ' * width_of(safe(before))}{look.paint(style, '^' * max(1, width_of(safe(under))))}"


# --- tables


def _table(report: TableReport, look: Look) -> str:
    rows = [[safe("" if cell is None else str(cell)) for cell in row] for row in report.rows]
    parts = [report.headline] if report.headline else []
    if rows:
        parts.append(table(report.columns, rows, look.width if look.fit else None, report.first_to_go))
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
        if section.folded and not look.expand:
            parts.append(safe(section.folded))
            continue
        if section.rows:
            shape = TableReport(
                headline="", columns=section.columns, rows=section.rows, first_to_go=section.first_to_go
            )
            parts.append(_table(shape, look))
        if section.lines:
            parts.append("\n".join(f"- {safe(line)}" for line in section.lines))
    return "\n\n".join(parts)


def fitting(render: Callable[[Any, Look], str]) -> Callable[[Any, Look], str]:
    """The same, wrapped between words where a terminal is narrower."""

    def fitted(subject: Any, look: Look) -> str:
        text = render(subject, look)
        return wrapped(text, look.width) if look.fit else text

    return fitted


FORMAT = Format(
    renders={
        PlanReport: fitting(_plan),
        FindingsReport: fitting(_findings),
        TableReport: fitting(_table),
        DocumentReport: fitting(_document),
    }
)
