"""The snapshot verbs: the whole live setup as one canonical document, and the difference of two."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from websakctl.model.address import Address
from websakctl.model.kind import Kind, Removal
from websakctl.model.resource import Resource, State
from websakctl.operations.change.history import HistoryEntry
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.plan.change import Action, Plan
from websakctl.plan.decide import decide, digest
from websakctl.plan.diff import LastApplied, canonical, patched
from websakctl.plan.input import DesiredState, PlanInput
from websakctl.redaction import redact, redacted, withheld

FORMAT_VERSION = 1
TAKEN_BACK = "reopen"  # the action by which people take back their record that something is set


class SnapshotError(Exception):
    """The file is no snapshot that this version can read."""


def to_snapshot(
    live: State, *, environment: str, tool_version: str, taken_at: str, api_version: str, by_hand: Iterable[str] = ()
) -> dict[str, Any]:
    """Write a state canonically: sorted, in NFC, one object a line when dumped with ``indent=1``.

    Args:
        live: What there is, and what is recorded of the kinds that people set.
        environment: Of which Websak.
        tool_version: Which version writes it.
        taken_at: RFC 3339.
        api_version: Of the User API.
        by_hand: The kinds that people set.
    """
    objects = [
        {"address": str(a), "active": r.active, "fields": dict(sorted(r.fields.items()))}
        for a, r in _kept(live).items()
    ]
    return {
        "format_version": FORMAT_VERSION,
        "what": "websakctl snapshot",
        "environment": environment,
        "taken_at": taken_at,
        "tool_version": tool_version,
        "api_version": api_version,
        "by_hand": sorted(by_hand),
        "digest": digest(_state(objects)),
        "objects": objects,
    }


def from_snapshot(document: Any) -> State:
    """Read a snapshot's state.

    Raises:
        SnapshotError: If it is none, of another format version, or was changed.
    """
    if not isinstance(document, dict) or document.get("what") != "websakctl snapshot":
        raise SnapshotError("this is not a snapshot")
    if document.get("format_version") != FORMAT_VERSION:
        raise SnapshotError(f"format version {document.get('format_version')!r} is not {FORMAT_VERSION}")
    try:
        state = _state(document["objects"])
    except (KeyError, TypeError, ValueError) as error:
        raise SnapshotError(f"a part of it is missing or malformed ({error})") from error
    if document.get("digest") != digest(state):
        raise SnapshotError("it was changed after it was taken")
    return state


def _kept(live: State) -> State:
    """A state as it may be kept: in NFC, sorted, and nothing in it that must not be kept, in its addresses either."""
    result: State = {}
    for address in sorted(live):
        key, number = redact(canonical(address.key)), 1
        kept = Address(address.kind, address.scope, key)
        while kept in result:  # two that differed only in what is not kept
            number += 1
            kept = Address(address.kind, address.scope, f"{key} ({number})")
        result[kept] = Resource(
            address=kept, fields=redacted(canonical(dict(live[address].fields))), active=live[address].active
        )
    return dict(sorted(result.items()))


def _state(objects: list[dict[str, Any]]) -> State:
    return {
        (a := Address.parse(o["address"])): Resource(address=a, fields=o["fields"], active=o["active"]) for o in objects
    }


def _told_alike(before: Resource | None, after: Resource) -> Mapping[str, Any]:
    """Fields without those that only a newer version tells, while they are empty: they are no change."""
    if before is None:
        return after.fields
    return {
        name: value for name, value in after.fields.items() if name in before.fields or value not in (None, [], {}, "")
    }


def covered(document: Any) -> frozenset[str]:
    """The kinds that people set of which a snapshot holds what was recorded; one of an older version holds none."""
    kinds = document.get("by_hand") if isinstance(document, dict) else None
    return frozenset(map(str, kinds)) if isinstance(kinds, list) else frozenset()


def difference(inputs: ConfigInput, before: State, after: State, by_hand: frozenset[str] | None = None) -> Plan:
    """What happened between two states, as a plan from the one to the other.

    Args:
        inputs: The kinds, and what plans have in common.
        before: As it was.
        after: As it is.
        by_hand: The kinds that people set of which both states tell; ``None``: all.
    """
    of_people = {n: kind for n, kind in inputs.by_hand.items() if by_hand is None or n in by_hand}
    kinds = {**of_people, **inputs.kinds}
    was = {a: r for a, r in before.items() if a.kind in kinds}
    places = {(a.kind, a.key): a for a in was if kinds[a.kind].placed_by_us}
    active = {
        (place := places.get((a.kind, a.key), a)): replace(r, address=place, fields=_told_alike(was.get(place), r))
        for a, r in _kept(after).items()
        if r.active and a.kind in kinds
    }
    plan = decide(
        PlanInput(
            config=DesiredState(state=active, districts=inputs.config.districts),
            kinds={name: _observed(kind) for name, kind in kinds.items()},
            known={a: LastApplied(r.fields) for a, r in was.items()},
            selection=inputs.selection,
            environment=inputs.environment,
            protected=inputs.protected,
        ),
        was,
    )
    words = {
        Action.CREATE: "was made",
        Action.UPDATE: "was changed",
        Action.ACTIVATE: "was brought back",
        Action.DEACTIVATE: "was retired",
        Action.DELETE: "is gone",
    }
    changes = tuple(replace(c, reason=words[c.action]) for c in plan.changes)
    return replace(plan, changes=changes, findings=(), warnings=(), by_hand=())  # nothing of it is to be carried out


def with_own_changes(before: State, after: State, entries: Iterable[HistoryEntry]) -> tuple[State, tuple[Address, ...]]:
    """A state as it would be had nobody but this tool changed it: what its runs did since is put in.

    Args:
        before: As it was recorded.
        after: As it is, which tells what a server adds to what is made.
        entries: What was done since, in order.

    Returns:
        The state, and the addresses that the tool changed.
    """
    result, changed = dict(before), {}
    for entry in entries:
        action = Action.DEACTIVATE if entry.action == TAKEN_BACK else Action(entry.action)
        address = entry.address
        earlier = {f.path: f.before for f in entry.fields if f.path in ("key", "scope")}
        old = result.pop(address._replace(**earlier), None)
        changed[address] = True
        if action.removes:
            continue
        base = old if old is not None and action is not Action.CREATE else after.get(address)
        now = after.get(address)
        seen = tuple(f for f in entry.fields if not (now is not None and withheld(f.after) and f.path in now.fields))
        kept = {f.path: now.fields[f.path] for f in entry.fields if f not in seen and now is not None}
        fields = {**patched(base.fields if base is not None else {}, seen), **kept}
        result[address] = Resource(address=address, fields=fields)
    return _kept(result), tuple(changed)


def _observed(kind: Kind) -> Kind:
    return kind.replace(
        on_removal=Removal.DEACTIVATE if kind.on_removal is Removal.MANUAL else kind.on_removal,
        observed=True,
        reactivates=True,
    )


def counts(live: Mapping[Address, Resource]) -> dict[str, int]:
    """Active objects by kind."""
    result: dict[str, int] = {}
    for address, resource in live.items():
        if resource.active:
            result[address.kind] = result.get(address.kind, 0) + 1
    return dict(sorted(result.items()))
