"""Files: which kind, in which encoding, with which sheets; and the rows of a list among all that stands around it."""

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart
from openpyxl.worksheet.table import Table as WorksheetTable

from websakctl.source.tables.read import read_tables
from websakctl.source.tables.report import group
from websakctl.source.tables.shape import duplicate_headers, find_header, rows_below
from websakctl.source.tables.table import CellError, Table, TableError
from websakctl.source.tables.values import day_in, text_in

KNOWN = [{"navn": "name", "enhet": "unit", "telefon": "phone", "e post": "email"}]
ROWS = [("Navn", "Enhet", "Telefon"), ("Kari Nordmann", "OPPV", "22000000"), ("Ola Nordmann", "HELSE", "22000001")]


def book(folder: Path, *sheets: Sequence[Sequence[object]], edit: Callable[[Workbook], None] | None = None) -> Path:
    created = Workbook()
    for number, rows in enumerate(sheets):
        sheet = created.active if number == 0 else created.create_sheet()
        sheet.title = f"Ark{number + 1}"
        for row in rows:
            sheet.append(list(row))
    if edit is not None:
        edit(created)
    created.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def edited(path: Path, part: str, change: Callable[[str], str]) -> Path:
    """Change the text of a part of a workbook."""
    out = path.with_name("edited.xlsx")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, change(content.decode()) if re.search(part, name) else content)
    return out


def read(path: Path) -> tuple[list[tuple[str, ...]], list[tuple[int, int, str]], list[str]]:
    header = find_header(read_tables(path), KNOWN, needed=frozenset({"name"}))
    assert header is not None
    rows, findings, notes = rows_below(header)
    findings += duplicate_headers(header)
    return [row.cells for row in rows], [(f.row, f.column, f.message) for f in findings], [*header.table.notes, *notes]


def as_csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "is encrypted"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), "old Excel file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "Word document"),
        (b"<html><table><tr><td>Navn</td></tr></table></html>", "a web page"),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE html>", "a web page"),
        (b"<meta charset=utf-8><table>", "a web page"),
        (b"MIME-Version: 1.0\r\n", "a web page"),
        (b"From: <Saved>\r\nSubject: x\r\nMIME-Version: 1.0\r\n", "a web page"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "XML Spreadsheet 2003",
        ),
        (b"<?xml version='1.0'?><list/>", "an XML document"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\x1f\x8b\x08", "packed with gzip"),
        (b'[{"navn": "Kari"}]', "is JSON"),
        (b"PK\x03\x04", "not a whole XLSX file"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "list.xlsx").write_bytes(content)
    with pytest.raises(TableError, match=message) as caught:
        read_tables(tmp_path / "list.xlsx")
    assert caught.value.what_next


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (["mimetype", "content.xml"], "OpenDocument"),
        (["xl/workbook.bin"], "binary workbook"),
        (["word/document.xml"], "Word or PowerPoint"),
        (["Index/Document.iwa"], "Apple Numbers"),
        (["list.csv"], "a ZIP archive"),
        (["[Content_Types].xml"], "no workbook in it"),
    ],
)
def test_what_is_another_archive_is_named(tmp_path: Path, parts: list[str], message: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for part in parts:
            archive.writestr(part, "x")
    (tmp_path / "list.xlsx").write_bytes(out.getvalue())
    with pytest.raises(TableError, match=message):
        read_tables(tmp_path / "list.xlsx")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings_that_can_be_told(tmp_path: Path, encoding: str) -> None:
    path = as_csv(tmp_path / "a.csv", "Navn;Enhet\r\nKåre Ærlig O’Brien;Østkanten «A»\r\n", encoding)
    assert read_tables(path)[0].rows[1].cells == ("Kåre Ærlig O’Brien", "Østkanten «A»")


@pytest.mark.parametrize("encoding", ["cp850", "cp865", "cp437", "mac_roman"])
@pytest.mark.parametrize("name", ["Åse", "Ænes", "Bærum", "BÆRUM", "Kåre", "Måløy"])
def test_encodings_that_cannot_be_told(tmp_path: Path, encoding: str, name: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"Navn;Enhet\r\nKari;A\r\n{name};B\r\n".encode(encoding, "replace"))
    if b"?" in path.read_bytes():
        pytest.skip(f"{encoding} has not all letters of {name}")
    with pytest.raises(TableError, match="line 3"):
        read_tables(path)


def test_two_encodings_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Navn;Enhet\r\nÅse;A\r\n".encode() + "Kåre;B\r\n".encode("cp1252"))
    with pytest.raises(TableError, match="mixes two encodings: line 3"):
        read_tables(path)


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_title_lines_in_any_delimiter(tmp_path: Path, delimiter: str) -> None:
    lines = ["Uttrekk, 30.11.2026; kl. 12", "", *(delimiter.join(row) for row in ROWS)]
    rows, findings, _ = read(as_csv(tmp_path / "a.csv", "\r\n".join(lines)))
    assert (rows, findings) == (ROWS[1:], [])


def test_headers_with_line_breaks_and_footers(tmp_path: Path) -> None:
    text = 'Navn;"En-\n"\n'.replace("En-\n", " Enhet\n") + "Kari;A\nOla;B\nAntall: 2;\n"
    rows, findings, notes = read(as_csv(tmp_path / "a.csv", text))
    assert (rows, findings) == ([("Kari", "A"), ("Ola", "B")], [])
    assert notes == ["row 4 is a footer, and passed over: Antall: 2"]


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        ("Navn;Enhet\nKari;A;B\n", (2, 0, "this row has 3 cells, and there are 2 headers")),
        ("Navn;Enhet\nOla;A\nKari;A;\n", (3, 0, "this row has 3 cells, and there are 2 headers")),
        ("Navn;Enhet;Telefon\nKari;A\n", (2, 0, "this row has 2 cells, and there are 3 headers")),
        ("Navn;Enhet;Navn\nKari;A;Ola\n", (1, 3, "the header 'Navn' stands here a second time, after A")),
        ("Navn;Enhet\nKari;A\nNavn;Enhet\nOla;A\n", (3, 0, "the headers stand here a second time")),
        ("Navn;Enhet;Telefon\n;Seksjon A;\nOla;A;\n", (2, 2, "only this cell of the row is filled")),
    ],
)
def test_shapes_that_are_not_taken(tmp_path: Path, rows: str, finding: tuple[int, int, str]) -> None:
    _, findings, _ = read(as_csv(tmp_path / "a.csv", rows))
    assert [(row, column, message[: len(finding[2])]) for row, column, message in findings] == [finding]


