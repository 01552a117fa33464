"""The drift verb: live against what was last applied, with the cause of each difference told apart."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec
from msgspec.structs import replace
from msgspec.structs import replace as struct_replace

from websakctl.model.address import Address
from websakctl.model.kind import Kind, Removal
from websakctl.model.resource import Resource, State
from websakctl.operations.change.make_plan import ConfigInput, knowing_people
from websakctl.plan.change import Action, Plan
from websakctl.plan.decide import decide
from websakctl.plan.diff import LastApplied, compare, same
from websakctl.plan.input import DesiredState, PlanInput
from websakctl.plan.stale import value_at
from websakctl.redaction import redacted, withheld


class Cause(StrEnum):
    """Why config, live and what was last applied are not the same."""

    LIVE = "live changed by hand"
    CONFIG = "config changed, not yet applied"
    BOTH = "both changed"


class ThreeWay(msgspec.Struct, frozen=True, kw_only=True):
    """One field three ways."""

    address: Address
    path: str
    applied: Any
    live: Any
    config: Any
    cause: Cause


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to live since the last apply, as a plan from then to now; and every difference three ways."""

    plan: Plan
    fields: tuple[ThreeWay, ...]

    def count(self, cause: Cause) -> int:
        """How many differences have this cause."""
        return sum(1 for f in self.fields if f.cause is cause)


def find_drift(inputs: ConfigInput, live: State) -> Drift:
    """Compare live with what was last applied, and both with the config; what people set is compared alike."""
    inputs = knowing_people(inputs, live)
    inputs, live = struct_replace(inputs, kinds={**inputs.by_hand, **inputs.kinds}), inputs.with_by_hand(live)
    applied: State = {
        a: Resource(address=a, fields=_remembered(known.fields, inputs.config.state.get(a), live.get(a)))
        for a, known in inputs.known.items()
        if a.kind in inputs.kinds
    }
    moved = {(a.kind, a.key): a for a in applied if a not in live}
    now: State = {}
    for address, existing in live.items():
        old = address if address in applied else moved.get((address.kind, address.key))
        if old is not None and existing.active:
            place = old if inputs.kinds[address.kind].placed_by_us else address
            now[place] = Resource(address=place, fields=_seen(inputs, old, applied[old].fields, existing.fields))
    kinds = {name: _all_seen(kind) for name, kind in inputs.kinds.items()}
    plan = decide(
        PlanInput(
            config=DesiredState(state=now, districts=inputs.config.districts),
            kinds=kinds,
            known=inputs.known,
            selection=inputs.selection,
            environment=inputs.environment,
            protected=inputs.protected,
            warnings=inputs.warnings,
        ),
        applied,
    )
    plan = replace(
        plan,
        findings=(),
        by_hand=(),
        warnings=inputs.warnings,
        changes=tuple(replace(c, reason="changed in Websak since the last apply") for c in plan.changes),
    )
    return Drift(plan=plan, fields=tuple(_three_ways(inputs, plan, applied, live)))


def _remembered(fields: Mapping[str, Any], desired: Resource | None, existing: Resource | None) -> dict[str, Any]:
    """What was applied, whole: what was taken out of it before it was kept is what config or live has, if the rest agrees."""
    sources = [resource.fields for resource in (desired, existing) if resource is not None]

    def whole(name: str, value: Any) -> Any:
        return next((f[name] for f in sources if name in f and redacted(f[name]) == value), value)

    return {name: whole(name, value) if withheld(value) else value for name, value in fields.items()}


def _seen(
    inputs: ConfigInput, address: Address, before: Mapping[str, Any], existing: Mapping[str, Any]
) -> dict[str, Any]:
    """Live's values of the fields that were applied; what the server was seen to make of a value counts as that value."""
    result = {}
    for name, value in before.items():
        if name not in existing:  # not told
            result[name] = value
            continue
        created = existing.get(name)
        pair = inputs.accepted.get((address, name))
        result[name] = value if pair is not None and same(pair[0], value) and same(pair[1], created) else created
    return result


def _all_seen(kind: Kind) -> Kind:
    """The same kind, whose disappearance and every field's change is shown whatever the API offers."""
    return kind.replace(
        on_removal=Removal.DEACTIVATE if kind.on_removal is Removal.MANUAL else kind.on_removal, observed=True
    )


def _three_ways(inputs: ConfigInput, plan: Plan, applied: State, live: State) -> list[ThreeWay]:
    result: list[ThreeWay] = []
    by_hand: set[tuple[Address, str]] = set()
    by_key = {(a.kind, a.key): r for a, r in inputs.config.state.items()}
    for change in plan.changes:
        expected = inputs.config.state.get(change.address) or by_key.get((change.address.kind, change.address.key))
        for f in change.fields if not change.action.removes else ():
            by_hand.add((change.address, f.path))
            config = value_at(expected, f.path) if expected is not None else None
            both = expected is None or not same(config, f.before)
            result.append(
                ThreeWay(
                    address=change.address,
                    path=f.path,
                    applied=f.before,
                    live=f.after,
                    config=config,
                    cause=Cause.BOTH if both else Cause.LIVE,
                )
            )
        if change.action.removes:
            by_hand.add((change.address, "active"))
            result.append(
                ThreeWay(
                    address=change.address,
                    path="active",
                    applied=True,
                    live=False,
                    config=expected is not None,
                    cause=Cause.LIVE if expected is not None else Cause.BOTH,
                )
            )
    desired = {
        a: r
        for a, r in inputs.config.state.items()
        if a.kind in inputs.kinds and a in inputs.selection and (a in applied or a.kind not in inputs.by_hand)
    }  # what people have yet to set is on the work list
    was = {a: r for a, r in applied.items() if a in inputs.selection}
    known = {a: LastApplied(r.fields) for a, r in was.items()}
    kinds = {name: _all_seen(kind) for name, kind in inputs.kinds.items()}
    previously = inputs.config.previously
    for change in compare(desired, was, kinds, known=known, previously=previously).changes:
        if change.action in (Action.CREATE, Action.DEACTIVATE, Action.DELETE):
            here = change.action is Action.CREATE
            if (change.address, "active") not in by_hand:
                existing = live.get(change.address)
                result.append(
                    ThreeWay(
                        address=change.address,
                        path="active",
                        applied=not here,
                        live=existing is not None and existing.active,
                        config=here,
                        cause=Cause.CONFIG,
                    )
                )
            continue
        result.extend(
            ThreeWay(
                address=change.address, path=f.path, applied=f.before, live=f.before, config=f.after, cause=Cause.CONFIG
            )
            for f in change.fields
            if (change.address, f.path) not in by_hand
        )
    return sorted(result, key=lambda t: (t.address, t.path))
