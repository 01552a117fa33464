"""Damaged files of HR: every value that is read is the true one, what is not is reported at its place, no row is lost."""

import csv
import io
import os
import re
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.chart import BarChart

from tests.cli.command_line import SMALL, write_files
from tests.users.office import ROLES
from websakctl.operations.rollout.import_users import Import, read_people
from websakctl.source.configuration import Configuration
from websakctl.source.load import load_configuration
from websakctl.source.tables.read import read_tables
from websakctl.source.tables.table import TableError

EXAMPLES = 10_000 if os.environ.get("PROPERTIES") == "long" else 300 if os.environ.get("CI") else 100
LEAST_READ = 0.15  # of the damaged files: who refuses everything is right about nothing
HEADERS = ("Navn", "Rolle", "Enhet", "Brukernavn", "E-post", "Bydel", "Stilling", "Telefon", "Brukerkode")
NAMES = ("Kåre Øyangerud", "Ægir Sæther", "Åse Bjørg Nordmann", "Ola O’Brien", "Kari Fjellbakkrud")
TITLES = ("Rådgiver", "Førstekonsulent", "Leder, arkiv", "Konsulent")
UNITS = {"Oppvekst": "OPPV", "HELSE": "HELSE", "FR-OPPV": "OPPV"}
ROLE = {"Saksbehandler": "CASEWORKER", "LEADER": "LEADER"}

Rows = list[list[str]]
Draw = Callable[[st.SearchStrategy[int]], int]


def people(count: int, draw: Draw) -> Rows:
    """True rows: who each is, by the headers."""
    return [
        [
            NAMES[draw(st.integers(0, len(NAMES) - 1))],
            list(ROLE)[draw(st.integers(0, 1))],
            list(UNITS)[draw(st.integers(0, 2))],
            f"bruker{number}",
            f"b{number}@example.org",
            "Bydel Frogner",
            TITLES[draw(st.integers(0, len(TITLES) - 1))],
            f"2200{number:04}",
            f"{number + 40:05}",
        ]
        for number in range(count)
    ]


def truth(row: Sequence[str]) -> dict[str, str]:
    name, role, unit, username, email, _, title, phone, _ = row
    return {
        "name": name,
        "role": ROLE[role],
        "unit": UNITS[unit],
        "title": title,
        "phone": phone,
        "username": username,
        "email": email,
    }


# --- damage of text: rows of cells first, then the text, then its bytes


def _scientific(text: str) -> str:
    return f"{text[:1]},{text[1:5]}E+{len(text) - 1:02}" if text.isdigit() else text


def _look_alike(text: str) -> str:
    return text.translate(str.maketrans("aeoKO", "аеоКО"))


def _twice_encoded(text: str) -> str:
    return text.encode().decode("cp1252", "replace") if not text.isascii() else text


CELLS: dict[str, Callable[[str], str]] = {
    "scientific": _scientific,
    "forced text": lambda text: f'="{text}"',
    "apostrophe": lambda text: f"'{text}" if text[:1].isdigit() else text,
    "error": lambda _: "#N/A",
    "Norwegian error": lambda _: "#BEREGN!",
    "narrow": lambda _: "########",
    "invisible": lambda text: text[:2] + "\u200b" + text[2:],
    "soft hyphen": lambda text: text[:2] + "\u00ad" + text[2:],
    "look-alike": _look_alike,
    "twice encoded": _twice_encoded,
    "lost letter": lambda text: re.sub("(?<=[a-zA-ZæøåÆØÅ])[æøå](?=[a-zæøå])", "?", text),
    "7 bits": lambda text: text.translate(str.maketrans("æøåÆØÅ", "{|}[\\]")),
    "time": lambda _: "08:00:00",
    "line break": lambda text: text[:2] + "\n" + text[2:],
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "blanks": lambda text: f"\u00a0 {text}\u2009",
    "decimals": lambda text: f"{text}.0" if text.isdigit() else text,
}
ROWS = ("a cell too many", "a cell too few", "an empty row", "a footer", "a title", "header broken", "header twice", "header unknown", "headers again")  # fmt: skip
BYTES = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850", "cp865", "mac_roman", "mixed", "unquoted")