def test_a_delimiter_at_the_end_of_every_row_is_no_cell(tmp_path: Path) -> None:
    assert read(as_csv(tmp_path / "a.csv", "Navn;Enhet\nKari;A;\nOla;B;\n"))[:2] == (
        [("Kari", "A", ""), ("Ola", "B", "")],
        [],
    )


def test_the_same_fault_is_told_once_with_its_cells(tmp_path: Path) -> None:
    path = book(tmp_path, [*ROWS[:1], *[("Kari", "X", "")] * 3, ("Ola", "A", "1"), ("Kari", "X", "")])
    (table,) = read_tables(path)
    from websakctl.source.tables.report import CellFinding

    findings = [CellFinding(row=row, column=2, message="no unit X") for row in (2, 3, 4, 6)]
    (one,) = group(table, findings)
    assert (one.place, one.count) == ("a.xlsx: Ark1!B2:B4, B6", 4)


# --- workbooks


def test_of_several_sheets_the_one_with_the_list_is_read(tmp_path: Path) -> None:
    def chart(made: Workbook) -> None:
        made.create_chartsheet(index=0).add_chart(BarChart())
        made["Ark3"].sheet_state = "hidden"

    path = book(tmp_path, [("Forside",)], ROWS, ROWS, edit=chart)
    assert read(path)[:2] == (ROWS[1:], [])


def test_two_sheets_with_a_list_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="several sheets with such a list: Ark1, Ark2"):
        read(book(tmp_path, ROWS, ROWS))


def test_a_strict_workbook_is_read(tmp_path: Path) -> None:
    def strict(text: str) -> str:
        return text.replace(
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"
        ).replace(
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            "http://purl.oclc.org/ooxml/officeDocument/relationships",
        )

    path = edited(book(tmp_path, ROWS), r"\.(xml|rels)$", strict)
    assert b"purl.oclc.org" in zipfile.ZipFile(path).read("xl/workbook.xml")
    assert read(path)[0] == ROWS[1:]


def test_hidden_rows_are_read_and_told(tmp_path: Path) -> None:
    def hide(made: Workbook) -> None:
        made.active.row_dimensions[2].hidden = True
        made.active.column_dimensions["C"].hidden = True

    rows, findings, notes = read(book(tmp_path, ROWS, edit=hide))
    assert rows == ROWS[1:] and findings == []
    assert notes == ["1 hidden or filtered rows are read too", "hidden columns are read too: C"]


