"""What a config says of access: who has left, who confirmed the model, and nothing that nobody asked for."""

import json
from datetime import date
from pathlib import Path

import pytest

from tests.cli.command_line import write_files
from tests.reliability import inside
from websakctl.model.address import Address
from websakctl.operations.change.read_access import access_of_config
from websakctl.operations.review.sign_access import listed_in
from websakctl.source.configuration import Configuration
from websakctl.source.load import load_configuration

TODAY = date(2027, 3, 1)
NUMBER = "13097248022"  # made up, with the right check digits
FILES = {
    "config/websak.yaml": "organisation: {name: Oslo kommune, orgnr: '958935420'}\nuser_import: {national_id: true}\n",
    "config/all.yaml": """\
each_district:
  org_units:
    BYDEL: {name: "{district.name}"}
    BV: {name: Barnevern}
access_codes:
  U: {name: Unntatt, basis_chosen_per_case: true, screening_level: 1}
user_roles:
  CASEWORKER: {name: Saksbehandler, template_id: "1", access_functions: ["10"], roles: {SB: {units: own, grades: [U]}}}
access_groups: {EIET: {owner: Byarkivet}, UEIET: {}}
""",
    "districts/frogner/district.yaml": (
        'district: {name: Bydel Frogner, number: "05", orgnr: "874778702", short_name: BFR, prefix: FR}\n'
    ),
    "users/frogner.yaml": f"""\
users:
  KARNOR: {{name: Kari Nordmann, role: CASEWORKER, unit: BV, national_no: "{NUMBER}"}}
  SLUTTET: {{name: Per Lie, role: CASEWORKER, unit: BV, valid_to: 2027-02-28}}
  KOMMER: {{name: Ola Lie, role: CASEWORKER, unit: BV, valid_from: 2027-04-01}}
""",
}


def loaded(root: Path, **changed: str) -> Configuration:
    write_files(root, {**FILES, **{f"config/{name}.yaml": text for name, text in changed.items()}})
    return load_configuration(root, TODAY)


def test_who_has_left_and_who_is_yet_to_come_are_told_apart(tmp_path: Path) -> None:
    config = loaded(tmp_path)
    assert config.valid, [f.message for f in config.findings]
    listed = listed_in(config, TODAY)
    assert listed.ended == {Address("user", "frogner", "SLUTTET"): "2027-02-28"}
    assert {a.key for a in listed.listed} == {"KARNOR", "SLUTTET", "KOMMER"}
    assert [a.key for a in listed.ownerless] == ["UEIET"]
    assert [a.key for a in access_of_config(config).accounts] == ["KARNOR"]


@pytest.mark.parametrize("half", ["confirmed_by: Byarkivet", "on: 2027-01-15"])
def test_half_a_confirmation_is_refused(tmp_path: Path, half: str) -> None:
    config = loaded(tmp_path, websak=f"access_model: {{{half}}}\n")
    found = [f.message for f in config.findings if f.code == "bad-settings"]
    assert len(found) == 1 and "confirmed it, and not" in found[0]


def test_what_the_settings_name_and_nobody_has_is_a_gap(tmp_path: Path) -> None:
    model = "access_model: {group_codes: {BORTE: [NY], EIET: [U]}, zones: {GAMMEL: Sone}}\n"
    gaps = {gap.what: gap.where for gap in access_of_config(loaded(tmp_path, websak=model)).gaps}
    assert gaps["access codes that access_model names and no list has"] == ("GAMMEL", "NY")
    assert gaps["access groups that access_model names and no list has"] == ("BORTE",)


@pytest.mark.parametrize(
    "words",
    [("who", "--code", "U"), ("what", "KARNOR"), ("compare", "KARNOR", "KARNOR"), ("review", "--district", "frogner")],
)
def test_no_national_number_is_shown_whatever_is_asked_for(tmp_path: Path, words: tuple[str, ...]) -> None:
    write_files(tmp_path, FILES)
    for form in ("text", "json"):
        env = {"HOME": str(tmp_path), "WEBSAKCTL_BASE_URL": "http://127.0.0.1:9"}
        code, out, err = inside.run(tmp_path, ("access", *words, "--offline", "--names", "--format", form), env)
        assert code == 0, err
        assert "Kari Nordmann" in out and NUMBER not in out + err
        assert form == "text" or json.loads(out)["source"] == "config"


def found(root: Path, grades: str, *, read_in: str = "") -> list[str]:
    """What ``validate`` has against who reads a sensitive access code."""
    code = f"  BV: {{name: Barnevern, basis_chosen_per_case: true, screening_level: 3, sensitive: true{read_in}}}\n"
    text = FILES["config/all.yaml"].replace("grades: [U]", f"grades: {grades}")
    users = "users:\n" + "".join(
        f"  {key}: {{name: Kari Nordmann, role: CASEWORKER, unit: {unit}}}\n"
        for key, unit in (("A1", "BV"), ("A2", "BYDEL"))
    )
    write_files(
        root,
        {**FILES, "config/all.yaml": text.replace("user_roles:", f"{code}user_roles:"), "users/frogner.yaml": users},
    )
    return [f.message for f in load_configuration(root, TODAY).findings if f.code == "sensitive-code-readers"]


def test_a_sensitive_code_is_read_by_some_and_not_by_all(tmp_path: Path) -> None:
    assert found(tmp_path, "[U]") == ["nobody in frogner can read documents with BV"]
    assert found(tmp_path, "[U]", read_in=", read_in: [BV]") == ["nobody in FR-BV can read documents with BV"]
    assert found(tmp_path, "[U, BV]") == ["everybody in frogner can read documents with BV"]
    assert found(tmp_path, "[U]", read_in=", read_in: [BARN]") == [
        "read_in of BV names FR-BARN, and no unit has that key"
    ]
