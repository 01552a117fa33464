"""Older files of the vendor's that bore the version 3.0.0 too: fewer operations, parameters and fields.

Source: the history of the published file, data/userapi-history.yaml (2021-02-02 and 2023-04-26).
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from starlette.datastructures import QueryParams
from starlette.responses import Response

from websakctl.sandbox.userapi.answers import encode
from websakctl.sandbox.userapi.department_fields import words
from websakctl.sandbox.userapi.routing import Call, Handler, Operation

_FLAGS: Final = ("includeEmailAddresses", "includeUserAccess", "includeRoles")
_EVERYBODY: Final = {"limit": str(2**31 - 1)}  # before there were pages, one answer held all
_SINCE_2026: Final = frozenset(
    {"/api/info", "/api/Departments/flat", "/api/Departments/external/{externalId}"}
    | {f"/api/Users/{{userId}}/{path}" for path in ("roles", "roles/{roleId}", "accesscodes")}
)
_SINCE_2023: Final = frozenset({"/api/AccessGroups/members/{id}", "/api/Users/{id}/AccessGroupMembership"})


class Older(msgspec.Struct, frozen=True, kw_only=True):
    """What an older file had less than the newest 3.0.0."""

    without: frozenset[str]  # paths
    paged: bool  # whether the list of users takes parameters; nothing else does
    department: frozenset[str]  # fields of a request that are not there
    answered_department: frozenset[str]
    user: frozenset[str] = frozenset()
    answered_user: frozenset[str] = frozenset({"userRequestJsonString"})


_ADDRESS: Final = words("postalNo contact addr addr2 phone")
OLDER: Final[Mapping[str, Older]] = {
    "2021": Older(
        without=_SINCE_2026 | _SINCE_2023,
        paged=False,
        department=frozenset({*_ADDRESS, "enhetstype", "externalID"}),
        answered_department=frozenset({*_ADDRESS, "externalId", "div2"}),
        user=frozenset({"departmentCode"}),
        answered_user=frozenset({"userRequestJsonString", "accessTemplateId", "departmentCode"}),
    ),
    "2023": Older(
        without=_SINCE_2026,
        paged=True,
        department=frozenset(_ADDRESS),
        answered_department=frozenset({*_ADDRESS, "div2"}),
    ),
}


def as_published(operations: list[Operation], older: Older) -> list[Operation]:
    """Leave out what the older file does not have, from the list of operations and from each."""
    kept = (operation for operation in operations if operation.path not in older.without)
    return [replace(operation, handler=_narrowed(operation, older)) for operation in kept]


def _narrowed(operation: Operation, older: Older) -> Handler:
    about_users = "/Users" in operation.path
    unknown = older.user if about_users else older.department
    unanswered = older.answered_user if about_users else older.answered_department
    listing = operation.method == "GET" and operation.path == "/api/Users"

    def handle(call: Call) -> Response:
        body = call.body
        if isinstance(body, dict):
            body = {name: value for name, value in body.items() if name not in unknown}
        if not (listing and older.paged):
            # Nothing could be asked for yet, so all of it came.
            query = {**dict.fromkeys(_FLAGS, "true"), **(_EVERYBODY if listing else {})}
            call = replace(call, query=QueryParams(query))
        return _without(operation.handler(replace(call, body=body)), unanswered)

    return handle


def _without(response: Response, fields: frozenset[str]) -> Response:
    if response.status_code not in (200, 201) or not response.body:
        return response
    content = json.loads(bytes(response.body))
    kept = [_row(row, fields) for row in content] if isinstance(content, list) else _row(content, fields)
    response.body = encode(kept)
    response.headers["content-length"] = str(len(response.body))
    return response


def _row(row: Any, fields: frozenset[str]) -> Any:
    return {name: value for name, value in row.items() if name not in fields} if isinstance(row, dict) else row
