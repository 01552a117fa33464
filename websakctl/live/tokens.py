"""Bearer tokens: client credentials at the Acos Identity Server, a signed grant at Maskinporten; renewed when they end."""

import math
import threading
from abc import ABC, abstractmethod
from collections.abc import Generator

import httpx

from websakctl.live.client import open_client
from websakctl.live.errors import NotAsAgreed, NotPermitted, Unreachable
from websakctl.live.guarded import NoConnection
from websakctl.live.retry import retry
from websakctl.live.runtime import Runtime
from websakctl.live.transport import cause_of, json_of, retry_after, what_next_of
from websakctl.redaction import Secret, keep_secret

ATTEMPTS = 4
GRANT = 100  # seconds that a signed grant lives; Maskinporten takes 120 at the most
EARLY = 30.0  # seconds before the end at which a token is renewed
ANSWER = 15.0  # seconds to wait for one
LIFETIME = 300.0  # seconds that a token lives where its answer does not say
LONGEST_WAIT = 20.0  # seconds that a Retry-After may ask for


class _Busy(Exception):
    """No answer, or none yet; asking for a token has no effect, so it is asked again, after ``wait`` seconds where the server named some."""

    def __init__(self, why: str, what_next: str | None = None, wait: float | None = None) -> None:
        super().__init__(why)
        self.what_next, self.wait = what_next, wait


