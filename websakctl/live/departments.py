"""Org units over the User API: /api/Departments on 3.0, /api/v2/departments on 3.3."""

from collections.abc import Mapping
from itertools import chain
from typing import Any
from urllib.parse import quote

from websakctl.live.adapter import NOTHING, ScopeOf, Units, composed, ended, held_once, rows_of, text_or_none
from websakctl.live.decoding import Projection
from websakctl.live.errors import LiveError, NotAsAgreed, Refused, UnknownOutcome, not_a
from websakctl.live.transport import Reading, Writing
from websakctl.model.address import BASE, Address
from websakctl.model.resource import Handle, Resource

KIND = "org_unit"
V1, V2 = "/api/Departments", "/api/v2/departments"

# our field -> (name in answers and in v2 requests, name in v1 requests)
_NAMES = {
    "external_id": ("externalId", "externalID"),
    "name": ("name", "departmentName"),
    "abbreviation": ("abbreviation", "departmentShortName"),
    "unit_type": ("unit", "enhetstype"),
    "address": ("addr", "addr"),
    "address2": ("addr2", "addr2"),
    "postal_no": ("postalNo", "postalNo"),
    "contact": ("contact", "contact"),
    "phone": ("phone", "phone"),
}
_ANSWERED = tuple((ours, names[0]) for ours, names in _NAMES.items())
_LOOKED_AT = Projection({"id", "code", "parentDepartmentId", "validToDate", *(theirs for theirs, _ in _NAMES.values())})
_READ_ANEW: Mapping[str, Any] = {}  # what a list keeps of a row for a write: nothing, it reads the unit anew
_PARENT = ("parentDepartmentId", "departmentParentId")
_MANAGER = ("managerUserId", "departmentHeadId")
_ANSWER_ONLY = frozenset(
    {
        "id",
        "validFromDate",
        "validToDate",
        "journalUnitId",
        "archiveUnit",
        "group",
        "level",
        "gidId",
        "intralink",
        "addr3",
        "addr4",
    }
)
_V1_ANSWER = _ANSWER_ONLY - {"addr3", "addr4"} | {
    *(new for new, _ in (*_NAMES.values(), _PARENT, _MANAGER)),
    "code",
    "mailDistributionGroup",
    "div2",
}  # what version 3.0 answers; anything more comes from a newer server
_NEVER_V1 = _ANSWER_ONLY | {"code", "unit", "emailAddr", "emailAddr2"}  # in no v1 request of any version
_V1_REQUEST = frozenset({"postalNo", "contact", "addr", "addr2", "phone"})  # the same name both ways, besides _NAMES


