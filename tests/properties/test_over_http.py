"""What holds when a plan is applied for real: over HTTP, against the sandbox, in both versions of the User API."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.strategies import DISTRICTS, desired_states, resource
from websakctl.apply.attempt import Status
from websakctl.apply.journal import Journal
from websakctl.kinds import all_kinds
from websakctl.live.clock import SystemClock
from websakctl.live.runtime import Runtime
from websakctl.live.websak import Connection
from websakctl.model.address import Address
from websakctl.model.resource import Resource, State
from websakctl.operations.apply.carry_out import Run, adopt_unchanged, apply_changes, new_run_name
from websakctl.operations.change.find_drift import find_drift
from websakctl.operations.change.make_plan import ConfigInput, make_plan
from websakctl.operations.change.read_setup import LiveSetup, read_setup, writer_for
from websakctl.plan.change import Plan
from websakctl.redaction import Secret
from websakctl.source.configuration import Configuration

CI = bool(os.environ.get("CI"))
SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
EDITS = ("none", "retire", "rename", "move", "lose the external id")


@dataclass
class Websak:
    """A sandbox and a journal of our own, to apply configs to."""

    sandbox: Any
    folder: Path
    numbers: Iterator[int]
    journal: Journal | None = None

    def fresh(self) -> None:
        self.sandbox.fresh("empty")
        self.close()
        self.journal = Journal(self.folder / f"journal-{next(self.numbers)}.db", SystemClock())

    def close(self) -> None:
        if self.journal is not None:
            self.journal.close()

    def connection(self, concurrency: int) -> Connection:
        server = self.sandbox.server
        return Connection(
            base_url=server.base_url,
            setup_url=server.setup_url,
            token_url=server.token_url,
            client_id=server.client_id,
            client_secret=Secret(server.client_secret),
            root_unit="OSLO",
            concurrency=concurrency,
        )

    def plan(self, desired: State) -> tuple[Plan, LiveSetup, ConfigInput]:
        assert self.journal is not None
        config = Configuration(state=desired, districts=DISTRICTS)
        inputs = ConfigInput(config=config, known=self.journal.known("test"), kinds=all_kinds(), environment="test")
        live = read_setup(self.connection(4), inputs)
        return make_plan(inputs, live.state), live, inputs

    def apply(self, desired: State, concurrency: int) -> Plan:
        plan, live, inputs = self.plan(desired)
        assert self.journal is not None
        run = Run(
            environment="test",
            journal=self.journal,
            runtime=Runtime(),
            name=new_run_name(Runtime()),
            concurrency=concurrency,
        )
        with writer_for(self.connection(concurrency), inputs, live) as writer:
            applied = apply_changes(
                run, plan.changes, live.state, writer, desired=desired, protected=set(), known=inputs.known
            )
        outcomes = [(str(o.change.address), o.status, o.detail) for o in applied.execution.outcomes]
        assert [o for o in outcomes if o[1] is not Status.DONE] == []
        adopt_unchanged(run, desired, live.state, {change.address for change in plan.changes}, set(), inputs.known)
        return plan

    def edit(self, applied: State, wanted: State, how: str, which: int) -> None:
        """Let somebody change a unit by hand; one that is still wanted, as what refers to it could not even be retired."""
        units = sorted(a.key for a in applied if a.kind == "org_unit" and a in wanted)
        if not units or how == "none":
            return
        values = {
            "retire": {"validToDate": "2020-01-01T00:00:00Z"},
            "rename": {"name": "Endret for hånd"},
            "move": {"parentDepartmentId": self.root()},
            "lose the external id": {"externalId": None},
        }
        self.sandbox.edit("department", units[which % len(units)], **values[how])

    def root(self) -> int:
        return int(self.plan({})[1].units.root_id)

    def holds(self) -> dict[Address, tuple[Any, bool]]:
        """What is there, without the server's own numbers."""
        return {a: (dict(r.fields), r.active) for a, r in self.plan({})[1].state.items()}


@pytest.fixture(params=["3.3", "3.0"])
def websak(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Websak]:
    result = Websak(request.getfixturevalue(f"sandbox{request.param.replace('.', '')}"), tmp_path, count())
    yield result
    result.close()
    result.sandbox.fresh()


