"""A saved plan is carried out on a copy of live, with its guards, by the product's own apply; live is only read."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.moves.town import Town, files, moved
from tests.reliability.summary import EVERYTHING

NAMES = ("Kari", "Ola", "Per", "Nordmann")


def saved(town: Town, *args: str) -> Any:
    town("plan", "--out", "saved.plan.json", *args)
    return json.loads((town.root / "saved.plan.json").read_text(encoding="utf-8"))


def rehearsed(town: Town, *args: str, code: int = 0) -> Any:
    return json.loads(town("rehearse", "saved.plan.json", "--format", "json", *args, code=code)[0])


def failed(document: Any) -> dict[str, bool | None]:
    return {check["name"]: check["passed"] for check in document["checks"] if check["passed"] is not True}


def test_a_move_with_all_that_belongs_to_it(town: Town) -> None:
    town.write(moved())
    plan = saved(town)
    before = town.units(), town.users()
    document = rehearsed(town)
    assert document["passed"] and failed(document) == {} and document["plan"]["digest"] == plan["digest"]
    assert document["api_version"] == town.websak.server.api_version
    assert document["effects"]["department.update"] == 1 and "department.create" not in document["effects"]
    assert town.websak.effects() == [] and (town.units(), town.users()) == before  # of live nothing is written
    assert [p for p in (town.root / ".websakctl").iterdir() if p.name.startswith("rehearsal-")] == []
    town.apply("saved.plan.json")  # nothing of the rehearsal counts as an apply
    assert town.changes() == {}


def test_a_report_names_no_person_and_is_kept_under_the_digest_of_the_plan(town33: Town) -> None:
    town33.write(moved())
    digest = saved(town33)["digest"].removeprefix("sha256:")
    page = town33("rehearse", "saved.plan.json", "--format", "html")[0]
    assert digest in page and page.startswith("<!doctype html>")
    kept = (town33.root / ".websakctl/rehearsals" / f"{digest}.json").read_text(encoding="utf-8")
    assert json.loads(kept)["passed"] is True
    assert not [name for name in NAMES if name in kept or name in page]


@pytest.mark.parametrize("faults", ["light", "heavy"])
def test_with_faults_it_comes_to_the_same(town: Town, faults: str) -> None:
    if town.websak.server.api_version == "3.0" and faults == "heavy" and not EVERYTHING:
        pytest.skip("with every crash point and fault: RELIABILITY=all")
    town.websak.fresh("empty")
    (town.root / ".websakctl/journal.db").unlink()
    saved(town)
    document = rehearsed(town, "--faults", faults)
    assert document["struck"] >= (4 if faults == "light" else 9)
    assert failed(document) == {}


def test_what_a_guard_objects_to_is_refused_as_by_apply(town33: Town) -> None:
    gone = dict.fromkeys(("districts/sagene/org_units.yaml", "districts/sagene/sub_orgs.yaml", "users/sagene.yaml"))
    town33.write(gone)
    saved(town33)
    document = rehearsed(town33, code=4)
    assert failed(document) == {"apply takes the plan": False}
    (check,) = [c for c in document["checks"] if c["name"] == "apply takes the plan"]
    assert "--allow dependents:org_unit=2" in check["detail"]
    allowed = rehearsed(town33, "--allow", "dependents:org_unit=2")
    assert allowed["passed"] and allowed["allowed"] == ["dependents:org_unit=2"]
    left = next(c for c in allowed["checks"] if c["name"] == "nobody and nothing is left behind")
    assert sorted(item.partition(":")[0] for item in left["items"]) == ["user/sagene/KARNOR", "user/sagene/OLANOR"]


def test_the_guards_count_in_the_copy_whom_they_count_in_websak(town: Town) -> None:
    per = next(u["gidId"] for u in town.users().values() if u["code"] == "PERNOR")
    town.websak.edit("department", "SA-BH-ASKELADDEN", managerUserId=per)  # the head sits elsewhere
    town.write(
        dict.fromkeys(("districts/sagene/org_units.yaml", "districts/sagene/sub_orgs.yaml", "users/sagene.yaml"))
    )
    (finding,) = saved(town)["findings"]
    assert finding["allow"] == "dependents:org_unit=3"
    assert rehearsed(town, "--allow", finding["allow"])["passed"] is True


def test_a_unit_that_somebody_moved_to_the_top_is_copied_there(town: Town) -> None:
    town.websak.edit("department", "SA-OPPV", parentDepartmentId=None)
    assert [change["address"] for change in saved(town)["changes"]] == ["org_unit/sagene/SA-OPPV"]
    assert failed(rehearsed(town)) == {}


def test_a_stale_plan_does_not_pass(town33: Town) -> None:
    town33.write(moved())
    saved(town33)
    ids = town33.ids()
    town33.websak.edit("department", "SA-BH-ASKELADDEN", parentDepartmentId=int(ids["SA-OPPV"]))
    document = rehearsed(town33, code=1)
    assert failed(document)["every change still holds"] is False


def test_a_snapshot_cannot_tell_of_all_users_and_that_is_not_passed(town33: Town) -> None:
    town33("snapshot", "save")
    town33.write(moved())
    saved(town33)
    document = rehearsed(town33, "--snapshot", "last", code=1)
    assert failed(document) == {"guards counted all users": None}
    assert document["source"] == "snapshot last"
    assert {c["name"]: c["passed"] for c in document["checks"]}["a second plan is empty"] is True


def test_an_environment_can_demand_it(town33: Town) -> None:
    asked = files()["config/websak.yaml"] + (
        f'environments:\n  environment: {{base_url: "{town33.websak.server.base_url}", require_rehearsal: true}}\n'
    )
    town33.write({"config/websak.yaml": asked, **moved()})
    assert "takes rehearsed plans only" in town33.apply(code=4)[1]
    assert "takes rehearsed plans only" in town33("rollout", "run", "PULJE-2", "--auto-approve", code=4)[1]
    digest = saved(town33)["digest"].removeprefix("sha256:")
    assert "was not rehearsed" in town33.apply("saved.plan.json", code=4)[1]
    rehearsed(town33)
    path = town33.root / ".websakctl/rehearsals" / f"{digest}.json"
    good = path.read_text(encoding="utf-8")
    for changed, why in (
        (good.replace('"faults": "none"', '"faults": "heavy"'), "it was changed after it was written"),
        (good.replace(digest, "0" * 64), "it was changed after it was written"),
        ("{}", "it is no rehearsal report"),
    ):
        path.write_text(changed, encoding="utf-8")
        assert why in town33.apply("saved.plan.json", code=4)[1]
    path.unlink()
    elsewhere = town33.root / "from-another-machine.json"
    elsewhere.write_text(good, encoding="utf-8")
    before = town33.ids()
    assert before["SA-BH-ASKELADDEN"]
    town33.apply("saved.plan.json", "--rehearsal", str(elsewhere))
    assert town33.ids()["SR-BH-ASKELADDEN"] == before["SA-BH-ASKELADDEN"]


def test_a_report_of_another_plan_or_of_one_that_failed_does_not_do(town33: Town, tmp_path: Path) -> None:
    asked = files()["config/websak.yaml"] + (
        f'environments:\n  environment: {{base_url: "{town33.websak.server.base_url}", require_rehearsal: true}}\n'
    )
    town33.write({"config/websak.yaml": asked, **moved()})
    saved(town33)
    rehearsed(town33)
    (kept,) = (town33.root / ".websakctl/rehearsals").iterdir()
    town33.write(files() | {"config/websak.yaml": asked})
    town33.write({"districts/stovner/org_units.yaml": None, "districts/stovner/sub_orgs.yaml": None})
    town33.write({"users/sagene.yaml": "users: {}\n"})
    saved(town33)
    assert "it is of another plan" in town33.apply("saved.plan.json", "--rehearsal", str(kept), code=4)[1]
    town33.websak.edit("user", "OLANOR", name="Noe annet")  # what the plan retires is not as it was
    document = rehearsed(town33, code=4)
    assert failed(document) == {"apply takes the plan": False}
    assert "the rehearsal did not pass" in town33.apply("saved.plan.json", code=4)[1]


def test_plans_that_were_not_made_from_the_config_alone(town33: Town) -> None:
    """The plan that takes a run back, and the one that only gives units their external id."""
    before = town33.ids()
    town33.write(
        {
            "districts/sagene/org_units.yaml": files()["districts/sagene/org_units.yaml"].replace(
                "Askeladden b", "Den nye b"
            )
        }
    )
    town33.apply()
    run = json.loads(town33("history", "--format", "json")[0])["items"][0]["run"]
    town33("rollback", run, "--out", "saved.plan.json")
    document = rehearsed(town33)
    assert failed(document) == {} and document["effects"] == {"department.update": 1}
    town33.websak.edit("department", "SR-OPPV", externalId=None, code="GML", abbreviation="GML")
    town33("adopt", "--match", "--out", "saved.plan.json")
    document = rehearsed(town33)
    assert failed(document) == {} and document["effects"] == {"department.update": 1}
    town33.apply("saved.plan.json")
    assert town33.ids() == before


def test_without_a_setup_api(town33: Town) -> None:
    town33.env["WEBSAKCTL_SETUP_URL"] = ""
    town33.write(
        {
            "districts/sagene/org_units.yaml": files()["districts/sagene/org_units.yaml"].replace(
                "Askeladden b", "Den nye b"
            )
        }
    )
    saved(town33)
    document = rehearsed(town33, "--faults", "light")
    assert failed(document) == {} and document["effects"] == {"department.update": 1}
