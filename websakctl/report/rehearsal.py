"""A rehearsal as something to file: its verdict, the plan's digest, and one line for each thing that must hold."""

from collections.abc import Mapping, Sequence
from typing import Any

from websakctl.operations.apply.rehearse import Rehearsal
from websakctl.report.texts.dates import moment
from websakctl.report.view_models import DocumentReport, Section

_MOST = 50  # items of one check that are listed; the JSON has all


def rehearsal_report(rehearsal: Rehearsal, document: Mapping[str, Any]) -> DocumentReport:
    """Lay a rehearsal out; ``document`` is the same as JSON values."""
    failed = [check for check in rehearsal.checks if check.passed is not True]
    plan = document["plan"]
    summary = ", ".join(f"{count} to {name}" for name, count in rehearsal.summary.items() if count and name in _ACTIONS)
    return DocumentReport(
        title=f"Rehearsal of a plan for {document['environment']}",
        ok=rehearsal.passed,
        verdict="The plan does what it promises."
        if rehearsal.passed
        else f"{len(failed)} of {len(rehearsal.checks)} checks did not pass.",
        facts=(
            ("Plan", f"{plan['digest']}, saved {moment(plan['created_at'], 'en')}"),
            ("Changes", summary or "none"),
            (
                "Rehearsed",
                f"{moment(document['rehearsed_at'], 'en')}, in {rehearsal.seconds} s, on a sandbox with User API {rehearsal.api_version}",
            ),
            ("Copy of", rehearsal.source),
            ("Faults", f"{rehearsal.faults}; {rehearsal.struck} requests went wrong"),
            ("Allowed", ", ".join(rehearsal.allowed) or "nothing"),
            ("Tool", f"websakctl {document['tool_version']}"),
        ),
        sections=(
            Section(title="Checks", columns=("", "what", "found"), rows=[_row(check) for check in document["checks"]]),
            *(
                Section(title=check["name"].capitalize(), lines=_some(check["items"]))
                for check in document["checks"]
                if check["items"]
            ),
            Section(
                title="Writes that were carried out",
                columns=("operation", "times"),
                rows=[(name, count) for name, count in rehearsal.effects.items()],
            ),
        ),
        data=dict(document),
    )


_ACTIONS = ("create", "update", "activate", "deactivate", "delete")
_MARKS = {True: "ok", False: "FAILED", None: "NOT CHECKED"}


def _row(check: Mapping[str, Any]) -> tuple[str, str, str]:
    return _MARKS[check["passed"]], check["name"], check["detail"]


def _some(items: Sequence[str]) -> Sequence[str]:
    return [*items[:_MOST], f"… and {len(items) - _MOST} more"] if len(items) > _MOST else items
