"""Seats of each licence pool: bought, allotted, in use, and needed batch by batch."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

from websakctl.kinds import entries, entry
from websakctl.kinds.licence import Licence
from websakctl.kinds.user import KIND as USER_KIND
from websakctl.kinds.user_role import KIND as ROLE_KIND
from websakctl.kinds.user_role import UserRole
from websakctl.model.address import BASE, Address
from websakctl.model.resource import Resource, State
from websakctl.rollout.batches import Batch, in_order

USER, USER_ROLE = USER_KIND.name, ROLE_KIND.name


class Seats(msgspec.Struct, frozen=True, kw_only=True):
    """One district's part of a pool.

    ``allotted``: ``None`` where the pool is not shared out. ``in_use``: ``None`` where live was not asked. ``needed``: by the
    users that the district lists; while it lists none, its allotment, or what is in use if that is more.
    """

    allotted: int | None
    in_use: int | None
    needed: int
    listed: bool

    @property
    def missing(self) -> int:
        """Seats needed or in use beyond what the district is allotted."""
        return 0 if self.allotted is None else max(0, self.needed - self.allotted, (self.in_use or 0) - self.allotted)


class AfterBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A pool once a batch is live. ``needed``: by the batch's own districts; ``bought``: what is valid on that day."""

    batch: str
    date: str | None
    needed: int
    total_after: int
    bought: int

    @property
    def missing(self) -> int:
        """Seats beyond those bought."""
        return max(0, self.total_after - self.bought)


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """A licence pool. ``unknown``: active users whose role cannot be told; any of them may take a seat that is not counted."""

    key: str
    product: str
    bought: int
    valid_from: str | None
    valid_to: str | None
    valid_now: bool
    allotted: int
    in_use: int | None
    unknown: int
    districts: Mapping[str, Seats]
    batches: tuple[AfterBatch, ...]

    @property
    def high_water(self) -> int:
        """Most seats that are in use at any time, now or after any batch."""
        return max((self.in_use or 0, *(after.total_after for after in self.batches)))

    @property
    def missing_now(self) -> int:
        """Seats in use beyond those valid today."""
        return max(0, (self.in_use or 0) - (self.bought if self.valid_now else 0))

    @property
    def missing(self) -> int:
        """Most seats that lack at any time."""
        return max((self.missing_now, *(after.missing for after in self.batches)))


class Shortage(msgspec.Struct, frozen=True, kw_only=True):
    """Seats that lack: in a pool once ``batch`` is live (``None``: today), or in ``district``'s allotment of it."""

    pool: str
    batch: str | None
    district: str | None
    missing: int


def seats(config: State, users: State | None, today: date) -> tuple[Pool, ...]:
    """Count every pool.

    Args:
        config: All resources of the config, the tool's own too (``Configuration.whole``).
        users: All live users; ``None`` if live was not asked.
        today: Which pools are valid now. A batch whose day has passed is judged by today, as it still takes its seats.

    A district counts with what it has in use until its batch is live, and with what it needs from then on. One that is in no
    batch counts with what it needs from the start.
    """
    batches = in_order(config)
    desired = seats_taken(config, config)
    listed = {a.scope for a in config if a.kind == USER}
    live = None if users is None else seats_taken(users, config)
    unknown = 0 if users is None else unknown_role(users, config)
    return tuple(
        _pool(licence.value, batches, desired, live, listed, unknown, today)
        for licence in sorted(entries(Licence, config), key=lambda result: result.address)
    )


def _pool(
    licence: Licence,
    batches: tuple[Batch, ...],
    desired: Counter[tuple[str, str]],
    live: Counter[tuple[str, str]] | None,
    listed: set[str],
    unknown: int,
    today: date,
) -> Pool:
    key, allotments = licence.code, licence.allotments
    planned = {slug for batch in batches for slug in batch.districts}
    taken = {scope for pool, scope in (*desired, *(live or ())) if pool == key}
    districts = {}
    for slug in sorted({*allotments, *planned, *taken}):
        allotted = allotments.get(slug, 0) if allotments else None
        in_use = None if live is None else live[key, slug]
        needed = desired[key, slug] if slug in listed else max(allotted or 0, in_use or 0)
        districts[slug] = Seats(allotted=allotted, in_use=in_use, needed=needed, listed=slug in listed)
    return Pool(
        key=key,
        product=licence.product,
        bought=licence.bought,
        valid_from=licence.valid_from,
        valid_to=licence.valid_to,
        valid_now=valid(licence, today.isoformat()),
        allotted=sum(allotments.values()),
        in_use=None if live is None else sum(d.in_use or 0 for d in districts.values()),
        unknown=unknown,
        districts=districts,
        batches=tuple(_after(licence, batches, districts, planned, today)),
    )


