"""What is managed: one module per kind, none imports another."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TypeVar

from websakctl.model.address import Address
from websakctl.model.entry import Entry
from websakctl.model.kind import Kind
from websakctl.model.resource import Resource
from websakctl.model.typed import Typed, typed
from websakctl.registry import scan

Model = TypeVar("Model", bound=Entry)


@cache
def all_kinds() -> dict[str, Kind]:
    """Every kind by name; a module in this folder is a kind."""
    return {kind.name: kind for kind in scan(__name__, "KIND").values()}


@cache
def kind_of(model: type[Entry]) -> Kind:
    """The kind that a class is the model of.

    Raises:
        StopIteration: If it is none's.
    """
    return next(kind for kind in all_kinds().values() if kind.model is model)


def entries(model: type[Model], resources: Mapping[Address, Resource]) -> Iterator[Typed[Model]]:
    """The resources of one kind, each with its fields as the kind's class."""
    kind = kind_of(model)
    for address, resource in resources.items():
        if address.kind == kind.name:
            yield typed(model, kind.key_field, resource)


def entry(model: type[Model], resource: Resource) -> Model:
    """The fields of a resource as its kind's class."""
    return typed(model, kind_of(model).key_field, resource).value
