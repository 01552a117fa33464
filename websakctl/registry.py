"""Find what a folder of modules offers: the one mechanism behind kinds and output formats."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any


def scan(package: str, attribute: str) -> dict[str, Any]:
    """Import every module of ``package`` and collect its ``attribute`` by module name.

    Raises:
        TypeError: If a module lacks the attribute, so that a forgotten registration fails at once.
    """
    result: dict[str, Any] = {}
    for info in iter_modules(import_module(package).__path__):
        module = import_module(f"{package}.{info.name}")
        if not hasattr(module, attribute):
            raise TypeError(f"{module.__name__} must define {attribute}")
        result[info.name] = getattr(module, attribute)
    return result


def names(package: str) -> list[str]:
    """List the modules of ``package`` without importing them (for ``--help`` and completion)."""
    return [info.name for info in iter_modules(import_module(package).__path__)]
