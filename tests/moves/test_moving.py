"""What moves to another district stays the same live object, and what belongs to it follows."""

import json

import pytest

from .town import KARI, KINDERGARTEN, OLA, SAGENE, STOVNER, UNITS, Town, files, kindergarten, moved


def test_a_kindergarten_moves_with_all_that_belongs_to_it(town: Town) -> None:
    before, people = town.ids(), town.users()
    town.write(moved())
    plan = town.plan()
    changes = {c["address"]: c for c in plan["changes"]}
    assert {address: c["action"] for address, c in changes.items()} == {
        STOVNER: "update",
        "sub_org/stovner/975016684": "update",
        "user/stovner/KARNOR": "update",
    }
    assert plan["findings"] == []
    fields = {f["path"]: (f["before"], f["after"]) for f in changes[STOVNER]["fields"]}
    assert fields["key"] == ("SA-BH-ASKELADDEN", "SR-BH-ASKELADDEN")
    assert fields["scope"] == ("sagene", "stovner")
    assert fields["parent"] == ("SA-BHG", "SR-BHG")
    assert changes[STOVNER]["follows"] == {"sub_org": 1, "user": 2}
    assert changes["sub_org/stovner/975016684"]["requires"] == [STOVNER]
    # who follows by being in it is not written, his role for it neither; Kari is in another district's group now
    assert [f["path"] for f in changes["user/stovner/KARNOR"]["fields"]] == ["district_groups"]

    town.apply()
    after = town.ids()
    assert after["SR-BH-ASKELADDEN"] == before["SA-BH-ASKELADDEN"]
    assert set(after.values()) == set(before.values())
    unit = town.units()[after["SR-BH-ASKELADDEN"]]
    assert str(unit["parentDepartmentId"]) == after["SR-BHG"]
    assert {c: (u["gidId"], u["departmentId"]) for c, u in town.users().items()} == {
        c: (u["gidId"], u["departmentId"]) for c, u in people.items()
    }
    assert town.orphans() == []
    assert ("department.update", "SR-BH-ASKELADDEN") in town.websak.effects()
    assert not [e for e in town.websak.effects() if e[0] in ("department.create", "department.deactivate")]
    assert town.changes() == {}
    assert json.loads(town("drift", "--format", "json")[0])["changes"] == []


def test_the_rename_is_over_once_live_has_the_new_key_and_only_then(town33: Town) -> None:
    town33.write(moved())
    assert town33.rules() == []
    town33.apply()
    ((rule, file, line, message),) = town33.rules()
    assert (rule, file, line) == ("rename-done", "districts/stovner/org_units.yaml", 2)
    assert "org_unit/sagene/SA-BH-ASKELADDEN" in message
    town33.write({"districts/stovner/org_units.yaml": kindergarten()})
    assert town33.changes() == {} and town33.rules() == []


def test_an_old_key_that_never_was_is_told_and_nothing_is_retired_for_it(town33: Town) -> None:
    wrong = {**moved(), "districts/stovner/org_units.yaml": kindergarten(previously="[org_unit/sagene/BH-ASKELADEN]")}
    town33.write(wrong)
    findings = town33.findings()
    assert "rename:org_unit/BH-ASKELADDEN=1" in findings
    assert "`previously: [org_unit/sagene/SA-BH-ASKELADDEN]`" in findings["rename:org_unit/BH-ASKELADDEN=1"]
    assert any(
        "org_unit/stovner/SR-BH-ASKELADDEN" in w and "not in this Websak" in w for w in town33.plan()["warnings"]
    )
    before = town33.ids()
    town33.apply(code=4)
    assert town33.ids() == before


def test_an_undeclared_move_is_refused_and_the_line_to_write_does_it(town33: Town) -> None:
    before = town33.ids()
    undeclared = {**moved(), "districts/stovner/org_units.yaml": kindergarten()}
    town33.write(undeclared)
    message = town33.findings()["rename:org_unit/BH-ASKELADDEN=1"]
    assert f"`previously: [{SAGENE}]` at {STOVNER} (districts/stovner/org_units.yaml:2)" in message
    town33.apply(code=4)
    town33.write({"districts/stovner/org_units.yaml": kindergarten(previously=f"[{SAGENE}]")})
    assert town33.findings() == {}
    town33.apply()
    assert set(town33.ids().values()) == set(before.values())


def test_there_and_back_again(town33: Town) -> None:
    before = town33.ids()
    town33.write(moved())
    town33.apply()
    home: dict[str, str | None] = {**dict.fromkeys(moved()), **files()}
    home["districts/sagene/org_units.yaml"] = kindergarten(previously=f"[{STOVNER}]")
    town33.write(home)
    assert town33.changes()[SAGENE] == "update"
    town33.apply()
    assert town33.ids() == before
    assert town33.changes() == {}


def test_old_and_new_in_different_batches(town33: Town) -> None:
    before = town33.ids()
    town33.write(moved())
    assert town33.changes("--batch", "PULJE-1") == {}  # sagene loses nothing before stovner's turn
    town33.apply("--batch", "PULJE-1")
    assert town33.ids() == before
    assert town33.changes("--batch", "PULJE-2")[STOVNER] == "update"
    town33.apply("--batch", "PULJE-2")
    assert town33.ids()["SR-BH-ASKELADDEN"] == before["SA-BH-ASKELADDEN"]
    assert town33.changes() == {}


