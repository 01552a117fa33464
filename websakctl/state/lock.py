"""The lock of one environment's shared state: a file of the branch, pushed before the first write.

Whoever holds it adds entries with every push. A run may send a write only while its last accepted push is younger than
``pause``; whoever breaks a lock watches the branch for as long without seeing a push. So two runs never both send.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from websakctl.state.branch import ENTRIES, Result, StateBranch, StateError, Unreachable
from websakctl.state.entries import FORMAT_VERSION

LOCK, HEADER = "lock.json", "state.json"
PAUSE = 30.0  # seconds
_LOOKS = 15  # how often a branch is looked at while a lock is being broken
_TRIES = 5


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """The date and time, with a zone."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the branch says about itself. ``key_check`` tells whether a state key is the right one."""

    format_version: int = FORMAT_VERSION
    environment: str
    key_check: str
    epoch: int = 0  # of the newest lock


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds the lock, and why. ``taken_at`` is RFC 3339 by the holder's clock."""

    owner: str
    machine: str
    purpose: str
    clone: str  # its state directory
    epoch: int
    token: str
    taken_at: str
    pause: float  # seconds after an accepted push in which it may still send

    def age(self, now: datetime) -> str:
        """How long ago it was taken, by the two clocks."""
        seconds = max(0, int((now - datetime.fromisoformat(self.taken_at)).total_seconds()))
        for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
            if seconds >= size:
                return f"{seconds // size} {unit}"
        return f"{seconds} s"


class LockHeld(StateError):
    """Another run holds the lock."""

    def __init__(self, holder: Holder, now: datetime) -> None:
        super().__init__(
            f"the shared state is locked by {holder.owner} on {holder.machine} for {holder.purpose or 'no stated purpose'}"
            f" (taken {holder.age(now)} ago)",
            f'wait until it has ended; if it is gone: websakctl apply --break-lease "{holder.owner}" --reason TEXT',
        )
        self.holder = holder


class LockLost(StateError):
    """The lock is not ours any more: somebody broke it."""


def read_header(branch: StateBranch, head: str, environment: str) -> Header:
    """Read what the branch says about itself.

    Raises:
        StateError: If it is no state branch of this version, or one of another environment.
    """
    blob = branch.git.tree(head).get(HEADER)
    if blob is None:
        raise StateError(
            f"the branch {branch.branch} holds no state of websakctl",
            "name another with state_branch in config/websak.yaml",
        )
    try:
        header = msgspec.json.decode(branch.git.blobs([blob])[0], type=Header)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise StateError(f"{HEADER} of the branch {branch.branch} cannot be read: {error}") from None
    if header.format_version != FORMAT_VERSION:
        raise StateError(
            f"the branch {branch.branch} has format version {header.format_version}, and this websakctl reads {FORMAT_VERSION}",
            "use the version of websakctl that wrote it, or a newer one",
        )
    if header.environment != environment:
        raise StateError(
            f"the branch {branch.branch} is the state of environment {header.environment}, not of {environment}",
            "give each environment a state_branch of its own in config/websak.yaml",
        )
    return header


def read_holder(branch: StateBranch, head: str) -> Holder | None:
    """Who holds the lock at a commit; ``None``: nobody."""
    blob = branch.git.tree(head).get(LOCK)
    if blob is None:
        return None
    try:
        return msgspec.json.decode(branch.git.blobs([blob])[0], type=Holder)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise StateError(f"{LOCK} of the branch {branch.branch} cannot be read: {error}") from None


def create(branch: StateBranch, header: Header) -> str:
    """Begin the branch; gives its first commit.

    Raises:
        StateError: If it could not be pushed, or somebody else was first.
    """
    new = branch.commit(None, {HEADER: msgspec.json.encode(header) + b"\n"}, "begin the state of an environment")
    pushed = branch.push(new, None)
    if pushed.result is not Result.WON:
        raise _not_pushed(branch, pushed.result, pushed.detail)
    return new


