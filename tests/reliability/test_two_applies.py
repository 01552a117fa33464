"""Two applies at once: one runs, the other is refused and told who runs; nothing is done twice."""

import random
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from .configs import AFTER
from .proxy import AFTER as ANSWERED
from .proxy import BEFORE, Crossing
from .summary import EVERYTHING
from .world import ENVIRONMENT, Place, World, ended, variables

ROUNDS = range(50 if EVERYTHING else 2)
OTHER = "kari@elsewhere (abcdef)"


@pytest.fixture
def other(world33: World, tmp_path: Path) -> Iterator[Place]:
    """The same config, checked out in another place."""
    root = tmp_path / "elsewhere"
    root.mkdir()
    place = Place(root, variables(world33.server, world33.server.base_url))
    yield place


def checked_out(world: World, place: Place) -> None:
    place.write(AFTER)
    shutil.rmtree(place.state, ignore_errors=True)
    place.state.mkdir(mode=0o700)
    shutil.copy(world.place.state / "journal.db", place.state / "journal.db")


def _both(first: subprocess.Popen[str], second: subprocess.Popen[str]) -> tuple[list[int], str]:
    outcomes = [ended(first, None), ended(second, None)]
    refused = "".join(outcome.err for outcome in outcomes if outcome.code == 4)
    return sorted(outcome.code for outcome in outcomes), refused


@pytest.mark.parametrize("number", ROUNDS)
def test_from_the_same_place(world33: World, number: int) -> None:
    world33.settings(latency_ms=10)  # so that they do overlap
    codes, refused = _both(
        world33.place.start("apply", "--auto-approve"), world33.place.start("apply", "--auto-approve")
    )
    world33.settings(latency_ms=0)
    assert codes == [0, 4], refused
    assert "an apply to environment is under way: " in refused
    assert "tester, process " in refused or "root, process " in refused, refused
    world33.has_arrived("two applies at once, from one place")


@pytest.mark.parametrize("number", ROUNDS)
def test_from_two_places(world33: World, other: Place, number: int) -> None:
    chance = random.Random(number)
    checked_out(world33, other)
    world33.settings(latency_ms=chance.choice([0, 5, 20]))
    codes, refused = _both(world33.place.start("apply", "--auto-approve"), other.start("apply", "--auto-approve"))
    world33.settings(latency_ms=0)
    assert codes in ([0, 4], [0, 0]), refused
    if codes == [0, 4]:
        assert "is applying to this Websak" in refused
    world33.tally("two applies at once, from two places")
    counted = world33.counted
    assert counted == world33.the_way.effects
    assert world33.contents() == world33.the_way.contents
    for place in (world33.place, other):
        place.apply()  # whoever was refused takes over what is there
        world33.is_at_rest(place)
    assert world33.counted == counted


def test_who_planned_before_the_other_began_and_has_its_turn_after(world33: World, other: Place) -> None:
    """The one plans, the other does all of it, then the one gets the lease: its plan is of the past."""
    checked_out(world33, other)
    done = threading.Event()

    def strike(crossing: Crossing, phase: str) -> None:
        if phase == BEFORE and crossing.method == "POST" and crossing.path.endswith("/lease"):
            other.apply()
            done.set()

    world33.proxy.begin(strike)
    outcome = world33.place.apply()
    assert done.is_set()
    totals = re.search(r"^Plan: (.*?)\.", outcome.out, re.MULTILINE)
    assert totals is not None
    changes = sum(map(int, re.findall(r"[0-9]+", totals[1])))
    assert f"{changes} of the plan's changes were done by somebody else meanwhile" in outcome.err
    world33.proxy.begin()
    world33.has_arrived()


def test_who_waits_sees_who_holds_the_lease_and_why_and_may_break_it_by_name(world33: World) -> None:
    world33.setup("POST", "/lease", {"owner": OTHER, "purpose": "Sak 27/1234", "ttl_seconds": 60})
    refused = world33.place.apply(code=4)
    assert OTHER in refused.err and "Sak 27/1234" in refused.err and f'--break-lease "{OTHER}"' in refused.err
    assert world33.place.apply("--break-lease", "ola@nowhere", code=4).err.count(OTHER) >= 1
    assert world33.effects == []
    world33.place.apply("--break-lease", OTHER)
    with world33.place.journal() as journal:
        reported = [(e.what, e.body["owner"]) for e in journal.entries() if "lease" in e.what]
        assert journal.broken_link() is None
    assert reported == [
        ("breaking lease", "ola@nowhere"),
        ("lease not held", "ola@nowhere"),
        ("breaking lease", OTHER),
        ("lease broken", OTHER),
    ]
    world33.has_arrived()


def test_a_lease_that_is_broken_in_the_middle_stops_the_run(world33: World) -> None:
    met: list[Crossing] = []

    def strike(crossing: Crossing, phase: str) -> None:
        if phase == BEFORE and crossing.writes:
            met.append(crossing)
            if len(met) == 5:
                owner = world33.setup("GET", "/lease")["owner"]
                world33.setup("POST", "/lease/break", {"owner": owner})
                world33.setup("POST", "/lease", {"owner": OTHER, "purpose": "haste", "ttl_seconds": 60})

    world33.proxy.begin(strike)
    outcome = world33.place.apply("--concurrency", "1", code=5)
    assert OTHER in outcome.err
    assert len(met) == 5  # the fifth was refused, and no other was sent
    assert OTHER in world33.place.apply("--resume", code=4).err
    world33.control.delete("/_sandbox/lease")
    world33.proxy.begin()
    world33.place.apply("--resume")
    world33.has_arrived()


def test_two_names_of_one_server_are_kept_apart_by_the_lease(world33: World) -> None:
    """The file lock goes by the environment's name; the lease does not."""
    second: list[object] = []

    def strike(crossing: Crossing, phase: str) -> None:
        if phase == ANSWERED and crossing.writes and not second:
            second.append(None)
            second.append(world33.place.apply("--environment", "another", code=4))

    world33.proxy.begin(strike)
    world33.place.apply("--concurrency", "1")
    assert len(second) == 2
    assert "is applying to this Websak" in second[1].err  # type: ignore[attr-defined]  # an Outcome
    world33.has_arrived()


def test_without_a_setup_api_the_file_lock_alone_and_the_plan_says_so(world33: World) -> None:
    alone = {"WEBSAKCTL_SETUP_URL": ""}
    reported = world33.place("plan", **alone)
    assert "only a local lock keeps two applies apart" in reported.out + reported.err
    world33.settings(latency_ms=20)
    codes, refused = _both(
        world33.place.start("apply", "--auto-approve", **alone), world33.place.start("apply", "--auto-approve", **alone)
    )
    world33.settings(latency_ms=0)
    assert codes == [0, 4]
    assert "an apply to environment is under way" in refused
    assert set(world33.counted.values()) == {1}


@pytest.mark.parametrize("number", range(20 if EVERYTHING else 1))
def test_somebody_who_plans_does_not_get_in_the_way_of_an_apply(world33: World, number: int) -> None:
    """An interrupted run makes every plan look whether somebody is at it."""
    killer = world33.kill_at_write(3, BEFORE)
    killer.process = world33.place.start("apply", "--auto-approve")
    ended(killer.process, None)
    world33.proxy.begin()
    plans = [world33.place.start("plan") for _ in range(2)]
    world33.place.apply("--resume")
    for plan in plans:
        ended(plan, 0)
    with world33.place.journal() as journal:
        assert journal.open_runs(ENVIRONMENT) == []
