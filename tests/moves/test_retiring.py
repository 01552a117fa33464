"""What is retired leaves nobody behind: its dependents are counted in Websak, and moved to the heir first."""

import csv
import json

import pytest

from .town import UNITS, Town

HEIR = "BH-BOKFINKEN"
BOTH = UNITS + (
    "  BH-ASKELADDEN: {name: Askeladden barnehage, parent: BHG}\n  BH-BOKFINKEN: {name: Bokfinken barnehage, parent: BHG}\n"
)
ONE = UNITS + "  BH-BOKFINKEN: {name: Bokfinken barnehage, parent: BHG}\n"
RETIRE = "retire:\n  BH-ASKELADDEN: {heir: BH-BOKFINKEN, reason: Slått sammen}\n"
SAGENE = "districts/sagene/org_units.yaml"


def test_who_would_be_left_in_a_dead_unit_is_counted_in_websak(town: Town) -> None:
    town.write({SAGENE: None, "districts/sagene/sub_orgs.yaml": None, "users/sagene.yaml": None})
    findings = town.findings()
    assert "dependents:org_unit=2" in findings  # the users are no longer listed here, and active all the same
    assert "org_unit/sagene/SA-BH-ASKELADDEN: 2 users (" in findings["dependents:org_unit=2"]
    town.apply(code=4)
    assert town.orphans() == []
    town.apply("--allow", "dependents:org_unit=2")
    assert sorted(town.orphans()) == ["KARNOR", "OLANOR"]  # it was allowed


def test_its_head_its_mail_and_roles_that_hold_there_are_counted_in_websak_too(town: Town) -> None:
    """People of other units, given all this by hand; nothing of it is in the config."""
    town.write({SAGENE: BOTH})
    town.apply()
    heir = town.ids()[f"SA-{HEIR}"]
    for code in ("KARNOR", "OLANOR"):
        town.websak.edit("user", code, departmentId=int(heir))
    kari, ola = (town.ask("GET", f"/Users/{code}", lookupField="Code")["gidId"] for code in ("KARNOR", "OLANOR"))
    group = next(g["groupId"] for g in town.ask("GET", "/AccessGroups") if g["groupName"] == "Postmottak")
    town.websak.edit("department", "SA-BH-ASKELADDEN", managerUserId=kari, mailDistributionGroup=group)
    town.ask("GET", f"/Users/{ola}/AddUserToAccessGroup/{group}")
    town.write({SAGENE: ONE, "districts/sagene/sub_orgs.yaml": None, "users/sagene.yaml": None})
    found = {name: text for name, text in town.findings().items() if name.startswith("dependents:org_unit")}
    assert list(found) == ["dependents:org_unit=2"]
    assert "2 users (user/sagene/KARNOR, user/sagene/OLANOR)" in found["dependents:org_unit=2"]


def test_retiring_the_dependents_too_lifts_it(town33: Town) -> None:
    town33.write({SAGENE: None, "districts/sagene/sub_orgs.yaml": None, "users/sagene.yaml": "users: {}\n"})
    assert not [f for f in town33.findings() if f.startswith("dependents:")]


def test_who_came_after_the_plan_was_saved_is_counted_too(town33: Town) -> None:
    town33.write({SAGENE: BOTH})
    town33.apply()
    town33.write({SAGENE: BOTH.replace("  BH-BOKFINKEN: {name: Bokfinken barnehage, parent: BHG}\n", "")})
    town33("plan", "--out", "saved.plan.json")
    town33.websak.edit("user", "PERNOR", departmentId=int(town33.ids()[f"SA-{HEIR}"]))
    _, err = town33("apply", "saved.plan.json", "--auto-approve", code=5)
    assert "waits for user/stovner/PERNOR" in err  # whose move is in no plan that somebody approved
    assert town33.orphans() == []


def test_an_heir_gets_everybody_first_in_the_same_plan(town: Town) -> None:
    town.write({SAGENE: BOTH})
    town.apply()
    ids, people = town.ids(), town.users()
    town.write({SAGENE: ONE + RETIRE})  # users and number still name the old unit: they are read as the heir's
    plan = town.plan()
    assert plan["findings"] == []
    changes = {c["address"]: c for c in plan["changes"]}
    assert {a: c["action"] for a, c in changes.items()} == {
        "org_unit/sagene/SA-BH-ASKELADDEN": "deactivate",
        "sub_org/sagene/975016684": "update",
        "user/sagene/KARNOR": "update",
        "user/sagene/OLANOR": "update",
    }
    gone = changes["org_unit/sagene/SA-BH-ASKELADDEN"]
    assert gone["reason"] == "retired: Slått sammen"
    assert set(gone["requires"]) == set(changes) - {gone["address"]}
    (step,) = plan["manual"]
    assert step["address"] == gone["address"] and "open cases" in step["what"]
    town.apply()
    heir = ids[f"SA-{HEIR}"]
    assert {str(u["departmentId"]) for u in town.users().values() if u["code"] != "PERNOR"} == {heir}
    assert {c: u["gidId"] for c, u in town.users().items()} == {c: u["gidId"] for c, u in people.items()}
    assert town.orphans() == [] and town.changes() == {} and town.rules() == []


