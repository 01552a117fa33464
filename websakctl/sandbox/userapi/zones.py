"""Environments and the zones they lie in."""

from typing import Any

from sqlalchemy import Connection, Row, select
from starlette.responses import Response

from websakctl.sandbox.database import environment
from websakctl.sandbox.settings import ApiVersion
from websakctl.sandbox.userapi.answers import answer
from websakctl.sandbox.userapi.routing import Call, Operation


def operations(_version: ApiVersion) -> list[Operation]:
    """List the route."""
    return [Operation(method="GET", path="/api/Zones", handler=list_environments)]


def list_environments(call: Call) -> Response:
    """List every environment with its zone."""
    with call.database.read() as connection:
        rows = _rows(connection)
    fields = ({"id": row.id, "referenceId": row.reference_id, "name": row.name, "zone": _zone(row)} for row in rows)
    return answer(call.listed(list(fields)))


def zones_of(connection: Connection, environments: list[int]) -> list[dict[str, Any]]:
    """List the zones that the environments with these ids give access to; with none named, the first one's."""
    rows = _rows(connection)
    return [_zone(row) for row in rows if row.id in environments] if environments else [_zone(row) for row in rows[:1]]


def _rows(connection: Connection) -> list[Row[Any]]:
    return list(connection.execute(select(environment).order_by(environment.c.id)))


def _zone(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.zone_id,
        "name": row.zone_name,
        "description": row.zone_description,
        "writeProtected": row.zone_write_protected,
        "isSensitive": row.zone_is_sensitive,
        "priority": row.zone_priority,
    }
