"""A model of Websak in memory, written from the vendor's documents: both versions of the User API, and their doubtful points.

It keeps what is written, answers what is asked, and records every effect. It knows nothing of tokens, of time-outs and of
what may go wrong on the way: the network does. Dates are those of the day that it is given.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import msgspec

Json = dict[str, Any]
Found = tuple[int, Any]  # status and body; a body of ``NOTHING`` is empty
NOTHING = object()

_OLD = [
    "id",
    "externalId",
    "code",
    "parentDepartmentId",
    "abbreviation",
    "name",
    "unit",
    "group",
    "validFromDate",
    "validToDate",
    "journalUnitId",
    "archiveUnit",
    "managerUserId",
    "level",
    "gidId",
    "mailDistributionGroup",
    "intralink",
    "div2",
    "postalNo",
    "contact",
    "addr",
    "addr2",
    "phone",
]
_NEW = [
    "div3",
    "div4",
    "div5",
    "addr3",
    "addr4",
    "phone2",
    "mobile",
    "place",
    "countryId",
    "emailAddr",
    "emailAddr2",
    "emails",
    "title",
    "url",
    "visitingAddress",
    "personalOrOrganizationNumber",
    "localAdminAccessGroup",
    "distributionCase",
    "canPerformDisclosureReview",
    "textTemplateFromGidId",
]
DEPARTMENT = {"3.0": _OLD, "3.3": [*_OLD, *_NEW]}
_V1_REQUEST = {
    "departmentName": "name",
    "departmentShortName": "abbreviation",
    "departmentParentId": "parentDepartmentId",
    "departmentHeadId": "managerUserId",
    "externalID": "externalId",
    "enhetstype": "unit",
    **{name: name for name in ("postalNo", "contact", "addr", "addr2", "phone")},
}
_NOT_WRITABLE = [
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
]
_V2_CREATE = [name for name in DEPARTMENT["3.3"] if name not in _NOT_WRITABLE]
_V2_UPDATE = [name for name in _V2_CREATE if name not in ("code", "unit")]
_PROFILE = [
    "nationalNo",
    "code",
    "name",
    "title",
    "countryId",
    "postalNo",
    "contact",
    "addr",
    "addr2",
    "addr3",
    "addr4",
    "phone",
    "phone2",
    "mobile",
    "emailAddr",
    "emailAddr2",
    "languageId",
    "accountNumber",
    "note",
    "place",
    "municipalityNo",
    "visitingAddress",
    "misc1",
    "misc2",
    "misc3",
    "misc4",
    "misc5",
    "leaveFrom",
    "leaveTo",
    "categoryId",
]
_PROFILE_NEW = ["defaultArchiveSectionId", "defaultDepartmentId", "defaultJournalUnit", "validFrom"]
PROFILE = {"3.0": _PROFILE, "3.3": [*_PROFILE, *_PROFILE_NEW]}
_ROLE_LISTS = ("departmentList", "archiveList", "journalUnitList", "gradeList")
NAME_LIMIT, CODE_LIMIT = 70, 10


class Refusal(Exception):
    """The request was understood and is not carried out."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


@dataclass(frozen=True)
class Effect:
    """One write that was carried out: by whom, what, to what, and each field with its old and new value."""

    by: str
    operation: str
    key: str
    id: str
    fields: tuple[tuple[str, Any, Any], ...] = ()


