"""One change, carried out: send, and when the outcome is unknown, look before sending again."""

import uuid
from collections.abc import Callable
from enum import StrEnum
from typing import Any, NoReturn

import msgspec

from websakctl.apply.collaborators import RunJournal
from websakctl.apply.entries import JournalError
from websakctl.live.adapter import InSteps, KindWriter
from websakctl.live.clock import Clock
from websakctl.live.errors import (
    Changed,
    Declined,
    LiveError,
    NotAsAgreed,
    NotPermitted,
    Refused,
    Strained,
    UnknownOutcome,
    Unreachable,
)
from websakctl.model.address import Address
from websakctl.model.resource import Resource
from websakctl.plan.change import Action, Change, FieldChange
from websakctl.plan.diff import ABOUT_ITSELF, normalised, patched, same
from websakctl.plan.stale import Renames, done_by_us, stepwise, still_as_planned, unreported, value_at
from websakctl.redaction import withheld

LOOKS = (0.0, 0.5, 1.5)  # seconds before each look at what an unanswered write did; a server may be slow to show it
TRIES = 3
LEASE_GONE = 423  # another holds it, or it has ended: we may no longer be alone
_SPACE = uuid.UUID("6f0d3c1e-6e0f-4d0e-9a53-5b0f7a1f5a11")  # namespace of idempotency keys


class Status(StrEnum):
    """What came of a change."""

    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    NOT_STARTED = "not started"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A change and what came of it. ``fields``: the server's complaints by field name or pointer."""

    change: Change
    status: Status
    detail: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    blocked_by: Address | None = None
    exit_hint: int = 0  # an exit code of its own for what failed: 6 not permitted, 7 unreachable


class _Failed(Exception):
    pass


