"""Where the headers stand, what each column holds, and which rows below them are rows of the list."""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from websakctl.source.tables.encoding import header_key
from websakctl.source.tables.report import CellFinding
from websakctl.source.tables.table import Row, Table, TableError, letters

_LOOK_AT = 30  # rows in which the headers may stand
_FOOTER = re.compile(
    r"(sum|total\w*|antall|i alt|til sammen|tilsammen|side \d|page \d|kilde|utskrift|uttrekk|kjørt|rapport|generert"
    r"|\(?\d+ (rows?|rader|ansatte|personer))\b",
    re.IGNORECASE,
)
_FOOTERS = 3  # rows at the end that may be footers


class Header(Struct, frozen=True, kw_only=True):
    """The row of headers of a table.

    Args:
        table: Where it stands.
        index: Of the row, among the table's rows.
        columns: Columns, from 1, by what they hold.
        rivals: Further columns whose headers say that they hold the same, by what they hold.
        unknown: Columns whose header nobody knows.
    """

    table: Table
    index: int
    columns: Mapping[str, int]
    rivals: Mapping[str, tuple[int, ...]] = {}
    unknown: tuple[int, ...] = ()

    @property
    def row(self) -> Row:
        """The headers themselves."""
        return self.table.rows[self.index]

    def text(self, column: int) -> str:
        """The header of a column, on one line."""
        cells = self.row.cells
        return " ".join(cells[column - 1].split()) if column <= len(cells) else ""


def find_header(
    tables: Sequence[Table], known: Sequence[Mapping[str, str]], *, needed: frozenset[str], least: int = 2
) -> Header | None:
    """Find the table that is meant, and its headers: the first row that has ``least`` of them.

    Args:
        tables: The sheets of a workbook, or the one of a CSV.
        known: What a column holds by its header in the form of ``header_key``; the first mapping that knows one wins.
        needed: What a table must hold to be the one.
        least: How many known headers make a row of headers.

    Raises:
        TableError: If several sheets hold such a table: rows of the others would be lost.
    """
    headers = [header for table in tables if (header := _header(table, known, least)) is not None]
    complete = [header for header in headers if needed <= header.columns.keys()]
    if len(complete) > 1:
        names = ", ".join(header.table.sheet for header in complete)
        raise TableError(
            f"{complete[0].table.file} has several sheets with such a list: {names}",
            "put all rows on one sheet, or hide or delete the sheets that are not meant",
        )
    return next(iter(complete or headers), None)


def _header(table: Table, known: Sequence[Mapping[str, str]], least: int) -> Header | None:
    for index, row in enumerate(table.rows[:_LOOK_AT]):
        header = _as_header(table, index, row, known)
        if len(header.columns) >= least:
            return header
    return None


def _as_header(table: Table, index: int, row: Row, known: Sequence[Mapping[str, str]]) -> Header:
    candidates: dict[str, list[tuple[int, int]]] = {}
    unknown = []
    for column, cell in enumerate(row.cells, 1):
        key = header_key(cell)
        result = next(((level, names[key]) for level, names in enumerate(known) if key in names), None)
        if result is not None:
            candidates.setdefault(result[1], []).append((result[0], column))
        elif key:
            unknown.append(column)
    columns, rivals = {}, {}
    for name, places in candidates.items():
        strongest = min(level for level, _ in places)
        first, *others = [column for level, column in places if level == strongest]
        columns[name] = first
        unknown += [column for level, column in places if level != strongest]
        if others:
            rivals[name] = tuple(others)
    return Header(table=table, index=index, columns=columns, rivals=rivals, unknown=tuple(sorted(unknown)))


