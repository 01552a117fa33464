"""Access groups over the User API: list and create are all it offers."""

import threading
from collections.abc import Mapping
from typing import Any

from websakctl.live.adapter import ScopeOf, composed, ended, rows_of
from websakctl.live.errors import LiveError, Refused, UnknownOutcome
from websakctl.live.transport import Reading, Writing
from websakctl.model.address import BASE, Address
from websakctl.model.resource import Handle, Resource

KIND = "access_group"
PATH = "/api/AccessGroups"


class AccessGroupsReader:
    """Lists general access groups; names are not unique to the server, so the oldest active one counts."""

    def __init__(self, reading: Reading, scope_of: ScopeOf) -> None:
        self._reading = reading
        self._scope_of = scope_of
        self.ids: dict[str, str] = {}  # of the groups that were read or made, by name
        self._names: dict[str, str] | None = None  # by id
        self._reading_names = threading.Lock()

    def id_of(self, name: str) -> str | None:
        """The id of a group; the groups are read where it is not known."""
        if name not in self.ids:
            self.read()
        return self.ids.get(name)

    def all_ids(self) -> dict[str, str]:
        """Ids of all groups by name; they are read once."""
        with self._reading_names:
            if self._names is None:
                self.read()
        return dict(self.ids)

    def name_of(self, id_: str) -> str:
        """The name of the group with an id, ``#`` and the id where no list shows it; the groups are read once."""
        with self._reading_names:
            if self._names is None:
                self.read()
            names = self._names or {}
        return names.get(id_) or next((name for name, own in list(self.ids.items()) if own == id_), f"#{id_}")

    def read(self) -> list[Resource]:
        """List all, ended ones too."""
        answer = self._reading.get(PATH)
        rows = rows_of([] if answer.status == 204 else answer.body, f"GET {PATH}", ("groupId", "groupName"))
        result: dict[str, Resource] = {}
        for row in rows:
            resource = self._resource(row)
            other = result.get(resource.address.key)
            if other is None or (resource.active and not other.active):
                result[resource.address.key] = resource
        self.ids.update({name: r.handle.id for name, r in result.items() if r.handle is not None})
        self._names = {r.handle.id: name for name, r in result.items() if r.handle is not None}
        return list(result.values())

    def find(self, address: Address) -> Resource | None:
        """Look one up by name."""
        return next((r for r in self.read() if r.address.key == address.key), None)

    def _resource(self, row: Mapping[str, Any]) -> Resource:
        name = composed(row["groupName"])
        scope = self._scope_of(KIND, name) or BASE
        return Resource(
            address=Address(KIND, scope, name),
            fields={},
            active=not ended(row.get("toDate"), f"access group {name}", self._reading.runtime.clock.now()),
            handle=Handle(id=str(row["groupId"]), raw=row),
        )


class AccessGroupsWriter(AccessGroupsReader):
    """Makes access groups; the API neither renames nor removes one."""

    def __init__(self, reading: Reading, writing: Writing, scope_of: ScopeOf) -> None:
        super().__init__(reading, scope_of)
        self._writing = writing
        self._alone = False
        self._active_names: set[str] | None = None  # names of active groups, while nobody else may make one
        self._turn = threading.Lock()

    def keep_others_out(self) -> None:
        """Know that a shared lock is held: what was listed once under it is still so before the next create."""
        self._alone, self._active_names = True, None

    def refresh(self, resource: Resource) -> Resource | None:
        """Nothing of a group can be replaced."""
        return resource

    def create(self, address: Address, fields: Mapping[str, Any], idempotency_key: str) -> str:  # noqa: ARG002  # a group is its name
        """POST; a second one would make a duplicate, which nothing keeps the server from: so look right before.

        While a shared lock is held one look is enough for all creates.
        """
        if self._is_there(address):
            raise Refused(f"{address} is there already: plan again", 409)
        try:
            answer = self._writing.send("POST", PATH, {"groupName": address.key}, expect=(200, 201))
            if not isinstance(answer.body, dict) or not answer.body.get("groupId"):
                raise UnknownOutcome(f"POST {PATH}: the answer does not say which group was made")
        except LiveError:
            with self._turn:
                self._active_names = None  # what was listed need not be so any more: the next create looks again
            raise
        self.ids[address.key] = str(answer.body["groupId"])
        with self._turn:
            if self._active_names is not None:
                self._active_names.add(address.key)
        return self.ids[address.key]

    def _is_there(self, address: Address) -> bool:
        if not self._alone:
            result = self.find(address)
            return result is not None and result.active
        with self._turn:
            if self._active_names is None:
                self._active_names = {group.address.key for group in self.read() if group.active}
            return address.key in self._active_names

    def update(self, now: Resource, fields: Mapping[str, Any], address: Address) -> None:  # noqa: ARG002  # never possible
        """Not offered by the API."""
        raise _not_offered(now)

    def activate(self, now: Resource) -> None:
        """Not offered by the API."""
        raise _not_offered(now)

    def deactivate(self, now: Resource) -> None:
        """Not offered by the API."""
        raise _not_offered(now)

    def delete(self, now: Resource) -> None:
        """Not offered by the API."""
        raise _not_offered(now)


def _not_offered(now: Resource) -> LiveError:
    return LiveError(f"{now.address}: the API can only make access groups; change it in Websak")
