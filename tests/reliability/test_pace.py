"""How fast writes go, and that a server that struggles is left alone."""

import contextlib
import itertools
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from msgspec.structs import replace

from tests.seams import NotedWaiting, NoWaiting
from websakctl.apply import attempt
from websakctl.apply.attempt import Status
from websakctl.live import lease, transport
from websakctl.live.clock import SystemClock
from websakctl.live.errors import Strained
from websakctl.live.runtime import Runtime
from websakctl.live.transport import RateLimiter
from websakctl.operations.apply.carry_out import Run, apply_changes, new_run_name
from websakctl.operations.change.make_plan import make_plan
from websakctl.operations.change.read_setup import read_setup, writer_for

from . import inside
from .proxy import AFTER, BEFORE, Crossing, Instead
from .summary import EVERYTHING
from .world import ENVIRONMENT, World


def test_a_rate_spreads_the_writes(world33: World) -> None:
    world33.place.apply("--rate", "5", "--kind", "licence", "--kind", "rollout_batch")
    at = [crossing.at for crossing in world33.proxy.writes]
    assert len(at) == 6
    assert at[-1] - at[0] > 0.2 * 5 * 0.9
    assert all(later - earlier > 0.1 for earlier, later in itertools.pairwise(at))


@pytest.mark.parametrize(("concurrency", "least"), [(1, 1), (2, 2), (8, 3)] if EVERYTHING else [(2, 2)])
def test_no_more_at_a_time_than_was_said(world33: World, concurrency: int, least: int) -> None:
    world33.settings(latency_ms=30)
    world33.place.apply("--concurrency", str(concurrency))
    assert least <= world33.proxy.most_at_once <= concurrency


def test_the_plan_says_how_many_writes_are_ahead_and_roughly_how_long(world33: World) -> None:
    assert re.search(r"39 writes, roughly \d+ s", " ".join(world33.place("plan").out.split()))
    slow = world33.place("apply", "--rate", "2", "--concurrency", "2", code=4).out
    assert "39 writes, roughly 20 s" in " ".join(slow.split())


@pytest.mark.parametrize(
    ("code", "asked"),
    [(429, "seconds"), (503, "date"), *([(503, "seconds"), (429, "date")] if EVERYTHING else [])],
)
def test_everybody_waits_as_long_as_the_server_asks(world33: World, code: int, asked: str) -> None:
    until = datetime.now(UTC) + timedelta(seconds=60)
    answered: list[float] = []

    def strike(crossing: Crossing, phase: str) -> None:
        if phase == AFTER and crossing.writes and len(world33.proxy.writes) >= 5 and not answered:
            answered.append(0.0)
            header = (
                "2" if asked == "seconds" else format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
            )
            world33.fault(
                "status", path="^/api/(setup/[a-z]|v2)", method="POST", code=code, headers={"Retry-After": header}
            )
            world33.fault(
                "status", path="^/api/(setup/[a-z]|v2)", method="PUT", code=code, headers={"Retry-After": header}
            )
        if (
            phase == AFTER
            and answered == [0.0]
            and any(rule["hits"] for rule in world33.control.get("/_sandbox/faults").json())
        ):
            answered[0] = time.monotonic()

    world33.proxy.begin(strike)
    world33.place.apply(code=None)
    assert answered[0] > 0
    too_early = [c for c in world33.proxy.writes if answered[0] + 0.3 < c.at < answered[0] + 0.9]
    assert too_early == []
    assert datetime.now(UTC) < until
    world33.clear_faults()
    world33.place.apply()
    world33.has_arrived()


def test_a_server_that_asks_for_an_hour_gets_it(world33: World) -> None:
    world33.fault("status", path="/licences", method="PUT", code=429, headers={"Retry-After": "3600"})
    outcome = world33.place.apply(code=5)
    assert "3600 s" in outcome.err and "--resume" in outcome.err
    world33.place.apply("--resume")
    world33.has_arrived()


