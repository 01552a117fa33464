"""A saved plan against live as it is now: which changes still hold."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.kind import Kind
from websakctl.model.resource import Resource, State
from websakctl.plan.change import Action, Change, FieldChange, old_address
from websakctl.plan.diff import normalised, same
from websakctl.redaction import redact, redacted, withheld

_GONE = "(not there)"


class Stale(msgspec.Struct, frozen=True, kw_only=True):
    """A change that is dropped, three ways: what it was planned from, what is there now, what was wanted."""

    change: Change
    conflicts: tuple[tuple[str, Any, Any, Any], ...]  # (path, planned from, now, wanted)
    because_of: Address | None = None  # a dropped change that this one waited for


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a plan: changes to carry out, changes somebody else has made already, and stale ones."""

    changes: tuple[Change, ...]
    already: tuple[Change, ...]
    stale: tuple[Stale, ...]


Renames = Mapping[tuple[str, str], str]  # new keys by kind and old key


def renames_in(changes: Iterable[Change]) -> Renames:
    """What gets a new key by these changes: what refers to it follows by itself, before or after it is changed itself."""
    olds = ((old_address(change), change.address.key) for change in changes)
    return {(old.kind, old.key): new for old, new in olds if old.key != new}


def still_as_planned(change: Change, f: FieldChange, now: Any, renames: Renames) -> bool:
    """Whether a field still is what the plan saw, or what a rename of the same plan has made of that."""
    return holds(now, f.before) or (bool(renames) and holds(now, _renamed(change, f, renames)))


def _renamed(change: Change, f: FieldChange, renames: Renames) -> Any:
    kind, name, before = _kind(change), f.path.partition(".")[0], f.before
    ref, held = kind.references.get(name), kind.holds.get(name)
    if ref is not None and isinstance(before, str):
        return renames.get((ref.kind, before), before)
    if ref is not None and isinstance(before, list):
        return [renames.get((ref.kind, key), key) for key in before]
    if held is not None and isinstance(before, Mapping) and before.get(held.within):
        keys = sorted(renames.get((held.kind, key), key) for key in before[held.within])
        return {**before, held.within: keys}
    return before


def still_holding(
    changes: tuple[Change, ...], live: State, begun: Collection[Address] = (), whole: Iterable[Change] | None = None
) -> Holding:
    """Compare each change's *before* with live; a stale change takes what waits for it with it.

    Args:
        changes: In order: what is required comes first.
        live: What is there now.
        begun: Changes that we have begun ourselves: what is as they want it, or as a server may have made it, is our
            own doing and no conflict.
        whole: All changes of the plan, where some of them are done; by default ``changes``.
    """
    renames = renames_in(changes if whole is None else whole)
    keep: list[Change] = []
    already: list[Change] = []
    stale: dict[Address, Stale] = {}
    elsewhere = {(a.kind, a.key): r for a, r in live.items()}
    for change in changes:
        existing = what_is_there(change, live, elsewhere)
        blocker = next((a for a in change.requires if a in stale), None)
        if blocker is not None:
            stale[change.address] = Stale(change=change, conflicts=(), because_of=blocker)
        elif _reached(change, existing, change.address in begun):
            already.append(change)
        elif conflicts := _conflicts(change, existing, change.address in begun, renames):
            stale[change.address] = Stale(change=change, conflicts=conflicts)
        else:
            keep.append(change)
    going = {change.address for change in keep}
    kept = tuple(replace(change, requires=tuple(a for a in change.requires if a in going)) for change in keep)
    return Holding(changes=kept, already=tuple(already), stale=tuple(stale.values()))


def what_is_there(change: Change, live: State, elsewhere: Mapping[tuple[str, str], Resource]) -> Resource | None:
    """The live resource that a change is about: under its own address, in another scope, or under its old key."""
    kind, _, key = change.address
    existing = live.get(change.address) or elsewhere.get((kind, key))
    if existing is None:
        old = next((f.before for f in change.fields if f.path == "key"), None)
        existing = elsewhere.get((kind, old)) if old is not None else None
    return existing


def holds(now: Any, planned_from: Any) -> bool:
    """Whether a value still is what the plan saw; a saved plan saw it redacted."""
    return same(now, planned_from) or same(redacted(now), planned_from)


