"""The OpenAPI 3.1 document of the Setup API, served at ``/api/setup/openapi.json``."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from websakctl.sandbox.setupapi.kinds import CONTRACT_VERSION, KINDS, SetupKind
from websakctl.sandbox.setupapi.models import LeaseBreak, LeaseRenewal, LeaseRequest
from websakctl.sandbox.setupapi.problems import PROBLEM_JSON, TYPES
from websakctl.sandbox.setupapi.router import PREFIX, create_router

_DESCRIPTION: Final = """\
The setup that the city's districts share in one Websak: access codes, case types, sub-organisation numbers,
licences and rollout batches. The contract is the project's own; the vendor publishes none for these registers.

**Access.** Every request but the one for this document needs a token from `/connect/token` with the scope `setup`;
for those that only read, `setup.read` is enough.

**Changes.** Every object has a strong `ETag`, which its body repeats as `etag`, quotation marks included. `PUT` and
`DELETE` need it as `If-Match`. `PUT` takes the whole object under the key that it has: a field that is left out falls back to its
default. `etag` and `updated_at` are ignored when they are sent. Another key is given by `POST …/{key}/rename` with the whole
object, and what refers to it follows. An `Idempotency-Key` makes it safe to send a `POST` again: the first
answer comes back, and nothing is made twice.

**References.** What an object names must exist. An active object may only name active ones. While an active object names
another, that one cannot be retired (`active: false`); while any object does, it cannot be deleted.

**Lease.** Whoever holds the lease is the only one who may write to the collections, and says so with the header `Lease`.
A write that names a lease which has ended is refused too, even when nobody holds one.

**Lists** are sorted by key, by code point. `next` is the key to send as `after` for the next page, null on the last one.
A page may hold fewer objects than `limit`.

