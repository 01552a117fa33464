"""Users over the User API: what one is, in answers and in requests, and how all are listed."""

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Executor
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from websakctl.live.access_groups import AccessGroupsReader
from websakctl.live.adapter import ScopeOf, Units, composed, rows_of
from websakctl.live.errors import LiveError, NotAsAgreed, not_a
from websakctl.live.identity_providers import unchecked_providers
from websakctl.live.transport import Reading
from websakctl.live.user_access import id_of, with_access
from websakctl.live.user_lookup import Lookup
from websakctl.live.user_rows import PATH, TEXTS, WITH_FUNCTIONS, WITH_MAIL, Row, RowStore, UserRows, kept_of
from websakctl.live.zones import Zones
from websakctl.model.address import BASE, Address
from websakctl.model.administrator import ADMINISTRATION
from websakctl.model.resource import Fields, Handle, Resource

KIND, GROUP = "user", "access_group"
ACCESS = frozenset({"roles", "access_functions", "groups", "district_groups", "distributes"})
_NEWER = frozenset({"primary", "valid_from"})  # fields since 3.3
_SCOPES = {"archives": "archiveList", "journal_units": "journalUnitList", "grades": "gradeList"}


class People(msgspec.Struct, frozen=True, kw_only=True):
    """What config and journal say that reading and writing users takes.

    ``districts``: whose users are wanted; ``None`` for all. ``desired``: fields by user code, those that the API never tells
    among them. ``applied_roles``: by user code, for users whose role Websak does not tell. ``groups``: access groups whose members are looked at; membership in others is nobody's business here.
    ``zones``: names that the config uses; each must be a zone of this Websak. ``given``: names of the fields that the config says, by code. ``ahead``: first days by code, of users that
    are made before that day.
    """

    roles: Mapping[str, Fields] = msgspec.field(default_factory=dict)
    districts: frozenset[str] | None = None
    desired: Mapping[str, Fields] = msgspec.field(default_factory=dict)
    applied_roles: Mapping[str, str] = msgspec.field(default_factory=dict)
    groups: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    given: Mapping[str, frozenset[str]] = msgspec.field(default_factory=dict)
    ahead: Mapping[str, str] = msgspec.field(default_factory=dict)
    store: RowStore | None = None
    access: bool = False  # all that lets people read, of every active user: a request for each at the least
    access_of: frozenset[str] = frozenset()  # codes of the only users whose access is read; none: of all
    access_zones: bool = False  # zones too, which only a read of the single user reports


