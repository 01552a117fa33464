"""The same input sends the same requests in the same order, whatever Python's hashes are."""

import re
import sys
import threading
from dataclasses import replace
from pathlib import Path

from tests.seams import Inline
from websakctl.apply.attempt import Outcome, Status
from websakctl.apply.execute import execute
from websakctl.model.address import Address
from websakctl.plan.change import Action, Change

from .world import World, ended

SEEDS = ("0", "1", "2", "3", "77", "4242")


def sent(world: World, seed: str) -> list[tuple[str, str, bytes]]:
    """Every request of an apply, eight begun at a time, in a process with its own hash seed; what is random by design is left out."""
    world.to_the_beginning()
    place = replace(world.place, program=(sys.executable, str(Path(__file__).with_name("in_turn.py"))))
    ended(place.start("apply", "--auto-approve", "--concurrency", "8", PYTHONHASHSEED=seed))
    return [
        (crossing.method, re.sub(r"/lease/.+", "/lease/ID", crossing.path), crossing.body)
        for crossing in world.proxy.crossings
        if not crossing.path.endswith(("/connect/token", "/lease"))
    ]


def test_six_processes_send_the_same_requests_in_the_same_order(world33: World) -> None:
    """Reverted, the loop of ``execute`` over the set that ``wait`` gives fails this."""
    first, *others = [sent(world33, seed) for seed in SEEDS]
    assert len(first) > 40
    for seed, other in zip(SEEDS[1:], others, strict=True):
        assert other == first, f"PYTHONHASHSEED={seed} sent them otherwise"


def test_work_that_has_finished_is_taken_in_the_order_of_the_changes() -> None:
    changes = [
        Change(address=Address("access_group", "base", f"G{n:03}"), action=Action.CREATE, fields=(), reason="")
        for n in range(200)
    ]
    taken: list[Address] = []
    execute(
        changes,
        lambda change: Outcome(change=change, status=Status.DONE),
        concurrency=len(changes),
        executor=Inline,
        stop=threading.Event(),
        watch=lambda outcome: taken.append(outcome.change.address),
    )
    assert taken == [change.address for change in changes]
