"""What a plan promises of the state after it, and what of that did not come true."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from websakctl.model.address import Address
from websakctl.model.kind import Kind, referred
from websakctl.model.resource import Resource, State
from websakctl.plan.change import Action, Change, old_address
from websakctl.plan.dependents import held_in
from websakctl.plan.diff import ABOUT_ITSELF, AcceptedNormalisations, following, is_accepted, patched, same

Target = tuple[str, str]  # kind and key


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as it was promised; ``path`` as in a change, or ``id`` for the object's identity."""

    address: Address
    path: str
    promised: Any
    live: Any


def broken_promises(
    changes: Iterable[Change], before: State, after: State, kinds: Mapping[str, Kind], accepted: AcceptedNormalisations
) -> list[Difference]:
    """Compare the state after a plan with what it promised: its changes, and nothing else, to the same objects.

    Args:
        changes: All changes of the plan.
        before: Live before it.
        after: Live after it.
        kinds: The kinds of both.
        accepted: What the server was seen to make of values.
    """
    by_old = {_target(old_address(change)): change for change in changes}
    renamed = {target: change.address for target, change in by_old.items() if target[1] != change.address.key}
    existing = {_target(address): resource for address, resource in after.items()}
    expected = set[Target]()
    result: list[Difference] = []
    for resource in before.values():
        change = by_old.pop(_target(resource.address), None)
        promised = _promised(resource, change, renamed, kinds)
        if promised is None:
            if (left := existing.get(_target(resource.address))) is not None:
                result.append(Difference(address=left.address, path="active", promised=None, live=left.active))
                expected.add(_target(left.address))
            continue
        expected.add(_target(promised.address))
        result.extend(_compared(promised, resource, existing.get(_target(promised.address)), change, kinds, accepted))
    for change in by_old.values():
        expected.add(_target(change.address))
        if not change.action.removes:
            result.extend(_created(change, existing.get(_target(change.address)), kinds, accepted))
    result.extend(
        Difference(address=resource.address, path="active", promised=None, live=resource.active)
        for target, resource in existing.items()
        if target not in expected
    )
    return sorted(result, key=lambda d: (d.address, d.path))


def promised_state(changes: Iterable[Change], before: State, kinds: Mapping[str, Kind]) -> State:
    """The state as a plan leaves it. A rename takes along what refers to it."""
    by_old = {_target(old_address(change)): change for change in changes}
    renamed = {target: change.address for target, change in by_old.items() if target[1] != change.address.key}
    result: dict[Address, Resource] = {}
    for resource in before.values():
        promised = _promised(resource, by_old.pop(_target(resource.address), None), renamed, kinds)
        if promised is not None:
            result[promised.address] = promised
    for change in by_old.values():
        if not change.action.removes:
            result[change.address] = Resource(address=change.address, fields=patched({}, change.fields))
    return result


def under_new_keys(changes: Iterable[Change], before: State, kinds: Mapping[str, Kind]) -> State:
    """The state under the keys that a plan gives, and otherwise as it was."""
    old = {
        _target(address): change.address
        for change in changes
        if (address := old_address(change)).key != change.address.key
    }
    if not old:
        return before
    result: dict[Address, Resource] = {}
    for resource in before.values():
        moved = following(kinds[resource.address.kind], resource, old, kinds)
        new = old.get(_target(resource.address))
        address = resource.address._replace(key=new.key) if new is not None else resource.address
        result[address] = replace(moved, address=address)
    return result


def left_behind(before: State, after: State, kinds: Mapping[str, Kind]) -> list[tuple[Address, str, str]]:
    """What is active and refers to something that is not, as (address, field, key), and did not do so before."""
    earlier = {(_target(address), name, key) for address, name, key in _dangling(before, kinds)}
    return sorted(each for each in _dangling(after, kinds) if (_target(each[0]), *each[1:]) not in earlier)


def _dangling(state: State, kinds: Mapping[str, Kind]) -> Iterator[tuple[Address, str, str]]:
    active = {_target(address) for address, resource in state.items() if resource.active}
    reported = {kind for kind, _ in active}
    for address, resource in state.items():
        if not resource.active or address.kind not in kinds:
            continue
        for name, ref, key in referred(kinds[address.kind], resource.fields):
            if (
                ref.kind in reported
                and not ref.everywhere
                and not key.startswith("#")
                and (ref.kind, key) not in active
            ):
                yield address, name, key
        for target in dict.fromkeys(held_in(kinds[address.kind], resource.fields)):
            if target[0] in reported and not target[1].startswith("#") and target not in active:
                yield address, "roles", target[1]


def _target(address: Address) -> Target:
    return address.kind, address.key


def _promised(
    resource: Resource, change: Change | None, renamed: Mapping[Target, Address], kinds: Mapping[str, Kind]
) -> Resource | None:
    """The resource as it should be after the plan; ``None``: gone."""
    kind = kinds[resource.address.kind]
    moved = following(kind, resource, renamed, kinds) if renamed else resource
    if change is None:
        return moved
    if change.action is Action.DELETE:
        return None
    fields = patched(moved.fields, tuple(f for f in change.fields if f.path not in ABOUT_ITSELF))
    return replace(moved, address=change.address, fields=fields, active=not change.action.removes)


def _compared(
    promised: Resource,
    was: Resource,
    now: Resource | None,
    change: Change | None,
    kinds: Mapping[str, Kind],
    accepted: AcceptedNormalisations,
) -> Iterator[Difference]:
    address = promised.address
    if now is None:
        yield Difference(address=address, path="active", promised=promised.active, live=None)
        return
    if now.active is not promised.active:
        yield Difference(address=address, path="active", promised=promised.active, live=now.active)
    one, other = was.handle.id if was.handle else "", now.handle.id if now.handle else ""
    if one and one != was.address.key and one != other:
        yield Difference(address=address, path="id", promised=one, live=other)
    moved = change is not None and any(f.path == "scope" for f in change.fields)
    if moved and now.address.scope != address.scope:
        yield Difference(address=address, path="scope", promised=address.scope, live=now.address.scope)
    kind = kinds[address.kind]
    reported = now.fields.keys() | {n for n in promised.fields if n not in kind.write_only and n not in kind.stepwise}
    for name in sorted(promised.fields.keys() & reported):
        desired, created = promised.fields[name], now.fields.get(name)
        if not (
            same(desired, created)
            or _nothing(desired, created)
            or is_accepted(accepted, address, name, desired, created)
        ):
            yield Difference(address=address, path=name, promised=desired, live=created)


def _created(
    change: Change, now: Resource | None, kinds: Mapping[str, Kind], accepted: AcceptedNormalisations
) -> Iterator[Difference]:
    created = Resource(address=change.address, fields=patched({}, change.fields))
    yield from _compared(created, created, now, change, kinds, accepted)


def _nothing(desired: Any, created: Any) -> bool:
    return desired in (None, "", [], {}) and created in (None, "", [], {})
