"""Answers have limits, and each way to get none has its words."""

import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.seams import NoWaiting
from websakctl.live.client import open_client
from websakctl.live.clock import SystemClock
from websakctl.live.errors import LiveError, NotAsAgreed, Unreachable
from websakctl.live.guarded import GuardedTransport
from websakctl.live.network import Network, read_network
from websakctl.live.runtime import Runtime
from websakctl.live.tokens import ClientCredentials
from websakctl.live.transport import Reading, Traffic
from websakctl.redaction import Secret

from .servers import answer, certificate, serving


def runtime(network: Network | None = None, **limits: Any) -> Runtime:
    def open_transport(url: str, connections: int) -> httpx.BaseTransport:
        return GuardedTransport(url, connections, network or Network(), clock=SystemClock(), **limits)

    return Runtime(transport=open_transport, clock=NoWaiting())


def read(port: int, made: Runtime, scheme: str = "http") -> Any:
    with open_client(f"{scheme}://127.0.0.1:{port}", made, connections=1, timeout=5) as client:
        return Reading(client, Traffic(made.clock), made).get("/x").body


def giving(data: bytes) -> Callable[[bytes, socket.socket], None]:
    return lambda _, connection: connection.sendall(data)


def words(data: bytes, **limits: Any) -> str:
    with serving(giving(data)) as (port, _), pytest.raises(LiveError) as wrong:
        read(port, runtime(**limits))
    return str(wrong.value)


GZIP = "Content-Encoding: gzip"


def test_a_compressed_answer_is_read() -> None:
    body = json.dumps(["æ"] * 100_000).encode()
    raw = zlib.compressobj(wbits=-15)
    for encoding, packed in (
        ("gzip", gzip.compress(body)),
        ("gzip", gzip.compress(body[:1000]) + gzip.compress(body[1000:])),
        ("deflate", zlib.compress(body)),
        ("deflate", raw.compress(body) + raw.flush()),
    ):
        with serving(giving(answer("200 OK", packed, f"Content-Encoding: {encoding}"))) as (port, _):
            assert read(port, runtime()) == ["æ"] * 100_000


def test_an_answer_is_measured_after_decompression() -> None:
    bomb = gzip.compress(b"[" + b" " * 30_000_000 + b"]")
    assert len(bomb) < 50_000
    assert "longer than 1 MiB" in words(answer("200 OK", bomb, GZIP), max_bytes=2**20)
    assert "longer than 1 MiB" in words(answer("200 OK", b"[" + b" " * 2**21), max_bytes=2**20)


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (b"[" * 100_000 + b"]" * 100_000, (), "nested too deeply"),
        (b"[NaN]", (), "not whole JSON"),
        (b"[" + b"9" * 10_000 + b"]", (), "not whole JSON"),
        (b"", (), "empty"),
        (b"[{", (), "not whole JSON"),
        (b"not gzip", (GZIP,), "damaged"),
        (gzip.compress(b"[]" * 9999, mtime=0)[:-20], (GZIP,), "cut off"),
        (b"x", ("Content-Encoding: zstd",), "compressed with 'zstd'"),
    ],
)
def test_what_cannot_be_read_is_said(body: bytes, headers: tuple[str, ...], said: str) -> None:
    assert said in words(answer("200 OK", body, *headers))


