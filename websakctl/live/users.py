"""Users over the User API: what one is, in answers and in requests, and how all are listed."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from datetime import date, timedelta
from typing import Any, Protocol
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from websakctl.live.access_groups import AccessGroupsReader
from websakctl.live.adapter import ScopeOf, Units, composed, rows_of, text_or_none
from websakctl.live.errors import NotAsAgreed
from websakctl.live.transport import Reading
from websakctl.model.address import BASE, Address
from websakctl.model.resource import Fields, Handle, Resource

KIND, GROUP = "user", "access_group"
PATH = "/api/Users"
PAGES = (10_000, 1_000, 100)  # the largest page that the server takes; it may give less, and an empty one is the last
OVERLAP = timedelta(days=1)  # a server's day is not ours, nor need its clock be
PASSES = 3
_TEXTS = {"name": "name", "title": "title", "phone": "phone", "mobile": "mobile"}  # our field -> theirs
_SCOPES = {"archives": "archiveList", "journal_units": "journalUnitList", "grades": "gradeList"}

Row = Mapping[str, Any]  # what is kept of a listed user: JSON, without numbers and addresses of persons


class KeptRows(msgspec.Struct, frozen=True, kw_only=True):
    """All users as they were listed on a day, by the server's id."""

    day: date
    rows: dict[str, Row]


class RowStore(Protocol):
    """Keeps what was listed from one command to the next."""

    @property
    def today(self) -> date:
        """The day in UTC."""

    def load(self) -> KeptRows | None:
        """What was kept, if it can be gone on from."""

    def save(self, kept: KeptRows) -> None:
        """Keep it."""


