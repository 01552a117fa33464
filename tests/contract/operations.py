"""One operation of an OpenAPI document, tried with what schemathesis makes up for it."""

from collections.abc import Callable
from typing import Any

import hypothesis
from schemathesis.pytest.lazy import get_all_tests


def try_operation(
    schema: Any, name: str, check: Callable[..., None], settings: hypothesis.settings, **given: Any
) -> None:
    """Call ``check(case=..., **given)`` with every case of the operation ``name`` ("GET /path").

    ``schema.parametrize()`` does the same, but makes up every operation's cases while tests are collected: seconds in
    each process, for what one of them runs.
    """
    (result,) = get_all_tests(schema=schema.include(name=name), test_func=check, settings=settings, given_kwargs=None)
    _, test = result.ok()
    test(**given)
