"""Pull: live values are written where the config says them, and nowhere else."""

import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from .conftest import Repository

WHY = ("--reason", "Vedtatt i mars", "--owner", "Bydel Frogner, stab")


def test_nothing_to_pull_writes_nothing(applied: Repository) -> None:
    before = applied.texts()
    assert "Nothing to be pulled" in applied("pull", "--auto-approve").out
    assert applied.texts() == before


def test_each_value_is_patched_where_it_was_written(applied: Repository, environment: Any) -> None:
    before = applied.texts()
    for key in ("FR-HELSE", "SA-HELSE"):
        environment.edit("department", key, name="Helse, mestring og ås")
    environment.edit("department", "SA-BHG", name="Barnehagene våre")
    environment.edit("department", "SA-BH-LILLO", name="Lillo barnehage")
    environment.edit("case_type", "TILS", class_code="411", access_code=None)
    environment.edit("licence", "WEBSAK-PLUS", allotments={"frogner": 45, "sagene": 50})
    basis = [
        {"reference": "offl. § 13", "valid_from": "2009-01-01", "valid_to": "2027-12-31"},
        {"reference": "offl. § 13 a", "valid_from": "2028-01-01", "valid_to": None},
    ]
    environment.edit("access_code", "P", legal_basis=basis)

    outcome = applied("pull", "--auto-approve", "--format", "json")

    assert applied.changed_from(before) == {
        "config/access.yaml": [
            "-    legal_basis: [{reference: offl. § 13, valid_from: 2009-01-01}] # the act",
            '+    legal_basis: [{reference: offl. § 13, valid_from: 2009-01-01, valid_to: "2027-12-31"}, '
            '{reference: offl. § 13 a, valid_from: "2028-01-01"}] # the act',
        ],
        "config/case_types.yaml": [
            "-  TILS: {name: Tilsetting, series: SAK, ordering_principle: emne, access_code: P, retention: B, retention_basis: § 7-26}",
            '+  TILS: {name: Tilsetting, series: SAK, ordering_principle: emne, class_code: "411", retention: B, retention_basis: § 7-26}',
        ],
        "config/org_units.yaml": [
            "-      name: 'Helse og mestring'   # health",
            "+      name: 'Helse, mestring og ås'   # health",
        ],
        "config/rollout.yaml": [
            "-  WEBSAK-PLUS: {product: Websak+, bought: 100, allotments: {frogner: 40, sagene: 50}}",
            "+  WEBSAK-PLUS: {product: Websak+, bought: 100, allotments: {frogner: 45, sagene: 50}}",
        ],
        "districts/sagene/district.yaml": ["-      name: Barnehagene", "+      name: Barnehagene våre"],
        "districts/sagene/org_units.yaml": [
            "-  BH-LILLO: {name: Lillo gård barnehage}",
            "+  BH-LILLO: {name: Lillo barnehage}",
        ],
    }
    assert {w["how"] for w in outcome.json["written"]} == {"in place", "in the template", "as an override"}
    assert applied.plan()["changes"] == []


def test_what_only_some_districts_have_becomes_an_override_with_its_reason(
    applied: Repository, environment: Any
) -> None:
    environment.edit("department", "FR-OPPV", name="Oppvekst og kultur", contact="Stab")
    environment.edit("department", "FR-HELSE", name="Helse")
    before = applied.texts()
    refused = applied("pull", "--auto-approve", code=4)
    assert "org_unit/frogner/FR-HELSE, org_unit/frogner/FR-OPPV would be overrides" in refused.err
    assert "--reason" in refused.err
    assert applied.texts() == before

    applied("pull", "--auto-approve", *WHY)
    about = 'reason: Vedtatt i mars, owner: "Bydel Frogner, stab"'
    assert applied.changed_from(before) == {
        "districts/frogner/district.yaml": [
            "+",
            "+overrides:",
            "+  org_units:",
            f"+    HELSE: {{name: Helse, {about}}}",
            f"+    OPPV: {{name: Oppvekst og kultur, {about}}}",
        ]
    }
    assert applied.plan()["changes"] == []
    applied("fmt", "--check", str(applied.root / "districts"))


