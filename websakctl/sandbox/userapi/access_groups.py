"""Access groups and who is in them, by all the routes that lead there."""

from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from starlette.responses import Response

from websakctl.sandbox.database import access_group, department, membership, next_id, now, record_effect
from websakctl.sandbox.settings import ApiVersion
from websakctl.sandbox.userapi import payload
from websakctl.sandbox.userapi.answers import Refused, answer
from websakctl.sandbox.userapi.payload import read_object
from websakctl.sandbox.userapi.routing import Call, Operation
from websakctl.sandbox.userapi.user_register import find_user, user_key


def operations(version: ApiVersion) -> list[Operation]:
    """List the routes of groups and of members, the writing GETs under users among them."""
    groups, users = "/api/AccessGroups", "/api/Users/{id}"
    v2 = "/api/v2/accessgroups"
    by_id, by_name = v2 + "/{accessGroupId}/members/{id}", v2 + "/by-name/{accessGroupName}/members/{id}"
    distributor = "/api/v2/departments/external/{orgUnitId}/post-distributors/{id}"
    newer = version == "3.3"
    # Only this one of the old member routes documents a refusal as problem details, and only in the newer version.
    writing_gets = [
        ("AddUserToAccessGroup/{accessGroupId}", add_member, by_id, newer),
        ("RemoveUserFromAccessGroup/{accessGroupId}", remove_member, by_id, False),
        ("AddUserToAccessGroupByGroupName/{accessGroupName}", add_member, by_name, False),
        ("RemoveUserFromAccessGroupName/{accessGroupName}", remove_member, by_name, False),
        ("AddUserAsPostDistributor/{orgUnitId}", add_post_distributor, distributor, False),
        ("RemoveUserAsPostDistributor/{orgUnitId}", remove_post_distributor, distributor, False),
    ]
    listed = [
        Operation(method="GET", path=groups, handler=list_general),
        Operation(method="POST", path=groups, handler=create, body=True),
        Operation(method="GET", path=f"{groups}/{{id}}", handler=read),
        Operation(method="GET", path=f"{groups}/members/{{id}}", handler=list_members),
        Operation(
            method="GET", path=f"{users}/AccessGroupMembership", handler=list_memberships, problems=False, refuses=()
        ),
    ]
    listed += [
        Operation(
            method="GET",
            path=f"{users}/{path}",
            handler=handler,
            problems=problems,
            refuses=(404,) if problems else (),
            successor=successor if newer else None,
        )
        for path, handler, successor, problems in writing_gets
    ]
    if newer:
        by_gid = by_id.replace("{id}", "{userGidId}"), by_name.replace("{id}", "{userGidId}")
        listed += [Operation(method="PUT", path=path, handler=add_member) for path in by_gid]
        listed += [Operation(method="DELETE", path=path, handler=remove_member) for path in by_gid]
        path = f"{groups}/{{groupId}}/members/{{userGidId}}"
        listed.append(Operation(method="DELETE", path=path, handler=remove_member, refuses=()))
    return listed


def list_general(call: Call) -> Response:
    """List the general groups, expired ones among them."""
    with call.database.read() as connection:
        rows = connection.execute(select(access_group).where(access_group.c.general).order_by(access_group.c.id))
        return answer(call.listed([_group(row) for row in rows]))


def create(call: Call) -> Response:
    """Make a general group. Two may end up with one name: nothing looks for that."""
    request = read_object(call.body, {"groupName": payload.text})
    name = payload.name(request.get("groupName"), call.settings.name_limit)
    if not name:
        raise Refused(422, "A group needs a name.")
    with call.database.write() as connection:
        number = next_id(connection, access_group)
        row = {"id": number, "name": name, "general": True, "from_date": now()[:10] + "T00:00:00Z"}
        connection.execute(insert(access_group).values(row))
        record_effect(connection, "access_group.create", "access_group", name)
        created = connection.execute(select(access_group).where(access_group.c.id == number)).one()
    return answer(_group(created), 201, {"Location": f"/api/AccessGroups/{number}"})


def read(call: Call) -> Response:
    """Answer one group: in a list in the older version, alone in the newer.

    Raises:
        Refused: 404 in the newer version, where an empty list cannot say it.
    """
    with call.database.read() as connection:
        rows = _groups_by_id(connection, call.path["id"])
    if call.version == "3.0":
        return answer([_group(row) for row in rows])
    if not rows:
        raise Refused(404, "There is no such access group.")
    return answer(_group(rows[0]))


def list_members(call: Call) -> Response:
    """List who is in a group now, by GID id; the older version answers with the group instead, as its document has it."""
    if call.version == "3.0":
        return read(call)
    query = (
        select(membership.c.user_id)
        .where(membership.c.group_id == payload.internal_id(call.path["id"]), membership.c.to_date.is_(None))
        .order_by(membership.c.user_id)
    )
    with call.database.read() as connection:
        return answer(call.listed(list(connection.execute(query).scalars())))


