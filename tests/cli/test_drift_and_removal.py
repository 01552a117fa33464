"""What somebody changed by hand; and what happens to what leaves the config and comes back."""

from typing import Any

import pytest

from .command_line import Cli


@pytest.fixture
def applied(cli: Cli, websak: Any) -> Cli:
    cli.apply("--quiet")
    websak.ask("DELETE", "effects")
    return cli


def test_a_hand_edit_is_drift_and_the_next_apply_takes_it_back(applied: Cli, websak: Any) -> None:
    websak.edit("department", "SA-OPPV", name="Oppvekst og mer")
    drift = applied("drift", "--detailed-exitcode", code=2)
    lines = drift.out.splitlines()
    assert "~ org_unit  sagene/SA-OPPV" in lines
    assert '    name: "Oppvekst" -> "Oppvekst og mer"' in lines
    assert any(line.startswith("Drift: 0 created, 1 updated, 0 deactivated.") for line in lines)
    applied("drift", code=0)  # 2 only when it is asked for
    document = applied("drift", "--format", "json").json
    assert [(c["address"], c["action"]) for c in document["changes"]] == [("org_unit/sagene/SA-OPPV", "update")]
    applied("drift", "--detailed-exitcode", "--district", "frogner", code=0)

    plan = applied.plan("--detailed-exitcode", code=2)
    assert plan.json["changes"][0]["fields"] == [{"path": "name", "before": "Oppvekst og mer", "after": "Oppvekst"}]
    assert websak.effects() == []  # neither wrote anything
    applied.apply()
    applied("drift", "--detailed-exitcode", code=0)


def test_a_change_of_the_config_is_no_drift(applied: Cli) -> None:
    applied.edit("config/case_types.yaml", "Personalmappe", "Personalsak")
    applied("drift", "--detailed-exitcode", code=0)
    applied("plan", "--detailed-exitcode", code=2)


def test_what_leaves_the_config_is_retired_and_what_comes_back_is_brought_back(applied: Cli, websak: Any) -> None:
    line = "    HELSE: {name: Helse og mestring}\n"
    applied.edit("config/org_units.yaml", line, "")
    plan = applied("plan")
    assert (
        '- org_unit  */HELSE (deactivate)  (2 districts: frogner, sagene)  "Helse og mestring"' in plan.out.splitlines()
    )
    assert "Plan: 0 to create, 0 to update, 2 to deactivate." in plan.out
    applied.apply()
    assert sorted(websak.effects()) == [("department.deactivate", "FR-HELSE"), ("department.deactivate", "SA-HELSE")]
    assert applied.plan().changed == []

    applied.edit("config/org_units.yaml", "    OPPV:", line + "    OPPV:")
    plan = applied("plan")
    assert "+ org_unit  */HELSE (activate)  (2 districts: frogner, sagene)" in plan.out.splitlines()
    assert "2 to activate" in plan.out
    websak.ask("DELETE", "effects")
    applied.apply()
    assert {operation for operation, _ in websak.effects()} == {"department.activate"}
    applied("plan", "--detailed-exitcode", code=0)


def test_what_was_never_ours_is_counted_and_left_alone_unless_pruned(applied: Cli, websak: Any) -> None:
    before = applied.plan().json
    assert before["summary"]["unmanaged"] == 7
    assert {"access_code/base/Z9", "org_unit/frogner/FR-GAMMEL", "org_unit/base/PROSJ"} <= set(before["unmanaged"])
    assert " live objects are not managed here." in applied("plan").out
    pruned = applied.plan("--prune", "access_code").json
    assert [(c["key"], c["action"]) for c in pruned["changes"]] == [("XX", "deactivate"), ("Z9", "deactivate")]
    applied.apply("--prune", "access_code")
    assert sorted(key for _, key in websak.effects()) == ["XX", "Z9"]
    assert applied.plan().json["summary"]["unmanaged"] == 5
    assert applied.plan("--prune", "access_code").changed == []


def test_what_no_api_can_remove_is_a_step_for_a_person(applied: Cli) -> None:
    applied.edit("config/access.yaml", "  BYARKIVET: {}", "  DOKUMENTSENTER: {}")
    plan = applied.plan().json
    assert [c["address"] for c in plan["changes"]] == ["access_group/base/DOKUMENTSENTER"]
    assert [m["address"] for m in plan["manual"]] == ["access_group/base/BYARKIVET"]
    assert " 1 manual step." in applied("plan").out


def test_show_has_both_sides(applied: Cli, websak: Any) -> None:
    websak.edit("department", "SA-OPPV", name="Oppvekst og mer")
    shown = applied("show", "org_unit/sagene/SA-OPPV")
    row = next(line for line in shown.out.splitlines() if line.startswith("name "))
    assert row.split('"')[1::2] == ["Oppvekst", "Oppvekst og mer"] and row.endswith("differs")
    assert "Written at config/org_units.yaml:4:5." in shown.out
    offline = applied("show", "org_unit/sagene/SA-OPPV", "--offline", env={"WEBSAKCTL_BASE_URL": "http://127.0.0.1:9"})
    assert "Oppvekst og mer" not in offline.out
    assert "did you mean org_unit/sagene/SA-OPPV?" in applied("show", "org_unit/sagene/SA-OPP", code=64).err
    assert "(not managed)" in applied("show", "org_unit/frogner/FR-GAMMEL").out
