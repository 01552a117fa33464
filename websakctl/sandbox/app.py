"""The whole server put together: token endpoint, User API, Setup API, test controls."""

from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from websakctl.sandbox import control, faults, seed, setupapi
from websakctl.sandbox.database import current_request, open_database
from websakctl.sandbox.settings import Settings
from websakctl.sandbox.tokens import NotAuthenticated, NotPermitted, Tokens, token_endpoint
from websakctl.sandbox.userapi.version import user_api

# How many leading path segments are words of ours (the rest are keys, whose case matters), by first words.
_LITERAL_SEGMENTS: Final = {("api", "setup"): 3, ("connect",): 2, ("_sandbox",): 2}


class OnePath:
    """Let any case and a trailing slash lead to the same route, and remember the request as it came in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its one path."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        raw = scope.get("raw_path") or scope["path"].encode()
        mark = current_request.set((scope["method"], raw.decode("latin-1")))
        try:
            await self._app({**scope, "path": _one_path(scope["path"])}, receive, send)
        finally:
            current_request.reset(mark)


def _one_path(path: str) -> str:
    segments = path.strip("/").split("/")
    folded = [segment.lower() for segment in segments]
    for words, count in _LITERAL_SEGMENTS.items():
        if tuple(folded[: len(words)]) == words:
            return "/" + "/".join(folded[:count] + segments[count:])
    return path


def create_app(settings: Settings) -> FastAPI:
    """Build a server over the database that ``settings`` names, seeding it if it is empty.

    ``app.state`` carries ``settings``, ``database`` and ``tokens``.
    """
    app = FastAPI(title="Setup API", docs_url=None, redoc_url=None, openapi_url="/api/setup/openapi.json")
    app.state.settings = settings
    app.state.tokens = Tokens(lifetime=settings.token_lifetime)
    app.state.database = open_database(settings.database_url)
    seed.seed_if_empty(app.state.database, settings.seed)

    app.add_exception_handler(NotAuthenticated, _not_authenticated)
    app.add_exception_handler(NotPermitted, _not_permitted)
    app.add_route("/connect/token", token_endpoint, methods=["POST"], include_in_schema=False)
    setupapi.install(app)
    control.install(app)
    faults.install(app)
    app.router.redirect_slashes = False
    app.router.default = user_api(settings)  # whatever no other part answers
    app.add_middleware(OnePath)  # added last, so first to see a request
    return app


async def _not_authenticated(request: Request, _error: Exception) -> Response:
    return _refuse(request, 401, "not-authenticated", "A valid token is needed", {"WWW-Authenticate": "Bearer"})


async def _not_permitted(request: Request, _error: Exception) -> Response:
    return _refuse(request, 403, "not-permitted", "The token lacks the scope that this needs", {})


def _refuse(request: Request, status: int, problem: str, title: str, headers: dict[str, str]) -> Response:
    """Say it as a problem in the Setup API; the User API answers 401 and 403 without a body."""
    if not request.url.path.startswith("/api/setup"):
        return Response(status_code=status, headers=headers)
    body = {"type": f"/problems/{problem}", "title": title, "status": status}
    return JSONResponse(body, status, headers, media_type="application/problem+json")