def test_a_unit_moves_with_those_below_it_and_its_old_parent_goes(town33: Town) -> None:
    before = town33.ids()
    common = (town33.root / "config/all.yaml").read_text(encoding="utf-8")
    town33.write(
        {
            **moved(),
            "config/all.yaml": common.replace("    BHG: {name: Barnehager, parent: OPPV}\n", ""),
            "districts/stovner/org_units.yaml": UNITS
            + "  BARN: {name: Barnehager, parent: OPPV, previously: [org_unit/sagene/BHG]}\n"
            + "  BHG: {name: Barnehager, parent: OPPV}\n"
            + KINDERGARTEN.replace("BHG", "BARN")
            + ", previously: [org_unit/sagene/BH-ASKELADDEN]}\n",
            "districts/frogner/org_units.yaml": UNITS + "  BHG: {name: Barnehager, parent: OPPV}\n",
        }
    )
    assert town33.changes()["org_unit/stovner/SR-BARN"] == "update"
    town33.apply()
    after = town33.ids()
    assert after["SR-BARN"] == before["SA-BHG"] and after["SR-BH-ASKELADDEN"] == before["SA-BH-ASKELADDEN"]
    assert town33.changes() == {} and town33.orphans() == []


def test_history_and_explain_follow_the_object_across_its_addresses(town33: Town) -> None:
    town33.write(moved())
    town33.apply("--reason", "Flyttes til Stovner")
    rows = json.loads(town33("history", "--address", STOVNER, "--format", "json")[0])["items"]
    assert [(r["address"], r["action"]) for r in rows] == [(SAGENE, "create"), (STOVNER, "update")]
    assert json.loads(town33("history", "--address", SAGENE, "--format", "json")[0])["items"] == rows
    reported = town33("explain", STOVNER)[0]
    assert f"It was {SAGENE}" in reported
    assert json.loads(town33("explain", STOVNER, "--format", "json")[0])["previously"] == [SAGENE]


def test_a_changed_district_number_is_renamed_by_the_line_that_the_guard_gives(town33: Town) -> None:
    new = "974778882"
    text = files()["districts/sagene/district.yaml"].replace("974778726", new)
    town33.write({"districts/sagene/district.yaml": text})
    ((allow, message),) = town33.findings().items()
    assert allow == f"rename:sub_org/{new}=1"
    assert f'`previously: ["974778726"]` for {new} under `overrides:` in districts/sagene/' in message
    override = (
        f'overrides:\n  sub_orgs:\n    "{new}": {{previously: ["974778726"], reason: Nytt nummer, owner: Byarkivet}}\n'
    )
    town33.write({"districts/sagene/overrides.yaml": override})
    plan = town33.plan()
    assert plan["findings"] == []
    assert [(c["address"], c["action"]) for c in plan["changes"]] == [(f"sub_org/sagene/{new}", "update")]
    town33.apply()
    assert [(rule, file) for rule, file, *_ in town33.rules()] == [("rename-done", "districts/sagene/overrides.yaml")]
    town33.write({"districts/sagene/overrides.yaml": None})
    assert town33.changes() == {}


@pytest.mark.parametrize("saved", [False, True])
def test_a_unit_and_its_people_leave_what_gets_a_new_key_in_the_same_plan(town: Town, saved: bool) -> None:
    before = town.ids()
    common = (town.root / "config/all.yaml").read_text(encoding="utf-8")
    renamed = common.replace(
        "BHG: {name: Barnehager, parent: OPPV}", "BARN: {name: Barnehager, parent: OPPV, previously: [BHG]}"
    )
    elsewhere = UNITS + KINDERGARTEN.replace("BHG", "OPPV") + ", previously: [org_unit/sagene/BH-ASKELADDEN]}\n"
    ola = files()["users/stovner.yaml"] + f"  KARNOR: {KARI % 'BH-ASKELADDEN'}\n  OLANOR: {OLA % 'BARN'}\n"
    town.write(
        {
            **moved(),
            "config/all.yaml": renamed,
            "districts/stovner/org_units.yaml": elsewhere,
            "users/stovner.yaml": ola,
        }
    )
    fields = {
        f["path"]: (f["before"], f["after"])
        for c in town.plan()["changes"]
        if c["address"] == STOVNER
        for f in c["fields"]
    }
    assert fields["parent"] == ("SA-BHG", "SR-OPPV")  # as it is now, whatever its key will be
    if saved:
        town("plan", "--out", "saved.plan.json")
        town.apply("saved.plan.json")
    else:
        town.apply()
    after = town.ids()
    assert after["SR-BH-ASKELADDEN"] == before["SA-BH-ASKELADDEN"] and after["SR-BARN"] == before["SR-BHG"]
    assert str(town.users()["OLANOR"]["departmentId"]) == after["SR-BARN"]
    assert set(after.values()) == set(before.values()) and town.orphans() == [] and town.changes() == {}
