"""From a request to the operation that answers it, with its token checked and its body read."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, unquote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from websakctl.sandbox.database import Database
from websakctl.sandbox.quirks import Quirk
from websakctl.sandbox.settings import ApiVersion, Settings
from websakctl.sandbox.tokens import NotAuthenticated, NotPermitted, Tokens
from websakctl.sandbox.userapi import payload
from websakctl.sandbox.userapi.answers import Refused, Unreadable, answer, nothing, problem

SUNSET: Final = "Sat, 01 Jan 2028 00:00:00 GMT"

# Generated clients send the pattern itself as the type.
_JSON_TYPE: Final = re.compile(r"(application|text)/json|application/(\*|[\w.!#$&^-]+)\+json", re.IGNORECASE)
_PARAMETER: Final = re.compile(r"\{(\w+)\}")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request, read: what a handler needs to know."""

    database: Database
    settings: Settings
    path: Mapping[str, str]
    query: QueryParams
    body: Any  # the JSON that came in; None for an operation that takes none

    def plays(self, quirk: Quirk) -> bool:
        """Whether a doubtful point is played the other way."""
        return quirk in self.settings.quirks

    def listed(self, rows: list[Any]) -> list[Any]:
        """Give a list in the order that this server likes."""
        return rows[::-1] if self.plays("any-order") else rows

    @property
    def version(self) -> ApiVersion:
        """Which User API is being played."""
        return self.settings.api_version

    def whole_number(self, name: str, default: int) -> int:
        """Read a query parameter that is a whole number of 32 bits.

        Raises:
            Unreadable: It is something else.
        """
        given = self.query.get(name)
        if given is None:
            return default
        if not re.fullmatch(r"[+-]?[0-9]{1,10}", given):
            raise Unreadable(name, "A whole number is expected here.")
        return payload.integer(int(given), name)

    def flag(self, name: str, default: bool) -> bool:
        """Read a query parameter that is true or false, in any case.

        Raises:
            Unreadable: It is something else.
        """
        given = self.query.get(name)
        if given is None:
            return default
        if given.lower() not in {"true", "false"}:
            raise Unreadable(name, "True or false is expected here.")
        return given.lower() == "true"


Handler = Callable[[Call], Response]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method on one published path."""

    method: str
    path: str
    handler: Handler
    body: bool = False  # takes a JSON body
    problems: bool = True  # says refusals as problem details; otherwise as a JSON string
    refuses: tuple[int, ...] | None = (
        None  # documented refusals; any other is 500 with a message. None: as handlers say
    )
    public: bool = False  # needs no token
    successor: str | None = None  # the path that replaces this deprecated one

    @property
    def segments(self) -> tuple[str | None, ...]:
        """The path in parts: a word in lower case, or None for a parameter."""
        return tuple(None if _PARAMETER.fullmatch(part) else part.lower() for part in self.path.strip("/").split("/"))


class UserApi:
    """The operations of one version as an ASGI application.

    Paths match in any case and with a slash at the end. They are taken apart before they are decoded, so that a name
    with a slash in it (``%2F``) stays one parameter.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._shapes: dict[tuple[str | None, ...], dict[str, Operation]] = {}
        # Words before parameters: /flat is not the department "flat".
        for operation in sorted(operations, key=lambda each: [part is None for part in each.segments]):
            methods = self._shapes.setdefault(operation.segments, {})
            if operation.method in methods:
                raise ValueError(f"two operations for {operation.method} {operation.path}")
            methods[operation.method] = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        parts = _parts(request)
        # The first that fits: /flat takes no PUT, though /{id} does.
        methods = next((self._shapes[shape] for shape in self._shapes if _fits(shape, parts)), None)
        if methods is None:
            return nothing(404)
        operation = methods.get(request.method)
        if operation is None:
            return Response(status_code=405, headers={"Allow": ", ".join(sorted(methods))})
        if not operation.public:
            tokens: Tokens = request.app.state.tokens
            try:
                tokens.check(request.headers.get("authorization"), "userapi")
            except NotAuthenticated:
                return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
            except NotPermitted:
                return nothing(403)
        path = _parameters(operation, parts)
        response = await _carry_out(operation, request, path)
        if operation.successor is not None:
            response.headers.update(_deprecation(operation.successor, path))
        return response


def _parts(request: Request) -> list[str]:
    raw: bytes = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    return [unquote(part, errors="replace") for part in raw.decode("latin-1").strip("/").split("/")]


def _fits(shape: tuple[str | None, ...], parts: list[str]) -> bool:
    return len(shape) == len(parts) and all(
        (part.lower() == word) if word is not None else part != "" for word, part in zip(shape, parts, strict=True)
    )


def _parameters(operation: Operation, parts: list[str]) -> dict[str, str]:
    names = operation.path.strip("/").split("/")
    return {
        result[1]: payload.storable(part)
        for name, part in zip(names, parts, strict=True)
        if (result := _PARAMETER.fullmatch(name))
    }


async def _carry_out(operation: Operation, request: Request, path: dict[str, str]) -> Response:
    try:
        body = await _read_body(request) if operation.body else None
        state = request.app.state
        call = Call(database=state.database, settings=state.settings, path=path, query=request.query_params, body=body)
        return await run_in_threadpool(operation.handler, call)
    except Refused as refusal:
        if isinstance(refusal, Unreadable):
            return problem(refusal)
        kept = "unknown-404" in request.app.state.settings.quirks and refusal.status == 404
        if operation.refuses is not None and refusal.status not in operation.refuses and not kept:
            return answer(refusal.detail, 500)  # the vendor documents no other refusal here
        if operation.problems:
            return problem(refusal)
        return answer(refusal.detail, refusal.status)


async def _read_body(request: Request) -> Any:
    content = await request.body()
    if not content:
        raise Unreadable("", "A request body is needed.")
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if not _JSON_TYPE.fullmatch(kind):
        raise Unreadable("", "Only JSON is understood.", status=415)
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable("$", "This is not JSON.") from error


def _no_constant(word: str) -> Any:
    raise ValueError(word)  # NaN and Infinity are Python's, not JSON's


def _deprecation(successor: str, path: Mapping[str, str]) -> dict[str, str]:
    target = _PARAMETER.sub(lambda result: quote(path[result[1]], safe=""), successor)
    return {"Deprecation": "true", "Sunset": SUNSET, "Link": f'<{target}>; rel="successor-version"'}
