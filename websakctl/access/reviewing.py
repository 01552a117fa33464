"""A review of a district: who reads more than the role gives, who reads across districts, who administers, who has left."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from websakctl.access.accounts import Account, RoleScope
from websakctl.access.effective import EffectiveAccess
from websakctl.access.values import Gap, Question, Reader, Verdict
from websakctl.kinds.org_unit import KIND as ORG_UNIT
from websakctl.kinds.user_role import KIND as USER_ROLE
from websakctl.model.address import BASE, Address
from websakctl.model.administrator import ADMINISTRATION
from websakctl.model.district import District
from websakctl.model.resource import Fields, State

NO_APPROVAL, NO_LIST = "who both approves and administers", "who has left"  # what a review may be unable to look for


class Excess(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an account has and its role does not give.

    ``kind``: role, unit, access code, archive, function or group; ``what``: which one, empty for all of them; ``role``: the role
    of Websak that it is of. Where nobody can tell, ``kind`` is ``no role``, or ``template`` where the role leaves it to that.
    """

    account: Address
    kind: str
    what: str = ""
    role: str = ""


class Across(msgspec.Struct, frozen=True, kw_only=True):
    """An access code that an account reads in other districts than its own, with these."""

    account: Address
    code: str
    verdict: Verdict
    districts: tuple[str, ...]


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """An account that is active although the person has left, or is on no list: since when, or why."""

    account: Address
    why: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One account of the list to sign."""

    account: Address
    person: str
    role: str | None
    unit: str | None
    reads: Mapping[str, Reader]  # by access code; what it does not read is left out


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to sign for one district."""

    district: str
    rows: tuple[Row, ...]
    beyond: tuple[Excess, ...]
    outwards: tuple[Across, ...]  # the district's people in other districts
    inwards: tuple[Across, ...]  # others in this one
    administrators: tuple[Address, ...]
    left: tuple[Left, ...]
    segregation: tuple[Address, ...]  # who both approves and administers
    approval_known: bool  # whether the settings say what approves
    users_listed: bool  # whether the config says who the district's users are
    groups: tuple[str, ...]  # without an owner
    sensitive: Mapping[str, tuple[int, int]]  # people who read it in the district, for certain and perhaps
    gaps: tuple[Gap, ...]

    @property
    def findings(self) -> int:
        """How many things somebody should look at."""
        return sum(map(len, (self.beyond, self.outwards, self.inwards, self.left, self.segregation, self.groups)))

    @property
    def not_checked(self) -> tuple[str, ...]:
        """What nobody could look for; that nothing was found of it says nothing."""
        unknown = {NO_APPROVAL: not self.approval_known, NO_LIST: not self.users_listed}
        return tuple(what for what, lacks in unknown.items() if lacks)

    @property
    def people(self) -> int:
        """How many people of the district can log in."""
        return len({row.person for row in self.rows if row.account.scope == self.district})

    @property
    def digest(self) -> str:
        """The fingerprint of what is signed: the same while nobody's access is another."""
        reads = [
            (str(row.account), [(code, reader.verdict, reader.ways) for code, reader in row.reads.items()])
            for row in self.rows
        ]
        parts = (
            self.district,
            reads,
            self.beyond,
            self.outwards,
            self.inwards,
            self.administrators,
            self.left,
            self.gaps,
        )
        return f"sha256:{hashlib.sha256(msgspec.json.encode(parts, order='deterministic')).hexdigest()}"


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """What the config says of people: roles of users, who is listed, who has left (by address, with the day), owners of groups."""

    roles: State
    listed: frozenset[Address] = frozenset()
    ended: Mapping[Address, str] = {}
    districts_with_lists: frozenset[str] = frozenset()
    ownerless: tuple[Address, ...] = ()
    sensitive: frozenset[str] = frozenset()


def review(access: EffectiveAccess, district: District, listed: Listed) -> Review:
    """Put together what there is to sign for a district."""
    own = [account for address, account in sorted(access.accounts.items()) if address.scope == district.slug]
    codes = {account.address: _reads(access, account.address) for account in access.accounts.values()}
    codes_there = frozenset(access.codes)
    administrators = tuple(sorted(a for a, each in access.accounts.items() if _administers(each)))
    inwards = tuple(
        across
        for across in _across(access, codes, administrators)
        if across.account.scope != district.slug and district.slug in across.districts
    )
    shown = [
        *own,
        *(
            access.accounts[a]
            for a in sorted({*administrators, *(each.account for each in inwards)})
            if a.scope != district.slug
        ),
    ]
    return Review(
        district=district.slug,
        rows=tuple(_row(access, account, codes[account.address]) for account in shown),
        beyond=tuple(excess for account in own for excess in beyond_role(access, account, listed.roles, district)),
        outwards=tuple(a for a in _across(access, codes, administrators) if a.account.scope == district.slug),
        inwards=inwards,
        administrators=administrators,
        left=tuple(_left(own, listed)),
        segregation=tuple(a for a in approving_administrators(access) if a.scope in (district.slug, BASE)),
        approval_known=bool(access.model.approving_role_types or access.model.approving_functions),
        users_listed=district.slug in listed.districts_with_lists,
        groups=tuple(a.key for a in listed.ownerless if a.scope in (district.slug, BASE)),
        sensitive={code: _count(access, code, district) for code in sorted(listed.sensitive & codes_there)},
        gaps=(*access.gaps, *_gaps(district, own, sorted(listed.sensitive - codes_there))),
    )  # fmt: skip


def _gaps(district: District, own: Collection[Account], absent: Collection[str]) -> Iterator[Gap]:
    """What a review lacks of its own: users of the district, and sensitive access codes."""
    if not own:
        yield Gap(what="districts of which no user is known", where=(district.slug,))
    if absent:
        yield Gap(what="sensitive access codes of the config that no list has", where=tuple(absent))


