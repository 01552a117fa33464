"""XLSX, transitional and strict, read from its structure: every cell with its place, type, format and formula.

Source: ECMA-376, parts 1 and 4. Why not openpyxl's readers: docs/decisions/0002-dependencies.md
"""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from xml.etree.ElementTree import Element, ParseError, iterparse

from msgspec import Struct
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from websakctl.source.tables.delimited import MAX_ROWS
from websakctl.source.tables.encoding import normalise
from websakctl.source.tables.number_format import shown
from websakctl.source.tables.table import Mark, Row, Table, TableError, letters

_Event = Literal["start", "end"]
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MAX_COLUMNS = 16_384
_SAVE_AGAIN = "open it in a spreadsheet and save it again as .xlsx"
_NO_RESULT = "open it in a spreadsheet and save it again, or write the values"


class _Damaged(Exception):
    """The file breaks its format."""


class _Sheet(Struct, frozen=True, kw_only=True):
    name: str
    part: str
    visible: bool


class _Book(Struct, frozen=True, kw_only=True):
    """What the sheets share."""

    texts: list[str]
    formats: list[str]  # number formats by the cells' style
    epoch: datetime


def read_workbook(parts: zipfile.ZipFile, name: str, *, hidden: bool = False) -> tuple[Table, ...]:
    """Read every visible worksheet that holds something, or the hidden ones too; chart sheets hold nothing.

    Raises:
        TableError: If the file is not whole, or nothing is in it.
    """
    try:
        sheets, epoch = _sheets(parts)
        book = _Book(texts=_shared_texts(parts), formats=_formats(parts), epoch=epoch)
        tables = [_read_sheet(parts, sheet, book, name) for sheet in sheets if sheet.visible or hidden]
    except (_Damaged, KeyError, ValueError, ParseError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, RuntimeError) as error:  # fmt: skip
        what = str(error) if isinstance(error, _Damaged) else type(error).__name__
        raise TableError(f"{name} is not a whole XLSX file ({what})", _SAVE_AGAIN) from None
    filled = tuple(table for table in tables if table.rows)
    if not filled:
        unseen = ", ".join(sheet.name for sheet in sheets if not sheet.visible)
        raise TableError(
            f"{name} holds no rows" + (f" on a visible sheet (hidden: {unseen})" if unseen else ""),
            "show the sheet that holds the list" if unseen else "export the list again",
        )
    return filled


@lru_cache(maxsize=1024)  # a workbook has a few dozen tags, each of them a million times
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _sheets(parts: zipfile.ZipFile) -> tuple[list[_Sheet], datetime]:
    """Worksheets in the workbook's order, and the day that it counts from."""
    types = dict(_related(parts, "").values())
    if "officeDocument" not in types:
        raise _Damaged("no workbook in it")
    path = types["officeDocument"]
    related = _related(parts, path)
    sheets: list[_Sheet] = []
    epoch = CALENDAR_WINDOWS_1900
    for element in _elements(parts, path):
        tag = _local(element.tag)
        if tag == "workbookPr" and element.get("date1904") in ("1", "true"):
            epoch = CALENDAR_MAC_1904
        if tag == "sheet":
            identity = next((v for k, v in element.attrib.items() if _local(k) == "id" and k != "id"), "")
            if identity not in related:
                raise _Damaged(f"the sheet {element.get('name')!r} is missing")
            kind, part = related[identity]
            if kind == "worksheet":
                visible = element.get("state", "visible") == "visible"
                sheets.append(_Sheet(name=element.get("name", ""), part=part, visible=visible))
    return sheets, epoch


def _related(parts: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """The parts that one names, by id: what each is, and its path."""
    folder, file = posixpath.split(part)
    path = posixpath.join(folder, "_rels", f"{file}.rels")
    result = {}
    if path in parts.namelist():
        for element in _elements(parts, path):
            if _local(element.tag) == "Relationship" and element.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, element.get("Target", ""))).lstrip("/")
                result[element.get("Id", "")] = (element.get("Type", "").rpartition("/")[2], target)
    return result


def _events(parts: zipfile.ZipFile, path: str, events: Sequence[_Event]) -> Iterator[tuple[str, Element]]:
    """Parse a part. No workbook declares entities, and expat limits what others expand to."""
    with parts.open(path) as file:
        if b"<!DOCTYPE" in file.read(1024):
            raise _Damaged(f"{path} declares a document type")
    with parts.open(path) as file:
        yield from iterparse(file, events)  # noqa: S314 -- see above; a ParseError is caught where the file is read


def _elements(parts: zipfile.ZipFile, path: str) -> Iterator[Element]:
    return (element for _, element in _events(parts, path, ("end",)))


def _part_of(parts: zipfile.ZipFile, kind: str) -> str | None:
    book = next(path for name, path in _related(parts, "").values() if name == "officeDocument")
    return next((path for name, path in _related(parts, book).values() if name == kind), None)


