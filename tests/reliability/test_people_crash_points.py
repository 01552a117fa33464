"""kill -9 at the requests that make, change and retire users: each is had once, on both versions."""

import random
import signal
from collections.abc import Iterator
from itertools import product

import pytest

from .configs import PEOPLE_AFTER, PEOPLE_BEFORE
from .proxy import AFTER, BEFORE
from .summary import EVERYTHING
from .world import World, ended, world

WHEN = {BEFORE: "before it reaches the server", AFTER: "once it was answered, before the client knows"}
WRITES = 12  # of the way without trouble


@pytest.fixture(scope="module", params=["3.0", "3.3"])
def walked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp(f"people{request.param}"), request.param) as result:
        result.before, result.after, result.by_hand = PEOPLE_BEFORE, PEOPLE_AFTER, ()
        result.walk_the_way_once()
        yield result


@pytest.fixture
def people(walked: World) -> World:
    walked.to_the_beginning()
    return walked


def test_the_way_makes_changes_and_retires_users(people: World) -> None:
    operations = {operation for operation, _ in people.the_way.effects}
    assert {"user.create", "user.update", "user.deactivate", "user.add_role", "user.remove_role"} <= operations
    assert {"user.set_access_codes", "access_group.add_member", "access_group.remove_member"} <= operations
    assert ("department.update", "FR-HELSE") in people.the_way.effects  # its head


EVERY = list(product(range(1, WRITES + 1), (BEFORE, AFTER)))


@pytest.mark.parametrize(("number", "phase"), EVERY if EVERYTHING else random.Random("people").sample(EVERY, 3))
def test_killed_at_a_write_of_a_user(people: World, number: int, phase: str) -> None:
    """Fields that Websak never reports are the same before and after: a change of one is written again by who goes on."""
    assert len(people.the_way.writes) == WRITES
    killer = people.kill_at_write(number, phase)
    killer.process = people.place.start("apply", "--auto-approve", "--concurrency", "1")
    ended(killer.process, None)
    people.proxy.begin()
    assert killer.process.returncode == -signal.SIGKILL
    people.place.apply("--resume")
    people.has_arrived(f"kill -9 at a write of a run with users, {WHEN[phase]}")
