"""git's plumbing commands with a deadline: no prompt, no hook, no working tree, no index."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_IDENTITY = "websakctl"
# Set by git for its hooks; they would point these commands at another repository or index.
_LOCAL_VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_WORK_TREE",
)
_LOGIN = re.compile(r"://[^/@\s]+@")


class GitError(Exception):
    """A git command failed. ``timed_out``: it was ended at the deadline, and what it did is not known; ``exit_code``: 0 if it never ran."""

    def __init__(self, message: str, *, timed_out: bool = False, exit_code: int = 0) -> None:
        super().__init__(message)
        self.timed_out, self.exit_code = timed_out, exit_code


class Git:
    """One repository, addressed by plumbing commands only.

    Args:
        folder: A folder of the repository.
        deadline: Seconds after which a command is ended.
    """

    def __init__(self, folder: Path, *, deadline: float = 30.0) -> None:
        self.folder, self.deadline = folder, deadline

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Run one command and give what it prints.

        Raises:
            GitError: If git is missing, fails, or reaches the deadline.
        """
        command = [
            "git",
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "gc.auto=0",
            "-c",
            "maintenance.auto=false",
            *arguments,
        ]
        try:
            process = subprocess.Popen(  # noqa: S603  # fixed words, refs that were checked, and object ids
                command,
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # no terminal for ssh to ask on, and its children end with it
            )
        except OSError as error:
            raise GitError(f"git cannot be started: {error.strerror}") from None
        try:
            out, err = process.communicate(stdin, timeout=self.deadline)
        except subprocess.TimeoutExpired:
            _end(process)
            raise GitError(f"git {arguments[0]} took longer than {self.deadline:g} s", timed_out=True) from None
        except BaseException:
            _end(process)
            raise
        if process.returncode:
            message = _LOGIN.sub("://", err.decode("utf-8", "replace").strip())
            if "dubious ownership" in message:  # git's own words are five lines, and say to do it for every such folder
                message = (
                    f"git does not read {self.folder}, which belongs to another user (dubious ownership); if you trust it: "
                    f"git config --global --add safe.directory {self.folder}"
                )
            raise GitError(
                f"git {arguments[0]}: {message or f'exit code {process.returncode}'}", exit_code=process.returncode
            )
        return out

    def line(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run one command and give the one line that it prints.

        Raises:
            GitError: As for ``run``.
        """
        return self.run(*arguments, stdin=stdin).decode("utf-8", "replace").strip()

    def remotes(self) -> list[str]:
        """Names of the remotes; none outside a repository."""
        try:
            return self.line("remote").splitlines()
        except GitError:
            return []

    # --- objects

    def has(self, commit: str) -> bool:
        """Whether a commit is in this repository."""
        with suppress(GitError):
            self.run("cat-file", "-e", f"{commit}^{{commit}}")
            return True
        return False

    def tree(self, commit: str) -> dict[str, str]:
        """Blob ids by path of a commit's whole tree."""
        rows = self.run("ls-tree", "-r", "-z", commit).decode().split("\0")
        return {path: meta.split()[2] for meta, _, path in (row.partition("\t") for row in rows if row)}

    def blobs(self, ids: list[str]) -> list[bytes]:
        """Contents of several blobs, in order.

        Raises:
            GitError: If one is missing.
        """
        if not ids:
            return []
        out = self.run("cat-file", "--batch", stdin="".join(f"{id_}\n" for id_ in ids).encode())
        result, place = [], 0
        for id_ in ids:
            header, _, _ = out[place:].partition(b"\n")
            size = header.rpartition(b" ")[2]
            if not size.isdigit():
                raise GitError(f"object {id_} is missing")
            place += len(header) + 1
            result.append(out[place : place + int(size)])
            place += int(size) + 1
        return result

    def commit(self, parent: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        """Make a commit with files added, replaced, or (``None``) removed; gives its id."""
        blobs = {path: None if content is None else self.blob(content) for path, content in changes.items()}
        tree = self._changed_tree(f"{parent}^{{tree}}" if parent else None, blobs)
        return self.line("commit-tree", tree, *(("-p", parent) if parent else ()), stdin=message.encode())

    def blob(self, content: bytes) -> str:
        """Store a blob; gives its id."""
        return self.line("hash-object", "-w", "--stdin", "--no-filters", stdin=content)

    def _changed_tree(self, tree: str | None, changes: Mapping[str, str | None]) -> str:
        """Write a tree again; of its folders only those that hold a change."""
        listed = self.run("ls-tree", "-z", tree).decode().split("\0") if tree else []
        rows = {name: meta for meta, _, name in (row.partition("\t") for row in listed if row)}
        folders: dict[str, dict[str, str | None]] = {}
        for path, id_ in changes.items():
            name, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(name, {})[rest] = id_
            elif id_ is None:
                rows.pop(name, None)
            else:
                rows[name] = f"100644 blob {id_}"
        for name, inner in folders.items():
            below = rows[name].split()[2] if name in rows else None
            rows[name] = f"040000 tree {self._changed_tree(below, inner)}"
        return self.line("mktree", "-z", stdin="".join(f"{meta}\t{name}\0" for name, meta in rows.items()).encode())

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether ``new`` is ``old`` or goes on from it."""
        with suppress(GitError):
            self.run("merge-base", "--is-ancestor", old, new)
            return True
        return False

    # --- local refs

    def ref(self, name: str) -> str | None:
        """The commit that a local ref names; none where git cannot say either."""
        with suppress(GitError):
            return self.kept_ref(name)
        return None

    def kept_ref(self, name: str) -> str | None:
        """The same, where it matters that there is none.

        Raises:
            GitError: If git cannot say.
        """
        try:
            return self.line("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        except GitError as error:
            if error.exit_code == 1:  # what --quiet makes of a ref that does not exist
                return None
            raise

    def set_ref(self, name: str, commit: str | None) -> None:
        """Let a local ref name a commit; ``None`` deletes it."""
        if commit is not None:
            self.run("update-ref", name, commit)
        elif self.ref(name) is not None:
            self.run("update-ref", "-d", name)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _LOCAL_VARIABLES}
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GCM_INTERACTIVE": "never",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_AUTHOR_NAME": _IDENTITY,
        "GIT_AUTHOR_EMAIL": f"{_IDENTITY}@localhost",
        "GIT_COMMITTER_NAME": _IDENTITY,
        "GIT_COMMITTER_EMAIL": f"{_IDENTITY}@localhost",
    }


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a command and what it started, such as ssh."""
    with suppress(OSError):
        if sys.platform != "win32":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.communicate()
