"""Rules of the field, one module for each subject; each module's ``CHECKS`` read a configuration and report nothing twice."""

from collections.abc import Iterator
from datetime import date
from functools import cache

from websakctl.diagnostics import Diagnostic
from websakctl.registry import scan
from websakctl.source.configuration import Configuration


def check(config: Configuration, today: date | None) -> Iterator[Diagnostic]:
    """Find what archive, law and mail have against a config that is well-formed.

    Args:
        config: What was read; it is not changed.
        today: The day on which periods are judged; ``None`` judges none.
    """
    for checks in _checks():
        for rule in checks:
            yield from rule(config, today)


@cache
def _checks() -> tuple[tuple, ...]:  # type: ignore[type-arg]  # each is (Configuration, date | None) -> Iterator[Diagnostic]
    return tuple(scan(__name__, "CHECKS").values())
