"""Bearer tokens: client credentials at the Acos Identity Server, a signed grant at Maskinporten; renewed when they end."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Generator

import httpx

from websakctl.live.errors import NotAsAgreed, NotPermitted, Unreachable
from websakctl.live.retry import retry
from websakctl.live.runtime import Runtime
from websakctl.redaction import Secret, keep_secret

ATTEMPTS = 4
GRANT = 100  # seconds that a signed grant lives; Maskinporten takes 120 at the most
EARLY = 30.0  # seconds before the end at which a token is renewed
ANSWER = 15.0  # seconds to wait for one


class _Busy(Exception):
    """No answer, or none yet; asking for a token has no effect, so it is asked again."""


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
        """Send with a token; renew and send again after 401."""
        token = self.token()
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == 401:
            request.headers["Authorization"] = f"Bearer {self.token(instead_of=token)}"
            yield request

    def token(self, instead_of: str = "") -> str:
        """Give a token that is valid for a while.

        Args:
            instead_of: A token that the server refused; another is fetched unless somebody has done so already.

        Raises:
            NotPermitted: If the client id or secret is wrong, or a scope is not the client's.
            Unreachable: If the token endpoint does not answer.
            NotAsAgreed: If it answers with something else than a token.
        """
        with self._lock:
            now = self._runtime.clock.monotonic()
            if self._token and self._token != instead_of and now < self._ends - EARLY:
                return self._token
            if self._token == instead_of:
                self._token = ""  # it is of no use any more, whether or not there is another
            self._token, lifetime = self._fetch()
            self._was_there = True
            self._ends = self._runtime.clock.monotonic() + max(lifetime, EARLY + 1)
            return self._token

    def _fetch(self) -> tuple[str, float]:
        try:
            return retry(
                self._ask,
                lambda error: isinstance(error, _Busy),
                attempts=ATTEMPTS,
                seconds=30,
                runtime=self._runtime,
            )
        except _Busy as busy:
            raise Unreachable(f"the token endpoint {self._url} {busy}") from None

    def _ask(self) -> tuple[str, float]:
        try:
            with httpx.Client(
                transport=self._runtime.transport(self._url, 1), timeout=ANSWER, trust_env=False
            ) as client:
                response = client.post(self._url, data=self.form(), headers={"Accept": "application/json"})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = f"does not answer ({type(error).__name__})"
            if not self._was_there and isinstance(
                error, httpx.ConnectError | httpx.UnsupportedProtocol | httpx.InvalidURL
            ):
                raise Unreachable(f"the token endpoint {self._url} {why}") from None  # say so at once
            raise _Busy(why) from None
        if response.status_code == 429 or response.status_code >= 500:
            raise _Busy(f"answered HTTP {response.status_code}")
        if response.status_code in (400, 401, 403):
            raise NotPermitted(
                f"the token endpoint refused the client ({_error_code(response)})",
                self.refused_help,
            )
        try:
            answer = response.json()
            token, lifetime = answer["access_token"], float(answer.get("expires_in", 300))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise NotAsAgreed(f"the token endpoint answered HTTP {response.status_code} without a token") from None
        if response.status_code != 200 or not isinstance(token, str) or not token:
            raise NotAsAgreed(f"the token endpoint answered HTTP {response.status_code} without a token")
        keep_secret(token)
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
    try:
        code = response.json().get("error")
    except (ValueError, AttributeError):
        code = None
    return code if isinstance(code, str) and code.isascii() and len(code) < 60 else f"HTTP {response.status_code}"
