"""The branch that holds the state: what it says now, and adding to it so that exactly one of several writers wins."""

import re
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from websakctl.state.git import Git, GitError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*\Z")
ENTRIES = "entries/"  # files below are added, never changed or removed


class StateError(Exception):
    """The shared state cannot be used. ``what_next``: what to do about it."""

    def __init__(self, message: str, what_next: str = "") -> None:
        super().__init__(message)
        self.what_next = what_next


class Unreachable(StateError):
    """The remote does not answer: nothing is known of the branch as it is now."""


class Rewritten(StateError):
    """The branch no longer holds what was seen on it: it was deleted, reset to an older commit, or replaced."""


class Result(StrEnum):
    """What came of a push, read from the ref afterwards."""

    WON = "won"
    LOST = "lost"  # another writer was first
    REFUSED = "refused"  # the branch is as it was: no permission, or a rule of the host
    UNKNOWN = "unknown"  # it may still arrive


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """A push and why it did not win. ``detail`` is git's text, for people; nothing is decided from it."""

    result: Result
    detail: str = ""


class StateBranch:
    """One branch of one remote.

    What was last seen of it, and a commit that is not pushed yet, hang on refs of this repository, which keeps `git gc`
    from them.

    Args:
        git: The config's repository.
        remote: Name of the remote.
        branch: Name of the branch.

    Raises:
        StateError: If a name cannot be one.
    """

    def __init__(self, git: Git, remote: str, branch: str) -> None:
        for name in (remote, branch):
            if not _NAME.match(name) or ".." in name or name.endswith(".lock"):
                raise StateError(f"{name!r} is not a name for a remote or a branch", "use letters, digits, - . _ and /")
        self.git, self.remote, self.branch = git, remote, branch
        self.ref = f"refs/heads/{branch}"
        self._seen = f"refs/websakctl/seen/{branch}"
        self._unpushed = f"refs/websakctl/unpushed/{branch}"

    @property
    def seen(self) -> str | None:
        """The newest commit that this repository has seen on the remote."""
        return self._kept(self._seen)

    @property
    def unpushed(self) -> str | None:
        """A commit whose push did not win, or is not known to have won."""
        return self._kept(self._unpushed)

    def _kept(self, ref: str) -> str | None:
        """What a ref of ours names. Nothing seen and nothing known of what was seen are not the same: any branch follows the one.

        Raises:
            StateError: If git cannot say.
        """
        try:
            return self.git.kept_ref(ref)
        except GitError as error:
            raise StateError(
                f"git cannot say what was seen of {self.branch} before ({error})",
                "correct that; `git status` tells more",
            ) from None

    def remote_head(self) -> str | None:
        """The commit that the remote's branch names now; ``None``: there is no such branch.

        Raises:
            Unreachable: If the remote does not answer.
        """
        try:
            rows = self.git.line("ls-remote", "--quiet", self.remote, self.ref).splitlines()
        except GitError as error:
            raise self._unreachable(error) from None
        return next((row.split()[0] for row in rows if row.split()[1:] == [self.ref]), None)

    def fetch(self) -> str | None:
        """The newest commit of the branch, now in this repository too; ``None``: there has never been such a branch.

        Raises:
            Unreachable: If the remote does not answer.
            Rewritten: If what was seen before is not in it any more.
        """
        seen, head = self.seen, self.remote_head()
        if head is None:
            if seen is None:
                return None
            raise Rewritten(
                f"the branch {self.branch} is gone from {self.remote}: somebody deleted it",
                "if that was a mistake: websakctl state push --restore",
            )
        self._get(head)
        if seen is not None and not self.git.is_ancestor(seen, head):
            raise self._rewritten(seen, head)
        if seen is not None and seen != head:
            self._see_that_nothing_left(seen, head)
        self.git.set_ref(self._seen, head)
        return head

    def _get(self, head: str) -> None:
        if self.git.has(head):
            return
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap=")
        try:
            self.git.run("fetch", *options, self.remote, self.ref)
        except GitError as error:
            raise self._unreachable(error) from None
        if not self.git.has(head):
            raise Unreachable(f"{self.remote} did not give commit {head[:12]} of {self.branch}", "try again")

    def _rewritten(self, seen: str, head: str) -> Rewritten:
        if self.git.is_ancestor(head, seen):
            return Rewritten(
                f"the branch {self.branch} of {self.remote} was reset to an older commit ({head[:12]}; {seen[:12]} was seen)",
                "if that was a mistake (such as `git push --mirror`): websakctl state push --restore",
            )
        return Rewritten(
            f"the branch {self.branch} of {self.remote} was rewritten: {head[:12]} does not go on from {seen[:12]}, which was seen",
            f"find out who did it. To put back what this clone has seen:\n"
            f"  git push --force-with-lease={self.ref}:{head} {self.remote} {seen}:{self.ref}",
        )

    def _see_that_nothing_left(self, seen: str, head: str) -> None:
        old, new = self.git.tree(seen), self.git.tree(head)
        for path, blob in old.items():
            if path.startswith(ENTRIES) and new.get(path) != blob:
                raise Rewritten(
                    f"{path} of the branch {self.branch} was changed or removed after it was pushed ({head[:12]})",
                    "find out who did it; nothing of websakctl changes a file of entries",
                )

    def commit(self, parent: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        """Make a commit with files added, replaced, or (``None``) removed; it is not pushed yet."""
        return self.git.commit(parent, changes, message)

    def push(self, new: str, old: str | None) -> Push:
        """Move the remote's branch from ``old`` (``None``: from nothing) to ``new``; the ref, read again, tells who won."""
        self.git.set_ref(self._unpushed, new)
        error: GitError | None = None
        try:
            self._send(f"{new}:{self.ref}", f"--force-with-lease={self.ref}:{old or ''}")
        except GitError as failed:
            error = failed
        detail = str(error) if error else ""
        try:
            now = self.remote_head()
            if now is not None and now not in (new, old):
                self._get(now)
        except Unreachable as unreachable:
            return Push(result=Result.UNKNOWN, detail=detail or str(unreachable))
        if now == new or (now is not None and now != old and self.git.is_ancestor(new, now)):
            self.git.set_ref(self._seen, new)
            self.git.set_ref(self._unpushed, None)
            return Push(result=Result.WON)
        if now != old:
            return Push(result=Result.LOST, detail=detail)
        return Push(result=Result.UNKNOWN if error is not None and error.timed_out else Result.REFUSED, detail=detail)

    def restore(self) -> str:
        """Put back what was seen, where the branch was deleted or reset to an older commit.

        Raises:
            StateError: If nothing was seen, the branch is as it should be, or it was replaced.
        """
        seen, head = self.seen, self.remote_head()
        if seen is None:
            raise StateError(
                "this clone has never seen the branch, so it cannot put it back", "do it from another clone"
            )
        if head == seen:
            raise StateError(f"the branch {self.branch} is what this clone has seen; there is nothing to put back")
        if head is not None:
            self._get(head)
            if not self.git.is_ancestor(head, seen):
                raise self._rewritten(seen, head)
        pushed = self.push(seen, head)
        if pushed.result is not Result.WON:
            raise StateError(f"the branch could not be put back ({pushed.result}): {pushed.detail}", "try again")
        return seen

    def could_rewrite(self) -> tuple[bool, bool]:
        """Try, on a branch of its own beside this one, whether this user may rewrite and delete.

        Returns:
            Whether a push that is no fast-forward was accepted, and whether the branch could be deleted.

        Raises:
            StateError: If not even a new branch can be pushed: then it is not known.
        """
        probe = f"{self.ref}-probe"
        first, second = (self.git.commit(None, {}, f"probe {number}") for number in (1, 2))
        lease = f"--force-with-lease={probe}"
        try:
            now = self._probe_head(probe)
            if now is None:
                self._attempt(f"{first}:{probe}", f"{lease}:")
                now = self._probe_head(probe)
            if now is None:
                raise StateError(
                    f"{self.remote} takes no new branch {probe.removeprefix('refs/heads/')} from this user"
                )
            other = second if now == first else first
            self._attempt(f"{other}:{probe}", f"{lease}:{now}")
            rewritten = self._probe_head(probe) == other
            self._attempt(f":{probe}", lease + f":{other if rewritten else now}")
            return rewritten, self._probe_head(probe) is None
        except GitError as error:
            raise self._unreachable(error) from None

    def _probe_head(self, probe: str) -> str | None:
        rows = self.git.line("ls-remote", "--quiet", self.remote, probe).split()
        return rows[0] if rows else None

    def _attempt(self, refspec: str, lease: str) -> None:
        try:
            self._send(refspec, lease)
        except GitError:
            return  # the ref, read again, tells

    def _send(self, refspec: str, lease: str) -> None:
        options = ("--quiet", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no")
        self.git.run("push", *options, lease, self.remote, refspec)

    def _unreachable(self, error: GitError) -> Unreachable:
        return Unreachable(
            f"the remote {self.remote} cannot be read: {error}",
            f"see whether `git ls-remote {self.remote}` works here",
        )
