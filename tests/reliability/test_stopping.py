"""Ctrl-C once and twice, SIGTERM, and a server that dies and comes back."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec.structs import replace

from websakctl.sandbox.process import ensure_server

from .proxy import AFTER, BEFORE, Crossing, Drop
from .summary import EVERYTHING
from .world import ENVIRONMENT, World, ended, world

POINTS = range(1, 35, 3) if EVERYTHING else (13,)


def journalled(world: World) -> Counter[str]:
    """Requests that the journal says are done in the run that is open, by key."""
    with world.place.journal() as journal:
        (run,) = journal.open_runs(ENVIRONMENT)
        return Counter(
            (entry.address or "").rpartition("/")[2]
            for entry in journal.entries(run)
            if entry.what == "outcome" and entry.body["outcome"] == "done"
        )


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("number", POINTS)
def test_once_finishes_what_is_under_way(world33: World, by: signal.Signals, number: int) -> None:
    killer = world33.kill_at_write(number, BEFORE, by)
    killer.process = world33.place.start("apply", "--auto-approve")
    outcome = ended(killer.process, 5)
    assert "websakctl apply --resume" in outcome.err
    landed = Counter(effect["key"] for effect in world33.effects)
    assert landed == journalled(world33)
    assert number <= landed.total() < 37
    world33.proxy.begin()
    world33.place.apply("--resume")
    world33.has_arrived(f"{by.name} once")


@pytest.mark.parametrize("number", POINTS)
def test_twice_stops_at_once(world33: World, number: int) -> None:
    killer = world33.kill_at_write(number, BEFORE, signal.SIGINT)
    killer.times = 2
    killer.process = world33.place.start("apply", "--auto-approve")
    outcome = ended(killer.process, 5)
    assert "Stopped at once" in outcome.err
    world33.proxy.begin()
    assert "in doubt" in world33.place.apply("--resume").err
    world33.has_arrived("SIGINT twice")


def test_ctrl_c_before_the_first_write(world33: World) -> None:
    killer = world33.kill_at_request("/flat", BEFORE, 2, signal.SIGINT)  # the read under the lease
    killer.process = world33.place.start("apply", "--auto-approve")
    outcome = ended(killer.process, 4)
    assert "nothing was written" in outcome.err
    assert world33.effects == []
    world33.proxy.begin()
    assert "was interrupted" not in world33.place.apply().err
    world33.has_arrived()


def test_ctrl_c_while_reading_back_is_no_interruption(world33: World) -> None:
    way = world33.the_way.effects
    killer = world33.kill_when(lambda c: "/flat" in c.path and world33.counted == way, AFTER, signal.SIGINT)
    killer.process = world33.place.start("apply", "--auto-approve")
    ended(killer.process, 0)
    assert killer.struck is not None
    world33.has_arrived()


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        yield stack.enter_context(world(tmp_path, "3.3"))


@pytest.mark.parametrize("number", range(2, 37, 7) if EVERYTHING else (21,))
@pytest.mark.parametrize("phase", [BEFORE, AFTER] if EVERYTHING else [AFTER])
def test_the_server_dies_and_comes_back_in_the_middle(mortal: World, number: int, phase: str) -> None:
    mortal.walk_the_way_once()
    mortal.to_the_beginning()
    met: list[int] = []
    lock = threading.Lock()

    def strike(crossing: Crossing, when: str) -> None:
        if not crossing.writes or when != phase:
            return
        with lock:
            met.append(crossing.number)
            if len(met) != number:
                return
            os.kill(mortal.server.pid or 0, signal.SIGKILL)
            server = ensure_server(mortal.home, api_version="3.3")
            mortal.server = replace(server)
            mortal.proxy.upstream = server.base_url
            mortal.control.base_url = server.base_url
        raise Drop

    mortal.proxy.begin(strike)
    outcome = mortal.place.apply(code=None)
    assert outcome.code in (0, 5), outcome.err
    assert len(met) >= number
    mortal.proxy.begin()
    if outcome.code == 5:
        mortal.place.apply()
    mortal.has_arrived("the server is killed and started again")
