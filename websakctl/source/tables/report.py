"""What is wrong with a table: findings at cells, and the same finding in fifty rows told once with its cells."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from websakctl.source.tables.table import Table, letters

_MOST_CELLS = 12  # of one finding that are named


class CellFinding(Struct, frozen=True, kw_only=True):
    """What is wrong with a cell, or with column 0 with a row. Both count from 1, as a spreadsheet shows them."""

    row: int
    column: int
    message: str
    help: str = ""


class Grouped(Struct, frozen=True, kw_only=True):
    """One fault, and every place that has it: ``ansatte.xlsx: Ansatte!F8, F12:F40``."""

    place: str
    count: int
    message: str
    help: str


def group(table: Table, findings: Iterable[CellFinding]) -> list[Grouped]:
    """Tell the same fault of one column once, in the order of its first cell."""
    groups: dict[tuple[int, str, str], list[int]] = {}
    for finding in findings:
        groups.setdefault((finding.column, finding.message, finding.help), []).append(finding.row)
    return [
        Grouped(place=_place(table, sorted(rows), column), count=len(rows), message=message, help=help_)
        for (column, message, help_), rows in groups.items()
    ]


def _place(table: Table, rows: Sequence[int], column: int) -> str:
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][-1] + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    first = table.place(rows[0], column)
    name = letters(column)
    rest = [f"{name}{run[0]}" + (f":{name}{run[-1]}" if len(run) > 1 else "") for run in runs]
    if len(runs[0]) > 1:
        first += f":{name}{runs[0][-1]}" if column else f" to {runs[0][-1]}"
    more = len(rest) - _MOST_CELLS
    shown = [first, *rest[1:_MOST_CELLS], *([f"and {more} more"] if more > 0 else [])]
    return ", ".join(shown)
