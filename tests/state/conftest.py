"""A bare remote, clones that share nothing but it, and a clock that tests turn."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from websakctl.live.runtime import new_identifier
from websakctl.state.branch import StateBranch
from websakctl.state.git import Git
from websakctl.state.lock import Header, StateLock, create

BRANCH = "websakctl-state/test"


def git(folder: Path, *arguments: str) -> str:
    identity = {f"GIT_{who}_{what}": "tester" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **identity},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass
class TestClock:
    """Sleeping takes no time, and is remembered."""

    __test__ = False
    seconds: float = 0.0
    during: Callable[[], None] | None = None  # called at every sleep
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2027, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        if self.during is not None:
            self.during()


@dataclass
class Remote:
    """A bare repository and clones of it."""

    folder: Path
    home: Path

    def clone(self, name: str, *options: str) -> Path:
        git(self.home, "clone", "--quiet", *options, self.folder.as_uri(), name)
        return self.home / name

    def head(self, branch: str = BRANCH) -> str:
        return git(self.folder, "rev-parse", f"refs/heads/{branch}")

    def hook(self, name: str, text: str) -> Path:
        path = self.folder / "hooks" / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
        return path


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository with one commit on main."""
    home = tmp_path_factory.mktemp("seeded")
    bare, seed = home / "remote.git", home / "seed"
    git(home, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    git(home, "init", "--quiet", "--initial-branch=main", str(seed))
    (seed / "README.md").write_text("config\n", encoding="utf-8")
    git(seed, "add", "README.md")
    git(seed, "commit", "--quiet", "-m", "config")
    git(seed, "push", "--quiet", bare.as_uri(), "main")
    return bare


@pytest.fixture
def remote(tmp_path: Path, seeded: Path) -> Remote:
    shutil.copytree(seeded, tmp_path / "remote.git")
    return Remote(tmp_path / "remote.git", tmp_path)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


def branch_of(folder: Path, *, branch: str = BRANCH, deadline: float = 30.0) -> StateBranch:
    return StateBranch(Git(folder, deadline=deadline), "origin", branch)


def begun(folder: Path) -> StateBranch:
    branch = branch_of(folder)
    create(branch, Header(environment="test", key_check=""))
    return branch


def lock_of(branch: StateBranch, clock: TestClock, name: str = "ola", pause: float = 30.0) -> StateLock:
    return StateLock(
        branch,
        "test",
        owner=f"{name}@machine",
        machine="machine",
        purpose="Sak 27/1234",
        clone=name,
        clock=clock,
        identifier=new_identifier,
        pause=pause,
    )