def damaged_text(rows: Rows, draw: Draw) -> tuple[bytes, list[int]]:
    """A CSV with up to three damages, and the row numbers at which the true rows stand in it."""
    lines: list[list[str]] = [list(HEADERS), *map(list, rows)]
    numbers = list(range(1, len(rows) + 1))  # of the true rows, among the lines
    for _ in range(draw(st.integers(0, 2))):
        kind = draw(st.integers(0, len(CELLS) + len(ROWS) - 1))
        at = draw(st.integers(0, len(rows) - 1))
        column = draw(st.integers(0, len(HEADERS) - 1))
        line = lines[numbers[at]]
        if kind < len(CELLS):
            if column < len(line):
                line[column] = list(CELLS.values())[kind](line[column])
            continue
        match ROWS[kind - len(CELLS)]:
            case "a cell too many":
                line.insert(column, "x")
            case "a cell too few":
                del line[column]
            case "an empty row":
                lines.insert(numbers[at], [""] * len(HEADERS))
                numbers = [number + (n >= at) for n, number in enumerate(numbers)]
            case "a footer":
                lines.append([f"Antall: {len(rows)}"])
            case "a title":
                lines.insert(0, ["Uttrekk; fra lønn, 30.11.2026"])
                numbers = [number + 1 for number in numbers]
            case "header broken":
                header = lines[numbers[0] - 1]
                header[min(column, len(header) - 1)] = f" {header[min(column, len(header) - 1)]}\n"
            case "header twice":
                lines[numbers[0] - 1][column] = HEADERS[0]
            case "header unknown":
                lines[numbers[0] - 1][column] = "Kolonne"
            case "headers again":
                lines.insert(numbers[at], list(HEADERS))
                numbers = [number + (n >= at) for n, number in enumerate(numbers)]
    out = io.StringIO()
    delimiter = ";,\t|"[draw(st.integers(0, 3))]
    kind = BYTES[draw(st.integers(0, len(BYTES) - 1))]
    quoting = csv.QUOTE_ALL if draw(st.integers(0, 1)) else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\r\n").writerows(lines)
    text = out.getvalue()
    if kind == "unquoted":
        return re.sub(r"(?<!\r)\n", "", text).replace('"', "").encode(), [number + 1 for number in numbers]
    if kind == "mixed":
        half = len(text) // 2
        return text[:half].encode() + text[half:].encode("cp1252", "replace"), [number + 1 for number in numbers]
    return text.encode(kind, "replace"), [number + 1 for number in numbers]


# --- damage of workbooks: as a person does it in a spreadsheet, then in the parts of the file

PARTS: dict[str, tuple[str, Callable[[str], str]]] = {
    "no places": ("sheet1.xml$", lambda text: re.sub(r'(<c|<row) r="[A-Z]*\d+"', r"\1", text)),
    "a row twice": ("sheet1.xml$", lambda text: text.replace('<row r="3"', '<row r="2"')),
    "rows swapped": ("sheet1.xml$", lambda text: re.sub(r'(<row r="2".*?</row>)(<row r="3".*?</row>)', r"\2\1", text, flags=re.DOTALL)),
    "a cell elsewhere": ("sheet1.xml$", lambda text: text.replace('r="B2"', 'r="B9"')),
    "a cell twice": ("sheet1.xml$", lambda text: text.replace('r="B2"', 'r="A2"')),
    "no text there": ("sheet1.xml$", lambda text: text.replace('t="s"><v>1<', 't="s"><v>99999<')),
    "no number": ("sheet1.xml$", lambda text: re.sub(r't="n"><v>\d+', 't="n"><v>many', text)),
    "unknown type": ("sheet1.xml$", lambda text: text.replace('t="n"', 't="odd"', 1)),
    "unknown style": ("sheet1.xml$", lambda text: text.replace('s="1"', 's="x"')),
    "escapes": ("(sheet1|sharedStrings).xml$", lambda text: text.replace("Bydel Frogner", "Bydel _x0046_rogner")),
    "line ends": ("(sheet1|sharedStrings).xml$", lambda text: text.replace("Bydel Frogner", "Bydel_x000D_ Frogner")),
    "strict": (r"(xml|rels)$", lambda text: text.replace("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main").replace("http://schemas.openxmlformats.org/officeDocument/2006/relationships", "http://purl.oclc.org/ooxml/officeDocument/relationships")),
    "not well-formed": ("sheet1.xml$", lambda text: text.replace("</row>", "", 1)),
    "no workbook": (r"_rels/\.rels$", lambda text: text.replace("officeDocument", "oddDocument")),
    "no relations": ("workbook.xml.rels$", lambda text: re.sub("<Relationship .*/>", "", text)),
    "wrong dimension": ("sheet1.xml$", lambda text: re.sub('<dimension ref="[^"]*"', '<dimension ref="A1:A1"', text)),
    "a document type": ("sheet1.xml$", lambda text: "<!DOCTYPE x []>" + text),
}  # fmt: skip
SHEET = ("number", "shown zeros", "date", "time", "truth", "formula", "error", "merged", "hidden row", "chart", "second list", "hidden list", "cover", "decimal", "cell beyond", "title", "footer")  # fmt: skip


