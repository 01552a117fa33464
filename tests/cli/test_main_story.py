"""The main job, as a newcomer does it: the shipped repository on the embedded sandbox."""

import re

from .command_line import Cli


def test_from_nothing_to_one_word_in_fifteen_districts(shipped: Cli) -> None:
    shipped.fresh = True
    first = shipped("plan", "--detailed-exitcode", code=2)
    assert "to create" in first.out
    assert "to update, 0 to deactivate." in first.out.splitlines()[-1]

    applied = shipped("apply", "--auto-approve")
    assert re.search(r"^Applied: (\d+) of \1 changes done", applied.out, re.MULTILINE)
    assert "Applying to sandbox: " in applied.err

    second = shipped("plan", "--detailed-exitcode", code=0)
    assert second.out.splitlines()[-1].startswith("No changes. Websak matches the config (")
    assert shipped("drift", "--detailed-exitcode", code=0).out.splitlines()[-1].startswith("No drift.")

    shipped.edit("config/org_units.yaml", "OPPV: {name: Oppvekst}", "OPPV: {name: Oppvekst og læring}")
    third = shipped("plan", "--detailed-exitcode", code=2)
    group = [line for line in third.out.splitlines() if line.startswith("~")]
    assert len(group) == 1
    assert group[0].startswith("~ org_unit  */OPPV  (all 15 districts)")
    assert '    name: "Oppvekst" -> "Oppvekst og læring"' in third.out.splitlines()
    assert "Plan: 0 to create, 15 to update, 0 to deactivate. 116 manual steps. Nothing else differs (" in third.out
    shipped("plan", code=0)

    plan = shipped("plan", "--format", "json").json
    assert [(g["kind"], g["action"], len(g["scopes"]), len(g["addresses"])) for g in plan["groups"]] == [
        ("org_unit", "update", 15, 15)
    ]

    rows = shipped("plan", "--format", "matrix").out.splitlines()
    row = next(line for line in rows if line.startswith("org_unit */OPPV"))
    assert row.split()[2:] == ["~"] * 15

    shipped("apply", "--auto-approve")
    shipped("plan", "--detailed-exitcode", code=0)
