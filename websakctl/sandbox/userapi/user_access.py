"""What a user may do: roles, access functions, login mappings; each with routes of its own."""

import json
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select
from starlette.responses import Response

from websakctl.sandbox.database import next_id, user_role
from websakctl.sandbox.settings import ApiVersion
from websakctl.sandbox.userapi import payload
from websakctl.sandbox.userapi import user_register as register
from websakctl.sandbox.userapi.admin import IDENTITY_PROVIDERS
from websakctl.sandbox.userapi.answers import Refused, Unreadable, answer
from websakctl.sandbox.userapi.payload import Shape, read_object
from websakctl.sandbox.userapi.routing import Call, Operation

_LISTS: Final = {
    "departmentList": "department_list",
    "archiveList": "archive_list",
    "journalUnitList": "journal_unit_list",
    "gradeList": "grade_list",
}
_ROLE_SHAPE: Final[Shape] = {"id": payload.text} | dict.fromkeys(_LISTS, payload.text)
_CODES_SHAPE: Final[Shape] = {"codes": payload.list_of(payload.required_text)}

Merge = Callable[[list[str], list[str]], list[str]]


def operations(version: ApiVersion) -> list[Operation]:
    """List the routes."""
    roles, codes = "/api/Users/{userId}/roles", "/api/Users/{userId}/accesscodes"
    accesses = "/api/Users/{id}/useraccesses"
    listed = [
        Operation(method="GET", path=roles, handler=list_roles, problems=False),
        Operation(method="POST", path=roles, handler=add_role, body=True, problems=False),
        Operation(method="DELETE", path=f"{roles}/{{roleId}}", handler=remove_role, problems=False),
        Operation(method="PUT", path=codes, handler=set_codes, body=True, problems=False),
        Operation(method="POST", path=codes, handler=add_codes, body=True, problems=False),
        Operation(method="DELETE", path=codes, handler=remove_codes, body=True, problems=False),
    ]
    if version == "3.3":
        listed.append(Operation(method="GET", path=accesses, handler=list_accesses))
        listed.append(Operation(method="PUT", path=accesses, handler=replace_accesses, body=True))
    return listed


def list_roles(call: Call) -> Response:
    """List a user's role assignments."""
    with call.database.read() as connection:
        return answer(call.listed([_role(row) for row in _roles(connection, _user(connection, call))]))


def add_role(call: Call) -> Response:
    """Assign a role; lists that are left out are kept as empty.

    Raises:
        Refused: 400 without a kind of role, without departments or grades on 3.0, or with a department that is no
            number; 409 for the same assignment again.
    """
    request = read_object(call.body, _ROLE_SHAPE)
    kind = payload.key(request.get("id"))
    lists = {column: request.get(name) or "" for name, column in _LISTS.items()}
    if kind is None:
        raise Refused(400, "The id of a role is needed.")
    if call.version == "3.0" and not (lists["department_list"].strip() and lists["grade_list"].strip()):
        raise Refused(400, "departmentList and gradeList are required.")
    numbers = [part.strip() for part in lists["department_list"].split(",") if lists["department_list"]]
    if any(payload.internal_id(number) is None for number in numbers):
        raise Refused(400, "departmentList takes whole numbers with commas between them.")
    with call.database.write() as connection:
        result = _user(connection, call)
        requested = {"id": kind, **lists}
        if any({name: row._mapping[name] for name in requested} == requested for row in _roles(connection, result)):
            raise Refused(409, "The user has this role already.")
        number = next_id(connection, user_role)
        connection.execute(insert(user_role).values(role_id=number, user_id=result.id, **requested))
        register.change(connection, result, "user.add_role", {})
        created = connection.execute(select(user_role).where(user_role.c.role_id == number)).one()
    return answer(_role(created), 201, {"Location": f"/api/Users/{result.id}/roles"})


