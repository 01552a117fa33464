"""The transport to a server: through a proxy where one is set, with limits on answers, and with every failure in words."""

import ssl
import zlib
from collections.abc import Iterator
from typing import TypeVar, cast

import httpx

from websakctl.live.clock import Clock
from websakctl.live.errors import NotAsAgreed
from websakctl.live.network import Network, Proxy
from websakctl.live.tls import context_for
from websakctl.urls import parse_url

MAX_BYTES = 128 * 2**20  # of an answer, decompressed: a list of a hundred thousand units has 50 million
MAX_SECONDS = 120.0  # from sending a request to the end of its answer

_GZIP_OR_ZLIB, _DEFLATE = 47, -15  # zlib's names of formats
Found = TypeVar("Found", bound=BaseException)


class NoConnection(httpx.ConnectError):
    """Nothing was sent, and why. ``lasting``: asking again would not help."""

    def __init__(self, why: str, what_next: str = "", *, lasting: bool = False) -> None:
        super().__init__(why)
        self.what_next, self.lasting = what_next, lasting


class GuardedTransport(httpx.BaseTransport):
    """One server's connections. An answer that is too long, too slow (by ``clock``) or compressed in an unknown way is ``NotAsAgreed``."""

    def __init__(
        self,
        url: str,
        connections: int,
        network: Network,
        *,
        clock: Clock,
        max_bytes: int = MAX_BYTES,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        self._server = parse_url(url)
        self._network = network
        self._clock = clock
        self._max_bytes, self._max_seconds = max_bytes, max_seconds
        self._proxy = network.proxy_for(self._server)
        self._inner = httpx.HTTPTransport(
            verify=context_for(self._server, network),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            proxy=_httpx_proxy(self._proxy, network) if self._proxy else None,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises:
            NoConnection: If it was not sent.
            httpx.TransportError: If it may have been.
        """
        ends = self._clock.monotonic() + self._max_seconds
        request.headers["Accept-Encoding"] = "gzip, deflate"
        try:
            response = self._inner.handle_request(request)
        except (httpx.ConnectError, httpx.ProxyError) as error:
            raise self._explained(error) from error
        if self._proxy is not None and response.status_code == 407:
            response.close()
            raise self._refused_by(self._proxy, "407 Proxy Authentication Required")
        what = f"{request.method} {request.url.path}"
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
            response.close()
            raise NotAsAgreed(f"{what}: the answer is compressed with {encoding[:20]!a}, which was not asked for")
        stream = _LimitedStream(
            cast(httpx.SyncByteStream, response.stream),
            what,
            compressed=encoding != "identity",
            max_bytes=self._max_bytes,
            ends=ends,
            seconds=self._max_seconds,
            clock=self._clock,
        )
        headers = [(k, v) for k, v in response.headers.raw if k.lower() != b"content-encoding"]
        if encoding != "identity":
            headers = [(k, v) for k, v in headers if k.lower() != b"content-length"]
        return httpx.Response(response.status_code, headers=headers, stream=stream, extensions=response.extensions)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def _explained(self, error: httpx.TransportError) -> NoConnection:
        if (certificate := _in_chain(error, ssl.SSLCertVerificationError)) is not None:
            return self._untrusted(certificate)
        if (tls := _in_chain(error, ssl.SSLError)) is not None:
            reason = (getattr(tls, "reason", None) or str(tls)).replace("_", " ").lower()
            return NoConnection(
                f"no TLS connection to {self._server.authority} ({reason})", "check that the port speaks https"
            )
        if self._proxy is not None and isinstance(error, httpx.ProxyError):
            return self._refused_by(self._proxy, str(error))
        cause = _in_chain(error, OSError)
        reason = (cause.strerror if cause is not None else None) or str(error) or type(error).__name__
        if self._proxy is not None:
            return NoConnection(
                f"no connection to the proxy {self._proxy.address} ({reason})",
                f"check {self._proxy.variable}, or name {self._server.host} in NO_PROXY",
            )
        return NoConnection(f"no connection to {self._server.authority} ({reason})")

    def _untrusted(self, error: ssl.SSLCertVerificationError) -> NoConnection:
        reason = getattr(error, "verify_message", "") or str(error)
        unread = f" (not read here: {', '.join(self._network.unread)})" if self._network.unread else ""
        return NoConnection(
            f"the certificate of {self._server.authority} is not trusted: {reason}; compared with {self._network.trust}",
            f"set SSL_CERT_FILE to the PEM file of the authority that signed it{unread}, or correct the server's certificate",
            lasting=True,
        )

    def _refused_by(self, proxy: Proxy, answer: str) -> NoConnection:
        login = answer.startswith("407")
        return NoConnection(
            f"the proxy {proxy.address} refused the connection to {self._server.authority}: {answer}",
            f"write name and password into {proxy.variable} (http://NAME:PASSWORD@HOST:PORT; only Basic is supported), or name {self._server.host} in NO_PROXY"
            if login
            else f"ask who keeps the proxy, or name {self._server.host} in NO_PROXY",
            lasting=answer[:1] == "4",
        )


class _LimitedStream(httpx.SyncByteStream):
    """The body of an answer, decompressed; it ends in ``NotAsAgreed`` at its limits."""

    def __init__(
        self,
        inner: httpx.SyncByteStream,
        what: str,
        *,
        compressed: bool,
        max_bytes: int,
        ends: float,
        seconds: float,
        clock: Clock,
    ) -> None:
        self._inner, self._what = inner, what
        self._left, self._max_bytes = max_bytes, max_bytes
        self._ends, self._seconds, self._clock = ends, seconds, clock
        self._compressed = compressed

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._unpacked() if self._compressed else self._received():
            self._left -= len(piece)
            if self._left < 0:
                raise NotAsAgreed(f"{self._what}: the answer is longer than {self._max_bytes // 2**20} MiB")
            yield piece

    def _received(self) -> Iterator[bytes]:
        for part in self._inner:
            if self._clock.monotonic() > self._ends:
                raise NotAsAgreed(f"{self._what}: the answer was not whole after {self._seconds:g} s")
            yield part

    def _unpacked(self) -> Iterator[bytes]:
        """Gzip, zlib or bare deflate, in pieces of a MiB at the most: whatever a part unpacks to, it is never whole in memory."""
        decoder, begun = zlib.decompressobj(wbits=_GZIP_OR_ZLIB), False
        for received in self._received():
            part = received
            while part:
                try:
                    piece = decoder.decompress(part, 2**20)
                except zlib.error:
                    if begun:
                        raise httpx.DecodingError(f"{self._what}: the compressed answer is damaged") from None
                    decoder, begun = zlib.decompressobj(wbits=_DEFLATE), True  # some servers call this deflate
                    continue
                begun = True
                part = decoder.unconsumed_tail
                if decoder.eof and decoder.unused_data:
                    part, decoder = decoder.unused_data, zlib.decompressobj(wbits=_GZIP_OR_ZLIB)
                yield piece
        if begun and not decoder.eof:
            raise httpx.DecodingError(f"{self._what}: the compressed answer is cut off")

    def close(self) -> None:
        self._inner.close()


def _httpx_proxy(proxy: Proxy, network: Network) -> httpx.Proxy:
    to_proxy = parse_url(proxy.address)
    login = (proxy.user, proxy.password.reveal() if proxy.password else "")
    return httpx.Proxy(
        proxy.address,
        auth=login if any(login) else None,
        ssl_context=context_for(to_proxy, network) if to_proxy.scheme == "https" else None,
    )


def _in_chain(error: BaseException | None, kind: type[Found]) -> Found | None:
    """The first of that kind among an error and what it came from."""
    while error is not None:
        if isinstance(error, kind):
            return error
        error = error.__cause__ or error.__context__
    return None