def test_a_slow_drip_ends_after_its_deadline() -> None:
    stop = threading.Event()

    def drip(_: bytes, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n[")
        while not stop.wait(0.05):
            connection.sendall(b" ")

    with serving(drip) as (port, _):
        began = time.monotonic()
        with pytest.raises(NotAsAgreed, match=r"not whole after 0\.5 s"):
            read(port, runtime(max_seconds=0.5))
        assert time.monotonic() - began < 5
        stop.set()


@pytest.mark.parametrize(
    "first",
    [
        answer("200 OK", b"<html>Vedlikehold</html>", kind="text/html"),
        answer("200 OK"),
        answer("200 OK", b'[{"a"'),
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n[",
        answer("200 OK", b"not gzip", GZIP),
        answer("503 Service Unavailable"),
    ],
)
def test_a_passing_bad_answer_is_asked_for_again(first: bytes) -> None:
    answers = iter([first, first, answer("200 OK", b"[1]")])
    with serving(lambda _, connection: connection.sendall(next(answers))) as (port, seen):
        assert read(port, runtime()) == [1]
    assert len(seen) == 3


def test_what_the_server_asks_for_is_told_while_it_is_waited() -> None:
    reported: list[str] = []
    clock = NoWaiting()
    created = Runtime(clock=clock, notify=reported.append)
    busy = answer("429 Too Many Requests", b"", "Retry-After: 999999")
    with serving(giving(busy)) as (port, _), pytest.raises(Unreachable, match="left alone for 999999 s") as wrong:
        read(port, created)
    assert "load" in wrong.value.what_next
    assert reported and "asks to be left alone for 999999 s; waiting 60 s (attempt 2 of 6)" in reported[0]
    assert set(clock.slept) == {60.0}


@pytest.mark.parametrize(
    "value", ["²", "-5", "soon", "9" * 4000, "Fri, 31 Dec 99999 23:59:59 GMT", "Mon, 1 Jan 0001 00:00:00 +2359"]
)
def test_any_retry_after_is_survived(value: str) -> None:
    assert "busy (429)" in words(
        answer("429 Too Many Requests", b"", f"Retry-After: {value}".encode().decode("latin-1"))
    )


def token(body: bytes, status: str = "200 OK") -> str:
    with serving(giving(answer(status, body))) as (port, _), pytest.raises(LiveError) as wrong:
        ClientCredentials(f"http://127.0.0.1:{port}/token", "me", Secret("a-client-secret"), "x", runtime()).token()
    return str(wrong.value)


@pytest.mark.parametrize("life", ["9" * 400, '"' + "9" * 400 + '"', "-1", "true", '"soon"', "[]", "{}", '"nan"'])
def test_a_token_that_lives_for_no_number_of_seconds_is_refused(life: str) -> None:
    given = token(f'{{"access_token": "abcdefgh", "expires_in": {life}}}'.encode())
    assert "expires_in that is no number of seconds" in given


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"access_token": 1}',
        b'{"access_token": ""}',
        b"[" * 100_000,
        b'{"access_token": "x", "expires_in": NaN}',
        b'{"access_token": "x", "expires_in": 1e400}',
        b"\xff\xfe",
    ],
)
def test_an_answer_without_a_token_is_said(body: bytes) -> None:
    assert "without a token" in token(body)


def test_a_token_that_would_break_a_header_is_refused() -> None:
    assert "no header can carry" in token(b'{"access_token": "abc\\r\\nX-Evil: 1"}')


def test_a_token_that_others_renewed_and_lost_again_is_renewed_once_more() -> None:
    """Two processes with one client: the server takes only the newest token of the two."""
    issued = iter(["one", "two", "three", "four"])

    def give(first: bytes, connection: socket.socket) -> None:
        if first.startswith(b"POST"):
            connection.sendall(answer("200 OK", json.dumps({"access_token": next(issued)}).encode()))

    with serving(give) as (port, seen):
        auth = ClientCredentials(f"http://127.0.0.1:{port}/token", "me", Secret("a-client-secret"), "x", runtime())
        request = httpx.Request("GET", "http://127.0.0.1/")
        flow = auth.sync_auth_flow(request)
        assert next(flow).headers["Authorization"] == "Bearer one"
        assert auth.token(instead_of="one") == "two"  # another request of this process renews it
        refused = httpx.Response(401, request=request)
        assert flow.send(refused).headers["Authorization"] == "Bearer two"
        assert flow.send(refused).headers["Authorization"] == "Bearer three"  # "two" was not its own
        with pytest.raises(StopIteration):
            flow.send(refused)
    assert len(seen) == 3


