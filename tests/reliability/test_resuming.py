"""After an interruption: it is announced, nothing forgets it by accident, and going on ends right."""

import json
import signal
from collections.abc import Callable

import pytest

from .configs import AFTER, BEFORE
from .proxy import AFTER as ANSWERED
from .proxy import BEFORE as SENT
from .world import Killer, World, ended

A_CHANGE = "^/api/(?!setup/lease)"
OTHER = "kari@elsewhere (abcdef)"


def interrupt(world: World, number: int, phase: str = ANSWERED, *args: str) -> Killer:
    """Apply, and kill it at the ``number``-th write."""
    killer = world.kill_at_write(number, phase)
    killer.process = world.place.start("apply", "--auto-approve", "--concurrency", "1", *args)
    ended(killer.process, -signal.SIGKILL)
    world.proxy.begin()
    return killer


def take_lease(world: World, owner: str, ttl: int = 60) -> Callable[[], None]:
    """Hold the lease as somebody else; gives what ends it."""
    body = {"owner": owner, "purpose": "another apply", "ttl_seconds": ttl}
    world.setup("POST", "/lease", body)
    return lambda: world.control.delete("/_sandbox/lease").raise_for_status()


def test_the_next_command_says_that_a_run_was_interrupted(world33: World) -> None:
    interrupt(world33, 5)
    for command in ("plan", "drift", "apply"):
        outcome = world33.place(command, code=4 if command == "apply" else 0)
        assert "was interrupted: 4 of 36 changes done, 1 in doubt" in outcome.err
        assert "websakctl apply --resume" in outcome.err
        assert "under way" not in outcome.err


def test_nothing_to_resume(world33: World) -> None:
    outcome = world33.place.apply("--resume")
    assert "nothing to resume" in outcome.out
    assert world33.effects == []


def test_a_run_that_was_refused_does_not_put_the_interrupted_one_out_of_mind(world33: World) -> None:
    interrupt(world33, 12)
    world33.control.delete("/_sandbox/lease")
    release = take_lease(world33, OTHER)
    refused = world33.place.apply(code=4)
    assert OTHER in refused.err
    release()
    assert "was interrupted" in world33.place("plan").err
    world33.place.apply("--resume")
    world33.has_arrived()


def test_a_saved_plan_is_not_used_up_by_a_refusal(world33: World) -> None:
    world33.place("plan", "--out", "p.json")
    release = take_lease(world33, OTHER)
    assert OTHER in world33.place.apply("p.json", code=4).err
    assert world33.effects == []
    release()
    world33.place.apply("p.json")
    world33.has_arrived()
    assert "was applied before" in world33.place.apply("p.json", code=4).err


def test_a_saved_plan_is_not_used_up_by_a_crash_before_it_began(world33: World) -> None:
    world33.place("plan", "--out", "p.json")
    killer = world33.kill_at_request("/lease", SENT)
    killer.process = world33.place.start("apply", "--auto-approve", "p.json")
    ended(killer.process, -signal.SIGKILL)
    world33.proxy.begin()
    world33.place.apply("p.json")
    world33.has_arrived()


def test_a_run_that_broke_a_lease_can_be_resumed_and_looked_back_on(world33: World) -> None:
    take_lease(world33, OTHER)
    interrupt(world33, 9, SENT, "--break-lease", OTHER)
    assert "was interrupted: 7 of 36 changes done" in world33.place("plan").err
    assert "interrupted" in world33.place("history").out
    world33.place.apply("--resume")
    world33.has_arrived()
    with world33.place.journal() as journal:
        assert [e.body["owner"] for e in journal.entries() if e.what == "lease broken"] == [OTHER]


@pytest.mark.parametrize(("first", "second", "phase"), [(20, 9, ANSWERED)])
def test_crashed_again_while_going_on(world33: World, first: int, second: int, phase: str) -> None:
    interrupt(world33, first)
    killer = world33.kill_at_write(second, phase)
    killer.process = world33.place.start("apply", "--resume", "--auto-approve")
    ended(killer.process, -signal.SIGKILL)
    world33.proxy.begin()
    world33.place.apply("--resume")
    world33.has_arrived()


def test_an_ordinary_resumption_says_nothing_of_the_config(world33: World) -> None:
    interrupt(world33, 30)
    assert "The config has changed" not in world33.place.apply("--resume").err


def test_a_plain_apply_ends_right_too(world33: World) -> None:
    interrupt(world33, 17)
    world33.place.apply()
    world33.has_arrived()


def test_a_plain_apply_of_a_part_is_no_end_of_the_run(world33: World) -> None:
    interrupt(world33, 17)
    world33.place.apply("--district", "frogner")
    assert "was interrupted" in world33.place("plan").err
    world33.place.apply("--resume")
    world33.has_arrived()


