"""Keeping others from applying meanwhile: the Setup API's lease, and a shared lock where there is one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from websakctl.apply.collaborators import RunJournal, RunLock, TakeLock
from websakctl.live.lease import LeaseHeld
from websakctl.operations.apply.observer import ApplyRefused


@contextmanager
def alone(
    takes: tuple[TakeLock, ...],
    journal: RunJournal,
    run: str,
    *,
    owner: str,
    purpose: str,
    lost: Callable[[str], None],
    break_held: str | None,
) -> Iterator[None]:
    """Hold every lock that there is, in order, for as long as the run writes.

    Args:
        takes: Give the locks.
        journal: Where it is noted that one is broken, before and after.
        run: Whose entries these are.
        owner: Who we are to others.
        purpose: Why we hold them, for others to see.
        lost: Called with the reason when one is lost.
        break_held: An owner who is gone, and whose locks are taken away first.

    Raises:
        ApplyRefused: If another holds one.
    """
    locks = [lock for take in takes if (lock := take(owner=owner, purpose=purpose, lost=lost)) is not None]
    with ExitStack() as held:
        for lock in locks:
            if break_held is not None:
                _break(lock, journal, run, break_held, owner)
            try:
                held.enter_context(lock)
            except LeaseHeld as error:
                what_next = error.what_next.replace("OWNER", f'"{error.holder.owner}"')
                raise ApplyRefused(str(error), what_next) from None
        yield


def _break(lock: RunLock, journal: RunJournal, run: str, owner: str, by: str) -> None:
    about = {"owner": owner, "by": by}
    journal.write(run, "breaking lease", about)
    broken = lock.break_held(owner)
    journal.write(run, "lease broken" if broken else "lease not held", about)