class DepartmentsReader:
    """Lists and looks up departments; finds out which version of the API there is."""

    def __init__(
        self,
        reading: Reading,
        units: Units,
        *,
        root_unit: str,
        api_version: str | None,
        scope_of: ScopeOf,
        alike: Mapping[Address, Resource] = NOTHING,
    ) -> None:
        self._reading = reading
        self._alike = alike
        self._units = units
        self._root_unit = root_unit
        self._scope_of = scope_of
        self._by_id: dict[str, str] = {}  # id -> key
        self.api_version = api_version
        self.from_tree = False  # whether there is no flat list here
        self._external = True  # whether units have external ids; a version of 2021 had only codes

    @property
    def base(self) -> str:
        """The collection's path in this version."""
        return V2 if self.version() == "3.3" else V1

    def version(self) -> str:
        """The configured version, else what a read-only probe says: only 3.3 has /api/v2/departments/flat."""
        if self.api_version is None:
            self._flat()
        return self.api_version or "3.0"

    def _flat(self) -> list[Any]:
        path = f"{V1 if self.api_version == '3.0' else V2}/flat"
        absent = () if self.api_version == "3.3" else (404,)
        answer = self._reading.get(path, absent=absent, parse=_LOOKED_AT.rows)
        if answer.status == 404 and self.api_version is None:
            self.api_version = "3.0"
            return self._flat()
        if answer.status in (204, 404) and self.api_version == "3.0":  # 204: it was taken for the id of a department
            return self._tree()
        if answer.status == 204 or answer.body == []:
            raise NotAsAgreed(f"GET {path}: no department at all, not even the root")
        rows = _believed(answer.body, f"GET {path}")
        self.api_version = self.api_version or "3.3"
        return _once(rows, f"GET {path}")

    def _tree(self) -> list[Any]:
        """All departments where there is no flat list: files of 3.0.0 before 2026 have the tree only."""
        rows = [_LOOKED_AT.row(row) for row in self._raw_tree()]
        if not rows:
            raise NotAsAgreed(f"GET {V1}: no department at all, not even the root")
        return _once(_believed(rows, f"GET {V1}"), f"GET {V1}")

    def _raw_tree(self) -> list[dict[str, Any]]:
        """The rows of the tree; whether units have external ids, the rows say."""
        answer = self._reading.get(V1)
        rows = [] if answer.status == 204 else _flattened(answer.body, f"GET {V1}")
        self.from_tree = True
        self._external = any("externalId" in row for row in rows)
        return rows

    def read(self) -> list[Resource]:
        """List all units below the root; the root itself is not ours.

        Raises:
            LiveError: If the root is not there, or two units have the same external id.
        """
        rows = self._flat()
        root = self._find_root(rows)
        self._units.root_id = str(root.id)
        keyed = self._keyed([row for row in rows if row is not root])
        self._by_id.clear()
        self._by_id.update({str(row.id): key for key, row in keyed})
        self._units.ids.update({key: id_ for id_, key in self._by_id.items()})
        parents = {str(row.id): str(row.parentDepartmentId or "") for _, row in keyed}
        below = _below(self._units.root_id, parents)
        scopes: dict[str, str] = {}
        result: list[Resource] = []
        del rows
        keyed.reverse()
        while keyed:  # each row is let go as soon as it is a unit: of many, they take more room than all else
            key, row = keyed.pop()
            id_ = str(row.id)
            if below[id_] or self._scope_of(KIND, key) is not None:
                result.append(self._resource(row, key, self._scope(id_, parents, scopes), _READ_ANEW))
        self._units.scopes.update({unit.address.key: unit.address.scope for unit in result})
        return result

    def _find_root(self, rows: list[Any]) -> Any:
        if self._root_unit:
            for name in ("externalId", "code"):
                for row in rows:
                    if getattr(row, name) == self._root_unit:
                        return row
            raise LiveError(
                f"there is no unit with external id {self._root_unit} in this Websak",
                "set WEBSAKCTL_ROOT_UNIT, or root_unit in config/websak.yaml, to the unit that the districts hang under",
            )
        tops = [row for row in rows if not row.parentDepartmentId]
        if len(tops) == 1:
            return tops[0]
        raise LiveError(
            f"this Websak has {len(tops)} units at the top",
            "set WEBSAKCTL_ROOT_UNIT, or root_unit in config/websak.yaml, to the one that the districts hang under",
        )

    def _keyed(self, rows: list[Any]) -> list[tuple[str, Any]]:
        """Give each row its natural key: external id, else code, else ``#id``; an active unit goes before an ended one."""
        now = self._reading.runtime.clock.now()
        taken: dict[str, Any] = {}
        order: tuple[list[Any], ...] = ([], [], [], [])
        for row in rows:
            end = row.validToDate
            past = end is not None and ended(end, "a department's end date", now)
            order[past if row.externalId else 2 + past].append(row)
        for row in chain.from_iterable(order):
            external = composed(row.externalId)
            if external and external in taken:
                other = taken[external]
                if not any(ended(each.validToDate, "end date", now) for each in (row, other)):
                    raise LiveError(
                        f"two units have the external id {external} (ids {other.id} and {row.id})",
                        "clear or change one of them in Websak; the server does not check it",
                    )
                taken[f"#{row.id}"] = row
            elif external:
                taken[external] = row
            else:
                code = composed(row.code)
                taken[code if code and code not in taken else f"#{row.id}"] = row
        return list(taken.items())

    def _scope(self, id_: str, parents: Mapping[str, str], scopes: dict[str, str]) -> str:
        """The district a unit belongs to: by its own key, else by the nearest ancestor that has one."""
        known = self._scope_of(KIND, self._by_id.get(id_, ""))
        if known is not None:
            scopes[id_] = known
            return known
        path: list[str] = []
        current = id_
        result = BASE
        while current and current != self._units.root_id and current not in path:
            if current in scopes:
                result = scopes[current]
                break
            path.append(current)
            known = self._scope_of(KIND, self._by_id.get(current, ""))
            if known is not None:
                result = known
                break
            current = parents.get(current, "")
        for step in path:
            scopes[step] = result
        return result

    def _resource(self, row: Any, key: str, scope: str, raw: Mapping[str, Any]) -> Resource:
        id_ = str(row.id)
        fields: dict[str, Any] = {
            ours: (value or None)
            if (value := getattr(row, theirs)) is None or type(value) is str
            else text_or_none(value)
            for ours, theirs in _ANSWERED
        }
        parent = str(row.parentDepartmentId or "")
        above = None if parent == self._units.root_id else self._by_id.get(parent)
        if not self._external:
            fields["external_id"] = key
        fields["parent"] = above if above is not None or parent == self._units.root_id else f"#{parent}"
        end = row.validToDate
        active = end is None or not ended(end, f"department {id_}", self._reading.runtime.clock.now())
        address = Address(KIND, scope, key)
        return Resource(
            address=address,
            fields=held_once(fields, self._alike.get(address)),
            active=active,
            handle=Handle(id=id_, etag="", raw=raw),
        )

    def find(self, address: Address) -> Resource | None:
        """Look a unit up by its external id; what an unknown one answers is not documented."""
        path = f"{self.base}/external/{quote(address.key, safe='')}"
        answer = self._reading.get(path, absent=(204, 404))
        if answer.status == 404 and self.version() == "3.0":  # where the route is there, the answer is 204
            return self._find_in_tree(address)
        if answer.body is None:
            return None
        return self._one(answer.body, address, f"GET {path}")

    def _find_in_tree(self, address: Address) -> Resource | None:
        rows = self._raw_tree()
        name = "externalId" if self._external else "code"
        result = next((row for row in rows if composed(row.get(name)) == address.key), None)
        return self._one(result, address, f"GET {V1}") if result is not None else None

    def get(self, id_: str, address: Address) -> Resource | None:
        """Read a unit by the server's id."""
        path = f"{self.base}/{id_}"
        answer = self._reading.get(path, absent=(204, 404))
        if answer.body is None:
            return None
        result = self._one(answer.body, address, f"GET {path}")
        if result.handle is None or result.handle.id != id_:
            raise NotAsAgreed(f"GET {path}: answered with another department")
        return result

    def _one(self, body: Any, address: Address, what: str) -> Resource:
        raw = rows_of([body], what, ("id", "name"))[0]
        self._by_id[str(raw["id"])] = address.key
        self._units.ids[address.key] = str(raw["id"])
        return self._resource(_LOOKED_AT.row(raw), address.key, address.scope, raw)