class BearerTokens(httpx.Auth, ABC):
    """Puts a bearer token on every request; one that is refused with 401 is sent once more with a new token.

    Repeating after 401 is safe for writes too: the request was refused before anything was done.
    """

    refused_help = "check the client id and secret: `websakctl auth status`, then `websakctl auth login`"

    def __init__(self, token_url: str, runtime: Runtime) -> None:
        self._url = token_url
        self._runtime = runtime
        self._lock = threading.Lock()
        self._token = ""
        self._ends = 0.0
        self._was_there = False  # the token endpoint

    @abstractmethod
    def form(self) -> dict[str, str]:
        """What to ask the token endpoint for."""

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send with a token; renew and send again after 401, and once more where the second token was not fetched for this request."""
        token = self.token()
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        shared = True
        while response.status_code == 401 and shared:
            token, shared = self._renewed(token)
            request.headers["Authorization"] = f"Bearer {token}"
            response = yield request

    def token(self, instead_of: str = "") -> str:
        """Give a token that is valid for a while.

        Args:
            instead_of: A token that the server refused; another is fetched unless somebody has done so already.

        Raises:
            NotPermitted: If the client id or secret is wrong, or a scope is not the client's.
            Unreachable: If the token endpoint does not answer.
            NotAsAgreed: If it answers with something else than a token.
        """
        return self._renewed(instead_of)[0]

    def _renewed(self, instead_of: str) -> tuple[str, bool]:
        """A token, and whether another request fetched it: it may have been refused since."""
        with self._lock:
            now = self._runtime.clock.monotonic()
            if self._token and self._token != instead_of and now < self._ends - EARLY:
                return self._token, True
            if self._token == instead_of:
                self._token = ""  # it is of no use any more, whether or not there is another
            self._token, lifetime = self._fetch()
            self._was_there = True
            self._ends = self._runtime.clock.monotonic() + max(lifetime, EARLY + 1)
            return self._token, False

    def _fetch(self) -> tuple[str, float]:
        try:
            return retry(self._ask, _worth_repeating, attempts=ATTEMPTS, seconds=30, runtime=self._runtime)
        except _Busy as busy:
            raise Unreachable(str(busy), busy.what_next) from None

    def _ask(self) -> tuple[str, float]:
        what = f"the token endpoint {self._url}"
        try:
            with open_client(self._url, self._runtime, connections=1, timeout=ANSWER, read_only=False) as client:
                response = client.post(self._url, data=self.form())
        except (httpx.TransportError, httpx.DecodingError) as error:
            why = f"{what} does not answer: {cause_of(error)}"
            if isinstance(error, NoConnection | httpx.ConnectError) and (
                not self._was_there or getattr(error, "lasting", False)
            ):
                raise Unreachable(why, what_next_of(error)) from None  # say so at once
            raise _Busy(why, what_next_of(error)) from None
        if response.status_code == 429 or response.status_code >= 500:
            wait = retry_after(response, self._runtime.clock.now())
            wish = "" if wait is None else f" and asks to be left alone for {response.headers['Retry-After'][:40]}"
            raise _Busy(
                f"{what} answered HTTP {response.status_code}{wish}",
                "the server is under load or being maintained: try again later",
                None if wait is None else min(wait, LONGEST_WAIT),
            )
        if response.status_code in (400, 401, 403):
            raise NotPermitted(f"the token endpoint refused the client ({_error_code(response)})", self.refused_help)
        return _token_in(response)


def _worth_repeating(error: Exception) -> bool | float:
    if isinstance(error, _Busy):
        return True if error.wait is None else error.wait
    return False


def _token_in(response: httpx.Response) -> tuple[str, float]:
    """The token and its seconds.

    Raises:
        NotAsAgreed: If the answer is something else.
    """
    what = f"the token endpoint answered HTTP {response.status_code}"
    answer = json_of(response.content)
    token = answer.get("access_token") if response.status_code == 200 and isinstance(answer, dict) else None
    if not isinstance(token, str) or not token:
        raise NotAsAgreed(f"{what} without a token")
    keep_secret(token)
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise NotAsAgreed(f"{what} with a token that no header can carry")
    given = answer.get("expires_in")
    try:
        lifetime = LIFETIME if given is None else float(given)
    except (ValueError, TypeError, OverflowError):
        lifetime = math.nan
    if not (0 <= lifetime < math.inf) or isinstance(given, bool):
        raise NotAsAgreed(f"{what} with an expires_in that is no number of seconds")
    return token, lifetime


class ClientCredentials(BearerTokens):
    """OAuth 2 client credentials (RFC 6749 §4.4)."""

    def __init__(self, token_url: str, client_id: str, client_secret: Secret, scopes: str, runtime: Runtime) -> None:
        super().__init__(token_url, runtime)
        self._client_id, self._client_secret, self._scopes = client_id, client_secret, scopes

    def form(self) -> dict[str, str]:
        """The same each time."""
        return {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret.reveal(),
            "scope": self._scopes,
        }


class SignedGrant(BearerTokens):
    """Maskinporten's JWT bearer grant (RFC 7523): who we are is said by a signature and not by a secret that is sent.

    Source: docs.digdir.no, Maskinporten: ``aud`` is the issuer with its slash, a grant lives for two minutes at the most, and
    claims that are not known are refused.
    """

    refused_help = "check registers.fiks in config/websak.yaml and WEBSAKCTL_FIKS_PRIVATE_KEY: docs/mail-routes.md"

    def __init__(
        self, issuer: str, client_id: str, key_id: str, private_key: Secret, scopes: str, runtime: Runtime
    ) -> None:
        super().__init__(f"{issuer.rstrip('/')}/token", runtime)
        self._issuer, self._client_id, self._key_id, self._key, self._scopes = (
            issuer, client_id, key_id, private_key, scopes,
        )  # fmt: skip

    def form(self) -> dict[str, str]:
        """A grant of its own each time: one is good for one token.

        Raises:
            NotPermitted: If the key is none that can sign.
        """
        import jwt

        now = int(self._runtime.clock.now().timestamp())
        claims = {
            "aud": self._issuer,
            "iss": self._client_id,
            "scope": self._scopes,
            "iat": now,
            "exp": now + GRANT,
            "jti": self._runtime.identifier(),
        }
        try:
            grant = jwt.encode(claims, self._key.reveal(), algorithm="RS256", headers={"kid": self._key_id})
        except (jwt.PyJWTError, ValueError, TypeError):
            raise NotPermitted(
                "the private key for Maskinporten cannot sign: it is no RSA key in PEM", self.refused_help
            ) from None
        return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": grant}


def _error_code(response: httpx.Response) -> str:
    answer = json_of(response.content)
    code = answer.get("error") if isinstance(answer, dict) else None
    fit = isinstance(code, str) and code.isascii() and code.isprintable() and len(code) < 60
    return str(code) if fit else f"HTTP {response.status_code}"
