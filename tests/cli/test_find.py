"""``find``, and ``show`` and ``explain`` by the end of an address."""

from typing import Any

import pytest

from .command_line import Cli


def found(cli: Cli, text: str, *args: str) -> list[tuple[str, str, list[str]]]:
    rows = cli("find", text, "--format", "json", *args).json["items"]
    return [(row["address"], row["field"], row["places"]) for row in rows]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("OPPVEKST", ("org_unit/frogner/FR-OPPV", "name")),
        ("fr-oppv", ("org_unit/frogner/FR-OPPV", "key")),
        ("874 778 702", ("sub_org/frogner/874778702", "key")),
        ("personalma", ("case_type/base/PERS", "name")),
        ("offl. § 13", ("access_code/base/P", "legal_basis")),
        ("Websak+", ("licence/base/WEBSAK-PLUS", "product")),
    ],
)
def test_names_keys_numbers_and_values_are_found(small: Cli, text: str, first: tuple[str, str]) -> None:
    assert found(small, text, "--offline")[0] == (*first, ["config"])


def test_it_says_where_it_stands_and_narrows(cli: Cli, websak: Any) -> None:
    cli.apply("--district", "frogner", "--kind", "org_unit")
    websak.ask("POST", "edit", {"kind": "department", "key": "FR-OPPV", "set": {"name": "Barn og unge"}})
    both = {address: places for address, _, places in found(cli, "OPPV", "--kind", "org_unit")}
    assert both["org_unit/frogner/FR-OPPV"] == ["config", "Websak"]
    assert found(cli, "Barn og unge")[0] == ("org_unit/frogner/FR-OPPV", "name", ["Websak"])
    assert {a for a, _, _ in found(cli, "OPPV", "--district", "sagene")} == {
        "org_unit/sagene/SA-OPPV",
        "org_unit/sagene/SA-BHG",
    }
    row = cli("find", "FR-OPPV", "--offline", "--format", "json").json["items"][0]
    assert row["source"]["file"] == "config/org_units.yaml"


def test_users_are_read_only_where_some_are_looked_for(cli: Cli, websak: Any) -> None:
    (cli.root / "users").mkdir()
    (cli.root / "users/frogner.yaml").write_text("users: {}\n")
    websak.fault("status", path="/api/Users", times=99, code=403)
    assert found(cli, "OPPV", "--kind", "org_unit")[0][0] == "org_unit/frogner/FR-OPPV"
    cli("find", "OPPV", code=6)


def test_what_is_not_there_is_said(small: Cli) -> None:
    assert small("find", "finnes ikke", "--offline").out == "Nothing in the config has 'finnes ikke'.\n"
    assert small("find", "finnes ikke", "--offline", "--format", "json").json["items"] == []
    small("find", " ", "--offline", code=64)


def test_show_and_explain_take_the_end_of_an_address(small: Cli) -> None:
    shown = small("show", "fr-oppv", "--offline", "--format", "json").json
    assert shown["address"] == "org_unit/frogner/FR-OPPV"
    assert "org_unit/frogner/FR-OPPV" in small("show", "frogner/FR-OPPV", "--offline").out
    assert "Written at config/org_units.yaml" in small("explain", "FR-OPPV").out
    several = small("show", "P", "--offline", code=None)
    assert several.code == 0  # the only resource with this key
    assert "did you mean FR-OPPV?" in small("show", "FR-OPVP", "--offline", code=64).err


def test_several_that_end_so_are_named(small: Cli) -> None:
    small.edit("config/rollout.yaml", "WEBSAK-PLUS:", "PERS:")
    refused = small("show", "PERS", "--offline", code=64)
    assert "PERS is 2 resources: case_type/base/PERS, licence/base/PERS" in refused.err
    assert small("show", "case_type/PERS", "--offline", "--format", "json").json["address"] == "case_type/base/PERS"