def _shared_texts(parts: zipfile.ZipFile) -> list[str]:
    path = _part_of(parts, "sharedStrings")
    texts = []
    if path is not None:
        for element in _elements(parts, path):
            if _local(element.tag) == "si":
                texts.append(_text(element))
                element.clear()
    return texts


def _text(element: Element) -> str:
    """A text without its looks and without readings (phonetic runs), its escapes undone."""
    pieces: list[str] = []
    for child in element:
        tag = _local(child.tag)
        if tag == "t":
            pieces.append(child.text or "")
        elif tag == "r":
            pieces.extend(part.text or "" for part in child if _local(part.tag) == "t")
    return _unescaped("".join(pieces))


def _unescaped(text: str) -> str:
    if "_x" in text:
        text = _ESCAPE.sub(lambda result: chr(int(result[1], 16)), text)
    return normalise(text.replace("\r\n", "\n")) if text else ""


def _formats(parts: zipfile.ZipFile) -> list[str]:
    path = _part_of(parts, "styles")
    if path is None:
        return []
    own: dict[int, str] = {}
    styles: list[int] = []
    inside = False
    for event, element in _events(parts, path, ("start", "end")):
        tag = _local(element.tag)
        if tag == "cellXfs":
            inside = event == "start"
        elif event == "end" and tag == "numFmt" and "numFmtId" in element.attrib:
            own[int(element.get("numFmtId", "0"))] = element.get("formatCode", "General")
        elif event == "start" and tag == "xf" and inside:
            styles.append(int(element.get("numFmtId", "0")))
    return [own.get(number) or BUILTIN_FORMATS.get(number, "General") for number in styles]


def _read_sheet(parts: zipfile.ZipFile, sheet: _Sheet, book: _Book, file: str) -> Table:
    reading = _Reading(book, sheet.name, file)
    reading.read(_events(parts, sheet.part, ("start", "end")))
    reading.mark_merged()
    totals = frozenset(_totals(parts, sheet.part))
    return Table(
        file=file,
        about=f"XLSX, sheet {sheet.name}",
        sheet=sheet.name,
        rows=tuple(Row(number=n, cells=cells) for n, cells in sorted(reading.rows.items())),
        marks=reading.marks,
        notes=reading.notes(),
        epoch_1904=book.epoch == CALENDAR_MAC_1904,
        totals=totals,
        formulas=frozenset(reading.formulas),
    )


def _totals(parts: zipfile.ZipFile, part: str) -> Iterator[int]:
    """Rows that the sheet's tables call rows of totals."""
    for kind, path in _related(parts, part).values():
        if kind == "table":
            for element in _elements(parts, path):
                rows = int(element.get("totalsRowCount", "0"))
                if _local(element.tag) == "table" and rows and (area := _area(element.get("ref", ""))):
                    yield from range(area[3] - rows + 1, area[3] + 1)


