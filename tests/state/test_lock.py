"""The lock: one holder at a time, and no two runs that both send."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from websakctl.state.branch import StateError, Unreachable
from websakctl.state.lock import LOCK, LockHeld, LockLost, StateLock, read_header, read_holder

from .conftest import Remote, TestClock, begun, branch_of, lock_of


def test_taken_kept_and_given_back(remote: Remote, clock: TestClock) -> None:
    branch = begun(remote.clone("one"))
    lock = lock_of(branch, clock)
    assert not lock.may_send()
    assert lock.take() is None
    assert lock.may_send()
    assert lock.push(b"[1]") == "entries/00000001/000000.json"
    assert lock.push(None) == "entries/00000001/000001.json"
    assert lock.push(b"[2]") == "entries/00000001/000002.json"
    lock.release()
    assert not lock.may_send()
    with pytest.raises(LockLost):
        lock.push(b"[3]")
    tree = branch.git.tree(remote.head())
    assert sorted(tree) == ["entries/00000001/000000.json", "entries/00000001/000002.json", "state.json"]
    lock.take()
    assert lock.push(b"[4]") == "entries/00000002/000000.json"
    assert read_header(branch, remote.head(), "test").epoch == 2


def test_who_must_wait_sees_owner_machine_purpose_and_age(remote: Remote, clock: TestClock) -> None:
    lock_of(begun(remote.clone("one")), clock).take()
    clock.seconds = 7300
    other = lock_of(branch_of(remote.clone("two")), clock, "kari")
    with pytest.raises(LockHeld, match=r"ola@machine on machine for Sak 27/1234 \(taken 2 h ago\)") as caught:
        other.take()
    assert '--break-lease "ola@machine"' in caught.value.what_next


def test_of_several_who_take_it_at_once_one_gets_it(remote: Remote) -> None:
    begun(remote.clone("seed2"))
    locks = [lock_of(branch_of(remote.clone(f"c{n}")), TestClock(), f"c{n}") for n in range(4)]
    ready = threading.Barrier(len(locks))

    def take(lock: StateLock) -> bool:
        ready.wait()
        try:
            lock.take()
        except LockHeld:
            return False
        return True

    with ThreadPoolExecutor(len(locks)) as pool:
        assert sorted(pool.map(take, locks)) == [False, False, False, True]


def test_a_lock_that_our_own_dead_run_left_behind_is_ours(remote: Remote, clock: TestClock) -> None:
    branch = begun(remote.clone("one"))
    lock_of(branch, clock).take()
    again = lock_of(branch, clock)
    assert again.take() == "ola@machine"
    assert again.push(b"[]") == "entries/00000002/000000.json"


def test_nothing_is_sent_when_the_last_accepted_push_is_too_old(remote: Remote, clock: TestClock) -> None:
    lock = lock_of(begun(remote.clone("one")), clock)
    lock.take()
    clock.seconds = 29.9
    assert lock.may_send()
    clock.seconds = 30.0
    assert not lock.may_send()
    lock.push(None)
    assert lock.may_send()
    remote.hook("pre-receive", "exit 1")
    clock.seconds = 70.0
    with pytest.raises(StateError, match="does not accept a push"):
        lock.push(None)
    assert not lock.may_send()


def test_a_push_counts_from_when_it_began(remote: Remote, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = lock_of(begun(remote.clone("one")), clock)
    lock.take()
    push = lock.branch.push

    def slow(new: str, old: str | None) -> object:
        clock.seconds += 31
        return push(new, old)

    monkeypatch.setattr(lock.branch, "push", slow)
    lock.push(None)
    assert not lock.may_send()


def test_whoever_breaks_it_waits_until_nobody_can_be_sending(remote: Remote, clock: TestClock) -> None:
    lost = lock_of(begun(remote.clone("one")), clock)
    lost.take()
    other = lock_of(branch_of(remote.clone("two")), clock, "kari")
    assert other.break_held("somebody@else") is None
    assert clock.slept == []
    broken = other.break_held("ola@machine")
    assert broken is not None and broken.epoch == 1
    assert sum(clock.slept) >= 30.0
    assert not lost.may_send()  # by the time that the other may send
    assert other.may_send()
    with pytest.raises(LockLost, match="was broken"):
        lost.push(b"[]")
    assert not lost.may_send()
    other.push(b"[]")


def test_a_lock_whose_owner_pushes_is_not_broken(remote: Remote, clock: TestClock) -> None:
    alive = lock_of(begun(remote.clone("one")), clock)
    alive.take()
    other = lock_of(branch_of(remote.clone("two")), clock, "kari")
    clock.during = lambda: (alive.push(None), setattr(clock, "during", None))[0]  # type: ignore[assignment,return-value]  # once
    with pytest.raises(StateError, match="is alive"):
        other.break_held("ola@machine")
    assert alive.may_send()


def test_a_push_of_unknown_outcome_is_found_out_about_before_anything_else(remote: Remote, clock: TestClock) -> None:
    branch = begun(remote.clone("one"))
    lock = lock_of(branch, clock)
    lock.take()
    away = remote.folder.rename(remote.home / "away")
    with pytest.raises(Unreachable):
        lock.push(b"[1]")
    assert lock.unsettled
    with pytest.raises(Unreachable):
        lock.resolve()
    away.rename(remote.folder)
    assert lock.resolve() == "entries/00000001/000000.json"
    assert not lock.unsettled and lock.resolve() is None
    assert lock.push(b"[2]") == "entries/00000001/000001.json"
    assert len([p for p in branch.git.tree(remote.head()) if p.startswith("entries/")]) == 2


def test_who_may_only_fetch_can_read_and_cannot_lock(remote: Remote, clock: TestClock) -> None:
    begun(remote.clone("one"))
    branch = branch_of(remote.clone("two"))
    remote.hook("pre-receive", "echo 'read-only' >&2; exit 1")
    assert branch.fetch() == remote.head()
    with pytest.raises(StateError, match=r"does not accept a push.*read-only") as caught:
        lock_of(branch, clock).take()
    assert "plan and drift need only to fetch" in caught.value.what_next
    assert read_holder(branch, remote.head()) is None


def test_without_a_branch_there_is_no_lock(remote: Remote, clock: TestClock) -> None:
    with pytest.raises(StateError, match="has no branch websakctl-state/test yet") as caught:
        lock_of(branch_of(remote.clone("one")), clock).take()
    assert "websakctl state migrate --environment test" in caught.value.what_next


def test_the_state_of_another_environment_is_not_taken_for_ours(remote: Remote) -> None:
    branch = begun(remote.clone("one"))
    with pytest.raises(StateError, match="is the state of environment test, not of production"):
        read_header(branch, remote.head(), "production")
    other = branch.commit(branch.seen, {"state.json": b"nonsense", LOCK: b"{}"}, "spoil it")
    for read in (lambda: read_header(branch, other, "test"), lambda: read_holder(branch, other)):
        with pytest.raises(StateError, match="cannot be read"):
            read()
    newer = branch.commit(branch.seen, {"state.json": b'{"format_version":9,"environment":"test","key_check":""}'}, "x")
    with pytest.raises(StateError, match="format version 9"):
        read_header(branch, newer, "test")
    with pytest.raises(StateError, match="holds no state of websakctl"):
        read_header(branch, branch.commit(None, {"x": b"x"}, "x"), "test")