def test_what_nobody_manages_here_is_pointed_to_the_heir_too_and_stays_unmanaged(town33: Town) -> None:
    town33.write({SAGENE: BOTH})
    town33.apply()
    root = next(id_ for id_, row in town33.units().items() if row["externalId"] == "SA-BH-ASKELADDEN")
    town33.websak.edit(
        "department", "SR-OPPV", parentDepartmentId=int(root), externalId=None, code="LOS", abbreviation="LOS"
    )
    town33.write({SAGENE: ONE + RETIRE})
    plan = town33.plan("--target", "org_unit/*/LOS", "--target", "*/sagene/*")
    loose = next(c for c in plan["changes"] if c["key"] == "LOS")
    assert [(f["path"], f["before"], f["after"]) for f in loose["fields"]] == [
        ("parent", "SA-BH-ASKELADDEN", "SA-BH-BOKFINKEN")
    ]
    town33.apply("--target", "org_unit/*/LOS", "--target", "*/sagene/*")
    heir = town33.ids()[f"SA-{HEIR}"]
    assert next(str(r["parentDepartmentId"]) for r in town33.units().values() if r["code"] == "LOS") == heir
    assert any(a.endswith("/LOS") for a in town33.plan()["unmanaged"])


def test_users_that_no_file_lists_are_steps_for_a_person_and_keep_the_guard(town: Town) -> None:
    town.write({SAGENE: BOTH})
    town.apply()
    before, ids = town.users(), town.ids()
    town.write({SAGENE: ONE + RETIRE, "users/sagene.yaml": None})  # sagene's users are not managed here any more
    plan = town.plan()
    steps = {m["address"]: m["what"] for m in plan["manual"] if m["address"].startswith("user/")}
    told = "its unit SA-BH-ASKELADDEN is retired: move it to SA-BH-BOKFINKEN in Websak"
    assert steps.keys() == {"user/sagene/KARNOR", "user/sagene/OLANOR"}
    assert all(what.startswith(told) for what in steps.values())
    if town.websak.server.api_version == "3.0":  # which tells roles in a list
        assert "a role is given for SA-BH-ASKELADDEN, which is retired" in steps["user/sagene/OLANOR"]
    (message,) = [f["message"] for f in plan["findings"]]
    assert "No file here lists them: move each to the heir in Websak" in message
    town.apply(code=4)
    assert town.users() == before  # nothing of what the API does not tell of them was erased
    for code in ("KARNOR", "OLANOR"):  # a person does it
        town.websak.edit("user", code, departmentId=int(ids[f"SA-{HEIR}"]))
    assert list(town.findings()) == ["dependents:org_unit=1"]  # Ola's role is still given for it
    town.apply("--allow", "dependents:org_unit=1")
    assert town.orphans() == [] and town.changes() == {}


def test_users_import_reads_a_retired_unit_as_its_heir_and_says_so(town33: Town) -> None:
    town33.write({SAGENE: ONE + RETIRE, "users/sagene.yaml": None})
    rows = [
        ("Bydel", "Initialer", "Fornavn", "Etternavn", "Rolle", "Avdeling", "Brukernavn", "E-post"),
        ("Sagene", "KARNOR", "Kari", "Nordmann", "Saksbehandler", "BH-ASKELADDEN", "karnor", "kari@example.org"),
        ("Sagene", "OLANOR", "Ola", "Nordmann", "Leder", "SA-BH-ASKELADDEN", "olanor", "ola@example.org"),
    ]
    with (town33.root / "ansatte.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    out, err = town33("users", "import", "ansatte.csv")
    assert "2 rows of BH-ASKELADDEN, which is retired: read as its heir BH-BOKFINKEN" in out + err
    assert (town33.root / "users/sagene.yaml").read_text(encoding="utf-8").count("unit: BH-BOKFINKEN") == 2


WRONG = {
    "the heir is retired too": (
        "BH-ASKELADDEN: {heir: BHX, reason: r}\n  BHX: {heir: BHG, reason: r}",
        "the heir org_unit/sagene/SA-BHX is itself retired",
    ),
    "the heir is nowhere": (
        "BH-ASKELADDEN: {heir: BHH, reason: r}",
        "the heir org_unit/sagene/SA-BHH is not in the config",
    ),
    "the heir is another kind": (
        "BH-ASKELADDEN: {heir: sub_org/sagene/975016684, reason: r}",
        "the heir sub_org/sagene/975016684 is a sub_org, and org_unit/sagene/SA-BH-ASKELADDEN is a org_unit",
    ),
    "it is its own heir": (
        "BH-ASKELADDEN: {heir: BH-ASKELADDEN, reason: r}",
        "org_unit/sagene/SA-BH-ASKELADDEN is its own heir",
    ),
    "it still stands": ("BHG: {reason: r}", "org_unit/sagene/SA-BHG is retired here, and still stands in the config"),
    "it is no address": ("sagene/BHG: {reason: r}", "sagene/BHG names nothing that can be retired"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_retired_is_placed_in_its_file(name: str, town33: Town) -> None:
    entries, message = WRONG[name]
    town33.write({SAGENE: f"retire:\n  {entries}\n", "districts/sagene/sub_orgs.yaml": None, "users/sagene.yaml": None})
    result = json.loads(town33("validate", "--format", "json", code=3)[0])["diagnostics"]
    (one,) = [d for d in result if d["code"] == "retire-conflict"]
    assert one["message"] == message and one["help"]
    assert (one["file"], one["line"]) == (SAGENE, 2)
