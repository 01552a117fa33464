"""What the registers have otherwise than the config, as a document."""

from collections.abc import Sequence
from typing import Any

from websakctl.consistency.discrepancy import Discrepancy
from websakctl.consistency.ledger import Discrepancies
from websakctl.consistency.sources import InFiks, InRegister
from websakctl.report.view_models import DocumentReport, Section

_COLUMNS = ("what", "number", "name", "district", "says")


def check_document(found: Discrepancies, checked: int, register: InRegister, fiks: InFiks) -> DocumentReport:
    """Show the findings, the gravest first.

    Args:
        found: What differs.
        checked: How many numbers were compared.
        register: The business register.
        fiks: KS Fiks; if it was not asked, ``why_not`` says why.
    """
    result = [*found.register, *found.fiks]
    numbers = f"{checked} number{'s' * (checked != 1)}"
    sections = [
        Section(title="Business register", columns=_COLUMNS, rows=[_row(d) for d in found.register]),
        Section(title="KS Fiks", columns=_COLUMNS, rows=[_row(d) for d in found.fiks]),
        Section(title="Not looked at", lines=register.notes),
    ]
    return DocumentReport(
        title="Sub-org numbers against the registers",
        ok=not result,
        verdict=f"{len(result)} finding{'s' * (len(result) != 1)} ({numbers} checked)."
        if result
        else f"The registers are as the config says ({numbers} checked).",
        facts=[
            ("business register", register.asked),
            ("KS Fiks", f"not asked: {fiks.why_not}" if fiks.why_not else "asked"),
        ],
        sections=[section for section in sections if section.rows or section.lines],
        data={
            "format_version": 1,
            "checked": checked,
            "business_register": {
                "asked": register.asked,
                "findings": _data(found.register),
                "notes": list(register.notes),
            },
            "fiks": {"asked": not fiks.why_not, "why_not": fiks.why_not or None, "findings": _data(found.fiks)},
        },
    )


def _row(result: Discrepancy) -> tuple[Any, ...]:
    return result.what.value, result.key, result.name, result.district, result.detail


def _data(found: Sequence[Discrepancy]) -> list[dict[str, Any]]:
    return [
        {"what": d.what.value, "orgnr": d.key, "district": d.district, "name": d.name, "detail": d.detail}
        for d in found
    ]