states = desired_states(districts=2, exchange=False)


@settings(max_examples=15 if CI else 5, suppress_health_check=SLOW)
@given(first=states, second=states, how=st.sampled_from(EDITS), which=st.integers(0, 9))
def test_an_apply_reaches_what_was_desired_and_a_second_plan_is_empty(
    first: State, second: State, how: str, which: int, websak: Websak
) -> None:
    websak.fresh()
    websak.apply(first, 8)
    assert websak.plan(first)[0].changes == ()
    websak.edit(first, second, how, which)
    planned = websak.apply(second, 8)
    again = websak.plan(second)[0]
    assert again.changes == ()
    assert {m.address for m in again.manual} <= {m.address for m in planned.manual}
    assert again.summary["unchanged"] == len(second) - len({m.address for m in again.manual} & set(second))
    websak.journal.close()


@settings(max_examples=5 if CI else 2, suppress_health_check=SLOW)
@given(first=states, second=states)
def test_eight_at_a_time_end_where_one_at_a_time_ends(first: State, second: State, websak: Websak) -> None:
    ends = []
    for concurrency in (8, 1):
        websak.fresh()
        websak.apply(first, concurrency)
        websak.apply(second, concurrency)
        ends.append((websak.holds(), websak.journal.known("test")))
        websak.journal.close()
    assert ends[0] == ends[1]


def code(key: str) -> Resource:
    return resource(all_kinds()["access_code"], "base", key, {"name": "Personal"})


def case_type(access_code: str) -> Resource:
    text = {"name": "Sak", "series": "SAK", "ordering_principle": "emne", "retention": "B", "access_code": access_code}
    return resource(all_kinds()["case_type"], "base", "PERS", text)


def number(scope: str, **more: Any) -> Resource:
    text = {"name": "Blåbær", "channel": "svarinn", **more}
    return resource(all_kinds()["sub_org"], scope, "313000206", text)


def state(*resources: Resource) -> State:
    return {r.address: r for r in resources}


def unit(local: str, **more: Any) -> Resource:
    return resource(all_kinds()["org_unit"], "frogner", f"FR-{local}", {"name": "Enhet", **more})


ROUNDS: dict[
    str, list[State | str]
] = {  # configs to apply one after the other; a text: a unit that loses its external id
    "a retired row comes back with another reference": [
        state(code("P"), case_type("P")),
        {},
        state(code("Q"), case_type("Q")),
    ],
    "a retired number comes back in another district": [state(number("frogner")), {}, state(number("alna"))],
    "a number moves and what it referred to goes": [
        state(
            resource(all_kinds()["rollout_batch"], "base", "PULJE-1", {"name": "Første"}),
            number("frogner", batch="PULJE-1"),
        ),
        state(number("alna")),
    ],
    "a unit lost its key by hand and what refers to it changes": [
        state(unit("A"), number("frogner", unit="FR-A")),
        "FR-A",
        state(unit("A", name="Annet"), number("frogner", unit="FR-A", channel="altinn")),
    ],
    "a number moves there and back": [state(number("frogner")), state(number("alna")), state(number("frogner"))],
}


@pytest.mark.parametrize("name", ROUNDS)
def test_config_after_config_is_reached(name: str, websak: Websak) -> None:
    websak.fresh()
    for desired in ROUNDS[name]:
        if isinstance(desired, str):
            websak.sandbox.edit("department", desired, externalId=None)
            continue
        websak.apply(desired, 8)
        assert websak.plan(desired)[0].changes == ()
        inputs = websak.plan(desired)[2]
        assert find_drift(inputs, websak.plan(desired)[1].state).plan.changes == ()
        assert set(websak.journal.known("test")) == set(desired)


def test_a_move_whose_answer_was_lost_is_not_taken_for_done(websak: Websak) -> None:
    websak.fresh()
    websak.apply(state(number("frogner")), 1)
    websak.sandbox.fault("reset_before", method="PUT", path="sub-orgs")
    websak.apply(state(number("alna")), 1)
    assert [str(a) for a in websak.holds() if a.kind == "sub_org"] == ["sub_org/alna/313000206"]
