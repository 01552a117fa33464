"""What can be wrong with a request, each with a name that stays (RFC 9457)."""

import json
from collections.abc import Callable, Coroutine
from typing import Any, Final

import msgspec
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

PROBLEM_JSON: Final = "application/problem+json"


class ProblemType(msgspec.Struct, frozen=True, kw_only=True):
    """One sort of problem: its status and the words that are the same every time."""

    name: str
    status: int
    title: str


_ALL: Final = (
    ProblemType(name="malformed", status=400, title="The request cannot be read"),
    ProblemType(name="idempotency-key-missing", status=400, title="A POST needs an Idempotency-Key"),
    ProblemType(name="not-authenticated", status=401, title="A valid token is needed"),
    ProblemType(name="not-permitted", status=403, title="The token lacks the scope that this needs"),
    ProblemType(name="not-found", status=404, title="There is no such thing"),
    ProblemType(name="method-not-allowed", status=405, title="This cannot be done here"),
    ProblemType(name="already-exists", status=409, title="There is one with this key already"),
    ProblemType(name="still-referred-to", status=409, title="Something still refers to it"),
    ProblemType(name="lease-held", status=409, title="Somebody else holds the lease"),
    ProblemType(name="stale", status=412, title="It has changed since it was read"),
    ProblemType(name="invalid", status=422, title="Some values are not valid"),
    ProblemType(name="idempotency-key-reused", status=422, title="The Idempotency-Key belongs to another request"),
    ProblemType(name="lease-required", status=423, title="Writing needs the lease that is held now"),
    ProblemType(name="precondition-required", status=428, title="A change needs If-Match"),
)

TYPES: Final = {problem.name: problem for problem in _ALL}


class Problem(Exception):
    """A request that is answered with a problem."""

    def __init__(self, name: str, detail: str, *, headers: dict[str, str] | None = None, **members: object) -> None:
        super().__init__(detail)
        self.type = TYPES[name]
        self.detail = detail
        self.headers = headers or {}
        self.members = members

    def response(self) -> Response:
        """Write it down."""
        body = {
            "type": f"/problems/{self.type.name}",
            "title": self.type.title,
            "status": self.type.status,
            "detail": self.detail,
            **self.members,
        }
        text = json.dumps(body, ensure_ascii=False).encode()
        return Response(text, self.type.status, self.headers, media_type=PROBLEM_JSON)


class ProblemRoute(APIRoute):
    """A route that answers every failing of a request with a problem."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route's own handler."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except Problem as problem:
                return problem.response()
            except RequestValidationError as error:
                return _from_parameters(error).response()

        return answer


def _from_parameters(error: RequestValidationError) -> Problem:
    """Say which header or query parameter is missing or wrong; bodies are not read here."""
    faults = error.errors()
    missing = {str(fault["loc"][-1]).lower() for fault in faults if fault["loc"][0] == "header"}
    if "idempotency-key" in missing:
        return Problem("idempotency-key-missing", "Send a new Idempotency-Key with every new object.")
    if "if-match" in missing:
        return Problem("precondition-required", "Send the ETag that was read last as If-Match.")
    errors = [{"parameter": str(fault["loc"][-1]), "detail": fault["msg"]} for fault in faults]
    return Problem("invalid", "The address asks for something that cannot be.", errors=errors)
