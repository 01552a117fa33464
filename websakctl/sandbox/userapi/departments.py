"""The first department routes: reads in one model, writes in another, activation by GET."""

from typing import Any

from starlette.responses import Response

from websakctl.sandbox.settings import ApiVersion
from websakctl.sandbox.userapi import department_register as register
from websakctl.sandbox.userapi.answers import Refused, answer, nothing
from websakctl.sandbox.userapi.department_fields import V1_REQUEST, V1_SHAPE
from websakctl.sandbox.userapi.payload import read_object
from websakctl.sandbox.userapi.published import OLDER
from websakctl.sandbox.userapi.routing import Call, Operation


def operations(version: ApiVersion) -> list[Operation]:
    """List the routes."""
    activation = "/api/v2/departments/{id}/activation" if version == "3.3" else None
    base = "/api/Departments"
    return [
        Operation(method="GET", path=base, handler=list_as_tree),
        Operation(method="POST", path=base, handler=create, body=True),
        Operation(method="GET", path=f"{base}/flat", handler=list_flat),
        Operation(method="GET", path=f"{base}/{{id}}", handler=read),
        Operation(
            method="PUT", path=f"{base}/{{id}}", handler=replace, body=True, refuses=(400,) if version == "3.3" else ()
        ),
        Operation(method="GET", path=f"{base}/external/{{externalId}}", handler=read_external),
        Operation(method="GET", path=f"{base}/{{id}}/activate", handler=activate, successor=activation, refuses=()),
        Operation(method="GET", path=f"{base}/{{id}}/deactivate", handler=deactivate, successor=activation, refuses=()),
    ]


def list_as_tree(call: Call) -> Response:
    """List every department, each after its parent."""
    return answer(register.in_tree_order(all_departments(call)))


def list_flat(call: Call) -> Response:
    """List every department in the order they were made."""
    return answer(call.listed(all_departments(call)))


def all_departments(call: Call) -> list[dict[str, Any]]:
    """Read every department that lists show, in the order they were made."""
    with call.database.read() as connection:
        if call.plays("retired-hidden"):
            return register.read_departments(connection, call.version, register.NOT_RETIRED)
        return register.read_departments(connection, call.version)


def read(call: Call) -> Response:
    """Answer one department by the server's id."""
    with call.database.read() as connection:
        return found(call, register.by_id(connection, call.version, call.path["id"]))


def read_external(call: Call) -> Response:
    """Answer one department by external id."""
    with call.database.read() as connection:
        return found(call, register.by_external_id(connection, call.version, call.path["externalId"]))


def found(call: Call, department: dict[str, Any] | None) -> Response:
    """Answer the department, or say that there is none: the older version does so with an empty 204.

    Raises:
        Refused: 404, in the newer version.
    """
    if department is not None:
        return answer(department)
    if call.version == "3.0":
        return nothing(204)
    raise Refused(404, "There is no such department.")


def create(call: Call) -> Response:
    """Make a department under an existing one."""
    with call.database.write() as connection:
        number = register.create(connection, call.settings, _values(call))
        created = register.by_id(connection, call.version, number)
    return answer(created, 201, {"Location": f"/api/Departments/{number}"})


def replace(call: Call) -> Response:
    """Write the whole request over a department; what it leaves out is cleared."""
    with call.database.write() as connection:
        register.replace(connection, call.settings, call.path["id"], _values(call))
        return answer(register.by_id(connection, call.version, call.path["id"]))


def activate(call: Call) -> Response:
    """Take the end date away."""
    with call.database.write() as connection:
        register.set_active(connection, _number(call), active=True)
    return nothing()


def deactivate(call: Call) -> Response:
    """Set the end date."""
    with call.database.write() as connection:
        register.set_active(connection, _number(call), active=False)
    return answer(f"Department {_number(call)} is deactivated.")


def _number(call: Call) -> str:
    """Give the id in the path, which the newer routes call otherwise."""
    return call.path.get("id") or call.path["departmentId"]


def _values(call: Call) -> dict[str, Any]:
    """Give every writable field by its answer name; None where the request is silent."""
    request = read_object(call.body, V1_SHAPE[call.version])
    values: dict[str, Any] = {}
    older = OLDER.get(call.settings.published)
    for name, field in V1_REQUEST[call.version].items():
        if older is not None and name in older.department:
            continue  # what its model has no field for, a PUT leaves alone
        given = request.get(name)
        values[field] = values.get(field) if given is None else given
    return values