class DepartmentsWriter(DepartmentsReader):
    """Makes, replaces, retires and brings back departments."""

    def __init__(
        self,
        reading: Reading,
        writing: Writing,
        units: Units,
        *,
        root_unit: str,
        api_version: str | None,
        scope_of: ScopeOf,
        look_first: bool = False,
    ) -> None:
        super().__init__(reading, units, root_unit=root_unit, api_version=api_version, scope_of=scope_of)
        self._writing, self._look_first = writing, look_first
        self._by_id.update({id_: key for key, id_ in units.ids.items()})  # a parent may be a unit that nobody writes

    def refresh(self, resource: Resource) -> Resource | None:
        """PUT replaces the whole object, so it is read right before."""
        return self.get(resource.handle.id, resource.address) if resource.handle else self.find(resource.address)

    def create(self, address: Address, fields: Mapping[str, Any], idempotency_key: str) -> str:  # noqa: ARG002  # the API has no such key
        """POST; a second one would make a duplicate, so look right before where no lease keeps others from it."""
        if self._look_first and self.find(address) is not None:
            raise Refused(f"{address} is there already: plan again", 409)
        answer = self._writing.send(
            "POST",
            self.base,
            self._request({}, {"parent": None, **fields, "external_id": address.key}, code=address.key),
            expect=(200, 201),
        )
        if not isinstance(answer.body, dict) or not answer.body.get("id"):
            raise UnknownOutcome(f"POST {self.base}: the answer does not say which unit was made")
        id_ = str(answer.body["id"])
        self._units.ids[address.key] = id_
        self._by_id[id_] = address.key
        return id_

    def update(self, now: Resource, fields: Mapping[str, Any], address: Address) -> None:
        """PUT the object as it was read, with the managed fields put in: what config does not name is sent back."""
        handle = _handle(now)
        if not handle.raw:  # it comes from a list, which does not keep what nobody looks at
            fresh = self.get(handle.id, now.address)
            if fresh is None:
                raise LiveError(f"{now.address} is not in Websak any more")
            handle = _handle(fresh)
        body = self._request(handle.raw, fields)
        self._units.ids[address.key] = handle.id  # a new key, which its children name, also if no answer comes
        answer = self._writing.send("PUT", f"{self.base}/{handle.id}", body)
        if not isinstance(answer.body, dict):
            raise UnknownOutcome(f"PUT {self.base}/{handle.id}: the answer is not the unit")
        self._by_id[handle.id] = address.key

    def activate(self, now: Resource) -> None:
        """Clear the end date."""
        self._switch(now, on=True)

    def deactivate(self, now: Resource) -> None:
        """Set the end date; nothing cascades."""
        self._switch(now, on=False)

    def delete(self, now: Resource) -> None:
        """Not offered by the API.

        Raises:
            LiveError: Always.
        """
        raise LiveError(f"{now.address}: a department cannot be deleted, only deactivated")

    def _switch(self, now: Resource, *, on: bool) -> None:
        id_ = _handle(now).id
        if self.version() == "3.3":
            method, path = "PUT" if on else "DELETE", f"{V2}/{id_}/activation"
        else:
            method, path = "GET", f"{V1}/{id_}/{'activate' if on else 'deactivate'}"
        answer = self._writing.send(method, path, expect=(200, 204), bodiless=True)
        if not isinstance(answer.body, str) and not self._is(now, on):  # success may say nothing, and so may anything
            raise UnknownOutcome(f"{method} {path}: an empty answer, and it does not show")

    def _is(self, now: Resource, active: bool) -> bool:
        try:
            result = self.get(_handle(now).id, now.address)
        except LiveError as error:
            raise UnknownOutcome(f"{now.address}: an empty answer, and no look at what it did ({error})") from None
        return result is not None and result.active is active

    def _request(self, raw: Mapping[str, Any], fields: Mapping[str, Any], code: str | None = None) -> dict[str, Any]:
        new = self.version() == "3.3"
        if new:
            body = {name: value for name, value in raw.items() if name not in _ANSWER_ONLY and value is not None}
            if code is not None:
                body["code"] = code
        else:
            body = {name: raw[name] for name in _V1_REQUEST if raw.get(name) is not None}
            body.update({v1: raw[v2] for v2, v1 in (*_NAMES.values(), _PARENT, _MANAGER) if raw.get(v2) is not None})
            if raw.keys() - _V1_ANSWER:  # a newer server would clear what a request of the old one does not name
                newer = (raw.keys() - _V1_ANSWER - _NEVER_V1) | {"mailDistributionGroup", "div2"}
                body.update({name: raw[name] for name in sorted(newer) if raw.get(name) is not None})
        for ours, value in fields.items():
            if ours == "parent":
                body[_PARENT[0] if new else _PARENT[1]] = self._parent_id(value)
            else:
                body[_NAMES[ours][0] if new else _NAMES[ours][1]] = value
        return {name: value for name, value in body.items() if value is not None}

    def _parent_id(self, key: str | None) -> str:
        if key is None:
            return self._units.root_id
        if key.startswith("#"):
            return key[1:]
        try:
            return self._units.ids[key]
        except KeyError:
            raise LiveError(f"the parent {key} is not in Websak") from None


