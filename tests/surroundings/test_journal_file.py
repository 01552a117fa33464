"""A journal that is not its owner's own, whole file is refused, with what to do; nothing is sent and nothing is written over."""

import os
import sqlite3
from pathlib import Path

import pytest

from tests.cli.command_line import SMALL, Cli, write_files
from websakctl.apply.journal import Journal, JournalUntrusted
from websakctl.live.clock import SystemClock


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    result = Cli(write_files(tmp_path / "repo", SMALL))
    result.env["WEBSAKCTL_STATE_DIR"] = str(tmp_path / "state")
    (tmp_path / "state").mkdir(mode=0o700)
    return result


def refused(cli: Cli, why: str, what_next: str) -> None:
    given = cli("history", code=4).err
    assert why in given and what_next in given


def test_an_emptied_journal_is_refused(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "state" / "journal.db"
    file.touch()
    refused(cli, "empty (0 bytes)", "restore it from a copy")
    assert file.stat().st_size == 0


def test_a_link_is_refused(cli: Cli, tmp_path: Path) -> None:
    with Journal(tmp_path / "other.db", SystemClock()):
        pass
    (tmp_path / "state" / "journal.db").symlink_to(tmp_path / "other.db")
    refused(cli, "is a link", "WEBSAKCTL_STATE_DIR")


@pytest.mark.skipif(os.name == "nt", reason="there are no such modes")
def test_a_folder_that_everybody_can_write_in_is_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "state").chmod(0o777)
    refused(cli, "everybody can write in", "chmod o-w")


def test_what_is_no_database_leaves_no_connection_open(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_text("no database at all, but long enough to be read as one " * 9)
    with pytest.raises(sqlite3.DatabaseError):
        Journal(tmp_path / "journal.db", SystemClock())


def test_two_that_begin_at_once_both_begin(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db", SystemClock()), Journal(tmp_path / "journal.db", SystemClock()):
        pass
    (tmp_path / "empty.db").touch()
    with pytest.raises(JournalUntrusted):
        Journal(tmp_path / "empty.db", SystemClock())
