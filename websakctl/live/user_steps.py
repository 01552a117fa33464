"""A user's access, written: the requests that a change of a user takes besides the user itself."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from websakctl.live.adapter import Step, Units
from websakctl.live.departments_writer import DepartmentsWriter
from websakctl.live.errors import LiveError, Refused, UnknownOutcome
from websakctl.live.transport import Reading, Writing
from websakctl.live.user_access import id_of
from websakctl.live.user_requests import REPLACED, accesses
from websakctl.live.user_rows import PATH
from websakctl.live.users import People, UsersReader, role_request
from websakctl.model.address import Address
from websakctl.model.resource import Fields, Resource

V2_GROUPS, V2_UNITS = "/api/v2/accessgroups", "/api/v2/departments/external"
_RESETTING = frozenset({"unit", "role"})  # the server gives the template's access again when one of these changes


class AccessSteps:
    """Makes the requests for logins, access functions, roles and groups, and for the units that the user heads or distributes mail of.

    Args:
        users: Looks users up.
        departments: Writes units, one of whose fields is who manages it.
        reading: The User API.
        writing: The same, for writing.
        units: Ids of units.
        people: What config and journal say.
        version: Of the User API.
        replace: Writes a user over what was read.
    """

    def __init__(
        self,
        users: UsersReader,
        departments: DepartmentsWriter,
        reading: Reading,
        writing: Writing,
        units: Units,
        people: People,
        version: Callable[[], str],
        replace: Callable[[Resource, Mapping[str, Any], Address], None],
    ) -> None:
        self._users, self._departments, self._reading, self._writing = users, departments, reading, writing
        self._units, self._people, self._version, self._replace = units, people, version, replace

    def of(self, address: Address, fields: Fields, changed: Iterable[str]) -> Iterator[Step]:
        """Requests that a user's access takes besides: each is found out about right before, and left out if it is so."""
        names = set(changed)
        if self._version() == "3.0":
            yield from self._login_steps_v1(address, names)
            names.discard("logins")
        desired = {**self._people.desired.get(address.key, {}), **fields}
        if (given := self._people.given.get(address.key)) is not None:  # what only the journal says, the old role gave
            desired = {name: value for name, value in desired.items() if name in given or name in names}
        resets = bool(names & _RESETTING)
        id_ = ""
        for name, make in (
            ("logins", self._login_steps),
            ("access_functions", self._function_steps),
            ("roles", self._role_steps),
        ):
            if desired.get(name) is not None and (name in names or (resets and name != "logins")):
                id_ = id_ or self._id(address)
                if name not in self._users.without_route(id_):  # else a plan leaves it to people
                    yield from make(address, id_, desired[name])
        kinds = [n for n in ("groups", "district_groups") if desired.get(n) is not None and (n in names or resets)]
        if kinds:
            id_ = id_ or self._id(address)
            kinds = [n for n in kinds if n not in self._users.without_route(id_)]
            yield from self._group_steps(id_, kinds, {n: set(desired[n]) for n in kinds})
        if desired.get("manages") is not None and "manages" in names:
            id_ = id_ or self._id(address)
            yield from self._manager_steps(address, id_, desired["manages"])
        if desired.get("distributes") is not None and ("distributes" in names or resets):
            id_ = id_ or self._id(address)
            if "distributes" not in self._users.without_route(id_):
                yield from self._mail_steps(address, id_, desired["distributes"])

    def _id(self, address: Address) -> str:
        result = self._users.find(address)
        if result is None:
            raise LiveError(f"{address} is not in Websak any more")
        return id_of(result)

    def _sent(self, method: str, path: str, body: Any, *, agreed: Callable[[Any], bool]) -> object:
        answer = self._writing.send(method, path, body, expect=(200, 201))
        if not agreed(answer.body):
            raise UnknownOutcome(f"{method} {path}: the answer does not show that it was done")
        return answer

    def _switched(self, method: str, path: str) -> object:
        answer = self._writing.send(method, path, expect=(200, 204), bodiless=True)
        if not isinstance(answer.body, str):  # success may say nothing, and so may anything
            raise UnknownOutcome(f"{method} {path}: an empty answer")
        return answer

    def _login_steps_v1(self, address: Address, changed: set[str]) -> Iterator[Step]:
        """3.0 has no route for mappings: a PUT of the user holds them, and one that was sent has held them already."""
        if "logins" not in changed or changed & REPLACED:
            return

        def send() -> object:
            now = self._users.find(address)
            if now is None:
                raise LiveError(f"{address} is not in Websak any more")
            self._replace(now, {}, address)
            return now

        yield Step(request="set login mappings", send=send, is_applied=lambda: False, reported=False)

    def _login_steps(self, address: Address, id_: str, logins: list[dict[str, Any]]) -> Iterator[Step]:  # noqa: ARG002  # as its neighbours
        path = f"{PATH}/{id_}/useraccesses"
        desired = accesses(logins)

        def present() -> bool:
            body = self._reading.get(path, absent=(204, 404)).body or []
            return [{n: row.get(n) for n in desired[0]} for row in body] == desired

        if not present():
            yield Step(
                request="set login mappings",
                send=lambda: self._sent("PUT", path, desired, agreed=lambda rows: _is_list_of(rows, len(desired))),
                is_applied=present,
            )

    def _function_steps(self, address: Address, id_: str, codes: list[str]) -> Iterator[Step]:
        def present() -> bool:
            result = self._users.get(id_, address)
            return result is not None and result.fields.get("access_functions") == sorted(codes)

        path = f"{PATH}/{id_}/accesscodes"
        if not present():
            yield Step(
                request="set access functions",
                send=lambda: self._sent("PUT", path, {"codes": codes}, agreed=lambda user: _has(user, "gidId")),
                is_applied=present,
            )

    def _role_steps(self, address: Address, id_: str, desired: Mapping[str, Any]) -> Iterator[Step]:  # noqa: ARG002  # as its neighbours
        """There is no PUT: a role that holds elsewhere than it should is taken away and given again."""
        now = self._users.roles_of(id_)
        right = [row for row in now if row["id"] in desired and row["scope"] == dict(desired[row["id"]])]
        held = {row["id"] for row in right}
        twice = {row["key"] for n, row in enumerate(right) if row["id"] in {r["id"] for r in right[:n]}}
        wrong = [row for row in now if row not in right or row["key"] in twice]
        for row in sorted(wrong, key=lambda row: row["id"] not in desired):  # what is not wanted at all goes last
            if row["id"] in desired:
                yield self._without_role(id_, row)
        for role, scope in desired.items():
            if role not in held:
                yield self._with_role(id_, role, scope)
        for row in wrong:
            if row["id"] not in desired:
                yield self._without_role(id_, row)

    def _without_role(self, id_: str, row: Mapping[str, Any]) -> Step:
        def send() -> object:
            return self._switched("DELETE", f"{PATH}/{id_}/roles/{row['key']}")

        def gone() -> bool:
            return all(other["key"] != row["key"] for other in self._users.roles_of(id_))

        return Step(request=f"take role {row['id']}", send=send, is_applied=gone)

    def _with_role(self, id_: str, role: str, scope: Mapping[str, Any]) -> Step:
        body = role_request(role, scope, self._units.ids)

        def present() -> bool:
            return any(row["id"] == role and row["scope"] == dict(scope) for row in self._users.roles_of(id_))

        return Step(
            request=f"give role {role}",
            send=lambda: self._sent("POST", f"{PATH}/{id_}/roles", body, agreed=lambda row: _has(row, "roleId")),
            is_applied=present,
        )

    def _group_steps(self, id_: str, kinds: list[str], desired: Mapping[str, set[str]]) -> Iterator[Step]:
        """Into the groups that are desired, out of those of ours that are not; other groups are let be."""
        mine = self._users.groups_of(id_) if kinds else set()
        for kind in kinds:
            ours = self._users.groups_of_ours(shared=kind == "groups")
            for name in sorted(desired[kind]):
                if self._group_id(name) not in mine:
                    yield self._membership(id_, name, member=True)
            for name, group in sorted(ours.items()):
                if group in mine and name not in desired[kind]:
                    yield self._membership(id_, name, member=False)

    def _group_id(self, name: str) -> str:
        group = self._users.group_id(name)
        if group is None:
            raise LiveError(f"the access group {name} is not in Websak")
        return group

    def _membership(self, id_: str, name: str, *, member: bool) -> Step:
        group = self._group_id(name)
        verb = "AddUserToAccessGroup" if member else "RemoveUserFromAccessGroup"
        return self._in_group(
            f"{'into' if member else 'out of'} group {name}",
            id_,
            group,
            route=f"{V2_GROUPS}/{group}/members/{id_}",
            older=f"{PATH}/{id_}/{verb}/{group}?lookupField=Id",
            on=member,
        )

    def _in_group(self, request: str, id_: str, group: str, *, route: str, older: str, on: bool) -> Step:
        """A request after which the user is in a group, or out of it; ``older``: the GET of 3.0."""
        method, path = ("PUT" if on else "DELETE", route) if self._version() == "3.3" else ("GET", older)
        return Step(
            request=request,
            send=lambda: self._switched(method, path),
            is_applied=lambda: (group in self._users.groups_of(id_)) is on,
        )

    def _manager_steps(self, address: Address, id_: str, desired: Collection[str]) -> Iterator[Step]:
        """The head of each unit is a field of the unit, which is read and written whole."""
        now = self._users.managed_by(id_, address.scope)
        for key in sorted(desired):
            if self._departments.manager_of(key) != id_:
                yield Step(
                    request=f"make manager of {key}",
                    send=partial(self._departments.set_manager, key, id_),
                    is_applied=partial(self._manages, key, id_),
                )
        for key in now:
            if key not in desired and self._departments.manager_of(key) == id_:
                yield Step(
                    request=f"end as manager of {key}",
                    send=partial(self._departments.set_manager, key, None, instead_of=id_),
                    is_applied=lambda key=key: not self._manages(key, id_),  # type: ignore[misc]  # the loop's key
                )

    def _manages(self, key: str, id_: str) -> bool:
        return self._departments.manager_of(key) == id_

    def _mail_steps(self, address: Address, id_: str, desired: Collection[str]) -> Iterator[Step]:
        """Into the groups that distribute the mail of the desired units, out of those of others of the district."""
        groups = self._units.mail_groups
        for key in sorted(desired):
            if key not in groups:
                raise Refused(
                    f"{key} has no mail distribution group in Websak: say `mail_group` at the unit (User API 3.3), or set it there",
                    409,
                )
        mine = self._users.groups_of(id_)
        added: set[str] = set()
        for key in sorted(desired):
            if groups[key] not in mine | added:
                added.add(groups[key])
                yield self._distributor(id_, key, groups[key], on=True)
        for key in self._users.distributed_by(mine, address.scope, desired):
            if key not in desired:
                yield self._distributor(id_, key, groups[key], on=False)

    def _distributor(self, id_: str, key: str, group: str, *, on: bool) -> Step:
        unit = quote(key, safe="")
        verb = "AddUserAsPostDistributor" if on else "RemoveUserAsPostDistributor"
        return self._in_group(
            f"{'let' if on else 'no longer let'} distribute the mail of {key}",
            id_,
            group,
            route=f"{V2_UNITS}/{unit}/post-distributors/{id_}",
            older=f"{PATH}/{id_}/{verb}/{unit}?lookupField=Id",
            on=on,
        )


def _has(body: Any, name: str) -> bool:
    return isinstance(body, dict) and bool(body.get(name))


def _is_list_of(body: Any, length: int) -> bool:
    return isinstance(body, list) and len(body) == length
