"""What the registers have otherwise than the config, as a document."""

from collections.abc import Sequence
from typing import Any

import msgspec

from websakctl.operations.rollout.check_sub_orgs import RegisterCheck
from websakctl.report.view_models import DocumentReport, Section
from websakctl.rollout.receiving import Mismatch
from websakctl.rollout.register import Difference

_COLUMNS = ("what", "number", "name", "district", "says")


def check_document(check: RegisterCheck, mismatches: Sequence[Mismatch] | None, why_not: str) -> DocumentReport:
    """Show the findings, the gravest first.

    Args:
        check: Against the business register.
        mismatches: Against KS Fiks; ``None`` if it was not asked.
        why_not: Why it was not.
    """
    result = [*check.differences, *(mismatches or ())]
    numbers = f"{check.checked} number{'s' * (check.checked != 1)}"
    fiks = f"not asked: {why_not}" if mismatches is None else "asked"
    sections = [
        Section(title="Business register", columns=_COLUMNS, rows=[_row(d) for d in check.differences]),
        Section(title="KS Fiks", columns=_COLUMNS, rows=[_row(m) for m in mismatches or ()]),
        Section(title="Not looked at", lines=check.notes),
    ]
    return DocumentReport(
        title="Sub-org numbers against the registers",
        ok=not result,
        verdict=f"{len(result)} finding{'s' * (len(result) != 1)} ({numbers} checked)."
        if result
        else f"The registers are as the config says ({numbers} checked).",
        facts=[("business register", check.asked), ("KS Fiks", fiks)],
        sections=[section for section in sections if section.rows or section.lines],
        data={
            "format_version": 1,
            "checked": check.checked,
            "business_register": {
                "asked": check.asked,
                "findings": [_data(d) for d in check.differences],
                "notes": list(check.notes),
            },
            "fiks": {
                "asked": mismatches is not None,
                "why_not": why_not or None,
                "findings": [_data(m) for m in mismatches or ()],
            },
        },
    )


def _row(result: Difference | Mismatch) -> tuple[Any, ...]:
    return result.what.value, result.orgnr, result.name, result.district, result.detail


def _data(result: Difference | Mismatch) -> dict[str, Any]:
    return {**msgspec.to_builtins(result), "what": result.what.value}
