"""Bringing a batch in: the part of a plan that goes first, and whether what is then left is still what was approved."""

from collections.abc import Iterable

import msgspec

from websakctl.model.address import Address
from websakctl.plan.change import Change
from websakctl.plan.selection import Selection, selected


class Halves(msgspec.Struct, frozen=True, kw_only=True):
    """A plan in two: what the canary district takes, with what it waits for, and the rest."""

    first: tuple[Change, ...]
    rest: tuple[Change, ...]


def halve(changes: Iterable[Change], canary: str) -> Halves:
    """Part the changes of a plan, each part in the plan's order."""
    every = tuple(changes)
    first, _ = selected(every, Selection(scopes=frozenset({canary})))
    gone = {change.address for change in first}
    return Halves(first=tuple(first), rest=tuple(change for change in every if change.address not in gone))


class Departure(msgspec.Struct, frozen=True, kw_only=True):
    """A change that is not as approved: ``new`` was not in the plan, ``gone`` is no longer, ``other`` does something else."""

    address: Address
    how: str


def departures(approved: Iterable[Change], now: Iterable[Change]) -> tuple[Departure, ...]:
    """How a plan made anew differs from the part of the approved one that is left."""
    before = {change.address: change for change in approved}
    after = {change.address: change for change in now}
    found = []
    for address in sorted(before.keys() | after.keys()):
        old, new = before.get(address), after.get(address)
        if old is None or new is None:
            found.append(Departure(address=address, how="new" if old is None else "gone"))
        elif (old.action, old.fields) != (new.action, new.fields):
            found.append(Departure(address=address, how="other"))
    return tuple(found)
