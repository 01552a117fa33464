"""From two states to a plan."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from functools import cache

from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.model.kind import Kind, referred
from websakctl.model.resource import State
from websakctl.model.retirement import Retirement
from websakctl.plan.change import Action, Change, ManualStep, Plan, SourceLine
from websakctl.plan.dependents import with_dependents
from websakctl.plan.diff import Accepted, Known, canonical, compare
from websakctl.plan.groups import grouped
from websakctl.plan.guards import Limits, guard
from websakctl.plan.look_alikes import probable_renames
from websakctl.plan.order import in_order
from websakctl.plan.selection import Selection, selected
from websakctl.record import record

_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=dict).encode


@record(kw_only=True, slots=False)
class Question:
    """All that a plan is decided from."""

    desired: State
    live: State
    kinds: Mapping[str, Kind]  # those this Websak has an API for
    by_hand: Mapping[str, Kind] = field(default_factory=dict)  # those that people set
    districts: Mapping[str, District] = field(default_factory=dict)
    known: Mapping[Address, Known] = field(default_factory=dict)
    accepted: Accepted = field(default_factory=dict)
    previously: Mapping[Address, tuple[Address, ...]] = field(default_factory=dict)  # old addresses; none: it is new
    retirements: Mapping[Address, Retirement] = field(default_factory=dict)
    protected: set[Address] = field(default_factory=set)
    selection: Selection = field(default_factory=Selection)
    prune: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    environment: str = "sandbox"
    environment_protected: bool = False
    position: Callable[[Address], SourceLine | None] = lambda _: None
    warnings: tuple[str, ...] = ()


def decide(question: Question) -> Plan:
    """Make the plan. The same question gives the same plan."""
    q = question
    difference = compare(
        q.desired,
        q.live,
        q.kinds,
        known=q.known,
        prune=q.prune,
        accepted=q.accepted,
        previously=q.previously,
        by_hand=q.by_hand,
        retirements=q.retirements,
    )
    ordered, unordered = in_order(difference.changes, q.desired, q.live, q.kinds)
    chosen, along = selected(ordered, q.selection)
    changes = tuple(_placed(change, q) for change in chosen)
    whole = q.selection.everything
    warnings = [*q.warnings, *difference.warnings, *unordered, *_never_there(changes, q)]
    if along:
        warnings.append(
            f"also needed by what was selected: {', '.join(map(str, along[:5]))}{f' and {len(along) - 5} more' if len(along) > 5 else ''}"
        )
    plan = Plan(
        environment=q.environment,
        changes=changes,
        groups=grouped(changes, q.districts),
        unchanged=len(difference.unchanged) if whole else sum(1 for a in difference.unchanged if a in q.selection),
        unmanaged=tuple(sorted(a for a in difference.unmanaged if whole or a in q.selection)),
        manual=tuple(m for m in _steps_in_order(difference.manual, q) if whole or m.address in q.selection),
        findings=(
            *guard(changes, q.live, q.known, q.protected, q.limits),
            *probable_renames(changes, q.desired, q.live, q.kinds, q.districts, q.previously, q.position),
        ),
        warnings=tuple(dict.fromkeys(warnings)),
        digests=cache(lambda: (digest(q.desired), digest(q.live))),
        protected=q.environment_protected,
        scopes=tuple(q.districts),
    )
    return with_dependents(plan, q.live, {**q.by_hand, **q.kinds}, q.districts)


def _never_there(changes: tuple[Change, ...], q: Question) -> list[str]:
    """A word about what is made although it says that it was something: that is not in this Websak, under any key it names."""
    made = [c.address for c in changes if c.action is Action.CREATE and q.previously.get(c.address)]
    if not made:
        return []
    first = min(made)
    named = " or ".join(map(str, q.previously[first]))
    more = f" (and {len(made) - 1} more like it)" if len(made) > 1 else ""
    return [f"{first} says that it was {named}, which is not in this Websak{more}: it would be made as something new"]


def _steps_in_order(steps: list[ManualStep], q: Question) -> list[ManualStep]:
    """Steps as people can do them: what others refer to comes first."""
    loose = sorted((step for step in steps if step.change is None), key=lambda step: step.address)
    by_address = {step.address: step for step in steps if step.change is not None}
    every = {**q.by_hand, **q.kinds}
    ordered, _ = in_order((s.change for s in by_address.values() if s.change), q.desired, q.live, every)
    return loose + [replace(by_address[c.address], change=replace(c, source=q.position(c.address))) for c in ordered]


def _placed(change: Change, q: Question) -> Change:
    return replace(change, source=q.position(change.address), shared=_reach(change, q))


def _reach(change: Change, q: Question) -> int:
    """How many districts a resource of the base touches: those it names, else all."""
    kind = q.kinds[change.address.kind]
    if not kind.shared:
        return 0
    by_district = any(ref.kind == "district" for ref in kind.references.values())
    resource = q.desired.get(change.address) or q.live.get(change.address)
    if not by_district or resource is None:
        return len(q.districts)
    return len({key for _, ref, key in referred(kind, resource.fields) if ref.kind == "district"})


def digest(state: State) -> str:
    """Fingerprint a state: what is in it, not how it was written or read."""
    whole = hashlib.sha256()
    for address in sorted(state):
        resource = state[address]
        line = _ENCODE([*address, resource.active, resource.fields])
        if not line.isascii():
            line = canonical(line)  # once for all its texts: nothing in JSON between them composes with anything
        whole.update(line.encode())
        whole.update(b"\n")
    return f"sha256:{whole.hexdigest()}"
