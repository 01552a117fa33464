"""A reform on paper, and several side by side: for a terminal, for machines, and as a workbook."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from websakctl.operations.reform.what_if import LABELS, WhatIf
from websakctl.report.view_models import DocumentReport, Section, TableReport

FORMAT_VERSION = 1


def reform_report(result: WhatIf) -> DocumentReport:
    """One reform. Nothing in it is a decision, so nothing of it fails."""
    return DocumentReport(
        title=result.name,
        ok=not result.collisions,
        verdict=f"{result.measures['districts_before']} districts become {result.measures['districts_after']}: "
        f"{result.measures['writes']} writes, {result.measures['collisions']} collisions, {result.measures['decisions']} decisions.",
        facts=(("From", result.day), ("Websak", result.environment)),
        sections=tuple(_sections(result)),
        data=reform_document(result),
    )


def reform_document(result: WhatIf) -> dict[str, Any]:
    """The same as JSON values."""
    return {
        "format_version": FORMAT_VERSION,
        "name": result.name,
        "date": result.day,
        "environment": result.environment,
        "measures": dict(result.measures),
        "districts": [
            {
                "slug": d.slug,
                "name": d.name,
                "sources": list(d.sources),
                "parts_of": list(d.parts_of),
                "units": d.units,
                "merged": d.merged,
                "users": d.users,
                "numbers": d.numbers,
            }
            for d in result.districts
        ],
        "licences": [
            {
                "code": pool.code,
                "product": pool.product,
                "bought": pool.bought,
                "allotted_before": pool.allotted_before,
                "allotted_after": pool.allotted_after,
                "districts": {
                    s.slug: {"allotted": s.allotted, "needed": s.needed, "missing": s.missing} for s in pool.shares
                },
            }
            for pool in result.pools
        ],
        "collisions": [note.text for note in result.collisions],
        "decisions": [note.text for note in result.decisions],
        "steps": dict(result.steps),
        "allow": list(result.allowances),
    }


def _sections(result: WhatIf) -> Iterable[Section]:
    yield Section(
        title="In numbers", columns=("what", "how many"), rows=[(LABELS[k], n) for k, n in result.measures.items()]
    )
    yield Section(
        title="Districts",
        columns=_DISTRICT_COLUMNS,
        rows=_district_rows(result),
    )
    yield Section(title="Licences", columns=_LICENCE_COLUMNS, rows=_licence_rows(result))
    yield Section(title="Collisions", lines=[note.text for note in result.collisions] or ["none"])
    yield Section(title="Decisions", lines=[note.text for note in result.decisions] or ["none"])
    yield Section(title="Steps for a person", columns=("kind", "steps"), rows=list(result.steps.items()))
    yield Section(
        title="What apply must be told to allow", lines=[f"--allow {name}" for name in result.allowances] or ["nothing"]
    )


_DISTRICT_COLUMNS = ("district", "takes over", "parts of", "units", "merged into these", "users", "numbers")
_LICENCE_COLUMNS = ("pool", "district", "allotted", "needed", "missing")


def _district_rows(result: WhatIf) -> list[tuple[Any, ...]]:
    return [
        (d.name, ", ".join(d.sources), ", ".join(d.parts_of), d.units, d.merged, d.users, d.numbers)
        for d in result.districts
    ]


def _licence_rows(result: WhatIf) -> list[tuple[Any, ...]]:
    names = {d.slug: d.name for d in result.districts}
    return [
        (pool.product, names[s.slug], s.allotted, s.needed, s.missing) for pool in result.pools for s in pool.shares
    ]


def comparison(several: Sequence[WhatIf]) -> TableReport:
    """Reforms side by side, one in a column."""
    return TableReport(
        headline=f"{len(several)} alternatives side by side.",
        columns=("what", *(each.name for each in several)),
        rows=[(label, *(each.measures[key] for each in several)) for key, label in LABELS.items()],
        data={"format_version": FORMAT_VERSION, "alternatives": [reform_document(each) for each in several]},
    )


def workbook(several: Sequence[WhatIf]) -> bytes:
    """One reform or several as XLSX: the numbers side by side, then each one's districts, licences, collisions and decisions."""
    from openpyxl import Workbook

    book = Workbook()
    for empty in list(book.worksheets):
        book.remove(empty)
    _sheet(book, "Side by side", ("what", *(each.name for each in several)), comparison(several).rows)
    for number, each in enumerate(several, 1):
        mark = f" {number}" if len(several) > 1 else ""
        _sheet(book, f"Districts{mark}", _DISTRICT_COLUMNS, _district_rows(each))
        _sheet(book, f"Licences{mark}", _LICENCE_COLUMNS, _licence_rows(each))
        _sheet(book, f"Collisions{mark}", ("collision",), [(note.text,) for note in each.collisions])
        _sheet(book, f"Decisions{mark}", ("decision",), [(note.text,) for note in each.decisions])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _sheet(book: Any, title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    from openpyxl.styles import Font

    sheet = book.create_sheet(title)
    for number, row in enumerate((columns, *rows), 1):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # a text is never a formula
            if number == 1:
                cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for column in sheet.columns:
        width = max(len(str(cell.value or "")) for cell in column)
        sheet.column_dimensions[column[0].column_letter].width = min(60, width + 2)