def _reads(access: EffectiveAccess, account: Address) -> dict[str, Reader]:
    return {code: reader for code, reader in access.what(account).items() if reader.verdict is not Verdict.NO}


def _row(access: EffectiveAccess, account: Account, reads: Mapping[str, Reader]) -> Row:
    fields = access.state[account.address].fields
    return Row(
        account=account.address, person=account.person, role=fields.get("role"), unit=fields.get("unit"), reads=reads
    )


def _administers(account: Account) -> bool:
    return ADMINISTRATION in (account.profile.functions or ())


def _across(
    access: EffectiveAccess, codes: Mapping[Address, Mapping[str, Reader]], administrators: Collection[Address]
) -> Iterator[Across]:
    """Access codes that accounts read in other districts than their own; administrators are told apart."""
    everywhere = frozenset(scope for scope in access.units.scopes.values() if scope != BASE)
    for address, reads in sorted(codes.items()):
        if address in administrators:
            continue
        for code, reader in reads.items():
            for verdict in (Verdict.YES, Verdict.UNKNOWN):
                scopes: set[str] = set()
                for way in reader.ways:
                    if way.verdict is verdict and way.kind not in ("administrator", "unscreened"):
                        units = access.units_of(way)
                        scopes |= everywhere if units is None else {access.units.scopes.get(key, BASE) for key in units}
                if others := scopes - {address.scope, BASE}:
                    yield Across(account=address, code=code, verdict=verdict, districts=tuple(sorted(others)))


def _left(own: Iterable[Account], listed: Listed) -> Iterator[Left]:
    for account in own:
        address = account.address
        if address in listed.ended:
            yield Left(account=address, why=f"left on {listed.ended[address]}")
        elif address.scope in listed.districts_with_lists and address not in listed.listed:
            yield Left(account=address, why="not in the district's list of users")


def _count(access: EffectiveAccess, code: str, district: District) -> tuple[int, int]:
    """People who read an access code in a district's units, for certain and perhaps."""
    certain: set[str] = set()
    perhaps: set[str] = set()
    units = access.units.of_scope(district.slug)
    by_unit = access.by_unit(Question(code=code))
    for key in units:
        for address, verdict in by_unit[key].items():
            (certain if verdict is Verdict.YES else perhaps).add(access.accounts[address].person)
    return len(certain), len(perhaps - certain)


def approving_administrators(access: EffectiveAccess) -> tuple[Address, ...]:
    """Accounts that both approve and administer; what approves, only the settings say."""
    types, functions = set(access.model.approving_role_types), set(access.model.approving_functions)
    return tuple(
        sorted(
            address
            for address, account in access.accounts.items()
            if _administers(account)
            and (
                functions & (account.profile.functions or set())
                or types & {r.type for r in account.profile.roles or ()}
            )
        )
    )


# --- what a role gives


def placed(scope: Fields, unit: str, district: District) -> dict[str, Any]:
    """A role of Websak as ``user_roles:`` says it, with the units that it holds for by their keys.

    Args:
        scope: Its units (``own``, ``district`` or ``none``), archives, journal units and grades.
        unit: The user's own.
        district: The user's.
    """
    units = {"own": [unit], "district": [district.full_key(ORG_UNIT.root_key or "")], "none": []}
    return {
        "units": units[scope["units"]],
        "archives": sorted(scope["archives"]),
        "journal_units": sorted(scope["journal_units"]),
        "grades": sorted(scope["grades"]),
    }


def beyond_role(access: EffectiveAccess, account: Account, roles: State, district: District) -> Iterator[Excess]:
    """What an account has that its role does not give; what the role leaves to its template nobody can compare."""
    fields, profile = access.state[account.address].fields, account.profile
    role = roles.get(Address(USER_ROLE.name, BASE, fields.get("role") or ""))

    def excess(kind: str, what: str = "", role: str = "") -> Excess:
        return Excess(account=account.address, kind=kind, what=what, role=role)

    if role is None:
        if profile.roles or profile.functions or profile.groups:
            yield excess("no role")
        return
    given = role.fields
    if given.get("roles") is None and profile.roles:
        yield excess("template", role.address.key)
    elif profile.roles is not None:
        scopes = {
            name: placed(scope, fields.get("unit") or "", district)
            for name, scope in (given.get("roles") or {}).items()
        }
        for held in profile.roles:
            yield from (excess(kind, what, held.type) for kind, what in _wider(access, held, scopes.get(held.type)))
    if given.get("access_functions") is not None and profile.functions is not None:
        for name in sorted(profile.functions - set(given["access_functions"])):
            yield excess("function", name)
    groups = {*(given.get("groups") or ()), *(district.full_key(key) for key in given.get("district_groups") or ())}
    if given.get("groups") is not None or given.get("district_groups") is not None:
        for name in sorted(profile.groups - groups):
            yield excess("group", name)


def _wider(access: EffectiveAccess, held: RoleScope, given: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    """In what a role of Websak goes beyond what was given of it: the kind, and which one; empty for all of them."""
    if given is None:
        yield "role", held.type
        return
    allowed = {key for unit in given["units"] for key in access.units.below(unit)}
    for kind, mine, given_ones, within in (
        ("access code", sorted(held.grades), given["grades"], set(given["grades"])),
        ("unit", held.units, given["units"], allowed),
        ("archive", held.archives, given["archives"], set(given["archives"])),
    ):
        if given_ones and not mine:
            yield kind, ""
        elif given_ones or kind != "archive":  # a role that names no archive was given all
            yield from ((kind, each) for each in mine if each not in within)
