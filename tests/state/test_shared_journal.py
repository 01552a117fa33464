"""What waits to be pushed, once others have decided since."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from websakctl.apply.shared import SharedJournal
from websakctl.live.clock import SystemClock
from websakctl.model.address import Address
from websakctl.state.entries import Batch, Entry, KnownRow, Transaction
from websakctl.state.people import StateKey

KEY = StateKey("0f" * 32)
UNIT, USER = Address("org_unit", "frogner", "FR-N7"), Address("user", "frogner", "KARNOR")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SharedJournal]:
    with SharedJournal(tmp_path / "journal.db", SystemClock(), environment="test", key=KEY) as journal:
        yield journal


def of_another(*transactions: Transaction) -> Batch:
    return Batch(environment="test", clone="kari", transactions=transactions)


def test_what_a_lost_lock_left_behind_gives_way_to_what_was_decided_since(journal: SharedJournal) -> None:
    journal.write("run", "resumed", {"left": 1})
    journal.settle(
        "run",
        [("result", {"action": "create", "status": "done"}, UNIT)],
        environment="test",
        applied=[(UNIT, {"name": "N"}, False), (USER, {"name": "Kari Nordmann"}, False)],
    )
    shared_user = str(KEY.address(USER))
    later = Transaction(
        entries=(Entry(run="run", at="2027-01-04T09:00:00+00:00", what="end"),),
        applied=(KnownRow(address=shared_user, fields={"name": KEY.value("KARNOR", "name", "Kari Hansen")}),),
        gone=(str(UNIT),),
    )
    journal.take_in("entries/00000002/000000.json", "blob", of_another(later), own=False)
    assert set(journal.known("test")) == {USER}
    waiting = journal.waiting()
    assert [entry.what for t in waiting for entry in t.entries] == ["result"]  # what happened stays
    assert not any(t.applied or t.gone for t in waiting)


def test_what_nobody_else_speaks_of_still_waits(journal: SharedJournal) -> None:
    journal.settle("run", [("resumed", {}, None)], environment="test", applied=[(UNIT, {"name": "N"}, False)])
    journal.take_in(
        "entries/00000002/000000.json", "blob", of_another(Transaction(gone=("org_unit/base/X",))), own=False
    )
    (waiting,) = journal.waiting()
    assert [entry.what for entry in waiting.entries] == ["resumed"]
    assert [row.address for row in waiting.applied] == [str(UNIT)]
