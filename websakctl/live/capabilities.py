"""What a Websak can do, found out by reading only."""

from collections.abc import Iterable, Mapping
from typing import Any

import httpx
import msgspec

from websakctl.live.errors import Unreachable
from websakctl.live.transport import Reading, cause_of, json_of, what_next_of

USER_PATHS = (
    "/api/info",
    "/api/Departments",
    "/api/Departments/flat",
    "/api/AccessGroups",
    "/api/Users?limit=1",
    "/api/Zones",
    "/api/Admin/departmentcount",
    "/api/Admin/usercount",
    "/api/v2/departments",
    "/api/v2/departments/flat",
)


class Capability(msgspec.Struct, frozen=True, kw_only=True):
    """One read: its status, the field names of what it answers, and since when it is on its way out."""

    path: str
    status: int
    fields: tuple[str, ...]
    sunset: str = ""


def probe(client: httpx.Client, path: str) -> Capability:
    """Ask once.

    Raises:
        Unreachable: If nothing answers.
    """
    try:
        response = client.get(path)
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise Unreachable(f"GET {path}: {cause_of(error)}", what_next_of(error)) from None
    sunset = response.headers.get(
        "Sunset", ""
    )  # RFC 8594; RFC 9745 says that it is deprecated, and perhaps not until when
    if not sunset and "Deprecation" in response.headers:
        sunset = "some day"
    return Capability(path=path, status=response.status_code, fields=_fields(response), sunset=sunset)


def _fields(response: httpx.Response) -> tuple[str, ...]:
    """Names of the fields of the first object in an answer; nothing of their values."""
    body = json_of(response.content) if response.status_code == 200 else None
    if isinstance(body, dict) and isinstance(body.get("items"), list):
        body = body["items"]
    if isinstance(body, dict) and isinstance(body.get("department"), dict):
        body = body["department"]
    if isinstance(body, list):
        body = body[0] if body else None
    return tuple(sorted(map(str, body))) if isinstance(body, dict) else ()


def required_fields(document: Any) -> dict[str, tuple[str, ...]]:
    """Required fields by schema name of an OpenAPI document; schemas that require nothing are among them."""
    components = document.get("components") if isinstance(document, dict) else None
    schemas = components.get("schemas") if isinstance(components, dict) else None
    return {
        str(name): tuple(sorted(map(str, result))) if isinstance(result := schema.get("required"), list) else ()
        for name, schema in sorted(schemas.items() if isinstance(schemas, dict) else ())
        if isinstance(schema, Mapping)
    }


def read_required(reading: Reading, paths: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Required fields of every schema in the OpenAPI documents at ``paths``; a document that is not there (404) counts as empty.

    Raises:
        LiveError: If a document cannot be read or trusted: that says nothing of its schemas.
    """
    result: dict[str, tuple[str, ...]] = {}
    for path in paths:
        result.update(required_fields(reading.get(path, absent=(404,)).body))
    return result
