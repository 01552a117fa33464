"""The guards' code is tested by mutation: whatever is taken out of it or turned around breaks a check."""

from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType

from websakctl.live import administrators
from websakctl.plan import dependents, guards, look_alikes

from .checks import CHECKS
from .mutants import mutants
from .test_administrators import PURE_CHECKS
from .test_dependents import DEPENDENTS_CHECKS
from .test_look_alikes import LOOK_ALIKE_CHECKS

LEAST = {
    guards: 70,
    administrators: 20,
    look_alikes: 80,
    dependents: 60,
}  # so that a harness which finds nothing to alter is noticed


def survivors(module: ModuleType, checks: Iterable[Callable[[ModuleType], None]]) -> list[str]:
    assert module.__file__
    listed = tuple(checks)
    tried, result = 0, []
    for reported, altered in mutants(Path(module.__file__)):
        tried += 1
        if all(_passes(check, altered) for check in listed):
            result.append(reported)
    assert tried > LEAST[module]
    return result


def _passes(check: Callable[[ModuleType], None], module: ModuleType) -> bool:
    try:
        check(module)
    except Exception:
        return False
    return True


def test_no_altered_guard_survives() -> None:
    assert survivors(guards, CHECKS) == []


def test_no_altered_reading_of_administrators_survives() -> None:
    assert survivors(administrators, PURE_CHECKS) == []


def test_no_altered_look_for_look_alikes_survives() -> None:
    assert survivors(look_alikes, LOOK_ALIKE_CHECKS) == []


def test_no_altered_count_of_dependents_survives() -> None:
    assert survivors(dependents, DEPENDENTS_CHECKS) == []


def test_the_checks_pass_as_it_is() -> None:
    assert all(_passes(check, guards) for check in CHECKS)
    assert all(_passes(check, administrators) for check in PURE_CHECKS)