def test_a_run_of_one_change_that_was_not_begun_is_open_too(world33: World) -> None:
    world33.fault("status", path="/licences", method="PUT", code=429, headers={"Retry-After": "3600"})
    world33.place.apply("--target", "licence/base/WEBSAK-PLUS", code=7)
    assert world33.effects == []
    assert "Applied: 1 of 1" in world33.place.apply("--resume").out
    assert world33.counted == {("setup.update", "WEBSAK-PLUS"): 1}


def test_turns_are_given_out_in_order() -> None:
    slept: list[float] = []
    pace = RateLimiter(rate=10, clock=NoWaiting(slept))
    for _ in range(5):
        pace.wait()
    assert slept == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=0.05)


def test_failures_of_the_server_pause_everybody_then_stop_everybody() -> None:
    slept: list[float] = []
    pace = RateLimiter(pause=7.0, pause_after=2, stop_after=6, clock=NoWaiting(slept))
    for status in (500, 200, 503, 429, 502):
        pace.note(status, pace.wait())
    assert slept == []  # an answer in between begins the count again
    pace.note(None, pace.wait())
    for _ in range(2):
        turn = pace.wait()
        assert slept.pop() == pytest.approx(7, abs=0.1)
        pace.note(500, turn)
    turn = pace.wait()
    assert slept.pop() == pytest.approx(14, abs=0.1)
    pace.note(500, turn)
    pace.note(500, turn)
    with pytest.raises(Strained, match="6 writes in a row"):
        pace.wait()


@pytest.mark.parametrize(("asked", "sent"), [(3600.0, 1), (0.5, 6)])
def test_who_waits_for_a_turn_hears_what_the_server_asks_for_meanwhile(asked: float, sent: int) -> None:
    pace = RateLimiter(rate=20, clock=SystemClock())
    went: list[float] = []

    def one() -> None:
        with contextlib.suppress(Strained):
            turn = pace.wait()
            went.append(time.monotonic())
            if len(went) == 1:
                pace.note(503, turn, asked)

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(went) == sent
    assert all(later - went[0] >= asked - 0.05 for later in went[1:])
    # and the rate holds after it: a busy machine makes one late, never early
    assert all(at - went[0] >= asked - 0.05 + n / 20 - 0.01 for n, at in enumerate(sorted(went[1:])))


def test_many_failures_at_once_are_one_reason_to_pause_and_none_to_stop() -> None:
    """Eight at a time, and the server is away for a second: that is not eight failures in a row."""
    slept: list[float] = []
    pace = RateLimiter(clock=NoWaiting(slept))
    turns = [pace.wait() for _ in range(8)]
    for turn in turns:
        pace.note(503, turn)
    pace.note(200, pace.wait())
    assert slept == pytest.approx([5.0], abs=0.1)