class UsersReader:
    """Lists and looks up users. Org units must have been read before."""

    def __init__(
        self,
        reading: Reading,
        units: Units,
        groups: AccessGroupsReader,
        people: People,
        *,
        scope_of: ScopeOf,
        version: Callable[[], str],
        concurrency: int = 4,
    ) -> None:
        self.reading = reading
        self._units = units
        self._groups = groups
        self._people = people
        self._scope_of = scope_of
        self._version = version
        self._concurrency = max(1, concurrency)
        self.zones = Zones(reading)
        self.unchecked = ""  # what could not be looked at, in words
        self._lookup = Lookup(reading)
        self._roles_by_template = {str(fields["template_id"]): key for key, fields in people.roles.items()}

    def read(self) -> list[Resource]:
        """List the users of the wanted districts, retired ones too, with as much of their access as the config speaks of.

        Raises:
            LiveError: If any part cannot be read or trusted; then nothing is known.
        """
        people = self._people
        self.zones.ids(sorted(people.zones))
        if people.providers and self._version() == "3.3":
            self.unchecked = unchecked_providers(self.reading, people.providers)
        if self._version() == "3.0":
            require_role_lists(people.desired)
        given = (*people.desired.values(), *people.roles.values())
        rows = UserRows(
            self.reading,
            people.store,
            functions=people.access or any(fields.get("access_functions") is not None for fields in given),
            mail=any(fields.get("email") is not None for fields in people.desired.values()),
            concurrency=self._concurrency,
        ).read()
        units = self._units.by_id()
        result: dict[str, Resource] = {}
        templates = {*self._roles_by_template, *(row["template"] for row in rows.values() if people.access)}
        for row in rows.values():
            if str(row["id"]) in templates:
                continue  # a template user is nobody
            resource = self._resource(row, units)
            other = result.get(resource.address.key)
            if other is None or (resource.active and not other.active):
                result[resource.address.key] = resource
        districts = self._people.districts
        desired = [r for r in result.values() if districts is None or r.address.scope in districts]
        if people.access:
            chosen = [u for u in desired if not people.access_of or u.address.key in people.access_of]
            rest = [u for u in desired if people.access_of and u.address.key not in people.access_of]
            return [*rest, *with_access(self, chosen, zones=people.access_zones, concurrency=self._concurrency)]
        return self._with_access(desired, next(iter(rows)))

    @property
    def lists_members(self) -> bool:
        """Whether the server lists the users of a group, and not only the groups of a user (User API 3.3)."""
        return self._version() == "3.3"

    def find(self, address: Address) -> Resource | None:
        """Look one up by its code; in the list where the server takes no codes, as files of 3.0.0 before 2024."""
        try:
            result = self._one(quote(address.key, safe=""), address, "Code")
        except NotAsAgreed:
            if self._version() != "3.0" or self._lookup.takes_codes():
                raise
            result = None
        if result is not None or self._version() != "3.0" or self._lookup.takes_codes():
            return result
        rows = UserRows(self.reading, None, functions=False, mail=False, concurrency=self._concurrency).read()
        id_ = next((id_ for id_, row in rows.items() if composed(row["code"]).upper() == address.key), None)
        return self.get(id_, address) if id_ is not None else None

    def get(self, id_: str, address: Address) -> Resource | None:
        """Read one by the server's id."""
        return self._one(id_, address, "Id")

    # --- resources

    def _resource(self, row: Row, units: Mapping[str, str]) -> Resource:
        unit = units.get(row["department"], f"#{row['department']}") if row["department"] else None
        key = composed(row["code"]).upper() or f"#{row['id']}"
        scope = self._scope_of(KIND, key) or self._units.scopes.get(unit or "") or BASE
        desired = self._people.desired.get(key, {})
        fields: dict[str, Any] = {ours: row[ours] for ours in TEXTS}
        fields["role"] = self._role(row) or self._people.applied_roles.get(key) or desired.get("role")
        fields["unit"] = None if row["department"] == self._units.root_id else unit
        if ("access_functions" in desired or self._people.access) and row["functions"] is not None:
            fields["access_functions"] = row["functions"]
        if self._people.access and row["administrator"]:
            fields["access_functions"] = sorted({ADMINISTRATION, *(row["functions"] or ())})
        if row["email"] is not None and desired.get("email") is not None:
            fields["email"] = row["email"]
        if "manages" in desired:
            fields["manages"] = self.managed_by(row["id"], scope)
        if row["leave"] is not None and desired.get("leave") is not None:
            fields["leave"] = dict(zip(("first_day", "last_day"), row["leave"], strict=True))
        first_day = self._people.ahead.get(key)
        if first_day is not None and "valid_from" not in self.unsupported:
            fields["valid_from"] = row["starts"]
        return Resource(
            address=Address(KIND, scope, key),
            fields=fields,
            active=row["active"] or (first_day is not None and first_day == row["starts"]),  # it is yet to come
            handle=Handle(id=row["id"]),
            spared=self._spared(row, desired),
        )

    @property
    def unsupported(self) -> frozenset[str]:
        """Fields that this version has no place for."""
        return frozenset() if self._version() == "3.3" else _NEWER

    def _spared(self, row: Row, desired: Fields) -> frozenset[str]:
        """Fields that a PUT needs not hold here: it would erase nothing of them."""
        spared = (
            {"logins", "zones"} if self._version() == "3.3" else set[str]()
        )  # a PUT exempts the one, a single read reports the other
        if not row["email2"]:
            spared.add("other_emails")
        if desired.get("primary") is not None:  # a secondary user, which has no login
            spared |= {"username", "logins"}
        return frozenset(spared)

    def _role(self, row: Row) -> str | None:
        """The role by its template user, else the only one that gives these access functions."""
        if role := self._roles_by_template.get(row["template"]):
            return role
        alike = [
            key
            for key, fields in self._people.roles.items()
            if row["functions"] and sorted(fields.get("access_functions") or ()) == row["functions"]
        ]
        return alike[0] if len(alike) == 1 else None

    def _one(self, given: str, address: Address, lookup: str) -> Resource | None:
        path = f"{PATH}/{given}"
        asked = {"lookupField": lookup, **WITH_MAIL, **WITH_FUNCTIONS}
        answer = self.reading.get(path, asked, absent=(204, 404))
        if answer.body is None:
            return None
        raw = rows_of([answer.body], f"GET {path}", ("gidId",))[0]
        if lookup == "Id" and str(raw["gidId"]) != given:
            raise NotAsAgreed(f"GET {path}: answered with another user")
        if lookup == "Code" and composed(raw.get("code")).upper() != address.key:
            raise NotAsAgreed(f"GET {path}: answered with another user")
        row = kept_of(raw)
        resource = self._resource(row, self._units.by_id())
        functions = {} if row["functions"] is None else {"access_functions": row["functions"]}
        fields = {**resource.fields, **functions}
        return replace(resource, address=address, fields=fields, handle=Handle(id=row["id"], raw=raw))

    # --- access

    def without_route(self, id_: str) -> frozenset[str]:
        """Fields that this server has no route for; ``id_`` is any user's."""
        return frozenset() if self._version() == "3.3" else self._lookup.without_route(id_)

    def _with_access(self, users: list[Resource], anybody: str) -> list[Resource]:
        """Put in the roles, groups and mail of those whose config speaks of them; what has no route here is not reported."""
        desired = self._people.desired
        asked = ACCESS & {name for u in users for name in desired.get(u.address.key, {})}
        if missing := self.without_route(anybody) & asked if asked else frozenset():
            users = [replace(u, fields={n: v for n, v in u.fields.items() if n not in missing}) for u in users]
        membership = {"groups", "district_groups", "distributes"} - missing
        with_groups = [u for u in users if membership & desired.get(u.address.key, {}).keys()]
        with_roles = [u for u in users if "roles" in desired.get(u.address.key, {}) and "roles" not in missing]
        if not with_groups and not with_roles:
            return users
        with self.reading.runtime.executor(self._concurrency) as pool:
            roles = dict(
                zip(
                    (u.address for u in with_roles),
                    pool.map(lambda u: self.roles_of(id_of(u)), with_roles),
                    strict=True,
                )
            )
            groups = self._memberships(with_groups, pool) if with_groups else {}
        ours = (self.groups_of_ours(shared=True), self.groups_of_ours(shared=False)) if with_groups else ({}, {})
        return [replace(u, fields={**u.fields, **self._access(u, roles, groups, membership, ours)}) for u in users]

    def _access(
        self,
        user: Resource,
        roles: Mapping[Address, list[dict[str, Any]]],
        groups: Mapping[str, set[str]],
        membership: Collection[str],
        ours: tuple[Mapping[str, str | None], Mapping[str, str | None]],
    ) -> dict[str, Any]:
        result: dict[str, Any] = {}
        if user.address in roles:
            result["roles"] = {row["id"]: row["scope"] for row in roles[user.address]}
        desired = self._people.desired.get(user.address.key, {})
        mine = groups.get(id_of(user), set())
        for name, ids in zip(("groups", "district_groups"), ours, strict=True):
            if name in desired and name in membership:
                result[name] = sorted(group for group, id_ in ids.items() if id_ in mine)
        if "distributes" in desired and "distributes" in membership:
            result["distributes"] = self.distributed_by(mine, user.address.scope, desired["distributes"] or ())
        return result

    def with_ties(self, users: Iterable[Resource], units: Collection[str]) -> list[Resource]:
        """Put in what ties active users to units besides the one that they are in.

        That is whose head they are, whose mail they pass on, and where their roles hold. The last takes a request for each
        user, so it is read for those of the units' districts only.

        Args:
            users: As they were read.
            units: Keys of the units.

        Raises:
            LiveError: If any part cannot be read or trusted; then nothing is known.
        """
        scopes = {self._units.scopes.get(key, BASE) for key in units}
        mail = {key: group for key in units if (group := self._units.mail_groups.get(key)) is not None}
        everybody = list(users)
        near = [u for u in everybody if u.active and u.address.scope in scopes]
        missing = self.without_route(id_of(near[0])) if near else frozenset[str]()
        with self.reading.runtime.executor(self._concurrency) as pool:
            roles = (
                dict(zip(map(id_of, near), pool.map(self._roles_by_id, near), strict=True))
                if "roles" not in missing
                else {}
            )
            if self.lists_members:
                ordered = sorted(set(mail.values()))
                members = dict(zip(ordered, map(set, pool.map(self.members, ordered)), strict=True))
            elif "distributes" in missing:
                members = {}
            else:
                groups = dict(zip(map(id_of, near), pool.map(lambda u: self.groups_of(id_of(u)), near), strict=True))
                members = {group: {id_ for id_, mine in groups.items() if group in mine} for group in mail.values()}
        return [
            self._tied(user, units, roles, {key: members.get(group, set()) for key, group in mail.items()})
            for user in everybody
        ]

    def _roles_by_id(self, user: Resource) -> dict[str, Any]:
        return {row["id"]: row["scope"] for row in self.roles_of(id_of(user))}

    def _tied(
        self, user: Resource, units: Collection[str], roles: Mapping[str, Any], members: Mapping[str, Collection[str]]
    ) -> Resource:
        id_ = id_of(user)
        ties: dict[str, Any] = {
            "manages": sorted(key for key in units if self._units.managers.get(key) == id_),
            "distributes": sorted(key for key, of_unit in members.items() if id_ in of_unit),
            "roles": roles.get(id_),
        }
        fields = {name: value for name, value in ties.items() if value}
        return replace(user, fields={**user.fields, **fields}) if user.active and fields else user

    def managed_by(self, id_: str, scope: str) -> list[str]:
        """Keys of the units of a scope whose manager a user is."""
        units = list(self._units.managers.items())
        return sorted(key for key, manager in units if manager == id_ and self._units.scopes.get(key) == scope)

    def distributed_by(self, groups: Collection[str], scope: str, desired: Collection[str]) -> list[str]:
        """Keys of the units of a scope whose mail a member of ``groups`` (by id) distributes.

        Units may share a group: of those beside one that is desired nothing is said, since who is in the group for one is
        in it for all.
        """
        mail_groups = dict(self._units.mail_groups)
        shared = {mail_groups[key] for key in desired if key in mail_groups}
        return sorted(
            key
            for key, group in mail_groups.items()
            if group in groups and self._units.scopes.get(key) == scope and (key in desired or group not in shared)
        )

    def groups_of_ours(self, *, shared: bool) -> dict[str, str | None]:
        """Ids by name of the groups whose members are looked at, the base's or the districts' own.

        Who is in the group that distributes a unit's mail is said by ``distributes``, unless the config names the group.
        """
        named = {
            group
            for fields in self._people.desired.values()
            for name in ("groups", "district_groups")
            for group in fields.get(name) or ()
        }
        mail = set(self._units.mail_groups.values())
        ids = {name: self.group_id(name) for name in self._people.groups if self.is_shared(name) is shared}
        return {name: id_ for name, id_ in ids.items() if name in named or id_ not in mail}

    def is_shared(self, group: str) -> bool:
        """Whether an access group is the base's."""
        return (self._scope_of(GROUP, group) or BASE) == BASE

    def _memberships(self, users: list[Resource], pool: Executor) -> dict[str, set[str]]:
        """Ids of the groups that each user is in, by the user's id: group by group where the API lists members."""
        result: dict[str, set[str]] = {}
        if self.lists_members:
            desired = [self._people.desired.get(u.address.key, {}) for u in users]
            groups: set[str] = set()
            if any("groups" in fields or "district_groups" in fields for fields in desired):
                groups |= {id_ for name in self._people.groups if (id_ := self.group_id(name)) is not None}
            if scopes := {u.address.scope for u, f in zip(users, desired, strict=True) if "distributes" in f}:
                of_units = list(self._units.mail_groups.items())
                groups |= {group for key, group in of_units if self._units.scopes.get(key) in scopes}
            ordered = sorted(groups)
            for id_, members in zip(ordered, pool.map(self.members, ordered), strict=True):
                for member in members:
                    result.setdefault(member, set()).add(id_)
            return result
        mine = pool.map(lambda u: self.groups_of(id_of(u)), users)
        return {id_of(user): ids for user, ids in zip(users, mine, strict=True)}

    def all_groups(self) -> dict[str, str]:
        """Ids of all access groups by name; they are read where they have not been."""
        return self._groups.all_ids()

    def group_id(self, name: str) -> str | None:
        """The id of an access group; the groups are read where they have not been."""
        return self._groups.id_of(name)

    def members(self, group: str) -> list[str]:
        """Ids of the users in a group, by the group's id (User API 3.3)."""
        path = f"/api/AccessGroups/members/{group}"
        answer = self.reading.get(path, absent=(204,))
        body = [] if answer.status == 204 else answer.body
        if not isinstance(body, list) or not all(isinstance(id_, int | str) for id_ in body):
            raise not_a("list of ids", f"GET {path}", body)
        return [str(id_) for id_ in body]

    def groups_of(self, id_: str) -> set[str]:
        """Ids of the groups that a user is in."""
        path = f"{PATH}/{id_}/AccessGroupMembership"
        answer = self.reading.get(path, {"lookupField": "Id" if self._version() == "3.0" else "gidid"}, absent=(204,))
        rows = [] if answer.status == 204 else rows_of(answer.body, f"GET {path}", ("groupId",))
        return {str(row["groupId"]) for row in rows}

    def roles_of(self, id_: str) -> list[dict[str, Any]]:
        """A user's roles: the assignment's ``key``, the role's ``id``, and its ``scope`` as the config says it."""
        path = f"{PATH}/{id_}/roles"
        answer = self.reading.get(path, absent=(204, 404))
        rows = rows_of(answer.body, f"GET {path}", ("roleId", "id")) if answer.body is not None else []
        units = self._units.by_id()
        return [{"key": str(row["roleId"]), "id": str(row["id"]), "scope": _scope(row, units)} for row in rows]


