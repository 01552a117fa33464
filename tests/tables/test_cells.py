"""Cells: what a spreadsheet, a code page or a copy has damaged is named; what can be understood is."""

from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from websakctl.model.types import organisation_number
from websakctl.source.tables.encoding import lookup_key
from websakctl.source.tables.number_format import shown
from websakctl.source.tables.read import read_tables
from websakctl.source.tables.table import CellError, Table
from websakctl.source.tables.values import day_in, login_in, phone_in, postal_code_in, text_in


def table(folder: Path, cell: str, encoding: str = "utf-8") -> Table:
    path = folder / "a.csv"
    path.write_bytes(f'Navn;Annet\r\n"{cell}";x\r\n'.encode(encoding))
    return read_tables(path)[0]


def text(folder: Path, cell: str) -> str:
    result = table(folder, cell)
    return text_in(result, result.rows[1], 1)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("9,1234E+07", "scientific notation"),
        ("9.1234567E7", "scientific notation"),
        ("#N/A", "the error #N/A"),
        ("#BEREGN!", "the error #BEREGN!"),
        ("#SPILL!", "the error #SPILL!"),
        ("#NAVN?", "the error #NAVN?"),
        ("Err:502", "the error Err:502"),
        ("########", "the error ########"),
        ("=A1", "a formula stands here as text"),
        ("+SUM(A1:A2)", "a formula stands here as text"),
        ("@SUM(1)", "a formula stands here as text"),
        ("'22000000", "an apostrophe stands before the value"),
        ("07:30", "a time"),
        ("2026-09-01 00:00:00", "a date"),
        ("01.09.2026", "a date"),
        ("3. feb", "a date"),
        ("mar.20", "a date"),
        ("1234.0", "a number with decimals"),
        ("Kari\u200bNordmann", "ZERO WIDTH SPACE"),
        ("Kari\u00adNordmann", "SOFT HYPHEN"),
        ("\u202eKari", "RIGHT-TO-LEFT OVERRIDE"),
        ("ОLA", "Cyrillic О (U+041E)"),
        ("Griﬃn", "which is ffi in one character"),
        ("Αnna", "Greek Α (U+0391)"),
        ("Ｋari", "Fullwidth Ｋ"),
        ("BjÃ¸rn", "another encoding"),
        ("Ã…se", "another encoding"),
        ("Bj├╕rn", "another encoding"),
        ("K√•re", "another encoding"),
        ("Bj�rn", "another encoding"),
        ("Bj?rn", "another encoding"),
        ("Bj|rn", "another encoding"),
        ("{rlig", "another encoding"),
        ("K}re", "another encoding"),
        ("Bj°rn", "another encoding"),
        ("Kari\nNordmann", "a line break"),
        ("Kari\x07Nordmann", "a control character"),
    ],
)
def test_a_damaged_cell_is_named(tmp_path: Path, cell: str, message: str) -> None:
    with pytest.raises(CellError) as caught:
        text(tmp_path, cell)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "cell",
    [
        "O’Brien", "D'Angelo", "'t Hooft", "Kåre-Åge Øyangerud", "José Núñez", "Łukasz", "Dvořák", "Barne- og ungdom",
        "Seksjon 1 (kveld)", "Rådgiver/leder", "«Sentrum»", "“Kaja”", "Er du klar?", "Pb. 12", "1E5", "A-1.2", "§ 3", "50 %",
        "Ole & Per", "100 m²", "17. mai-komiteen", "Marit Mars",
    ],
)  # fmt: skip
def test_what_people_write_is_taken(tmp_path: Path, cell: str) -> None:
    assert text(tmp_path, cell) == cell


def test_letters_are_composed_and_blanks_are_blanks(tmp_path: Path) -> None:
    assert text(tmp_path, "Ka\u030are\u00a0 Nordmann\u2009") == "Kåre  Nordmann"
    assert lookup_key("  OPPVEKST\u200b på ") == lookup_key("oppvekst pa\u030a")


@pytest.mark.parametrize(
    ("number", "code", "text"),
    [
        ("42", "General", "42"),
        ("42.0", "00000", "00042"),
        ("5", "00", "05"),
        ("22000000", "## ## ## ##", "22 00 00 00"),
        ("22000000", "#,##0", "22000000"),
        ("42", '"FR-"0000', "FR-0042"),
        ("42", "[Red]0000;-0000", "0042"),
        ("42", "0.00", "42"),
        ("974778742", "000\\ 000\\ 000", "974 778 742"),
        ("4.2E1", "0", "42"),
        ("0.5", "0%", None),
        ("5", "0%", None),
        ("5", "0.00E+00", None),
        ("2.5", "General", None),
        ("1e22", "General", None),
    ],
)
def test_a_number_is_read_as_it_is_shown(number: str, code: str, text: str | None) -> None:
    assert shown(number, code) == text


