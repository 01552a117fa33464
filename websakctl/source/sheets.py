"""Tables from office programs: CSV in whatever encoding and with whatever delimiter, and XLSX, as rows of texts."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

from websakctl.record import record

MAX_BYTES = 64 * 1024 * 1024
MAX_UNPACKED = 16 * MAX_BYTES
MAX_ROWS = 200_000
_DELIMITERS = ";,\t|"
# What no table of names holds: where Windows' western encoding gives it, the file was in another one.
_ODD = re.compile("[^\x00-\x7fÀ-ÖØ-öø-ÿŠš§°«»–—’“”…€½ ´·]")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_FAILED = frozenset(  # results of formulas, as English and Norwegian programs write them
    ["#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#I/T", "#NAVN?", "#VERDI!", "#TOM!"]
)
_XLSX = b"PK\x03\x04"
_XLS = b"\xd0\xcf\x11\xe0"

Row = tuple[int, tuple[str, ...]]  # the row's number in the file, from 1, and its cells without blanks around them


class SheetError(Exception):
    """A file that is no table that can be read; ``what_next`` tells the person at the keyboard."""

    def __init__(self, message: str, what_next: str = "") -> None:
        super().__init__(message)
        self.what_next = what_next


@record
class Sheet:
    """A table. ``about`` says how it was read: encoding and delimiter, or the sheet's name."""

    file: str
    about: str
    rows: tuple[Row, ...]  # without empty ones


def read_sheet(path: Path) -> Sheet:
    """Read a table; what it is, its content says and not its name.

    Raises:
        SheetError: If it cannot be read, or is no table.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SheetError(f"{path.name} is larger than {MAX_BYTES // 2**20} MB", "split it by district")
        raw = path.read_bytes()
    except OSError as error:
        raise SheetError(f"cannot read {path}: {error.strerror}", "check the path and its permissions") from None
    if raw.startswith(_XLSX):
        about, rows = _xlsx(raw, path.name)
    elif raw.startswith(_XLS):
        raise SheetError(f"{path.name} is an old Excel file (.xls)", "save it as .xlsx or CSV")
    else:
        about, rows = _csv(raw, path.name)
    kept = tuple(_whole(rows, path.name))
    if not kept:
        raise SheetError(f"{path.name} holds no rows")
    return Sheet(path.name, about, kept)


def _whole(rows: Iterable[tuple[int, Iterable[str]]], name: str) -> Iterator[Row]:
    for count, (number, cells) in enumerate(rows):
        if count >= MAX_ROWS:
            raise SheetError(f"{name} has more than {MAX_ROWS} rows", "split it by district")
        stripped = tuple(cell.replace("\u00a0", " ").strip() for cell in cells)
        if not any(stripped):
            continue
        failed = next((at for at, cell in enumerate(stripped, 1) if cell in _FAILED), None)
        if failed is not None:
            raise SheetError(
                f"{name}:{number}:{failed}: a formula stands here that failed", "mend it, or write the value"
            )
        yield number, stripped


def _csv(raw: bytes, name: str) -> tuple[str, Iterator[tuple[int, list[str]]]]:
    text, encoding = _decoded(raw, name)
    if "\0" in text:
        raise SheetError(f"{name} is neither CSV nor XLSX", "export it again as one of these")
    said, _, rest = text.partition("\n")
    told = said.strip().strip('"').lower()
    skipped = told.startswith("sep=") and len(told) == 5  # how Excel is told of the delimiter
    delimiter = told[4] if skipped else _delimiter(text)
    named = {"\t": "tab"}.get(delimiter, delimiter)
    return f"CSV, {encoding}, delimiter {named}", _records(
        rest if skipped else text, delimiter, name, first=1 + skipped
    )


def _records(text: str, delimiter: str, name: str, first: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = first
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise SheetError(f"{name}:{start}: {error}", "see to the quotes in that row") from None
        if cells is None:
            return
        yield start, cells
        start = first + reader.line_num


def _decoded(raw: bytes, name: str) -> tuple[str, str]:
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            try:
                return raw.decode(encoding), encoding.removesuffix("-sig").upper()
            except UnicodeDecodeError:
                raise SheetError(f"{name} says that it is {encoding}, and is not", "export it again as UTF-8") from None
    with suppress(UnicodeDecodeError):
        return raw.decode(), "UTF-8"
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        text = "\x80"
    if _ODD.search(text):
        raise SheetError(f"the encoding of {name} is neither Unicode nor Windows-1252", "export it again as UTF-8")
    return text, "Windows-1252"


def _delimiter(text: str) -> str:
    """What the sniffer says, if the first line bears it out; else what is most frequent there."""
    head = text.lstrip("\r\n").split("\n", 1)[0]
    try:
        sniffed = csv.Sniffer().sniff(text[:20_000], delimiters=_DELIMITERS).delimiter
    except csv.Error:
        sniffed = ""
    return sniffed if sniffed and sniffed in head else max(_DELIMITERS, key=head.count)


def _xlsx(raw: bytes, name: str) -> tuple[str, Iterator[tuple[int, list[str]]]]:
    import warnings
    import zipfile
    from xml.etree.ElementTree import ParseError

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    what_next = "save it again as .xlsx, without a password"
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as parts:
            if sum(part.file_size for part in parts.infolist()) > MAX_UNPACKED:
                raise SheetError(f"{name} is larger than {MAX_UNPACKED // 2**20} MB unpacked", "split it by district")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and the like, which are not looked at
            book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        for sheet in visible:
            sheet.reset_dimensions()  # what some programs say of it is wrong
            rows = [(n, [_text(v) for v in row]) for n, row in enumerate(_some(sheet), 1)]
            if any(any(cells) for _, cells in rows):
                _see_to_formulas(raw, sheet, name)
                others = f" (of {len(visible)})" if len(visible) > 1 else ""
                return f"XLSX, sheet {sheet.title}{others}", iter(rows)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, ParseError, EOFError) as error:
        raise SheetError(f"{name} is not a whole XLSX file ({type(error).__name__})", what_next) from None
    raise SheetError(f"{name} holds no rows")


def _see_to_formulas(raw: bytes, results: Any, name: str) -> None:
    """Refuse formulas without a result: a program that does not compute them leaves nothing there, as in an empty cell."""
    import zipfile

    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(raw)) as parts:
        sheets = [part for part in parts.namelist() if part.startswith("xl/worksheets/") and part.endswith(".xml")]
        if not any(b"<f>" in text or b"<f " in text for text in map(parts.read, sheets)):
            return
    formulas = load_workbook(io.BytesIO(raw), read_only=True)[results.title]
    formulas.reset_dimensions()
    for number, (row, said) in enumerate(zip(results.iter_rows(), formulas.iter_rows(), strict=False), 1):
        for at, (cell, formula) in enumerate(zip(row, said, strict=False), 1):
            if formula.data_type == "f" and cell.value is None and cell.data_type != "str":  # that is an empty text
                raise SheetError(
                    f"{name}:{number}:{at}: a formula stands here, and no result was saved",
                    "open it in an office program and save it again, or write the values",
                )


def _some(sheet: Any) -> Iterator[tuple[Any, ...]]:
    """The rows, one more than are taken: a sheet may say that it is a million rows long."""
    for count, row in enumerate(sheet.iter_rows(values_only=True)):
        if count > MAX_ROWS:
            return
        yield row


def _text(value: Any) -> str:
    """A cell as people see it: a number without a point where it has none, a day without its midnight."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