def test_an_override_goes_when_the_district_is_as_the_others_again(applied: Repository, environment: Any) -> None:
    environment.edit("department", "SA-BHG", name="Barnehager")
    applied("pull", "--auto-approve")
    assert "BHG" not in applied.text("districts/sagene/district.yaml")
    assert applied.plan()["changes"] == []


def test_only_what_is_selected_is_pulled(applied: Repository, environment: Any) -> None:
    for key in ("FR-HELSE", "SA-HELSE"):
        environment.edit("department", key, name="Helse")
    before = applied.texts()
    applied("pull", "--district", "frogner", "--auto-approve", *WHY)
    assert list(applied.changed_from(before)) == ["districts/frogner/district.yaml"]
    assert [c["address"] for c in applied.plan()["changes"]] == ["org_unit/sagene/SA-HELSE"]


def test_what_no_config_could_say_is_left_out_and_named(applied: Repository, environment: Any) -> None:
    environment.edit("department", "FR-HELSE", abbreviation="HELSE-FR")
    environment.edit("case_type", "TILS", personal_data=True, publish=True)
    before = applied.texts()
    outcome = applied("pull", "--auto-approve", "--format", "json")
    left = {result["address"]: result["why"] for result in outcome.json["left"]}
    assert "must be the same in every district" in left["org_unit/frogner/FR-HELSE"]
    assert "personal-data-published" in left["case_type/base/TILS"]
    assert applied.texts() == before


def test_it_shows_first_and_asks(applied: Repository, environment: Any) -> None:
    environment.edit("licence", "WEBSAK-PLUS", bought=120)
    before = applied.texts()
    outcome = applied("pull", code=4)
    assert "+  WEBSAK-PLUS: {product: Websak+, bought: 120," in outcome.err
    assert "nothing was written" in outcome.err
    assert applied.texts() == before


def test_changes_that_are_not_committed_are_not_written_over(applied: Repository, environment: Any) -> None:
    environment.edit("licence", "WEBSAK-PLUS", bought=120)
    name = "config/rollout.yaml"
    applied.write(name, "# mine\n" + applied.text(name))
    assert "not committed: config/rollout.yaml" in applied("pull", "--auto-approve", code=4).err
    assert "bought: 100" in applied.text(name)
    applied("pull", "--auto-approve", "--force")
    assert applied.text(name).startswith("# mine\nlicences:")
    assert "bought: 120" in applied.text(name)


@pytest.mark.parametrize("newline", ["\r\n"])
def test_a_byte_order_mark_and_line_ends_stay(applied: Repository, environment: Any, newline: str) -> None:
    name = "config/rollout.yaml"
    applied.write(name, "\ufeff" + applied.text(name).replace("\n", newline))
    applied.commit()
    before = applied.text(name)
    environment.edit("licence", "WEBSAK-PLUS", bought=120)
    applied("pull", "--auto-approve")
    assert applied.text(name) == before.replace("bought: 100", "bought: 120")


def test_on_a_terminal_it_waits_for_a_yes(applied: Repository, environment: Any) -> None:
    environment.edit("licence", "WEBSAK-PLUS", bought=120)
    program = str(Path(sys.executable).with_name("websakctl"))
    child = pexpect.spawn(
        program, ["--root", str(applied.root), "pull"], encoding="utf-8", timeout=20, dimensions=(40, 200)
    )
    child.expect_exact("bought: 120")
    child.expect_exact("Write this file? [y/N] ")
    assert "bought: 100" in applied.text("config/rollout.yaml")
    child.sendline("y")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert "bought: 120" in applied.text("config/rollout.yaml")
