"""Org units, written: made, replaced, retired and brought back, and who manages one."""

import threading
from collections.abc import Mapping
from typing import Any

from websakctl.live.access_groups import AccessGroupsReader
from websakctl.live.adapter import ScopeOf, Units
from websakctl.live.department_fields import LOOKED_AT, whole_request
from websakctl.live.departments import KIND, V1, V2, DepartmentsReader
from websakctl.live.errors import LiveError, Refused, UnknownOutcome
from websakctl.live.transport import Reading, Writing
from websakctl.model.address import BASE, Address
from websakctl.model.resource import Handle, Resource


class DepartmentsWriter(DepartmentsReader):
    """Makes, replaces, retires and brings back departments."""

    def __init__(
        self,
        reading: Reading,
        writing: Writing,
        units: Units,
        groups: AccessGroupsReader,
        *,
        root_unit: str,
        api_version: str | None,
        scope_of: ScopeOf,
        look_first: bool = False,
    ) -> None:
        super().__init__(reading, units, groups, root_unit=root_unit, api_version=api_version, scope_of=scope_of)
        self._writing, self._look_first = writing, look_first
        self._replacing = threading.Lock()  # of one unit by two users' changes: each writes what it read right before
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
        self._units.scopes[address.key] = address.scope
        self._by_id[id_] = address.key
        self._note(LOOKED_AT.row(answer.body), address.key)
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
        self._note(LOOKED_AT.row(answer.body), address.key)

    def manager_of(self, key: str) -> str | None:
        """The id of the user who manages a unit, read afresh.

        Raises:
            LiveError: If there is no such unit.
        """
        self._fresh(key)
        return self._units.managers.get(key)

    def set_manager(self, key: str, user: str | None, *, instead_of: str | None = None) -> None:
        """PUT the unit as it is now with another manager.

        Args:
            key: The unit's.
            user: Who manages it from now on, by id; ``None``: nobody.
            instead_of: Only while this user does.
        """
        with self._replacing:
            fresh = self._fresh(key)
            if instead_of is None or self._units.managers.get(key) == instead_of:
                self.update(fresh, {"manager": user}, fresh.address)

    def _fresh(self, key: str) -> Resource:
        id_, address = self._units.ids.get(key), Address(KIND, self._units.scopes.get(key, BASE), key)
        result = self.get(id_, address) if id_ is not None else self.find(address)
        if result is None:
            raise LiveError(f"the unit {key} is not in Websak any more")
        return result

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
        return whole_request(raw, fields, version=self.version(), id_of=self._id_of, code=code)

    def _id_of(self, field: str, key: str | None) -> str:
        """The server's id of what a field refers to: a unit, or an access group."""
        if field == "parent":
            return self._parent_id(key)
        if key is not None and key.startswith("#"):
            return key[1:]
        id_ = self._groups.id_of(key or "")
        if id_ is None:
            raise LiveError(f"the access group {key} is not in Websak")
        return id_

    def _parent_id(self, key: str | None) -> str:
        if key is None:
            return self._units.root_id
        if key.startswith("#"):
            return key[1:]
        try:
            return self._units.ids[key]
        except KeyError:
            raise LiveError(f"the parent {key} is not in Websak") from None


def _handle(resource: Resource) -> Handle:
    if resource.handle is None:
        raise LiveError(f"{resource.address} was not read from Websak")
    return resource.handle
