"""The addresses of the Setup API."""

import json
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query
from pydantic.json_schema import SkipJsonSchema
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from websakctl.sandbox.database import Database
from websakctl.sandbox.settings import Settings
from websakctl.sandbox.setupapi import lease, objects
from websakctl.sandbox.setupapi.bodies import checked, json_body
from websakctl.sandbox.setupapi.kinds import CONTRACT_VERSION, KINDS, SetupKind
from websakctl.sandbox.setupapi.models import LeaseBreak, LeaseRenewal, LeaseRequest
from websakctl.sandbox.setupapi.problems import Problem, ProblemRoute
from websakctl.sandbox.tokens import Tokens

PREFIX: Final = "/api/setup"
LARGEST_PAGE: Final = 1000


async def _permitted(request: Request) -> None:
    tokens: Tokens = request.app.state.tokens
    reading = ("setup.read",) if request.method in ("GET", "HEAD") else ()
    tokens.check(request.headers.get("authorization"), "setup", *reading)


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


Body = Annotated[Any, Depends(json_body)]
IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", json_schema_extra={"minLength": 1, "maxLength": 255})]
IfMatch = Annotated[str, Header(alias="If-Match", json_schema_extra={"pattern": objects.IF_MATCH})]
# The missing one is None to us, but nobody can send a null in a header or an address.
LeaseId = Annotated[str | SkipJsonSchema[None], Header(alias="Lease")]
After = Annotated[str | SkipJsonSchema[None], Query()]


def create_router() -> APIRouter:
    """Make the router of all the Setup API; it finds the database through ``app.state``."""
    router = APIRouter(prefix=PREFIX, route_class=ProblemRoute, dependencies=[Depends(_permitted)])
    _add_info(router)
    _add_lease(router)
    for kind in KINDS:
        _add_collection(router, kind)
    _add_rest(router)
    return router


def _add_info(router: APIRouter) -> None:
    @router.get("/info", operation_id="info")
    async def info(request: Request) -> Response:
        settings: Settings = request.app.state.settings
        return _json(
            {
                "name": "websakctl-sandbox",
                "version": _version(),
                "contract_version": CONTRACT_VERSION,
                "user_api_version": settings.api_version,
                "kinds": [kind.name for kind in KINDS],
            }
        )


def _add_lease(router: APIRouter) -> None:
    @router.post("/lease", operation_id="acquire_lease")
    def acquire(request: Request, body: Body) -> Response:
        requested = checked(LeaseRequest, body)
        with _database(request).write() as connection:
            taken = lease.acquire(connection, requested.owner, requested.purpose, requested.ttl_seconds)
        return _json(taken.as_json(), 201, {"Location": f"{PREFIX}/lease/{taken.id}"})

    @router.get("/lease", operation_id="read_lease")
    def read(request: Request) -> Response:
        with _database(request).read() as connection:
            held = lease.current(connection)
        if held is None:
            raise Problem("not-found", "Nobody holds the lease.")
        return _json(held.as_json())

    @router.post("/lease/break", operation_id="break_lease")
    def break_lease(request: Request, body: Body) -> Response:
        owner = checked(LeaseBreak, body).owner
        with _database(request).write() as connection:
            lease.break_lease(connection, owner)
        return Response(status_code=204)

    @router.put("/lease/{id}", operation_id="renew_lease")
    def renew(request: Request, id: str, body: Body) -> Response:
        ttl = checked(LeaseRenewal, body).ttl_seconds
        with _database(request).write() as connection:
            renewed = lease.renew(connection, id, ttl)
        return _json(renewed.as_json())

    @router.delete("/lease/{id}", operation_id="release_lease")
    def release(request: Request, id: str) -> Response:
        if "\x00" not in id:
            with _database(request).write() as connection:
                lease.release(connection, id)
        return Response(status_code=204)


def _add_collection(router: APIRouter, kind: SetupKind) -> None:
    one = f"{kind.path}/{{key}}"

    @router.get(kind.path, operation_id=f"list_{kind.name}")
    def list_objects(
        request: Request,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE,
        after: After = None,
    ) -> Response:
        return _json(objects.list_page(_database(request), kind, after, limit))

    @router.post(kind.path, operation_id=f"create_{kind.name}")
    def create(request: Request, body: Body, idempotency_key: IdempotencyKey, lease_id: LeaseId = None) -> Response:
        created = objects.create(_database(request), kind, body, idempotency_key=idempotency_key, lease_id=lease_id)
        headers = {"ETag": created.etag, "Location": created.location}
        return Response(created.text.encode(), 201, headers, media_type="application/json")

    @router.get(one, operation_id=f"read_{kind.name}")
    def read(request: Request, key: str) -> Response:
        result = objects.read(_database(request), kind, key)
        return _json(result, headers={"ETag": result["etag"]})

    @router.put(one, operation_id=f"replace_{kind.name}")
    def replace(request: Request, key: str, body: Body, if_match: IfMatch, lease_id: LeaseId = None) -> Response:
        written = objects.replace(_database(request), kind, key, body, if_match=if_match, lease_id=lease_id)
        return _json(written, headers={"ETag": written["etag"]})

    @router.post(f"{one}/rename", operation_id=f"rename_{kind.name}")
    def rename(
        request: Request,
        key: str,
        body: Body,
        if_match: IfMatch,
        idempotency_key: IdempotencyKey,
        lease_id: LeaseId = None,
    ) -> Response:
        written = objects.rename(
            _database(request), kind, key, body, if_match=if_match, idempotency_key=idempotency_key, lease_id=lease_id
        )
        headers = {"ETag": written.etag, "Location": written.location}
        return Response(written.text.encode(), 200, headers, media_type="application/json")

    @router.delete(one, operation_id=f"delete_{kind.name}")
    def delete(request: Request, key: str, if_match: IfMatch, lease_id: LeaseId = None) -> Response:
        objects.remove(_database(request), kind, key, if_match=if_match, lease_id=lease_id)
        return Response(status_code=204)


def _add_rest(router: APIRouter) -> None:
    """Answer what lies under the prefix and is nothing with a problem too."""
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
    known = [route for route in router.routes if isinstance(route, ProblemRoute)]

    @router.api_route("/{rest:path}", methods=methods, include_in_schema=False)
    async def nothing(request: Request) -> Response:
        matching = [route for route in known if route.matches(request.scope)[0] is Match.PARTIAL]
        if not matching:
            raise Problem("not-found", "There is nothing at this address.")
        allow = ", ".join(
            sorted(method for route in matching if route.path == matching[0].path for method in route.methods or ())
        )
        raise Problem("method-not-allowed", f"What can be done here: {allow}.", headers={"Allow": allow})


def _json(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(content, ensure_ascii=False).encode(), status, headers, media_type="application/json")


def _version() -> str:
    try:
        return version("websakctl")
    except PackageNotFoundError:
        return "0"
