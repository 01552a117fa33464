"""The town of tests/moves at each version of the User API."""

from tests.moves.conftest import town, town33

__all__ = ["town", "town33"]
