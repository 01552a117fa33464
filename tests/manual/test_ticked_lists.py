"""A work list that somebody has ticked off comes back: as the CSV that was handed out, or as a workbook."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.cli.command_line import Cli, write_files

from .files import MANUAL

BY = ("--by", "Kari Nordmann", "--evidence", "sak 27/1234", "--on", "2026-01-15")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The embedded sandbox is not asked."""
    return Cli(write_files(tmp_path / "repo", MANUAL), {"WEBSAKCTL_SETUP_URL": ""})


def items(cli: Cli) -> dict[str, dict[str, Any]]:
    return {item["address"]: item for item in cli("worklist", "list", "--format", "json").json["items"]}


def csv_of(cli: Cli) -> Path:
    cli("worklist", "show", "--out", "lists")
    (path,) = (cli.root / "lists").glob("*.csv")
    return path


def ticked(path: Path, tick: Callable[[str], bool], mark: str = "x", encoding: str = "utf-8-sig") -> Path:
    head, *rows = path.read_text(encoding="utf-8-sig").splitlines()
    rows = [row.replace("[ ]", mark, 1) if tick(row) else row for row in rows]
    path.write_text("\r\n".join([head, *rows]), encoding=encoding)
    return path


@pytest.mark.parametrize(("mark", "encoding"), [("x", "utf-8-sig"), ("[x]", "cp1252"), ("Ja", "utf-16")])
def test_what_is_ticked_is_recorded(cli: Cli, mark: str, encoding: str) -> None:
    before = items(cli)
    done = {before["case_type/base/PERS"]["id"], before["committee/frogner/FR-BU"]["id"]}
    file = ticked(csv_of(cli), lambda row: row.split(";")[1] in done, mark, encoding)
    recorded = cli("worklist", "done", "--from", str(file), *BY, "--format", "json").json
    assert {item["id"] for item in recorded["done"]} == done
    assert items(cli).keys() == {a for a, item in before.items() if item["id"] not in done}
    again = cli("worklist", "done", "--from", str(file), *BY, code=4)
    assert "nothing new is ticked" in again.err and "recorded before" in again.err


def test_a_workbook_is_ticked_too(cli: Cli) -> None:
    cli("export", "a.xlsx")
    book = load_workbook(cli.root / "a.xlsx")
    page = book["Arbeidsliste"]
    assert page["A1"].value == "Utført" and not page["A2"].protection.locked
    first = page["B2"].value
    for row in page.iter_rows(min_row=2):
        if row[1].value == first:
            row[0].value = "x"
    book.save(cli.root / "a.xlsx")
    recorded = cli("worklist", "done", "--from", "a.xlsx", *BY, "--format", "json").json
    assert [item["id"] for item in recorded["done"]] == [first]
    assert cli("import", "a.xlsx", "--auto-approve", "--format", "json").json["files"] == []


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows: [rows[0].replace("[ ]", "x", 1), *rows[1:]], "is ticked here and not in row"),
        (lambda rows: [rows[0].replace("[ ]", "kanskje", 1), *rows[1:]], "'kanskje' is neither ticked nor open"),
        (lambda rows: [*rows, "x;ffffffff;99" + ";" * (rows[0].count(";") - 2)], "has no item ffffffff"),
        (lambda rows: [row + ";x" for row in rows[:1]] + rows[1:], "this row has"),
    ],
)
def test_nothing_is_recorded_while_a_row_cannot_be_read(
    cli: Cli, spoil: Callable[[list[str]], list[str]], message: str
) -> None:
    before = items(cli)
    file = csv_of(cli)
    head, *rows = file.read_text(encoding="utf-8-sig").splitlines()
    many = {id_ for row in rows if [r.split(";")[1] for r in rows].count(id_ := row.split(";")[1]) > 1}
    rows.sort(key=lambda row: row.split(";")[1] not in many)  # an item of several rows first
    file.write_text("\n".join([head, *spoil(rows)]), encoding="utf-8")
    refused = cli("worklist", "done", "--from", str(file), *BY, code=3)
    assert message in refused.err
    assert items(cli) == before


def test_other_files_and_both_ways_at_once_are_refused(cli: Cli) -> None:
    (cli.root / "a.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    assert "is no work list" in cli("worklist", "done", "--from", "a.csv", *BY, code=3).err
    cli("worklist", "done", "*", "--from", "a.csv", *BY, code=64)
    cli("worklist", "done", *BY, code=64)
