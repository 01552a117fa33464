"""The rollout's readiness as documents: the matrix of gates, and what is in the way of one batch."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from websakctl.operations.rollout.move_batch import Move
from websakctl.operations.rollout.view import BatchState, BatchView, DistrictView, RolloutView
from websakctl.report.law import dates_data, dates_section
from websakctl.report.view_models import DocumentReport, GridReport, Section
from websakctl.rollout.gates import Gate, Standing, Verdict
from websakctl.rollout.schedule import Activity, iso_week

MARKS = {
    Standing.PASS: "pass",
    Standing.FAIL: "FAIL",
    Standing.UNKNOWN: "?",
    Standing.EXAMPLE: "example",
    Standing.WAIVED: "waived",
}
_LEGEND = (
    "pass; FAIL: something is in the way; ?: nobody knows, which is not passed; example: judged from example data, which is "
    "not passed; waived: let pass until a day"
)


def _week(day: str) -> str:
    return iso_week(date.fromisoformat(day))


def status_document(view: RolloutView, batches: Sequence[BatchView]) -> DocumentReport:
    """Batches x districts x gates, one table for each batch."""
    ready = [b.batch.key for b in batches if b.ready]
    return DocumentReport(
        title="Rollout",
        ok=bool(ready) and len(ready) == len(batches),
        verdict=_counted(batches) if batches else "There is no rollout batch in the config.",
        facts=() if view.asked else (("live", "not asked (--offline): what only Websak can tell is unknown"),),
        sections=[*_status_sections(view, batches), *dates_section(view.dates, view.today, view.days_ahead)],
        data=status_data(view, batches),
    )


def _counted(batches: Sequence[BatchView]) -> str:
    """How many batches are ready, and how many are live or set up already."""
    states = Counter(b.state for b in batches)
    others = (BatchState.LIVE, BatchState.SET_UP, BatchState.LATE, BatchState.PAUSED)
    more = "".join(f", {states[state]} {state}" for state in others if states[state])
    return f"{states[BatchState.READY]} of {len(batches)} batches ready{more}"


_SIGNS = {
    Standing.PASS: "+",
    Standing.FAIL: "!",
    Standing.UNKNOWN: "?",
    Standing.EXAMPLE: "e",
    Standing.WAIVED: "w",
}
_STYLES = {"+": "create", "!": "remove", "?": "update", "e": "update", "w": "faint"}


def status_grid(view: RolloutView, batches: Sequence[BatchView]) -> GridReport:
    """Gates down, and the districts of all batches across, batch by batch: narrow enough for any terminal."""
    parted: list[DistrictView | None] = []
    for b in batches:
        parted += [None, *b.districts] if parted else b.districts
    rows = [
        (gate.key, [_SIGNS[d.verdicts[i].state] if d else " " for d in parted]) for i, gate in enumerate(view.gates)
    ]
    return GridReport(
        title=f"Rollout: {_counted(batches)}",
        columns=[d.short_name if d else "" for d in parted],
        rows=rows,
        styles=_STYLES,
        notes=[
            "+ pass   ! something is in the way   w waived",
            "? nobody knows, e judged from example data: neither is passed",
            *(f"{b.batch.key}: {', '.join(f'{d.short_name} {d.slug}' for d in b.districts)}" for b in batches),
        ],
    )


def _status_sections(view: RolloutView, batches: Sequence[BatchView]) -> Iterable[Section]:
    if batches:
        columns = ("batch", "go live", "week", "districts", *MARKS.values(), "state")
        gone = ("week", "districts", MARKS[Standing.WAIVED])
        yield Section(title="Batches", columns=columns, rows=[_batch_row(b) for b in batches], first_to_go=gone)
    for b in batches:
        if view.gates and b.districts:
            rows = [(gate.key, *(MARKS[d.verdicts[i].state] for d in b.districts)) for i, gate in enumerate(view.gates)]
            yield Section(
                title=f"{b.batch.key} {b.batch.name}", columns=("gate", *(d.short_name for d in b.districts)), rows=rows
            )
    notes = [_LEGEND] if view.gates else ["no gate is declared: see config/gates.yaml in docs/rollout.md"]
    if view.unplanned:
        notes.append(f"in no batch: {', '.join(view.unplanned)}")
    yield Section(title="Notes", lines=notes)


def _batch_row(b: BatchView) -> tuple[Any, ...]:
    day = b.batch.go_live
    counts = [b.count(state) for state in Standing]
    return (
        b.batch.key,
        day or "not decided",
        _week(day) if day else "",
        len(b.districts),
        *counts,
        "PAUSED" if b.state is BatchState.PAUSED else b.state.value,
    )


def check_document(view: RolloutView, b: BatchView) -> DocumentReport:
    """Why a batch is not ready and what to do next, gate by gate; what holds for several districts is said once."""
    facts = [("go live", f"{b.batch.go_live} ({_week(b.batch.go_live)})" if b.batch.go_live else "not decided")]
    if b.pause_reason:
        facts.append(("paused", b.pause_reason))
    if not view.gates:
        facts.append(("gates", "none is declared, so nothing says that it is ready"))
    return DocumentReport(
        title=f"{b.batch.key}: {b.batch.name}",
        ok=b.ready,
        verdict=_verdict(b),
        facts=facts,
        sections=[
            *(section for i, gate in enumerate(view.gates) if (section := _gate_section(gate, i, b)).lines),
            *dates_section(view.dates, view.today, view.days_ahead, b.batch.go_live),
        ],
        data={
            **_batch_data(b),
            "format_version": 1,
            "asked": view.asked,
            "dates": dates_data(view.dates, view.today, view.days_ahead, b.batch.go_live),
        },
    )


def _verdict(b: BatchView) -> str:
    left = sum(len(d.in_the_way) for d in b.districts)
    of = sum(len(d.verdicts) for d in b.districts)
    gates = f"{left} of {of} gates {'are' if left != 1 else 'is'} not passed"
    if b.pause_reason:
        return f"paused: {b.pause_reason}" + (f"; {gates}" if left else "")
    if b.ready:
        return _TOLD.get(b.state, b.state.value)
    return f"{b.state}: {gates}" if left else f"{b.state}: no gate is declared, or no district named"


_TOLD = {
    BatchState.SET_UP: "set up: Websak has all of it, and it goes live on its day",
    BatchState.LATE: "late: its day has come, every gate lets it through, and Websak does not have all of it",
}


def _gate_section(gate: Gate, index: int, b: BatchView) -> Section:
    """What is in the way of one gate, what was let pass, and what a pass rests on; the districts of which the same is true stand together."""
    groups: dict[tuple[str, str, str], list[DistrictView]] = {}
    for district in b.districts:
        v = district.verdicts[index]
        if v.state is Standing.PASS and not v.rests_on:
            continue
        same = (MARKS[v.state], district.in_common(_why(v)), district.in_common(_todo(v)))
        groups.setdefault(same, []).append(district)
    next_steps = {todo for _, _, todo in groups if todo}
    lines = []
    for (mark, why, todo), districts in groups.items():
        if len(districts) == 1:  # as it is said of this one
            v = districts[0].verdicts[index]
            why = _why(v)
            todo = _todo(v) if len(groups) == 1 else todo
            next_steps = {todo} if len(groups) == 1 and todo else next_steps
        lines.append(
            f"{mark} {_who(districts, b)}: {why}" + (f". Next: {todo}" if todo and len(next_steps) > 1 else "")
        )
    if len(next_steps) == 1:
        lines.append(f"Next: {next_steps.pop()}")
    return Section(title=f"{gate.key}: {gate.name}", lines=lines)


def _why(verdict: Verdict) -> str:
    if verdict.state is Standing.PASS:
        return verdict.rests_on
    return "; ".join(verdict.why[:1] if verdict.state is Standing.WAIVED else verdict.why)


def _todo(verdict: Verdict) -> str:
    return f"{verdict.next} ({verdict.how})" if verdict.how else verdict.next


def _who(districts: Sequence[DistrictView], b: BatchView) -> str:
    if len(districts) == len(b.districts) > 1:
        return f"all {len(districts)} districts"
    return ", ".join(d.slug for d in districts)


def status_data(view: RolloutView, batches: Sequence[BatchView]) -> dict[str, Any]:
    """The same for machines."""
    return {
        "format_version": 1,
        "today": view.today.isoformat(),
        "asked": view.asked,
        "gates": [msgspec.to_builtins(gate) for gate in view.gates],
        "batches": [_batch_data(b) for b in batches],
        "unplanned": list(view.unplanned),
        "dates": dates_data(view.dates, view.today, view.days_ahead),
    }


def _batch_data(b: BatchView) -> dict[str, Any]:
    day = b.batch.go_live
    return {
        "batch": b.batch.key,
        "name": b.batch.name,
        "go_live": day,
        "week": _week(day) if day else None,
        "paused": b.batch.paused,
        "pause_reason": b.pause_reason,
        "ready": b.ready,
        "state": b.state.value,
        "counts": {state.value: b.count(state) for state in Standing},
        "districts": [
            {
                "district": d.slug,
                "name": d.name,
                "verdicts": [
                    {"gate": v.gate, "state": v.state.value, "why": list(v.why), "next": v.next, "how": v.how}
                    for v in d.verdicts
                ],
            }
            for d in b.districts
        ],
    }


def schedule_document(activities: Sequence[Activity]) -> DocumentReport:
    """Every batch's preparations with their days."""
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for a in activities:
        rows.setdefault(a.batch, []).append((a.name, a.responsible, a.start, a.end, a.week))
    columns = ("activity", "responsible", "from", "to", "week")
    return DocumentReport(
        title="Schedule",
        ok=bool(activities),
        verdict="Computed back from each batch's day; Saturdays, Sundays and Norwegian public holidays are free."
        if activities
        else "No batch has a day yet: give it go_live.",
        facts=(),
        sections=[
            Section(title=batch, columns=columns, rows=of_batch, first_to_go=("week", "responsible"))
            for batch, of_batch in rows.items()
        ],
        data={
            "format_version": 1,
            "activities": [
                {**msgspec.to_builtins(a), "start": a.start.isoformat(), "end": a.end.isoformat(), "week": a.week}
                for a in activities
            ],
        },
    )