class StateLock:
    """The lock, while it is ours. Safe to use from several threads.

    Args:
        branch: The branch.
        environment: Whose state it is.
        owner: Who we are to people.
        machine: The machine's name.
        purpose: What the lock is taken for.
        clone: Our state directory: a lock that it left behind is its own.
        clock: Where time comes from.
        identifier: Where random identifiers come from.
        pause: Seconds after an accepted push in which a write may be sent.
    """

    def __init__(
        self,
        branch: StateBranch,
        environment: str,
        *,
        owner: str,
        machine: str,
        purpose: str,
        clone: str,
        clock: Clock,
        identifier: Callable[[], str],
        pause: float = PAUSE,
    ) -> None:
        self.branch, self.environment = branch, environment
        self._about: dict[str, str] = {"owner": owner, "machine": machine, "purpose": purpose, "clone": clone}
        self._clock, self._identifier, self._pause = clock, identifier, pause
        self._mutex = threading.RLock()
        self._head = ""
        self._mine: Holder | None = None
        self._accepted = float("-inf")  # when the last accepted push began
        self._number = 0
        self._pending: tuple[str, str, float] | None = None  # path, commit, when its push began

    @property
    def head(self) -> str:
        """The newest commit of the branch, which is ours while the lock is."""
        return self._head

    @property
    def held(self) -> bool:
        """Whether it was taken, and not released or lost."""
        return self._mine is not None

    def age(self) -> float:
        """Seconds since the last accepted push began."""
        return self._clock.monotonic() - self._accepted

    def may_send(self) -> bool:
        """Whether a write may be sent now."""
        return self.held and self.age() < self._pause

    def take(self) -> str | None:
        """Take it; gives who held it before where that was this very clone, whose run must have died.

        Raises:
            LockHeld: If another holds it.
            StateError: If the remote cannot be reached, does not let us push, or has no state yet.
        """
        for _ in range(_TRIES):
            head = self._fetched()
            header, holder = read_header(self.branch, head, self.environment), read_holder(self.branch, head)
            if holder is not None and holder.clone != self._about["clone"]:
                raise LockHeld(holder, self._clock.now())
            if self._take_over(head, header):
                return holder.owner if holder is not None else None
        raise StateError("the lock could not be taken: the branch moves all the time", "try again")

    def break_held(self, owner: str) -> Holder | None:
        """Take the lock away from an owner, by name, once the branch has been still for the pause.

        Returns:
            Who held it; ``None`` if that owner does not.

        Raises:
            StateError: If its owner is alive, or as for ``take``.
        """
        head = self._fetched()
        header, holder = read_header(self.branch, head, self.environment), read_holder(self.branch, head)
        if holder is None or holder.owner != owner:
            return None
        began, pause = self._clock.monotonic(), max(self._pause, holder.pause)
        while (left := began + pause - self._clock.monotonic()) > 0:
            self._clock.sleep(min(left, pause / _LOOKS))
            if self.branch.remote_head() != head:
                raise StateError(
                    f"{owner} is alive: it pushed while its lock was about to be broken",
                    "wait until it has ended, or stop that run where it is",
                )
        if not self._take_over(head, header):
            raise StateError(f"{owner} is alive, or another broke its lock first", "try again")
        return holder

    def _fetched(self) -> str:
        head = self.branch.fetch()
        if head is None:
            raise StateError(
                f"{self.branch.remote} has no branch {self.branch.branch} yet: this environment's state is not shared",
                f"begin it, once: websakctl state migrate --environment {self.environment}",
            )
        return head

    def _take_over(self, head: str, header: Header) -> bool:
        epoch = header.epoch + 1
        mine = Holder(
            **self._about,
            epoch=epoch,
            token=self._identifier()[:16],
            taken_at=self._clock.now().astimezone(UTC).isoformat(),
            pause=self._pause,
        )
        files = {HEADER: _written(msgspec.structs.replace(header, epoch=epoch)), LOCK: _written(mine)}
        began = self._clock.monotonic()
        new = self.branch.commit(head, files, "take the lock")
        result, detail = self._until_known(new, head)
        if result is Result.LOST:
            return False
        if result is not Result.WON:
            raise _not_pushed(self.branch, result, detail)
        self._head, self._mine, self._accepted, self._number = new, mine, began, 0
        return True

    def _until_known(self, new: str, old: str) -> tuple[Result, str]:
        """Push; where the outcome is unknown, push the very same again: the second can only do what the first did."""
        pushed = self.branch.push(new, old)
        for _ in range(_TRIES):
            if pushed.result is not Result.UNKNOWN:
                break
            self._clock.sleep(1.0)
            pushed = self.branch.push(new, old)
        return pushed.result, pushed.detail

    def push(self, content: bytes | None) -> str:
        """Add one file of entries (``None``: none, only to show that we are alive) and keep the lock; gives the file's path.

        Raises:
            LockLost: If the lock was broken.
            Unreachable: If the outcome is not known: ``resolve`` finds out, and nothing else is pushed before it has.
            StateError: If it could not be pushed.
        """
        with self._mutex:
            path, files = self._next(content)
            self._send(path, files, "add entries")
            return path

    def release(self) -> None:
        """Give the lock back.

        Raises:
            StateError: As for ``push``.
        """
        with self._mutex:
            path, _ = self._next(None)
            self._send(path, {LOCK: None}, "release the lock")
            self._mine = None

    @property
    def unsettled(self) -> bool:
        """Whether a push has an unknown outcome."""
        return self._pending is not None

    def resolve(self) -> str | None:
        """Find out what became of a push whose outcome was not known; gives its path if it arrived, by now at the latest.

        Raises:
            StateError: As for ``push``.
        """
        with self._mutex:
            if self._pending is None:
                return None
            path, new, began = self._pending
            self._pending = None
            self._finish(path, new, began)
            return path

    def _next(self, content: bytes | None) -> tuple[str, dict[str, bytes | None]]:
        if self._mine is None:
            raise LockLost("the lock of the shared state is not held")
        path = f"{ENTRIES}{self._mine.epoch:08}/{self._number:06}.json"
        return path, ({path: content} if content is not None else {})

    def _send(self, path: str, files: Mapping[str, bytes | None], message: str) -> None:
        began = self._clock.monotonic()
        self._finish(path, self.branch.commit(self._head, files, message), began)

    def _finish(self, path: str, new: str, began: float) -> None:
        pushed = self.branch.push(new, self._head)
        if pushed.result is Result.WON:
            self._head, self._accepted = new, began
            self._number += 1
            return
        if pushed.result is Result.LOST:
            self._mine = None
            raise LockLost(
                "the lock of the shared state was broken; nothing more is sent",
                "see who did it: websakctl state status",
            )
        if pushed.result is Result.UNKNOWN:
            self._pending = (path, new, began)
        raise _not_pushed(self.branch, pushed.result, pushed.detail)


def _written(value: msgspec.Struct) -> bytes:
    return msgspec.json.encode(value, order="deterministic") + b"\n"


def _not_pushed(branch: StateBranch, result: Result, detail: str) -> StateError:
    if result is Result.UNKNOWN:
        return Unreachable(
            f"a push to {branch.branch} of {branch.remote} had no known outcome: {detail}",
            "see whether the remote answers",
        )
    if result is Result.LOST:
        return StateError(f"somebody else pushed to {branch.branch} of {branch.remote} at the same time", "try again")
    return StateError(
        f"{branch.remote} does not accept a push to {branch.branch}: {detail or 'the branch did not move'}",
        "apply needs the right to push that branch; plan and drift need only to fetch it",
    )