class _Unsettled(Exception):
    pass


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """Carries out one change with one writer, journalling each request before and after."""

    change: Change
    live: Resource | None
    writer: KindWriter
    journal: RunJournal
    run: str
    clock: Clock
    renames: Renames = {}  # by the changes of the same run
    pending: list[tuple[str, dict[str, Any], Address | None]] = msgspec.field(
        default_factory=list
    )  # entries for whoever settles
    sent: list[str] = msgspec.field(default_factory=list)  # requests that were done; a change may take two

    def __call__(self) -> Outcome:
        """Do it. Never raises for what a server or network does."""
        try:
            self._carry_out()
        except Strained as error:
            return self._not_started(str(error), hint=7)
        except _Unsettled as error:
            return self._outcome(Status.UNKNOWN, str(error))
        except _Failed as error:
            return self._outcome(Status.FAILED, str(error))
        except Refused as error:
            if error.status == LEASE_GONE:
                return self._not_started(str(error), hint=4)
            return self._outcome(Status.FAILED, str(error), error.pointers)
        except NotPermitted as error:
            return self._outcome(Status.FAILED, str(error), hint=6)
        except Unreachable as error:
            return self._outcome(Status.FAILED, str(error), hint=7)
        except LiveError as error:
            return self._outcome(Status.FAILED, str(error), hint=7)
        except JournalError as error:  # before the request: nothing was sent
            return self._not_started(str(error), hint=1)
        return self._outcome(Status.DONE)

    def _not_started(self, detail: str, hint: int) -> Outcome:
        if not self.sent:
            return self._outcome(Status.NOT_STARTED, detail, hint=hint)
        return self._outcome(
            Status.NOT_STARTED, f"half of it ({', '.join(self.sent)}) is done, the rest was not begun: {detail}", hint=5
        )

    def _outcome(
        self, status: Status, detail: str = "", fields: tuple[tuple[str, str], ...] = (), hint: int = 0
    ) -> Outcome:
        return Outcome(change=self.change, status=status, detail=detail, fields=fields, exit_hint=hint)

    def _carry_out(self) -> None:
        change, address = self.change, self.change.address
        if withheld(str(address)):
            raise _Failed("its name was not kept, as it looked like a secret: plan again, and apply without a file")
        if held := [f.path for f in change.fields if withheld(f.after)]:
            raise _Failed(f"{' and '.join(held)} was not kept, as it looked like a secret: plan again")
        if change.action is Action.CREATE:
            fields = {f.path: f.after for f in change.fields}
            key = str(uuid.uuid5(_SPACE, f"{self.run}/{address}"))
            if self.live is None:  # else an interrupted run got that far
                self._send_until_known("create", lambda _: self.writer.create(address, fields, key), self._created)
            self._take_steps(fields)
            return
        if self.live is None:
            raise _Failed(f"{address} is not in Websak any more: plan again")
        if change.action is Action.DELETE:
            self._send_until_known("delete", self._delete, lambda: self._look() is None)
        elif change.action is Action.DEACTIVATE:
            self._send_until_known(
                "deactivate", lambda again: self.writer.deactivate(self._now(again)), lambda: self._active_is(False)
            )
        else:
            rest = tuple(f for f in change.fields if f.path != "active" and not stepwise(change, f))
            if all(done_by_us(f, value_at(self.live, f.path)) and not unreported(change, f) for f in rest):
                rest = ()  # an interrupted run got that far
            if self._replaces(rest):  # before it is brought back: what it referred to may be retired for good
                self._send_until_known(
                    "update",
                    lambda again: self._update(rest, again),
                    lambda: self._updated(rest),
                    reported=not all(unreported(change, f) for f in rest),
                )
            if change.action is Action.ACTIVATE and not self.live.active:
                self._send_until_known(
                    "activate",
                    lambda again: self.writer.activate(self._now(again or bool(rest))),
                    lambda: self._active_is(True),
                )
            self._take_steps(patched(self.live.fields, change.fields))

    def _replaces(self, rest: tuple[FieldChange, ...]) -> bool:
        """Whether the resource itself is written; a user's district is but where its unit is."""
        return bool(rest) and not (isinstance(self.writer, InSteps) and all(f.path in ABOUT_ITSELF for f in rest))

    def _take_steps(self, desired: dict[str, Any]) -> None:
        """Send what a change takes besides its first request; each is journalled, and found out about, like the first."""
        if isinstance(self.writer, InSteps):
            changed = {f.path.partition(".")[0] for f in self.change.fields}
            for step in self.writer.steps(self.change.address, desired, changed):
                self._send_until_known(step.request, _whatever(step.send), step.is_applied, reported=step.reported)

    # --- sending

    def _send_until_known(
        self, request: str, send: Callable[[bool], object], is_applied: Callable[[], bool], *, reported: bool = True
    ) -> None:
        """Send until it is known to have happened or to have been refused.

        Args:
            request: Its name in the journal.
            send: Sends it; is told whether it is a repetition.
            is_applied: Looks whether it shows.
            reported: Whether it can show at all; what cannot is sent again, and is in doubt while no answer comes.
        """
        intent = {"request": request, "fields": [[f.path, f.before, f.after] for f in self.change.fields]}
        doubt = ""
        unsure = False  # whether one of the requests may have been carried out
        for attempt in range(TRIES):
            self._intend(intent, doubt if unsure else "")
            try:
                send(attempt > 0)
            except UnknownOutcome as error:
                doubt, unsure = str(error), True
                if reported and self._resolve(is_applied, doubt):
                    self._note(request, "done", "looked up after an unknown outcome")
                    self.sent.append(request)
                    return
                continue
            except Declined as error:
                if reported and self._shows(is_applied, str(error)):
                    self._note(request, "done", "looked up after an unknown outcome")
                    self.sent.append(request)
                    return
                if unsure and not reported:
                    self._note(request, "unknown", doubt)
                    raise _Unsettled(f"{doubt}; sent again, it was refused: {error}") from None
                self._note(request, "failed", str(error))
                raise Refused(str(error), 500) from None
            except Changed as error:
                doubt = str(error)
                if self._shows(is_applied, doubt):
                    self._note(request, "done", "found so after a conflict")
                    return
                continue  # the next try reads it afresh, and stops if it differs from what was planned
            except LiveError as error:
                if doubt and isinstance(error, Refused) and self._shows(is_applied, doubt):
                    self._note(request, "done", "looked up after an unknown outcome")
                    return
                if unsure and not reported:  # no look can tell whether the one before was carried out
                    self._note(request, "unknown", doubt)
                    raise _Unsettled(f"{doubt}; it could not be sent again: {error}") from None
                self._note(request, "failed", str(error))
                raise
            except JournalError as error:  # it did not leave
                self._note(request, "failed", str(error))
                if unsure:
                    raise _Unsettled(f"{doubt}; it was not sent again: {error}") from None
                raise
            except _Failed as error:
                if unsure:  # neither as it was nor as it should be: ours, made into something else, or another's
                    self._note(request, "differs", str(error))
                    raise _Unsettled(f"{doubt}; looked up, it differs: {error}") from None
                self._note(request, "failed", str(error))
                raise
            self._note(request, "done", "")
            self.sent.append(request)
            return
        if not reported:
            self._note(request, "unknown", doubt)
            raise _Unsettled(f"{doubt}; Websak never tells what was written there: apply again")
        self._note(request, "failed", doubt)
        raise _Failed(f"{doubt}; looked up each time: it has not happened")

    def _intend(self, intent: dict[str, Any], doubt: str) -> None:
        """Journal a request before each time that it is sent; ``doubt``: why an earlier one may have been carried out."""
        try:
            self.journal.settle(self.run, [*self.pending, ("intent", intent, self.change.address)])
        except JournalError as error:
            if doubt:
                raise _Unsettled(f"{doubt}; it was not sent again: {error}") from None
            raise
        self.pending.clear()

    def _resolve(self, is_applied: Callable[[], bool], doubt: str) -> bool:
        """Look until it shows; only a last look that was answered well says that it has not happened."""
        for number, wait in enumerate(LOOKS, 1):
            self.clock.sleep(wait)
            try:
                if is_applied():
                    return True
            except NotAsAgreed as error:
                if number == len(LOOKS):
                    self._unsettled(doubt, error)
            except LiveError as error:  # has been repeated already, where that helps
                self._unsettled(doubt, error)
        return False

    def _shows(self, is_applied: Callable[[], bool], doubt: str) -> bool:
        try:
            return is_applied()
        except LiveError as error:
            self._unsettled(doubt, error)

    def _unsettled(self, doubt: str, error: LiveError) -> NoReturn:
        self._note("look-up", "unknown", str(error))
        raise _Unsettled(f"{doubt}; it could not be looked up either ({error})") from None

    def _note(self, request: str, outcome: str, detail: str) -> None:
        self.pending.append(
            ("outcome", {"request": request, "outcome": outcome, "detail": detail}, self.change.address)
        )

    def _delete(self, afresh: bool) -> None:
        now = self._now(afresh)
        self._refuse_if_changed(tuple(f for f in self.change.fields if not self._as_planned(f, now)), now)
        self.writer.delete(now)

    def _update(self, rest: tuple[FieldChange, ...], afresh: bool) -> None:
        now = self._now(afresh)
        conflicts = tuple(
            f
            for f in rest
            if f.path not in ABOUT_ITSELF
            and not unreported(self.change, f)
            and not self._as_planned(f, now)
            and not same(value_at(now, f.path), f.after)
            and not (self.sent and normalised(f.before, value_at(now, f.path)))  # our first request went over it
        )
        self._refuse_if_changed(conflicts, now)
        merged = patched(now.fields, rest)
        fields = {
            name: merged[name]
            for name in dict.fromkeys(f.path.partition(".")[0] for f in rest)
            if name not in ABOUT_ITSELF
        }
        self.writer.update(now, fields, self.change.address)

    def _as_planned(self, f: FieldChange, now: Resource) -> bool:
        return still_as_planned(self.change, f, value_at(now, f.path), self.renames)

    def _refuse_if_changed(self, conflicts: tuple[FieldChange, ...], now: Resource) -> None:
        if conflicts:
            reported = "; ".join(
                f"{f.path}: planned from {f.before!r}, now {value_at(now, f.path)!r}, wanted {f.after!r}"
                for f in conflicts
            )
            raise _Failed(f"somebody changed it after the plan was made ({reported}): plan again")

    # --- looking

    def _now(self, afresh: bool) -> Resource:
        """What a replacing or switching write acts on: as it was read, or read again where that may have passed."""
        now = self._look() if afresh or self.live is None else self.writer.refresh(self.live)
        if now is None:
            raise _Failed(f"{self.change.address} is not in Websak any more: plan again")
        return now

    def _look(self) -> Resource | None:
        if self.live is None:
            return self.writer.find(self.change.address)
        fresh = self.writer.refresh(self.live)
        if fresh is not self.live:
            return fresh
        renamed = self.change.address.key != self.live.address.key
        return (self.writer.find(self.change.address) if renamed else None) or self.writer.find(self.live.address)

    def _created(self) -> bool:
        return self.writer.find(self.change.address) is not None

    def _active_is(self, desired: bool) -> bool:
        now = self._look()
        return now is not None and now.active is desired

    def _updated(self, rest: tuple[FieldChange, ...]) -> bool:
        now = self._look()
        if now is None:
            return False
        found_by_key = now.handle is not None and now.handle.id == now.address.key
        if found_by_key and now.address.key != self.change.address.key:
            return False  # still under its old key
        reported = (
            ABOUT_ITSELF - {"scope"} if found_by_key else ABOUT_ITSELF
        )  # a unit's scope is only its place in the tree
        seen = (f for f in rest if f.path not in reported and not unreported(self.change, f))
        return all(done_by_us(f, value_at(now, f.path)) for f in seen)


def _whatever(send: Callable[[], object]) -> Callable[[bool], object]:
    """A request that is the same whether it is a repetition or not."""
    return lambda _: send()
