"""A resource and a state: the same types for what is wanted and for what is there."""

from collections.abc import Mapping
from typing import Any

import msgspec

from websakctl.model.address import Address

Fields = Mapping[str, Any]  # JSON values by field name; a field that is not there is not managed


class Handle(msgspec.Struct, frozen=True, kw_only=True):
    """What the server needs to be addressed with: never compared, never planned.

    ``raw`` is the object as it was read, so that a replacing write can send back what config does not name; a mapping, or
    what the adapter that made it makes one of.
    """

    id: str = ""
    etag: str = ""
    raw: Any = {}  # a default, copied for each


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """One managed thing. ``active`` is false for what has been retired but is still there.

    ``spared``: fields that the API never tells in a list, and that a replacing write does not erase here.
    """

    address: Address
    fields: Fields
    active: bool = True
    handle: Handle | None = None  # not compared
    spared: frozenset[str] = frozenset()  # not compared

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Resource):
            return NotImplemented
        return (self.address, self.active, self.fields) == (other.address, other.active, other.fields)


State = dict[Address, Resource]
