"""``suborgs check``: every way in which the business register can have it otherwise."""

from typing import Any

import pytest

from tests.cli.command_line import Cli
from websakctl.consistency.ledger import Desired
from websakctl.live.errors import Unreachable
from websakctl.live.runtime import Runtime
from websakctl.model.district import District
from websakctl.operations.review.consistency import ask_register

from .registers import FROGNER, SAGENE, Registers, sub_unit, unit


def findings(cli: Cli, registers: Registers, *args: str, **kwargs: Any) -> list[tuple[str, str, str]]:
    data = cli("suborgs", "check", "--format", "json", *args, env=registers.variables, **kwargs).json
    return [(f["what"], f["district"], f["orgnr"]) for f in data["business_register"]["findings"]]


def test_a_config_that_is_as_the_register_has_no_finding(cli: Cli, registers: Registers) -> None:
    assert findings(cli, registers, "--detailed-exitcode") == []


def test_the_numbers_of_units_within_a_district_are_found_too(cli: Cli, registers: Registers) -> None:
    registers.sub_units["975291294"] = sub_unit("975291294", "BJØLSEN BARNEHAGE", "313000109")
    assert findings(cli, registers) == [("missing", "sagene", "975291294")]


def test_a_number_that_exists_and_is_not_in_the_config(cli: Cli, registers: Registers) -> None:
    registers.sub_units["975291294"] = sub_unit("975291294", "BJØLSEN BARNEHAGE", SAGENE)
    registers.sub_units["975315894"] = sub_unit("975315894", "NEDLAGT", SAGENE, nedleggelsesdato="2020-01-01")
    assert findings(cli, registers, "--detailed-exitcode", code=2) == [("missing", "sagene", "975291294")]
    assert findings(cli, registers, "--district", "frogner") == []


@pytest.mark.parametrize(("day", "what"), [("2020-01-01", "closed"), ("2099-01-01", "closing")])
def test_a_number_that_is_closed_or_about_to_be(cli: Cli, registers: Registers, day: str, what: str) -> None:
    registers.sub_units["975016684"]["nedleggelsesdato"] = day
    assert findings(cli, registers) == [(what, "frogner", "975016684")]


def test_a_deleted_number_is_looked_up_by_itself(cli: Cli, registers: Registers) -> None:
    registers.sub_units["975016684"] = {"organisasjonsnummer": "975016684", "slettedato": "2021-05-01"}
    assert findings(cli, registers) == [("closed", "frogner", "975016684")]


def test_a_number_that_was_removed_is_not_one_that_never_was(cli: Cli, registers: Registers) -> None:
    del registers.sub_units["975016684"], registers.sub_units["975315878"]
    registers.removed.add("975016684")
    assert findings(cli, registers) == [("removed", "frogner", "975016684"), ("unknown", "sagene", "975315878")]


def test_a_number_of_another_district(cli: Cli, registers: Registers) -> None:
    registers.sub_units["975016684"] = sub_unit("975016684", "FROGNER BARNEHAGE", SAGENE)
    result = cli("suborgs", "check", "--format", "json", env=registers.variables).json
    (only,) = result["business_register"]["findings"]
    assert (only["what"], only["detail"]) == ("elsewhere", "it belongs to sagene: move it there")


def test_a_number_of_nobody_here(cli: Cli, registers: Registers) -> None:
    registers.sub_units["975016684"] = sub_unit("975016684", "FROGNER BARNEHAGE", "313000206")
    assert findings(cli, registers) == [("elsewhere", "frogner", "975016684")]


def test_a_new_name_is_told_and_capitals_are_none(cli: Cli, registers: Registers) -> None:
    registers.sub_units["975016528"] = sub_unit("975016528", "ASKELADDEN OG TORSHOV BARNEHAGE", SAGENE)
    assert findings(cli, registers) == [("renamed", "sagene", "975016528")]


def test_a_number_that_the_config_has_ended_and_the_register_has_not(cli: Cli, registers: Registers) -> None:
    cli.edit("districts/frogner/sub_orgs.yaml", "arrives: dokulink", "arrives: dokulink, valid_to: 2021-01-01")
    assert findings(cli, registers) == [("alive", "frogner", "975016684")]


def test_text_names_the_finding_and_says_what_to_do(cli: Cli, registers: Registers) -> None:
    registers.removed.add("975016684")
    del registers.sub_units["975016684"]
    done = cli("suborgs", "check", env=registers.variables)
    assert "1 finding (6 numbers checked)." in done.out
    assert "end its route with `valid_to`" in done.out
    assert "KS Fiks: not asked: no client id" in done.out


def test_a_name_from_outside_cannot_act_on_the_terminal(cli: Cli, registers: Registers) -> None:
    registers.sub_units["975291294"] = sub_unit("975291294", "\x1b[2JBARNEHAGE", FROGNER)
    assert "\x1b" not in cli("suborgs", "check", env=registers.variables).out


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b'{"_embedded": {}}',
        b'{"page": {"totalElements": 3}}',
        b'{"_embedded": {"enheter": [{}]}, "page": {"totalElements": 1}}',
    ],
    ids=["not-json", "no-page", "fewer-than-announced", "no-number"],
)
def test_nothing_is_concluded_from_an_answer_that_is_not_whole(cli: Cli, registers: Registers, answer: bytes) -> None:
    cli.hurried = True
    registers.faults.extend([(200, answer)] * 9)  # what is no JSON is asked for again
    assert cli("suborgs", "check", "--district", "frogner", env=registers.variables, code=7).out == ""


def test_a_busy_register_is_asked_again(cli: Cli, registers: Registers) -> None:
    registers.faults.append((503, b"{}"))
    assert findings(cli, registers) == []


def test_a_unit_within_a_district_has_a_number_of_its_own(cli: Cli, registers: Registers) -> None:
    registers.units["313000206"] = unit("313000206", "SAGENE HELSEENHET", SAGENE)
    assert findings(cli, registers) == [("missing", "sagene", "313000206")]


def test_without_a_network_the_bulk_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("websakctl.live.transport.ATTEMPTS", 1)
    frogner = District(slug="frogner", name="Bydel Frogner", number="05", orgnr=FROGNER, short_name="BFR", prefix="FR")
    with pytest.raises(Unreachable) as reported:
        desired = Desired(routes=(), units={}, districts={"frogner": frogner}, scopes=frozenset({"frogner"}))
        ask_register("http://127.0.0.1:9", desired, (), Runtime())
    assert "--file" in reported.value.what_next


def test_an_option_before_check_is_not_swallowed(cli: Cli, registers: Registers) -> None:
    done = cli("suborgs", "--district", "frogner", "check", env=registers.variables, code=64)
    assert "--district stands before check" in done.err
    assert cli("suborgs", "--format", "json", "check", env=registers.variables).json["checked"] == 6


def test_a_wrong_check_digit_points_here(cli: Cli) -> None:
    cli.edit("districts/frogner/sub_orgs.yaml", "975016684", "975016685")
    assert "`websakctl suborgs check` looks it up" in cli("validate", code=3).err


def test_a_district_that_is_looked_at_alone_knows_the_numbers_of_the_others(cli: Cli, registers: Registers) -> None:
    registers.sub_units["975016528"] = sub_unit("975016528", "ASKELADDEN BARNEHAGE", FROGNER)
    assert findings(cli, registers, "--district", "frogner") == [("elsewhere", "sagene", "975016528")]