def test_a_server_that_is_gone_is_not_asked_for_every_change(world33: World, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    inputs = world33.inputs()
    live = read_setup(world33.connection, inputs)
    plan = make_plan(inputs, live.state)
    nobody = replace(
        world33.connection,
        base_url="http://127.0.0.1:9",
        setup_url="http://127.0.0.1:9/api/setup",
        runtime=Runtime(clock=NoWaiting()),
    )
    with world33.place.journal() as journal:
        run = Run(environment=ENVIRONMENT, journal=journal, runtime=Runtime(), name=new_run_name(Runtime()))
        with writer_for(nobody, inputs, live, RateLimiter(clock=NoWaiting(slept))) as writer:
            outcomes = apply_changes(
                run, plan.changes, live.state, writer, desired=inputs.config.state, protected=set(), known={}
            ).execution.outcomes
    assert sum(1 for outcome in outcomes if outcome.status is Status.NOT_STARTED) > 20
    assert any("in a row" in outcome.detail for outcome in outcomes)
    assert slept
    world33.place.apply("--resume")
    world33.place.apply()
    world33.has_arrived()


@pytest.mark.parametrize("concurrency", [1, 4] if EVERYTHING else [4])
def test_after_repeated_errors_the_run_stops_cleanly_and_can_be_resumed(
    world33: World, monkeypatch: pytest.MonkeyPatch, concurrency: int
) -> None:
    monkeypatch.setattr(attempt, "LOOKS", (0.0,))
    slept: list[float] = []
    inputs = world33.inputs()
    live = read_setup(world33.connection, inputs)
    plan = make_plan(inputs, live.state)
    world33.fault("status", path="^/api/", method="PUT", code=500, times=1000)
    world33.fault("status", path="^/api/", method="POST", code=500, times=1000)
    pace = RateLimiter(pause=0.2, clock=NotedWaiting(slept))
    with world33.place.journal() as journal:
        run = Run(
            environment=ENVIRONMENT,
            journal=journal,
            runtime=Runtime(),
            name=new_run_name(Runtime()),
            concurrency=concurrency,
        )
        with writer_for(world33.connection, inputs, live, pace) as writer:
            outcomes = apply_changes(
                run, plan.changes, live.state, writer, desired=inputs.config.state, protected=set(), known={}
            ).execution.outcomes
        assert journal.open_runs(ENVIRONMENT) == [run.name]
    result = {outcome.status for outcome in outcomes}
    assert Status.NOT_STARTED in result
    assert result <= {Status.NOT_STARTED, Status.FAILED, Status.BLOCKED}
    assert max(slept) > 0.2  # the second pause is twice the first
    assert world33.effects == []
    world33.clear_faults()
    world33.place.apply("--resume")
    world33.place.apply()  # what had failed before it stopped
    world33.has_arrived()


@pytest.mark.parametrize("landed", [0, 8, 30] if EVERYTHING else [8])
def test_the_command_itself_pauses_stops_and_goes_on(world33: World, landed: int) -> None:
    struck: list[Crossing] = []
    pause = transport.PAUSE if EVERYTHING else inside.PAUSE

    def strike(crossing: Crossing, phase: str) -> None:
        if phase == BEFORE and crossing.writes and len(world33.proxy.writes) > landed:
            struck.append(crossing)
            raise Instead(502, b"{}")

    world33.proxy.begin(strike)
    outcome = world33.place.apply("--concurrency", "1", code=5)
    assert "the server failed 9 writes in a row; no more were sent" in outcome.err
    assert "websakctl apply --resume goes on with it" in outcome.err
    assert struck == world33.proxy.writes[landed:]
    waits = [later.at - earlier.at for earlier, later in itertools.pairwise(struck)]
    assert len(waits) == 8
    assert waits[2] >= pause  # after the third, and twice as long after the sixth
    assert waits[5] >= 2 * pause
    assert len(world33.effects) == landed
    world33.proxy.begin()
    world33.place.apply("--resume")
    world33.place.apply()  # what had failed before it stopped
    world33.has_arrived("502 to every write, from one of them on")


class _Fast(SystemClock):
    """A clock a hundred times as fast."""

    def monotonic(self) -> float:
        return super().monotonic() * 100

    def call_later(self, seconds: float, act: Callable[[], None]) -> Callable[[], None]:
        return super().call_later(seconds / 100, act)


def test_a_lease_that_cannot_be_renewed_in_time_is_given_up_before_it_ends(world33: World) -> None:
    fast = replace(world33.connection, runtime=Runtime(clock=_Fast()))
    world33.fault("status", path="/lease/", method="PUT", code=500, times=1000)
    inputs = world33.inputs()
    live = read_setup(world33.connection, inputs)
    lost = threading.Event()
    reported: list[Any] = []
    with writer_for(fast, inputs, live) as writer:
        held = writer.lease(owner="us", purpose="a test", lost=lambda why: (reported.append(why), lost.set()))
        assert held is not None
        with held:
            assert lost.wait(5)
    assert reported == ["the lease could not be renewed in time, and others may have it; nothing more is begun"]


def test_a_lease_is_renewed_past_its_end(world33: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "TTL", 5)
    monkeypatch.setattr(lease, "RENEW", 1.0)
    inputs = world33.inputs()
    live = read_setup(world33.connection, inputs)
    reported: list[str] = []
    with writer_for(world33.connection, inputs, live) as writer:
        held = writer.lease(owner="us", purpose="a test", lost=reported.append)
        assert held is not None
        with held:
            time.sleep(6)  # longer than it lasts; the sandbox gives none shorter
            assert held.holder() is not None
    assert reported == []