def remove_role(call: Call) -> Response:
    """Take an assignment away.

    Raises:
        Refused: 400 for what is no assignment's id, 404 for one that the user does not have.
    """
    number = payload.internal_id(call.path["roleId"])
    if number is None:
        raise Refused(400, "The id of an assignment is a whole number.")
    with call.database.write() as connection:
        result = _user(connection, call)
        this = (user_role.c.role_id == number) & (user_role.c.user_id == result.id)
        if connection.execute(delete(user_role).where(this)).rowcount == 0:
            raise Refused(404, "The user has no such role.")
        register.change(connection, result, "user.remove_role", {})
    return answer(f"{register.user_key(result)} no longer has role {number}.")


def set_codes(call: Call) -> Response:
    """Replace a user's access functions."""
    return _change_codes(call, "user.set_access_codes", lambda _old, given: given)


def add_codes(call: Call) -> Response:
    """Add access functions."""
    return _change_codes(call, "user.add_access_codes", lambda old, given: old + given)


def remove_codes(call: Call) -> Response:
    """Take access functions away."""
    return _change_codes(
        call, "user.remove_access_codes", lambda old, given: [code for code in old if code not in given]
    )


def list_accesses(call: Call) -> Response:
    """List a user's login mappings."""
    with call.database.read() as connection:
        result = _user_by_number(connection, call)
    return answer(_accesses(result.id, json.loads(result.user_accesses)))


def replace_accesses(call: Call) -> Response:
    """Replace a user's login mappings; there has to be one, and its provider has to be known.

    Raises:
        Refused: 400 or 404.
    """
    shape = payload.list_of(payload.object_of(register.ACCESS_SHAPE))
    given = [register.with_access_defaults(access) for access in shape(call.body, "$") or []]
    known = {provider["scheme"] for provider in IDENTITY_PROVIDERS}
    if not given or any(access["provider"] not in known for access in given):
        raise Refused(400, "At least one login mapping is needed, each with the scheme of an identity provider.")
    with call.database.write() as connection:
        result = _user_by_number(connection, call)
        register.change(connection, result, "user.set_accesses", {"user_accesses": json.dumps(given)})
    return answer(_accesses(result.id, given))


def _change_codes(call: Call, operation: str, merge: Merge) -> Response:
    given: list[str] | None = read_object(call.body, _CODES_SHAPE).get("codes")
    if given is None:
        raise Refused(400, "A list of codes is needed.")
    codes = [payload.key(code) for code in given]
    if any(code is None or "," in code for code in codes):
        raise Refused(400, "A code is neither empty nor holds a comma.")
    with call.database.write() as connection:
        result = _user(connection, call)
        merged = merge(json.loads(result.access_codes), [code for code in codes if code])
        # Each once, in the order of first mention.
        register.change(connection, result, operation, {"access_codes": json.dumps(list(dict.fromkeys(merged)))})
        return answer(register.answered_alone(connection, result.id, call.version, register.Filled(functions=True)))


def _user(connection: Connection, call: Call) -> Row[Any]:
    return register.find_user(connection, call.path["userId"], call.query.get("lookupField", "Id"))


def _user_by_number(connection: Connection, call: Call) -> Row[Any]:
    """Find the user of a route whose id has to be a number."""
    given = call.path["id"]
    if not given.removeprefix("-").isdecimal():
        raise Unreadable("id", "A whole number is expected here.")
    return register.find_user(connection, given, "gidid")


def _roles(connection: Connection, result: Row[Any]) -> list[Row[Any]]:
    query = select(user_role).where(user_role.c.user_id == result.id).order_by(user_role.c.role_id)
    return list(connection.execute(query))


def _role(row: Row[Any]) -> dict[str, Any]:
    lists = {name: row._mapping[column] for name, column in _LISTS.items()}
    own = {"roleId": str(row.role_id), "userId": str(row.user_id), "id": row.id, "description": row.description}
    return own | lists


def _accesses(number: int, accesses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**access, "id": number} for access in accesses]
