"""The setup as a workbook (XLSX): a sheet for each kind with filters and drop-downs, and a cover that says where it is from."""

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import cast

import msgspec
from openpyxl import Workbook
from openpyxl.cell import Cell as BookCell
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from websakctl.operations.config.import_workbook import BASIS, READ_ONLY
from websakctl.operations.config.sheets import FIRST_HEADERS, Cell, Column, Shape, Sheet, text_of, texts_of
from websakctl.report.texts import Language, text

_LISTS = "lists"  # the hidden sheet that drop-downs choose from
_WIDEST, _NARROWEST = 60, 8  # characters
_LOCKED, _OPEN = Protection(locked=True), Protection(locked=False)
_GREY = PatternFill("solid", start_color="EEEEEE")
_HEADING = Font(bold=True, size=14)
_ACTS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet may take such a text for a formula
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # the format's own escapes


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """Where a workbook is from. ``commit``: empty where the config is in no git repository; ``dirty``: it had other changes too."""

    environment: str
    commit: str
    dirty: bool
    digest: str
    today: date
    tool_version: str


class PlainSheet(msgspec.Struct, frozen=True, kw_only=True):
    """A sheet that is only looked at, but for its open columns (from 0), in which something can be chosen."""

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    open_columns: Mapping[int, tuple[str, ...]] = {}


def workbook(
    cover: Cover,
    sheets: Sequence[Sheet],
    plain: Sequence[PlainSheet],
    keys: Mapping[tuple[str, str], Sequence[str]],
    language: Language,
) -> bytes:
    """Write a workbook.

    Args:
        cover: Where it is from.
        sheets: One for each kind.
        plain: Further sheets.
        keys: What references may be chosen from, by kind and scope.
        language: Of the cover; headers have theirs already.
    """
    book = Workbook()
    first = book.active
    assert isinstance(first, Worksheet)  # noqa: S101  # a new workbook begins with one
    lists = _Lists(keys)
    for sheet in sheets:
        _write_sheet(book.create_sheet(sheet.title), sheet, lists, language)
    for one in plain:
        _write_plain(book.create_sheet(one.title), one)
    _write_cover(first, cover, [*sheets, *plain], language)
    lists.write(book.create_sheet(_LISTS))
    _write_basis(book.create_sheet(BASIS), cover, sheets, plain)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def plain_workbook(sheet: PlainSheet) -> bytes:
    """Write a workbook of one sheet, such as a work list: a real table, with filters and with its first columns in sight."""
    book = Workbook()
    page = book.active
    assert isinstance(page, Worksheet)  # noqa: S101  # a new workbook begins with one
    page.title = sheet.title
    _write_plain(page, sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class _Lists:
    """The keys that drop-downs offer: a column for each kind and scope that is asked for."""

    def __init__(self, keys: Mapping[tuple[str, str], Sequence[str]]) -> None:
        self.keys = keys
        self.used: dict[tuple[str, str], int] = {}  # column, from 1

    def area(self, kind: str, scope: str) -> str | None:
        """Where the keys stand; nothing where there are none."""
        keys = self.keys.get((kind, scope))
        if not keys:
            return None
        column = get_column_letter(self.used.setdefault((kind, scope), len(self.used) + 1))
        return f"{_LISTS}!${column}$2:${column}${len(keys) + 1}"

    def write(self, page: Worksheet) -> None:
        """Write the columns, and hide the sheet."""
        for (kind, scope), column in self.used.items():
            for row, key in enumerate((f"{kind}/{scope}", *self.keys[kind, scope]), 1):
                _put(_at(page, row, column), key)
        page.sheet_state = "hidden"


def _write_sheet(page: Worksheet, sheet: Sheet, lists: _Lists, language: Language) -> None:
    headers = [*FIRST_HEADERS[language], sheet.key_header, *(column.header for column in sheet.columns)]
    for at, header in enumerate(headers, 1):
        _put(_at(page, 1, at), header)
    for number, row in enumerate(sheet.rows, 2):
        for at, value in enumerate((str(row.address), row.district, row.address.key), 1):
            cell = _at(page, number, at)
            _put(cell, value)
            cell.fill = _GREY
        for at, (column, content) in enumerate(zip(sheet.columns, row.cells, strict=True), 4):
            cell = _at(page, number, at)
            _put(cell, content, column.shape)
            if column.field in row.locked:
                cell.fill = _GREY
            else:
                cell.protection = _OPEN
    _offer(page, sheet, lists)
    _finish(page, sheet.kind.name, headers, len(sheet.rows), frozen=4)


def _offer(page: Worksheet, sheet: Sheet, lists: _Lists) -> None:
    """Let cells be chosen where only some values can stand."""
    last = len(sheet.rows) + 1
    for at, column in enumerate(sheet.columns, 4):
        letter = get_column_letter(at)
        for formula, first, until in _choices(column, sheet, lists, last):
            rule = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=True)
            rule.add(f"{letter}{first}:{letter}{until}")
            page.add_data_validation(rule)


def _choices(column: Column, sheet: Sheet, lists: _Lists, last: int) -> Iterator[tuple[str, int, int]]:
    """What can be chosen from, and the rows in which it can."""
    if column.shape is Shape.TRUTH:
        yield '"ja,nei"', 2, last
    elif column.choices:
        yield f'"{",".join(column.choices)}"', 2, last
    elif (ref := column.reference) is not None and not (ref.everywhere or ref.any_scope or ref.or_base):
        begin = 0
        while begin < len(sheet.rows):
            scope = sheet.rows[begin].address.scope
            end = begin
            while end < len(sheet.rows) and sheet.rows[end].address.scope == scope:
                end += 1
            if area := lists.area(ref.kind, scope if ref.same_scope else "base"):
                yield area, begin + 2, end + 1
            begin = end


