"""When somebody must insist: findings inside the plan, each allowed only by its name and number."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping

from websakctl.model.address import Address
from websakctl.model.administrator import Administrator
from websakctl.model.district import District
from websakctl.model.kind import Kind
from websakctl.model.resource import Resource, State
from websakctl.plan.change import Action, Change, Finding
from websakctl.plan.diff import Known, canonical
from websakctl.record import record

USER = "user"


@record
class Limits:
    """Most removals without insisting. Source: docs/decisions/0005-guards.md."""

    per_kind: int = 5
    per_district: int = 5
    in_all: int = 20


def guard(
    changes: Iterable[Change], live: State, known: Mapping[Address, Known], protected: set[Address], limits: Limits
) -> tuple[Finding, ...]:
    """Object to too many removals, to emptied sets and to removals of what is protected."""
    removals = [change for change in changes if change.action.removes]
    if not removals:
        return ()
    found: list[Finding] = []
    per_kind = Counter((c.action.value, c.address.kind) for c in removals)
    for (action, kind), count in sorted(per_kind.items()):
        if count > limits.per_kind:
            found.append(
                Finding(f"{action}:{kind}", count, f"{count} of kind {kind} would go at once (limit {limits.per_kind})")
            )
    per_district = Counter((c.action.value, c.address.kind, c.address.scope) for c in removals)
    for (action, kind, scope), count in sorted(per_district.items()):
        if count > limits.per_district and scope != "base":
            found.append(
                Finding(
                    f"{action}:{kind}/{scope}",
                    count,
                    f"{count} of kind {kind} would go in {scope} (limit {limits.per_district})",
                )
            )
    if len(removals) > limits.in_all:
        found.append(
            Finding("removals:all", len(removals), f"{len(removals)} resources would go in all (limit {limits.in_all})")
        )
    found.extend(_emptied(removals, live))
    for change in removals:
        was = known.get(change.address)
        if change.address in protected or (was is not None and was.protected):
            found.append(Finding(f"protected:{change.address}", 1, f"{change.address} is protected"))
    return tuple(found)


def _emptied(removals: list[Change], live: State) -> Iterable[Finding]:
    going = Counter((c.address.kind, c.address.scope) for c in removals)
    there = Counter((a.kind, a.scope) for a, resource in live.items() if resource.active)
    for (kind, scope), count in sorted(going.items()):
        if there[kind, scope] == count:
            yield Finding(f"empty:{kind}/{scope}", count, f"the last {count} of kind {kind} in {scope} would go")


def probable_renames(
    changes: Iterable[Change],
    desired: State,
    live: State,
    kinds: Mapping[str, Kind],
    districts: Mapping[str, District],
    previously: Mapping[Address, tuple[Address, ...]],
) -> tuple[Finding, ...]:
    """Object to retiring something and making its look-alike: most likely one was renamed, and its history should stay.

    The same pair in several districts is one finding.
    """
    gone: dict[object, list[Address]] = {}
    made: list[Address] = []
    for change in changes:
        kind = kinds[change.address.kind]
        if change.action.removes:
            gone.setdefault(_content(kind, change.address.scope, live[change.address]), []).append(change.address)
        elif change.action is Action.CREATE and previously.get(change.address) != () and change.address in desired:
            made.append(change.address)
    pairs: dict[tuple[str, str, str], list[Address]] = {}
    for new in made if gone else ():
        alike = gone.get(_content(kinds[new.kind], new.scope, desired[new]))
        if alike and (was := alike.pop(0)) not in previously.get(new, ()):
            old = _local(was, districts)
            pairs.setdefault((new.kind, old, _local(new, districts)), []).append(new)
    return tuple(
        Finding(
            f"rename:{kind}/{new}",
            len(members),
            f"{old} would go and {new} come with the same content ({', '.join(a.scope for a in members[:3])}{', …' if len(members) > 3 else ''}): "
            f"probably a rename. Say `previously: [{old}]` at {new}, or `previously: []` if it is new",
        )
        for (kind, old, new), members in sorted(pairs.items())
    )


def _local(address: Address, districts: Mapping[str, District]) -> str:
    district = districts.get(address.scope)
    return district.local_key(address.key) if district else address.key


def _content(kind: Kind, scope: str, resource: Resource) -> object:
    """What tells a resource apart once its key, and what follows from the key, are left out."""
    left_out = {kind.key_mirror, *kind.unique, *kind.create_only}
    said = {name: resource.fields.get(name) for name in kind.managed_fields if name not in left_out}
    if not any(value not in (None, [], {}, False) for value in said.values()):
        return (kind.name, resource.address)  # nothing to recognise it by
    return (kind.name, scope, json.dumps(canonical(said), sort_keys=True, default=str))


def lock_out(changes: Iterable[Change], administrators: Iterable[Administrator], own_user: str) -> tuple[Finding, ...]:
    """Object to taking the rights of our own user, or of all of a district's administrators: theirs, or their unit's."""
    changes = tuple(changes)
    going = {change.address for change in changes if change.action.removes}
    losing = {change.address.key for change in changes if _takes_rights(change)}
    found: list[Finding] = []
    if own_user.upper() in losing:
        found.append(Finding("lock-out:own-user", 1, f"{own_user} is the user that this tool works as"))
    per_district: dict[str, list[Administrator]] = {}
    for one in sorted(administrators, key=lambda a: a.code):
        if one.unit is None:
            continue
        per_district.setdefault(one.unit.scope, []).append(one)
        if own_user and one.code.upper() == own_user.upper() and one.unit in going:
            found.append(
                Finding(
                    "lock-out:own-user", 1, f"{one.unit} is the unit of {own_user}, the user that this tool works as"
                )
            )
    for scope, members in sorted(per_district.items()):
        names = ", ".join(one.code for one in members)
        if all(one.unit in going for one in members):
            found.append(
                Finding(
                    f"lock-out:{scope}", len(members), f"the units of all administrators of {scope} would go ({names})"
                )
            )
        elif all(one.unit in going or one.code.upper() in losing for one in members):
            found.append(
                Finding(
                    f"lock-out:{scope}",
                    len(members),
                    f"all administrators of {scope} would lose their rights ({names})",
                )
            )
    return tuple(found)


def _takes_rights(change: Change) -> bool:
    """Whether a user is retired, or may do less or something else afterwards."""
    if change.address.kind != USER:
        return False
    return change.action.removes or any(
        (f.path == "role" and f.before is not None)
        or (f.path == "access_functions" and not set(f.before or ()) <= set(f.after or ()))
        for f in change.fields
    )


def may_lock_out(changes: Iterable[Change], kinds: Mapping[str, Kind]) -> bool:
    """Whether any change takes rights: it retires something that users belong to, a kind that forms a tree, or a user's own."""
    return any((c.action.removes and kinds[c.address.kind].root_key is not None) or _takes_rights(c) for c in changes)


def not_allowed(findings: Iterable[Finding], allowed: Iterable[str]) -> list[Finding]:
    """Those findings that nobody has allowed by name and number."""
    said = set(allowed)
    return [finding for finding in findings if finding.allowance not in said]
