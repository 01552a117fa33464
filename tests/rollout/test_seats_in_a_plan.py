"""The guard on seats: a plan that leaves more users than seats is objected to, by pool and by district."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.model.address import BASE, Address
from websakctl.model.resource import Resource, State
from websakctl.plan.change import Action, Change, FieldChange
from websakctl.plan.seats import may_overrun, overrun

TODAY = date(2027, 1, 10)
POOL = Address("licence", BASE, "PLUS")


def config(*, bought: int = 3, allotments: dict[str, int] | None = None, **more: Any) -> State:
    pool = {
        "product": "Websak+",
        "bought": bought,
        "allotments": allotments or {},
        "valid_from": None,
        "valid_to": None,
    }
    batch = {"name": "P1", "go_live": "2027-02-01", "districts": ["frogner"], "paused": False}
    result = (
        Resource(address=POOL, fields={**pool, **more}),
        Resource(address=Address("rollout_batch", BASE, "P1"), fields=batch),
        Resource(
            address=Address("user_role", BASE, "CASEWORKER"),
            fields={"name": "Saksbehandler", "template_id": "1", "licences": ["PLUS"]},
        ),
        Resource(
            address=Address("user_role", BASE, "GUEST"), fields={"name": "Gjest", "template_id": "2", "licences": []}
        ),
    )
    return {r.address: r for r in result}


def user(key: str, district: str = "frogner") -> Address:
    return Address("user", district, key)


def live(*keys: str, role: str | None = "CASEWORKER", active: bool = True) -> State:
    return {user(k): Resource(address=user(k), fields={"role": role}, active=active) for k in keys}


def change(address: Address, action: Action, *fields: tuple[str, Any, Any]) -> Change:
    return Change(
        address=address,
        action=action,
        fields=tuple(FieldChange(path=path, before=before, after=after) for path, before, after in fields),
        reason="",
    )


def made(*keys: str, district: str = "frogner", role: str = "CASEWORKER") -> list[Change]:
    return [change(user(key, district), Action.CREATE, ("role", None, role)) for key in keys]


def allowances(changes: list[Change], users: State, base: State, today: date | None = TODAY) -> list[str]:
    return [finding.allowance for finding in overrun(changes, users, base, today)]


def test_users_within_the_pool_pass() -> None:
    assert allowances(made("A", "B"), live("C"), config()) == []


def test_the_pool_the_batch_and_the_missing_seats_are_named() -> None:
    (result,) = overrun(made("A", "B", "D"), live("C"), config(), TODAY)
    assert result.allowance == "seats:PLUS=1"
    assert result.message == "4 users of Websak+ for 3 seats: 1 missing (P1)"


def test_users_of_districts_that_the_plan_does_not_touch_count() -> None:
    elsewhere = {user("X", "sagene"): Resource(address=user("X", "sagene"), fields={"role": "CASEWORKER"})}
    assert allowances(made("A", "B", "C"), elsewhere, config()) == ["seats:PLUS=1"]


def test_a_role_without_licences_takes_no_seat() -> None:
    assert allowances(made("A", "B", role="GUEST"), live("C", "D", "E"), config()) == []


def test_leavers_make_room_in_the_same_plan() -> None:
    leaves = change(user("C"), Action.DEACTIVATE, ("active", True, False))
    assert allowances([*made("A", "B", "D"), leaves], live("C"), config()) == []


def test_users_that_come_back_take_a_seat() -> None:
    back = [change(user(k), Action.ACTIVATE, ("active", False, True)) for k in "ABCD"]
    assert allowances(back, live(*"ABCD", active=False), config()) == ["seats:PLUS=1"]


def test_another_role_may_take_a_seat() -> None:
    promoted = change(user("D"), Action.UPDATE, ("role", "GUEST", "CASEWORKER"))
    assert allowances([promoted], {**live("A", "B", "C"), **live("D", role="GUEST")}, config()) == ["seats:PLUS=1"]


def test_a_user_that_moves_is_counted_once() -> None:
    base = config(allotments={"frogner": 2, "sagene": 0})
    moves = change(user("A", "sagene"), Action.UPDATE, ("scope", "frogner", "sagene"))
    assert allowances([moves], live("A", "B"), base) == ["seats:PLUS/sagene=1"]


def test_a_pool_that_was_overrun_before_does_not_stop_other_work() -> None:
    base, users = config(bought=1), live("A", "B", "C")
    assert allowances(made("D", role="GUEST"), users, base) == []
    assert allowances([change(user("A"), Action.DEACTIVATE)], users, base) == []
    assert allowances(made("D"), users, base) == ["seats:PLUS=3"]


def test_a_district_beyond_its_allotment_is_named() -> None:
    assert allowances(made("A", "B"), {}, config(allotments={"frogner": 1})) == ["seats:PLUS/frogner=1"]


def test_fewer_seats_than_users_are_objected_to() -> None:
    fewer = change(POOL, Action.UPDATE, ("bought", 5, 2), ("allotments.frogner", 3, 1))
    base = config(bought=2, allotments={"frogner": 1})
    assert allowances([fewer], live("A", "B", "C"), base) == ["seats:PLUS=1", "seats:PLUS/frogner=2"]


def test_more_seats_are_not_objected_to_though_they_are_too_few() -> None:
    assert allowances([change(POOL, Action.UPDATE, ("bought", 1, 2))], live("A", "B", "C"), config(bought=2)) == []


def test_more_users_than_the_more_seats_are_objected_to() -> None:
    more = change(POOL, Action.UPDATE, ("bought", 1, 3))
    assert allowances([more, *made("D")], live("A", "B", "C"), config()) == ["seats:PLUS=1"]


def test_a_new_pool_is_objected_to_only_with_more_users() -> None:
    new = change(POOL, Action.CREATE, ("bought", None, 1))
    assert allowances([new], live("A", "B"), config(bought=1)) == []
    assert allowances([new, *made("C")], live("A", "B"), config(bought=1)) == ["seats:PLUS=2"]


def test_a_pool_that_is_taken_away_has_no_seats() -> None:
    assert allowances([change(POOL, Action.DELETE)], live("A"), config()) == ["seats:PLUS=1"]


def test_a_pool_that_is_not_valid_has_no_seats() -> None:
    ended = config(valid_to="2027-01-09")
    assert allowances(made("A"), {}, ended) == ["seats:PLUS=1"]
    assert allowances(made("A"), {}, ended, None) == []


def test_the_config_says_the_role_where_live_does_not_tell() -> None:
    text = {user("A"): Resource(address=user("A"), fields={"role": "CASEWORKER"})}
    assert allowances(made("B", "C", "D"), live("A", role=None), {**config(), **text}) == ["seats:PLUS=1"]


@pytest.mark.parametrize(
    ("one", "worth_it"),
    [
        (made("A")[0], True),
        (change(POOL, Action.UPDATE, ("bought", 3, 2)), True),
        (change(POOL, Action.UPDATE, ("allotments.frogner", 3, None)), True),
        (change(POOL, Action.UPDATE, ("valid_to", None, "2027-01-01")), True),
        (change(POOL, Action.DELETE), True),
        (change(POOL, Action.CREATE, ("bought", None, 2)), False),
        (change(POOL, Action.UPDATE, ("bought", 2, 3), ("product", "a", "b")), False),
        (change(Address("licence", BASE, "NOBODYS"), Action.DELETE), False),
        (change(user("A"), Action.UPDATE, ("title", None, "x")), False),
        (change(user("B"), Action.DEACTIVATE), False),
        (change(Address("org_unit", "frogner", "FR-A"), Action.CREATE), False),
    ],
    ids=[
        "another-user",
        "fewer-bought",
        "fewer-allotted",
        "ends",
        "no-pool",
        "a-new-pool",
        "more-bought",
        "a-pool-of-no-role",
        "another-title",
        "a-leaver",
        "a-unit",
    ],
)
def test_users_are_read_only_for_a_plan_that_could_overrun_a_pool(one: Change, worth_it: bool) -> None:
    assert may_overrun([one], config()) is worth_it
    assert not may_overrun([one], {})


KEYS = "ABCDEF"


@st.composite
def plans(draw: st.DrawFn) -> tuple[list[Change], State, int]:
    """Users that are there, and a change for some of them or for others."""
    existing = {key: draw(st.booleans()) for key in draw(st.sets(st.sampled_from(KEYS)))}  # whether active
    users = {
        user(k): Resource(address=user(k), fields={"role": "CASEWORKER"}, active=active)
        for k, active in existing.items()
    }
    changes = []
    for key in draw(st.sets(st.sampled_from(KEYS))):
        if key not in existing:
            changes.extend(made(key))
        elif existing[key]:
            changes.append(change(user(key), Action.DEACTIVATE, ("active", True, False)))
        else:
            changes.append(change(user(key), Action.ACTIVATE, ("active", False, True)))
    return changes, users, draw(st.integers(0, len(KEYS)))


@given(plans())
def test_a_plan_is_objected_to_exactly_when_more_seats_lack_after_it(plan: tuple[list[Change], State, int]) -> None:
    changes, users, bought = plan
    before = sum(1 for one in users.values() if one.active)
    after = before + sum(-1 if c.action.removes else 1 for c in changes)
    shortage = max(0, after - bought)
    expected = [f"seats:PLUS={shortage}"] if shortage > max(0, before - bought) else []
    assert allowances(changes, users, config(bought=bought)) == expected
