"""Repositories to run commands in, and a fresh sandbox to run them against."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .command_line import SMALL, Cli, write_files

HOME = Path(__file__).parents[2]


@pytest.fixture
def small(tmp_path: Path) -> Cli:
    """A repository with two districts; no environment but the embedded sandbox."""
    return Cli(write_files(tmp_path / "repo", SMALL))


@pytest.fixture
def shipped(tmp_path: Path) -> Iterator[Cli]:
    """The shipped repository with the embedded sandbox."""
    root = tmp_path / "repo"
    for name in ("config", "districts"):
        shutil.copytree(HOME / name, root / name)
    cli = Cli(root)
    yield cli
    cli("sandbox", "stop", code=None)


@pytest.fixture
def cli(small: Cli, sandbox33: Any) -> Cli:
    """The small repository against a fresh sandbox of version 3.3."""
    small.env = sandbox33.fresh().variables
    return small


@pytest.fixture
def websak(sandbox33: Any) -> Any:
    """The sandbox that ``cli`` talks to."""
    return sandbox33


@pytest.fixture
def new_cli(tmp_path: Path) -> Callable[[str], Cli]:
    """Makes further small repositories, each with a state of its own."""

    def make(name: str) -> Cli:
        return Cli(write_files(tmp_path / name, SMALL))

    return make
