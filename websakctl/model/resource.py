"""A resource and a state: the same types for what is wanted and for what is there."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from websakctl.model.address import Address
from websakctl.record import record

Fields = Mapping[str, Any]  # JSON values by field name; a field that is not there is not managed


@record
class Handle:
    """What the server needs to be addressed with: never compared, never planned.

    ``raw`` is the object as it was read, so that a replacing write can send back what config does not name; a mapping, or
    what the adapter that made it makes one of.
    """

    id: str = ""
    etag: str = ""
    raw: Any = field(default_factory=dict)


@record
class Resource:
    """One managed thing. ``active`` is false for what has been retired but is still there."""

    address: Address
    fields: Fields
    active: bool = True
    handle: Handle | None = field(default=None, compare=False)


State = dict[Address, Resource]
