"""Users, written: made, replaced, switched on and off."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from websakctl.live.access_groups import AccessGroupsReader
from websakctl.live.adapter import ScopeOf, Step, Units
from websakctl.live.departments_writer import DepartmentsWriter
from websakctl.live.errors import LiveError, NotAsAgreed, Refused, UnknownOutcome
from websakctl.live.transport import Reading, Writing
from websakctl.live.user_access import id_of
from websakctl.live.user_requests import UserRequests
from websakctl.live.user_rows import PATH, kept_of
from websakctl.live.user_steps import AccessSteps
from websakctl.live.users import People, UsersReader
from websakctl.model.address import Address
from websakctl.model.resource import Fields, Resource

V2_USERS = "/api/v2/users"


class UsersWriter(UsersReader):
    """Makes, replaces, retires and brings back users."""

    def __init__(
        self,
        reading: Reading,
        writing: Writing,
        units: Units,
        groups: AccessGroupsReader,
        departments: DepartmentsWriter,
        people: People,
        *,
        scope_of: ScopeOf,
        version: Callable[[], str],
        concurrency: int = 4,
    ) -> None:
        super().__init__(reading, units, groups, people, scope_of=scope_of, version=version, concurrency=concurrency)
        self._writing = writing
        self._requests = UserRequests(units, people, self.zones, version)
        self._steps = AccessSteps(self, departments, reading, writing, units, people, version, self.update)

    def refresh(self, resource: Resource) -> Resource | None:
        """PUT replaces the whole object, so it is read right before."""
        return self.get(id_of(resource), resource.address) if resource.handle else self.find(resource.address)

    def create(self, address: Address, fields: Mapping[str, Any], idempotency_key: str) -> str:  # noqa: ARG002  # the API has no such key
        """POST from the role's template user. It could replace a user of the same code, so look right before."""
        if self.find(address) is not None:
            raise Refused(f"{address} is there already: plan again", 409)
        body = self._requests.body({}, fields, address)
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
        unit = fields.get("unit") or now.fields.get("unit")
        body = self._requests.body(raw, {**self._requests.held(raw, address), "unit": unit, **fields}, address)
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
        return self._steps.of(address, fields, changed)

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
                raise UnknownOutcome(f"{method} {path}: an empty answer ({error})") from None
            if result is None or result.active is not on:
                raise UnknownOutcome(f"{method} {path}: an empty answer, and it does not show")