def list_memberships(call: Call) -> Response:
    """List the groups that a user is in now; the newer version can leave out the general ones, or the internal ones."""
    query = (
        select(access_group)
        .join(membership, membership.c.group_id == access_group.c.id)
        .where(membership.c.to_date.is_(None))
        .order_by(access_group.c.id)
    )
    internal = call.query.get("internal") if call.version == "3.3" else None
    if internal is not None:
        query = query.where(access_group.c.general.is_(internal.lower() != "true"))
    with call.database.read() as connection:
        result = _user(connection, call)
        rows = connection.execute(query.where(membership.c.user_id == result.id))
        return answer(call.listed([_group(row) for row in rows]))


def add_member(call: Call) -> Response:
    """See to it that a user is in a group, also after having left it."""
    with call.database.write() as connection:
        group = _group_in_path(connection, call)
        result = _user(connection, call)
        _put_in(connection, group, result)
    return answer(f"{user_key(result)} is a member of {group.name}.")


def remove_member(call: Call) -> Response:
    """See to it that a user is not in a group."""
    with call.database.write() as connection:
        group = _group_in_path(connection, call)
        result = _user(connection, call)
        _take_out(connection, group, result)
    return answer(f"{user_key(result)} is no member of {group.name}.")


def add_post_distributor(call: Call) -> Response:
    """Put a user into the group that distributes a department's post."""
    with call.database.write() as connection:
        group = _distribution_group(connection, call)
        result = _user(connection, call)
        _put_in(connection, group, result)
    return answer(f"{user_key(result)} distributes post for {call.path['orgUnitId']}.")


def remove_post_distributor(call: Call) -> Response:
    """Take a user out of the group that distributes a department's post."""
    with call.database.write() as connection:
        group = _distribution_group(connection, call)
        result = _user(connection, call)
        _take_out(connection, group, result)
    return answer(f"{user_key(result)} does not distribute post for {call.path['orgUnitId']}.")


def _group(row: Row[Any]) -> dict[str, Any]:
    return {
        "groupId": str(row.id),
        "groupName": row.name,
        "general": "1" if row.general else "0",
        "createdById": row.created_by_id,
        "fromDate": row.from_date,
        "toDate": row.to_date,
    }


def _groups_by_id(connection: Connection, given: str) -> list[Row[Any]]:
    number = payload.internal_id(given)
    query = select(access_group).where(access_group.c.id == number)
    return list(connection.execute(query)) if number is not None else []


def _group_in_path(connection: Connection, call: Call) -> Row[Any]:
    """Find the one group that the path names, by id or by name."""
    name = call.path.get("accessGroupName")
    if name is None:
        rows = _groups_by_id(connection, call.path.get("accessGroupId") or call.path["groupId"])
    else:
        requested = payload.name(name, call.settings.name_limit)
        rows = list(connection.execute(select(access_group).where(access_group.c.name == requested)))
    if len(rows) != 1:
        raise Refused(404, f"{len(rows)} access groups match, not one.")
    return rows[0]


def _distribution_group(connection: Connection, call: Call) -> Row[Any]:
    requested = department.c.external_id == payload.key(call.path["orgUnitId"])
    row = connection.execute(select(department).where(requested).order_by(department.c.id)).first()
    groups = _groups_by_id(connection, (row.mail_distribution_group if row else None) or "")
    if not groups:
        raise Refused(404, "There is no such department, or it has no group that distributes its post.")
    return groups[0]


def _user(connection: Connection, call: Call) -> Row[Any]:
    """Find the user in the path: by GID id on the new routes, by what ``lookupField`` says on the old ones."""
    if "userGidId" in call.path:
        return find_user(connection, call.path["userGidId"], "gidid")
    return find_user(connection, call.path["id"], call.query.get("lookupField", default_lookup(call.version)))


def default_lookup(version: ApiVersion) -> str:
    """Tell how the writing GETs find a user when the request does not say."""
    return "Id" if version == "3.0" else "gidid"


def _put_in(connection: Connection, group: Row[Any], result: Row[Any]) -> None:
    this = (membership.c.group_id == group.id) & (membership.c.user_id == result.id)
    if connection.execute(update(membership).where(this).values(to_date=None)).rowcount == 0:
        row = {"group_id": group.id, "user_id": result.id, "from_date": now()}
        connection.execute(insert(membership).values(row))
    record_effect(connection, "access_group.add_member", "access_group", group.name)


def _take_out(connection: Connection, group: Row[Any], result: Row[Any]) -> None:
    this = (membership.c.group_id == group.id) & (membership.c.user_id == result.id) & membership.c.to_date.is_(None)
    connection.execute(update(membership).where(this).values(to_date=now()))
    record_effect(connection, "access_group.remove_member", "access_group", group.name)
