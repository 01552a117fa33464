"""Ctrl-C: once, and what is under way is finished and kept; twice, and it is over at once."""

import json
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import pytest

from .command_line import Cli


def _written(websak: Any, atleast: int) -> None:
    """Wait until so many writes have landed."""
    until = time.monotonic() + 20
    while len(websak.effects()) < atleast:
        assert time.monotonic() < until, "nothing is written"
        time.sleep(0.02)


def _journalled(cli: Cli) -> Counter[str]:
    """Requests that the journal says are done, by address."""
    with sqlite3.connect(cli.root / ".websakctl" / "journal.db") as db:
        rows = db.execute("SELECT address, body FROM entries WHERE what = 'outcome'").fetchall()
    db.close()
    return Counter(address for address, body in rows if json.loads(body)["outcome"] == "done")


def _keys(journalled: Counter[str]) -> Counter[str]:
    return Counter({address.split("/", 2)[2]: count for address, count in journalled.items()})


def test_once_finishes_what_is_under_way_and_the_next_apply_the_rest(cli: Cli, websak: Any) -> None:
    planned = len(cli.plan().changed)
    websak.ask("POST", "settings", {"latency_ms": 150})
    process = cli.start("apply", "--auto-approve", "--concurrency", "2", "--format", "json")
    _written(websak, 3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    websak.ask("POST", "settings", {"latency_ms": 0})
    assert process.returncode == 5, err
    assert "Stopping when the writes under way are finished." in err
    assert "websakctl apply --resume" in err
    assert "Traceback" not in err
    result = json.loads(out)
    done = [o["address"] for o in result["outcomes"] if o["status"] == "done"]
    assert 3 <= len(done) < planned
    assert result["counts"]["not_started"] == planned - len(done)
    landed = Counter(key for _, key in websak.effects())
    assert landed == _keys(_journalled(cli)) == Counter(address.split("/", 2)[2] for address in done)

    note = cli("plan")
    assert len(cli.plan().changed) == planned - len(done)
    assert "interrupted" in note.err
    cli.apply()
    assert cli.plan().changed == []
    everything = Counter(key for _, key in websak.effects())
    assert len(everything) == planned and set(everything.values()) == {1}
    assert "interrupted" not in cli("plan").err


def test_a_person_reads_counts_then_what_is_left_and_how_long_it_took(cli: Cli, websak: Any) -> None:
    planned = len(cli.plan().changed)
    websak.ask("POST", "settings", {"latency_ms": 150})
    process = cli.start("apply", "--auto-approve", "--concurrency", "1")
    _written(websak, 2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    websak.ask("POST", "settings", {"latency_ms": 0})
    done = len(websak.effects())
    assert re.search(rf"\b{done} of {planned} changes done\b", out)
    assert re.search(rf"\b{planned - done} not started\b", out)
    assert len(out.splitlines()[out.splitlines().index(next(x for x in out.splitlines() if "changes done" in x)) :]) < 6
    child = cli.terminal("apply", "--resume")
    child.expect("Left to do:")
    child.expect_exact(f"{planned - done} writes")
    child.expect_exact("Type 'yes' to confirm")
    child.sendline("yes")
    child.expect(r"Applied: .* in \d+ s\.")
    child.read()
    child.close()
    assert child.exitstatus == 0


def test_on_a_terminal_it_counts_what_it_reads(cli: Cli, websak: Any) -> None:
    websak.fault("delay", path="/flat", seconds=3)
    child = cli.terminal("plan")
    child.expect(r"Reading Websak: \d+ requests?, \d s")
    shown = child.read()
    child.close()
    assert child.exitstatus == 0
    assert "\x1b[2K" in shown  # and takes the line away again
    websak.ask("DELETE", "faults")


IN_THE_MIDDLE_OF_A_LINE = """
import io, os, signal, sys

class Pressed(io.RawIOBase):
    def writable(self): return True
    def fileno(self): return 2
    def write(self, line):
        count = os.write(2, line)
        for _ in range(line.tobytes().count(b"error: access_code") * int(os.environ["TIMES"])):
            signal.raise_signal(signal.SIGINT)
        return count

sys.stderr = sys.__stderr__ = io.TextIOWrapper(io.BufferedWriter(Pressed()), "utf-8", write_through=True)
from websakctl.cli.app import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize("times", [1, 2])
def test_it_is_heard_while_a_line_is_being_written(cli: Cli, websak: Any, times: int) -> None:
    websak.fault(
        "status", method="POST", path="/access-codes$", code=400, seconds=2
    )  # the others are under way by then
    websak.fault("timeout_after", method="POST", path="(?i)/departments$", seconds=5)
    given = subprocess.run(
        [sys.executable, "-c", IN_THE_MIDDLE_OF_A_LINE, "apply", "--auto-approve"],
        cwd=cli.root,
        env=cli.surroundings({"TIMES": str(times)}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=30,
    )
    assert given.returncode == 5
    assert "Traceback" not in given.stderr and "internal error" not in given.stderr
    assert given.stderr.count("Ctrl-C again stops at once.") == 1
    assert given.stderr.count("Stopped at once.") == times - 1
    assert ("in doubt" in cli("apply", "--resume", "--auto-approve").err) is (times == 2)
    assert cli.plan().changed == []


STOPPED_BEFORE = """
import signal, sys, threading
from types import SimpleNamespace
from websakctl.cli.change.observer import TerminalObserver
from websakctl.cli.terminal import Terminal

stop = threading.Event()
TerminalObserver(SimpleNamespace(terminal=Terminal()), None, stop, auto_approve=True).stop_gently()
stop.set()  # as when the lease is lost
for _ in range(int(sys.argv[1])):
    signal.raise_signal(signal.SIGINT)
print("what was under way is finished")
"""


@pytest.mark.parametrize(("times", "code", "out"), [(1, 0, "what was under way is finished\n"), (2, 5, "")])
def test_a_run_that_stops_by_itself_is_not_ended_by_the_first(times: int, code: int, out: str) -> None:
    given = subprocess.run(
        [sys.executable, "-c", STOPPED_BEFORE, str(times)], capture_output=True, encoding="utf-8", timeout=30
    )
    assert (given.returncode, given.stdout) == (code, out)
    assert given.stderr.count("Ctrl-C again stops at once.") == 1


def test_twice_stops_at_once_gives_the_cursor_back_and_resume_ends_well(cli: Cli, websak: Any) -> None:
    websak.fault("timeout_after", method="POST", path="/access-codes$", seconds=8)
    child = cli.terminal("apply", "--auto-approve")
    _written(websak, 5)
    began = time.monotonic()
    child.sendintr()
    child.expect_exact("Ctrl-C again stops at once.")
    child.sendintr()
    rest = child.read()
    child.close()
    assert time.monotonic() - began < 6  # the held write was not waited for
    assert child.exitstatus == 5
    assert "Stopped at once. `websakctl apply --resume` goes on." in rest
    assert "Traceback" not in rest
    assert rest.rfind("\x1b[?25h") > rest.rfind("\x1b[?25l")
    websak.ask("DELETE", "faults")
    resumed = cli("apply", "--resume", "--auto-approve")
    assert re.search(r"in doubt: access_code/base/P: it happened", resumed.err)
    assert cli.plan().changed == []
    assert set(Counter(key for _, key in websak.effects()).values()) == {1}
    assert cli("apply", "--resume", "--format", "json").json["outcomes"] == []


@pytest.mark.parametrize(("command", "code"), [("plan", 1), ("apply", 4)])
def test_while_it_reads_it_is_over_at_once_and_nothing_is_done(cli: Cli, websak: Any, command: str, code: int) -> None:
    websak.fault("delay", path="/flat", seconds=8)
    process = cli.start(command, *(["--auto-approve"] if command == "apply" else []))
    until = time.monotonic() + 20
    while not websak.ask("GET", "faults")[0]["hits"]:
        assert time.monotonic() < until, "nothing is read"
        time.sleep(0.02)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=15)[1]
    assert time.monotonic() - began < 4
    assert process.returncode == code, err
    assert err.splitlines()[-1].startswith("error: interrupted")
    assert "Traceback" not in err
    assert websak.effects() == []
    websak.ask("DELETE", "faults")
    if command == "apply":
        cli.apply("--kind", "access_code")  # no lock is left behind


def test_what_it_leaves_is_its_owners_alone(cli: Cli, websak: Any) -> None:
    websak.ask("POST", "settings", {"latency_ms": 100})
    process = cli.start("apply", "--auto-approve")
    _written(websak, 1)
    state = cli.root / ".websakctl"
    open_to_others = [p.name for p in state.iterdir() if stat.S_IMODE(p.stat().st_mode) & 0o077]
    process.kill()
    process.communicate()
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert {name for name in open_to_others if not name.startswith("apply-")} == set()
