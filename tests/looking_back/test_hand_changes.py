"""A plan says which of its changes undo what somebody did by hand, and leaves them out where that is asked for."""

from typing import Any

import pytest

from .command_line import Cli

HELSE, OPPV, P = "org_unit/sagene/SA-HELSE", "org_unit/frogner/FR-OPPV", "access_code/base/P"


@pytest.fixture
def touched(applied: Cli, websak: Any) -> Cli:
    """A name changed by hand, a unit retired by hand, and a change of the config besides."""
    websak.edit("department", "SA-HELSE", name="Helse for hånd")
    websak.edit("department", "FR-HELSE", valid_to_date="2026-01-01T00:00:00Z")
    applied.edit("config/org_units.yaml", "Oppvekst", "Oppvekst og læring")
    return applied


def test_a_change_that_would_undo_somebodys_hand_says_so_and_since_when(touched: Cli) -> None:
    lines = touched("plan").out.splitlines()
    at = lines.index("~ org_unit  sagene/SA-HELSE")
    assert lines[at + 1] == '    name: "Helse for hånd" -> "Helse og mestring"'
    assert lines[at + 2].startswith("    name changed by hand in Websak since ")
    assert lines[at + 2].endswith("; apply puts it back")
    at = lines.index("+ org_unit  frogner/FR-HELSE (activate)")
    assert lines[at + 1].startswith("    taken away by hand in Websak")
    assert sum("by hand in Websak" in line for line in lines) == 2  # the config's own change undoes nothing
    document = touched("plan", "--format", "json").json
    assert document["by_hand"] == [
        {"address": "org_unit/frogner/FR-HELSE", "fields": ["active"]},
        {"address": HELSE, "fields": ["name"]},
    ]


def test_they_can_be_left_out_of_a_plan_and_of_what_is_applied(touched: Cli, websak: Any) -> None:
    left = ("--keep-manual-changes",)
    told = touched("plan", *left)
    assert "2 changes made by hand in Websak are kept: org_unit/frogner/FR-HELSE, org_unit/sagene/SA-HELSE" in told.out
    changed = touched("plan", *left, "--format", "json").json["changes"]
    assert [change["address"] for change in changed] == [OPPV, "org_unit/sagene/SA-OPPV"]
    touched("plan", *left, "--out", "left.json")
    assert touched("rehearse", "left.json", "--format", "json").json["passed"] is True
    touched("apply", "left.json", "--auto-approve")  # the saved plan is made again in the same way
    assert {key for _, key in websak.effects()} == {"FR-OPPV", "SA-OPPV"}
    touched("apply", "--auto-approve", *left)
    assert len(websak.effects()) == 2
    assert {c["address"] for c in touched("plan", "--format", "json").json["changes"]} == {
        HELSE,
        "org_unit/frogner/FR-HELSE",
    }


def test_what_was_kept_once_is_still_known_as_done_by_hand(touched: Cli, websak: Any) -> None:
    left = ("--keep-manual-changes",)
    before = touched("plan", "--format", "json").json["by_hand"]
    for _ in range(2):  # with other changes to do, and with none
        touched("apply", "--auto-approve", *left)
        assert touched("plan", "--format", "json").json["by_hand"] == before
        assert touched("plan", "--format", "json", *left).json["changes"] == []
        last = touched("plan", *left).out.splitlines()[-1]
        assert last.startswith("No changes. Apart from what was changed by hand, Websak matches the config (")
    drifted = touched("drift", "--format", "json").json["changes"]
    assert {c["address"] for c in drifted} == {each["address"] for each in before}
    assert {key for _, key in websak.effects()} == {"FR-OPPV", "SA-OPPV"}


def test_a_field_that_was_kept_once_is_still_known_as_done_by_hand(applied: Cli, websak: Any) -> None:
    websak.edit("case_type", "PERS", retention="G")
    applied.edit("config/case_types.yaml", "name: Personalmappe", "name: Personalsak")
    applied("apply", "--auto-approve", "--keep-manual-changes")
    document = applied("plan", "--format", "json").json
    assert document["by_hand"] == [{"address": "case_type/base/PERS", "fields": ["retention"]}]


def test_only_the_field_that_was_changed_by_hand_is_left_out(applied: Cli, websak: Any) -> None:
    websak.edit("case_type", "PERS", retention="G")
    applied.edit("config/case_types.yaml", "name: Personalmappe", "name: Personalsak")
    (change,) = applied("plan", "--keep-manual-changes", "--format", "json").json["changes"]
    assert [f["path"] for f in change["fields"]] == ["name"]


def test_what_was_never_ours_and_what_a_server_made_of_it_is_nobodys_hand(cli: Cli) -> None:
    assert "by hand" not in cli("plan", "--kind", "org_unit").out
    cli.apply("--quiet")
    cli.edit("config/org_units.yaml", "Oppvekst", "Oppvekst og læring")
    assert "by hand" not in cli("plan", "--kind", "org_unit").out


def test_both_may_have_changed_it(applied: Cli, websak: Any) -> None:
    websak.edit("access_code", "P", name="For hånd")
    applied.edit("config/access.yaml", "name: Personalsaker", "name: Personalforhold")
    lines = applied("plan").out.splitlines()
    assert '    name: "For hånd" -> "Personalforhold"' in lines
    assert any(line.startswith("    name changed by hand in Websak since ") for line in lines)