@pytest.mark.parametrize(
    "cell", ["22 00 00 00", "+47 22000000", "004722000000", "4722000000", "+46 8 123 45 67", "02180", "22000000.0"]
)
def test_phone_numbers(tmp_path: Path, cell: str) -> None:
    result = table(tmp_path, cell)
    assert phone_in(result, result.rows[1], 1) == cell.removesuffix(".0")


@pytest.mark.parametrize("cell", ["2180", "220000", "4722000000000", "arkiv", "22000000 / 99000000", "-5", "220000000"])
def test_what_is_no_phone_number(tmp_path: Path, cell: str) -> None:
    result = table(tmp_path, cell)
    with pytest.raises(CellError, match="is no phone number"):
        phone_in(result, result.rows[1], 1)


@pytest.mark.parametrize(
    "cell", ["2027-02-01", "01.02.2027", "1.2.2027", "1. februar 2027", "1. feb. 2027", "2027-02-01 00:00:00"]
)
def test_days(tmp_path: Path, cell: str) -> None:
    result = table(tmp_path, cell)
    assert day_in(result, result.rows[1], 1) == date(2027, 2, 1)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("1/2/2027", "does not tell the day from the month"),
        ("01.02.27", "two digits"),
        ("46419", "serial number"),
        ("31.02.2027", "no day of the calendar"),
        ("9999-12-31", "nobody can mean"),
        ("0001-01-01", "nobody can mean"),
        ("snart", "is no day"),
    ],
)
def test_what_is_no_day(tmp_path: Path, cell: str, message: str) -> None:
    result = table(tmp_path, cell)
    with pytest.raises(CellError, match=message):
        day_in(result, result.rows[1], 1)


@pytest.mark.parametrize(
    "cell", ["b0?@example.org", "bruker?", "Kari <kari@example.org>", "a@example.org; b@example.org"]
)
def test_what_is_no_login(tmp_path: Path, cell: str) -> None:
    found = table(tmp_path, cell)
    with pytest.raises(CellError, match="and in no user name or e-mail address"):
        login_in(found, found.rows[1], 1)


@pytest.mark.parametrize("cell", ["kari", "kari.nordmann+arkiv@example.org", "o'brien@example.org"])
def test_logins(tmp_path: Path, cell: str) -> None:
    found = table(tmp_path, cell)
    assert login_in(found, found.rows[1], 1) == cell


@pytest.mark.parametrize("cell", ["0301", "N-0301", "NO-0301 Oslo", "0301 OSLO", "0301.0"])
def test_postal_codes(tmp_path: Path, cell: str) -> None:
    found = table(tmp_path, cell)
    assert postal_code_in(found, found.rows[1], 1) == "0301"


def test_a_postal_code_that_is_a_number_has_lost_its_zero(tmp_path: Path) -> None:
    made = Workbook()
    for value in ("Navn", 301, 1301):
        made.active.append(["x", value])
    made.save(tmp_path / "a.xlsx")
    (found,) = read_tables(tmp_path / "a.xlsx")
    assert [postal_code_in(found, row, 2) for row in found.rows[1:]] == ["0301", "1301"]


@pytest.mark.parametrize("cell", ["301", "12345", "Oslo", "03 01", "0301-1"])
def test_what_is_no_postal_code(tmp_path: Path, cell: str) -> None:
    found = table(tmp_path, cell)
    with pytest.raises(CellError, match="is no postal code") as caught:
        postal_code_in(found, found.rows[1], 1)
    assert ("0301" in caught.value.what_next) == (cell == "301")


@pytest.mark.parametrize(
    "cell", ["974778742", "974 778 742", "974778742MVA", "NO 974 778 742 MVA", "974778742.0", "974.778.742"]
)
def test_organisation_numbers(cell: str) -> None:
    assert organisation_number(cell) == "974778742"


@pytest.mark.parametrize("cell", ["", "97477874", "9747787421", "9,75E+08", "974778742X", "974-778-742-1"])
def test_what_is_no_organisation_number(cell: str) -> None:
    assert organisation_number(cell) is None
