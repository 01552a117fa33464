"""Seats: how many are in use, how many each batch needs, and what lacks."""

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from websakctl.model.address import BASE, Address
from websakctl.model.resource import Resource, State
from websakctl.rollout.capacity import Pool, Shortage, seats, shortages

TODAY = date(2027, 1, 10)


def base(kind: str, key: str, **fields: Any) -> Resource:
    return Resource(address=Address(kind, BASE, key), fields=fields)


def pool(key: str = "PLUS", *, bought: int = 10, allotments: dict[str, int] | None = None, **fields: Any) -> Resource:
    allotments = {"a": 4, "b": 6} if allotments is None else allotments
    fields = {"product": "Websak+", "valid_from": None, "valid_to": None, **fields}
    return base("licence", key, bought=bought, allotments=allotments, **fields)


def batch(key: str, day: str | None, *districts: str, paused: bool = False) -> Resource:
    return base("rollout_batch", key, name=key, go_live=day, districts=list(districts), paused=paused)


ROLES = (
    base("user_role", "CASEWORKER", name="Saksbehandler", template_id="1", licences=["PLUS"]),
    base("user_role", "ARCHIVIST", name="Arkivar", template_id="2", licences=["PLUS", "BASIS"]),
)


def users(district: str, *roles: str | None, active: bool = True) -> list[Resource]:
    return [
        Resource(
            address=Address("user", district, f"{district}{n}{active}".upper()), fields={"role": role}, active=active
        )
        for n, role in enumerate(roles)
    ]


def state(*resources: Resource) -> State:
    return {resource.address: resource for resource in (*ROLES, *resources)}


def one(config: State, live: list[Resource] | None = None, today: date = TODAY) -> Pool:
    counted = seats(config, None if live is None else {u.address: u for u in live}, today)
    return next(p for p in counted if p.key == "PLUS")


BATCHES = (batch("P1", "2027-02-01", "a"), batch("P2", "2027-04-01", "b"))


def test_a_district_that_lists_no_users_counts_with_its_allotment() -> None:
    result = one(state(pool(), *BATCHES), [])
    assert [(b.batch, b.needed, b.total_after) for b in result.batches] == [("P1", 4, 4), ("P2", 6, 10)]
    assert (result.high_water, result.missing) == (10, 0)
    assert not result.districts["a"].listed


def test_a_district_that_lists_users_counts_with_them() -> None:
    result = one(state(pool(), *BATCHES, *users("a", "CASEWORKER", "ARCHIVIST")), [])
    assert result.districts["a"].needed == 2
    assert result.batches[-1].total_after == 8


def test_what_is_in_use_counts_until_the_batch_is_live() -> None:
    result = one(state(pool(), *BATCHES), users("b", *["CASEWORKER"] * 3))
    assert [b.total_after for b in result.batches] == [4 + 3, 4 + 6]


def test_only_active_users_take_a_seat_and_only_of_their_roles_pools() -> None:
    config = state(pool(), pool("BASIS", allotments={}))
    live = [*users("a", "CASEWORKER", "ARCHIVIST"), *users("a", "CASEWORKER", active=False)]
    counted = seats(config, {u.address: u for u in live}, TODAY)
    assert {p.key: p.in_use for p in counted} == {"PLUS": 2, "BASIS": 1}


def test_a_user_without_a_known_role_is_told_and_not_hidden() -> None:
    result = one(state(pool()), users("a", None, "NOBODY-KNOWS-IT", "CASEWORKER"))
    assert (result.in_use, result.unknown) == (1, 2)


def test_the_config_says_the_role_where_live_does_not_tell() -> None:
    result = one(state(pool(), *users("a", "CASEWORKER")), users("a", None))
    assert (result.in_use, result.unknown) == (1, 0)


def test_live_that_was_not_asked_is_not_zero() -> None:
    assert one(state(pool())).in_use is None


def test_a_batch_that_overruns_the_pool_is_named_with_the_missing_seats() -> None:
    config = state(pool(bought=10, allotments={"a": 4, "b": 10}), *BATCHES)
    assert shortages([one(config, [])]) == (Shortage(pool="PLUS", batch="P2", district=None, missing=4),)


