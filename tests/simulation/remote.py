"""The state's remote: branches in a dict, moved by compare and swap; and a clone's git commands on it, in memory."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from websakctl.state.git import GitError


@dataclass(frozen=True)
class Commit:
    """A commit: what it goes on from, and the blobs of its whole tree by path."""

    parent: str | None
    tree: Mapping[str, str]
    message: str


@dataclass
class Remote:
    """What every clone can reach. Objects are shared by all: which of them a clone has, its own set says."""

    refs: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    moves: list[tuple[str, str | None, str | None]] = field(default_factory=list)  # every accepted push: ref, from, to

    def swap(self, ref: str, old: str | None, new: str | None) -> bool:
        """Move a ref if it still is where the caller thinks that it is."""
        if self.refs.get(ref) != old:
            return False
        if new is None:
            self.refs.pop(ref, None)
        else:
            self.refs[ref] = new
        self.moves.append((ref, old, new))
        return True

    def history(self, commit: str | None) -> list[str]:
        """A commit and all that it goes on from, newest first."""
        found = []
        while commit is not None:
            found.append(commit)
            commit = self.commits[commit].parent
        return found


@dataclass
class Clone:
    """What one clone has: it outlives the processes that work in it."""

    refs: dict[str, str] = field(default_factory=dict)
    have: set[str] = field(default_factory=set)  # commits


Network = Callable[[str], str]  # told what is about to be asked of the remote; gives what becomes of it
PASSES, CUT, LOST_ANSWER, REFUSED = "", "cut", "answer lost", "refused"


class MemoryGit:
    """The part of ``websakctl.state.git.Git`` that a state branch uses, on a remote in memory.

    Args:
        remote: The remote.
        clone: The clone.
        network: Asked before every command that needs the remote.
        effect: Called before anything of the clone or the remote is changed.
    """

    def __init__(
        self,
        remote: Remote,
        clone: Clone,
        network: Network = lambda _: PASSES,
        effect: Callable[[], None] = lambda: None,
    ) -> None:
        self.remote, self.clone, self._network, self._effect = remote, clone, network, effect

    def remotes(self) -> list[str]:
        """There is one."""
        return ["origin"]

    # --- with the remote

    def line(self, *arguments: str) -> str:
        """``ls-remote``."""
        assert arguments[0] == "ls-remote", arguments
        if self._network("ls-remote") in (CUT, LOST_ANSWER):
            raise GitError("git ls-remote: Could not read from remote repository.")
        ref = arguments[-1]
        return f"{self.remote.refs[ref]}\t{ref}" if ref in self.remote.refs else ""

    def run(self, *arguments: str) -> bytes:
        """``fetch`` and ``push``."""
        assert arguments[0] in ("fetch", "push"), arguments
        if arguments[0] == "fetch":
            if self._network("fetch") in (CUT, LOST_ANSWER):
                raise GitError("git fetch: Could not read from remote repository.")
            ref = arguments[-1]
            if ref not in self.remote.refs:
                raise GitError(f"git fetch: couldn't find remote ref {ref}")
            self._effect()
            self.clone.have.update(self.remote.history(self.remote.refs[ref]))
            return b""
        lease = next(a for a in arguments if a.startswith("--force-with-lease=")).partition("=")[2]
        new, _, ref = arguments[-1].partition(":")
        old = lease.partition(":")[2] or None
        becomes = self._network("push")
        if becomes == CUT:
            raise GitError("git push took longer than 30 s", timed_out=True)
        if becomes == REFUSED:
            raise GitError("git push: remote: you may only fetch")
        self._effect()
        accepted = self.remote.swap(ref, old, new or None)
        if becomes == LOST_ANSWER:
            raise GitError("git push took longer than 30 s", timed_out=True)
        if not accepted:
            raise GitError("git push: stale info")
        return b""

    # --- objects

    def has(self, commit: str) -> bool:
        """Whether a commit is in this clone."""
        return commit in self.clone.have

    def tree(self, commit: str) -> dict[str, str]:
        """Blob ids by path."""
        self._see_that_it_is_here(commit)
        return dict(self.remote.commits[commit].tree)

    def blobs(self, ids: list[str]) -> list[bytes]:
        """Contents of several blobs, in order."""
        return [self.remote.blobs[id_] for id_ in ids]

    def blob(self, content: bytes) -> str:
        """Store a blob; gives its id."""
        id_ = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        self.remote.blobs[id_] = content
        return id_

    def commit(self, parent: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        """Make a commit."""
        self._effect()
        tree = self.tree(parent) if parent is not None else {}
        for path, content in changes.items():
            if content is None:
                tree.pop(path, None)
            else:
                tree[path] = self.blob(content)
        said = f"{parent} {message} {sorted(tree.items())}"
        id_ = hashlib.sha1(said.encode(), usedforsecurity=False).hexdigest()
        self.remote.commits[id_] = Commit(parent, tree, message)
        self.clone.have.add(id_)
        return id_

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether ``new`` is ``old`` or goes on from it."""
        return old in self.clone.have and new in self.clone.have and old in self.remote.history(new)

    # --- local refs

    def ref(self, name: str) -> str | None:
        """The commit that a local ref names."""
        return self.clone.refs.get(name)

    def kept_ref(self, name: str) -> str | None:
        """The same: here it can always be told."""
        return self.ref(name)

    def set_ref(self, name: str, commit: str | None) -> None:
        """Let a local ref name a commit; ``None`` deletes it."""
        self._effect()
        if commit is not None:
            self._see_that_it_is_here(commit)
            self.clone.refs[name] = commit
        else:
            self.clone.refs.pop(name, None)

    def _see_that_it_is_here(self, commit: str) -> None:
        if commit not in self.clone.have:
            raise GitError(f"commit {commit} is missing")
