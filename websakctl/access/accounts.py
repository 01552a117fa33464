"""Accounts and units of a state as access looks at them, and what the state does not tell of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from websakctl.access.assumptions import NONE, UNKNOWN, AccessModel
from websakctl.access.values import Gap
from websakctl.kinds.access_code import KIND as ACCESS_CODE
from websakctl.kinds.access_group import KIND as ACCESS_GROUP
from websakctl.kinds.case_type import KIND as CASE_TYPE
from websakctl.kinds.org_unit import KIND as ORG_UNIT
from websakctl.kinds.user import KIND as USER
from websakctl.model.address import Address
from websakctl.model.administrator import ADMINISTRATION
from websakctl.model.resource import Resource, State


class RoleScope(msgspec.Struct, frozen=True, kw_only=True):
    """One role of an account: its type, and where it holds."""

    type: str
    units: tuple[str, ...]
    grades: frozenset[str]
    archives: tuple[str, ...]
    journal_units: tuple[str, ...]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What decides what an account reads; ``None``: not told. Accounts with equal profiles read the same."""

    roles: tuple[RoleScope, ...] | None
    functions: frozenset[str] | None
    groups: frozenset[str]
    all_groups: bool  # whether ``groups`` are all that it is in
    zones: frozenset[str] | None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An active user; ``number`` is its profile's, the same for accounts with equal profiles."""

    address: Address
    person: str
    profile: Profile
    number: int


def accounts_of(state: State) -> dict[Address, Account]:
    """The active users."""
    numbers: dict[Profile, int] = {}
    result = {}
    for address, user in state.items():
        if address.kind == USER.name and user.active:
            profile = _profile(user)
            person = str(user.fields.get("primary") or address.key)
            number = numbers.setdefault(profile, len(numbers))
            result[address] = Account(address=address, person=person, profile=profile, number=number)
    return result


def _profile(user: Resource) -> Profile:
    fields = user.fields
    roles, functions, zones = fields.get("roles"), fields.get("access_functions"), fields.get("zones")
    shared, own = fields.get("groups"), fields.get("district_groups")
    return Profile(
        roles=None if roles is None else tuple(_role(name, scope) for name, scope in sorted(roles.items())),
        functions=None if functions is None else frozenset(functions),
        groups=frozenset((*(shared or ()), *(own or ()))),
        all_groups=shared is not None and own is not None,
        zones=frozenset(zones) if zones else None,  # none named: those that the database has by default
    )


def _role(name: str, scope: Mapping[str, Any]) -> RoleScope:
    return RoleScope(
        type=name.partition("#")[0],  # a second assignment of the same type is told apart by what follows
        units=tuple(sorted(scope.get("units") or ())),
        grades=frozenset(scope.get("grades") or ()),
        archives=tuple(sorted(scope.get("archives") or ())),
        journal_units=tuple(sorted(scope.get("journal_units") or ())),
    )


class Units:
    """The tree of org units by key."""

    def __init__(self, state: State) -> None:
        units = {a: unit for a, unit in state.items() if a.kind == ORG_UNIT.name}
        self.scopes = {a.key: a.scope for a in units}
        self.parents = {a.key: unit.fields.get("parent") for a, unit in units.items()}
        self.every = frozenset(self.parents)
        self._children: dict[str, list[str]] = {}
        for key, parent in self.parents.items():
            if parent is not None:
                self._children.setdefault(parent, []).append(key)
        self._below: dict[str, frozenset[str]] = {}

    def __contains__(self, key: str) -> bool:
        return key in self.parents

    def upwards(self, key: str) -> tuple[str, ...]:
        """A unit and those that it lies under, the nearest first; nothing keeps a server from a circle, so one ends it."""
        result: dict[str, None] = {}
        step: str | None = key
        while step is not None and step not in result:
            result[step] = None
            step = self.parents.get(step)
        return tuple(result)

    def below(self, key: str) -> frozenset[str]:
        """A unit and all below it."""
        if key not in self._below:
            result, left = {key}, [key]
            while left:
                new = [child for child in self._children.get(left.pop(), ()) if child not in result]
                result.update(new)
                left += new
            self._below[key] = frozenset(result)
        return self._below[key]

    def of_scope(self, scope: str) -> frozenset[str]:
        """Keys of the units of a district."""
        return frozenset(key for key, own in self.scopes.items() if own == scope)


def series_of(state: State) -> dict[str, str]:
    """The series of each case type."""
    return {a.key: str(each.fields.get("series") or "") for a, each in state.items() if a.kind == CASE_TYPE.name}


def gaps_of(state: State, accounts: Mapping[Address, Account], units: Units, model: AccessModel) -> Iterator[Gap]:
    """What a state does not tell, or names and does not have."""
    codes = {a.key for a in state if a.kind == ACCESS_CODE.name}
    groups = {a.key for a in state if a.kind == ACCESS_GROUP.name}
    listed = list(accounts.values())
    functions = model.administrators != NONE or model.reading_functions  # what opens nothing need not be told
    top = next(iter(units.parents), "")  # who is in no unit is in the one above all
    by_group = model.group_codes or model.other_groups == UNKNOWN

    def where(lacks: Callable[[Account], object]) -> tuple[str, ...]:
        return tuple(sorted(account.address.key for account in listed if lacks(account)))

    yield from _found(
        [
            ("users without a role", where(lambda a: _without_role(state[a.address], a.profile))),
            ("users whose roles in Websak are not told", where(lambda a: a.profile.roles is None)),
            ("users whose access functions are not told", where(lambda a: functions and a.profile.functions is None)),
            ("users whose access groups are not all told", where(lambda a: by_group and not a.profile.all_groups)),
            ("users whose zones are not told", where(lambda a: model.zones and a.profile.zones is None)),
            ("users of an unknown unit", where(lambda a: (state[a.address].fields.get("unit") or top) not in units)),
        ]
    )
    roles = {role for account in listed for role in account.profile.roles or ()}
    yield from _found(
        [
            ("access codes that roles name and no list has", sorted({g for r in roles for g in r.grades} - codes)),
            ("units that roles name and no list has", sorted({u for r in roles for u in r.units if u not in units})),
            ("access groups of users that no list has", sorted({g for a in listed for g in a.profile.groups} - groups)),
            (
                "units whose parent no list has",
                sorted(key for key, parent in units.parents.items() if parent is not None and parent not in units),
            ),
            ("access codes that access_model names and no list has", sorted(_codes_named(model) - codes)),
            (
                "access groups that access_model names and no list has",
                sorted(
                    name for name in model.group_codes if not any(g == name or g.endswith(f"-{name}") for g in groups)
                ),
            ),
        ]
    )


def _without_role(user: Resource, profile: Profile) -> bool:
    """Whether nothing says what somebody may: neither a role of ours nor one of Websak, nor that it administers."""
    return not (user.fields.get("role") or profile.roles or (profile.functions and ADMINISTRATION in profile.functions))


def _codes_named(model: AccessModel) -> set[str]:
    lists = (*model.reading_functions.values(), *model.group_codes.values(), model.zones)
    return {code for each in lists for code in each}


def _found(gaps: Iterable[tuple[str, Iterable[str]]]) -> Iterator[Gap]:
    for what, where in gaps:
        if result := tuple(where):
            yield Gap(what=what, where=result)
