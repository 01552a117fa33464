"""A table as it came in: its rows of text, what the file says of single cells, and the errors that name a place."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct


class TableError(Exception):
    """A file that cannot be read as a table; ``what_next`` tells the person at the keyboard."""

    def __init__(self, message: str, what_next: str = "") -> None:
        super().__init__(message)
        self.what_next = what_next


class CellError(ValueError):
    """A cell that cannot be understood; ``what_next`` says how to write it."""

    def __init__(self, message: str, what_next: str = "") -> None:
        super().__init__(message)
        self.what_next = what_next


class Mark(Struct, frozen=True, kw_only=True):
    """What a workbook says of a cell besides its text.

    Args:
        type: ``number``, ``boolean``, ``date``, ``time`` or ``fault``.
        day: The day that a cell of type ``date`` holds.
        serial: The number behind a cell of type ``number``, as the file writes it.
        fault: Why the cell cannot be read, of type ``fault``.
        what_next: How to repair it.
    """

    type: str
    day: date | None = None
    serial: str = ""
    fault: str = ""
    what_next: str = ""


class Row(Struct, frozen=True, kw_only=True):
    """One row: its number as a spreadsheet shows it, from 1, and its cells, NFC and without blanks around them."""

    number: int
    cells: tuple[str, ...]


class Table(Struct, frozen=True, kw_only=True):
    """One sheet, or the only table of a CSV.

    Args:
        file: The file's name.
        about: How it was read: encoding and delimiter, or the sheet's name.
        rows: All rows that hold something.
        sheet: The sheet's name; empty for a CSV.
        marks: What the file says of single cells, by row number and column, both from 1.
        delimited: Whether every row says how many cells it has, as in a CSV.
        notes: What the person should know of how it was read.
        epoch_1904: Whether the workbook counts its days from 1904.
        totals: Row numbers that the file itself calls rows of totals.
        formulas: Cells whose value is a formula's saved result, by row number and column.
    """

    file: str
    about: str
    rows: tuple[Row, ...]
    sheet: str = ""
    marks: Mapping[tuple[int, int], Mark] = {}
    delimited: bool = False
    notes: tuple[str, ...] = ()
    epoch_1904: bool = False
    totals: frozenset[int] = frozenset()
    formulas: frozenset[tuple[int, int]] = frozenset()

    def __repr__(self) -> str:
        """Name it without its cells, which may hold people's data."""
        return f"Table({self.file!r}, {self.about!r}, {len(self.rows)} rows)"

    def place(self, row: int, column: int = 0) -> str:
        """Name a cell or, with column 0, a row as a spreadsheet does: ``a.xlsx: Ansatte!F8``, ``a.csv: row 8``."""
        return f"{self.file}: {self.reference(row, column)}"

    def reference(self, row: int, column: int = 0) -> str:
        """Name a cell within the file: ``Ansatte!F8``; in a CSV ``F8``."""
        cell = f"{letters(column)}{row}" if column else f"row {row}"
        if not self.sheet:
            return cell
        plain = self.sheet.isalnum() and not self.sheet[0].isdigit()
        quoted = self.sheet if plain else "'" + self.sheet.replace("'", "''") + "'"
        return f"{quoted}!{cell}"


def letters(column: int) -> str:
    """Name a column, from 1: ``A``, ``Z``, ``AA``."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
