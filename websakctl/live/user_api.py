"""The endpoints of the User API: each registered once, with its reader and its writer."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from websakctl.live.access_groups import AccessGroupsReader, AccessGroupsWriter
from websakctl.live.adapter import KindReader, KindWriter, ScopeOf, Units
from websakctl.live.departments import DepartmentsReader
from websakctl.live.departments_writer import DepartmentsWriter
from websakctl.live.transport import Reading, Writing
from websakctl.model.resource import State

if TYPE_CHECKING:
    from websakctl.live.users import People

DEPARTMENTS, ACCESS_GROUPS, USERS = "departments", "access_groups", "users"
Made = Mapping[str, Any]  # adapters of the same connection by endpoint, each of its own type


class UserApi(msgspec.Struct, frozen=True, kw_only=True):
    """What the adapters of one connection are made from. ``people``: whose users are read; ``None`` for nobody's."""

    reading: Reading
    units: Units
    scope_of: ScopeOf
    root_unit: str
    api_version: str | None
    concurrency: int
    alike: State
    people: "People | None"
    look_first: bool = False  # nothing that this Websak offers keeps others from creating the same

    def readers(self) -> Made:
        """One reader for each endpoint."""
        created: dict[str, Any] = {}
        for endpoint, adapter in self._adapters().items():
            created[endpoint] = adapter.reader(self, created)
        return created

    def writers(self, writing: Writing) -> Made:
        """One writer for each endpoint."""
        created: dict[str, Any] = {}
        for endpoint, adapter in self._adapters().items():
            created[endpoint] = adapter.writer(self, created, writing)
        return created

    def _adapters(self) -> "Mapping[str, Adapter]":
        return {name: each for name, each in ADAPTERS.items() if name != USERS or self.people is not None}


class Adapter(msgspec.Struct, frozen=True, kw_only=True):
    """How an endpoint is read and written. An adapter may use those of endpoints registered before it."""

    reader: Callable[[UserApi, Made], KindReader]
    writer: Callable[[UserApi, Made, Writing], KindWriter]


def _read_departments(api: UserApi, created: Made) -> KindReader:
    return DepartmentsReader(
        api.reading,
        api.units,
        created[ACCESS_GROUPS],
        root_unit=api.root_unit,
        api_version=api.api_version,
        scope_of=api.scope_of,
        alike=api.alike,
    )


def _write_departments(api: UserApi, created: Made, writing: Writing) -> KindWriter:
    return DepartmentsWriter(
        api.reading,
        writing,
        api.units,
        created[ACCESS_GROUPS],
        root_unit=api.root_unit,
        api_version=api.api_version,
        scope_of=api.scope_of,
        look_first=api.look_first,
    )


def _read_access_groups(api: UserApi, _: Made) -> KindReader:
    return AccessGroupsReader(api.reading, api.scope_of)


def _write_access_groups(api: UserApi, _: Made, writing: Writing) -> KindWriter:
    return AccessGroupsWriter(api.reading, writing, api.scope_of)


def _read_users(api: UserApi, created: Made) -> KindReader:
    from websakctl.live.users import People, UsersReader

    return UsersReader(
        api.reading,
        api.units,
        created[ACCESS_GROUPS],
        api.people or People(),
        scope_of=api.scope_of,
        version=created[DEPARTMENTS].version,
        concurrency=api.concurrency,
    )


def _write_users(api: UserApi, created: Made, writing: Writing) -> KindWriter:
    from websakctl.live.users import People
    from websakctl.live.users_writer import UsersWriter

    return UsersWriter(
        api.reading,
        writing,
        api.units,
        created[ACCESS_GROUPS],
        created[DEPARTMENTS],
        api.people or People(),
        scope_of=api.scope_of,
        version=created[DEPARTMENTS].version,
        concurrency=api.concurrency,
    )


ADAPTERS: Mapping[str, Adapter] = {
    ACCESS_GROUPS: Adapter(reader=_read_access_groups, writer=_write_access_groups),
    DEPARTMENTS: Adapter(reader=_read_departments, writer=_write_departments),
    USERS: Adapter(reader=_read_users, writer=_write_users),
}
