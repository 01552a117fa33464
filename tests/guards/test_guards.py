"""The guards keep what they promise."""

from collections.abc import Callable
from types import ModuleType

import pytest

from websakctl.plan import guards

from .checks import CHECKS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_guards(check: Callable[[ModuleType], None]) -> None:
    check(guards)
