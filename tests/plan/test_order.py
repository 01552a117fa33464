"""Orders that are easy to get wrong, one by one."""

from typing import Any

from tests.planning import planned
from tests.strategies import DISTRICTS, as_read, resource
from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.resource import Resource, State
from websakctl.plan.change import Action, Plan
from websakctl.plan.diff import LastApplied

KINDS = all_kinds()


def unit(local: str, parent: str | None = None, **more: Any) -> Resource:
    key, above = f"FR-{local}", f"FR-{parent}" if parent else None
    return resource(KINDS["org_unit"], "frogner", key, {"name": "Enhet", "parent": above, **more})


def sub_org(scope: str = "frogner", **more: Any) -> Resource:
    return resource(KINDS["sub_org"], scope, "313000206", {"name": "Blåbær", "channel": "svarinn", **more})


def state(*resources: Resource) -> State:
    return {r.address: r for r in resources}


def plan(desired: State, live: State, known: tuple[Address, ...] = (), **more: Any) -> Plan:
    applied = {address: LastApplied({}) for address in known}
    return planned(desired, as_read(live), known=applied, kinds=KINDS, districts=DISTRICTS, **more)


def keys(result: Plan) -> list[str]:
    return [change.address.key for change in result.changes]


def requirements(result: Plan) -> dict[str, list[str]]:
    return {change.address.key: [address.key for address in change.requires] for change in result.changes}


def test_a_unit_waits_for_the_move_of_what_is_far_above_its_new_parent() -> None:
    live = state(unit("A"), unit("P", "A"), unit("Q", "P"))
    desired = state(unit("P"), unit("Q", "P"), unit("A", "Q"))
    assert requirements(plan(desired, live)) == {"FR-P": [], "FR-A": ["FR-P"]}


def test_turning_a_chain_upside_down() -> None:
    live = state(unit("A"), unit("B", "A"), unit("C", "B"))
    desired = state(unit("C"), unit("B", "C"), unit("A", "B"))
    assert keys(plan(desired, live)) == ["FR-C", "FR-B", "FR-A"]


def test_a_new_name_above_holds_nobody_up() -> None:
    live = state(unit("A"))
    desired = state(unit("A", name="Annet"), unit("B", "A"))
    assert requirements(plan(desired, live)) == {"FR-A": [], "FR-B": []}


def test_units_in_a_circle_in_websak_can_be_taken_out_of_it() -> None:
    live = state(unit("A", "B"), unit("B", "A"))
    assert keys(plan(state(unit("A"), unit("B", "A")), live)) == ["FR-A"]


def test_units_in_a_circle_in_websak_can_be_retired() -> None:
    live = state(unit("A", "B"), unit("B", "A"))
    result = plan({}, live, tuple(live))
    assert sorted(keys(result)) == ["FR-A", "FR-B"]
    assert sum(len(change.requires) for change in result.changes) == 1


def test_a_unit_is_retired_after_those_below_it() -> None:
    live = state(unit("A"), unit("B", "A"), unit("C", "B"))
    assert keys(plan({}, live, tuple(live))) == ["FR-C", "FR-B", "FR-A"]


def test_what_a_moved_number_referred_to_goes_last() -> None:
    batch = resource(KINDS["rollout_batch"], "base", "PULJE-1", {"name": "Første"})
    live = state(batch, sub_org("frogner", batch="PULJE-1"))
    result = plan(state(sub_org("alna")), live, tuple(live))
    assert [(str(c.address), c.action) for c in result.changes] == [
        ("sub_org/alna/313000206", Action.UPDATE),
        ("rollout_batch/base/PULJE-1", Action.DEACTIVATE),
    ]


def test_a_number_that_was_retired_in_another_district_is_brought_back_here() -> None:
    retired = sub_org("frogner")
    live = {
        retired.address: Resource(
            address=retired.address, fields=as_read(state(retired))[retired.address].fields, active=False
        )
    }
    (change,) = plan(state(sub_org("alna")), live).changes
    assert (change.action, str(change.address)) == (Action.ACTIVATE, "sub_org/alna/313000206")
    assert [(f.path, f.before, f.after) for f in change.fields] == [
        ("active", False, True),
        ("scope", "frogner", "alna"),
    ]


def test_a_number_waits_until_its_adopted_unit_can_be_found_by_its_key() -> None:
    by_hand = unit("A")
    live = state(Resource(address=by_hand.address, fields={**by_hand.fields, "external_id": None}))
    assert requirements(plan(state(unit("A"), sub_org(unit="FR-A")), live)) == {"FR-A": [], "313000206": ["FR-A"]}


def test_what_refers_to_a_new_name_waits_for_the_rename() -> None:
    def code(key: str) -> Resource:
        return resource(KINDS["access_code"], "base", key, {"name": "Personal"})

    case = {"name": "Sak", "series": "SAK", "ordering_principle": "emne", "retention": "B", "access_code": "PX"}
    desired = state(code("PX"), resource(KINDS["case_type"], "base", "PERS", case))
    previously = {Address("access_code", "base", "PX"): (Address("access_code", "base", "P"),)}
    result = plan(desired, state(code("P")), previously=previously)
    assert requirements(result) == {"PX": [], "PERS": ["PX"]}


def test_a_value_is_given_up_before_it_is_taken() -> None:
    live = state(unit("A", abbreviation="K1"), unit("B", abbreviation="K2"))
    desired = state(unit("A", abbreviation="K2"), unit("B", abbreviation="K3"))
    result = plan(desired, live)
    assert requirements(result) == {"FR-B": [], "FR-A": ["FR-B"]}
    assert result.warnings == ()


def test_an_exchange_of_values_is_told_by_name_and_spoils_no_other_order() -> None:
    live = state(*(unit(key, abbreviation=f"K-{key}") for key in "ABCD"))
    desired = state(
        unit("A", abbreviation="K-B"), unit("B", abbreviation="K-A"), unit("C", abbreviation="K-D"), unit("D")
    )
    result = plan(desired, live)
    assert requirements(result)["FR-C"] == ["FR-D"]
    (warning,) = result.warnings
    assert warning.startswith("org_unit/frogner/FR-A, org_unit/frogner/FR-B exchange values that must be unique")


def test_a_value_that_nobody_gives_up_is_told_before_websak_refuses_it() -> None:
    retired = unit("OLD", abbreviation="K1")
    live = {retired.address: Resource(address=retired.address, fields=retired.fields, active=False)}
    assert plan(state(unit("A", abbreviation="K1")), live).warnings == (
        "org_unit/frogner/FR-A: abbreviation K1 is org_unit/frogner/FR-OLD's, which is retired and keeps it; "
        "it must be unique, so Websak will refuse it",
    )
    staying = state(unit("OLD", abbreviation="K1"))
    assert plan(state(unit("A", abbreviation="K1")), staying).warnings == (
        "org_unit/frogner/FR-A: abbreviation K1 is org_unit/frogner/FR-OLD's; it must be unique, so Websak will refuse it",
    )
