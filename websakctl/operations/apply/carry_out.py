"""The apply verb: carry out changes against a live Websak, and remember what is now managed."""

import threading
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from websakctl.apply.attempt import Attempt, Outcome, Status
from websakctl.apply.collaborators import Row, RunJournal
from websakctl.apply.entries import JournalError
from websakctl.apply.execute import Execution, Watch, execute
from websakctl.live.errors import LiveError
from websakctl.live.runtime import Runtime
from websakctl.live.websak import WebsakWriter
from websakctl.model.address import Address
from websakctl.model.resource import State
from websakctl.operations.apply.ownership import after_change, as_made
from websakctl.operations.apply.read_back import Difference, differences
from websakctl.plan.change import Change
from websakctl.plan.diff import LastApplied, same
from websakctl.plan.document import change_document
from websakctl.plan.stale import renames_in, what_is_there
from websakctl.redaction import redacted

READ_BACKS = (0.0, 1.0, 2.0)  # seconds before each look at what was written; a server may be slow to show it


def new_run_name(runtime: Runtime) -> str:
    """A name that sorts by time."""
    return f"{runtime.clock.now():%Y%m%dT%H%M%S}-{runtime.identifier()[:6]}"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run: what it works on and how."""

    environment: str
    journal: RunJournal
    runtime: Runtime
    name: str  # as ``new_run_name`` gives it
    about: Mapping[str, Any] = msgspec.field(default_factory=dict)  # who, why, from which plan: written at its start
    concurrency: int = 4
    fail_fast: bool = False
    stop: threading.Event = msgspec.field(default_factory=threading.Event)
    watch: Watch = lambda _: None
    resumed: bool = False  # it has a start in the journal already


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to."""

    execution: Execution
    normalised: tuple[Difference, ...] = ()  # what the server made of what was written; from now on accepted
    unread: str = ""  # why what was written could not be read again
    unrecorded: str = ""  # why the journal could not be written at the end


def apply_changes(
    run: Run,
    changes: tuple[Change, ...],
    live: State,
    writer: WebsakWriter,
    *,
    desired: State,
    protected: set[Address],
    read_again: Callable[[], State] | None = None,
    done_before: tuple[Change, ...] = (),
    known: Mapping[Address, LastApplied],
) -> Applied:
    """Do the changes, then read them back.

    Args:
        run: Where to journal and how fast to go.
        changes: In an order that holds.
        live: What was read; changed objects are written over what stands here.
        writer: The Websak.
        desired: The config's state where the plan was made from it, for what no change names; empty otherwise.
        protected: Addresses that the config protects.
        read_again: Reads live again; ``None`` skips the read-back.
        done_before: What the same run did before it was interrupted, and nobody has read back yet.
        known: What was managed before.

    Raises:
        JournalError: If the run's start cannot be written; then nothing is sent.
    """
    elsewhere = {(a.kind, a.key): r for a, r in live.items()}
    accepted = run.journal.accepted(run.environment)
    now_managed = partial(after_change, desired=desired, protected=protected, known=known, accepted=accepted)

    renames = renames_in((*done_before, *changes))

    def attempt(change: Change) -> Outcome:
        existing = what_is_there(change, live, elsewhere)
        one = Attempt(
            change=change,
            live=existing,
            writer=writer.of(change.address.kind),
            journal=run.journal,
            run=run.name,
            clock=run.runtime.clock,
            renames=renames,
        )
        outcome = _settled(run, one, one(), partial(now_managed, before=existing.fields if existing else {}))
        if outcome.status is Status.NOT_STARTED:
            run.stop.set()
        return outcome

    if not run.resumed:
        run.journal.write(
            run.name,
            "start",
            {**run.about, "environment": run.environment, "changes": [change_document(c) for c in changes]},
        )
    execution = execute(
        changes,
        attempt,
        concurrency=run.concurrency,
        executor=run.runtime.executor,
        stop=run.stop,
        watch=run.watch,
        fail_fast=run.fail_fast,
    )
    applied = Applied(execution=execution)
    if read_again is not None:
        try:
            applied = _read_back(run, execution, read_again, done_before, desired, live)
        except LiveError as error:
            applied = Applied(execution=execution, unread=str(error))
        except JournalError as error:
            applied = Applied(execution=execution, unrecorded=str(error))
    counts = {status.value: sum(1 for o in applied.execution.outcomes if o.status is status) for status in Status}
    blocked = [
        ("result", {"action": o.change.action.value, "status": o.status.value, "detail": o.detail}, o.change.address)
        for o in applied.execution.outcomes
        if o.status in (Status.BLOCKED, Status.NOT_STARTED)
    ]
    not_started = any(o.status is Status.NOT_STARTED for o in applied.execution.outcomes)
    interrupted = (execution.stopped and not_started) or applied.unread
    try:
        run.journal.settle(run.name, [*blocked, ("stopped" if interrupted else "end", {"counts": counts}, None)])
    except JournalError as error:  # the outcomes are known to whoever asked; the run shows as interrupted
        return replace(applied, unrecorded=str(error))
    return applied


