"""The rollout's readiness as documents: the matrix of gates, and what is in the way of one batch."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from websakctl.operations.rollout.view import BatchView, DistrictView, RolloutView
from websakctl.report.view_models import DocumentReport, GridReport, Section
from websakctl.rollout.gates import Standing
from websakctl.rollout.schedule import Activity, iso_week

MARKS = {Standing.PASS: "pass", Standing.FAIL: "FAIL", Standing.UNKNOWN: "?", Standing.WAIVED: "waived"}
_LEGEND = "pass; FAIL: something is in the way; ?: nobody knows, which is not passed; waived: let pass until a day"


def _week(day: str) -> str:
    return iso_week(date.fromisoformat(day))


def status_document(view: RolloutView, batches: Sequence[BatchView]) -> DocumentReport:
    """Batches x districts x gates, one table for each batch."""
    ready = [b.batch.key for b in batches if b.ready]
    return DocumentReport(
        title="Rollout",
        ok=bool(ready) and len(ready) == len(batches),
        verdict=f"{len(ready)} of {len(batches)} batches ready"
        if batches
        else "There is no rollout batch in the config.",
        facts=() if view.asked else (("live", "not asked (--offline): what only Websak can tell is unknown"),),
        sections=list(_status_sections(view, batches)),
        data=status_data(view, batches),
    )


_SIGNS = {Standing.PASS: "+", Standing.FAIL: "!", Standing.UNKNOWN: "?", Standing.WAIVED: "w"}
_STYLES = {"+": "create", "!": "remove", "?": "update", "w": "faint"}


def status_grid(view: RolloutView, batches: Sequence[BatchView]) -> GridReport:
    """Gates down, and the districts of all batches across, batch by batch: narrow enough for any terminal."""
    parted: list[DistrictView | None] = []
    for b in batches:
        parted += [None, *b.districts] if parted else b.districts
    rows = [
        (gate.key, [_SIGNS[d.verdicts[i].state] if d else " " for d in parted]) for i, gate in enumerate(view.gates)
    ]
    ready = [b.batch.key for b in batches if b.ready]
    return GridReport(
        title=f"Rollout: {len(ready)} of {len(batches)} batches ready",
        columns=[d.short_name if d else "" for d in parted],
        rows=rows,
        styles=_STYLES,
        notes=[
            "+ pass   ! something is in the way   ? nobody knows, which is not passed   w waived",
            *(f"{b.batch.key}: {', '.join(f'{d.short_name} {d.slug}' for d in b.districts)}" for b in batches),
        ],
    )


def _status_sections(view: RolloutView, batches: Sequence[BatchView]) -> Iterable[Section]:
    if batches:
        columns = ("batch", "go live", "week", "districts", "pass", "FAIL", "?", "waived", "")
        yield Section(title="Batches", columns=columns, rows=[_batch_row(b) for b in batches])
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
        "PAUSED" if b.batch.paused else "ready" if b.ready else "not ready",
    )


def check_document(view: RolloutView, b: BatchView) -> DocumentReport:
    """Why a batch is not ready and what to do next, for each of its districts."""
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
        sections=[section for d in b.districts if (section := _district_section(d)).lines],
        data={**_batch_data(b), "format_version": 1, "asked": view.asked},
    )


def _verdict(b: BatchView) -> str:
    left = sum(len(d.in_the_way) for d in b.districts)
    of = sum(len(d.verdicts) for d in b.districts)
    gates = f"{left} of {of} gates {'are' if left != 1 else 'is'} not passed"
    if b.pause_reason:
        return f"paused: {b.pause_reason}" + (f"; {gates}" if left else "")
    return (
        "ready"
        if b.ready
        else f"not ready: {gates}"
        if left
        else "not ready: no gate is declared, or no district named"
    )


def _district_section(d: DistrictView) -> Section:
    lines = [f"{MARKS[v.state]} {v.gate}: {'; '.join(v.why)}. Next: {v.next}" for v in d.in_the_way]
    waived = [f"waived {v.gate}: {v.why[0]}" for v in d.verdicts if v.state is Standing.WAIVED]
    return Section(title=f"{d.name} ({d.slug})", lines=[*lines, *waived])


def status_data(view: RolloutView, batches: Sequence[BatchView]) -> dict[str, Any]:
    """The same for machines."""
    return {
        "format_version": 1,
        "today": view.today.isoformat(),
        "asked": view.asked,
        "gates": [msgspec.to_builtins(gate) for gate in view.gates],
        "batches": [_batch_data(b) for b in batches],
        "unplanned": list(view.unplanned),
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
        "counts": {state.value: b.count(state) for state in Standing},
        "districts": [
            {
                "district": d.slug,
                "name": d.name,
                "verdicts": [
                    {"gate": v.gate, "state": v.state.value, "why": list(v.why), "next": v.next} for v in d.verdicts
                ],
            }
            for d in b.districts
        ],
    }


def schedule_document(activities: Sequence[Activity], drawn: str = "") -> DocumentReport:
    """Every batch's preparations with their days; ``drawn``: the same as SVG, for a page."""
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
        sections=[Section(title=batch, columns=columns, rows=of_batch) for batch, of_batch in rows.items()],
        data={
            "format_version": 1,
            "activities": [
                {**msgspec.to_builtins(a), "start": a.start.isoformat(), "end": a.end.isoformat(), "week": a.week}
                for a in activities
            ],
        },
        figure=drawn,
    )
