"""What an apply is recorded in, and what keeps two applies apart: each may be of this machine or shared."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol

from websakctl.apply.entries import Entry
from websakctl.model.address import Address
from websakctl.plan.diff import AcceptedNormalisations, LastApplied

Row = tuple[Address, Mapping[str, Any], bool]  # address, fields, whether it is protected


class JournalEntries(Protocol):
    """What looking back needs of a journal."""

    def entries(self, run: str | None = None) -> list[Entry]:
        """The entries in order, of one run or of all."""


class RunJournal(JournalEntries, Protocol):
    """The record of runs. What it is given is durable when a call returns; ``JournalError`` says that nothing of it is.

    No write is sent before its ``intent`` entry was settled, so an implementation refuses a write by refusing the intent.
    """

    def write(self, run: str, what: str, body: Mapping[str, Any], address: Address | None = None) -> None:
        """Add one entry."""

    def settle(
        self,
        run: str,
        entries: Sequence[tuple[str, Mapping[str, Any], Address | None]],
        *,
        environment: str = "",
        applied: Iterable[Row] = (),
        gone: Iterable[Address] = (),
    ) -> None:
        """Add entries, and change what is known of an environment: all of it or nothing."""

    def see_that_it_may_send(self) -> None:
        """Raise ``JournalError`` where a write whose intent was settled may not leave any more, however long that is ago."""

    def open_runs(self, environment: str) -> list[str]:
        """Runs that began, did not end, and were not taken over; oldest first."""

    def newest_run(self, environment: str) -> str | None:
        """The run that began last, whether it ended or not."""

    def noted(self, what: str, address: Address) -> list[dict[str, Any]]:
        """Bodies of the entries of one sort about an address, oldest first."""

    def claim_plan(self, digest: str, run: str) -> str | None:
        """Mark a saved plan as applied by ``run``; gives the run that began to apply it before, if there was one."""

    def known(self, environment: str) -> dict[Address, LastApplied]:
        """What was last applied."""

    def remember(self, environment: str, applied: Iterable[Row], gone: Iterable[Address] = ()) -> None:
        """Change what is known, without an entry."""

    def accepted(self, environment: str) -> AcceptedNormalisations:
        """What the server was seen to make of values."""

    def accept(self, environment: str, rows: Iterable[tuple[Address, str, Any, Any]]) -> None:
        """Record (address, field, desired, live): from now on these two do not differ."""


class RunLock(Protocol):
    """Keeps two applies to one Websak apart while it is entered."""

    def __enter__(self) -> object:
        """Take it.

        Raises:
            LiveError: If it cannot be taken; ``LeaseHeld`` if somebody else has it.
        """

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back."""

    def break_held(self, owner: str) -> bool:
        """Take it away from an owner who is gone, by name; false if they do not hold it."""


class TakeLock(Protocol):
    """Makes the lock of one run; ``None`` where there is nothing to lock."""

    def __call__(self, *, owner: str, purpose: str, lost: Callable[[str], None]) -> RunLock | None:
        """``lost`` is called, with the reason, when it is lost while held: nothing more may be begun then."""
