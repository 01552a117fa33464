"""Users, written: made, replaced, switched on and off; and the requests that their access takes besides."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from websakctl.live.access_groups import AccessGroupsReader
from websakctl.live.adapter import ScopeOf, Step, Units
from websakctl.live.errors import LiveError, NotAsAgreed, Refused, UnknownOutcome
from websakctl.live.transport import Reading, Writing
from websakctl.live.user_rows import PATH, kept_of
from websakctl.live.users import People, UsersReader, id_of, role_request
from websakctl.model.address import Address
from websakctl.model.resource import Fields, Resource
from websakctl.redaction import withheld

V2_USERS, V2_GROUPS = "/api/v2/users", "/api/v2/accessgroups"
ORDINARY = "B"  # userType
# Kept by the server under the same name in answers and requests; a PUT clears what it does not name.
_SENT_BACK = [
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
    "defaultArchiveSectionId",
    "defaultDepartmentId",
    "defaultJournalUnit",
    "validFrom",
]
_SAME_NAME = ("name", "title", "phone", "mobile", "username")
_REPLACED = frozenset(
    {*_SAME_NAME, "role", "unit", "email", "other_emails", "zones", "national_no"}
)  # a PUT is sent for these
_RESETTING = frozenset({"unit", "role"})  # the server gives the template's access anew when one of these changes


class UsersWriter(UsersReader):
    """Makes, replaces, retires and brings back users."""

    def __init__(
        self,
        reading: Reading,
        writing: Writing,
        units: Units,
        groups: AccessGroupsReader,
        people: People,
        *,
        scope_of: ScopeOf,
        version: Callable[[], str],
        concurrency: int = 4,
    ) -> None:
        super().__init__(reading, units, groups, people, scope_of=scope_of, version=version, concurrency=concurrency)
        self._writing = writing

    def refresh(self, resource: Resource) -> Resource | None:
        """PUT replaces the whole object, so it is read right before."""
        return self.get(id_of(resource), resource.address) if resource.handle else self.find(resource.address)

    def create(self, address: Address, fields: Mapping[str, Any], idempotency_key: str) -> str:  # noqa: ARG002  # the API has no such key
        """POST from the role's template user. It could replace a user of the same code, so look right before."""
        if self.find(address) is not None:
            raise Refused(f"{address} is there already: plan again", 409)
        body = self._request({}, fields, address)
        path = f"{PATH}?feilVedEksisterende=true" if self._version() == "3.3" else PATH
        answer = self._writing.send("POST", path, body, expect=(200, 201))
        if not isinstance(answer.body, dict) or not answer.body.get("gidId"):
            raise UnknownOutcome(f"POST {PATH}: the answer does not say which user was made")
        self._landed(answer.body, fields["unit"], address, "was made")
        return str(answer.body["gidId"])

    def update(self, now: Resource, fields: Mapping[str, Any], address: Address) -> None:
        """PUT the user as it was read, with the managed fields put in, and those that the API never tells from the config."""
        raw = now.handle.raw if now.handle is not None else {}
        if not raw.get("name"):
            raise NotAsAgreed(f"GET {PATH}/{id_of(now)}: a user lacks name")
        held = {**self._zones_of(raw), **self._held(address)}
        needed = ("username", "email", "zones", *(("logins",) if self._version() == "3.0" else ()))
        if missing := [name for name in needed if not held.get(name)]:
            raise LiveError(
                f"{address} is not replaced: {' and '.join(missing)} would be erased",
                "say them in the district's file of users, or change the user in Websak",
            )
        unit = fields.get("unit") or now.fields.get("unit")
        body = self._request(raw, {**held, "unit": unit, **fields}, address)
        answer = self._writing.send("PUT", f"{PATH}/{id_of(now)}", body, expect=(200, 201))
        if not isinstance(answer.body, dict) or str(answer.body.get("gidId")) != id_of(now):
            raise UnknownOutcome(f"PUT {PATH}/{id_of(now)}: the answer is not the user")
        self._landed(answer.body, unit, address, "was changed")

    def activate(self, now: Resource) -> None:
        """Take the end date away."""
        self._switch(now, on=True)

    def deactivate(self, now: Resource) -> None:
        """Set the end date to yesterday; nothing is deleted."""
        self._switch(now, on=False)

    def delete(self, now: Resource) -> None:
        """Not offered by the API.

        Raises:
            LiveError: Always.
        """
        raise LiveError(f"{now.address}: a user cannot be deleted, only deactivated")

    def steps(self, address: Address, fields: Fields, changed: Iterable[str]) -> Iterator[Step]:
        """Requests that a user's access takes besides: each is found out about right before, and left out if it is so."""
        names = set(changed)
        if self._version() == "3.0":
            yield from self._login_steps_v1(address, names)
            names.discard("logins")
        desired = {**self._people.wanted.get(address.key, {}), **fields}
        resets = bool(names & _RESETTING)
        id_ = ""
        for name, make in (
            ("logins", self._login_steps),
            ("access_functions", self._function_steps),
            ("roles", self._role_steps),
        ):
            if desired.get(name) is not None and (name in names or (resets and name != "logins")):
                id_ = id_ or self._id(address)
                if name not in self.lacking(id_):  # else a plan leaves it to people
                    yield from make(address, id_, desired[name])
        kinds = [n for n in ("groups", "district_groups") if desired.get(n) is not None and (n in names or resets)]
        if kinds:
            id_ = id_ or self._id(address)
            kinds = [n for n in kinds if n not in self.lacking(id_)]
            yield from self._group_steps(id_, kinds, {n: set(desired[n]) for n in kinds})

    # --- requests

    def _request(self, raw: Mapping[str, Any], fields: Mapping[str, Any], address: Address) -> dict[str, Any]:
        body = {name: raw[name] for name in _SENT_BACK if raw.get(name) not in (None, "")}
        body |= {name: fields[name] for name in _SAME_NAME if name in fields}
        body |= {
            "code": body.get("code") or address.key,
            "userType": ORDINARY,
            "externalDepartmentId": self._unit(fields["unit"]),
            "accessTemplateId": self._template(fields["role"]) if "role" in fields else raw.get("accessTemplateId"),
            "lookupField": "Id" if raw else "Code",
        }
        if email := fields.get("email"):
            reported = [raw["emailAddr2"]] if raw.get("emailAddr2") else []  # of more than two the API tells two
            others = fields["other_emails"] if fields.get("other_emails") is not None else reported
            body["mailAddresses"] = list(dict.fromkeys([email, *others]))
            body["emailAddr"] = email
        if fields.get("national_no"):
            body["nationalNo"] = fields["national_no"]
        if fields.get("logins") and (not raw or self._version() == "3.0"):  # 3.3 has a route of their own for later
            body["userAccesses"] = _accesses(fields["logins"])
        if fields.get("zones") is not None:
            body["accessToZones"] = self._zone_ids(fields["zones"])
        cleared = {name: "" for name in _SAME_NAME if raw.get(name) and name in fields and fields[name] is None}
        return {name: value for name, value in body.items() if value is not None} | cleared

    def _zone_ids(self, zones: Iterable[str | int]) -> list[int]:
        """Ids of environments: by name, or as a single read reported them."""
        return [result for zone in zones for result in ([zone] if isinstance(zone, int) else self.zones.ids([zone]))]

    def _zones_of(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The zones that the user is let into now, where the API reports them with certainty."""
        reported = self.zones.ids_of_zones(raw.get("availableZones"))
        return {} if reported is None else {"zones": reported}

    def _held(self, address: Address) -> dict[str, Any]:
        """What the config holds of the fields that the API never tells; what was taken out before it was kept is not held."""
        desired = self._people.wanted.get(address.key, {})
        names = ("username", "email", "other_emails", "zones", "logins", "national_no")
        return {name: desired[name] for name in names if desired.get(name) is not None and not withheld(desired[name])}

    def _unit(self, key: str | None) -> str:
        if key is None or key not in self._units.ids:
            raise LiveError(f"the unit {key} is not in Websak, and the user would get the template's")
        return key

    def _template(self, role: str | None) -> str | None:
        if role is None or role not in self._people.roles:
            raise LiveError(f"there is no user role {role} in the config")
        return str(self._people.roles[role]["template_id"])

    def _landed(self, body: Mapping[str, Any], unit: str | None, address: Address, done: str) -> None:
        """See that the user is in the unit that was asked for: an unknown one silently becomes the template's."""
        department = kept_of(body)["department"]
        if department is not None and department != self._units.ids.get(unit or ""):
            other = self._units.by_id().get(department, f"the unit {department}")
            raise NotAsAgreed(
                f"{address} {done}, but Websak put it into {other} instead of {unit}",
                "see whether the unit has its external id in Websak; then plan again",
            )

    def _switch(self, now: Resource, *, on: bool) -> None:
        id_ = id_of(now)
        if self._version() == "3.3":
            method, path = "PUT" if on else "DELETE", f"{V2_USERS}/{id_}/activation"
        else:
            method, path = "GET", f"{PATH}/{id_}/{'Activate' if on else 'Deactivate'}?lookupField=Id"
        answer = self._writing.send(method, path, expect=(200, 204), bodiless=True)
        if not isinstance(answer.body, str):  # success may say nothing, and so may anything
            try:
                result = self.get(id_, now.address)
            except LiveError as error:
                raise UnknownOutcome(f"{method} {path}: an answer without a word ({error})") from None
            if result is None or result.active is not on:
                raise UnknownOutcome(f"{method} {path}: an answer without a word, and it does not show")

    # --- steps

    def _id(self, address: Address) -> str:
        result = self.find(address)
        if result is None:
            raise LiveError(f"{address} is not in Websak any more")
        return id_of(result)

    def _login_steps_v1(self, address: Address, changed: set[str]) -> Iterator[Step]:
        """3.0 has no route for mappings: a PUT of the user holds them, and one that was sent has held them already."""
        if "logins" not in changed or changed & _REPLACED:
            return

        def send() -> object:
            now = self.find(address)
            if now is None:
                raise LiveError(f"{address} is not in Websak any more")
            self.update(now, {}, address)
            return now

        yield Step(request="set login mappings", send=send, happened=lambda: False, reported=False)

    def _login_steps(self, address: Address, id_: str, logins: list[dict[str, Any]]) -> Iterator[Step]:  # noqa: ARG002  # as its neighbours
        path = f"{PATH}/{id_}/useraccesses"
        desired = _accesses(logins)

        def there() -> bool:
            body = self._reading.get(path, absent=(204, 404)).body or []
            return [{n: row.get(n) for n in desired[0]} for row in body] == desired

        if not there():
            yield Step(
                request="set login mappings", send=lambda: self._writing.send("PUT", path, desired), happened=there
            )

    def _function_steps(self, address: Address, id_: str, codes: list[str]) -> Iterator[Step]:
        def there() -> bool:
            result = self.get(id_, address)
            return result is not None and result.fields.get("access_functions") == sorted(codes)

        path = f"{PATH}/{id_}/accesscodes"
        if not there():
            yield Step(
                request="set access functions",
                send=lambda: self._writing.send("PUT", path, {"codes": codes}),
                happened=there,
            )

    def _role_steps(self, address: Address, id_: str, wanted: Mapping[str, Any]) -> Iterator[Step]:  # noqa: ARG002  # as its neighbours
        """There is no PUT: a role that holds elsewhere than it should is taken away and given anew."""
        now = self.roles_of(id_)
        right = [row for row in now if row["id"] in wanted and row["scope"] == dict(wanted[row["id"]])]
        held = {row["id"] for row in right}
        twice = {row["key"] for n, row in enumerate(right) if row["id"] in {r["id"] for r in right[:n]}}
        wrong = [row for row in now if row not in right or row["key"] in twice]
        for row in sorted(wrong, key=lambda row: row["id"] not in wanted):  # what is not wanted at all goes last
            if row["id"] in wanted:
                yield self._without_role(id_, row)
        for role, scope in wanted.items():
            if role not in held:
                yield self._with_role(id_, role, scope)
        for row in wrong:
            if row["id"] not in wanted:
                yield self._without_role(id_, row)

    def _without_role(self, id_: str, row: Mapping[str, Any]) -> Step:
        def send() -> object:
            return self._writing.send("DELETE", f"{PATH}/{id_}/roles/{row['key']}", expect=(200, 204), bodiless=True)

        def gone() -> bool:
            return all(other["key"] != row["key"] for other in self.roles_of(id_))

        return Step(request=f"take role {row['id']}", send=send, happened=gone)

    def _with_role(self, id_: str, role: str, scope: Mapping[str, Any]) -> Step:
        body = role_request(role, scope, self._units.ids)

        def there() -> bool:
            return any(row["id"] == role and row["scope"] == dict(scope) for row in self.roles_of(id_))

        return Step(
            request=f"give role {role}",
            send=lambda: self._writing.send("POST", f"{PATH}/{id_}/roles", body, expect=(200, 201)),
            happened=there,
        )

    def _group_steps(self, id_: str, kinds: list[str], wanted: Mapping[str, set[str]]) -> Iterator[Step]:
        """Into the groups that are wanted, out of those of ours that are not; other groups are let be."""
        mine = set(self.groups_of(id_)) if kinds else set()
        for kind in kinds:
            ours = {n for n in self._people.groups if self.is_shared(n) is (kind == "groups")}
            for name in sorted(wanted[kind] - mine):
                yield self._membership(id_, name, member=True)
            for name in sorted((mine & ours) - wanted[kind]):
                yield self._membership(id_, name, member=False)

    def _membership(self, id_: str, name: str, *, member: bool) -> Step:
        group = self.group_id(name)
        if group is None:
            raise LiveError(f"the access group {name} is not in Websak")
        if self._version() == "3.3":
            method, path = "PUT" if member else "DELETE", f"{V2_GROUPS}/{group}/members/{id_}"
        else:
            verb = "AddUserToAccessGroup" if member else "RemoveUserFromAccessGroup"
            method, path = "GET", f"{PATH}/{id_}/{verb}/{group}?lookupField=Id"
        return Step(
            request=f"{'into' if member else 'out of'} group {name}",
            send=lambda: self._writing.send(method, path, expect=(200, 204), bodiless=True),
            happened=lambda: (name in self.groups_of(id_)) is member,
        )


def _accesses(logins: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"provider": login["provider"], "key": login["key"], "domain": login.get("domain"), "isPrimary": number == 0}
        for number, login in enumerate(logins)
    ]
