"""CSV and TSV: which delimiter, and the records as a spreadsheet numbers them."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator

from websakctl.source.tables.encoding import decode, normalise
from websakctl.source.tables.table import Row, Table, TableError

MAX_ROWS = 200_000
_DELIMITERS = ";\t|,"
_SAMPLE = 200  # records that the delimiter is told by


def read_delimited(raw: bytes, name: str) -> Table:
    """Read a text file as a table.

    Raises:
        TableError: If it cannot be told how, or a quote is not closed.
    """
    text, encoding = decode(raw, name)
    if "\0" in text:
        raise TableError(f"{name} is neither CSV nor XLSX", "export it again as one of these")
    first, _, rest = text.partition("\n")
    declared = first.strip().strip('"').lower()
    if declared.startswith("sep=") and len(declared) == 5:  # Excel's own first line, which it does not show
        text, delimiter = rest, declared[4]
    else:
        delimiter = delimiter_of(text)
    if not text.strip().strip(delimiter).strip():
        raise TableError(f"{name} holds no rows", "export the list again")
    if text.lstrip()[:1] in "{[" and text.rstrip()[-1:] in "}]":
        raise TableError(f"{name} is JSON, not a table", "export it as .xlsx or as CSV UTF-8")
    rows: list[Row] = []
    for number, cells in records(io.StringIO(text, newline=""), delimiter, name):
        if len(rows) >= MAX_ROWS:
            raise TableError(f"{name} has more than {MAX_ROWS} rows", "split it by district")
        read = tuple(map(normalise, cells))
        if any(read):
            rows.append(Row(number=number, cells=read))
    if not rows:
        raise TableError(f"{name} holds no rows", "export the list again")
    named = {"\t": "tab"}.get(delimiter, delimiter)
    return Table(file=name, about=f"CSV, {encoding}, delimiter {named}", rows=tuple(rows), delimited=True)


def records(lines: Iterable[str], delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Give each record with its number, from 1.

    Raises:
        TableError: Where the quotes of a record do not match.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 1
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise TableError(f"{name}: row {number}: {error}", f"check the quotes from line {line} on") from None
        if cells is None:
            return
        yield number, cells
        number += 1


def delimiter_of(text: str) -> str:
    """Tell the delimiter by the first records: the one that cuts most records into the same number of cells; a comma only where nothing else does."""
    return max(_DELIMITERS, key=lambda delimiter: _evenness(text, delimiter))


def _evenness(text: str, delimiter: str) -> int:
    reader = csv.reader(io.StringIO(text[:100_000], newline=""), delimiter=delimiter)
    widths: Counter[int] = Counter()
    try:
        for count, cells in enumerate(reader):
            if count == _SAMPLE:
                break
            widths[len(cells)] += len(cells) > 1
    except csv.Error:
        return 0
    return max(((width - 1) * rows for width, rows in widths.items()), default=0)