def move_document(move: Move, files: Iterable[str]) -> DocumentReport:
    """What another day of a batch comes to: its preparations before and after, and the dates that no longer fit."""
    before, after = move.order
    old = move.batch.go_live
    activities = [
        (m.after.name, m.after.responsible, m.before.start if m.before else "", m.before.end if m.before else "", m.after.start, m.after.end, m.after.week)
        for m in move.activities
    ]  # fmt: skip
    columns = ("activity", "responsible", "old from", "old to", "new from", "new to", "week")
    sections = [
        Section(title="Preparations", columns=columns, rows=activities),
        Section(
            title="Dates that do not fit the new day",
            columns=("what", "day", ""),
            rows=[(d.what, d.day, d.detail) for d in move.dependents],
        ),
    ]
    if before != after:
        sections.append(
            Section(title="Order of the batches", lines=[f"before: {', '.join(before)}", f"after: {', '.join(after)}"])
        )
    count = len(move.dependents)
    return DocumentReport(
        title=f"{move.batch.key} ({move.batch.name})",
        ok=not count,
        verdict=f"{count} date{'s' * (count != 1)} of the config do{'es' * (count == 1)} not fit the new day."
        if count
        else "No other date of the config is in the way.",
        facts=[
            ("old go-live day", f"{old} ({_week(old)})" if old else "not decided"),
            ("new go-live day", f"{move.go_live} ({_week(move.go_live.isoformat())})"),
        ],
        sections=[section for section in sections if section.rows or section.lines],
        data={
            "format_version": 1,
            "batch": move.batch.key,
            "before": old,
            "after": move.go_live.isoformat(),
            "activities": [
                {
                    "key": m.after.key,
                    "before": {"start": m.before.start.isoformat(), "end": m.before.end.isoformat()}
                    if m.before
                    else None,
                    "after": {"start": m.after.start.isoformat(), "end": m.after.end.isoformat()},
                }
                for m in move.activities
            ],
            "dependents": [msgspec.to_builtins(d) for d in move.dependents],
            "order": {"before": list(before), "after": list(after)},
            "notes": [*move.unfit, *move.notes],
            "files": list(files),
        },
    )
