"""A state directory that cannot be written stops no command that only reads, and every command that must keep something."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import PROGRAM, SMALL, Cli, Outcome, write_files
from websakctl.apply.entries import JournalError
from websakctl.apply.journal import Journal
from websakctl.live.clock import SystemClock
from websakctl.model.address import Address

# Root may write everywhere, but not without these two.
AS_ANYBODY = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
WE_ARE_ROOT = os.name != "nt" and os.geteuid() == 0

pytestmark = pytest.mark.skipif(
    os.name == "nt" or (WE_ARE_ROOT and shutil.which("setpriv") is None), reason="nothing is read-only to us here"
)
ADDRESS = Address("org_unit", "frogner", "FR-OPPV")


class Reader(Cli):
    """Runs commands as somebody whom modes of files concern."""

    def __call__(self, *args: str, code: int | None = 0, **_: Any) -> Outcome:
        command = [*(AS_ANYBODY if WE_ARE_ROOT else []), PROGRAM, *args]
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.surroundings(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
        )
        assert "Traceback" not in done.stderr and "internal error" not in done.stderr
        assert done.returncode == code, f"{args}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def applied(tmp_path: Path, sandbox33: Any) -> Iterator[Reader]:
    """A repository of which all was applied, and whose state nobody can write any more."""
    cli = Cli(write_files(tmp_path / "repo", SMALL), sandbox33.fresh().variables)
    cli.apply()
    state = cli.root / ".websakctl"
    state.chmod(0o555)
    yield Reader(cli.root, cli.env)
    state.chmod(0o755)


def test_plan_reads_the_journal_and_leaves_the_folder_as_it_was(applied: Reader) -> None:
    state = applied.root / ".websakctl"
    before = sorted(path.name for path in state.iterdir())
    applied.edit("config/org_units.yaml", "name: Oppvekst}", "name: Oppvekst og læring}")
    given = applied("plan")
    assert "cannot write in" in given.err
    assert "2 to update" in given.out
    applied.edit("config/org_units.yaml", "    HELSE: {name: Helse og mestring}\n", "")
    assert "2 to deactivate" in applied("plan").out  # only the journal knows them
    for command in (("drift",), ("history",), ("history", "verify"), ("show", str(ADDRESS)), ("validate",)):
        applied(*command)
    assert sorted(path.name for path in state.iterdir()) == before


def test_what_must_keep_something_is_refused_before_anything_is_sent(applied: Reader, sandbox33: Any) -> None:
    sandbox33.ask("DELETE", "effects")
    applied.edit("config/org_units.yaml", "name: Oppvekst}", "name: Oppvekst og læring}")
    assert "WEBSAKCTL_STATE_DIR" in applied("apply", "--auto-approve", code=1).err
    applied("snapshot", "save", code=1)
    assert sandbox33.effects() == []
    assert "cannot write in" in applied("doctor", code=1).out


def test_a_folder_that_cannot_be_made_counts_as_an_empty_journal(applied: Reader) -> None:
    applied.env["WEBSAKCTL_STATE_DIR"] = str(applied.root / ".websakctl" / "not" / "there")
    given = applied("plan")
    assert "cannot make" in given.err
    assert "No changes" in given.out


def test_what_a_killed_command_left_in_the_log_counts(applied: Reader) -> None:
    state = applied.root / ".websakctl"
    state.chmod(0o755)
    (state / "kept").mkdir()
    with Journal(state / "journal.db", SystemClock()) as journal:
        journal.remember("environment", [(ADDRESS, {"name": "As it was killed"}, False)])
        for name in ("journal.db", "journal.db-wal"):
            shutil.copy(state / name, state / "kept" / name)
    for name in ("journal.db", "journal.db-wal"):
        shutil.copy(state / "kept" / name, state / name)
    (state / "journal.db-shm").unlink(missing_ok=True)
    state.chmod(0o555)
    assert (state / "journal.db-wal").stat().st_size > 0
    with Journal(state / "journal.db", SystemClock(), read_only="it is read-only") as journal:
        assert journal.known("environment")[ADDRESS].fields == {"name": "As it was killed"}
    assert "No drift" not in applied("drift").out


def test_nothing_is_kept_in_a_journal_that_is_only_read(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db", SystemClock()) as journal:
        journal.write("run", "note", {})
    with Journal(tmp_path / "journal.db", SystemClock(), read_only="it is not ours") as journal:
        assert journal.count() == 1
        for write in (
            lambda: journal.write("run", "start", {}),
            lambda: journal.remember("test", []),
            lambda: journal.accept("test", []),
            lambda: journal.forget_all("test"),
            lambda: journal.claim_plan("digest", "run"),
        ):
            with pytest.raises(JournalError, match="cannot be written: it is not ours"):
                write()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as db:
        assert db.execute("SELECT count(*) FROM entries").fetchone() == (1,)
