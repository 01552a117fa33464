"""Guards that are broken on purpose: each must be found by some history, or the simulation proves nothing."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from websakctl.apply.attempt import Attempt
from websakctl.apply.shared import SharedJournal, SharedState
from websakctl.live.access_groups import AccessGroupsReader, AccessGroupsWriter
from websakctl.live.departments_writer import DepartmentsWriter
from websakctl.live.errors import LiveError, UnknownOutcome
from websakctl.live.transport import Writing
from websakctl.operations.apply import carry_out, recovery, run, saved
from websakctl.plan.stale import Holding
from websakctl.state.branch import Push, Result, StateBranch, StateError
from websakctl.state.git import GitError
from websakctl.state.lock import LockLost, StateLock, read_header, read_holder
from websakctl.state.people import Sharing

Patches = tuple[tuple[Any, str, Any], ...]


def _lock_not_taken() -> Patches:
    """The lock is taken although somebody holds it."""

    def take(self: StateLock) -> str | None:
        for _ in range(5):
            head = self._fetched()
            if self._take_over(head, read_header(self.branch, head, self.environment)):
                return None
        raise StateError("the branch moves all the time")

    return ((StateLock, "take", take),)


def _lock_broken_at_once() -> Patches:
    """Who breaks a lock does not wait for its owner to have stopped."""

    def break_held(self: StateLock, owner: str) -> Any:
        head = self._fetched()
        holder = read_holder(self.branch, head)
        if holder is None or holder.owner != owner:
            return None
        return holder if self._take_over(head, read_header(self.branch, head, self.environment)) else None

    return ((StateLock, "break_held", break_held),)


def _push_too_old() -> Patches:
    """Writes are sent however old the last accepted push is."""
    return (
        (StateLock, "may_send", lambda self: True),
        (SharedState, "_admit", lambda self, run, address: None),
        (SharedJournal, "see_that_it_may_send", lambda self: None),
    )


def _not_looked_at_again() -> Patches:
    """Whether the last accepted push is young enough is looked at before the intent, and not before the write leaves."""
    return ((SharedJournal, "see_that_it_may_send", lambda self: None),)


def _lost_lock_is_kept() -> Patches:
    """A run whose lock was broken takes it for a push that did not work, and goes on."""
    finish = StateLock._finish

    def finished(self: StateLock, path: str, new: str, began: float) -> None:
        mine = self._mine
        try:
            finish(self, path, new, began)
        except LockLost:
            self._mine, self._accepted = mine, began
            raise StateError("it did not work, this time") from None

    return ((StateLock, "_finish", finished),)


def _push_not_awaited() -> Patches:
    """A write is sent before its announcement was accepted."""

    def admit(self: SharedState, run: str, address: Any) -> None:
        if (run, str(address)) not in self._announced:
            self._announced.add((run, str(address)))
            self.journal.announce(run, [str(address)])

    return ((SharedState, "_admit", admit),)


def _journal_after_the_write() -> Patches:
    """What is about to be sent is not written down before."""
    return ((Attempt, "_intend", lambda self, intent, doubt: None),)


def _look_up_left_out() -> Patches:
    """A write that was not answered is taken for one that has not happened."""
    return ((Attempt, "_resolve", lambda self, happened, doubt: False),)


def _no_look_before_a_create() -> Patches:
    """A create does not look whether it is there."""

    def create(self: DepartmentsWriter, *args: Any) -> str:
        self._look_first = False
        return made(self, *args)

    made = DepartmentsWriter.create
    return ((DepartmentsWriter, "create", create), (AccessGroupsWriter, "_is_there", lambda self, address: False))


def _no_look_at_all() -> Patches:
    """Neither before a create nor after one that was not answered."""
    return (*_look_up_left_out(), *_no_look_before_a_create())


def _sent_again_by_itself() -> Patches:
    """The transport repeats a write that was not answered."""
    send = Writing._send

    def again(self: Writing, *args: Any) -> Any:
        try:
            return send(self, *args)
        except UnknownOutcome:
            return send(self, *args)

    return ((Writing, "_send", again), *_no_look_before_a_create())


def _failure_is_success() -> Patches:
    """An unknown outcome is reported as done."""
    return ((Attempt, "_resolve", lambda self, happened, doubt: True),)


def _plan_is_not_held_against_live() -> Patches:
    """Live is not looked at again once the lock is held, and a write does not look at what it replaces."""
    hold_all = lambda changes, state, begun=(): Holding(changes=changes, already=(), stale=())  # noqa: E731  # one line
    return (
        (run, "still_holding", hold_all),
        (saved, "still_holding", hold_all),
        (Attempt, "_refuse_if_changed", lambda self, conflicts, now: None),
    )


def _put_without_what_was_read() -> Patches:
    """A PUT holds no more than what the config names."""
    request = DepartmentsWriter._request
    return ((DepartmentsWriter, "_request", lambda self, raw, fields, code=None: request(self, {}, fields, code)),)


def _doubt_is_forgotten() -> Patches:
    """A run that is resumed takes what was in doubt for done."""
    read = recovery._read

    def believed(journal: Any, name: str) -> Any:
        import msgspec

        found = read(journal, name)
        return msgspec.structs.replace(found, done=found.done | found.doubtful)

    return ((recovery, "_read", believed),)


def _nothing_is_remembered() -> Patches:
    """What was done is not recorded as managed."""
    return ((carry_out, "after_change", lambda change, **_: ([], [])),)


def _saved_plan_is_believed() -> Patches:
    """A saved plan's changes are done whatever the config gives now."""
    return (
        (saved, "objections", lambda *_, **__: []),
        (saved.SavedPlan, "see_that_it_fits", lambda self, inputs: None),
    )


