"""A resource and a state: the same types for what is wanted and for what is there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, dataclass_transform

from websakctl.model.address import Address

Fields = Mapping[str, Any]  # JSON values by field name; a field that is not there is not managed
Class = TypeVar("Class")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def _never_changed(cls: type[Class]) -> type[Class]:
    """Let the type checker see to it: Python's own frozen classes take four times as long to make, and there are many."""
    return dataclass(slots=True)(cls)


@_never_changed
class Handle:
    """What the server needs to be addressed with: never compared, never planned.

    ``raw`` is the object as it was read, so that a replacing write can send back what config does not name; a mapping, or
    what the adapter that made it makes one of.
    """

    id: str = ""
    etag: str = ""
    raw: Any = field(default_factory=dict)


@_never_changed
class Resource:
    """One managed thing. ``active`` is false for what has been retired but is still there."""

    address: Address
    fields: Fields
    active: bool = True
    handle: Handle | None = field(default=None, compare=False)


State = dict[Address, Resource]
