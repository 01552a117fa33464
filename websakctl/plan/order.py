"""In which order changes can be done: what waits for what, and one order that holds."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush
from typing import Any

from msgspec.structs import replace

from websakctl.model.address import BASE, Address
from websakctl.model.kind import Kind, referred
from websakctl.model.resource import State
from websakctl.plan.change import Action, Change, old_address

Waits = dict[Address, set[Address]]


def in_order(
    changes: Iterable[Change], desired: State, live: State, kinds: Mapping[str, Kind]
) -> tuple[list[Change], list[str]]:
    """Say for each change what it waits for, and put all in an order that respects that.

    A creation waits for what its *after* refers to, also where that is there and only gets its key now; a removal waits
    for every change whose *before* referred to it; a unit waits for the nearest unit above it that changes its place, so
    that no cycle exists in between; a value that must be unique waits for whoever gives it up.

    Returns:
        The changes in order, and warnings about what cannot be ordered.
    """
    by_address = {change.address: change for change in changes}
    waits: Waits = {address: set() for address in by_address}
    for address, change in by_address.items():
        if not change.action.removes:
            waits[address].update(_made_before(change, by_address, desired, kinds))
    leaving = list(_left_before(by_address, live, kinds))
    unique, warnings = _taken_over(by_address, live, kinds)
    combined = {address: set(needed) for address, needed in waits.items()}
    for first, after in (*leaving, *unique):
        combined[after].add(first)
    order = _sorted(combined)
    if order is None:  # Websak itself may hold units that are each other's parents; and values may be exchanged
        _added(waits, leaving)
        circle = _added(waits, unique)
        combined, order = waits, _sorted(waits)
        if circle:
            warnings.append(
                f"{', '.join(sorted({str(a) for pair in circle for a in pair}))} exchange values that must be unique "
                "(such as abbreviations); Websak refuses that in one step: use a third value in between"
            )
    if order is None:  # unreachable for a valid config: references have no cycles
        raise ValueError("the config refers in a circle")
    return [replace(by_address[a], requires=tuple(sorted(combined[a]))) for a in order], warnings


def _made_before(
    change: Change, by_address: Mapping[Address, Change], desired: State, kinds: Mapping[str, Kind]
) -> Iterator[Address]:
    kind, address = kinds[change.address.kind], change.address
    fields = desired[address].fields if address in desired else {f.path: f.after for f in change.fields}
    for field, target in _targets(kind, address, fields, by_address):
        seen = {address}
        current: Address | None = target
        while current is not None and current not in seen:
            seen.add(current)
            other = by_address.get(current)
            if other is not None and _must_precede(other, field, kinds[current.kind], kind):
                yield current
                break
            above = desired[current].fields.get(field) if current.kind == kind.name and current in desired else None
            current = Address(current.kind, current.scope, above) if isinstance(above, str) else None


def _must_precede(other: Change, field: str, its_kind: Kind, kind: Kind) -> bool:
    """Whether what refers to ``other`` must wait: it comes to be, gets the key that it is found by, or moves in the tree."""
    if other.action is not Action.UPDATE:
        return other.action in (Action.CREATE, Action.ACTIVATE)
    changed = {f.path for f in other.fields}
    return (
        kind.references[field].waits
        or bool(changed & {"key", its_kind.key_mirror})
        or (its_kind is kind and field in changed)
    )


def _left_before(
    by_address: Mapping[Address, Change], live: State, kinds: Mapping[str, Kind]
) -> Iterator[tuple[Address, Address]]:
    """Pairs of a change and the removal that waits for it."""
    going = _going(by_address)
    for address, change in by_address.items():
        before = live.get(old_address(change))
        if before is None or not before.active:
            continue
        for _, target in _targets(kinds[address.kind], before.address, before.fields, by_address):
            other = going.get((target.kind, target.key))
            if other is not None and other != address:
                yield address, other


def _going(by_address: Mapping[Address, Change]) -> dict[tuple[str, str], Address]:
    """What the plan removes, by kind and key: what refers to it may be in another district by now."""
    return {(a.kind, a.key): a for a, change in by_address.items() if change.action.removes}


def _targets(
    kind: Kind, address: Address, fields: Mapping[str, Any], changing: Collection[Address]
) -> list[tuple[str, Address]]:
    """What a resource refers to, by field; what may be in several scopes only where it is ``changing``."""
    result = []
    for field, ref, key in referred(kind, fields):
        if ref.any_scope or ref.or_base:
            result += [(field, other) for other in changing if other.kind == ref.kind and other.key == key]
        elif ref.kind != "district":
            result.append((field, Address(ref.kind, address.scope if ref.same_scope else BASE, key)))
    return result


def _taken_over(
    by_address: Mapping[Address, Change], live: State, kinds: Mapping[str, Kind]
) -> tuple[list[tuple[Address, Address]], list[str]]:
    """Pairs of a change that gives a unique value up and the one that takes it; warnings where nobody gives it up."""
    pairs: list[tuple[Address, Address]] = []
    warnings: list[str] = []
    for kind in kinds.values():
        for field in kind.unique:
            takers = {
                a: f.after
                for a, c in by_address.items()
                if a.kind == kind.name and not c.action.removes
                for f in c.fields
                if f.path == field and f.after is not None
            }
            if not takers:
                continue
            givers = {old_address(by_address[a]): a for a in takers}
            holders: dict[Any, list[Address]] = defaultdict(list)
            desired = set(takers.values())
            for a, resource in live.items():
                if a.kind == kind.name and resource.fields.get(field) in desired:
                    holders[resource.fields[field]].append(a)
            for taker in sorted(takers):
                for holder in sorted(holders[takers[taker]]):
                    giver = givers.get(holder)
                    if giver is None:
                        retired = "" if live[holder].active else ", which is retired and keeps it"
                        warnings.append(
                            f"{taker}: {field} {takers[taker]} is {holder}'s{retired}; it must be unique, so Websak will refuse it"
                        )
                    elif giver != taker:
                        pairs.append((giver, taker))
    return pairs, warnings


def _added(waits: Waits, pairs: Iterable[tuple[Address, Address]]) -> list[tuple[Address, Address]]:
    """Let the second of each pair wait for the first; gives the pairs that would have closed a circle."""
    circles = []
    for first, after in pairs:
        todo, seen = [first], set[Address]()
        while todo and after not in seen:
            current = todo.pop()
            if current not in seen:
                seen.add(current)
                todo.extend(waits[current])
        if after in seen:
            circles.append((first, after))
        else:
            waits[after].add(first)
    return circles


def _sorted(waits: Mapping[Address, set[Address]]) -> list[Address] | None:
    """Sort so that each comes after all it waits for; equals in the order of their addresses. ``None`` for a cycle."""
    missing = {address: len(needed) for address, needed in waits.items()}
    frees: dict[Address, list[Address]] = defaultdict(list)
    for address, needed in waits.items():
        for other in needed:
            frees[other].append(address)
    ready = [address for address, count in missing.items() if count == 0]
    heapify(ready)
    order: list[Address] = []
    while ready:
        address = heappop(ready)
        order.append(address)
        for freed in frees[address]:
            missing[freed] -= 1
            if missing[freed] == 0:
                heappush(ready, freed)
    return order if len(order) == len(waits) else None
