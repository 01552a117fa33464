"""What refers to something in Websak: it follows where that gets a new key, and is left behind where that goes."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.model.kind import Kind, referred
from websakctl.model.resource import Resource, State
from websakctl.model.retirement import Retirement
from websakctl.plan.change import Change, Finding, Group, ManualStep, Plan, in_words, old_address, some
from websakctl.plan.diff import patched, to_heirs

Target = tuple[str, str]  # kind and key: a key stands once in Websak, whatever district it is in


def with_dependents(
    plan: Plan,
    live: State,
    kinds: Mapping[str, Kind],
    districts: Mapping[str, District],
    retirements: Mapping[Address, Retirement] | None = None,
) -> Plan:
    """Say of each change what follows it, and object to what would be left behind.

    Args:
        plan: Live against desired.
        live: What there is; with the users of every district, where they are to be counted.
        kinds: All kinds that live has resources of.
        districts: The config's, which tell local keys.
        retirements: What goes on purpose; where it has an heir, each of those who are left in it becomes a step for a person.
    """
    renamed = {_target(old) for c in plan.changes if (old := old_address(c)).key != c.address.key}
    going = {_target(c.address) for c in plan.changes if c.action.removes}
    if not renamed and not going:
        return plan
    result = referrers(live, renamed | going, kinds, districts)
    changes = tuple(_with_followers(change, result) for change in plan.changes)
    others = [f for f in plan.findings if not f.guard.startswith("dependents:")]
    followers = {change.address: change.follows for change in changes}
    groups = tuple(_with_all(group, followers) for group in plan.groups)
    named = ((_target(address), retirement.heir) for address, retirement in (retirements or {}).items())
    heirs = {target: heir for target, heir in named if heir is not None and target in going}
    left = _left_in(changes, live, result, kinds, districts)
    return replace(
        plan,
        changes=changes,
        groups=groups,
        findings=(*others, *_findings(left, heirs)),
        manual=(*plan.manual, *_steps(plan, left, live, kinds, heirs)),
    )


def _steps(
    plan: Plan,
    left: Mapping[Address, list[Address]],
    live: State,
    kinds: Mapping[str, Kind],
    heirs: Mapping[Target, Address],
) -> list[ManualStep]:
    """Where each of those goes who would be left behind although there is an heir: no write is sure to erase nothing of them."""
    reported = {step.address for step in plan.manual}
    steps: list[ManualStep] = []
    for address in sorted({a for stay in left.values() for a in stay} - reported):
        kind, fields = kinds[address.kind], live[address].fields
        own: list[ManualStep] = []
        to_heirs(kind, live[address], heirs, own)
        held = sorted({target for target in held_in(kind, fields) if target in heirs})
        reasons = [step.what for step in own] + [
            f"a role is given for {target[1]}, which is retired: give it for {heirs[target].key} in Websak"
            for target in held
        ]
        if reasons:
            steps.append(ManualStep(address=address, what="; ".join(reasons)))
    return steps


def referrers(
    live: State, targets: Collection[Target], kinds: Mapping[str, Kind], districts: Mapping[str, District]
) -> dict[Target, list[Address]]:
    """The active resources that refer to each target; by a local key that every district has, too."""
    everywhere: dict[Target, list[Target]] = defaultdict(list)
    for kind, key in targets:
        for district in districts.values():
            if (local := district.local_key(key)) != key:
                everywhere[kind, local].append((kind, key))
    result: dict[Target, list[Address]] = defaultdict(list)
    for address, resource in live.items():
        if not resource.active or address.kind not in kinds:
            continue
        of_kind = kinds[address.kind]
        named = [
            target
            for _, ref, key in referred(of_kind, resource.fields)
            for target in (everywhere.get((ref.kind, key), ()) if ref.everywhere else [(ref.kind, key)])
        ]
        for target in dict.fromkeys((*named, *held_in(of_kind, resource.fields))):
            if target in targets and target != _target(address):
                result[target].append(address)
    return result


def held_in(kind: Kind, fields: Mapping[str, Any]) -> Iterable[Target]:
    """What the values of mappings hold keys of: the units that a role is given for."""
    for name, held in kind.holds.items():
        for value in (fields.get(name) or {}).values():
            keys = value.get(held.within) if isinstance(value, Mapping) else None
            if isinstance(keys, list):
                yield from ((held.kind, key) for key in keys)


def _target(address: Address) -> Target:
    return address.kind, address.key


def _with_followers(change: Change, result: Mapping[Target, list[Address]]) -> Change:
    old = old_address(change)
    if old.key == change.address.key and not change.action.removes:
        return change
    counted = Counter(address.kind for address in result.get(_target(old), ()))
    return replace(change, follows=tuple(sorted(counted.items())))


def _with_all(group: Group, followers: Mapping[Address, tuple[tuple[str, int], ...]]) -> Group:
    counted: Counter[str] = Counter()
    for address in group.addresses:
        counted.update(dict(followers.get(address, ())))
    return replace(group, follows=tuple(sorted(counted.items())))


def _left_in(
    changes: Iterable[Change],
    live: State,
    result: Mapping[Target, list[Address]],
    kinds: Mapping[str, Kind],
    districts: Mapping[str, District],
) -> dict[Address, list[Address]]:
    """What would refer to something retired, by what is retired."""
    listed = list(changes)
    by_old = {old_address(change): change for change in listed}
    left: dict[Address, list[Address]] = {}
    for change in listed:
        if not change.action.removes:
            continue
        target = _target(change.address)
        stay = [a for a in result.get(target, ()) if _still_refers(live[a], by_old.get(a), target, kinds, districts)]
        if stay:
            left[change.address] = stay
    return left


def _findings(left: Mapping[Address, list[Address]], heirs: Mapping[Target, Address]) -> Iterable[Finding]:
    """One for each kind of what goes: how many of what would be left behind."""
    for kind in sorted({address.kind for address in left}):
        by_address = {address: stay for address, stay in sorted(left.items()) if address.kind == kind}
        count = sum(map(len, by_address.values()))
        named = [
            f"{address}: {in_words(Counter(a.kind for a in stay).items())} ({some(stay)})"
            for address, stay in by_address.items()
        ]
        more = f"; and {len(named) - 3} more" if len(named) > 3 else ""
        what_next = (
            "No file here lists them: move each to the heir in Websak, as the steps for a person say"
            if all(_target(address) in heirs for address in by_address)
            else "Name an heir under `retire:`, or retire them too"
        )
        yield Finding(
            guard=f"dependents:{kind}",
            count=count,
            message=f"{'; '.join(named[:3])}{more} would be left behind. {what_next}",
        )


def _still_refers(
    resource: Resource,
    change: Change | None,
    target: Target,
    kinds: Mapping[str, Kind],
    districts: Mapping[str, District],
) -> bool:
    if change is None:
        return True
    if change.action.removes:
        return False
    after = Resource(address=change.address, fields=patched(resource.fields, change.fields))
    return bool(referrers({change.address: after}, {target}, kinds, districts))


def people_may_depend(plan: Plan, kinds: Mapping[str, Kind]) -> bool:
    """Whether a plan retires or renames something that users refer to, so that all of them must be looked at."""
    of_users = {ref.kind for ref in kinds["user"].references.values()} if "user" in kinds else set()
    return any(
        c.address.kind in of_users and (c.action.removes or old_address(c).key != c.address.key) for c in plan.changes
    )
