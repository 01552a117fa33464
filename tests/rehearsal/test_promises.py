"""Whatever a plan did not promise is found: a lost object, another one in its place, a field, a twin, somebody left behind."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.planning import planned
from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.resource import Handle, Resource, State
from websakctl.plan.promised import broken_promises, left_behind

KINDS = all_kinds()
OPPV, BHG = Address("org_unit", "frogner", "FR-OPPV"), Address("org_unit", "frogner", "FR-BHG")
NEW = Address("org_unit", "frogner", "FR-NY")
NUMBER, KARI = Address("sub_org", "frogner", "975016684"), Address("user", "frogner", "KARNOR")


def resource(address: Address, id_: str = "", active: bool = True, **fields: Any) -> Resource:
    return Resource(address=address, fields=fields, active=active, handle=Handle(id=id_ or address.key))


def unit(address: Address, id_: str, parent: str | None = None, **more: Any) -> Resource:
    return resource(address, id_, name=address.key, external_id=address.key, parent=parent, **more)


def state(*resources: Resource) -> State:
    return {r.address: r for r in resources}


LIVE = state(
    unit(OPPV, "1"),
    unit(BHG, "2", "FR-OPPV"),
    resource(NUMBER, name="Barnehage", unit="FR-BHG"),
    resource(KARI, "7", name="Kari", unit="FR-OPPV"),
)
DESIRED = state(
    unit(NEW, ""),
    unit(BHG, "", "FR-NY"),
    resource(NUMBER, name="Barnehagen", unit="FR-BHG"),
    resource(KARI, "", name="Kari", unit="FR-NY"),
)
PLAN = planned(DESIRED, LIVE, kinds=KINDS, previously={NEW: (OPPV,)})
AFTER = state(
    unit(NEW, "1"),
    unit(BHG, "2", "FR-NY"),
    resource(NUMBER, name="Barnehagen", unit="FR-BHG"),
    resource(KARI, "7", name="Kari", unit="FR-NY"),
)


def broken(after: State) -> list[tuple[str, str]]:
    return [(d.address.key, d.path) for d in broken_promises(PLAN.changes, LIVE, after, KINDS, {})]


def test_what_was_promised_is_no_difference() -> None:
    assert {c.address for c in PLAN.changes} == {NEW, NUMBER}  # the others follow
    assert broken(AFTER) == []


@pytest.mark.parametrize(
    ("address", "now", "path"),
    [
        (NEW, None, "active"),
        (NEW, unit(NEW, "9"), "id"),
        (NEW, replace(unit(NEW, "1"), active=False), "active"),
        (BHG, unit(BHG, "2", "FR-OPPV"), "parent"),
        (BHG, replace(unit(BHG, "2", "FR-NY"), active=False), "active"),
        (NUMBER, resource(NUMBER, name="Barnehage", unit="FR-BHG"), "name"),
        (NUMBER, resource(NUMBER, name="Barnehagen", unit=None), "unit"),
        (KARI, None, "active"),
        (KARI, resource(KARI, "7", name="Kari", unit="FR-OPPV"), "unit"),
    ],
)
def test_one_broken_promise_is_found(address: Address, now: Resource | None, path: str) -> None:
    after = {a: r for a, r in AFTER.items() if a != address} | ({address: now} if now is not None else {})
    assert broken(after) == [(address.key, path)]


def test_what_nobody_promised_is_found() -> None:
    twin = Address("org_unit", "frogner", "FR-TVILLING")
    assert broken({**AFTER, twin: unit(twin, "5")}) == [("FR-TVILLING", "active")]


def test_a_removal_that_did_not_happen_is_found() -> None:
    plan = planned({}, state(unit(OPPV, "1")), kinds=KINDS, prune=frozenset({"org_unit"}))
    assert [c.action for c in plan.changes] == ["deactivate"]
    before = state(unit(OPPV, "1"))
    gone = state(replace(unit(OPPV, "1"), active=False))
    assert broken_promises(plan.changes, before, gone, KINDS, {}) == []
    assert [d.path for d in broken_promises(plan.changes, before, before, KINDS, {})] == ["active"]
    assert [d.path for d in broken_promises(plan.changes, before, {}, KINDS, {})] == ["active"]


def test_a_creation_is_looked_at_field_by_field() -> None:
    plan = planned(state(resource(NUMBER, name="Barnehage", unit=None)), {}, kinds=KINDS)
    assert [d.path for d in broken_promises(plan.changes, {}, {}, KINDS, {})] == ["active"]
    wrong = state(resource(NUMBER, name="Annet"))
    assert [d.path for d in broken_promises(plan.changes, {}, wrong, KINDS, {})] == ["name"]
    accepted = {(NUMBER, "name"): ("Barnehage", "Annet")}  # what the server is known to make of it
    assert broken_promises(plan.changes, {}, wrong, KINDS, accepted) == []


def test_who_is_left_in_something_that_ended_is_found_once() -> None:
    ended = {**LIVE, OPPV: replace(LIVE[OPPV], active=False)}
    assert left_behind(LIVE, ended, KINDS) == [(BHG, "parent", "FR-OPPV"), (KARI, "unit", "FR-OPPV")]
    assert left_behind(ended, ended, KINDS) == []  # they were before
    roles = {"LD": {"units": ["FR-OPPV"], "grades": []}}
    with_role = {**ended, KARI: replace(LIVE[KARI], fields={"name": "Kari", "unit": "FR-BHG", "roles": roles})}
    assert left_behind(LIVE, with_role, KINDS) == [(BHG, "parent", "FR-OPPV"), (KARI, "roles", "FR-OPPV")]
    retired = {**ended, KARI: replace(LIVE[KARI], active=False)}
    assert left_behind(LIVE, retired, KINDS) == [(BHG, "parent", "FR-OPPV")]
