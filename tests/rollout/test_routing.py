"""Mail routes: the gaps, what is left to do, and the load on the document centre."""

from datetime import date
from typing import Any

import pytest

from websakctl.model.address import BASE, Address
from websakctl.model.resource import Resource, State
from websakctl.rollout.routing import Route, loads, routes

TODAY = date(2027, 1, 10)
GOOD: dict[str, Any] = {
    "unit": "FR-BH",
    "channel": "svarinn",
    "message_types": [],
    "level": None,
    "readers": [],
    "daily_routine": None,
    "arrives": "dokulink",
    "valid_from": None,
    "valid_to": None,
    "batch": None,
}
ALTINN = {"channel": "altinn", "readers": ["Styrer"], "daily_routine": "Leses før kl. 10"}


def number(orgnr: str = "975016684", district: str = "frogner", **fields: Any) -> Resource:
    return Resource(address=Address("sub_org", district, orgnr), fields={**GOOD, "name": f"Nr. {orgnr}", **fields})


def batch(key: str, day: str | None, *districts: str) -> Resource:
    fields = {"name": key, "go_live": day, "districts": list(districts), "paused": False}
    return Resource(address=Address("rollout_batch", BASE, key), fields=fields)


def state(*resources: Resource) -> State:
    batches = (batch("P1", "2027-02-01", "frogner"), batch("P2", "2027-04-01", "sagene"))
    return {r.address: r for r in (*batches, *resources)}


def route(**fields: Any) -> Route:
    (result,) = routes(state(number(**fields)), TODAY)
    return result


@pytest.mark.parametrize("fields", [{}, ALTINN], ids=["svarinn", "altinn"])
def test_a_whole_route_has_no_hole(fields: dict[str, Any]) -> None:
    assert route(**fields).gaps == ()


@pytest.mark.parametrize(
    ("fields", "hole"),
    [
        ({"unit": None}, "no unit"),
        ({**ALTINN, "readers": []}, "no readers"),
        ({**ALTINN, "daily_routine": None}, "no daily routine"),
        ({"valid_from": "2027-02-02"}, "the route holds from 2027-02-02, after P1 is live (2027-02-01)"),
        ({"district": "nowhere"}, "no batch"),
    ],
)
def test_each_hole_is_named(fields: dict[str, Any], hole: str) -> None:
    (result,) = route(**fields).gaps
    assert result.startswith(hole)


def test_a_number_that_has_ended_lacks_nothing() -> None:
    result = route(unit=None, valid_to="2027-01-09")
    assert (result.ended, result.gaps, result.steps) == (True, (), ())


def test_a_number_without_a_batch_of_its_own_moves_with_its_district() -> None:
    assert route().batch == "P1"
    assert route(batch="P2").batch == "P2"


def test_a_number_that_arrives_as_planned_has_nothing_left_to_do() -> None:
    assert route(arrives="svarinn").steps == ()


def test_what_a_number_still_needs_before_dokulink_can_go() -> None:
    register, end = route().steps
    assert register.startswith("register the number") and "once P1 is ready and not before" in register
    assert "Dokulink" in end
    delegate, _ = route(**ALTINN).steps
    assert "Styrer" in delegate


def test_gaps_come_first_and_what_has_ended_last() -> None:
    config = state(
        number("1", name="A"), number("2", name="B", valid_to="2020-01-01"), number("3", name="C", unit=None)
    )
    assert [r.orgnr for r in routes(config, TODAY)] == ["3", "1", "2"]


def test_the_load_moves_batch_by_batch() -> None:
    config = state(
        number("1", arrives="svarinn"),
        number("2"),
        number("3", **ALTINN),
        number("4", "sagene", arrives="paper"),
        number("5", "sagene", arrives=None),
        number("6", "sagene", valid_to="2020-01-01"),
    )
    result = loads(config, routes(config, TODAY))
    assert [(load.batch, load.total("svarinn"), load.total("dokulink")) for load in result] == [
        (None, 1, 2),
        ("P1", 2, 0),
        ("P2", 4, 0),
    ]
    assert result[0].ways["sagene"] == {"paper": 1, "unsaid": 1}
    assert result[1].ways["frogner"] == {"svarinn": 2, "altinn": 1}