def _settled(
    run: Run,
    one: Attempt,
    outcome: Outcome,
    now_managed: Callable[[Change], tuple[list[Row], list[Address]]],
) -> Outcome:
    """Journal the result together with what is now managed, in one go."""
    change, address = outcome.change, outcome.change.address
    result = {
        "action": change.action.value,
        "status": outcome.status.value,
        "detail": outcome.detail,
        "fields": [[f.path, f.before, f.after] for f in change.fields],
    }
    entries = [*one.pending, ("result", result, address)]
    applied: list[Row] = []
    gone: list[Address] = []
    if outcome.status is Status.DONE:
        applied, gone = now_managed(change)
    try:
        run.journal.settle(run.name, entries, environment=run.environment, applied=applied, gone=gone)
    except JournalError as error:
        run.stop.set()
        if outcome.status is Status.DONE:
            return replace(
                outcome, status=Status.UNKNOWN, detail=f"it was sent and answered well, but {error}", exit_hint=1
            )
    return outcome


def _read_back(
    run: Run,
    execution: Execution,
    read_again: Callable[[], State],
    done_before: tuple[Change, ...],
    desired: State,
    before: State,
) -> Applied:
    """Read what was written again: report once what the server made of it, and doubt what is not there."""
    done = [o.change for o in execution.outcomes if o.status is Status.DONE]
    if not done and not done_before:
        return Applied(execution=execution)
    result: list[Difference] = []
    for wait in READ_BACKS:
        run.runtime.clock.sleep(wait)
        live = read_again()
        result = differences(done, live, desired, before)
        if not any(d.missing for d in result):
            break
    again = [replace(d, missing=False) for d in result if _seen_before(run, d)]
    result = [d for d in result if replace(d, missing=False) not in again]
    accepted = [d for d in result if d.expected] + again
    strange = [d for d in result if d.strange]
    before_us = differences(done_before, live, desired, None)
    accepted += [d for d in before_us if d.expected]  # the rest is anybody's doing since
    reported = run.journal.accepted(run.environment)
    accepted = [d for d in accepted if not _told_before(reported.get((d.address, d.path)), d)]
    run.journal.accept(run.environment, [(d.address, d.path, d.wanted, d.made) for d in accepted])
    if accepted:
        run.journal.settle(
            run.name,
            [("normalised", {"path": d.path, "wanted": d.wanted, "made": d.made}, d.address) for d in accepted],
        )
    doubts = {d.address: d.description for d in result if d.missing}
    for d in strange:
        doubts[d.address] = f"{d.description}, by the server or by somebody: apply again, and it will show which"
    if not doubts:
        return Applied(execution=execution, normalised=tuple(accepted))
    outcomes = tuple(
        replace(o, status=Status.UNKNOWN, detail=doubts[o.change.address])
        if o.change.address in doubts and o.status is Status.DONE
        else o
        for o in execution.outcomes
    )
    run.journal.settle(
        run.name,
        [
            *(("differs", {"path": d.path, "wanted": d.wanted, "made": d.made}, d.address) for d in strange),
            *(
                ("result", {"action": "read-back", "status": Status.UNKNOWN.value, "detail": reported}, address)
                for address, reported in doubts.items()
            ),
        ],
    )
    return Applied(execution=replace(execution, outcomes=outcomes), normalised=tuple(accepted))


def _told_before(pair: tuple[Any, Any] | None, difference: Difference) -> bool:
    return pair is not None and same(pair[0], difference.wanted) and same(pair[1], difference.made)


def _seen_before(run: Run, difference: Difference) -> bool:
    """Whether an earlier run wrote the same and found the same made of it: then it is the server that makes it so."""
    reported = redacted({"path": difference.path, "wanted": difference.wanted, "made": difference.made})
    return reported in run.journal.noted("differs", difference.address)


def adopt_unchanged(
    run: Run,
    desired: State,
    live: State,
    changing: Collection[Address],
    protected: set[Address],
    known: Mapping[Address, LastApplied],
) -> int:
    """Remember what already is as the config says: from now on it is managed, and its removal is a removal.

    What was ``known``, is not desired and has gone from live without us is no longer managed by anybody.
    """
    accepted = run.journal.accepted(run.environment)
    rows = [
        (a, as_made(a, r.fields, existing.fields, known.get(a), accepted), a in protected)
        for a, r in desired.items()
        if a not in changing and (existing := live.get(a)) is not None and existing.active
    ]
    gone = [
        a
        for a in known
        if a not in desired and a not in changing and ((existing := live.get(a)) is None or not existing.active)
    ]
    run.journal.remember(run.environment, rows, gone)
    return len(rows)
