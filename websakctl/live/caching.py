"""A transport for a command that reads the same list more than once: each is downloaded once."""

import threading
from collections.abc import Callable, Collection
from typing import cast

import httpx

Transport = Callable[[str, int], httpx.BaseTransport]  # by URL, connections


class ListCache:
    """The answers to reads of some paths, kept for one command. Nothing that may write is among them.

    Args:
        paths: Of the lists, below the server's base URL; a read with a query is another one, and is not kept.
    """

    def __init__(self, paths: Collection[str]) -> None:
        self._paths = paths
        self._answers: dict[httpx.URL, tuple[int, httpx.Headers, bytes]] = {}
        self._lock = threading.Lock()

    def before(self, transport: Transport) -> Transport:
        """The same transport, asked only for what is not kept yet."""
        return lambda url, connections: _CachingTransport(transport(url, connections), self)

    def kept(self, request: httpx.Request) -> httpx.Response | None:
        """The answer that was kept of a request."""
        with self._lock:
            answer = self._answers.get(request.url)
        if answer is None or request.method != "GET":
            return None
        status, headers, content = answer
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(content))

    def keep(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        """Keep a list that was read whole; what failed is asked for again."""
        path = request.url.raw_path.decode()
        if request.method != "GET" or response.status_code != 200 or not path.endswith(tuple(self._paths)):
            return response
        try:
            content = b"".join(cast(httpx.SyncByteStream, response.stream))  # as it was sent: it may be compressed
        finally:
            response.close()
        with self._lock:
            self._answers[request.url] = (response.status_code, response.headers, content)
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=httpx.ByteStream(content),
            extensions=response.extensions,
        )


class _CachingTransport(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport, cache: ListCache) -> None:
        self._inner, self._cache = inner, cache

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._cache.kept(request) or self._cache.keep(request, self._inner.handle_request(request))

    def close(self) -> None:
        self._inner.close()
