"""kill -9 at every request: before it reaches the server, and after it was answered but before the client knows."""

import random
import signal
import time
from itertools import product

import pytest

from .proxy import AFTER, BEFORE, PASSED, Crossing
from .summary import EVERYTHING
from .world import ENVIRONMENT, Killer, World, ended

CONCURRENCY = {"3.3": 4, "3.0": 1}  # several at a time: others are under way at the crash; one: every boundary is met
WRITES = 39
OTHERS = {"3.0": 51, "3.3": 49}
WHEN = {BEFORE: "before it reaches the server", AFTER: "once it was answered, before the client knows"}


def _sample(version: str, points: int, count: int) -> list[tuple[str, int, str]]:
    """All of them, or some that differ from version to version and never from run to run."""
    every = [(version, *point) for point in product(range(1, points + 1), (BEFORE, AFTER))]
    return every if EVERYTHING else random.Random(f"{version} 2").sample(every, count)


def _world(request: pytest.FixtureRequest, version: str) -> World:
    world: World = request.getfixturevalue(f"world{version.replace('.', '')}")
    assert len(world.the_way.writes) == WRITES
    return world


def _crash(world: World, number: int, phase: str, *, writes: bool = True, later: float = 0.0) -> bool:
    """Apply, and kill it at the ``number``-th request that writes (or does not); false if it does not come to that."""
    killer = Killer(lambda crossing: crossing.writes is writes, number, phase, later=later)
    world.proxy.begin(killer)
    concurrency = str(CONCURRENCY[world.server.api_version])
    killer.process = world.place.start("apply", "--auto-approve", "--concurrency", concurrency)
    ended(killer.process, None)
    world.proxy.begin()
    return killer.process.returncode == -signal.SIGKILL


def _go_on(world: World, how: str) -> None:
    """Announced by the next command; then resumed, or applied again."""
    with world.place.journal() as journal:
        began = journal.open_runs(ENVIRONMENT)
    if how == "resume":
        outcome = world.place.apply("--resume")
        assert ("was interrupted" in outcome.err) is bool(began), outcome.err
        assert began or "nothing to resume" in outcome.out
    if how == "apply" or not began:
        outcome = world.place.apply()
        assert ("was interrupted" in outcome.err) is bool(began), outcome.err


@pytest.mark.parametrize(("version", "number", "phase"), [*_sample("3.0", WRITES, 2), *_sample("3.3", WRITES, 3)])
def test_killed_at_a_write(request: pytest.FixtureRequest, version: str, number: int, phase: str) -> None:
    world = _world(request, version)
    assert _crash(world, number, phase)
    _go_on(world, "resume")
    world.has_arrived(f"kill -9 at a write, {WHEN[phase]}")


@pytest.mark.parametrize(
    ("version", "number", "phase"), [*_sample("3.0", OTHERS["3.0"], 1), *_sample("3.3", OTHERS["3.3"], 1)]
)
def test_killed_at_another_request(request: pytest.FixtureRequest, version: str, number: int, phase: str) -> None:
    """Tokens, the lease, what is read before, in between and after."""
    world = _world(request, version)
    assert len(world.the_way.crossings) - WRITES == OTHERS[version]
    assert _crash(world, number, phase, writes=False)
    _go_on(world, "resume")
    world.has_arrived(f"kill -9 at a token, a lease or a look, {WHEN[phase]}")


@pytest.mark.parametrize("version", ["3.0", "3.3"])
@pytest.mark.parametrize("seed", range(40 if EVERYTHING else 1))
def test_killed_at_any_moment(request: pytest.FixtureRequest, version: str, seed: int) -> None:
    """A little after an answer: while the journal is written, or the next request is made."""
    world = _world(request, version)
    chance = random.Random(f"{version} {seed}")
    if _crash(world, chance.randint(1, WRITES), PASSED, later=chance.random() * 0.02):
        _go_on(world, chance.choice(["resume", "apply"]))
    world.has_arrived("kill -9 up to 20 ms after a write was answered")


def test_killed_again_and_again(world33: World) -> None:
    """Until it is through, killed at the third write of each attempt."""
    killed = 0
    for attempt in range(20):
        killer = world33.kill_at_write(3, AFTER if attempt % 2 else BEFORE)
        command = ("apply", "--auto-approve") if attempt == 0 else ("apply", "--resume", "--auto-approve")
        killer.process = world33.place.start(*command)
        if ended(killer.process, None).code == 0:
            break
        killed += 1
        if not EVERYTHING and attempt == 2:
            world33.proxy.begin()
            world33.place.apply("--resume")
            break
    world33.proxy.begin()
    assert killed >= 3
    world33.has_arrived("kill -9 again and again while resuming")


def test_the_journal_is_on_disk_before_a_write_is_sent(world33: World) -> None:
    """What the journal says when a write arrives; that it is synchronised is in test_durability."""
    unannounced: list[Crossing] = []

    def strike(crossing: Crossing, phase: str) -> None:
        if phase == BEFORE and crossing.writes:
            with world33.place.journal() as journal:
                entries = journal.entries()
            intents = sum(1 for e in entries if e.what == "intent")
            outcomes = sum(1 for e in entries if e.what == "outcome")
            if intents - outcomes != 1:  # the outcome of one and the intent of the next are written in one go
                unannounced.append(crossing)

    world33.proxy.begin(strike)
    began = time.monotonic()
    world33.place.apply("--concurrency", "1")
    assert unannounced == []
    assert time.monotonic() - began < 60
    world33.has_arrived()
