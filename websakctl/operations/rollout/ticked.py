"""A work list that people have ticked off, handed back as CSV or as a workbook."""

from collections.abc import Mapping, Sequence

import msgspec

from websakctl.source.tables.encoding import header_key
from websakctl.source.tables.report import CellFinding
from websakctl.source.tables.shape import duplicate_headers, find_header, rows_below
from websakctl.source.tables.table import CellError, Row, Table, TableError
from websakctl.source.tables.values import text_in

_ID, _DONE = "id", "done"
_HEADERS = {"id": _ID, "done": _DONE, "utført": _DONE, "ferdig": _DONE}
_TICKED = frozenset({"x", "[x]", "ja", "j", "yes", "y", "true", "1", "ok", "✓", "✔", "☑"})
_NOT_TICKED = frozenset({"", "[ ]", "[]", "nei", "n", "no", "false", "0", "☐"})


class Ticked(msgspec.Struct, frozen=True, kw_only=True):
    """What a list says: the ids that are ticked, each with its cell, and what cannot be read."""

    table: Table
    ids: Mapping[str, tuple[int, int]]  # row and column
    findings: tuple[CellFinding, ...] = ()


def read_ticked(tables: Sequence[Table]) -> Ticked:
    """Read which items are ticked. An item of several rows is done when all of its rows are ticked.

    Raises:
        TableError: If no table is a work list.
    """
    known = [{header_key(header): name for header, name in _HEADERS.items()}]
    header = find_header(tables, known, needed=frozenset({_ID, _DONE}))
    if header is None or not {_ID, _DONE} <= header.columns.keys():
        raise TableError(
            f"{tables[0].file} is no work list: no columns are called ID and Utført",
            "hand in the list that `websakctl worklist show --format csv` or `websakctl export` wrote",
        )
    rows, findings, _ = rows_below(header)
    findings += duplicate_headers(header)
    marks: dict[str, dict[int, bool]] = {}
    for row in rows:
        try:
            marks.setdefault(_id(header.table, row, header.columns[_ID]), {})[row.number] = _is_ticked(
                header.table, row, header.columns[_DONE]
            )
        except _AtCell as error:
            findings.append(CellFinding(row=row.number, column=error.column, message=str(error), help=error.what_next))
    ids = {}
    for id_, by_row in marks.items():
        ticked = [row for row, done in by_row.items() if done]
        if len(ticked) == len(by_row):
            ids[id_] = ticked[0], header.columns[_ID]
        elif ticked:
            open_rows = ", ".join(str(row) for row, done in by_row.items() if not done)
            findings.append(
                CellFinding(
                    row=ticked[0],
                    column=header.columns[_DONE],
                    message=f"item {id_} is ticked here and not in row {open_rows}",
                    help="tick every row of the item, or none while something of it is left",
                )
            )
    return Ticked(table=header.table, ids=ids, findings=tuple(sorted(findings, key=lambda f: (f.row, f.column))))


class _AtCell(Exception):
    def __init__(self, message: str, column: int, what_next: str) -> None:
        super().__init__(message)
        self.column, self.what_next = column, what_next


def _id(table: Table, row: Row, column: int) -> str:
    try:
        id_ = text_in(table, row, column)
    except CellError as error:
        raise _AtCell(str(error), column, error.what_next) from None
    if not id_:
        raise _AtCell("the id is missing", column, "take the row from the list again")
    return id_


def _is_ticked(table: Table, row: Row, column: int) -> bool:
    mark = table.marks.get((row.number, column))
    text = (row.cells[column - 1] if column <= len(row.cells) else "").casefold()
    if (mark is not None and mark.fault) or text not in _TICKED | _NOT_TICKED:
        raise _AtCell(f"{text!r} is neither ticked nor open", column, "write x where it is done, and nothing elsewhere")
    return text in _TICKED