def test_what_cells_are_besides_text(tmp_path: Path) -> None:
    cells = [date(2027, 2, 1), datetime(2027, 2, 1, 8), time(8), True, 2.5, "=A1", "plain_x0041_"]
    (table,) = read_tables(book(tmp_path, [("Navn", *"bcdefg"), cells]))
    row = table.rows[1]
    assert day_in(table, row, 1) == date(2027, 2, 1)
    for column, message in enumerate(
        ["a date", "a time", "a time", "true or false", "a number with decimals", "a formula without"], 1
    ):
        with pytest.raises(CellError, match=message):
            text_in(table, row, column)
    assert text_in(table, row, 7) == "plainA"


def test_days_of_a_workbook_that_counts_from_1904(tmp_path: Path) -> None:
    def count(text: str) -> str:
        return text.replace("<workbookPr ", '<workbookPr date1904="1" ').replace(
            "<workbookPr/>", '<workbookPr date1904="1"/>'
        )

    path = edited(book(tmp_path, [("Navn", "Start"), ("Kari", 44957)]), "workbook.xml$", count)
    (table,) = read_tables(path)
    assert day_in(table, table.rows[1], 2) == date(2027, 2, 1)
    (table,) = read_tables(book(tmp_path, [("Navn", "Start"), ("Kari", 46419)]))
    assert day_in(table, table.rows[1], 2) == date(2027, 2, 1)


def test_merged_cells_are_no_empty_cells(tmp_path: Path) -> None:
    (table,) = read_tables(book(tmp_path, ROWS, edit=lambda made: made.active.merge_cells("B2:B3")))
    assert text_in(table, table.rows[1], 2) == "OPPV"
    with pytest.raises(CellError, match="merged with B2"):
        text_in(table, table.rows[2], 2)


def test_a_value_without_a_header_is_not_dropped(tmp_path: Path) -> None:
    _, findings, _ = read(book(tmp_path, [*ROWS[:2], ("Ola", "A", "", "", "note")]))
    assert findings == [(3, 5, "a value stands here without a header above it")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace('<row r="3"', '<row r="2"'), "row 2 of sheet Ark1 stands there twice"),
        (lambda text: text.replace('r="B2"', 'r="A2"'), "cell A2 of sheet Ark1 stands there twice"),
        (lambda text: text.replace('r="B2"', 'r="B3"'), "cell B3 stands in row 2"),
        (lambda text: text.replace('t="inlineStr"', 't="odd"').replace("<is><t>", "<v>").replace("</t></is>", "</v>"), "type 'odd'"),
        (lambda text: text.replace("</row>", "", 1), "ParseError"),
        (lambda text: "<!DOCTYPE x []>" + text, "declares a document type"),
    ],
)  # fmt: skip
def test_a_sheet_that_breaks_its_format_is_refused(tmp_path: Path, change: Callable[[str], str], message: str) -> None:
    with pytest.raises(TableError, match=re.escape(message)):
        read_tables(edited(book(tmp_path, ROWS), "sheet1.xml$", change))


@pytest.mark.parametrize("totals", [True, False])
def test_a_last_row_of_formulas_without_results_is_reported_or_a_row_of_totals(tmp_path: Path, totals: bool) -> None:
    def as_table(made: Workbook) -> None:
        list_ = WorksheetTable(displayName="Ansatte", ref="A1:C4", totalsRowCount=1)
        if totals:
            made.active.add_table(list_)

    rows, findings, notes = read(book(tmp_path, [*ROWS, ("=A1", "=A1", "=A1")], edit=as_table))
    if totals:
        assert (rows, findings) == (ROWS[1:], [])
        assert notes == ["Ark1!row 4 is a footer, and passed over: formulas without a saved result"]
    else:
        assert len(rows) == 3 and findings == []  # each of its cells is refused where it is read


def test_rows_out_of_order_are_all_read(tmp_path: Path) -> None:
    def swap(text: str) -> str:
        second, third = re.findall(r'<row r="[23]".*?</row>', text)
        return text.replace(second + third, third + second)

    path = edited(book(tmp_path, ROWS), "sheet1.xml$", swap)
    assert read(path)[0] == ROWS[1:]


def test_places_of_odd_sheet_names() -> None:
    table = Table(file="a.xlsx", about="", rows=(), sheet="Ola's ark")
    assert table.place(8, 27) == "a.xlsx: 'Ola''s ark'!AA8"
