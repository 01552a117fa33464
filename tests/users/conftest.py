"""An office at each version of the User API, with all but its users applied."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from .office import Office, office


def settled(root: Path, websak: object) -> Office:
    result = office(root, websak)
    result.apply()
    result.websak.ask("DELETE", "effects")
    return result


@pytest.fixture(scope="session")
def once_settled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, Any], Office]:
    """Settles an office: applied once for each sandbox, and brought back from files for every other test."""
    saved: dict[str, Path] = {}

    def settle(root: Path, websak: Any) -> Office:
        database = Path(websak.server.database.removeprefix("sqlite:///"))
        if (kept := saved.get(websak.server.base_url)) is None:
            result = settled(root, websak)
            kept = saved[websak.server.base_url] = tmp_path_factory.mktemp("settled")
            _copy(database, kept / "websak.db")
            shutil.copytree(root / ".websakctl", kept / "state")
            return result
        result = office(root, websak)
        _copy(kept / "websak.db", database)
        shutil.copytree(kept / "state", root / ".websakctl")
        return result

    return settle


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


@pytest.fixture(params=["3.0", "3.3"])
def at(request: pytest.FixtureRequest, tmp_path: Path, once_settled: Callable[[Path, Any], Office]) -> Office:
    """An office, at each version."""
    return once_settled(tmp_path, request.getfixturevalue(f"sandbox{request.param.replace('.', '')}"))


@pytest.fixture
def at33(sandbox33: object, tmp_path: Path, once_settled: Callable[[Path, Any], Office]) -> Office:
    return once_settled(tmp_path, sandbox33)


@pytest.fixture
def at30(sandbox30: object, tmp_path: Path, once_settled: Callable[[Path, Any], Office]) -> Office:
    return once_settled(tmp_path, sandbox30)
