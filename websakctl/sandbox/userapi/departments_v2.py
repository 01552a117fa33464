"""The second department routes: one model both ways, activation by PUT and DELETE; under two spellings of the path."""

from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from websakctl.sandbox.settings import ApiVersion
from websakctl.sandbox.userapi import access_groups, departments
from websakctl.sandbox.userapi import department_register as register
from websakctl.sandbox.userapi.answers import JSON, answer
from websakctl.sandbox.userapi.department_fields import V2_CREATE, V2_SHAPE, V2_UPDATE
from websakctl.sandbox.userapi.payload import read_object
from websakctl.sandbox.userapi.routing import Call, Operation


def operations(version: ApiVersion) -> list[Operation]:
    """List the routes; the older version has none."""
    if version == "3.0":
        return []
    return [each for base in ("/api/v2/departments", "/api/v2/DepartmentsV2") for each in _operations(base)]


def _operations(base: str) -> list[Operation]:
    activation = base + "/{departmentId}/activation"
    distributor = base + "/external/{orgUnitId}/post-distributors/{userGidId}"
    successor = "/api/v2/departments/{id}/activation"
    return [
        Operation(method="GET", path=base, handler=list_as_tree),
        Operation(method="POST", path=base, handler=create, body=True),
        Operation(method="GET", path=f"{base}/flat", handler=departments.list_flat),
        Operation(method="GET", path=f"{base}/{{id}}", handler=departments.read),
        Operation(method="PUT", path=f"{base}/{{id}}", handler=replace, body=True),
        Operation(method="GET", path=f"{base}/external/{{externalId}}", handler=departments.read_external),
        Operation(method="PUT", path=activation, handler=departments.activate, refuses=()),
        Operation(method="DELETE", path=activation, handler=departments.deactivate, refuses=()),
        Operation(method="PUT", path=distributor, handler=access_groups.add_post_distributor),
        Operation(method="DELETE", path=distributor, handler=access_groups.remove_post_distributor),
        Operation(
            method="GET", path=f"{base}/{{id}}/activate", handler=departments.activate, successor=successor, refuses=()
        ),
        Operation(
            method="GET",
            path=f"{base}/{{id}}/deactivate",
            handler=departments.deactivate,
            successor=successor,
            refuses=(),
        ),
    ]


def list_as_tree(call: Call) -> Response:
    """Answer the hierarchy, nested."""
    return Response(register.encode_tree(departments.all_departments(call)), media_type=JSON)


def create(call: Call) -> Response:
    """Make a department under an existing one."""
    with call.database.write() as connection:
        number = register.create(connection, call.settings, _values(call, V2_CREATE))
        return answer(_read(connection, call, number), 201, {"Location": f"/api/v2/departments/{number}"})


def replace(call: Call) -> Response:
    """Write the writable fields over a department; the id in the path wins over one in the body."""
    number = call.path["id"]
    with call.database.write() as connection:
        register.replace(connection, call.settings, number, _values(call, V2_UPDATE))
        return answer(_read(connection, call, number))


def _read(connection: Connection, call: Call, number: str) -> dict[str, Any] | None:
    return register.by_id(connection, call.version, number)


def _values(call: Call, writable: tuple[str, ...]) -> dict[str, Any]:
    request = read_object(call.body, V2_SHAPE)
    return {field: request.get(field) for field in writable}