def _scope(row: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    departments = _split(row.get("departmentList"))
    return {
        "units": sorted(units.get(number, f"#{number}") for number in departments),
        **{ours: sorted(_split(row.get(theirs))) for ours, theirs in _SCOPES.items()},
    }


def _split(text: Any) -> list[str]:
    return [part.strip() for part in str(text or "").split(",") if part.strip()]


def require_role_lists(desired: Mapping[str, Fields]) -> None:
    """See that every role names units and grades: User API 3.0 requires ``departmentList`` and ``gradeList``.

    Raises:
        LiveError: If one lacks them; nothing has been sent then.
    """
    missing: dict[tuple[str, str], list[str]] = {}
    for code, fields in sorted(desired.items()):
        for role, scope in (fields.get("roles") or {}).items():
            for name in ("units", "grades"):
                if not scope.get(name):
                    missing.setdefault((role, name), []).append(code)
    if missing:
        (role, name), codes = next(iter(missing.items()))
        more = f" and {len(codes) - 1} more" if len(codes) > 1 else ""
        raise LiveError(
            f"role {role} of user {codes[0]}{more} names no {name}, which User API 3.0 requires",
            f"say {name} at role {role} in config/user_roles.yaml",
        )


def role_request(role: str, scope: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, str]:
    """A role as it is asked for: lists are texts with commas, units are numbers."""
    numbers = [key[1:] if key.startswith("#") else units[key] for key in scope["units"]]
    return {
        "id": role,
        "departmentList": ",".join(numbers),
        **{theirs: ",".join(scope[ours]) for ours, theirs in _SCOPES.items()},
    }
