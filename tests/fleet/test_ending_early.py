"""Commands that are killed, and people who press Ctrl-C: everything ends well, and nothing is done twice."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from websakctl.apply.events import Begun, EventFile, Noted, Planned, Tried, line
from websakctl.apply.journal import Journal
from websakctl.fleet.job import Tally
from websakctl.fleet.process import GOING_ON, run_command
from websakctl.live.clock import SystemClock

from .world import WRITES, World, until


def pid_of_the_apply(fleet: World, name: str) -> int | None:
    try:
        owner = (fleet.folder / name / ".websakctl/apply-test.owner").read_text(encoding="utf-8")
    except OSError:
        return None
    given = owner.partition("process ")[2].partition(",")[0]
    return int(given) if given else None


def test_a_command_that_is_killed_is_resumed(fleet: World, tmp_path: Path) -> None:
    plans = str(tmp_path / "plans.json")
    fleet.fleet("plan", "--out", plans)
    fleet.websaks[1].slow(300)
    applying = fleet.cli.start("fleet", "apply", plans, "--auto-approve", "--format", "json")
    until(lambda: fleet.websaks[1].effects())  # what is left, and reading it back, takes a second and more
    pid = pid_of_the_apply(fleet, "by-1")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    fleet.websaks[1].slow(0)
    out, err = applying.communicate(timeout=120)
    assert applying.returncode == 0, err
    targets = json.loads(out)["targets"]
    assert {name: t["attempts"] for name, t in targets.items()} == {"by-0": 1, "by-1": 2, "by-2": 1, "by-3": 1}
    assert "was interrupted" in targets["by-1"]["said"]
    for name, websak in zip(fleet.names, fleet.websaks, strict=True):
        assert websak.effects().total() == WRITES
        assert set(websak.effects().values()) == {1}
        with Journal(fleet.journal(name), SystemClock()) as journal:
            assert journal.open_runs("test") == []


def test_ctrl_c_finishes_the_writes_under_way(fleet: World) -> None:
    for websak in fleet.websaks:
        websak.slow(150)
    applying = fleet.cli.start("fleet", "apply", "--auto-approve", "--format", "json", "--jobs", "1")
    until(lambda: fleet.websaks[0].effects())
    applying.send_signal(signal.SIGINT)
    out, err = applying.communicate(timeout=60)
    assert applying.returncode == 5, err
    assert "Stopping: nothing new begins" in err
    outcomes = {name: t["outcome"] for name, t in json.loads(out)["targets"].items()}
    assert outcomes["by-3"] == "not begun"
    assert fleet.websaks[3].effects().total() == 0
    for websak in fleet.websaks:
        websak.slow(0)
    assert fleet.fleet("apply", "--auto-approve")["exit_code"] == 0
    assert all(websak.effects().total() == WRITES for websak in fleet.websaks)


def test_a_command_ends_when_its_starter_dies(fleet: World) -> None:
    fleet.websaks[0].slow(150)
    starting = (
        "import os, sys; from pathlib import Path; from websakctl.fleet.process import run_command;"
        "run_command(['apply', '--auto-approve', '--environment', 'test'], cwd=Path.cwd(), env=os.environ, stop=lambda: 0)"
    )
    websak = fleet.websaks[0]
    secret = {"WEBSAKCTL_CLIENT_SECRET": websak.secret, "WEBSAKCTL_TOKEN_URL": f"{websak.url}/connect/token"}
    env = fleet.cli.surroundings(secret)
    with subprocess.Popen([sys.executable, "-c", starting], cwd=fleet.folder / "by-0", env=env) as starter:
        pid = until(lambda: pid_of_the_apply(fleet, "by-0"))
        until(lambda: fleet.websaks[0].effects())
        starter.kill()
    until(lambda: pid_of_the_apply(fleet, "by-0") is None)  # it takes its name away as it ends, not when it is killed
    until(lambda: not Path(f"/proc/{pid}").exists())
    fleet.websaks[0].slow(0)
    assert fleet.fleet("apply", "--only", "by-0", "--auto-approve")["exit_code"] == 0
    assert fleet.websaks[0].effects().total() == WRITES


def test_how_a_command_ends_is_told(tmp_path: Path) -> None:
    around = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    ended = run_command(["--version"], cwd=tmp_path, env=around, stop=lambda: GOING_ON)
    assert (ended.code, ended.out.split()[0], ended.err, ended.killed) == (0, "websakctl", "", False)
    wrong = run_command(["validate"], cwd=tmp_path, env=around, stop=lambda: GOING_ON)
    assert wrong.code == 3
    assert "there is no config" in wrong.err


def test_a_starter_is_told_what_the_observer_of_an_apply_is(fleet: World) -> None:
    websak, told = fleet.websaks[0], []
    env = fleet.cli.surroundings(
        {"WEBSAKCTL_CLIENT_SECRET": websak.secret, "WEBSAKCTL_TOKEN_URL": f"{websak.url}/connect/token"}
    )
    ended = run_command(
        ["apply", "--auto-approve", "--environment", "test"],
        cwd=fleet.folder / "by-0", env=env, stop=lambda: GOING_ON, watch=told.append,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    planned, begun, *tried = [event for event in told if not isinstance(event, Noted)]
    assert (planned, begun) == (Planned(changes=WRITES, findings=0), Begun(changes=WRITES))
    assert [type(event) for event in tried] == [Tried] * WRITES
    assert {event.status for event in tried} == {"done"} and not any(event.fault for event in tried)
    tally = Tally("by-0", lambda target, event: None)
    assert tally.how_far == ""
    for event in told[:-2]:
        tally.take(event)
    assert tally.how_far == f" after {WRITES - 2} of {WRITES} changes"


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    (tmp_path / "events").write_bytes(line(Begun(changes=2)) + line(Begun(changes=3))[:7])
    events = EventFile(tmp_path / "events")
    assert list(events.new()) == [Begun(changes=2)]
    with (tmp_path / "events").open("ab") as file:
        file.write(line(Begun(changes=3))[7:])
    assert list(events.new()) == [Begun(changes=3)]
    assert list(events.new()) == []
    events.close()