def damaged_workbook(rows: Rows, draw: Draw) -> tuple[bytes, list[int]]:
    """A workbook with up to two damages in the sheet and one in its parts, and the numbers of the true rows."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Ansatte"
    kinds = [SHEET[draw(st.integers(0, len(SHEET) - 1))] for _ in range(draw(st.integers(0, 2)))]
    first = 2
    if "title" in kinds:
        sheet.append(["Uttrekk 30.11.2026"])
        first = 3
    for line in [HEADERS, *rows]:
        sheet.append(list(line))
    for kind in kinds:
        cell: Cell = sheet.cell(first + draw(st.integers(0, len(rows) - 1)), 1 + draw(st.integers(0, len(HEADERS) - 1)))
        match kind:
            case _ if isinstance(cell, MergedCell):
                pass
            case "number" if str(cell.value).isdigit() and not str(cell.value).startswith("0"):
                cell.value = int(str(cell.value))
            case "shown zeros" if str(cell.value).isdigit():
                cell.number_format = "0" * len(str(cell.value))
                cell.value = int(str(cell.value))
            case "date":
                cell.value, cell.number_format = 46266, "yyyy-mm-dd"
            case "time":
                cell.value, cell.number_format = 0.25, "hh:mm"
            case "truth":
                cell.value = True
            case "formula":
                cell.value = f'=UPPER("{cell.value}")'
            case "error":
                cell.value = "#SPILL!"
            case "merged" if cell.row < first + len(rows) - 1:
                sheet.merge_cells(
                    start_row=cell.row, end_row=cell.row + 1, start_column=cell.column, end_column=cell.column
                )
            case "hidden row":
                sheet.row_dimensions[cell.row].hidden = True
            case "chart":
                book.create_chartsheet(index=0).add_chart(BarChart())
            case "second list" | "hidden list":
                other = book.create_sheet()
                for line in (HEADERS, rows[0]):
                    other.append(list(line))
                other.sheet_state = "hidden" if kind == "hidden list" else "visible"
            case "cover":
                book.create_sheet(index=0).append(["Forside"])
            case "decimal":
                cell.value = 22000000.5
            case "cell beyond":
                sheet.cell(cell.row, len(HEADERS) + 3).value = "note"
            case "footer":
                sheet.append([f"Antall: {len(rows)}"])
    out = io.BytesIO()
    book.save(out)
    content = out.getvalue()
    if draw(st.integers(0, 2)) == 0:
        part, change = list(PARTS.values())[draw(st.integers(0, len(PARTS) - 1))]
        changed = io.BytesIO()
        with zipfile.ZipFile(out) as before, zipfile.ZipFile(changed, "w") as after:
            for name in before.namelist():
                inside = before.read(name)
                after.writestr(name, change(inside.decode()) if re.search(part, name) else inside)
        content = changed.getvalue()
    elif draw(st.integers(0, 20)) == 0:
        content = content[: draw(st.integers(1, len(content)))]
    return content, [first + at for at in range(len(rows))]


# --- the promise


def check(result: Import, rows: Rows, numbers: Sequence[int]) -> bool:
    """Every row is there and true, or is reported; whether all was read."""
    if result.findings and not result.people and {f.row for f in result.findings} & set(range(numbers[0])):
        return False  # the headers are refused, and with them every row
    reported = {finding.row for finding in result.findings}
    people = {person.row: person for person in result.people}
    named = set(HEADERS) if "Kolonne" not in result.passed_over else set(result.columns.values())
    fields = {name for name in truth(rows[0]) if {"title": "Stilling", "phone": "Telefon"}.get(name, "Navn") in named}
    for row, number in zip(rows, numbers, strict=True):
        if number in people:
            expected = {name: value for name, value in truth(row).items() if name in fields}
            assert people[number].fields == expected, (number, people[number].fields)
            assert people[number].code == row[8] or "Brukerkode" not in named
        else:
            assert number in reported, f"row {number} is lost: {row}"
    assert set(people) <= set(numbers)
    return not result.findings


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    root = write_files(tmp_path_factory.mktemp("config"), {**SMALL, "config/user_roles.yaml": ROLES})
    return load_configuration(root)


@pytest.mark.parametrize("damage", [damaged_text, damaged_workbook])
def test_no_damage_passes_for_a_value(
    damage: Callable[[Rows, Draw], tuple[bytes, list[int]]], config: Configuration, tmp_path: Path
) -> None:
    outcomes: list[bool] = []

    @given(data=st.data())
    @settings(max_examples=EXAMPLES // 2)
    def promise(data: st.DataObject) -> None:
        rows = people(data.draw(st.integers(2, 5)), data.draw)
        content, numbers = damage(rows, data.draw)
        path = tmp_path / "ansatte.xlsx"
        path.write_bytes(content)
        try:
            result = read_people(read_tables(path), config)
        except TableError as error:
            assert "ansatte.xlsx" in str(error)
            assert error.what_next
            outcomes.append(False)
            return
        outcomes.append(check(result, rows, numbers))

    promise()
    assert sum(outcomes) >= LEAST_READ * len(outcomes), f"{sum(outcomes)} of {len(outcomes)} were read"
