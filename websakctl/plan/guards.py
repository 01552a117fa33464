"""When somebody must insist: findings inside the plan, each allowed only by its name and number."""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from websakctl.model.address import Address
from websakctl.model.administrator import Administrator
from websakctl.model.kind import Kind
from websakctl.model.resource import State
from websakctl.plan.change import Change, Finding
from websakctl.plan.diff import LastApplied

USER = "user"


class RemovalLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Most removals without insisting. Source: docs/decisions/0005-guards.md."""

    per_kind: int = 5
    per_district: int = 5
    in_all: int = 20


def guard(
    changes: Iterable[Change],
    live: State,
    known: Mapping[Address, LastApplied],
    protected: set[Address],
    limits: RemovalLimits,
) -> tuple[Finding, ...]:
    """Object to too many removals, to emptied sets and to removals of what is protected."""
    removals = [change for change in changes if change.action.removes]
    if not removals:
        return ()
    result: list[Finding] = []
    per_kind = Counter((c.action.value, c.address.kind) for c in removals)
    for (action, kind), count in sorted(per_kind.items()):
        if count > limits.per_kind:
            result.append(
                Finding(
                    guard=f"{action}:{kind}",
                    count=count,
                    message=f"{count} of kind {kind} would go at once (limit {limits.per_kind})",
                )
            )
    per_district = Counter((c.action.value, c.address.kind, c.address.scope) for c in removals)
    for (action, kind, scope), count in sorted(per_district.items()):
        if count > limits.per_district and scope != "base":
            result.append(
                Finding(
                    guard=f"{action}:{kind}/{scope}",
                    count=count,
                    message=f"{count} of kind {kind} would go in {scope} (limit {limits.per_district})",
                )
            )
    if len(removals) > limits.in_all:
        result.append(
            Finding(
                guard="removals:all",
                count=len(removals),
                message=f"{len(removals)} resources would go in all (limit {limits.in_all})",
            )
        )
    result.extend(_emptied(removals, live))
    for change in removals:
        was = known.get(change.address)
        if change.address in protected or (was is not None and was.protected):
            result.append(
                Finding(guard=f"protected:{change.address}", count=1, message=f"{change.address} is protected")
            )
    return tuple(result)


def _emptied(removals: list[Change], live: State) -> Iterable[Finding]:
    going = Counter((c.address.kind, c.address.scope) for c in removals)
    existing = Counter((a.kind, a.scope) for a, resource in live.items() if resource.active)
    for (kind, scope), count in sorted(going.items()):
        if existing[kind, scope] == count:
            yield Finding(
                guard=f"empty:{kind}/{scope}",
                count=count,
                message=f"the last {count} of kind {kind} in {scope} would go",
            )


def lock_out(changes: Iterable[Change], administrators: Iterable[Administrator], own_user: str) -> tuple[Finding, ...]:
    """Object to taking the rights of our own user, or of all of a district's administrators: theirs, or their unit's."""
    changes = tuple(changes)
    going = {change.address for change in changes if change.action.removes}
    losing = {change.address.key for change in changes if _takes_rights(change)}
    result: list[Finding] = []
    if own_user.upper() in losing:
        result.append(
            Finding(guard="lock-out:own-user", count=1, message=f"{own_user} is the user that this tool works as")
        )
    per_district: dict[str, list[Administrator]] = {}
    for one in sorted(administrators, key=lambda a: a.code):
        if one.unit is None:
            continue
        per_district.setdefault(one.unit.scope, []).append(one)
        if own_user and one.code.upper() == own_user.upper() and one.unit in going:
            result.append(
                Finding(
                    guard="lock-out:own-user",
                    count=1,
                    message=f"{one.unit} is the unit of {own_user}, the user that this tool works as",
                )
            )
    for scope, members in sorted(per_district.items()):
        names = ", ".join(one.code for one in members)
        if all(one.unit in going for one in members):
            result.append(
                Finding(
                    guard=f"lock-out:{scope}",
                    count=len(members),
                    message=f"the units of all administrators of {scope} would go ({names})",
                )
            )
        elif all(one.unit in going or one.code.upper() in losing for one in members):
            result.append(
                Finding(
                    guard=f"lock-out:{scope}",
                    count=len(members),
                    message=f"all administrators of {scope} would lose their rights ({names})",
                )
            )
    return tuple(result)


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
    given = set(allowed)
    return [finding for finding in findings if finding.allowance not in given]
