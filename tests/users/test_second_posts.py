"""Rows of one person in several districts: one user who logs in, and a secondary user for each further post."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import SMALL, write_files
from websakctl.operations.rollout.import_users import Import, files_of, read_people
from websakctl.source.load import load_configuration
from websakctl.source.tables.read import read_tables

from .made_up import HEADERS, as_csv
from .office import ROLES, Office

FROGNER = ("Frogner", "10042", "Kari", "Nordmann", "Leder", "LEADER", "OPPV", "karnor", "kari@example.org")
SAGENE = ("Sagene", "10042", "Kari", "Nordmann", "Rådgiver", "CASEWORKER", "HELSE", "karnor", "kari@example.org")
OLA = ("Sagene", "10043", "Ola", "Nordmann", "", "CASEWORKER", "HELSE", "olanor", "ola@example.org")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_files(tmp_path, {**SMALL, "config/user_roles.yaml": ROLES})


def read(root: Path, *rows: tuple[str, ...], headers: tuple[str, ...] = HEADERS, add: bool = False) -> Import:
    path = root / "ansatte.csv"
    path.write_text(as_csv(rows, headers).replace("Initialer", "Brukerkode"), encoding="utf-8")
    return read_people(read_tables(path), load_configuration(root), add=add)


def write(root: Path, found: Import, *, add: bool = False) -> None:
    assert found.findings == []
    write_files(root, files_of(found, add=add))
    config = load_configuration(root)
    assert config.valid, config.findings


def users(found: Import) -> dict[tuple[str, str], Any]:
    return {(p.district, p.code): p.fields for p in found.people}


def test_the_second_row_becomes_a_secondary_user(root: Path) -> None:
    found = read(root, FROGNER, SAGENE, OLA)
    assert found.findings == []
    assert users(found).keys() == {("frogner", "10042"), ("sagene", "10042-2"), ("sagene", "10043")}
    assert users(found)["sagene", "10042-2"] == {
        "name": "Kari Nordmann",
        "role": "CASEWORKER",
        "unit": "HELSE",
        "title": "Rådgiver",
        "primary": "10042",
    }
    assert "username" in users(found)["frogner", "10042"]
    assert "row 3 is a second post of 10042: 10042-2 in sagene (User API 3.3)" in found.notes
    write(root, found)


def test_codes_stay_whatever_the_order_of_the_rows(root: Path) -> None:
    write(root, read(root, FROGNER, SAGENE))
    again = read(root, OLA, SAGENE, FROGNER)
    assert users(again).keys() == {("frogner", "10042"), ("sagene", "10042-2"), ("sagene", "10043")}
    assert again.left == {"frogner": [], "sagene": []}
    write(root, again)


def test_the_file_may_say_which_post_is_the_main_one(root: Path) -> None:
    write(root, read(root, FROGNER, SAGENE))
    headers = (*HEADERS, "Hovedstilling")
    moved = read(root, (*FROGNER, "nei"), (*SAGENE, "ja"), headers=headers)
    assert users(moved)["frogner", "10042-3"]["primary"] == "10042"
    assert "primary" not in users(moved)["sagene", "10042"]
    write(root, moved)


def test_of_two_posts_one_is_left(root: Path) -> None:
    write(root, read(root, FROGNER, SAGENE))
    left = read(root, SAGENE, OLA)
    assert [f.message for f in left.findings] == []  # sagene knows it for a second post
    assert ("sagene", "10042-2") in users(left)
    both = read(
        root, SAGENE, ("Frogner", "10044", "Per", "Nordmann", "", "LEADER", "OPPV", "pernor", "per@example.org")
    )
    assert users(both).keys() == {("sagene", "10042"), ("frogner", "10044")}
    assert both.left == {"sagene": ["10042-2"], "frogner": ["10042"]}
    write(root, both)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("Sagene", "10042", "Kari", "Hansen", *SAGENE[4:]), "two names for one person"),
        (("Frogner", *SAGENE[1:]), "the code stands in row 2, too"),
        (("Sagene", "1234567890", *SAGENE[2:]), ""),
    ],
)
def test_what_is_no_second_post(root: Path, row: tuple[str, ...], message: str) -> None:
    found = read(root, FROGNER, row)
    assert [f.message.endswith(message) for f in found.findings] == [True] * bool(message)


def test_a_code_that_would_be_too_long_is_told_at_its_cell(root: Path) -> None:
    rows = [(bydel, "123456789", *rest) for bydel, _, *rest in (FROGNER, SAGENE)]
    (finding,) = read(root, *rows).findings
    assert (finding.row, finding.column) == (3, 2)
    assert "123456789-2 would be the code of this second post" in finding.message


def test_a_post_in_another_file_is_not_taken_for_a_second_one(root: Path) -> None:
    write(root, read(root, FROGNER))
    (finding,) = read(root, SAGENE).findings  # it may be a move
    assert "is a user of frogner, too" in finding.message
    write(root, read(root, FROGNER, SAGENE, add=True), add=True)


def test_a_second_post_is_made_and_left_alone(at33: Office) -> None:
    path = at33.root / "ansatte.csv"
    path.write_text(as_csv([FROGNER, SAGENE]).replace("Initialer", "Brukerkode"), encoding="utf-8")
    at33("users", "import", "ansatte.csv")
    at33.apply()
    assert at33.user("10042-2")["code"] == "10042-2"
    assert at33.changes() == {}
    at33("users", "import", "ansatte.csv")
    assert at33.changes() == {}