**Problems** are `application/problem+json` (RFC 9457) with a `type` that never changes; an invalid object lists every
value that is wrong by JSON pointer.
"""

_LEASE_ID: Final = {"type": "string"}
_MOMENT: Final = {"type": "string", "format": "date-time"}
_HOLDER: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Who holds the lease.",
    "required": ["owner", "purpose", "acquired_at", "expires_at"],
    "properties": {
        "owner": {"type": "string"},
        "purpose": {"type": "string"},
        "acquired_at": _MOMENT,
        "expires_at": _MOMENT,
    },
}
_LEASE: Final[dict[str, Any]] = {
    **_HOLDER,
    "description": "A lease, as its holder sees it.",
    "required": ["id", *_HOLDER["required"]],
    "properties": {"id": _LEASE_ID, **_HOLDER["properties"]},
}
_INFO: Final = {
    "type": "object",
    "description": "What answers here.",
    "required": ["name", "version", "contract_version", "user_api_version", "kinds"],
    "properties": {
        "name": {"type": "string"},
        "version": {"type": "string", "description": "The server's own."},
        "contract_version": {"type": "string", "description": "Of the contract that it keeps: this document's."},
        "user_api_version": {"enum": ["3.0", "3.3"]},
        "kinds": {"type": "array", "items": {"enum": [kind.name for kind in KINDS]}},
    },
}
_PROBLEM: Final = {
    "type": "object",
    "description": "What is wrong (RFC 9457). Further members depend on the type.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"enum": [f"/problems/{name}" for name in TYPES]},
        "title": {"type": "string", "description": "The same words for every problem of the type."},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "With `invalid`: everything that is wrong.",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "Where in the body (RFC 6901)."},
                    "parameter": {"type": "string", "description": "Which query parameter."},
                    "detail": {"type": "string"},
                },
            },
        },
        "referrers": {
            "type": "array",
            "description": "With `still-referred-to`.",
            "items": {
                "type": "object",
                "required": ["kind", "key"],
                "properties": {"kind": {"type": "string"}, "key": {"type": "string"}},
            },
        },
        "holder": {
            "description": "With `lease-held` and `lease-required`.",
            "anyOf": [{"$ref": "#/components/schemas/LeaseHolder"}, {"type": "null"}],
        },
        "key": {"type": "string", "description": "With `already-exists`."},
        "etag": {"type": "string", "description": "With `stale`: the ETag it has now."},
    },
}

_RESPONSES: Final = "#/components/responses/"
_OR: Final = "-or-"
_ETAG_HEADER: Final = {"ETag": {"description": "The object's ETag.", "required": True, "schema": {"type": "string"}}}
_LOCATION_HEADER: Final = {"Location": {"required": True, "schema": {"type": "string", "format": "uri-reference"}}}


def install(app: FastAPI) -> None:
    """Make ``app`` serve the document."""
    kept: dict[str, Any] = {}

    def document() -> dict[str, Any]:
        if not kept:
            kept.update(build())
        return kept

    app.openapi = document  # type: ignore[method-assign]  # how FastAPI wants a document of one's own to be put in


def build() -> dict[str, Any]:
    """Build the document from the routes and models that the server uses."""
    document = get_openapi(
        title="Websak Setup API",
        version=CONTRACT_VERSION,
        openapi_version="3.1.0",
        description=_DESCRIPTION,
        routes=_routes(),
        servers=[{"url": "/"}],
    )
    for kind in KINDS:
        _describe_collection(document["paths"], kind)
    _describe_lease(document["paths"])
    _describe(document["paths"][f"{PREFIX}/info"]["get"], "Say what answers here", {200: _content(_ref("Info"))})
    for operation in _operations(document["paths"]):
        operation["responses"].update(_refusals("not-authenticated", "not-permitted"))
        operation["responses"] = dict(sorted(operation["responses"].items()))
        for parameter in operation.get("parameters", []):
            parameter["schema"].pop("title", None)
    for path in document["paths"].values():
        if "get" in path:
            path["get"]["security"] = [{"token": ["setup.read"]}, {"token": ["setup"]}]
    scopes = {"setup": "Read and change the setup.", "setup.read": "Read the setup."}
    flows = {"clientCredentials": {"tokenUrl": "/connect/token", "scopes": scopes}}
    document["components"] = {
        "responses": _responses(_operations(document["paths"])),
        "schemas": _schemas(),
        "securitySchemes": {"token": {"type": "oauth2", "flows": flows}},
    }
    document["security"] = [{"token": ["setup"]}]
    return document


def _routes() -> list[BaseRoute]:
    return list(create_router().routes)


def _operations(paths: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in paths.values() for operation in path.values()]


def _describe_collection(paths: dict[str, Any], kind: SetupKind) -> None:
    model = kind.model.__name__
    words = kind.name.replace("_", " ")
    merged, one, rename = (paths[f"{PREFIX}{kind.path}{rest}"] for rest in ("", "/{key}", "/{key}/rename"))
    body = _body(model)
    answer = _content(_ref(f"Stored{model}"))
    writing = ("malformed", "invalid", "lease-required")
    _describe(merged["get"], f"List every {words}", {200: _content(_ref(f"{model}Page"))}, "invalid")
    _describe(
        merged["post"],
        f"Make a new {words}",
        {201: {**answer, "headers": {**_ETAG_HEADER, **_LOCATION_HEADER}}},
        *writing,
        "idempotency-key-missing",
        "already-exists",
        "idempotency-key-reused",
        body=body,
    )
    _describe(one["get"], f"Read one {words}", {200: {**answer, "headers": _ETAG_HEADER}}, "not-found")
    changing = ("not-found", "still-referred-to", "stale", "precondition-required")
    _describe(
        one["put"],
        f"Replace one {words}",
        {200: {**answer, "headers": _ETAG_HEADER}},
        *writing,
        *changing,
        body=body,
    )
    _describe(
        rename["post"],
        f"Replace one {words} under another key",
        {200: {**answer, "headers": {**_ETAG_HEADER, **_LOCATION_HEADER}}},
        *writing,
        *changing,
        "idempotency-key-missing",
        "already-exists",
        "idempotency-key-reused",
        body=body,
    )
    _describe(one["delete"], f"Delete one {words}", {204: {}}, "malformed", "lease-required", *changing)
    for operation in (*one.values(), *rename.values()):
        next(item for item in operation["parameters"] if item["name"] == "key")["example"] = kind.example
    for operation in _operations({"": merged, "/": one, "/rename": rename}):
        operation["tags"] = [kind.name]


def _describe_lease(paths: dict[str, Any]) -> None:
    merged, one, end = (paths[f"{PREFIX}/lease{rest}"] for rest in ("", "/{id}", "/break"))
    lease = _content(_ref("Lease"))
    invalid = ("malformed", "invalid")
    taken = {201: {**lease, "headers": _LOCATION_HEADER}}
    _describe(merged["post"], "Take the lease", taken, *invalid, "lease-held", body=_body("LeaseRequest"))
    _describe(merged["get"], "See who holds the lease", {200: lease}, "not-found")
    _describe(one["put"], "Renew the lease", {200: lease}, *invalid, "not-found", body=_body("LeaseRenewal"))
    _describe(one["delete"], "Give the lease back, held or not", {204: {}})
    _describe(
        end["post"], "End the lease of an owner by name", {204: {}}, *invalid, "not-found", body=_body("LeaseBreak")
    )
    for operation in _operations({"": merged, "/": one, "/break": end}):
        operation["tags"] = ["lease"]


def _describe(
    operation: dict[str, Any],
    summary: str,
    answers: dict[int, dict[str, Any]],
    *problems: str,
    body: dict[str, Any] | None = None,
) -> None:
    operation["summary"] = summary
    titles = {200: "Done.", 201: "Made.", 204: "Done; there is no body."}
    operation["responses"] = {
        str(status): {"description": titles[status], **answer} for status, answer in answers.items()
    } | _refusals(*problems)
    if body:
        operation["requestBody"] = body


def _refusals(*names: str) -> dict[str, Any]:
    """Name the answers for some problems, those of one status together."""
    by_status: dict[int, list[str]] = {}
    for name in sorted(names):
        by_status.setdefault(TYPES[name].status, []).append(name)
    return {str(status): {"$ref": _RESPONSES + _OR.join(result)} for status, result in by_status.items()}


def _responses(operations: list[dict[str, Any]]) -> dict[str, Any]:
    """Describe the answers that ``operations`` name."""
    answers = [answer for operation in operations for answer in operation["responses"].values()]
    named = {answer["$ref"].removeprefix(_RESPONSES) for answer in answers if "$ref" in answer}
    return {
        name: {
            "description": "; ".join(f"`{problem}`: {TYPES[problem].title}" for problem in name.split(_OR)),
            "content": {PROBLEM_JSON: {"schema": _ref("Problem")}},
        }
        for name in sorted(named)
    }


def _body(model: str) -> dict[str, Any]:
    return {"required": True, **_content(_ref(model))}


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas() -> dict[str, Any]:
    models: list[type[BaseModel]] = [kind.model for kind in KINDS]
    models += [LeaseRequest, LeaseRenewal, LeaseBreak]
    _, created = models_json_schema([(model, "validation") for model in models], ref_template=_ref("{model}")["$ref"])
    schemas = created["$defs"]
    for kind in KINDS:
        name = kind.model.__name__
        sent = schemas[name]
        schemas[f"Stored{name}"] = {
            **sent,
            "description": "As it is kept: every field, and the server's own.",
            "properties": {**sent["properties"], "etag": {"type": "string"}, "updated_at": _MOMENT},
            "required": [*sent["properties"], "etag", "updated_at"],
            "additionalProperties": True,
        }
        schemas[name] = {
            **sent,
            "properties": {
                **sent["properties"],
                "etag": {"description": "Ignored."},
                "updated_at": {"description": "Ignored."},
            },
        }
        schemas[f"{name}Page"] = {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": _ref(f"Stored{name}")},
                "next": {"type": ["string", "null"], "description": "Key to send as `after`; null on the last page."},
            },
        }
    schemas |= {"Lease": _LEASE, "LeaseHolder": _HOLDER, "Info": _INFO, "Problem": _PROBLEM}
    return {name: _untitled(schemas[name]) for name in sorted(schemas)}


def _untitled(schema: Any) -> Any:
    """Drop the titles that only repeat a field's name."""
    if isinstance(schema, list):
        return [_untitled(item) for item in schema]
    if isinstance(schema, dict):
        return {
            key: _untitled(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))
        }
    return schema
