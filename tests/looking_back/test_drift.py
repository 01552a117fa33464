"""``drift``: what somebody changed by hand, what the config wants by now, and what both did, told apart."""

from typing import Any

import pytest

from .command_line import Cli, write_files


def ways(cli: Cli, *args: str, **kwargs: Any) -> dict[tuple[str, str], tuple[str, Any, Any, Any]]:
    document = cli("drift", "--format", "json", *args, **kwargs).json
    return {(w["address"], w["path"]): (w["cause"], w["applied"], w["live"], w["config"]) for w in document["drift"]}


PERS, OPPV, HELSE = "case_type/base/PERS", "org_unit/frogner/FR-OPPV", "org_unit/sagene/SA-HELSE"


@pytest.fixture
def drifted(applied: Cli, websak: Any) -> Cli:
    """Live changed, config changed, and both."""
    websak.edit("case_type", "PERS", name="Personal (for hånd)", retention="G")
    websak.edit("department", "SA-HELSE", name="Helse for hånd")
    applied.edit("config/case_types.yaml", "name: Personalmappe", "name: Personalsak")
    applied.edit("config/org_units.yaml", "Oppvekst", "Oppvekst og læring")
    return applied


def test_three_causes(drifted: Cli) -> None:
    assert ways(drifted) == {
        (PERS, "name"): ("both", "Personalmappe", "Personal (for hånd)", "Personalsak"),
        (PERS, "retention"): ("live", "B", "G", "B"),
        (HELSE, "name"): ("live", "Helse og mestring", "Helse for hånd", "Helse og mestring"),
        (OPPV, "name"): ("config", "Oppvekst", "Oppvekst", "Oppvekst og læring"),
        ("org_unit/sagene/SA-OPPV", "name"): ("config", "Oppvekst", "Oppvekst", "Oppvekst og læring"),
    }
    outcome = drifted("drift", "--format", "json")
    assert outcome.json["causes"] == {"live": 2, "config": 2, "both": 1}
    assert outcome.changed == {PERS: "update", HELSE: "update"}
    assert outcome.json["findings"] == []


def test_as_text_and_as_matrix(drifted: Cli) -> None:
    reported = drifted("drift").out
    assert 'name: "Personalmappe" -> "Personal (for hånd)"' in reported
    assert "Drift: 0 created, 2 updated, 0 deactivated." in reported
    assert "Fields by cause: live changed by hand: 2; config changed, not yet applied: 2; both changed: 1." in reported
    assert "Changed on both sides:" in reported
    assert reported.splitlines()[-1].split("  ")[-1].strip() == '"Personalsak"'
    matrix = drifted("drift", "--format", "matrix").out
    assert "sagene" in matrix
    assert "~" in matrix


def test_exit_codes_for_a_nightly_job(applied: Cli, websak: Any) -> None:
    assert "No drift. Websak is as it was last applied" in applied("drift", "--detailed-exitcode").out
    applied.edit("config/case_types.yaml", "name: Personalmappe", "name: Personalsak")
    applied("drift", "--detailed-exitcode", code=0)  # nobody did anything by hand
    websak.edit("case_type", "PERS", name="For hånd")
    applied("drift", "--detailed-exitcode", code=2)
    applied("drift", code=0)
    applied("drift", "--detailed-exitcode", "--district", "frogner", code=0)
    assert websak.effects() == []


def test_retired_by_hand_and_taken_away_by_hand(applied: Cli, websak: Any) -> None:
    websak.edit("department", "SA-HELSE", valid_to_date="2026-01-01T00:00:00Z")
    websak.edit("access_code", "P", active=False)
    applied.edit("config/org_units.yaml", "    HELSE: {name: Helse og mestring}\n", "")
    result = ways(applied)
    assert result == {
        (HELSE, "active"): ("both", True, False, False),
        ("access_code/base/P", "active"): ("live", True, False, True),
        ("org_unit/frogner/FR-HELSE", "active"): ("config", True, True, False),
    }
    assert applied("drift", "--format", "json").changed == {HELSE: "deactivate", "access_code/base/P": "deactivate"}


