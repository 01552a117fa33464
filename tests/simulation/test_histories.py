"""Histories from their seeds: nothing is lost, doubled or overwritten, and everybody can go on; and broken guards are found."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from .broken import GUARDS, broken
from .script import Script, made_from, smallest
from .world import Broken, Report, play, prepare

EVERYTHING = os.environ.get("RELIABILITY") == "all"
SUMMARY = "RELIABILITY_SUMMARY"  # names the file that docs/reliability.md is made of: a line of JSON for each part
KEPT = Path(__file__).with_name("kept")
EACH = 200  # so many that a share that counts is no matter of luck
HISTORIES = int(os.environ.get("SIMULATION", 100_000 if EVERYTHING else 3000))
TO_BITE = 10_000  # histories in which a broken guard must be found


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A history that failed once, or that fails while a guard is broken."""

    found: str  # what it found, in a sentence
    guard: str = ""  # the guard that must be broken for it to fail; none: it failed because of a mistake that is mended
    invariant: str = ""  # which then does not hold
    script: Script


def kept() -> dict[str, Kept]:
    """Every history that is kept, by its file's name."""
    return {path.stem: msgspec.json.decode(path.read_bytes(), type=Kept) for path in sorted(KEPT.glob("*.json"))}


def failure_of(script: Script) -> str:
    """Which invariant a history breaks; none: it holds."""
    try:
        play(script)
    except Broken as error:
        return error.invariant
    return ""


def smallest_failure(script: Script) -> str:
    """A failing history, made as small as it still fails, to be kept as a file."""
    invariant = failure_of(script)
    small = smallest(script, lambda candidate: failure_of(candidate) == invariant)
    return msgspec.json.encode(Kept(found="", invariant=invariant, script=small)).decode()


@pytest.mark.parametrize("first", range(0, HISTORIES, EACH))
def test_whatever_happens_in_whatever_order(first: int) -> None:
    total = Report()
    counted = 0
    for number in range(first, first + EACH):
        script = made_from(number)
        try:
            report = play(script)
        except Broken as error:
            pytest.fail(f"history {number}: {error}\nkeep it below tests/simulation/kept: {smallest_failure(script)}")
        counted += report.counts
        total.add(report)
    print(f"{counted} of {EACH} histories count; means of all: {total.means(EACH)}")
    assert counted >= EACH * 0.6
    if path := os.environ.get(SUMMARY):
        covered = [[*key, count] for key, count in sorted(total.covered.items())]
        line = {
            "what": "simulation",
            "histories": EACH,
            "counted": counted,
            "means": total.means(EACH),
            "covered": covered,
        }
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("name", [name for name, one in kept().items() if not one.guard])
def test_what_a_history_found_is_mended(name: str) -> None:
    play(kept()[name].script)


@pytest.mark.parametrize("name", [name for name, one in kept().items() if one.guard])
def test_a_broken_guard_is_found_by_a_history_that_is_kept(name: str) -> None:
    one = kept()[name]
    play(one.script)  # with its guard it holds
    with broken(one.guard), pytest.raises(Broken) as caught:
        play(one.script)
    assert caught.value.invariant == one.invariant


@pytest.mark.parametrize("guard", list(GUARDS))
def test_each_guard_can_be_broken(guard: str) -> None:
    """What is patched is there: a name that has changed would break nothing."""
    with broken(guard):
        pass


@pytest.mark.skipif(not EVERYTHING, reason="make reliability looks for each broken guard again")
@pytest.mark.parametrize("guard", list(GUARDS))
def test_each_broken_guard_is_found(guard: str) -> None:
    for number in range(TO_BITE):
        script = made_from(number)
        prepare(script)
        with broken(guard):
            try:
                play(script)
            except AssertionError as error:  # any other exception is a mistake of the guard's breaking, and no find
                how = str(error)[:120]
            else:
                continue
        play(script)  # with its guard it holds
        if path := os.environ.get(SUMMARY):
            line = {"what": "bite", "guard": guard, "after": number + 1, "how": how}
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        return
    pytest.fail(f"nothing in {TO_BITE} histories shows that {guard}")


def test_the_same_seed_gives_the_same_history_in_every_process() -> None:
    program = (
        "from tests.simulation.script import made_from\nfrom tests.simulation.world import play\n"
        "print(*(play(made_from(number)).trace for number in (0, 3, 7, 20)))"
    )
    hashes = range(6 if EVERYTHING else 3)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=Path(__file__).parents[2],
            env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": str(seed)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in hashes
    ]
    traces = {process.communicate(timeout=120)[0] for process in running}
    assert len(traces) == 1
    assert len(set(next(iter(traces)).split())) == 4


@pytest.mark.parametrize("number", range(8))
def test_the_light_client_sends_what_httpx_sends(number: int) -> None:
    assert play(made_from(number)).trace == play(made_from(number), with_httpx=True).trace


def test_a_failing_history_is_made_small() -> None:
    script = next(made_from(n) for n in range(100) if "by hand" in {part.actor for part in made_from(n).parts})
    small = smallest(script, lambda candidate: any(part.actor == "by hand" for part in candidate.parts))
    assert [part.actor for part in small.parts] == ["by hand"] and small.parts[0].steps == ()
    assert (small.faults, small.kills, small.jumps, small.quirks) == ((), (), (), ())


def test_every_sort_of_fault_and_operation_comes_up() -> None:
    scripts = [made_from(number) for number in range(400)]
    faults = Counter((fault.on, fault.what) for script in scripts for fault in script.faults)
    steps = Counter(step.what for script in scripts for part in script.parts for step in part.steps)
    assert len(faults) >= 30 and len(steps) >= 14
