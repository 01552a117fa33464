"""The journal against the loss of power: what is sent was on the disk before."""

import re
import shutil
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from websakctl.apply.journal import Journal
from websakctl.live.clock import SystemClock

from .summary import note
from .world import Place, World, ended

STRACE = shutil.which("strace")
_CALL = re.compile(r"^(?P<pid>\d+) +(?P<call>\w+)\((?P<rest>.*)$")


def test_every_commit_is_synchronised(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db", SystemClock()) as journal:
        assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL: each commit, not each checkpoint
        assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.skipif(STRACE is None, reason="needs strace")
def test_what_is_written_of_the_journal_is_on_the_disk_before_the_request_goes_out(
    world33: World, tmp_path: Path
) -> None:
    """Watched from outside: no write leaves while something of the journal is only in the system's memory."""
    log = tmp_path / "calls"
    watch = (
        str(STRACE),
        "-f",
        "-y",
        "-s",
        "64",
        "-e",
        "trace=fsync,fdatasync,pwrite64,write,sendto,openat",
        "-o",
        str(log),
    )
    place = Place(world33.place.root, world33.place.variables, (*watch, *world33.place.program))
    probe = subprocess.run([*watch, "true"], capture_output=True)
    if probe.returncode != 0:
        pytest.skip("this user may not trace")
    place.apply("--concurrency", "1")
    dirty, sent, unsynchronised = False, 0, []
    for line in log.read_text(errors="replace").splitlines():
        result = _CALL.match(line)
        if not result:
            continue
        call, rest = result["call"], result["rest"]
        if call in ("pwrite64", "write") and "journal.db" in rest.partition(",")[0] and "-shm" not in rest:
            dirty = True
        elif call in ("fsync", "fdatasync") and "journal.db" in rest:
            dirty = False
        elif call in ("sendto", "write") and re.search(r'"(POST|PUT|DELETE) /api/', rest) and "/lease" not in rest:
            sent += 1
            if dirty:
                unsynchronised.append(line)
    assert sent == 39
    assert unsynchronised == []
    world33.has_arrived()
    note("durability", sent=sent)


@pytest.mark.parametrize("number", [7])
def test_a_journal_whose_latest_entries_were_lost_with_the_power(world33: World, number: int) -> None:
    """A disk that lied about synchronising: the journal is some writes behind the server; a plain apply puts it right."""
    killer = world33.kill_at_write(number, "before")
    killer.process = world33.place.start("apply", "--auto-approve", "--concurrency", "1")
    ended(killer.process, -signal.SIGKILL)
    world33.proxy.begin()
    with sqlite3.connect(world33.place.state / "journal.db") as db:
        first = db.execute("SELECT max(seq) FROM entries WHERE what = 'start'").fetchone()[0]
        db.execute("DELETE FROM entries WHERE seq > ?", (first,))
    db.close()
    world33.place.apply("--resume")
    assert world33.counted == world33.the_way.effects
    assert world33.contents() == world33.the_way.contents
    assert world33.plan().changes == ()
