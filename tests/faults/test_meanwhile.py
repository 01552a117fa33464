"""What others do between our look and our write, and what an answer that never came leaves behind."""

import sqlite3
import threading
from collections.abc import Mapping
from typing import Any
from unittest import mock

import pytest

from websakctl.apply.attempt import Status
from websakctl.apply.entries import JournalError
from websakctl.apply.journal import Journal
from websakctl.live.adapter import Units
from websakctl.live.clock import SystemClock
from websakctl.live.setup_api import SetupWriter
from websakctl.model.address import Address

from .conftest import Stage


@pytest.fixture
def stage(stages: Mapping[str, Stage]) -> Stage:
    return stages["3.3"].prepared(licences=1)


@pytest.mark.parametrize(("values", "status"), [({"bought": 7}, Status.FAILED), ({}, Status.DONE)])
def test_what_somebody_edits_meanwhile_is_not_deleted(stage: Stage, values: dict[str, Any], status: Status) -> None:
    """The tag differs in both; only in one of them anything that the plan has seen does."""
    address = Address("licence", "base", "B-1")
    live = stage.reader.read(["licence"])
    plan = stage.planned({}, live, gone=(address,))
    delete, met = SetupWriter.delete, False

    def meanwhile(writer: SetupWriter, now: Any) -> None:
        nonlocal met
        if not met:
            met = True
            stage.sandbox.edit("licence", address.key, **(values or {"bought": live[address].fields["bought"]}))
        delete(writer, now)

    with mock.patch.object(SetupWriter, "delete", meanwhile):
        (outcome,) = stage.carry_out(plan.changes, live)
    assert met
    assert outcome.status is status
    assert (address in stage.reader.read(["licence"])) is (status is Status.FAILED)
    if status is Status.FAILED:
        assert "somebody changed it after the plan was made" in outcome.detail


def test_keys_of_units_are_looked_up_while_others_are_made() -> None:
    units = Units({f"U{number}": str(number) for number in range(20_000)})
    done = threading.Event()

    def make() -> None:
        while not done.is_set():
            units.ids["NEW"] = "n"
            del units.ids["NEW"]

    maker = threading.Thread(target=make)
    maker.start()
    try:
        for _ in range(50):
            assert units.by_id()["7"] == "U7"
    finally:
        done.set()
        maker.join()


class _CtrlC:
    """A database whose COMMIT is followed by Ctrl-C."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def execute(self, statement: str, *values: Any) -> Any:
        result = self._db.execute(statement, *values)
        if statement == "COMMIT":
            raise KeyboardInterrupt
        return result


def test_a_journal_that_another_has_open_cannot_be_one_file(tmp_path: Any) -> None:
    path = tmp_path / "journal.db"
    with Journal(path, SystemClock()) as journal, Journal(path, SystemClock()) as other:
        journal.write("run", "start", {})
        assert other.entries()
        with pytest.raises(JournalError, match="cannot be made one file"):
            journal.fold()
    with Journal(path, SystemClock()) as journal:
        journal.fold()
        assert [entry.what for entry in journal.entries()] == ["start"]


def test_ctrl_c_right_after_a_commit_is_ctrl_c(tmp_path: Any) -> None:
    with Journal(tmp_path / "journal.db", SystemClock()) as journal:
        db, journal._db = journal._db, _CtrlC(journal._db)  # type: ignore[assignment]
        with pytest.raises(KeyboardInterrupt):
            journal.write("run", "start", {})
        journal._db = db
        assert [entry.what for entry in journal.entries()] == ["start"]
        journal.write("run", "end", {})
        assert journal.broken_link() is None