def _write_plain(page: Worksheet, sheet: PlainSheet) -> None:
    for at, header in enumerate(sheet.columns, 1):
        _put(_at(page, 1, at), header)
    for number, row in enumerate(sheet.rows, 2):
        for at, value in enumerate(row, 1):
            cell = _at(page, number, at)
            _put(cell, value)
            if at - 1 in sheet.open_columns:
                cell.protection = _OPEN
            else:
                cell.fill = _GREY
    for at, choices in sheet.open_columns.items():
        letter = get_column_letter(at + 1)
        rule = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
        rule.add(f"{letter}2:{letter}{len(sheet.rows) + 1}")
        page.add_data_validation(rule)
    _finish(page, sheet.name, sheet.columns, len(sheet.rows), frozen=2)


def _finish(page: Worksheet, name: str, headers: Sequence[str], rows: int, *, frozen: int) -> None:
    """A real table with filters, headers that stay in sight, widths that fit, and keys that are not typed over."""
    area = f"A1:{get_column_letter(len(headers))}{rows + 1}"
    table = Table(displayName=name, ref=area)
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=True)
    page.add_table(table)
    page.freeze_panes = f"{get_column_letter(frozen)}2"
    for at, header in enumerate(headers, 1):
        longest = max((len(str(_at(page, row, at).value or "")) for row in range(2, rows + 2)), default=0)
        width = min(_WIDEST, max(_NARROWEST, len(header) + 4, longest + 2))
        page.column_dimensions[get_column_letter(at)].width = width
    page.protection.sheet = True
    for allowed in ("autoFilter", "sort", "formatColumns", "formatRows"):
        setattr(page.protection, allowed, False)  # false: not forbidden


def _at(page: Worksheet, row: int, column: int) -> BookCell:
    """A cell; none is merged here."""
    return cast("BookCell", page.cell(row, column))


def _put(cell: BookCell, value: Cell, shape: Shape = Shape.TEXT) -> None:
    """Write a value so that it is read back as it is, and never run."""
    cell.value = value
    if isinstance(value, str):
        cell.value = _ESCAPED.sub("_x005F_", value)
        cell.data_type = "s"  # what begins with = would be a formula, and #N/A an error
        cell.number_format = "@"
        if value.startswith(_ACTS):
            cell.quotePrefix = True
        if "\n" in value:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    elif value is None:
        cell.number_format = {Shape.DAY: "yyyy-mm-dd", Shape.NUMBER: "0"}.get(shape, "@")


def _write_cover(page: Worksheet, cover: Cover, sheets: Iterable[Sheet | PlainSheet], language: Language) -> None:
    page.title = text("Cover", language)
    _put(_at(page, 1, 1), text("The setup of Websak", language))
    _at(page, 1, 1).font = _HEADING
    commit = cover.commit or text("in no git repository", language)
    if cover.commit and cover.dirty:
        commit = f"{commit} {text('with changes that are not committed', language)}"
    facts: tuple[tuple[str, Cell], ...] = (
        (text("Environment", language), cover.environment),
        (text("Commit", language), commit),
        (text("Made on", language), cover.today),
        (text("Made by", language), f"websakctl {cover.tool_version}"),
    )
    for row, (name, value) in enumerate(facts, 3):
        _put(_at(page, row, 1), name)
        _put(_at(page, row, 2), value)
    row = 8
    for sheet in sheets:
        cell = _at(page, row, 1)
        _put(cell, sheet.title)
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{sheet.title}'!A1")
        cell.style = "Hyperlink"
        _at(page, row, 2).value = len(sheet.rows)
        row += 1
    for line in (
        text("Change the white cells. The grey ones are keys, and values that can only be changed in the files.", language),
        text("Several values in one cell have a semicolon between them. An empty cell means that nothing is said.", language),
        text("Rows are neither added nor taken away here: a row that is missing removes nothing.", language),
        text("Hand the workbook back with: websakctl import FILE.xlsx. It shows every change before it is written.", language),
    ):  # fmt: skip
        row += 1
        _put(_at(page, row, 1), line)
    page.column_dimensions["A"].width = 34
    page.column_dimensions["B"].width = 50
    page.protection.sheet = True


def _write_basis(page: Worksheet, cover: Cover, sheets: Iterable[Sheet], plain: Iterable[PlainSheet]) -> None:
    """Keep what the cells were, so that changes are told from what has changed in the config meanwhile."""
    about = {
        "format_version": 1,
        "environment": cover.environment,
        "commit": cover.commit,
        "dirty": cover.dirty,
        "digest": cover.digest,
    }
    _put(_at(page, 1, 1), BASIS)
    _put(_at(page, 1, 2), json.dumps(about, ensure_ascii=True))
    number = 2
    for sheet in sheets:
        for row in sheet.rows:
            _put(_at(page, number, 1), str(row.address))
            _put(_at(page, number, 2), json.dumps(texts_of(sheet, row), ensure_ascii=True))
            number += 1
    for one in plain:
        for line in one.rows:
            texts = ["" if at in one.open_columns else text_of(value) for at, value in enumerate(line)]
            _put(_at(page, number, 1), READ_ONLY)
            _put(_at(page, number, 2), json.dumps([one.title, *texts], ensure_ascii=True))
            number += 1
    page.sheet_state = "veryHidden"