def duplicate_headers(header: Header) -> Iterator[CellFinding]:
    """Find every column that claims to hold what another one holds."""
    first: dict[str, int] = {}
    for column in range(1, len(header.row.cells) + 1):
        text = header_key(header.text(column))
        if (
            text
            and first.setdefault(text, column) != column
            and text in {header_key(header.text(at)) for at in header.columns.values()}
        ):
            yield CellFinding(
                row=header.row.number,
                column=column,
                message=f"the header {header.text(column)!r} stands here a second time, after {letters(first[text])}",
                help="keep one of the columns, or give them different headers",
            )
    for name, others in header.rivals.items():
        for column in others:
            if header_key(header.text(column)) != header_key(header.text(header.columns[name])):
                yield CellFinding(
                    row=header.row.number,
                    column=column,
                    message=f"{header.text(column)!r} and {header.text(header.columns[name])!r} "
                    f"({letters(header.columns[name])}) may both hold the {name.replace('_', ' ')}",
                    help=f"keep one of them, or say which: user_import: {{columns: {{{name}: [{header.text(column)}]}}}}",
                )


def rows_below(header: Header) -> tuple[list[Row], list[CellFinding], list[str]]:
    """Give the rows of the list.

    Returns:
        The rows that can be read, what is wrong with the shape of others, and notes on what was passed over.
    """
    table = header.table
    body = list(table.rows[header.index + 1 :])
    notes = []
    for _ in range(_FOOTERS):
        if body and _is_footer(table, body[-1]):
            last = body.pop()
            text = next(filter(None, last.cells), "formulas without a saved result")
            notes.append(f"{table.reference(last.number)} is a footer, and passed over: {text[:40]}")
    width = max((at for at, cell in enumerate(header.row.cells, 1) if cell), default=0)
    notes.extend(
        f"column {letters(column)} has no header, and is passed over"
        for column in range(1, width + 1)
        if not header.row.cells[column - 1] and any(len(row.cells) >= column and row.cells[column - 1] for row in body)
    )
    even = {len(row.cells) for row in body}
    findings = []
    rows = []
    for row in body:
        finding = _misshapen(header, row, width, longer_is_even=len(even) == 1)
        if finding is None:
            rows.append(row)
        else:
            findings.append(finding)
    return rows, findings, notes


def _is_footer(table: Table, row: Row) -> bool:
    filled = [cell for cell in row.cells if cell]
    if row.number in table.totals:
        return True
    return (
        bool(filled)
        and bool(_FOOTER.match(filled[0]))
        and all(re.fullmatch(r"[\d\s.,:/-]+", cell) for cell in filled[1:])
    )


def _misshapen(header: Header, row: Row, width: int, *, longer_is_even: bool) -> CellFinding | None:
    def finding(column: int, message: str, what_next: str) -> CellFinding:
        return CellFinding(row=row.number, column=column, message=message, help=what_next)

    count = len(row.cells)
    surplus = next((at for at, cell in enumerate(row.cells[width:], width + 1) if cell), None)
    if surplus is not None and not header.table.delimited:
        return finding(
            surplus, "a value stands here without a header above it", "give the column a header, or move the value"
        )
    if surplus is not None or (header.table.delimited and count > len(header.row.cells) and not longer_is_even):
        return finding(
            0,
            f"this row has {count} cells, and there are {width} headers: a delimiter stands inside a value",
            "put quotes around the value that holds the delimiter",
        )
    if header.table.delimited and count < width:
        filled = [cell for cell in row.cells if cell]
        message = f"this row has {count} cell{'s' * (count != 1)}, and there are {width} headers"
        why = "a heading or a note?" if len(filled) == 1 else "a delimiter or the rest of the row is missing"
        return finding(0, f"{message}: {why}", "correct the row, or take it out")
    columns = header.columns.values()
    if len(columns) > 1 and all(  # nearly always the first one tells that it is not so
        column <= count and header_key(row.cells[column - 1]) == header_key(header.text(column)) for column in columns
    ):
        return finding(0, "the headers stand here a second time: another list begins", "put one list on a sheet, under one row of headers")  # fmt: skip
    if len(header.columns) > 2 and sum(map(bool, row.cells)) == 1:
        column = next(at for at, cell in enumerate(row.cells, 1) if cell)
        return finding(
            column, "only this cell of the row is filled: a heading or a note?", "take the row out, or fill it in"
        )
    return None
