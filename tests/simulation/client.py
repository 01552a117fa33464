"""A client that does to a transport in memory what httpx's does, at a fraction of the cost.

Of what the product is given by httpx, only this is replaced, and ``test_the_light_client_sends_what_httpx_sends`` compares the two.
"""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock
from urllib.parse import parse_qsl

import httpx
import msgspec

from websakctl import redaction
from websakctl.live import client as live_client


class Target(NamedTuple):
    """What is asked for; ``path`` as it is read, ``raw_path`` as it is sent."""

    path: str
    raw_path: bytes
    asked: Mapping[str, str]


@lru_cache(maxsize=20_000)
def _target(base: str, path: str, params: tuple[tuple[str, Any], ...]) -> Target:
    return target_of(_builder(base).build_request("GET", path, params=dict(params) or None).url)


@cache
def _builder(base: str) -> httpx.Client:
    return httpx.Client(base_url=base, transport=httpx.MockTransport(lambda _: httpx.Response(500)))


def target_of(url: httpx.URL) -> Target:
    """The parts of a URL that a server looks at."""
    return Target(url.path, url.raw_path.partition(b"?")[0], dict(parse_qsl(url.query.decode())))


class Headers(dict[str, str]):
    """Names in any case; here they are looked up in small letters."""

    def __init__(self, given: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in given.items()})

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


class Request:
    """What leaves the client."""

    __slots__ = ("content", "extensions", "headers", "method", "url")

    def __init__(
        self, method: str, url: Target, headers: dict[str, str], content: bytes, extensions: Mapping[str, Any]
    ) -> None:
        self.method, self.url, self.headers, self.content = method, url, headers, content
        self.extensions = extensions

    def read(self) -> bytes:
        return self.content


class Response:
    """What comes back, whole."""

    __slots__ = ("content", "headers", "status_code")

    def __init__(self, status_code: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.status_code, self.content, self.headers = status_code, content, Headers(headers)

    def read(self) -> bytes:
        return self.content

    def iter_bytes(self) -> Iterator[bytes]:
        yield self.content

    @property
    def is_success(self) -> bool:
        return 200 <= self.status_code < 300

    def json(self) -> Any:
        return msgspec.json.decode(self.content)


class Client:
    """The part of ``httpx.Client`` that is used."""

    def __init__(self, *, base_url: str, auth: Any, transport: Any, headers: Mapping[str, str], **_: Any) -> None:
        self._base, self._auth, self._transport = base_url, auth, transport
        self.headers = dict(headers)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Any = None,
        timeout: float = 0.0,
        extensions: Mapping[str, Any] | None = None,
    ) -> Response:
        content = b"" if json is None else msgspec.json.encode(json)
        target = _target(self._base, path, tuple(params.items()) if params else ())
        request = Request(method, target, {**self.headers, **(headers or {})}, content, extensions or {})
        if self._auth is None:
            return self._transport.handle_request(request)
        flow = self._auth.sync_auth_flow(request)
        try:
            request = next(flow)
            while True:
                response = self._transport.handle_request(request)
                try:
                    request = flow.send(response)
                except StopIteration:
                    return response
        finally:
            flow.close()

    @contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Iterator[Response]:
        yield self.request(method, path, **options)

    def get(self, path: str, **options: Any) -> Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Response:
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> Response:
        return self.request("PUT", path, **options)


_HTTPX = SimpleNamespace(Client=Client, Timeout=lambda *_, **__: None)


_written = cache(redaction._written)  # of a token, the same in every history


@contextmanager
def light() -> Iterator[None]:
    """While this is entered, every client that the product opens is a light one, and nothing is collected as garbage."""
    collects = gc.isenabled()
    gc.disable()
    try:
        with (
            mock.patch.object(live_client, "httpx", _HTTPX),
            mock.patch.object(redaction, "_written", _written),
        ):
            yield
    finally:
        if collects:
            gc.enable()
