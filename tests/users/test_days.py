"""People who start later or have left: read from HR's file, planned on their day, counted by month."""

from datetime import date
from pathlib import Path

import pytest

from tests.cli.command_line import SMALL, write_files
from websakctl.model.address import Address
from websakctl.operations.rollout.import_users import Import, files_of, read_people
from websakctl.rollout.capacity import Month, coming_and_going
from websakctl.source.configuration import Configuration
from websakctl.source.load import load_configuration
from websakctl.source.tables.read import read_tables

from .made_up import HEADERS, as_csv
from .office import ROLES

TODAY = date(2027, 2, 1)
KARI = ("Frogner", "KARNOR", "Kari", "Nordmann", "", "LEADER", "OPPV", "karnor", "kari@example.org")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_files(tmp_path, {**SMALL, "config/user_roles.yaml": ROLES})


def read(root: Path, starts: str, ends: str, headers: tuple[str, str] = ("Startdato", "Sluttdato")) -> Import:
    path = root / "ansatte.csv"
    path.write_text(as_csv([(*KARI, starts, ends)], (*HEADERS, *headers)), encoding="utf-8")
    return read_people(read_tables(path), load_configuration(root, TODAY))


def on(root: Path, found: Import, day: date | None) -> Configuration:
    return load_configuration(root, day, files_of(found))


@pytest.mark.parametrize(
    "headers", [("Startdato", "Sluttdato"), ("Ansatt fra", "Ansatt til"), ("Hire date", "End date")]
)
def test_days_are_read_in_norwegian_forms(root: Path, headers: tuple[str, str]) -> None:
    result = read(root, "1.3.2027", "31. august 2027", headers)
    assert result.findings == [] and result.passed_over == ()
    fields = result.people[0].fields
    assert (fields["valid_from"], fields["valid_to"]) == ("2027-03-01", "2027-08-31")


@pytest.mark.parametrize(
    ("starts", "ends", "column", "message"),
    [
        ("1/2/2027", "", 10, "does not tell the day from the month"),
        ("46419", "", 10, "serial number"),
        ("", "9999-12-31", 11, "nobody can mean"),
        ("01.03.2027", "28.02.2027", 11, "is before the start"),
    ],
)
def test_days_that_cannot_be_told_are_named(root: Path, starts: str, ends: str, column: int, message: str) -> None:
    (finding,) = read(root, starts, ends).findings
    assert (finding.row, finding.column) == (2, column) and message in finding.message


@pytest.mark.parametrize(
    ("day", "active"),
    [
        (date(2027, 2, 28), False),
        (date(2027, 3, 1), True),
        (date(2027, 8, 31), True),
        (date(2027, 9, 1), False),
        (None, True),
    ],
)
def test_a_user_is_desired_from_the_first_day_to_the_last(root: Path, day: date | None, active: bool) -> None:
    config = on(root, read(root, "01.03.2027", "31.08.2027"), day)
    kari = Address("user", "frogner", "KARNOR")
    assert config.valid
    assert (kari in config.state, kari in config.dormant) == (active, not active)
    if active:
        assert not {"valid_from", "valid_to"} & config.state[kari].fields.keys()


def test_who_starts_later_is_still_listed_the_next_time(root: Path) -> None:
    write_files(
        root,
        {"users/frogner.yaml": next(iter(files_of(read(root, "01.03.2027", "")).values()))},
    )
    again = read(root, "01.03.2027", "")
    assert again.left == {"frogner": []}
    assert 'valid_from: "2027-03-01"' in next(iter(files_of(again).values()))


def test_leaves_are_read_and_end_when_the_file_says_so(root: Path) -> None:
    headers = ("Permisjon fra", "Permisjon til")
    found = read(root, "1.3.2027", "31.8.2027", headers)
    assert found.people[0].fields["leave"] == {"first_day": "2027-03-01", "last_day": "2027-08-31"}
    write_files(root, {"users/frogner.yaml": next(iter(files_of(found).values()))})
    assert "leave: {first_day: " in next(iter(files_of(read(root, "", "", ("Annet", "Noe"))).values()))  # not told of
    assert "leave: {}" in next(iter(files_of(read(root, "", "", headers)).values()))
    assert read(root, "1.3.2027", "", headers).people[0].fields["leave"] == {"first_day": "2027-03-01"}


def test_an_end_that_the_file_takes_back_is_not_kept(root: Path) -> None:
    write_files(root, {"users/frogner.yaml": next(iter(files_of(read(root, "", "31.8.2027")).values()))})
    assert "valid_to" not in next(iter(files_of(read(root, "", "")).values()))
    assert "valid_to" in next(iter(files_of(read(root, "", "", ("Annet", "Noe"))).values()))


@pytest.mark.parametrize(
    ("starts", "ends", "column", "message"),
    [
        ("", "31.08.2027", 11, "a last day and no first day"),
        ("01.03.2027", "28.02.2027", 11, "is before the start"),
        ("snart", "", 10, "is no day"),
    ],
)
def test_leaves_that_cannot_be_are_named(root: Path, starts: str, ends: str, column: int, message: str) -> None:
    (finding,) = read(root, starts, ends, ("Permisjon fra", "Permisjon til")).findings
    assert (finding.row, finding.column) == (2, column) and message in finding.message


def test_users_are_counted_by_the_month_they_come_or_go() -> None:
    days = {
        Address("user", "frogner", "A"): {"valid_from": "2027-03-01", "valid_to": "2027-08-31"},
        Address("user", "frogner", "B"): {"valid_from": "2027-03-15"},
        Address("user", "frogner", "C"): {"valid_from": "2020-01-01", "valid_to": "2027-02-01"},
        Address("user", "frogner", "D"): {"valid_to": "2027-01-31"},
        Address("org_unit", "frogner", "E"): {"valid_from": "2027-03-15"},
    }
    assert coming_and_going(days, TODAY) == (
        Month(month="2027-02", starting=0, leaving=1),
        Month(month="2027-03", starting=2, leaving=0),
        Month(month="2027-08", starting=0, leaving=1),
    )
