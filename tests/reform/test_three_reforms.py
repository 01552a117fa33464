"""Fifteen districts become eight, seven or six: no object loses its identity, nobody is left behind, no seat is lost."""

import json

import pytest

from tests.reliability.summary import EVERYTHING

from .city import MAPS, City


@pytest.mark.parametrize("count", [8, 7, 6])
def test_a_shipped_map_becomes_a_config_that_makes_nothing_new(city: City, count: int) -> None:
    before, found = city.every_id(), [rule for rule, *_ in city.rules()]
    city("reform", "plan", str(MAPS / f"eksempel-{count}.yaml"), "--into", "ny", "--format", "json")
    assert city.every_id() == before  # nothing was written
    city.take_over()
    assert [rule for rule, *_ in city.rules()] == found
    made = {change["kind"] for change in city.plan()["changes"] if change["action"] == "create"}
    assert made == {"access_group", "sub_org"}  # of what there was nothing is made


@pytest.mark.parametrize("count", [8, 7, 6] if EVERYTHING else [6])  # the one that moves most
def test_every_object_of_before_is_there_after(city: City, count: int) -> None:
    found = [rule for rule, *_ in city.rules()]  # nobody made up reads what is sensitive
    before, seats, people, units = city.every_id(), city.seats(), city.users(), city.units()
    numbers = {row["orgnr"] for row in city.ask("GET", "/setup/sub-orgs", limit="1000")["items"] if row["active"]}
    out, _ = city("reform", "plan", str(MAPS / f"eksempel-{count}.yaml"), "--into", "ny", "--format", "json")
    report = json.loads(out)
    assert city.every_id() == before  # nothing was written
    city.take_over()
    assert [rule for rule, *_ in city.rules()] == found
    plan = city.plan()
    made = {change["kind"] for change in plan["changes"] if change["action"] == "create"}
    assert made == {"access_group", "sub_org"}  # of what there was nothing is made
    assert len(plan["changes"]) <= report["measures"]["writes"]
    city.apply(*city.allowances(plan), "--reason", "Prøve")

    after = city.every_id()
    assert {kind: ids - after[kind] for kind, ids in before.items()} == {kind: set() for kind in before}
    assert len(after["departments"]) == len(before["departments"]) and len(after["users"]) == len(before["users"])
    assert city.seats() == seats
    assert city.orphans() == [] and city.without_route() == []
    active = {code: str(row["departmentId"]) for code, row in city.users().items()}
    assert active.keys() == people.keys()
    ended = {id_ for id_, row in city.units().items() if row["validToDate"]}
    moved = [code for code, row in people.items() if str(row["departmentId"]) in ended]
    stayed = [code for code in people if code not in moved]
    assert all(active[code] == str(people[code]["departmentId"]) for code in stayed)
    assert report["measures"]["users_in_merged_units"] == len(moved) and report["measures"]["users_unlisted"] == 0
    now = {row["orgnr"] for row in city.ask("GET", "/setup/sub-orgs", limit="1000")["items"] if row["active"]}
    assert numbers <= now and len(now) == len(numbers) + count
    tops = [row for row in city.units().values() if row["unit"] == "Bydel" and not row["validToDate"]]
    assert len(tops) == count and len(units) == len(city.units())
    assert city.changes() == {}
    assert json.loads(city("drift", "--format", "json")[0])["changes"] == []


@pytest.mark.skipif(not EVERYTHING, reason="with every crash point and fault: RELIABILITY=all")
@pytest.mark.parametrize("faults", ["none", "light", "heavy"])
@pytest.mark.parametrize("count", [8, 7, 6])
def test_it_rehearses_cleanly(city: City, count: int, faults: str) -> None:
    city("reform", "plan", str(MAPS / f"eksempel-{count}.yaml"), "--into", "ny", "--format", "json")
    city.take_over()
    city("plan", "--out", "reform.plan.json")
    plan = json.loads((city.root / "reform.plan.json").read_text(encoding="utf-8"))
    out, _ = city("rehearse", "reform.plan.json", "--faults", faults, "--format", "json", *city.allowances(plan))
    assert json.loads(out)["passed"] is True
