"""The same story on both versions of the User API, found out by the tool or said to it."""

from typing import Any

import pytest

from .command_line import Cli


@pytest.mark.parametrize(("version", "said"), [("3.0", None), ("3.0", "3.0"), ("3.3", "3.3")])
def test_from_nothing_to_no_changes_and_back(
    small: Cli, request: pytest.FixtureRequest, version: str, said: str | None
) -> None:
    websak: Any = request.getfixturevalue(f"sandbox{version.replace('.', '')}").fresh()
    small.env = websak.variables | ({"WEBSAKCTL_API_VERSION": said} if said else {})
    verbose = small("plan", "--verbose")
    assert f"User API {version}" in verbose.err
    assert websak.effects() == []
    small.apply()
    small("plan", "--detailed-exitcode", code=0)
    small.edit("config/org_units.yaml", "    HELSE: {name: Helse og mestring}\n", "")
    small.apply()
    operations = {operation for operation, _ in websak.effects()}
    assert {"department.create", "department.update", "department.deactivate", "access_group.create"} <= operations
    small("plan", "--detailed-exitcode", code=0)
