"""More users than seats: what a plan would do to the licence pools."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

import msgspec
from msgspec.structs import replace

from websakctl.kinds import entries, entry
from websakctl.kinds.licence import KIND as LICENCE
from websakctl.kinds.licence import Licence
from websakctl.kinds.user_role import UserRole
from websakctl.model.address import Address
from websakctl.model.resource import Resource, State
from websakctl.plan.change import Action, Change, FieldChange, Finding
from websakctl.plan.diff import patched
from websakctl.rollout.batches import batch_of, in_order
from websakctl.rollout.capacity import USER, seats_taken, valid

_NO_SEATS = Licence(code="", product="", bought=0)


def may_overrun(changes: Iterable[Change], config: State) -> bool:
    """Whether any change could leave more users than seats; only then are users worth reading."""
    pools = {pool for role in entries(UserRole, config) for pool in role.value.licences}
    return bool(pools) and any(
        _takes_seats(change) or (change.address.key in pools and _takes_from_a_pool(change)) for change in changes
    )


def _takes_seats(change: Change) -> bool:
    if change.address.kind != USER or change.action.removes:
        return False
    return change.action is not Action.UPDATE or any(f.path in ("role", "scope") for f in change.fields)


def _takes_from_a_pool(change: Change) -> bool:
    """Whether a pool, an allotment of it or its validity shrinks; a new one cannot."""
    if change.address.kind != LICENCE.name or change.action is Action.CREATE:
        return False
    return change.action.removes or any(_shrinks(field) for field in change.fields)


def _shrinks(field: FieldChange) -> bool:
    if field.path.startswith("valid_"):
        return True
    return field.path.startswith(("bought", "allotments")) and (field.after or 0) < (field.before or 0)


def overrun(changes: Iterable[Change], users: State, config: State, today: date | None) -> tuple[Finding, ...]:
    """Object where seats lack and the plan takes more or leaves fewer: in a pool (``seats:POOL``), in a district's part of it (``seats:POOL/SLUG``).

    Args:
        changes: The plan's.
        users: All live users, those of districts that it does not plan for too.
        config: All resources of the config: its pools, but for what the plan changes of them, and its roles.
        today: The day that pools must be valid on; ``None``: that is not looked at.
    """
    listed = list(changes)
    later = _once_done(listed, users)
    before = seats_taken(users, config)
    after = seats_taken(later, config)
    result: list[Finding] = []
    for address in sorted(config):
        if address.kind == LICENCE.name:
            was, becomes = _fields(address, config, listed)
            pool = _Pool(key=address.key, was=was, becomes=becomes, before=before, after=after, today=today)
            result.extend(_findings(pool, config))
    return tuple(result)


class _Pool(msgspec.Struct, frozen=True, kw_only=True):
    """One pool before and after the plan: its fields, and the seats taken by pool and district."""

    key: str
    was: Licence
    becomes: Licence
    before: Counter[tuple[str, str]]
    after: Counter[tuple[str, str]]
    today: date | None

    def taken(self, counted: Counter[tuple[str, str]], district: str | None) -> int:
        return sum(n for (pool, slug), n in counted.items() if pool == self.key and district in (None, slug))

    def seats(self, licence: Licence, district: str | None) -> int | None:
        """Seats of the pool or of a district's part; ``None`` where the pool is not shared out."""
        if district is not None:
            return licence.allotments.get(district, 0) if licence.allotments else None
        return licence.bought if self.today is None or valid(licence, self.today.isoformat()) else 0

    def missing(self, district: str | None = None) -> int:
        """Seats that lack afterwards; none where the plan neither takes more nor leaves fewer."""
        after, now = self.seats(self.becomes, district), self.seats(self.was, district)
        if after is None:
            return 0
        used, used_before = self.taken(self.after, district), self.taken(self.before, district)
        worse = used > used_before or now is None or after < now
        return max(0, used - after) if worse else 0

    def districts(self) -> list[str]:
        return sorted({slug for pool, slug in self.after if pool == self.key})


def _findings(pool: _Pool, config: State) -> Iterable[Finding]:
    if missing := pool.missing():
        used, bought = pool.taken(pool.after, None), pool.seats(pool.becomes, None)
        reported = (
            f"{_count(used, 'user')} of {pool.becomes.product or pool.key} for {_count(bought or 0)}: {missing} missing"
        )
        yield Finding(guard=f"seats:{pool.key}", count=missing, message=reported + _batches(pool, config))
    for slug in pool.districts():
        if missing := pool.missing(slug):
            used, allotted = pool.taken(pool.after, slug), pool.seats(pool.becomes, slug)
            yield Finding(
                guard=f"seats:{pool.key}/{slug}",
                count=missing,
                message=f"{_count(used, 'user')} in {slug} for {_count(allotted or 0, 'allotted seat')}: {missing} missing",
            )


def _count(number: int, what: str = "seat") -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _batches(pool: _Pool, config: State) -> str:
    """The batches whose districts get more users, to be named."""
    by_district = batch_of(in_order(config))
    more = {slug for slug in pool.districts() if pool.taken(pool.after, slug) > pool.taken(pool.before, slug)}
    named = sorted({by_district[slug].key for slug in more if slug in by_district})
    return f" ({', '.join(named)})" if named else ""


def _once_done(changes: list[Change], users: State) -> State:
    """The users as the plan leaves them."""
    after = dict(users)
    for change in changes:
        address = change.address
        if address.kind != USER:
            continue
        moved_from = next((Address(USER, f.before, address.key) for f in change.fields if f.path == "scope"), address)
        was = after.pop(moved_from, None)
        active = not change.action.removes and (was is None or was.active or change.action is not Action.UPDATE)
        after[address] = Resource(
            address=address, fields=patched(was.fields if was else {}, change.fields), active=active
        )
    return after


def _fields(address: Address, config: State, changes: list[Change]) -> tuple[Licence, Licence]:
    """A pool before and after the plan; a new one counts as if it had been there before."""
    resource = config[address]
    licence = entry(Licence, resource)
    change = next((c for c in changes if c.address == address), None)
    if change is None:
        return licence, licence
    becomes = _NO_SEATS if change.action.removes else _with(resource, change.fields)
    back = tuple(FieldChange(path=f.path, before=f.after, after=f.before) for f in change.fields)
    return becomes if change.action is Action.CREATE else _with(resource, back), becomes


def _with(resource: Resource, changed: tuple[FieldChange, ...]) -> Licence:
    return entry(Licence, replace(resource, fields=patched(resource.fields, changed)))