def test_what_somebody_changed_meanwhile_is_left_alone_and_shown(world33: World) -> None:
    interrupt(world33, 3)
    world33.edit("department", "FR-OPPV", name="Oppvekst, rettet for hånd")
    outcome = world33.place.apply("--resume", code=5)
    assert 'planned from "Oppvekst", now "Oppvekst, rettet for hånd"' in outcome.err
    assert ("department.update", "FR-OPPV") not in world33.counted
    world33.place.apply()
    world33.has_arrived()


def test_resuming_does_the_run_as_planned_and_says_that_the_config_is_another(world33: World) -> None:
    interrupt(world33, 3)
    files = dict(AFTER)
    files["config/units.yaml"] = files["config/units.yaml"].replace("Barnehager", "Barnehager og skoler")
    world33.place.write(files)
    outcome = world33.place.apply("--resume")
    assert "The config has changed since" in outcome.err
    assert world33.contents() == world33.the_way.contents
    left = world33.plan().changes
    assert [c.address.key for c in left] == ["FR-BHG", "SA-BHG"]
    world33.place.apply()
    world33.is_at_rest()


def test_nothing_is_done_with_an_interrupted_run_when_nobody_says_yes(world33: World) -> None:
    interrupt(world33, 3)
    before = world33.counted
    world33.place("apply", "--resume", code=4)
    assert world33.counted == before
    assert "was interrupted" in world33.place("plan").err


def test_the_summary_in_json_is_one_document(world33: World) -> None:
    interrupt(world33, 20)
    document = json.loads(world33.place.apply("--resume", "--format", "json").out)
    assert document["counts"]["done"] == len(document["outcomes"]) > 10
    world33.has_arrived()


def test_the_files_it_leaves_are_the_owners_only(world33: World) -> None:
    interrupt(world33, 3)
    for path in world33.place.state.rglob("*"):
        if path.is_file() and path.suffix not in (".lock", ".owner"):
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_run_that_took_over_and_was_interrupted_itself_is_the_only_one_to_resume(world33: World) -> None:
    interrupt(world33, 5)
    interrupt(world33, 4)
    reported = world33.place("plan").err
    assert reported.count("was interrupted") == 1
    assert "of 32 changes done" in reported
    world33.place.apply("--resume")
    world33.has_arrived()
    assert "was interrupted" not in world33.place("plan").err


def refuse(world: World, number: int = 1) -> None:
    """Let one write of an apply be refused, and what waits for it be blocked."""
    world.fault("status", path=A_CHANGE, method="POST", nth=number, code=422)
    outcome = world.place.apply("--concurrency", "1", code=5)
    assert "websakctl apply --resume" in outcome.err
    world.clear_faults()


def test_what_failed_and_what_waited_for_it_is_done_by_resuming(world33: World) -> None:
    refuse(world33)
    assert "was interrupted" not in world33.place("plan").err
    outcome = world33.place.apply("--resume")
    assert "did not do everything" in outcome.err
    assert "nothing to resume" not in outcome.out
    world33.has_arrived()
    assert "nothing to resume" in world33.place.apply("--resume").out


def test_what_fails_again_is_left_for_another_time(world33: World) -> None:
    refuse(world33)
    world33.fault("status", path=A_CHANGE, method="POST", times=1, code=422)
    world33.place.apply("--resume", code=5)
    world33.clear_faults()
    world33.place.apply("--resume")
    world33.has_arrived()


def test_killed_while_going_on_with_what_failed(world33: World) -> None:
    refuse(world33)
    killer = world33.kill_at_write(2, ANSWERED)
    killer.process = world33.place.start("apply", "--resume", "--auto-approve", "--concurrency", "1")
    ended(killer.process, -signal.SIGKILL)
    world33.proxy.begin()
    assert "was interrupted" in world33.place("plan").err
    assert "interrupted" in world33.place("history").out
    world33.place.apply("--resume")
    world33.has_arrived()


@pytest.mark.parametrize("first", [True, False])
def test_what_is_not_desired_any_more_is_not_resumed(world33: World, first: bool) -> None:
    world33.place.write(BEFORE)
    if first:
        world33.place.apply()
    files = {**BEFORE, "config/units.yaml": BEFORE["config/units.yaml"].replace("Oppvekst", "Oppvekst nå", 1)}
    world33.place.write(files)
    world33.fault("status", path=A_CHANGE, method="PUT", code=422)
    world33.place.apply("--target", "org_unit/frogner/FR-OPPV", code=5)
    world33.clear_faults()
    world33.place.write(BEFORE)
    assert ("No changes" in world33.place.apply().out) is first
    before = world33.counted
    assert "nothing to resume" in world33.place.apply("--resume").out
    assert world33.counted == before


def test_a_saved_plan_of_which_nothing_held_says_so_when_it_is_resumed(world33: World) -> None:
    world33.place("plan", "--target", "org_unit/frogner/FR-OPPV", "--out", "p.json")
    world33.edit("department", "FR-OPPV", name="Oppvekst, rettet for hånd")
    world33.place.apply("p.json", code=5)
    outcome = world33.place.apply("--resume", code=4)
    assert "no longer held" in outcome.err
    assert "plan again" in outcome.err