@dataclass
class Websak:
    """The registers. ``quirks``: doubtful points that are played the other way."""

    version: str = "3.3"
    quirks: frozenset[str] = frozenset()
    today: str = "2027-01-04"
    departments: dict[str, Json] = field(default_factory=dict)  # by id, as 3.3 answers
    groups: dict[str, Json] = field(default_factory=dict)
    users: dict[str, Json] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)  # users by group
    environments: list[Json] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    _ids: dict[str, int] = field(default_factory=dict)

    # --- beginnings

    @classmethod
    def seeded(cls, version: str, quirks: frozenset[str] = frozenset()) -> "Websak":
        """With a root unit, template users, a system user and two groups, as before anybody brings configuration."""
        found = cls(version=version, quirks=quirks)
        found._ids = {"department": 1000, "user": 20000, "group": 300, "role": 7000}
        root = found._id("department")
        found.departments[root] = found._department(
            id=root, code="OSLO", externalId="OSLO", abbreviation="OSLO", name="Oslo kommune", unit="Kommune", level="1"
        )
        roles = {"MAL-SAKSB": "SB", "MAL-LEDER": "LD", "MAL-ARKIV": "AR", "MAL-UTVALG": "US"}
        functions = {
            "MAL-SAKSB": ["10", "20"],
            "MAL-LEDER": ["10", "20", "30"],
            "MAL-ARKIV": ["10", "40"],
            "MAL-UTVALG": ["10", "50"],
            "SYS-BYARK": ["0"],
        }
        for code, codes in functions.items():
            id_ = found._id("user")
            role = [{"roleId": found._id("role"), "id": roles[code], "departmentList": root}] if code in roles else []
            found.users[id_] = {
                **dict.fromkeys(PROFILE["3.3"]),
                "id": id_,
                "code": code,
                "username": code.lower(),
                "name": code,
                "template": code in roles,
                "accessTemplateId": "-1",
                "departmentId": root,
                "mail": [],
                "zones": [],
                "logins": [],
                "functions": codes,
                "roles": [{**dict.fromkeys(_ROLE_LISTS, ""), "description": None, **row} for row in role],
                "expires": None,
            }
        for name in ("Alle brukere", "Postmottak"):
            found._make_group(name)
        names = ("Åpen sone", "Intern sone", "Sikker sone")
        found.environments = [
            {"id": n, "referenceId": f"MILJO-{n}", "name": f"Websak {name.lower()}", "zone": {"id": n, "name": name}}
            for n, name in enumerate(names, 1)
        ]
        return found

    def _id(self, register: str) -> str:
        self._ids[register] = self._ids.get(register, 0) + 1
        return str(self._ids[register])

    # --- requests

    def answer(self, by: str, method: str, path: str, query: Mapping[str, str], body: Any) -> Found:
        """Carry out one request; status and body."""
        for wanted, pattern, handler, refuses in _ROUTES[self.version]:
            match = pattern.fullmatch(path) if wanted == method else None
            if match is not None:
                try:
                    return handler(self, by, [unquote(part) for part in match.groups()], query, body)
                except Refusal as refusal:
                    kept = refuses is None or refusal.status in refuses
                    kept = kept or ("unknown-404" in self.quirks and refusal.status == 404)
                    return (refusal.status if kept else 500), refusal.detail
        return 404, NOTHING

    def _listed(self, rows: list[Any]) -> list[Any]:
        return rows[::-1] if "any-order" in self.quirks else rows

    def _note(self, by: str, operation: str, key: str, id_: str, before: Json, after: Json) -> None:
        changed = tuple((n, before.get(n), v) for n, v in after.items() if before.get(n) != v)
        self.effects.append(Effect(by, operation, key, id_, changed))

    # --- departments

    def _department(self, **values: Any) -> Json:
        id_ = str(values["id"])
        made = {"validFromDate": f"{self.today}T00:00:00Z", "journalUnitId": "1", "archiveUnit": "1"}
        return {**dict.fromkeys(DEPARTMENT["3.3"]), **made, **values, "gidId": str(int(id_) + 500_000)}

    def _shown(self, row: Json) -> Json:
        return {name: row[name] for name in DEPARTMENT[self.version]}

    def list_flat(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        rows = list(self.departments.values())
        if "retired-hidden" in self.quirks:
            rows = [row for row in rows if row["validToDate"] is None]
        return 200, self._listed([self._shown(row) for row in rows])

    def read_department(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        return self._found(self.departments.get(path[0]))

    def read_external(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        key = path[0].strip()
        return self._found(next((d for d in self.departments.values() if d["externalId"] == key), None))

    def _found(self, row: Json | None) -> Found:
        if row is not None:
            return 200, self._shown(row)
        if self.version == "3.0":
            return 204, NOTHING
        raise Refusal(404, "There is no such department.")

    def create_department(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        values = self._read_department(body, _V2_CREATE)
        parent = self.departments.get(str(values["parentDepartmentId"] or ""))
        id_ = self._id("department")
        if parent is None:
            self._ids["department"] -= 1
            raise Refusal(422, "The parent department does not exist; a new root cannot be made.")
        values["code"] = values.get("code") or values["abbreviation"] or f"AVD{id_}"
        values["abbreviation"] = values["abbreviation"] or values["code"]
        if self._taken(values["abbreviation"], id_):
            self._ids["department"] -= 1
            raise Refusal(422, "Another department has this abbreviation.")
        row = self._department(
            **{**values, "id": id_, "unit": values.get("unit") or "Avd", "level": str(int(parent["level"]) + 1)}
        )
        self.departments[id_] = row
        self._note(by, "department.create", row["externalId"] or row["code"], id_, {}, row)
        return 201, self._shown(row)

    def replace_department(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        row = self.departments.get(path[0])
        if row is None:
            raise Refusal(400, "There is no such department.")
        values = self._read_department(body, _V2_UPDATE)
        level = "1"
        if values["parentDepartmentId"] is not None:
            parent = self.departments.get(str(values["parentDepartmentId"]))
            if parent is None:
                raise Refusal(400, "The parent department does not exist.")
            level = str(int(parent["level"]) + 1)
        if self._taken(values["abbreviation"], path[0]):
            raise Refusal(400, "Another department has this abbreviation.")
        before = dict(row)
        row.update(values, level=level)
        self._note(by, "department.update", row["externalId"] or row["code"] or path[0], path[0], before, row)
        return 200, self._shown(row)

    def _read_department(self, body: Any, v2: list[str]) -> Json:
        if self.version == "3.3":
            values = {name: body.get(name) for name in v2}
        else:
            values = {}
            for theirs, ours in _V1_REQUEST.items():
                given = body.get(theirs)
                values[ours] = values.get(ours) if given is None else given
        if isinstance(values.get("name"), str):
            values["name"] = values["name"].strip()[:NAME_LIMIT].rstrip()
        for name in ("externalId", "abbreviation", "code"):
            if isinstance(values.get(name), str):
                values[name] = values[name].strip() or None
        return values

    def _taken(self, abbreviation: Any, id_: str) -> bool:
        return abbreviation is not None and any(
            d["abbreviation"] == abbreviation and d["id"] != id_ for d in self.departments.values()
        )

    def open_department(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        return self._end(by, path[0], None)

    def end_department(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        return self._end(by, path[0], f"{self.today}T00:00:00Z")

    def _end(self, by: str, id_: str, end: str | None) -> Found:
        row = self.departments.get(id_)
        if row is None:
            raise Refusal(404, "There is no such department.")
        before = dict(row)
        row["validToDate"] = end
        operation = "department.activate" if end is None else "department.deactivate"
        self._note(by, operation, row["externalId"] or row["code"] or id_, id_, before, row)
        return (200, NOTHING) if end is None else (200, f"Department {id_} is deactivated.")

    # --- access groups

    def _make_group(self, name: str) -> Json:
        id_ = self._id("group")
        row = {"groupId": id_, "groupName": name, "general": "1", "createdById": None}
        self.groups[id_] = {**row, "fromDate": f"{self.today}T00:00:00Z", "toDate": None}
        self.members[id_] = set()
        return self.groups[id_]

    def list_groups(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        return 200, self._listed(list(self.groups.values()))

    def create_group(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        name = str(body.get("groupName") or "").strip()[:NAME_LIMIT].rstrip()
        if not name:
            raise Refusal(422, "A group needs a name.")
        row = self._make_group(name)
        self._note(by, "access_group.create", name, row["groupId"], {}, row)
        return 201, row

    def list_members(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        if self.version == "3.0":
            return 200, [self.groups[path[0]]] if path[0] in self.groups else []
        return 200, self._listed(sorted(map(int, self.members.get(path[0], ()))))

    def list_memberships(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        user = self._user(path[0], query.get("lookupField") or self._default_lookup)
        return 200, self._listed([row for id_, row in self.groups.items() if user["id"] in self.members[id_]])

    def add_member(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        return self._member(by, *path, "gidid", member=True)

    def remove_member(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        return self._member(by, *path, "gidid", member=False)

    def add_member_v1(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        return self._member(by, path[1], path[0], query.get("lookupField") or self._default_lookup, member=True)

    def remove_member_v1(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        return self._member(by, path[1], path[0], query.get("lookupField") or self._default_lookup, member=False)

    def _member(self, by: str, group: str, user: str, lookup: str, *, member: bool) -> Found:
        if group not in self.groups:
            raise Refusal(404, "0 access groups match, not one.")
        who = self._user(user, lookup)
        (self.members[group].add if member else self.members[group].discard)(who["id"])
        operation = "access_group.add_member" if member else "access_group.remove_member"
        self._note(by, operation, self.groups[group]["groupName"], group, {}, {"member": who["id"]})
        return 200, f"{who['code']} is {'a' if member else 'no'} member."

    # --- users

    @property
    def _default_lookup(self) -> str:
        return "Id" if self.version == "3.0" else "gidid"

    def _user(self, given: str | None, lookup: str) -> Json:
        found = self._look_up(given, lookup)
        if found is None:
            raise Refusal(404, "There is no such user.")
        return found

    def _look_up(self, given: Any, lookup: str) -> Json | None:
        wanted = str(given).strip() if given is not None else ""
        if not wanted:
            return None
        if lookup.lower() == "code":
            return next((u for u in self.users.values() if u["code"] == wanted), None)
        found = self.users.get(wanted)
        if found is None and lookup.lower() != "gidid":
            found = next((u for u in self.users.values() if u["username"] == wanted), None)
        return found

    def _shown_user(self, user: Json, query: Mapping[str, str], *, alone: bool, may_ask: bool = True) -> Json:
        def asked(name: str) -> bool:
            return may_ask and (query.get(name) or "").lower() == "true"

        mail = (
            user["mail"] if asked("includeEmailAddresses") and not (alone and "mail-withheld" in self.quirks) else None
        )
        functions = asked("includeUserAccess") or "functions-told" in self.quirks
        unit = self.departments.get(user["departmentId"] or "")
        found = {name: user[name] for name in PROFILE[self.version]}
        kept = None if mail is None else [*mail, None, None] if mail else [user["emailAddr"], user["emailAddr2"]]
        found |= {
            "gidId": user["id"],
            "externalUsername": None,
            "active": user["expires"] is None or user["expires"] >= self.today,
            "orgUnitId": unit["externalId"] if unit else None,
            "userRequestJsonString": None,
            "accessTemplateId": user["accessTemplateId"],
            "emailAddr": kept[0] if kept else None,
            "emailAddr2": kept[1] if kept else None,
            "departmentId": user["departmentId"],
            "departmentCode": unit["abbreviation"] if unit else None,
            "userAccessCodes": ",".join(user["functions"]) if functions else None,
            "userAccessFunctions": [
                {"id": n, "code": code, "name": code, "description": None}
                for n, code in enumerate(user["functions"], 1)
            ]
            if functions
            else None,
            "userRoles": None,
        }
        if self.version == "3.3":
            zones = [e["zone"] for e in self.environments if e["id"] in user["zones"]] if user["zones"] else []
            found |= {
                "externalId": None,
                "isSystemAdministrator": functions and "0" in user["functions"],
                "availableZones": (zones or [self.environments[0]["zone"]]) if alone else None,
            }
        return found

    def list_users(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        limit, offset = int(query.get("limit") or 100), int(query.get("offset") or 0)
        if "capped-pages" in self.quirks:
            limit = min(limit, 3)
        rows = self._listed(list(self.users.values()))[offset : offset + limit]
        return (200, [self._shown_user(u, query, alone=False) for u in rows]) if rows else (204, NOTHING)

    def read_user(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        return 200, self._shown_user(self._user(path[0], query.get("lookupField") or "Id"), query, alone=True)

    def post_user(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        by_code = str(body.get("lookupField") or "Id").lower() == "code"
        old = self._look_up(body.get("code"), "code") if by_code else self._look_up(body.get("username"), "Id")
        if old is not None:
            if self.version == "3.3" and (query.get("feilVedEksisterende") or "true").lower() == "true":
                raise Refusal(409, "The user is there already.")
            self._write_user(by, old, body, all_of_it=True)
            return 200, self._shown_user(old, {}, alone=True)
        if self.version == "3.3" and not (body.get("username") or body.get("userAccesses")):
            raise Refusal(400, "A user needs a way to log in: username or userAccesses.")
        template = self._template(body)
        new = self._profile(body, "", status=409)
        id_ = self._id("user")
        user = {
            **dict.fromkeys(PROFILE["3.3"]),
            **new,
            "id": id_,
            "accessTemplateId": str(body.get("accessTemplateId") or "-1"),
            "departmentId": self._home(body, template),
            "zones": list(body.get("accessToZones") or []),
            "logins": [_login(row) for row in body.get("userAccesses") or []],
            "functions": list(template["functions"]) if template else [],
            "roles": [],
            "expires": None,
        }
        user["code"] = user["code"] or user["username"] or f"B{id_}"
        self.users[id_] = user
        if template:
            self._copy_roles(template, user)
        self._note(by, "user.create", user["code"], id_, {}, user)
        return 201, self._shown_user(user, {}, alone=True)

    def put_user(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        user = self._user(path[0], str(body.get("lookupField") or "Id"))
        self._write_user(by, user, body, all_of_it=False)
        return 200, self._shown_user(user, {}, alone=True)

    def _write_user(self, by: str, user: Json, body: Json, *, all_of_it: bool) -> None:
        template = self._template(body)
        new = self._profile(body, user["id"], status=400)
        if all_of_it or "zones-kept" not in self.quirks or body.get("accessToZones"):
            new["zones"] = list(body.get("accessToZones") or [])
        erases = self.version == "3.0" and ("logins-kept" not in self.quirks or body.get("userAccesses"))
        if all_of_it or erases:
            new["logins"] = [_login(row) for row in body.get("userAccesses") or []]
        given = body.get("accessTemplateId")
        new |= {"accessTemplateId": str(given) if given else None, "departmentId": self._home(body, template)}
        before = dict(user)
        moved = any(new[name] != user[name] for name in ("accessTemplateId", "departmentId"))
        user.update(new)
        if template and moved:
            user["functions"], user["roles"] = list(template["functions"]), []
            self._copy_roles(template, user)
        self._note(by, "user.update", user["code"] or user["id"], user["id"], before, user)

    def _profile(self, body: Json, id_: str, status: int) -> Json:
        new = {name: body.get(name) for name in PROFILE[self.version]}
        if isinstance(new["name"], str):
            new["name"] = new["name"].strip()[:NAME_LIMIT].rstrip()
        code = str(new["code"] or "").strip() or None
        if code and len(code) > CODE_LIMIT:
            if "codes-cut" not in self.quirks:
                raise Refusal(400, f"The code of a user has at most {CODE_LIMIT} characters.")
            code = code[:CODE_LIMIT]
        new |= {"code": code, "username": str(body.get("username") or "").strip() or None}
        new |= {"mail": list(body.get("mailAddresses") or []), "template": str(body.get("userType") or "B") == "P"}
        for name in ("code", "username"):
            if new[name] and any(u[name] == new[name] and u["id"] != id_ for u in self.users.values()):
                raise Refusal(status, f"Another user has this {name}.")
        return new

    def _template(self, body: Json) -> Json | None:
        given = str(body.get("accessTemplateId") or "").strip()
        if given in ("", "-1"):
            return None
        found = self.users.get(given)
        if found is None or not found["template"]:
            raise Refusal(400, "There is no such template user.")
        return found

    def _home(self, body: Json, template: Json | None) -> str | None:
        """The unit that is asked for; one that is not there silently becomes the template's."""
        external = str(body.get("externalDepartmentId") or "").strip()
        found = next((id_ for id_, d in self.departments.items() if external and d["externalId"] == external), None)
        return found or (template["departmentId"] if template else None)

    def _copy_roles(self, template: Json, user: Json) -> None:
        user["roles"] = [{**row, "roleId": self._id("role")} for row in template["roles"]]

    def open_user(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        return self._expire(by, path[0], query, on=True)

    def end_user(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        return self._expire(by, path[0], query, on=False)

    def _expire(self, by: str, id_: str, query: Mapping[str, str], *, on: bool) -> Found:
        lookup = "gidid" if self.version == "3.3" else query.get("lookupField") or self._default_lookup
        user = self._user(id_, lookup)
        before = dict(user)
        user["expires"] = None if on else "2000-01-01"
        self._note(by, "user.activate" if on else "user.deactivate", user["code"], user["id"], before, user)
        return 200, f"{user['code']} is {'active' if on else 'no longer active'}."

    def list_roles(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        user = self._user(path[0], query.get("lookupField") or "Id")
        return 200, self._listed([{**row, "userId": user["id"]} for row in user["roles"]])

    def add_role(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        kind, lists = str(body.get("id") or "").strip(), {name: body.get(name) or "" for name in _ROLE_LISTS}
        if not kind:
            raise Refusal(400, "The id of a role is needed.")
        if self.version == "3.0" and not (lists["departmentList"].strip() and lists["gradeList"].strip()):
            raise Refusal(400, "departmentList and gradeList are required.")
        user = self._user(path[0], query.get("lookupField") or "Id")
        wanted = {"id": kind, **lists}
        if any({name: row[name] for name in wanted} == wanted for row in user["roles"]):
            raise Refusal(409, "The user has this role already.")
        row = {**wanted, "roleId": self._id("role"), "description": None}
        user["roles"].append(row)
        self._note(by, "user.add_role", user["code"], user["id"], {}, {"role": kind})
        return 201, {**row, "userId": user["id"]}

    def remove_role(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        user = self._user(path[0], query.get("lookupField") or "Id")
        row = next((row for row in user["roles"] if row["roleId"] == path[1]), None)
        if row is None:
            raise Refusal(404, "The user has no such role.")
        user["roles"].remove(row)
        self._note(by, "user.remove_role", user["code"], user["id"], {}, {"role": row["id"]})
        return 200, "gone"

    def set_functions(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        user = self._user(path[0], query.get("lookupField") or "Id")
        before = dict(user)
        user["functions"] = list(dict.fromkeys(body["codes"]))
        self._note(by, "user.set_access_codes", user["code"], user["id"], before, user)
        return 200, self._shown_user(user, {"includeUserAccess": "true"}, alone=True)

    def list_logins(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        user = self._user(path[0], "gidid")
        return 200, [{**row, "id": int(user["id"])} for row in user["logins"]]

    def list_zones(self, by: str, path: list[str], query: Mapping[str, str], body: Any) -> Found:
        return 200, self._listed(self.environments)

    # --- somebody in the Websak client

    def edit(self, by: str, register: str, id_: str, **values: Any) -> None:
        """Change something by hand."""
        row = getattr(self, register)[id_]
        before = dict(row)
        row.update(values)
        self._note(by, "edit", row.get("externalId") or row.get("code") or id_, id_, before, row)


def _login(row: Mapping[str, Any]) -> Json:
    return {
        "domain": row.get("domain"),
        "provider": row.get("provider") or "AD",
        "key": row.get("key"),
        "isPrimary": row.get("isPrimary", True),
    }


Handler = Callable[[Websak, str, list[str], Mapping[str, str], Any], Found]
Route = tuple[str, re.Pattern[str], Handler, tuple[int, ...] | None]


def _routes(version: str) -> list[Route]:
    one = r"([^/]+)"
    base = "/api/v2/departments" if version == "3.3" else "/api/Departments"
    new = version == "3.3"
    user = f"/api/Users/{one}"
    table: list[tuple[str, str, Handler, tuple[int, ...] | None]] = [
        ("GET", f"{base}/flat", Websak.list_flat, None),
        ("GET", f"{base}/external/{one}", Websak.read_external, None),
        ("POST", base, Websak.create_department, None),
        ("GET", f"{base}/{one}", Websak.read_department, None),
        ("PUT", f"{base}/{one}", Websak.replace_department, None if new else ()),
        ("GET", "/api/AccessGroups", Websak.list_groups, None),
        ("POST", "/api/AccessGroups", Websak.create_group, None),
        ("GET", f"/api/AccessGroups/members/{one}", Websak.list_members, None),
        ("GET", f"{user}/AccessGroupMembership", Websak.list_memberships, ()),
        ("GET", "/api/Users", Websak.list_users, None),
        ("POST", "/api/Users", Websak.post_user, (400, 409) if new else ()),
        ("GET", f"{user}/roles", Websak.list_roles, None),
        ("POST", f"{user}/roles", Websak.add_role, None),
        ("DELETE", f"{user}/roles/{one}", Websak.remove_role, None),
        ("PUT", f"{user}/accesscodes", Websak.set_functions, None),
        ("GET", "/api/Zones", Websak.list_zones, None),
    ]
    if new:
        members = f"/api/v2/accessgroups/{one}/members/{one}"
        table += [
            ("PUT", f"{base}/{one}/activation", Websak.open_department, ()),
            ("DELETE", f"{base}/{one}/activation", Websak.end_department, ()),
            ("PUT", f"/api/v2/users/{one}/activation", Websak.open_user, None),
            ("DELETE", f"/api/v2/users/{one}/activation", Websak.end_user, None),
            ("PUT", members, Websak.add_member, None),
            ("DELETE", members, Websak.remove_member, None),
            ("GET", f"{user}/useraccesses", Websak.list_logins, None),
        ]
    else:
        table += [
            ("GET", f"{base}/{one}/activate", Websak.open_department, ()),
            ("GET", f"{base}/{one}/deactivate", Websak.end_department, ()),
            ("GET", f"{user}/Activate", Websak.open_user, None),
            ("GET", f"{user}/Deactivate", Websak.end_user, None),
            ("GET", f"{user}/AddUserToAccessGroup/{one}", Websak.add_member_v1, ()),
            ("GET", f"{user}/RemoveUserFromAccessGroup/{one}", Websak.remove_member_v1, ()),
        ]
    table += [("GET", user, Websak.read_user, None), ("PUT", user, Websak.put_user, None)]
    return [(method, re.compile(path), handler, refuses) for method, path, handler, refuses in table]


_ROUTES = {version: _routes(version) for version in ("3.0", "3.3")}


def encoded(body: Any) -> bytes:
    """A body as JSON; of nothing, no bytes."""
    return b"" if body is NOTHING else msgspec.json.encode(body)