def restored(changes: tuple[Change, ...], desired: State) -> tuple[Change, ...]:
    """Put back what was taken out of wanted values and addresses before they were kept, where the config still says them.

    A word that only looks like a secret is not shown or kept, and is written all the same.
    """
    if any(withheld(str(c.address)) for c in changes):
        given = {redact(str(address)): address for address in desired}
        changes = tuple(
            replace(
                c,
                address=given.get(str(c.address), c.address),
                requires=tuple(given.get(str(address), address) for address in c.requires),
            )
            for c in changes
        )
    return tuple(
        replace(c, fields=tuple(_whole(f, desired.get(c.address)) for f in c.fields))
        if any(withheld(f.after) for f in c.fields)
        else c
        for c in changes
    )


def _whole(f: FieldChange, desired: Resource | None) -> FieldChange:
    if desired is None or not withheld(f.after):
        return f
    value = value_at(desired, f.path)
    return replace(f, after=value) if redacted(value) == f.after else f


def value_at(resource: Resource, path: str) -> Any:
    """The present value of a planned field."""
    if path == "active":
        return resource.active
    if path == "scope":
        return resource.address.scope
    if path == "key":
        return resource.address.key
    name, dot, key = path.partition(".")
    value = resource.fields.get(name)
    if not dot:
        return value
    return value.get(key) if isinstance(value, Mapping) else None


def unreported(change: Change, f: FieldChange) -> bool:
    """Whether a field cannot be looked up: the API takes it and never tells it."""
    return f.path in _kind(change).write_only


def stepwise(change: Change, f: FieldChange) -> bool:
    """Whether a field has requests of its own, which are sent again where they have not been done."""
    return f.path.partition(".")[0] in _kind(change).stepwise


def _kind(change: Change) -> Kind:
    return all_kinds()[change.address.kind]


def done_by_us(f: FieldChange, now: Any) -> bool:
    """Whether a field is what a change that we sent makes of it, or what a server may have made of that."""
    return same(now, f.after) or (not holds(now, f.before) and normalised(f.after, now))


def _our_doing(change: Change, f: FieldChange, now: Any) -> bool:
    """Whether a change that we began left a field so; bringing something back writes its old fields once more."""
    return done_by_us(f, now) or (change.action is Action.ACTIVATE and normalised(f.before, now))


def _reached(change: Change, existing: Resource | None, begun: bool) -> bool:
    if change.action is Action.DELETE:
        return existing is None
    if existing is None:
        return False
    if change.action is Action.DEACTIVATE:
        return not existing.active
    fields = [f for f in change.fields if not unreported(change, f)]
    if len(fields) < len(change.fields) and change.action is not Action.CREATE:
        return False  # nobody can tell whether what is never told was written: it is written once more
    if begun:
        return existing.active and all(done_by_us(f, value_at(existing, f.path)) for f in fields)
    return existing.active and all(same(value_at(existing, f.path), f.after) for f in fields)


def _conflicts(
    change: Change, existing: Resource | None, begun: bool, renames: Renames
) -> tuple[tuple[str, Any, Any, Any], ...]:
    if change.action is Action.CREATE:
        if existing is None:
            return ()
        return tuple(
            (f.path, _GONE, value_at(existing, f.path), f.after)
            for f in change.fields
            if not (
                same(value_at(existing, f.path), f.after) or unreported(change, f) or (begun and stepwise(change, f))
            )
        )
    if existing is None:
        return tuple((f.path, f.before, _GONE, f.after) for f in change.fields)
    more = any(unreported(change, f) for f in change.fields)  # what the others have reached does not end it
    result = [
        _conflict(f, existing)
        for f in change.fields
        if not (unreported(change, f) or still_as_planned(change, f, now := value_at(existing, f.path), renames))
        and not (begun and (stepwise(change, f) or _our_doing(change, f, now)))
        and not (more and same(now, f.after))
    ]
    if change.action is Action.UPDATE and not existing.active:
        result.append(("active", True, False, True))
    return tuple(result)


def _conflict(f: FieldChange, existing: Resource) -> tuple[str, Any, Any, Any]:
    return (f.path, f.before, value_at(existing, f.path), f.after)
