"""Stands between the client and the server, sees every request cross, and can strike at any of them."""

import http.client
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

_WRITING_GET = re.compile(r"/(de)?activate$|/(add|remove)user", re.IGNORECASE)
_NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
BEFORE, AFTER, PASSED = "before", "after", "passed"  # the server has it / it has answered / the client has the answer


class Drop(Exception):
    """Raised by a strike: end the connection, give no answer."""


class Instead(Exception):
    """Raised by a strike: answer this, and pass nothing on."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status, self.body = status, body


@dataclass(frozen=True, slots=True)
class Crossing:
    """One request as it came through."""

    number: int  # from 1, counted over all requests
    method: str
    path: str
    body: bytes = b""
    at: float = field(default_factory=time.monotonic)

    @property
    def writes(self) -> bool:
        """Whether it changes the setup; tokens and the lease do not."""
        if self.path.endswith("/connect/token") or "/lease" in self.path:
            return False
        return self.method != "GET" or bool(_WRITING_GET.search(urlsplit(self.path).path))


Strike = Callable[[Crossing, str], None]


@dataclass
class Proxy:
    """Passes requests on to ``upstream``; ``strike`` is called before each goes on and after it was answered."""

    upstream: str  # http://host:port
    strike: Strike = lambda crossing, phase: None
    rewrite: Callable[[Crossing], bytes] = lambda crossing: crossing.body  # what the server is told instead
    crossings: list[Crossing] = field(default_factory=list)
    most_at_once: int = 0
    _inside: int = 0
    _at_the_server: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _still: threading.Condition = field(default_factory=threading.Condition)

    def __enter__(self) -> "Proxy":
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with proxy._lock:
                    crossing = Crossing(len(proxy.crossings) + 1, self.command, self.path, body)
                    proxy.crossings.append(crossing)
                    proxy._inside += 1
                    proxy._at_the_server += 1
                    proxy.most_at_once = max(proxy.most_at_once, proxy._at_the_server)
                try:
                    self.pass_on(crossing)
                    proxy.strike(crossing, PASSED)
                except Instead as answer:
                    self.give(answer.status, [("Content-Type", "application/json")], answer.body)
                except (Drop, OSError, http.client.HTTPException):
                    self.close_connection = True
                finally:
                    with proxy._still:
                        proxy._inside -= 1
                        proxy._still.notify_all()

            do_GET = do_POST = do_PUT = do_DELETE = handle_any

            def pass_on(self, crossing: Crossing) -> None:
                try:
                    proxy.strike(crossing, BEFORE)
                except BaseException:
                    with proxy._lock:
                        proxy._at_the_server -= 1
                    raise
                where = urlsplit(proxy.upstream)
                connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
                try:
                    headers = {n: v for n, v in self.headers.items() if n.lower() not in _NOT_PASSED_ON}
                    connection.request(crossing.method, crossing.path, proxy.rewrite(crossing) or None, headers)
                    answer = connection.getresponse()
                    content = answer.read()
                finally:
                    connection.close()
                    with proxy._lock:
                        proxy._at_the_server -= 1
                proxy.strike(crossing, AFTER)
                self.give(answer.status, answer.getheaders(), content)

            def give(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
                self.send_response_only(status)
                for name, value in headers:
                    if name.lower() not in _NOT_PASSED_ON:
                        self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                self.wfile.flush()

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # clients are killed here; that their connections end is no news

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def begin(self, strike: Strike = lambda crossing, phase: None) -> None:
        """Count from 1 again, and strike like this from now on."""
        self.quiet()
        self.strike = strike
        self.rewrite = lambda crossing: crossing.body
        with self._lock:
            self.crossings = []
            self.most_at_once = 0

    def quiet(self) -> None:
        """Wait until every request inside has ended: what a dead client sent has reached the server."""
        with self._still:
            assert self._still.wait_for(lambda: self._inside == 0, timeout=60)

    @property
    def writes(self) -> list[Crossing]:
        return [crossing for crossing in self.crossings if crossing.writes]
