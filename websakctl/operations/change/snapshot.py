"""The snapshot verbs: the whole live setup as one canonical document, and the difference of two."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from websakctl.model.address import Address
from websakctl.model.kind import Kind, Removal
from websakctl.model.resource import Resource, State
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.plan.change import Action, Plan
from websakctl.plan.decide import decide, digest
from websakctl.plan.diff import LastApplied, canonical
from websakctl.plan.input import DesiredState, PlanInput
from websakctl.redaction import redact, redacted

FORMAT_VERSION = 1


class SnapshotError(Exception):
    """The file is no snapshot that this version can read."""


def to_snapshot(live: State, *, environment: str, tool_version: str, taken_at: str, api_version: str) -> dict[str, Any]:
    """Write a state canonically: sorted, in NFC, one object a line when dumped with ``indent=1``. ``taken_at`` is RFC 3339."""
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


def difference(inputs: ConfigInput, before: State, after: State) -> Plan:
    """What happened between two states, as a plan from the one to the other."""
    was = {a: r for a, r in before.items() if a.kind in inputs.kinds}
    places = {(a.kind, a.key): a for a in was if inputs.kinds[a.kind].placed_by_us}
    active = {
        (place := places.get((a.kind, a.key), a)): replace(r, address=place)
        for a, r in _kept(after).items()
        if r.active and a.kind in inputs.kinds
    }
    plan = decide(
        PlanInput(
            config=DesiredState(state=active, districts=inputs.config.districts),
            kinds={name: _observed(kind) for name, kind in inputs.kinds.items()},
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
    return replace(plan, changes=changes, findings=(), warnings=())  # nothing of it is to be carried out


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
