"""Who may come in: the token endpoint, and the check that every route asks for."""

import base64
import binascii
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from websakctl.sandbox.settings import Settings

SCOPES: Final = ("userapi", "userapi.scim", "setup", "setup.read")


class NotAuthenticated(Exception):
    """There is no token, or it is not (or no longer) one of ours: 401."""


class NotPermitted(Exception):
    """The token is good but lacks the scope: 403."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What one token allows, and until when on the monotonic clock."""

    scopes: frozenset[str]
    expires: float


@dataclass(slots=True)
class Tokens:
    """The tokens that are out. Kept in memory: a restarted server knows none of the old ones."""

    lifetime: float  # seconds; may be set while the server runs, and counts from the next token on
    clock: Callable[[], float] = time.monotonic
    _grants: dict[str, Grant] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def issue(self, scopes: frozenset[str]) -> str:
        """Make a token for ``scopes``."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            moment = self.clock()
            for old in [key for key, grant in self._grants.items() if grant.expires <= moment]:
                del self._grants[old]
            self._grants[token] = Grant(scopes=scopes, expires=moment + self.lifetime)
        return token

    def revoke_all(self) -> None:
        """Make every token that is out worthless from now on."""
        with self._lock:
            self._grants.clear()

    def check(self, authorization: str | None, *scopes: str) -> Grant:
        """Find the grant behind an ``Authorization`` header.

        Raises:
            NotAuthenticated: There is no such token, or it has expired.
            NotPermitted: The token carries none of ``scopes``.
        """
        method, _, token = (authorization or "").partition(" ")
        grant = self._grants.get(token.strip()) if method.lower() == "bearer" else None
        if grant is None or grant.expires <= self.clock():
            raise NotAuthenticated
        if grant.scopes.isdisjoint(scopes):
            raise NotPermitted
        return grant


def require(scope: str) -> Callable[[Request], Grant]:
    """Make a dependency that lets a request through only with a token for ``scope``."""

    def authorised(request: Request) -> Grant:
        tokens: Tokens = request.app.state.tokens
        return tokens.check(request.headers.get("authorization"), scope)

    return authorised


async def token_endpoint(request: Request) -> Response:
    """Answer ``POST /connect/token`` for the client credentials grant, in the body or as Basic authentication."""
    settings: Settings = request.app.state.settings
    tokens: Tokens = request.app.state.tokens
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return _refuse("invalid_request")
    async with request.form() as form:
        values = {name: value for name, value in form.items() if isinstance(value, str)}
    basic = _basic_credentials(request.headers.get("authorization"))
    client_id, secret = basic or (values.get("client_id", ""), values.get("client_secret", ""))
    known = secrets.compare_digest(client_id.encode(), settings.client_id.encode())
    if not (known & secrets.compare_digest(secret.encode(), settings.client_secret.encode())):
        return _refuse("invalid_client", status=400 if basic is None else 401)
    if values.get("grant_type") != "client_credentials":
        return _refuse("unsupported_grant_type")
    scopes = frozenset(values.get("scope", "").split()) or frozenset(SCOPES)
    if not scopes <= set(SCOPES):
        return _refuse("invalid_scope")
    answer = {
        "access_token": tokens.issue(scopes),
        "expires_in": max(0, int(tokens.lifetime)),
        "token_type": "Bearer",
        "scope": " ".join(scope for scope in SCOPES if scope in scopes),
    }
    return JSONResponse(answer, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _basic_credentials(header: str | None) -> tuple[str, str] | None:
    method, _, encoded = (header or "").partition(" ")
    if method.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, secret


def _refuse(error: str, status: int = 400) -> Response:
    headers = {"Cache-Control": "no-store"} | ({"WWW-Authenticate": "Basic"} if status == 401 else {})
    return JSONResponse({"error": error}, status_code=status, headers=headers)