def test_in_the_config_and_not_yet_applied(applied: Cli) -> None:
    codes = "  V: {name: Ny, basis_chosen_per_case: true}\n  Z9: {name: Fra før, basis_chosen_per_case: true}\n"
    write_files(applied.root, {"config/more.yaml": f"access_codes:\n{codes}"})
    assert ways(applied) == {
        ("access_code/base/V", "active"): ("config", False, False, True),
        ("access_code/base/Z9", "active"): ("config", False, True, True),  # there, and not managed so far
    }


def test_selection(drifted: Cli) -> None:
    assert {a for a, _ in ways(drifted, "--district", "sagene")} == {HELSE, "org_unit/sagene/SA-OPPV"}
    assert {a for a, _ in ways(drifted, "--kind", "case_type")} == {PERS}
    assert {a for a, _ in ways(drifted, "--target", "*/FR-*")} == {OPPV}


def test_after_an_apply_there_is_none(drifted: Cli) -> None:
    drifted.apply("--quiet")
    assert ways(drifted) == {}
    assert drifted("drift", "--format", "json").json["causes"] == {"live": 0, "config": 0, "both": 0}


def test_one_key_of_a_mapping_and_a_list(applied: Cli, websak: Any) -> None:
    websak.edit("licence", "WEBSAK-PLUS", allotments={"frogner": 41, "sagene": 50, "ullern": 1})
    websak.edit("access_code", "P", legal_basis=[])
    result = ways(applied)
    assert result["licence/base/WEBSAK-PLUS", "allotments.frogner"] == ("live", 40, 41, 40)
    assert result["licence/base/WEBSAK-PLUS", "allotments.ullern"] == ("live", None, 1, None)
    assert result["access_code/base/P", "legal_basis"][0] == "live"
    assert len(result) == 3


def test_moved_to_another_district_by_hand(applied: Cli, websak: Any) -> None:
    websak.edit("sub_org", "974778726", district="frogner")
    assert ways(applied) == {("sub_org/frogner/974778726", "scope"): ("live", "sagene", "frogner", "sagene")}


def test_what_the_server_makes_of_a_value_is_no_drift(applied: Cli, websak: Any) -> None:
    """A name is cut at 70 characters by the server, without a word."""
    long = ("Oppvekst og læring " * 5).strip()[:70]
    applied.edit("config/org_units.yaml", "{name: Oppvekst}", f"{{name: {long}}}")
    websak.edit("department", "FR-OPPV", name="Oppvekst")
    applied.apply("--quiet")
    assert ways(applied) == {}
    websak.edit("department", "FR-OPPV", name="e\u0301n" + long)
    assert len(ways(applied)) == 1
    websak.edit("department", "FR-OPPV", name=__import__("unicodedata").normalize("NFD", long))
    assert ways(applied) == {}


def test_a_word_that_looks_like_a_secret_is_no_drift(applied: Cli, websak: Any) -> None:
    """What is remembered of it is redacted; that alone is no difference."""
    text = (applied.root / "config/sub_orgs.yaml").read_text(encoding="utf-8")
    write_files(
        applied.root,
        {"config/sub_orgs.yaml": text.replace("svarinn}", 'svarinn, daily_routine: "passord: se permen"}')},
    )
    applied.apply("--quiet")
    assert ways(applied) == {}
    assert applied.plan().changed == {}
    websak.edit("sub_org", "974778726", daily_routine="passord: noe annet")
    result = ways(applied)
    assert set(result) <= {("sub_org/sagene/974778726", "daily_routine")}


def test_nothing_applied_from_here(cli: Cli) -> None:
    outcome = cli("drift", "--detailed-exitcode")
    assert "Nothing has been applied to environment from here yet" in outcome.err
    assert cli("drift", "--format", "json").json["changes"] == []