def _after(
    licence: Licence, batches: tuple[Batch, ...], districts: Mapping[str, Seats], planned: set[str], today: date
) -> Iterable[AfterBatch]:
    is_live = districts.keys() - planned
    for batch in batches:
        is_live |= set(batch.districts)
        total = sum(d.needed if slug in is_live else d.in_use or 0 for slug, d in districts.items())
        needed = sum(districts[slug].needed for slug in batch.districts)
        day = max(batch.go_live or "", today.isoformat())
        yield AfterBatch(
            batch=batch.key,
            date=batch.go_live,
            needed=needed,
            total_after=total,
            bought=licence.bought if valid(licence, day) else 0,
        )


def valid(licence: Licence, day: str) -> bool:
    """Whether a pool's seats may be used on a day (ISO)."""
    return (licence.valid_from or "") <= day <= (licence.valid_to or "9")


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """How many listed users start and leave in a month (``2027-02``)."""

    month: str
    starting: int
    leaving: int


def coming_and_going(days: Mapping[Address, Mapping[str, Any]], today: date) -> tuple[Month, ...]:
    """Count who starts after today and who leaves from today on, month by month.

    Args:
        days: ``valid_from`` and ``valid_to`` of users, as ``Configuration.config_only`` has them.
        today: What has come to pass is not counted.
    """
    day = today.isoformat()
    users = [fields for address, fields in days.items() if address.kind == USER]
    starting = Counter(fields["valid_from"][:7] for fields in users if fields.get("valid_from", "") > day)
    leaving = Counter(fields["valid_to"][:7] for fields in users if fields.get("valid_to", "") >= day)
    return tuple(
        Month(month=month, starting=starting[month], leaving=leaving[month]) for month in sorted({*starting, *leaving})
    )


def shortages(pools: Iterable[Pool]) -> tuple[Shortage, ...]:
    """Everything that lacks: in a pool today and after each batch, and in the districts' allotments."""
    result: list[Shortage] = []
    for pool in pools:
        if pool.missing_now:
            result.append(Shortage(pool=pool.key, batch=None, district=None, missing=pool.missing_now))
        result.extend(
            Shortage(pool=pool.key, batch=b.batch, district=None, missing=b.missing) for b in pool.batches if b.missing
        )
        result.extend(
            Shortage(pool=pool.key, batch=None, district=slug, missing=d.missing)
            for slug, d in pool.districts.items()
            if d.missing
        )
    return tuple(result)


def licences_of(role: str | None, config: State) -> tuple[str, ...]:
    """The pools that one user of a role takes a seat in."""
    result = config.get(Address(USER_ROLE, BASE, role)) if role else None
    return tuple(entry(UserRole, result).licences) if result else ()


def role_of(user: Resource, config: State) -> str | None:
    """A user's role: what live tells, else what the config says of the same user; ``None`` where neither is a known role."""
    given = config.get(user.address)
    for role in (user.fields.get("role"), given.fields.get("role") if given else None):
        if role and Address(USER_ROLE, BASE, role) in config:
            return str(role)
    return None


def unknown_role(users: State, config: State) -> int:
    """How many active users there are whose role cannot be told."""
    return sum(1 for a, u in users.items() if a.kind == USER and u.active and role_of(u, config) is None)


def seats_taken(users: State, config: State) -> Counter[tuple[str, str]]:
    """Seats that active users take, by pool and district."""
    counted: Counter[tuple[str, str]] = Counter()
    for address, user in users.items():
        if address.kind == USER and user.active:
            counted.update((pool, address.scope) for pool in set(licences_of(role_of(user, config), config)))
    return counted