def _below(root: str, parents: Mapping[str, str]) -> dict[str, bool]:
    """Which units hang under the root. Others are not ours, unless they have a key of ours and were moved."""
    known = {root: True, "": False}
    for id_ in parents:
        path: dict[str, None] = {}
        while id_ not in known and id_ not in path:
            path[id_] = None
            id_ = parents.get(id_, "")
        known.update(dict.fromkeys(path, known.get(id_, False)))
    return known


def _flattened(body: Any, what: str) -> list[dict[str, Any]]:
    """The departments of a tree: rows in a list, or organisations that hold a department and more of their kind.

    Raises:
        NotAsAgreed: If it is neither.
    """
    result: list[dict[str, Any]] = []
    left = body[::-1] if isinstance(body, list) else [body]
    while left:
        node = left.pop()
        if not isinstance(node, dict):
            raise NotAsAgreed(f"{what}: expected an object, got {type(node).__name__}")
        if "subdepartments" not in node:
            result.append(node)
            continue
        below = node["subdepartments"] or []
        if isinstance(node.get("department"), dict):
            result.append(node["department"])
        left += below[::-1] if isinstance(below, list) else [below]
    return result


def _believed(body: Any, what: str) -> list[Any]:
    """Believe a list only if it is one, and each row only if it has what it must have.

    Raises:
        NotAsAgreed: Otherwise.
    """
    if not isinstance(body, list):
        raise not_a("list", what, body)
    for row in body:
        if not _LOOKED_AT.is_row(row):
            raise NotAsAgreed(f"{what}: a row is {type(row).__name__}, not an object")
        for name in ("id", "name"):
            if getattr(row, name) in (None, ""):
                raise NotAsAgreed(f"{what}: a row lacks {name}")
    return body


def _once(rows: list[Any], what: str) -> list[Any]:
    """Take a row that came twice, as rows do when others write meanwhile, for the one it is.

    Raises:
        NotAsAgreed: If the two differ, or no unit says what it hangs under.
    """
    by_id: dict[str, Any] = {}
    for row in rows:
        other = by_id.setdefault(str(row.id), row)
        if other is not row and _LOOKED_AT.values(other) != _LOOKED_AT.values(row):
            raise NotAsAgreed(f"{what}: department {row.id} came twice, and not the same")
    if len(by_id) > 1 and not any(row.parentDepartmentId for row in rows):
        raise NotAsAgreed(f"{what}: no department has a parentDepartmentId")
    return list(by_id.values())


def _handle(resource: Resource) -> Handle:
    if resource.handle is None:
        raise LiveError(f"{resource.address} was not read from Websak")
    return resource.handle