def _place(reference: str) -> tuple[int, int]:
    result = _REFERENCE.fullmatch(reference)
    if result is None:
        raise _Damaged(f"{reference!r} is no cell")
    column = 0
    for letter in result[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(result[2]), column


def _area(reference: str) -> tuple[int, int, int, int] | None:
    """First column and row, last column and row."""
    first, colon, last = reference.replace("$", "").partition(":")
    if not colon:
        return None
    (top, left), (bottom, right) = _place(first), _place(last)
    return left, top, right, bottom


class _Reading:
    """One pass over a sheet."""

    def __init__(self, book: _Book, sheet: str, file: str) -> None:
        self.book, self.sheet, self.file = book, sheet, file
        self.rows: dict[int, tuple[str, ...]] = {}
        self.marks: dict[tuple[int, int], Mark] = {}
        self.merged: list[tuple[int, int, int, int]] = []
        self.formulas: set[tuple[int, int]] = set()
        self.hidden_rows = 0
        self.hidden_columns = ""
        self._seen: set[int] = set()
        self._last = 0

    def read(self, events: Iterator[tuple[str, Element]]) -> None:
        """Take rows as they end, and let go of them, so that a large sheet needs little memory."""
        holder: Element | None = None
        for event, element in events:
            tag = _local(element.tag)
            if event == "start":
                if tag == "sheetData":
                    holder = element
            elif tag == "row":
                self._row(element)
                if holder is not None:
                    holder.clear()
            elif tag == "mergeCell" and (area := _area(element.get("ref", ""))):
                self.merged.append(area)
            elif tag == "col" and element.get("hidden") in ("1", "true"):
                self.hidden_columns += f" {letters(int(element.get('min', '1')))}"

    def notes(self) -> tuple[str, ...]:
        """What of the sheet people do not see, and is read all the same."""
        notes = []
        if self.hidden_rows:
            notes.append(f"{self.hidden_rows} hidden or filtered rows are read too")
        if self.hidden_columns:
            notes.append(f"hidden columns are read too:{self.hidden_columns}")
        return tuple(notes)

    def mark_merged(self) -> None:
        """In merged cells only the first holds anything: the others are no empty cells."""
        width = max(map(len, self.rows.values()), default=0)
        for left, top, right, bottom in self.merged:
            for row in range(top, bottom + 1) if bottom - top < len(self.rows) else self.rows:
                if not top <= row <= bottom or row not in self.rows:
                    continue
                for column in range(left, min(right, width) + 1):
                    if (row, column) != (top, left):
                        self.marks[row, column] = Mark(
                            type="merged",
                            fault=f"this cell is merged with {letters(left)}{top}",
                            what_next="unmerge the cells, and fill in each of them",
                        )

    def _row(self, element: Element) -> None:
        number = int(element.get("r", self._last + 1))
        if number in self._seen or not 1 <= number <= 1_048_576:
            raise _Damaged(f"row {number} of sheet {self.sheet} stands there twice")
        self._last = number
        self._seen.add(number)
        cells: dict[int, str] = {}
        column = 0
        for cell in element:
            if _local(cell.tag) != "c":
                continue
            if (reference := cell.get("r")) is None:
                column += 1
            else:
                row, column = _place(reference)
                if row != number:
                    raise _Damaged(f"cell {reference} stands in row {number} of sheet {self.sheet}")
            if column in cells or column > _MAX_COLUMNS:
                raise _Damaged(f"cell {letters(column)}{number} of sheet {self.sheet} stands there twice")
            cells[column], mark = self._cell(cell, (number, column))
            if mark is not None:
                self.marks[number, column] = mark
        if not any(cells.values()) and not any((number, at) in self.marks for at in cells):
            return
        if len(self.rows) >= MAX_ROWS:
            raise TableError(f"{self.file} has more than {MAX_ROWS} rows", "split it by district")
        self.hidden_rows += element.get("hidden") in ("1", "true")
        self.rows[number] = tuple(cells.get(at, "") for at in range(1, max(cells) + 1))

    def _cell(self, cell: Element, at: tuple[int, int]) -> tuple[str, Mark | None]:
        kind, value, inline, formula = cell.get("t", "n"), None, None, False
        for child in cell:
            tag = _local(child.tag)
            if tag == "v":
                value = child.text or ""
            elif tag == "is":
                inline = _text(child)
            elif tag == "f":
                formula = True
                self.formulas.add(at)
        if inline is not None:
            return inline, None
        if kind == "str" and value is not None:
            return _unescaped(value), None
        if not value:
            return "", _fault("a formula without a saved result stands here", _NO_RESULT) if formula else None
        match kind:
            case "s":
                if not (value.isascii() and value.isdigit() and int(value) < len(self.book.texts)):
                    raise _Damaged(f"a text of sheet {self.sheet} is missing")
                return self.book.texts[int(value)], None
            case "n":
                return self._number(value, cell.get("s", "0"))
            case "b":
                return ("true" if value in ("1", "true") else "false"), Mark(type="boolean")
            case "d":
                return _iso(value)
            case "e":
                return value, _fault(f"the error {value} stands here, the result of a formula", "correct the formula, or write the value")  # fmt: skip
        raise _Damaged(f"cells of type {kind!r} in sheet {self.sheet}")

    def _number(self, value: str, style: str) -> tuple[str, Mark | None]:
        if not _NUMBER.fullmatch(value):
            return value, _fault("no number, though the file says so", "write the value again")
        if not style.isdigit():
            raise _Damaged(f"a cell of sheet {self.sheet} has no style")
        code = self.book.formats[int(style)] if int(style) < len(self.book.formats) else "General"
        if is_date_format(code):
            return self._day(value)
        text = shown(value, code)
        if text is None:
            return value, Mark(type="decimal", serial=value)
        return text, Mark(type="number", serial=value)

    def _day(self, value: str) -> tuple[str, Mark]:
        try:
            when = from_excel(float(value), self.book.epoch)
        except (OverflowError, ValueError):
            return value, _fault(f"{value} is no date that a spreadsheet can show", "write the value again")
        return _of_time(when)


def _of_time(when: date | datetime | time | timedelta) -> tuple[str, Mark]:
    if isinstance(when, datetime) and when.time() == time.min:
        return when.date().isoformat(), Mark(type="date", day=when.date())
    if isinstance(when, datetime | time):
        return when.isoformat(*([" "] if isinstance(when, datetime) else [])), Mark(type="time")
    if isinstance(when, timedelta):
        return str(when), Mark(type="time")
    return when.isoformat(), Mark(type="date", day=when)


def _iso(value: str) -> tuple[str, Mark]:
    for read in (datetime.fromisoformat, time.fromisoformat):
        try:
            return _of_time(read(value))
        except ValueError:
            continue
    return value, _fault(f"{value} is no date", "write the value again")


def _fault(message: str, what_next: str) -> Mark:
    return Mark(type="fault", fault=message, what_next=what_next)