def test_seats_of_a_paused_batch_stay_reserved() -> None:
    batches = (batch("P1", "2027-02-01", "a", paused=True), BATCHES[1])
    assert one(state(pool(), *batches), []).batches[-1].total_after == 10


def test_a_pool_that_ends_before_a_batch_is_live_counts_nothing() -> None:
    config = state(pool(valid_to="2027-03-31"), *BATCHES)
    assert [b.bought for b in one(config, []).batches] == [10, 0]
    assert shortages([one(config, [])]) == (Shortage(pool="PLUS", batch="P2", district=None, missing=10),)


def test_a_pool_holds_on_its_last_day() -> None:
    assert [b.bought for b in one(state(pool(valid_to="2027-04-01"), *BATCHES), []).batches] == [10, 10]


def test_a_pool_that_has_ended_lacks_what_is_in_use_today() -> None:
    config = state(pool(valid_to="2027-01-09", allotments={}))
    assert shortages([one(config, users("a", "CASEWORKER"))]) == (
        Shortage(pool="PLUS", batch=None, district=None, missing=1),
    )


def test_a_batch_whose_day_has_passed_is_judged_by_today() -> None:
    config = state(pool(valid_from="2027-03-01"), *BATCHES)
    assert [b.bought for b in one(config, [], date(2027, 3, 2)).batches] == [10, 10]


def test_a_district_beyond_its_allotment_is_named() -> None:
    config = state(pool(bought=100), *users("a", *["CASEWORKER"] * 7))
    assert Shortage(pool="PLUS", batch=None, district="a", missing=3) in shortages([one(config, [])])


def test_a_pool_that_is_not_shared_out_limits_no_district() -> None:
    config = state(pool(bought=100, allotments={}), *users("a", *["CASEWORKER"] * 7))
    assert shortages([one(config, [])]) == ()


def test_batches_without_a_day_come_last() -> None:
    result = one(state(pool(), batch("P0", None, "a"), BATCHES[1]), [])
    assert [b.batch for b in result.batches] == ["P2", "P0"]


district = st.sampled_from("abcd")
numbers = st.dictionaries(district, st.integers(0, 30))
days = st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2028, 1, 1)).map(date.isoformat))


@st.composite
def scenes(draw: st.DrawFn) -> tuple[State, list[Resource]]:
    planned = draw(st.permutations("abcd"))
    cut = draw(st.integers(0, 4))
    batches = [batch("P1", draw(days), *planned[:cut]), batch("P2", draw(days), *planned[cut:])]
    listed = [u for d, n in draw(numbers).items() for u in users(d, *["CASEWORKER"] * n)]
    live = [u for d, n in draw(numbers).items() for u in users(d, *["CASEWORKER"] * n)]
    return state(pool(bought=draw(st.integers(0, 100)), allotments=draw(numbers)), *batches, *listed), live


@given(scenes())
def test_nothing_is_ever_above_the_high_water_mark(scene: tuple[State, list[Resource]]) -> None:
    result = one(*scene)
    assert result.high_water >= (result.in_use or 0)
    assert all(b.total_after <= result.high_water for b in result.batches)


@given(scenes())
def test_after_the_last_batch_every_district_has_what_it_needs(scene: tuple[State, list[Resource]]) -> None:
    result = one(*scene)
    assert result.batches[-1].total_after == sum(d.needed for d in result.districts.values())


@given(scenes())
def test_buying_what_is_missing_leaves_nothing_missing(scene: tuple[State, list[Resource]]) -> None:
    config, live = scene
    before = one(config, live)
    bought = pool(
        bought=before.bought + before.missing,
        allotments=dict(config[Address("licence", BASE, "PLUS")].fields["allotments"]),
    )
    after = one({**config, bought.address: bought}, live)
    assert after.missing == 0
    assert after.high_water == before.high_water


@given(scenes(), district)
def test_another_user_never_lowers_the_high_water_mark(scene: tuple[State, list[Resource]], where: str) -> None:
    config, live = scene
    before = one(config, live)
    more = Resource(address=Address("user", where, "ONE-MORE"), fields={"role": "CASEWORKER"})
    assert one(config, [*live, more]).high_water >= before.high_water
    if before.districts.get(where) and before.districts[where].listed:
        assert one({**config, more.address: more}, live).high_water >= before.high_water
