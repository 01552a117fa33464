"""An office at each version of the User API, with all but its users applied."""

from pathlib import Path

import pytest

from .office import Office, office


def settled(root: Path, websak: object) -> Office:
    result = office(root, websak)
    result.apply()
    result.websak.ask("DELETE", "effects")
    return result


@pytest.fixture(params=["3.0", "3.3"])
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Office:
    """An office, at each version."""
    return settled(tmp_path, request.getfixturevalue(f"sandbox{request.param.replace('.', '')}"))


@pytest.fixture
def at33(sandbox33: object, tmp_path: Path) -> Office:
    return settled(tmp_path, sandbox33)


@pytest.fixture
def at30(sandbox30: object, tmp_path: Path) -> Office:
    return settled(tmp_path, sandbox30)