class People(msgspec.Struct, frozen=True, kw_only=True):
    """What config and journal say that reading and writing users takes.

    ``districts``: whose users are wanted; ``None`` for all. ``wanted``: fields by user code, those that the API never tells
    among them. ``applied_roles``: by user code, for users whose role Websak does not tell. ``groups``: access groups whose members are looked at; membership in others is nobody's business here.
    """

    roles: Mapping[str, Fields] = msgspec.field(default_factory=dict)
    districts: frozenset[str] | None = None
    wanted: Mapping[str, Fields] = msgspec.field(default_factory=dict)
    applied_roles: Mapping[str, str] = msgspec.field(default_factory=dict)
    groups: frozenset[str] = frozenset()
    store: RowStore | None = None


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
        self._reading = reading
        self._units = units
        self._groups = groups
        self._people = people
        self._scope_of = scope_of
        self._version = version
        self._concurrency = max(1, concurrency)
        self._roles_by_template = {str(fields["template_id"]): key for key, fields in people.roles.items()}

    def read(self) -> list[Resource]:
        """List the users of the wanted districts, retired ones too, with as much of their access as the config speaks of.

        Raises:
            LiveError: If any part cannot be read or trusted; then nothing is known.
        """
        rows = self._rows()
        units = self._units.by_id()
        found: dict[str, Resource] = {}
        for row in rows.values():
            if str(row["id"]) in self._roles_by_template:
                continue  # a template user is nobody
            resource = self._resource(row, units)
            other = found.get(resource.address.key)
            if other is None or (resource.active and not other.active):
                found[resource.address.key] = resource
        districts = self._people.districts
        wanted = [r for r in found.values() if districts is None or r.address.scope in districts]
        return self._with_access(wanted)

    def find(self, address: Address) -> Resource | None:
        """Look one up by its code."""
        return self._one(quote(address.key, safe=""), address, "Code")

    def get(self, id_: str, address: Address) -> Resource | None:
        """Read one by the server's id."""
        return self._one(id_, address, "Id")

    # --- listing

    def _rows(self) -> dict[str, Row]:
        """All users by id: from what was kept and what has changed since, where that surely is all; else from the pages.

        What was kept lasts for its day: a user's last day passes without anybody changing anything. Users changed since
        the day before are read anew, and the number of users must be right in the end.
        """
        store = self._people.store
        kept = store.load() if store is not None else None
        if store is not None and kept is not None and kept.day == store.today:
            merged = {**kept.rows, **self._changed_since(kept.day - OVERLAP)}
            if self._are_all(len(merged)):
                store.save(KeptRows(day=kept.day, rows=merged))
                return merged
        rows = self._listed()
        if store is not None:
            store.save(KeptRows(day=store.today, rows=rows))
        return rows

    def _listed(self) -> dict[str, Row]:
        """All pages. Rows may repeat or be skipped while others write, so a pass in which one came twice is done again."""
        found: dict[str, Row] = {}
        for _ in range(PASSES):
            before = set(found)
            rows = list(self._pages())
            if not rows:
                raise NotAsAgreed(f"GET {PATH}: no user at all, not even a template")
            found.update((row["id"], row) for row in rows)
            if len({row["id"] for row in rows}) == len(rows) and before <= {row["id"] for row in rows}:
                return {row["id"]: row for row in rows}
        raise NotAsAgreed(f"GET {PATH}: the list of users is another each time it is read")

    def _pages(self) -> Iterable[Row]:
        offset = 0
        before: list[dict[str, Any]] = []
        limit = PAGES[0]
        while True:
            rows = self._page(limit, offset)
            while rows is None:  # it takes no page that large
                limit = next((p for p in PAGES if p < limit), 0)
                if not limit:
                    raise NotAsAgreed(f"GET {PATH}: no page size is taken")
                rows = self._page(limit, offset)
            if not rows:
                return
            if rows == before:
                raise NotAsAgreed(f"GET {PATH}: the pages do not go on")
            before = rows
            offset += len(rows)
            yield from map(kept_of, rows)

    def _page(self, limit: int, offset: int) -> list[dict[str, Any]] | None:
        answer = self._reading.get(PATH, {"limit": limit, "offset": offset}, absent=(400,))
        if answer.status == 400:
            return None
        return [] if answer.status == 204 else rows_of(answer.body, f"GET {PATH}", ("gidId",))

    def _changed_since(self, day: date) -> dict[str, Row]:
        path = f"{PATH}/changes/{day.isoformat()}"
        answer = self._reading.get(path, absent=(404,))
        rows = rows_of(answer.body, f"GET {path}", ("gidId",)) if answer.status == 200 else []
        return {row["id"]: row for row in map(kept_of, rows)}

    def _are_all(self, count: int) -> bool:
        """Whether there are so many users: there is a last one, and none after it."""
        return count > 0 and bool(self._page(1, count - 1)) and self._page(1, count) == []

    # --- resources

    def _resource(self, row: Row, units: Mapping[str, str]) -> Resource:
        unit = units.get(row["department"], f"#{row['department']}") if row["department"] else None
        key = composed(row["code"]).upper() or f"#{row['id']}"
        scope = self._scope_of(KIND, key) or self._units.scopes.get(unit or "") or BASE
        wanted = self._people.wanted.get(key, {})
        fields: dict[str, Any] = {ours: row[ours] for ours in _TEXTS}
        fields["role"] = self._role(row) or self._people.applied_roles.get(key) or wanted.get("role")
        fields["unit"] = None if row["department"] == self._units.root_id else unit
        if "access_functions" in wanted:
            fields["access_functions"] = row["functions"]
        return Resource(
            address=Address(KIND, scope, key), fields=fields, active=row["active"], handle=Handle(id=row["id"])
        )

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
        answer = self._reading.get(path, {"lookupField": lookup, "includeEmailAddresses": "true"}, absent=(204, 404))
        if answer.body is None:
            return None
        raw = rows_of([answer.body], f"GET {path}", ("gidId",))[0]
        if lookup == "Id" and str(raw["gidId"]) != given:
            raise NotAsAgreed(f"GET {path}: another user came")
        if lookup == "Code" and composed(raw.get("code")).upper() != address.key:
            raise NotAsAgreed(f"GET {path}: another user came")
        row = kept_of(raw)
        resource = self._resource(row, self._units.by_id())
        fields = {**resource.fields, "access_functions": row["functions"]}
        return replace(resource, address=address, fields=fields, handle=Handle(id=row["id"], raw=raw))

    # --- access

    def _with_access(self, users: list[Resource]) -> list[Resource]:
        """Put in the roles and groups of those whose config speaks of them."""
        wanted = self._people.wanted
        with_groups = [u for u in users if {"groups", "district_groups"} & wanted.get(u.address.key, {}).keys()]
        with_roles = [u for u in users if "roles" in wanted.get(u.address.key, {})]
        if not with_groups and not with_roles:
            return users
        with self._reading.runtime.executor(self._concurrency) as pool:
            roles = dict(
                zip(
                    (u.address for u in with_roles),
                    pool.map(lambda u: self.roles_of(id_of(u)), with_roles),
                    strict=True,
                )
            )
            groups = self._memberships(with_groups, pool) if with_groups else {}
        return [replace(u, fields={**u.fields, **self._access(u, roles, groups)}) for u in users]

    def _access(
        self, user: Resource, roles: Mapping[Address, list[dict[str, Any]]], groups: Mapping[str, set[str]]
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if user.address in roles:
            found["roles"] = {row["id"]: row["scope"] for row in roles[user.address]}
        told = self._people.wanted.get(user.address.key, {})
        names = groups.get(id_of(user), set()) & self._people.groups
        for name, shared in (("groups", True), ("district_groups", False)):
            if name in told:
                found[name] = sorted(n for n in names if self.is_shared(n) is shared)
        return found

    def is_shared(self, group: str) -> bool:
        """Whether an access group is the base's."""
        return (self._scope_of(GROUP, group) or BASE) == BASE

    def _memberships(self, users: list[Resource], pool: Executor) -> dict[str, set[str]]:
        """Names of the groups that each user is in, by the user's id: group by group where the API lists members."""
        found: dict[str, set[str]] = {}
        if self._version() == "3.3":
            ids = {name: id_ for name in sorted(self._people.groups) if (id_ := self.group_id(name)) is not None}
            for name, members in zip(ids, pool.map(self._members, ids.values()), strict=True):
                for member in members:
                    found.setdefault(member, set()).add(name)
            return found
        mine = pool.map(lambda u: self.groups_of(id_of(u)), users)
        return {id_of(user): set(names) for user, names in zip(users, mine, strict=True)}

    def group_id(self, name: str) -> str | None:
        """The id of an access group; the groups are read where they have not been."""
        if name not in self._groups.ids:
            self._groups.read()
        return self._groups.ids.get(name)

    def _members(self, group: str) -> list[str]:
        path = f"/api/AccessGroups/members/{group}"
        answer = self._reading.get(path, absent=(204,))
        body = [] if answer.status == 204 else answer.body
        if not isinstance(body, list) or not all(isinstance(id_, int | str) for id_ in body):
            raise NotAsAgreed(f"GET {path}: a list of ids was agreed")
        return [str(id_) for id_ in body]

    def groups_of(self, id_: str) -> list[str]:
        """Names of the groups that a user is in."""
        path = f"{PATH}/{id_}/AccessGroupMembership"
        answer = self._reading.get(path, {"lookupField": "Id" if self._version() == "3.0" else "gidid"}, absent=(204,))
        rows = [] if answer.status == 204 else rows_of(answer.body, f"GET {path}", ("groupName",))
        return sorted(composed(row["groupName"]) for row in rows)

    def roles_of(self, id_: str) -> list[dict[str, Any]]:
        """A user's roles: the assignment's ``key``, the role's ``id``, and its ``scope`` as the config says it."""
        path = f"{PATH}/{id_}/roles"
        answer = self._reading.get(path, absent=(204, 404))
        rows = rows_of(answer.body, f"GET {path}", ("roleId", "id")) if answer.body is not None else []
        units = self._units.by_id()
        return [{"key": str(row["roleId"]), "id": str(row["id"]), "scope": _scope(row, units)} for row in rows]


def id_of(user: Resource) -> str:
    """The server's id of a user that was read."""
    return user.handle.id if user.handle is not None else ""


def kept_of(row: Mapping[str, Any]) -> Row:
    """What is kept of an answered user.

    Raises:
        NotAsAgreed: If it does not say whether the user is active.
    """
    if not isinstance(row.get("active"), bool):
        raise NotAsAgreed(f"a user (id {row.get('gidId')}) does not say whether it is active")
    return {
        "id": str(row["gidId"]),
        "code": text_or_none(row.get("code")),
        "active": row["active"],
        "department": text_or_none(row.get("departmentId")),
        "template": text_or_none(row.get("accessTemplateId")) or "",
        "functions": _functions(row),
        **{ours: text_or_none(row.get(theirs)) for ours, theirs in _TEXTS.items()},
    }


def _functions(row: Mapping[str, Any]) -> list[str]:
    """Codes of a user's access functions: a list on some servers, a text with commas on others."""
    listed = row.get("userAccessFunctions")
    if isinstance(listed, list):
        codes = [str(f.get("code") or "") for f in listed if isinstance(f, Mapping)]
    else:
        codes = str(row.get("userAccessCodes") or "").replace(";", ",").split(",")
    return sorted({code.strip() for code in codes if code.strip()})


def _scope(row: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    departments = _split(row.get("departmentList"))
    return {
        "units": sorted(units.get(number, f"#{number}") for number in departments),
        **{ours: sorted(_split(row.get(theirs))) for ours, theirs in _SCOPES.items()},
    }


def _split(text: Any) -> list[str]:
    return [part.strip() for part in str(text or "").split(",") if part.strip()]


def role_request(role: str, scope: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, str]:
    """A role as it is asked for: lists are texts with commas, units are numbers."""
    numbers = [key[1:] if key.startswith("#") else units[key] for key in scope["units"]]
    return {
        "id": role,
        "departmentList": ",".join(numbers),
        **{theirs: ",".join(scope[ours]) for ours, theirs in _SCOPES.items()},
    }
