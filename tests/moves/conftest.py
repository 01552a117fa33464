"""The town at each version of the User API, with everything applied."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from .town import Town, files


def applied(root: Path, websak: object, config: Mapping[str, str | None] | None = None) -> Town:
    """A town whose files are these, applied to a sandbox that was empty."""
    town = Town(root, websak)
    town.websak.fresh("empty")
    town.write(files() if config is None else config)
    town.apply()
    town.websak.ask("DELETE", "effects")
    return town


@pytest.fixture(params=["3.0", "3.3"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Town:
    return applied(tmp_path, request.getfixturevalue(f"sandbox{request.param.replace('.', '')}"))


@pytest.fixture
def town33(sandbox33: object, tmp_path: Path) -> Town:
    return applied(tmp_path, sandbox33)
