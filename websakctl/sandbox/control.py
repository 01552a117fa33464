"""The control plane: what a test or a rehearsal needs to see and do behind the server's back, under ``/_sandbox/``."""

import json
import os
import re
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from msgspec.structs import replace
from sqlalchemy import Table, delete, select, update
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from websakctl.sandbox import bulk, seed
from websakctl.sandbox.database import Database, access_group, department, effect, user
from websakctl.sandbox.faults import BadRule, Faults, StaleView
from websakctl.sandbox.quirks import QUIRKS
from websakctl.sandbox.restore import BadCopy, restore
from websakctl.sandbox.setupapi import store, tables
from websakctl.sandbox.setupapi.kinds import BY_NAME
from websakctl.sandbox.tokens import Tokens

Handler = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """A control request that cannot be carried out; the text says why."""


@dataclass(slots=True)
class Activity:
    """How long the server has had nothing to do."""

    closing: bool = False  # it has decided to end
    _busy: int = 0
    _last: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        """Note that a request came in."""
        self._busy += 1

    def end(self) -> None:
        """Note that it was answered."""
        self._busy -= 1
        self._last = time.monotonic()

    def idle_for(self) -> float:
        """Tell how many seconds ago the last request ended; 0 while one is being handled."""
        return 0.0 if self._busy else time.monotonic() - self._last


class Counting:
    """Count the requests, the health check excepted: whether somebody looks is no reason to stay."""

    def __init__(self, app: ASGIApp, *, activity: Activity) -> None:
        self._app = app
        self._activity = activity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"] == "/_sandbox/health":
            await self._app(scope, receive, send)
            return
        self._activity.begin()
        try:
            await self._app(scope, receive, send)
        finally:
            self._activity.end()


def install(app: FastAPI) -> None:
    """Serve the control plane from ``app``; ``app.state`` gets ``instance`` and ``activity``."""
    app.state.instance = uuid.uuid4().hex
    app.state.activity = Activity()
    app.add_middleware(Counting, activity=app.state.activity)
    app.add_route("/_sandbox/health", _health, methods=["GET"], include_in_schema=False)
    for path, methods in _ROUTES.items():
        app.add_route(f"/_sandbox/{path}", _guarded(methods), methods=list(methods), include_in_schema=False)


async def _health(request: Request) -> Response:
    state = request.app.state
    return JSONResponse(
        {"status": "ok", "api_version": state.settings.api_version, "pid": os.getpid(), "instance": state.instance}
    )


async def _touch(request: Request) -> Response:
    """Be used, so that the idle time starts again; a server that is about to end says so."""
    return JSONResponse(
        {"closing": request.app.state.activity.closing}, 503 if request.app.state.activity.closing else 200
    )


async def _list_effects(request: Request) -> Response:
    def rows() -> list[dict[str, Any]]:
        with _database(request).read() as connection:
            return [dict(row) for row in connection.execute(select(effect).order_by(effect.c.seq)).mappings()]

    return JSONResponse(await run_in_threadpool(rows))


async def _clear_effects(request: Request) -> Response:
    def clear() -> None:
        with _database(request).write() as connection:
            connection.execute(delete(effect))

    await run_in_threadpool(clear)
    return Response(status_code=204)


async def _schedule_faults(request: Request) -> Response:
    requested = await request.json()
    faults: Faults = request.app.state.faults
    asked = requested if isinstance(requested, list) else [requested]
    if _database(request).engine.url.database in (None, "", ":memory:") and any(
        isinstance(item, dict) and item.get("fault") == "stale_read" for item in asked
    ):
        raise Refused("a database in memory has no past to show; use a file")
    try:
        rules = faults.schedule(requested)
    except BadRule as error:
        raise Refused(str(error)) from None
    return JSONResponse([rule.as_json() for rule in rules], 201)


async def _list_faults(request: Request) -> Response:
    return JSONResponse([rule.as_json() for rule in request.app.state.faults.rules])


async def _clear_faults(request: Request) -> Response:
    request.app.state.faults.rules.clear()
    _view(request).close()
    return Response(status_code=204)


async def _read_settings(request: Request) -> Response:
    return JSONResponse(_settings(request))


async def _change_settings(request: Request) -> Response:
    requested = await _object(request)
    faults: Faults = request.app.state.faults
    tokens: Tokens = request.app.state.tokens
    if unknown := set(requested) - {"latency_ms", "token_lifetime", "rate_limit_per_second", "quirks"}:
        raise Refused(f"no such setting: {', '.join(sorted(unknown))}")
    quirks = requested.pop("quirks", None)
    if quirks is not None and (not isinstance(quirks, list) or not set(map(str, quirks)) <= QUIRKS.keys()):
        raise Refused(f"quirks is a list of {', '.join(QUIRKS)}")
    for name, value in requested.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise Refused(f"{name} is a number from 0, or null")
    if "latency_ms" in requested:
        faults.latency = (requested["latency_ms"] or 0) / 1000
    if "token_lifetime" in requested:
        tokens.lifetime = (
            request.app.state.settings.token_lifetime
            if requested["token_lifetime"] is None
            else requested["token_lifetime"]
        )
    if quirks is not None:
        request.app.state.settings = replace(request.app.state.settings, quirks=frozenset(quirks))
    if "rate_limit_per_second" in requested:
        faults.rate_limit = requested["rate_limit_per_second"]
    return JSONResponse(_settings(request))


