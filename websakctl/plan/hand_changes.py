"""What a plan would undo: changes that somebody made by hand in Websak since it was last applied."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from websakctl.model.address import Address
from websakctl.plan.change import Action, Change, FieldChange, HandChange, old_address
from websakctl.plan.diff import ABOUT_ITSELF, AcceptedNormalisations, LastApplied, same
from websakctl.redaction import withheld


def find_hand_changes(
    changes: Iterable[Change], known: Mapping[Address, LastApplied], accepted: AcceptedNormalisations
) -> tuple[HandChange, ...]:
    """Tell which changes would undo what somebody did by hand.

    Args:
        changes: What the plan would do.
        known: What was last applied; what is not there was never ours, and adopting it undoes nothing.
        accepted: What the server was seen to make of a value; that was not somebody's hand.
    """
    result = []
    for change in changes:
        address = old_address(change)
        last = known.get(address)
        if last is None or change.action.removes:
            continue
        if change.action in (Action.CREATE, Action.ACTIVATE):  # it was applied, and somebody took it away
            result.append(HandChange(address=change.address, paths=("active",)))
            continue
        paths = tuple(f.path for f in change.fields if _by_hand(f, address, last.fields, accepted))
        if paths:
            result.append(HandChange(address=change.address, paths=paths))
    return tuple(result)


def _by_hand(f: FieldChange, address: Address, last: Mapping[str, Any], accepted: AcceptedNormalisations) -> bool:
    name, dot, key = f.path.partition(".")
    if f.path in ABOUT_ITSELF or name not in last:
        return False
    applied = last[name]
    if dot:
        applied = applied.get(key) if isinstance(applied, Mapping) else None
    if withheld(applied) or same(applied, f.before):
        return False
    created = accepted.get((address, name)) if accepted else None
    return created is None or not (same(created[0], last[name]) and same(created[1], f.before))


def without(changes: Iterable[Change], undone: Iterable[HandChange]) -> list[Change]:
    """Leave out what would undo a change by hand, and what waits for something that is left out."""
    paths = {each.address: frozenset(each.paths) for each in undone}
    left_out: set[Address] = set()
    kept: list[Change] = []
    for change in changes:  # in order: what is required comes first
        fields = tuple(f for f in change.fields if f.path not in paths.get(change.address, ()))
        gone = change.address in paths and (change.action is not Action.UPDATE or not fields)
        if gone or not left_out.isdisjoint(change.requires):
            left_out.add(change.address)
        else:
            kept.append(change if len(fields) == len(change.fields) else replace(change, fields=fields))
    return kept
