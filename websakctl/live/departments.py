"""Org units over the User API: /api/Departments on 3.0, /api/v2/departments on 3.3."""

from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from websakctl.live.access_groups import AccessGroupsReader
from websakctl.live.adapter import NOTHING, ScopeOf, Units, composed, ended, held_once, row_lacks, rows_of, text_or_none
from websakctl.live.department_fields import LOOKED_AT, NEWER, NUMBER, ONLY_READ, TEXTS, reported
from websakctl.live.errors import LiveError, NotAsAgreed, not_a
from websakctl.live.transport import Reading
from websakctl.model.address import BASE, Address
from websakctl.model.resource import Handle, Resource

if TYPE_CHECKING:
    from websakctl.consistency.websak import LiveUnit

KIND = "org_unit"
V1, V2 = "/api/Departments", "/api/v2/departments"

_READ_ANEW: Mapping[str, Any] = {}  # what a list keeps of a row for a write: nothing, it reads the unit again


class DepartmentsReader:
    """Lists and looks up departments; finds out which version of the API there is."""

    def __init__(
        self,
        reading: Reading,
        units: Units,
        groups: AccessGroupsReader,
        *,
        root_unit: str,
        api_version: str | None,
        scope_of: ScopeOf,
        alike: Mapping[Address, Resource] = NOTHING,
    ) -> None:
        self._reading = reading
        self._alike = alike
        self._units = units
        self._groups = groups
        self._root_unit = root_unit
        self._scope_of = scope_of
        self._by_id: dict[str, str] = {}  # id -> key
        self.api_version = api_version
        self.from_tree = False  # whether there is no flat list here
        self._external = True  # whether units have external ids; a version of 2021 had only codes
        self._absent: frozenset[str] = frozenset()  # fields that older versions do not have

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
        answer = self._reading.get(path, absent=absent, parse=LOOKED_AT.rows)
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
        rows = [LOOKED_AT.row(row) for row in self._raw_tree()]
        if not rows:
            raise NotAsAgreed(f"GET {V1}: no department at all, not even the root")
        return _once(_believed(rows, f"GET {V1}"), f"GET {V1}")

    def _raw_tree(self) -> list[dict[str, Any]]:
        """The rows of the tree; whether units have external ids, the rows say."""
        answer = self._reading.get(V1)
        rows = [] if answer.status == 204 else _flattened(answer.body, f"GET {V1}")
        self.from_tree = True
        self._external = any("externalId" in row for row in rows)
        self._absent = frozenset(
            ours
            for ours, (theirs, _) in TEXTS.items()
            if ours != "external_id" and not any(theirs in row for row in rows)
        )
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

    def listed(self) -> "tuple[LiveUnit, ...]":
        """All units but the root, as they are: an external id may stand there twice, which ``read`` refuses.

        Raises:
            LiveError: If the list cannot be read or trusted, or the root is not there.
        """
        from websakctl.consistency.websak import LiveUnit  # what a plan has no use for

        rows = self._flat()
        root = self._find_root(rows)
        now = self._reading.runtime.clock.now()
        keys = {str(row.id): composed(row.externalId) or composed(row.code) or f"#{row.id}" for row in rows}
        keys[str(root.id)] = ""
        result = []
        for row in rows:
            parent, number = str(row.parentDepartmentId or ""), getattr(row, NUMBER)
            if row is not root:
                unit = LiveUnit(
                    key=keys[str(row.id)],
                    id=str(row.id),
                    name=str(row.name),
                    parent=keys.get(parent, f"#{parent}"),
                    abbreviation=text_or_none(row.abbreviation),
                    number=str(number) if number not in (None, "", "0", 0) else "",
                    active=not ended(row.validToDate, f"department {row.id}", now),
                )
                result.append(unit)
        return tuple(result)

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
        fields = reported(row, self._groups.name_of)
        for name in self._unreported:
            fields.pop(name, None)
        self._note(row, key)
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

    def _note(self, row: Any, key: str) -> None:
        """Remember who manages a unit, which group distributes its mail, and its number."""
        for result, theirs in (
            (self._units.managers, row.managerUserId),
            (self._units.mail_groups, row.mailDistributionGroup),
            (self._units.numbers, getattr(row, NUMBER)),
        ):
            if theirs in (None, "", "0", 0):
                result.pop(key, None)
            else:
                result[key] = str(theirs)

    @property
    def unsupported(self) -> frozenset[str]:
        """Fields that this version has no place for in a request."""
        keys = frozenset() if self._external else frozenset({"external_id"})
        return self._absent | keys | (frozenset() if self.version() == "3.3" else NEWER)

    @property
    def _unreported(self) -> frozenset[str]:
        """Fields that this version does not answer."""
        return self.unsupported - ONLY_READ

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
        self._units.scopes.setdefault(address.key, address.scope)
        return self._resource(LOOKED_AT.row(raw), address.key, address.scope, raw)


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
    for number, row in enumerate(body, 1):
        if not LOOKED_AT.is_row(row):
            raise NotAsAgreed(f"{what}: a row is {type(row).__name__}, not an object")
        for name in ("id", "name"):
            if getattr(row, name) in (None, ""):
                raise row_lacks(name, what, number, row.id)
    return body


def _once(rows: list[Any], what: str) -> list[Any]:
    """Take a row that came twice, as rows do when others write meanwhile, for the one it is.

    Raises:
        NotAsAgreed: If the two differ, or no unit says what it hangs under.
    """
    by_id: dict[str, Any] = {}
    for row in rows:
        other = by_id.setdefault(str(row.id), row)
        if other is not row and LOOKED_AT.values(other) != LOOKED_AT.values(row):
            raise NotAsAgreed(f"{what}: department {row.id} came twice, and not the same")
    if len(by_id) > 1 and not any(row.parentDepartmentId for row in rows):
        raise NotAsAgreed(f"{what}: no department has a parentDepartmentId")
    return list(by_id.values())
