"""A small repository that has been applied to a fresh sandbox: done once, and brought back for each test."""

import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .command_line import SMALL, Cli, write_files


@dataclass(frozen=True)
class Kept:
    """A repository and its Websak as they were at some time."""

    cli: Cli
    websak: Any
    database: Path

    def again(self, folder: Path) -> Cli:
        """Bring the Websak back to that time, and copy the repository."""
        self.websak.ask("DELETE", "faults")
        _copy(self.database, _file_of(self.websak))
        shutil.copytree(self.cli.root, folder / "repo")
        return Cli(folder / "repo", dict(self.cli.env))


def keep(cli: Cli, websak: Any) -> Kept:
    """Remember all as it is now."""
    kept = cli.root.parent / "websak.db"
    _copy(_file_of(websak), kept)
    return Kept(cli, websak, kept)


def _file_of(websak: Any) -> Path:
    return Path(websak.server.database.removeprefix("sqlite:///"))


def _copy(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as one, sqlite3.connect(target) as other:
        one.backup(other)
    one.close()
    other.close()


@pytest.fixture
def websak(sandbox33: Any) -> Any:
    """A fresh sandbox."""
    return sandbox33.fresh()


@pytest.fixture
def cli(tmp_path: Path, websak: Any) -> Cli:
    """A small repository against a fresh sandbox; nothing is applied yet."""
    return Cli(write_files(tmp_path / "repo", SMALL), dict(websak.variables))


@pytest.fixture(scope="session")
def once_applied(tmp_path_factory: pytest.TempPathFactory, sandbox33: Any) -> Kept:
    """The small repository, applied."""
    websak = sandbox33.fresh()
    root = write_files(tmp_path_factory.mktemp("applied") / "repo", SMALL)
    cli = Cli(root, dict(websak.variables))
    cli.apply("--quiet", "--reason", "Sak 27/1")
    websak.ask("DELETE", "effects")
    return keep(cli, websak)


@pytest.fixture
def applied(once_applied: Kept, tmp_path: Path, websak: Any) -> Cli:
    """The same, for one test."""
    return once_applied.again(tmp_path)
