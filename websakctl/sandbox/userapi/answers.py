"""How the User API says things: JSON, JSON strings, problem details, and nothing at all."""

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

JSON: Final = "application/json; charset=utf-8"
PROBLEM: Final = "application/problem+json; charset=utf-8"

_TITLES: Final = {
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
}


class Refused(Exception):
    """The request was understood and is not carried out.

    Whether it is said as problem details or as a bare JSON string is a property of the operation.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Unreadable(Refused):
    """The request does not have the published shape. Always problem details: the framework says it, not the operation."""

    def __init__(self, where: str, detail: str, *, status: int = 400) -> None:
        super().__init__(status, detail)
        self.where = where


def encode(content: Any) -> bytes:
    """Write ``content`` as compact JSON in UTF-8."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with ``content`` as JSON."""
    return Response(encode(content), status, headers, media_type=JSON)


def nothing(status: int = 200) -> Response:
    """Answer without a body."""
    return Response(status_code=status)


def problem(error: Refused) -> Response:
    """Say ``error`` as problem details."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _TITLES[error.status],
        "status": error.status,
        "detail": error.detail,
    }
    if isinstance(error, Unreadable):
        body["errors"] = {error.where: [error.detail]}
    return Response(encode(body), error.status, media_type=PROBLEM)