async def _reset(request: Request) -> Response:
    requested = (await _object(request)).get("seed", "standard")
    if requested not in ("standard", "empty"):
        raise Refused("the seed is standard or empty")
    _view(request).close()
    await run_in_threadpool(seed.reset, _database(request), requested)
    return JSONResponse({"seed": requested})


async def _load(request: Request) -> Response:
    requested = await _object(request)
    try:
        return JSONResponse(await run_in_threadpool(bulk.load, _database(request), requested))
    except bulk.BadLoad as error:
        raise Refused(str(error)) from None


async def _restore(request: Request) -> Response:
    """Become a copy of another Websak."""
    desired = await _object(request)
    _view(request).close()
    try:
        return JSONResponse(await run_in_threadpool(restore, _database(request), desired))
    except BadCopy as error:
        raise Refused(str(error)) from None


async def _edit(request: Request) -> Response:
    """Change an object as somebody would by hand: no checks, no effect noted, but a new ETag where there is one."""
    requested = await _object(request)
    kind, key, values = requested.get("kind"), requested.get("key"), requested.get("set")
    if not isinstance(key, str) or not isinstance(values, dict) or not values:
        raise Refused("name the kind, the key, and under set what to change")
    changed = await run_in_threadpool(_edit_row, _database(request), str(kind), key, values)
    return JSONResponse(changed)


async def _end_lease(request: Request) -> Response:
    """Let the lease be gone, as if it had run out."""

    def end() -> None:
        with _database(request).write() as connection:
            connection.execute(delete(tables.lease))

    await run_in_threadpool(end)
    return Response(status_code=204)


async def _expire_tokens(request: Request) -> Response:
    request.app.state.tokens.revoke_all()
    return Response(status_code=204)


_ROUTES: dict[str, dict[str, Handler]] = {
    "touch": {"POST": _touch},
    "effects": {"GET": _list_effects, "DELETE": _clear_effects},
    "faults": {"GET": _list_faults, "POST": _schedule_faults, "DELETE": _clear_faults},
    "settings": {"GET": _read_settings, "POST": _change_settings},
    "reset": {"POST": _reset},
    "load": {"POST": _load},
    "restore": {"POST": _restore},
    "edit": {"POST": _edit},
    "lease": {"DELETE": _end_lease},
    "tokens": {"DELETE": _expire_tokens},
}

# Tables whose rows can be edited by hand, and the columns that a key is looked for in, in this order.
_BY_HAND: dict[str, tuple[Table, tuple[str, ...]]] = {
    "department": (department, ("external_id", "code", "abbreviation")),
    "access_group": (access_group, ("name",)),
    "user": (user, ("code", "username")),
    **{name: (kind.table, (kind.key,)) for name, kind in BY_NAME.items()},
}


def _guarded(methods: dict[str, Handler]) -> Handler:
    """Ask for the secret, and answer what cannot be done with 400 and the reason."""

    async def handle(request: Request) -> Response:
        given = request.headers.get("x-sandbox-secret", "")
        if not secrets.compare_digest(given.encode(), request.app.state.settings.client_secret.encode()):
            return JSONResponse({"error": "X-Sandbox-Secret is missing or wrong"}, 403)
        handler = methods["GET" if request.method == "HEAD" else request.method]
        try:
            return await handler(request)
        except (Refused, json.JSONDecodeError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return handle


def _edit_row(database: Database, kind: str, key: str, values: dict[str, Any]) -> dict[str, Any]:
    changes = store.new_row(values) if kind in BY_NAME else {_snake(name): value for name, value in values.items()}
    if kind not in _BY_HAND:
        raise Refused(f"no kind {kind}; there are {', '.join(_BY_HAND)}")
    table, columns = _BY_HAND[kind]
    if unknown := set(changes) - set(table.c.keys()):
        raise Refused(f"no such column: {', '.join(sorted(unknown))}")
    with database.write() as connection:
        for name in columns:
            matching = table.c[name] == key
            row = connection.execute(select(table).where(matching)).first()
            if row is not None:
                connection.execute(update(table).where(matching).values(changes))
                return {**row._mapping, **changes}
    raise Refused(f"no {kind} {key}")


def _snake(name: str) -> str:
    """Take the name that a field has in an answer for the column that keeps it."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def _settings(request: Request) -> dict[str, Any]:
    faults: Faults = request.app.state.faults
    return {
        "latency_ms": faults.latency * 1000,
        "token_lifetime": request.app.state.tokens.lifetime,
        "rate_limit_per_second": faults.rate_limit,
        "quirks": sorted(request.app.state.settings.quirks),
    }


async def _object(request: Request) -> dict[str, Any]:
    content = await request.json() if await request.body() else {}
    if not isinstance(content, dict):
        raise Refused("send an object")
    return content


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _view(request: Request) -> StaleView:
    view: StaleView = request.app.state.stale_view
    return view
