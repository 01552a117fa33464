"""All that lets a user read: roles, access groups and zones of everybody, whether the config speaks of them or not."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec.structs import replace

from websakctl.live.transport import Reading
from websakctl.live.user_rows import PATH
from websakctl.live.zones import Zones
from websakctl.model.resource import Resource


class AccessReader(Protocol):
    """What reading access takes of the users' reader."""

    reading: Reading
    zones: Zones

    @property
    def lists_members(self) -> bool:
        """Whether the server lists the users of a group."""

    def without_route(self, id_: str) -> frozenset[str]:
        """Fields that this server has no route for."""

    def roles_of(self, id_: str) -> list[dict[str, Any]]:
        """A user's roles."""

    def all_groups(self) -> dict[str, str]:
        """Ids of all access groups by name."""

    def is_shared(self, group: str) -> bool:
        """Whether an access group is the base's."""

    def members(self, group: str) -> list[str]:
        """Ids of the users in a group."""

    def groups_of(self, id_: str) -> set[str]:
        """Ids of the groups that a user is in."""


def with_access(reader: AccessReader, users: Sequence[Resource], *, zones: bool, concurrency: int) -> list[Resource]:
    """Put in the roles, groups and zones of active users; what this server has no route for stays out, and is not known.

    Args:
        reader: Of the connection that the users were read from.
        users: As they were listed, with their access functions.
        zones: Whether zones are read, which takes a further request for each user.
        concurrency: Requests at a time.

    Raises:
        LiveError: If any part cannot be read or trusted; then nothing is known.
    """
    active = [user for user in users if user.active]
    if not active:
        return list(users)
    missing = reader.without_route(id_of(active[0]))
    found: dict[str, dict[str, Any]] = {id_of(user): {} for user in active}
    with reader.reading.runtime.executor(concurrency) as pool:
        if "roles" not in missing:
            for id_, rows in zip(found, pool.map(reader.roles_of, found), strict=True):
                found[id_]["roles"] = _roles(rows)
        if "groups" not in missing:
            names = {id_: name for name, id_ in reader.all_groups().items()}
            if reader.lists_members:
                of_groups = dict(zip(names, map(set, pool.map(reader.members, names)), strict=True))
                mine = {id_: {group for group, members in of_groups.items() if id_ in members} for id_ in found}
            else:
                mine = dict(zip(found, pool.map(reader.groups_of, found), strict=True))
            for id_, groups in mine.items():
                known = sorted(names.get(group, f"#{group}") for group in groups)
                found[id_]["groups"] = [name for name in known if reader.is_shared(name)]
                found[id_]["district_groups"] = [name for name in known if not reader.is_shared(name)]
        if zones and reader.lists_members:
            for id_, of_user in zip(found, pool.map(lambda id_: _zones(reader, id_), found), strict=True):
                if of_user is not None:
                    found[id_]["zones"] = of_user
    return [replace(user, fields={**user.fields, **found.get(id_of(user), {})}) for user in users]


def _roles(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Scopes by role type; a further assignment of a type is told apart by its number."""
    result: dict[str, Any] = {}
    for row in sorted(rows, key=lambda row: str(row["key"])):
        name = row["id"] if row["id"] not in result else f"{row['id']}#{row['key']}"
        result[name] = row["scope"]
    return result


def _zones(reader: AccessReader, id_: str) -> list[str] | None:
    answer = reader.reading.get(f"{PATH}/{id_}", {"lookupField": "Id"}, absent=(204, 404))
    return reader.zones.names_of_zones(answer.body.get("availableZones")) if isinstance(answer.body, Mapping) else None


def id_of(user: Resource) -> str:
    """The server's id of a user that was read."""
    return user.handle.id if user.handle is not None else ""
