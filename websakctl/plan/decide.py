"""From two states to a plan."""

import hashlib
import json
from functools import cache
from typing import Any

from msgspec.structs import replace

from websakctl.model.address import Address
from websakctl.model.kind import referred
from websakctl.model.resource import State
from websakctl.plan.change import Action, Change, ManualStep, Origin, Plan, some
from websakctl.plan.dependents import with_dependents
from websakctl.plan.diff import canonical, compare
from websakctl.plan.groups import grouped
from websakctl.plan.guards import guard
from websakctl.plan.hand_changes import find_hand_changes, without
from websakctl.plan.input import PlanInput
from websakctl.plan.look_alikes import probable_renames
from websakctl.plan.order import in_order
from websakctl.plan.selection import selected

_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=dict).encode


def decide(q: PlanInput[Any], live: State) -> Plan:
    """Make the plan. The same input gives the same plan."""
    difference = compare(
        q.config.state,
        live,
        q.kinds,
        known=q.known,
        prune=q.prune,
        accepted=q.accepted,
        previously=q.config.previously,
        by_hand=q.by_hand,
        retirements=q.config.retirements,
        unsupported=q.unsupported,
        owners=q.owners,
    )
    ordered, unordered = in_order(difference.changes, q.config.state, live, q.kinds)
    chosen, along = selected(ordered, q.selection)
    undone = find_hand_changes(chosen, q.known, q.accepted)
    if q.keep_manual and undone:
        chosen = without(chosen, undone)
    if q.only is not None:
        chosen = _without_others(chosen, q.only)
    changes = tuple(_placed(change, q, live) for change in chosen)
    merged = q.selection.everything
    warnings = [*q.warnings, *difference.warnings, *unordered, *_never_there(changes, q)]
    if q.keep_manual and undone:
        fields = sum(len(each.paths) for each in undone)
        warnings.append(
            f"{fields} change{'s' * (fields != 1)} made by hand in Websak {'are' if fields != 1 else 'is'} kept: {some(each.address for each in undone)}"
        )
        undone = ()
    if along:
        warnings.append(
            f"also needed by what was selected: {', '.join(map(str, along[:5]))}{f' and {len(along) - 5} more' if len(along) > 5 else ''}"
        )
    plan = Plan(
        environment=q.environment,
        changes=changes,
        groups=grouped(changes, q.config.districts),
        unchanged=len(difference.unchanged) if merged else sum(1 for a in difference.unchanged if a in q.selection),
        unmanaged=tuple(sorted(a for a in difference.unmanaged if merged or a in q.selection)),
        manual=tuple(m for m in _steps_in_order(difference.manual, q, live) if merged or m.address in q.selection),
        findings=(
            *guard(changes, live, q.known, q.config.protected, q.limits),
            *probable_renames(
                changes, q.config.state, live, q.kinds, q.config.districts, q.config.previously, q.position
            ),
        ),
        warnings=tuple(dict.fromkeys(warnings)),
        digests=cache(lambda: (digest(q.config.state), digest(live))),
        protected=q.protected,
        scopes=tuple(q.config.districts),
        origin=Origin(
            districts=tuple(sorted(q.selection.scopes)),
            kinds=tuple(sorted(q.selection.kinds)),
            targets=q.selection.targets,
            prune=tuple(sorted(q.prune)),
            keep_manual=q.keep_manual,
            access=q.access,
        ),
        by_hand=tuple(each for each in undone if q.only is None or each.address in q.only),
    )
    return with_dependents(plan, live, {**q.by_hand, **q.kinds}, q.config.districts, q.config.retirements)


def _never_there(changes: tuple[Change, ...], q: PlanInput[Any]) -> list[str]:
    """A word about what is made although it says that it was something: that is not in this Websak, under any key it names."""
    created = [c.address for c in changes if c.action is Action.CREATE and q.config.previously.get(c.address)]
    if not created:
        return []
    first = min(created)
    named = " or ".join(map(str, q.config.previously[first]))
    more = f" (and {len(created) - 1} more like it)" if len(created) > 1 else ""
    return [f"{first} says that it was {named}, which is not in this Websak{more}: it would be made as something new"]


def _steps_in_order(steps: list[ManualStep], q: PlanInput[Any], live: State) -> list[ManualStep]:
    """Steps as people can do them: what others refer to comes first."""
    loose = sorted((step for step in steps if step.change is None), key=lambda step: step.address)
    by_address = {step.address: step for step in steps if step.change is not None}
    every = {**q.by_hand, **q.kinds}
    ordered, _ = in_order((s.change for s in by_address.values() if s.change), q.config.state, live, every)
    return loose + [replace(by_address[c.address], change=replace(c, source=q.position(c.address))) for c in ordered]


def _without_others(changes: list[Change], only: frozenset[Address]) -> list[Change]:
    """Leave out changes that may not be made, and what waits for one of them."""
    left_out: set[Address] = set()
    kept: list[Change] = []
    for change in changes:  # in order: what is required comes first
        if change.address not in only or not left_out.isdisjoint(change.requires):
            left_out.add(change.address)
        else:
            kept.append(change)
    return kept


def _placed(change: Change, q: PlanInput[Any], live: State) -> Change:
    return replace(change, source=q.position(change.address), shared=_reach(change, q, live))


def _reach(change: Change, q: PlanInput[Any], live: State) -> int:
    """How many districts a resource of the base touches: those it names, else all."""
    kind = q.kinds[change.address.kind]
    if not kind.shared:
        return 0
    by_district = any(ref.kind == "district" for ref in kind.references.values())
    resource = q.config.state.get(change.address) or live.get(change.address)
    if not by_district or resource is None:
        return len(q.config.districts)
    return len({key for _, ref, key in referred(kind, resource.fields) if ref.kind == "district"})


def digest(state: State) -> str:
    """Fingerprint a state: what is in it, not how it was written or read."""
    merged = hashlib.sha256()
    for address in sorted(state):
        resource = state[address]
        line = _ENCODE([*address, resource.active, resource.fields])
        if not line.isascii():
            line = canonical(line)  # once for all its texts: nothing in JSON between them composes with anything
        merged.update(line.encode())
        merged.update(b"\n")
    return f"sha256:{merged.hexdigest()}"
