"""One way in which two registers have the same thing otherwise."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

import msgspec

Subject = Literal["unit", "number"]


class Discrepancy(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not the same in two places.

    Args:
        what: A code, of the enumeration of whoever compares.
        subject: What ``key`` is of.
        key: An organisation number, or the external id of a unit.
        district: A slug, or ``base``.
        name: In the config; where it is not there, in the other place.
        detail: What the other place says, and what to do.
    """

    what: StrEnum
    subject: Subject = "number"
    key: str
    district: str
    name: str
    detail: str


def in_order(found: Iterable[Discrepancy], order: type[StrEnum]) -> tuple[Discrepancy, ...]:
    """The gravest first, as their enumeration lists them; then by district and key."""
    places = list(order)
    return tuple(sorted(found, key=lambda d: (places.index(d.what), d.district, d.key)))