def _approval_is_not_compared() -> Patches:
    """``--replan`` applies what nobody approved."""
    return ((run, "deviations", lambda *_: ()),)


def _push_judged_by_its_words() -> Patches:
    """Whether a push won is judged by git's answer, not by the ref."""

    def push(self: StateBranch, new: str, old: str | None) -> Push:
        self.git.set_ref(self._unpushed, new)
        try:
            self._send(f"{new}:{self.ref}", f"--force-with-lease={self.ref}:{old or ''}")
        except GitError as error:
            return Push(result=Result.LOST if "stale" in str(error) else Result.REFUSED, detail=str(error))
        self.git.set_ref(self._seen, new)
        self.git.set_ref(self._unpushed, None)
        return Push(result=Result.WON)

    return ((StateBranch, "push", push),)


def _people_in_clear() -> Patches:
    """What is about users is shared as it is."""
    return ((Sharing, "transaction", lambda self, t: t),)


def _others_are_not_taken_in() -> Patches:
    """What others pushed is not read."""
    return ((SharedState, "_take_in", lambda self, head: None),)


def _pushed_again() -> Patches:
    """What a push of unknown outcome brought over is pushed once more."""
    resolve = StateLock.resolve

    def resolved(self: StateLock) -> None:
        resolve(self)

    return ((StateLock, "resolve", resolved),)


def _old_results_win() -> Patches:
    """What a run that lost its lock left behind is pushed over what was decided since."""
    return ((SharedJournal, "_give_way", lambda self, db, later: None),)


def _no_settling() -> Patches:
    """A resumed run does not wait for writes that may still arrive."""
    return ((recovery, "SETTLING", 0.0), *_no_look_before_a_create())


def _error_is_an_empty_list() -> Patches:
    """A list that cannot be read is taken for an empty one, and what was listed once is not looked up again."""
    read = AccessGroupsReader.read

    def emptied(self: AccessGroupsReader) -> Any:
        try:
            return read(self)
        except LiveError:
            return []

    return (
        (AccessGroupsReader, "read", emptied),
        (AccessGroupsWriter, "_is_there", lambda self, address: False),
    )


GUARDS: dict[str, Callable[[], Patches]] = {
    make.__name__.strip("_").replace("_", " "): make
    for make in (
        _lock_not_taken,
        _lock_broken_at_once,
        _push_too_old,
        _not_looked_at_again,
        _lost_lock_is_kept,
        _push_not_awaited,
        _journal_after_the_write,
        _look_up_left_out,
        _no_look_at_all,
        _sent_again_by_itself,
        _failure_is_success,
        _plan_is_not_held_against_live,
        _put_without_what_was_read,
        _doubt_is_forgotten,
        _nothing_is_remembered,
        _saved_plan_is_believed,
        _approval_is_not_compared,
        _push_judged_by_its_words,
        _people_in_clear,
        _others_are_not_taken_in,
        _pushed_again,
        _old_results_win,
        _no_settling,
        _error_is_an_empty_list,
    )
}


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Break one guard."""
    with ExitStack() as patched:
        for where, attribute, value in GUARDS[name]():
            patched.enter_context(mock.patch.object(where, attribute, value))
        yield
