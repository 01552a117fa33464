"""What is managed: one module per kind, none imports another."""

from functools import cache

from websakctl.model.kind import Kind
from websakctl.registry import scan


@cache
def all_kinds() -> dict[str, Kind]:
    """Every kind by name; a module in this folder is a kind."""
    return {kind.name: kind for kind in scan(__name__, "KIND").values()}
