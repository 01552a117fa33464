"""JMESPath expressions of the repository's own (https://jmespath.org/specification.html), asked of what they judge."""

from collections.abc import Mapping
from typing import Any


class CannotJudge(Exception):
    """An expression that fails on what it is asked of."""


def search(expression: str, document: Mapping[str, Any]) -> Any:
    """What an expression finds.

    Raises:
        CannotJudge: If it fails there, as with a function or a comparison on values of a wrong type.
    """
    import jmespath

    try:
        return jmespath.search(expression, document)
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:  # its own are ValueErrors
        raise CannotJudge(next(iter(str(error).splitlines()), type(error).__name__)) from None
