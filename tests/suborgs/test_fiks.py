"""``suborgs check`` at KS Fiks: what is registered against what is planned; mail is never fetched."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cli.command_line import Cli
from websakctl.redaction import Secret
from websakctl.secrets import stored_secret

from .registers import FROGNER, SAGENE, Registers

ASKED = {"/fiks/api/v2/mottakersystem", "/fiks/api/v2/forsendelsestyper"}


def row(
    number: str, system: str = "Websak", message_type: str | None = None, level: int | None = None
) -> dict[str, Any]:
    return {
        "organisasjonsnummer": number,
        "forsendelseType": message_type,
        "mottakersystem": system,
        "mottakerId": "00000000-0000-0000-0000-000000000000",
        "niva": level,
    }


@pytest.fixture
def fiks(registers: Registers) -> Registers:
    """Everything that should be registered is: both main numbers, and Frogner's kindergarten, whose batch is live."""
    registers.receiving = {number: [row(number)] for number in (FROGNER, SAGENE, "975016684")}
    return registers


def findings(cli: Cli, registers: Registers) -> list[tuple[str, str]]:
    data = cli("suborgs", "check", "--format", "json", env=registers.fiks_variables).json
    assert data["fiks"]["asked"] and not registers.refused
    return [(f["what"], f["orgnr"]) for f in data["fiks"]["findings"]]


def test_what_is_registered_as_planned_has_no_finding(cli: Cli, fiks: Registers) -> None:
    assert findings(cli, fiks) == []


def test_mail_is_never_fetched_and_nothing_is_written(cli: Cli, fiks: Registers) -> None:
    findings(cli, fiks)
    asked = [request.split(" ") for request in fiks.requests]
    assert {urlsplit(target).path for _, target in asked if target.startswith("/fiks")} == ASKED
    assert {(method, target) for method, target in asked if method != "GET"} == {("POST", "/token")}


@pytest.mark.parametrize(
    ("number", "rows", "what"),
    [
        ("975315878", [row("975315878")], "registered-early"),
        ("975016528", [row("975016528")], "registered-unplanned"),
        ("975016684", [], "not-registered"),
        (FROGNER, [], "not-registered"),
        ("975016684", [row("975016684", message_type="Byggesak")], "other-types"),
    ],
    ids=["before-its-batch", "to-be-read-in-altinn", "batch-is-live", "main-number", "one-type-only"],
)
def test_each_mismatch_is_named(cli: Cli, fiks: Registers, number: str, rows: list[dict[str, Any]], what: str) -> None:
    fiks.receiving[number] = rows
    assert findings(cli, fiks) == [(what, number)]


def test_another_system_is_told_where_one_is_expected(cli: Cli, fiks: Registers) -> None:
    settings = cli.root / "config/websak.yaml"
    settings.write_text(settings.read_text() + "registers: {fiks: {receiving_system: Websak}}\n")
    fiks.receiving[FROGNER] = [row(FROGNER, "Noe annet")]
    assert findings(cli, fiks) == [("other-system", FROGNER)]


def test_planned_types_and_level_are_compared(cli: Cli, fiks: Registers) -> None:
    cli.edit(
        "districts/frogner/sub_orgs.yaml", "unit: BHG", "unit: BHG, level: 4, message_types: [Barnevern, Tulletype]"
    )
    fiks.receiving["975016684"] = [row("975016684", message_type="Barnevern", level=3)]
    assert [what for what, _ in findings(cli, fiks)] == ["other-types", "other-types", "unknown-type"]


def test_an_ended_number_that_a_system_still_fetches_is_told_however_its_mail_came(cli: Cli, fiks: Registers) -> None:
    cli.edit("districts/frogner/sub_orgs.yaml", "arrives: dokulink", "arrives: svarinn, valid_to: 2021-01-01")
    fiks.sub_units["975016684"]["nedleggelsesdato"] = "2021-01-01"
    assert findings(cli, fiks) == [("registered-gone", "975016684")]
    fiks.sub_units["975016684"].pop("nedleggelsesdato")
    assert findings(cli, fiks) == [("registered-unplanned", "975016684")]


def test_two_systems_for_the_same_mail_are_told(cli: Cli, fiks: Registers) -> None:
    fiks.receiving[FROGNER].append(row(FROGNER, "Noe annet"))
    assert findings(cli, fiks) == [("registered-twice", FROGNER)]


def test_the_password_goes_to_no_host_that_only_the_config_names(cli: Cli, fiks: Registers) -> None:
    settings = cli.root / "config/websak.yaml"
    settings.write_text(settings.read_text() + f"registers: {{fiks: {{url: '{fiks.url}/fiks'}}}}\n")
    env = {name: value for name, value in fiks.fiks_variables.items() if name != "WEBSAKCTL_FIKS_URL"}
    assert "nothing was sent" in cli("suborgs", "check", env=env, code=6).err


@pytest.mark.parametrize("left_out", ["CLIENT_ID", "PASSWORD", "PRIVATE_KEY"])
def test_without_credentials_it_is_off_and_says_so(cli: Cli, fiks: Registers, left_out: str) -> None:
    env = {name: value for name, value in fiks.fiks_variables.items() if name != f"WEBSAKCTL_FIKS_{left_out}"}
    data = cli("suborgs", "check", "--format", "json", env=env).json
    assert data["fiks"]["asked"] is False and data["fiks"]["why_not"].startswith("no ")
    assert not any("/fiks" in request or "/token" in request for request in fiks.requests)


@pytest.mark.parametrize(
    ("variable", "value"), [("PRIVATE_KEY", "no key"), ("KEY_ID", "wrong"), ("PASSWORD", "a-wrong-password")]
)
def test_wrong_credentials_end_in_6_and_show_nothing(cli: Cli, fiks: Registers, variable: str, value: str) -> None:
    done = cli("suborgs", "check", env={**fiks.fiks_variables, f"WEBSAKCTL_FIKS_{variable}": value}, code=6)
    assert "docs/mail-routes.md" in done.err
    for secret in ("a-password-nobody-sees", "a-wrong-password", "PRIVATE KEY---"):
        assert secret not in done.err + done.out


def test_an_answer_that_is_none_is_not_taken_for_nothing_registered(cli: Cli, fiks: Registers) -> None:
    fiks.receiving[FROGNER] = [{"organisasjonsnummer": FROGNER}]
    assert cli("suborgs", "check", env=fiks.fiks_variables, code=7).out == ""


def test_secrets_may_stand_in_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {("websakctl", "fiks-password"): "kept"}
    monkeypatch.setattr("keyring.get_password", lambda service, name: kept.get((service, name)))
    assert (stored_secret("fiks-password"), stored_secret("fiks-private-key")) == (Secret("kept"), None)