def test_a_certificate_that_is_not_trusted_is_told_at_once(tmp_path: Path) -> None:
    _, context = certificate(tmp_path)
    with serving(giving(answer("200 OK", b"[]")), context) as (port, seen), pytest.raises(Unreachable) as wrong:
        read(port, runtime(Network(unread=("REQUESTS_CA_BUNDLE",))), "https")
    given = str(wrong.value)
    assert f"the certificate of 127.0.0.1:{port} is not trusted: self" in given
    assert "the system's certificate authorities" in given
    assert "SSL_CERT_FILE" in wrong.value.what_next and "REQUESTS_CA_BUNDLE" in wrong.value.what_next
    assert seen == []


def test_ssl_cert_file_is_trusted_and_named(tmp_path: Path) -> None:
    file, context = certificate(tmp_path)
    with serving(giving(answer("200 OK", b"[1]")), context) as (port, _):
        assert read(port, runtime(read_network({"SSL_CERT_FILE": str(file)})), "https") == [1]
    (tmp_path / "old").mkdir()
    file, context = certificate(tmp_path / "old", days=-1)
    with serving(giving(b""), context) as (port, _), pytest.raises(Unreachable) as wrong:
        read(port, runtime(read_network({"SSL_CERT_FILE": str(file)})), "https")
    assert "certificate has expired" in str(wrong.value) and f"SSL_CERT_FILE={file}" in str(wrong.value)


def test_a_port_that_does_not_speak_tls_is_told() -> None:
    with serving(giving(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as (port, _), pytest.raises(Unreachable) as wrong:
        read(port, runtime(), "https")
    assert f"no TLS connection to 127.0.0.1:{port}" in str(wrong.value)


@pytest.mark.parametrize(
    ("status", "said", "help_"),
    [
        (
            "407 Proxy Authentication Required",
            "407 Proxy Authentication Required",
            "name and password into HTTPS_PROXY",
        ),
        ("403 Forbidden", "403 Forbidden", "NO_PROXY"),
        ("502 Bad Gateway", "502 Bad Gateway", "NO_PROXY"),
    ],
)
def test_a_proxy_is_used_and_its_refusal_told(status: str, said: str, help_: str) -> None:
    with serving(giving(answer(status))) as (port, seen):
        created = runtime(read_network({"HTTPS_PROXY": f"http://me:hunter22x@127.0.0.1:{port}"}))
        client = open_client("https://websak.example.invalid", created, connections=1, timeout=5)
        with client, pytest.raises(Unreachable) as wrong:
            Reading(client, Traffic(created.clock), created).get("/x")
    assert f"the proxy http://127.0.0.1:{port} refused the connection to websak.example.invalid:443: {said}" in str(
        wrong.value
    )
    assert help_ in wrong.value.what_next
    assert "hunter22x" not in str(wrong.value) + wrong.value.what_next
    assert set(seen) == {b"CONNECT websak.example.invalid:443 HTTP/1.1"}


def test_a_proxy_that_is_away_is_told() -> None:
    created = runtime(read_network({"ALL_PROXY": "http://127.0.0.1:9"}))
    client = open_client("http://websak.example.invalid", created, connections=1, timeout=5)
    with client, pytest.raises(Unreachable, match=r"no connection to the proxy http://127\.0\.0\.1:9") as wrong:
        Reading(client, Traffic(created.clock), created).get("/x")
    assert "ALL_PROXY" in wrong.value.what_next


def test_this_machine_is_never_reached_by_a_proxy() -> None:
    refusing, giving_one = giving(answer("407 Proxy Authentication Required")), giving(answer("200 OK", b"[1]"))
    with serving(refusing) as (proxy, asked), serving(giving_one) as (port, _):
        variables = {"HTTP_PROXY": f"http://127.0.0.1:{proxy}", "ALL_PROXY": f"http://127.0.0.1:{proxy}"}
        assert read(port, runtime(read_network(variables))) == [1]
    assert asked == []
