"""Who can read each number's mail in Altinn: what an export of its access management proves, and what it leaves open.

What is given at a district holds for the numbers below it; what is given at the city's main number does not reach the
districts. A holder whose name is no listed user's may have left: nobody can tell, so such a one proves nothing.
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from websakctl.model.district import District
from websakctl.rollout.access_packages import Package
from websakctl.rollout.routing import Route

LEAST = 2  # holders of each package: one who reads, and one who stands in


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """One row of an export: this person holds the package at a number. ``until``: the last day (ISO), if it ends.

    ``user``: the listed user (``frogner/KARNOR``) whose name it was when the evidence was recorded.
    """

    orgnr: str
    package: Package
    holder: str
    until: str | None = None
    user: str | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What an export came to. ``rows``: all that it has below its headers; ``unread``: those that could not be understood."""

    taken_on: str
    taken_by: str
    rows: int
    unread: int
    holdings: tuple[Holding, ...]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A listed user. ``ends``: the last day at work; ``first``: the user whose second post it is, else itself."""

    user: str
    name: str
    first: str
    ends: str | None = None
    away: tuple[str, str | None] | None = None  # first and last day of leave


class Presence(StrEnum):
    """Whether a holder is at work."""

    HERE = "here"
    AWAY = "away"
    LEAVING = "leaving"  # before the number's batch is live
    LEFT = "left"
    UNKNOWN = "unknown"


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """One who holds a package for a number. ``day``: since when, or until when, it is so."""

    name: str
    presence: Presence
    day: str | None = None


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """One number and package. ``problems`` are wrong, ``doubts`` cannot be told; neither names a person."""

    orgnr: str
    name: str
    district: str
    package: Package
    holders: tuple[Holder, ...]
    problems: tuple[str, ...]
    doubts: tuple[str, ...]

    def count(self, *presences: Presence) -> int:
        """How many holders are so."""
        return sum(holder.presence in presences for holder in self.holders)


def fold_name(name: str) -> tuple[str, ...]:
    """A name as it is compared: ``NORDMANN, KARI`` is ``Kari Nordmann``."""
    plain = unicodedata.normalize("NFC", name).casefold().replace(",", " ").replace(".", " ")
    return tuple(sorted(plain.split()))


class People:
    """Whom the config lists, found by name.

    Args:
        listed: All users, those too who have left.
        managed: Slugs of districts that list their users; elsewhere nobody can tell who has left.
    """

    def __init__(self, listed: Iterable[Person] = (), managed: Collection[str] = ()) -> None:
        self._managed = frozenset(managed)
        self._by_user = {person.user: person for person in listed}
        self._by_name: dict[tuple[str, ...], list[Person]] = {}
        for person in self._by_user.values():
            self._by_name.setdefault(fold_name(person.name), []).append(person)

    def user_of(self, name: str) -> str | None:
        """The first post of the only person of that name; nothing where there is none, or more than one."""
        firsts = {person.first for person in self._by_name.get(fold_name(name), ())}
        return firsts.pop() if len(firsts) == 1 else None

    def presence(self, holding: Holding, today: str, horizon: str) -> tuple[Presence, str | None]:
        """Whether a holder is at work today and stays until ``horizon``, and the day on which that ends."""
        posts = [person for person in self._by_user.values() if holding.user in (person.user, person.first)]
        if holding.user is None:
            posts = self._by_name.get(fold_name(holding.holder), [])
        elif not posts and holding.user.partition("/")[0] in self._managed:
            return Presence.LEFT, None  # a list of users is whole: who is no longer in it has left
        if not posts or len({person.first for person in posts}) > 1:
            return Presence.UNKNOWN, None
        ends = None if any(person.ends is None for person in posts) else max(person.ends or "" for person in posts)
        if ends is not None and ends < horizon:
            return (Presence.LEFT if ends < today else Presence.LEAVING), ends
        for person in posts:
            if person.away and person.away[0] <= today <= (person.away[1] or "9"):
                return Presence.AWAY, person.away[1]
        return Presence.HERE, None


def judge_access(
    routes: Iterable[Route],
    districts: Mapping[str, District],
    evidence: Evidence,
    people: People,
    today: date,
) -> tuple[Access, ...]:
    """Judge both packages for every number that has not ended, worst first, then by district and number."""
    at: dict[tuple[str, Package], list[Holding]] = {}
    for holding in evidence.holdings:
        at.setdefault((holding.orgnr, holding.package), []).append(holding)
    result = []
    for route in routes:
        if route.ended:
            continue
        district = districts[route.district]
        for package in Package:
            held = list(at.get((route.orgnr, package), ()))
            if route.orgnr != district.orgnr:
                held += at.get((district.orgnr, package), ())
            result.append(_access(route, package, held, people, today.isoformat()))
    return tuple(sorted(result, key=lambda a: (not a.problems, not a.doubts, a.district, a.orgnr, a.package)))


def _access(route: Route, package: Package, held: Sequence[Holding], people: People, today: str) -> Access:
    horizon = max(today, route.go_live or today)
    running = [holding for holding in held if (holding.until or "9") >= today]
    staying: dict[object, Holding] = {}
    for holding in sorted(running, key=lambda h: h.until or "9"):  # of two rows of a person, the one that lasts longer
        staying[people.user_of(holding.holder) or fold_name(holding.holder)] = holding
    holders = tuple(_holder(holding, people, today, horizon) for holding in staying.values())
    access = Access(
        orgnr=route.orgnr, name=route.name, district=route.district, package=package,
        holders=tuple(sorted(holders, key=lambda h: fold_name(h.name))), problems=(), doubts=(),
    )  # fmt: skip
    problems = tuple(_problems(route, access, expired=len(held) - len(running)))
    return msgspec.structs.replace(access, problems=problems, doubts=() if problems else tuple(_doubts(access)))


def _holder(holding: Holding, people: People, today: str, horizon: str) -> Holder:
    presence, day = people.presence(holding, today, horizon)
    if presence is Presence.HERE and holding.until is not None and holding.until < horizon:
        presence, day = Presence.LEAVING, holding.until
    return Holder(name=holding.holder, presence=presence, day=day)


def _problems(route: Route, access: Access, *, expired: int) -> Iterable[str]:
    if route.channel == "altinn" and access.package is Package.CONFIDENTIAL and not route.confidential_readers:
        yield "nobody is said to read it: confidential_readers names no role"
    if not access.holders:
        yield (
            f"nobody holds the access package any more, {expired} ended"
            if expired
            else "nobody holds the access package"
        )
        return
    if gone := access.count(Presence.LEFT):
        yield f"{gone} of its holders left: take the access back in Altinn"
    if leaving := [holder for holder in access.holders if holder.presence is Presence.LEAVING]:
        last = min(holder.day or "" for holder in leaving)
        yield f"{len(leaving)} of its holders can read it to {last} only, and {route.batch} is live on {route.go_live}"
    able, away = access.count(Presence.HERE, Presence.UNKNOWN), access.count(Presence.AWAY)
    if able < LEAST and away:
        yield f"{able} can read it, and {LEAST} are needed ({away} on leave)"
    elif able < LEAST:
        yield f"{able} can read it, and {LEAST} are needed"


def _doubts(access: Access) -> Iterable[str]:
    if access.count(Presence.HERE) < LEAST:
        yield f"{access.count(Presence.UNKNOWN)} of its holders cannot be found among the listed users, so nobody can tell whether they left"


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What is recorded of Altinn's access management, and what it says of every number.

    ``flaw``: why it proves nothing: none is recorded, it cannot be read, or it is too old. ``doubt``: what of it is not known.
    """

    flaw: str = "no export of Altinn's access management is recorded"
    doubt: str = ""
    taken_on: str = ""
    taken_by: str = ""
    access: tuple[Access, ...] = ()


def age_problem(evidence: Evidence, today: date, max_age_days: int) -> str | None:
    """Why an export is too old to prove anything, or of a day that has not come; else nothing."""
    taken = date.fromisoformat(evidence.taken_on)
    if taken > today:
        return f"the export is said to be of {taken}, which has not come"
    if taken + timedelta(days=max_age_days) < today:
        return f"the export is {(today - taken).days} days old ({taken}), and {max_age_days} are allowed"
    return None


def incomplete(evidence: Evidence) -> str | None:
    """What of an export could not be read; nothing where all of it was."""
    if not evidence.unread:
        return None
    return f"{evidence.unread} of {evidence.rows} rows of the export could not be read"
