"""Where git cannot say whether work would be lost, that is not taken for a no."""

import os
import subprocess
from pathlib import Path

import pytest

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.write_back import uncommitted
from websakctl.state.branch import StateBranch, StateError
from websakctl.state.git import Git, GitError


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.invalid")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one committed file that was changed since, and one that was not."""
    for name in ("mine.yaml", "clean.yaml"):
        (tmp_path / name).write_text("a: 1\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "x")
    (tmp_path / "mine.yaml").write_text("a: 2\n")
    return tmp_path


def refused(root: Path) -> str:
    with pytest.raises(Problem, match=r"cannot check whether mine\.yaml has changes that are not committed") as wrong:
        uncommitted(root, ["mine.yaml"])
    assert wrong.value.exit_code == Exit.REFUSED and "--force" in wrong.value.what_next
    return str(wrong.value)


def test_what_is_not_committed_is_named(root: Path) -> None:
    assert uncommitted(root, ["mine.yaml", "clean.yaml", "new.yaml"]) == ["mine.yaml"]
    below = root / "config"
    below.mkdir()
    (below / "new.yaml").write_text("a: 1\n")
    assert uncommitted(below, ["new.yaml"]) == ["new.yaml"]


def test_the_variables_of_a_hook_lead_nowhere_else(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    assert uncommitted(root, ["mine.yaml", "clean.yaml"]) == ["mine.yaml"]


def test_without_git_in_the_path_it_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "git cannot be started" in refused(root)


def test_a_damaged_repository_is_refused(root: Path) -> None:
    (root / ".git" / "HEAD").write_text("nonsense\n")
    assert "not a git repository" in refused(root)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files away")
def test_a_repository_of_somebody_else_is_refused(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        os.chown(path, 65534, 65534)
    told = refused(root)
    assert "dubious ownership" in told and f"safe.directory {root}" in told.replace("\n  ", " ")
    assert "fatal:" not in told


def test_outside_of_any_repository_there_is_nothing_to_lose(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("a: 2\n")
    assert uncommitted(tmp_path, ["mine.yaml"]) == []


@pytest.mark.parametrize("error", [GitError("it took too long", timed_out=True), GitError("not ours", exit_code=128)])
def test_what_was_seen_of_a_branch_is_never_taken_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: GitError
) -> None:
    """Any branch follows nothing: a rewritten one would be believed."""
    for folder in ("remote", "clone"):
        subprocess.run(["git", "init", "-q", str(tmp_path / folder)], check=True)
    clone = Git(tmp_path / "clone")
    clone.run("remote", "add", "origin", str(tmp_path / "remote"))
    branch = StateBranch(clone, "origin", "websakctl-state/test")
    assert branch.seen is None
    line = Git.line

    def failing(self: Git, *arguments: str, stdin: bytes = b"") -> str:
        if arguments[0] == "rev-parse":
            raise error
        return line(self, *arguments, stdin=stdin)

    monkeypatch.setattr(Git, "line", failing)
    with pytest.raises(StateError, match="git cannot say what was seen"):
        branch.fetch()
