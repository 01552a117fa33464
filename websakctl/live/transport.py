"""Requests and their answers: what may be sent by whom, what is repeated, and which answers are believed."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import msgspec

from websakctl.live.clock import Clock
from websakctl.live.decoding import Content, parsed
from websakctl.live.errors import (
    Changed,
    Declined,
    NotAsAgreed,
    NotPermitted,
    Refused,
    Strained,
    UnknownOutcome,
    Unreachable,
    WriteRefused,
    words_of,
)
from websakctl.live.guarded import NoConnection
from websakctl.live.retry import retry
from websakctl.live.runtime import Runtime

ATTEMPTS = 6
LONG = 2_000_000  # bytes: longer answers are gathered as they come, instead of held twice
LONGEST_WAIT = 60.0  # seconds that a Retry-After may ask for
PAUSE = 5.0  # seconds that nobody writes after a server's failures in a row, at first
Parse = Callable[[Content], Any]  # gives what a body says, or raises ValueError
_WRITING_GET = re.compile(r"/(?:de)?activate[/.]*$|/(?:add|remove)user(?:to|from|as)", re.IGNORECASE)
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
MAY_SEND = "websakctl.may_send"  # the extension of a request by which it is asked for
_UNDER_LOAD = "the server is under load: try again later, or ask less at a time with --concurrency 1"


def writes(method: str, path: str) -> bool:
    """Whether a request may have a side effect; some GETs of the vendor's API do."""
    return method not in ("GET", "HEAD") or bool(_WRITING_GET.search(path))


class ReadOnly(httpx.BaseTransport):
    """Lets nothing through that could write. What planning talks over."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a read.

        Raises:
            WriteRefused: If the request could write.
        """
        if writes(request.method, request.url.path):
            raise WriteRefused(f"{request.method} {request.url.path} could write, and this is a reader")
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class LastLook(httpx.BaseTransport):
    """Asks whether a request may still be sent, right before it is: after the waiting for its turn and for a token."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, unless whoever it comes from objects by raising."""
        if (may_send := request.extensions.get(MAY_SEND)) is not None:
            may_send()
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A believed answer: status, parsed JSON (``None`` for an empty body) and headers."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(slots=True, eq=False)
class Traffic:
    """How many requests were sent; ``notes`` are things worth a word, such as a deprecated call."""

    clock: Clock
    requests: int = 0
    seconds: float = 0.0  # spent waiting for answers, all threads together
    notes: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def count(self) -> Iterator[None]:
        """Count one request and the time it takes."""
        began = self.clock.monotonic()
        try:
            yield
        finally:
            with self.lock:
                self.requests += 1
                self.seconds += self.clock.monotonic() - began


@dataclass(slots=True, eq=False)
class RateLimiter:
    """How fast writes go: no more than ``rate`` a second, slower while the server struggles, and not at all once it has given up.

    After ``pause_after`` failures of the server in a row (5xx, or no connection) nobody writes for ``pause`` seconds, the
    next time for twice as long, and so on; after ``stop_after`` failures nothing more is sent. Requests that were under
    way when a pause began tell nothing new.
    """

    clock: Clock
    rate: float | None = None
    pause: float = field(default_factory=lambda: PAUSE)
    pause_after: int = 3
    stop_after: int = 9
    _failures: int = 0  # in a row, since the latest pause
    _pauses: int = 0  # in a row
    _closed: str = ""
    _next: float = 0.0  # when the rate lets the next one go
    _not_before: float = 0.0  # when the server, or a pause, lets anybody go
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self) -> int:
        """Wait for one's turn; gives the number of it, to be noted with what came of it.

        Raises:
            Strained: If the server has failed too often, or wants to be left alone for longer than we wait.
        """
        turn = 0.0
        while True:
            with self._lock:
                if self._closed:
                    raise Strained(self._closed)
                if turn and turn >= self._not_before:
                    return self._pauses
                now = self.clock.monotonic()
                turn = max(now, self._next, self._not_before)
                if self.rate:
                    self._next = turn + 1 / self.rate
            if turn > now:
                self.clock.sleep(turn - now)  # meanwhile the server may ask for more time, or be given up

    def note(self, status: int | None, turn: int = 0, asked: float | None = None) -> None:
        """Count what a write was answered with.

        Args:
            status: HTTP status; ``None`` where there was no connection.
            turn: What ``wait`` gave before it was sent.
            asked: Seconds that the server wants to be left alone for.
        """
        with self._lock:
            failed = status is None or status >= 500
            if asked is not None and (failed or status == 429):
                self._leave_alone(asked)
            if not failed:
                self._failures = self._pauses = 0
            elif turn == self._pauses:
                self._failures += 1
                if self._failures >= self.pause_after:
                    self._pause()

    def _leave_alone(self, asked: float) -> None:
        if asked > LONGEST_WAIT:
            self._closed = f"the server asks to be left alone for {asked:.0f} s; no more were sent"
        else:
            self._not_before = max(self._not_before, self.clock.monotonic() + asked)

    def _pause(self) -> None:
        failures = self._failures + self._pauses * self.pause_after
        if failures >= self.stop_after:
            self._closed = f"the server failed {failures} writes in a row; no more were sent"
            return
        pause = min(self.pause * 2**self._pauses, LONGEST_WAIT)
        self._not_before = max(self._not_before, self.clock.monotonic() + pause)
        self._pauses += 1
        self._failures = 0


class _Again(Exception):
    def __init__(self, wait: float | None, final: Exception) -> None:
        super().__init__(str(final))
        self.wait, self.final = wait, final


def _worth_repeating(error: Exception) -> bool | float:
    """Wait what the server asks for; repeat only what cannot have happened, or has no effect."""
    if isinstance(error, _Again):
        return error.wait if error.wait is not None else True
    return False


def retry_after(response: httpx.Response, now: datetime) -> float | None:
    """Seconds that the server asks to wait, and we are ready to: a number or an HTTP date (RFC 9110 §10.2.3)."""
    asked = _asked_to_wait(response, now)
    return None if asked is None else min(asked, LONGEST_WAIT)


def _asked_to_wait(response: httpx.Response, now: datetime) -> float | None:
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:12])  # more digits are more years
    try:
        when = parsedate_to_datetime(value)
        return max(((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


class Reading:
    """Reads over a client that can only read. This is all that planning is given."""

    def __init__(self, client: httpx.Client, traffic: Traffic, runtime: Runtime) -> None:
        self._client = client
        self.traffic = traffic
        self.runtime = runtime

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        absent: tuple[int, ...] = (),
        parse: Parse = parsed,
    ) -> Answer:
        """Read, and believe only a JSON answer that is whole.

        Args:
            path: Below the client's base URL.
            params: The query.
            absent: Statuses that mean "there is no such thing"; the answer's body is then ``None``.
            parse: What makes the body of the answer, where a list is long and not all of it is looked at.

        Raises:
            Unreachable, NotPermitted, NotAsAgreed: As their names say.
        """
        try:
            return retry(
                lambda: self._get(path, params, absent, parse),
                _worth_repeating,
                attempts=ATTEMPTS,
                seconds=90,
                runtime=self.runtime,
            )
        except _Again as error:
            raise error.final from None

    def _get(self, path: str, params: Mapping[str, Any] | None, absent: tuple[int, ...], parse: Parse) -> Answer:
        try:
            with self.traffic.count(), self._client.stream("GET", path, params=params) as response:
                content = _gathered(response)
        except httpx.DecodingError as error:
            raise _Again(None, NotAsAgreed(f"GET {path}: {error}")) from None
        except httpx.TransportError as error:
            raise _unsent(f"GET {path}", error) from None
        if response.status_code in absent:
            return Answer(status=response.status_code, body=None, headers=response.headers)
        if response.status_code == 429:
            raise _Again(self._asked(response), Unreachable(_busy(f"GET {path}", response, self.runtime), _UNDER_LOAD))
        if response.status_code >= 500:
            words = words_of(json_of(content), response.status_code)
            final = NotAsAgreed if response.status_code in (500, 501) else Unreachable
            raise _Again(self._asked(response), final(f"GET {path}: HTTP {response.status_code} ({words})"))
        _raise_if_not_permitted(response, f"GET {path}")
        if response.status_code == 204:
            return Answer(status=204, body=None, headers=response.headers)
        if response.status_code != 200:
            raise NotAsAgreed(
                f"GET {path}: HTTP {response.status_code} ({words_of(json_of(content), response.status_code)})"
            )
        try:
            return Answer(status=200, body=believed(response, content, f"GET {path}", parse), headers=response.headers)
        except (
            NotAsAgreed
        ) as error:  # a page of a proxy or of maintenance, or an answer that was cut off: as passing as a 503
            raise _Again(None, error) from None

    def _asked(self, response: httpx.Response) -> float | None:
        return retry_after(response, self.runtime.clock.now())


class Writing:
    """Sends writes, one request each. A write is repeated by itself only where it cannot have happened.

    ``declines``: whether this API refuses with 500 and a message too. ``may_send`` raises where a write may no longer leave;
    what it raises is let out.
    """

    def __init__(
        self,
        client: httpx.Client,
        traffic: Traffic,
        runtime: Runtime,
        pace: RateLimiter | None = None,
        *,
        declines: bool = False,
        may_send: Callable[[], None] | None = None,
    ) -> None:
        self._client = client
        self._extensions = {MAY_SEND: may_send} if may_send is not None else {}
        self.traffic = traffic
        self.runtime = runtime
        self._declines = declines
        self._pace = pace or RateLimiter(clock=runtime.clock)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        expect: tuple[int, ...] = (200,),
        bodiless: bool = False,
    ) -> Answer:
        """Send one write.

        Args:
            method: HTTP method; a GET may write too.
            path: Below the client's base URL.
            body: Sent as JSON.
            headers: Besides the usual ones.
            expect: Statuses that say that it was done.
            bodiless: Whether such an answer may be empty with another status than 204.

        Raises:
            Unreachable: It was never sent.
            Refused, Changed, NotPermitted: The server said no; nothing changed.
            Declined: It said no with 500 and a message; see that nothing changed.
            UnknownOutcome: It was sent, and what came of it is not known.
        """
        try:
            return retry(
                lambda: self._send(method, path, body, headers, expect, bodiless),
                _worth_repeating,
                attempts=ATTEMPTS,
                seconds=120,
                runtime=self.runtime,
            )
        except _Again as error:
            raise error.final from None

    def _send(
        self,
        method: str,
        path: str,
        body: Any,
        headers: Mapping[str, str] | None,
        expect: tuple[int, ...],
        bodiless: bool,
    ) -> Answer:
        turn = self._pace.wait()
        what = f"{method} {path}"
        content = {"json": body} if body is not None else {}
        try:
            with self.traffic.count():
                response = self._client.request(method, path, headers=headers, extensions=self._extensions, **content)
        except _NEVER_SENT as error:
            self._pace.note(None, turn)
            raise _unsent(what, error) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise UnknownOutcome(f"{what}: {cause_of(error)} after it was sent") from None
        except NotAsAgreed as error:  # too long, too slow: the write is done or not, all the same
            raise UnknownOutcome(str(error)) from None
        asked = _asked_to_wait(response, self.runtime.clock.now())
        declined = _declined(response) if self._declines else ""
        self._pace.note(422 if declined else response.status_code, turn, asked)
        if response.status_code == 429:
            if asked is not None and asked > LONGEST_WAIT:
                raise Strained(f"{what}: the server is busy (429) and asks to be left alone for {asked:.0f} s")
            raise _Again(asked, Refused(_busy(what, response, self.runtime), 429))
        _raise_if_not_permitted(response, what)
        if "Deprecation" in response.headers:
            self.traffic.notes.add(
                f"{method} {_shape(path)} is deprecated by the server and ends {response.headers.get('Sunset', 'some day')}"
            )
        if response.status_code in expect:
            if not response.content and (bodiless or response.status_code == 204):
                return Answer(status=response.status_code, body=None, headers=response.headers)
            try:
                return Answer(
                    status=response.status_code,
                    body=believed(response, response.content, what),
                    headers=response.headers,
                )
            except NotAsAgreed as error:
                raise UnknownOutcome(str(error)) from None
        if response.status_code == 412:
            raise Changed(f"{what}: {words_of(json_of(response.content), 412)}", 412)
        if 400 <= response.status_code < 500:
            content = json_of(response.content)
            raise Refused(
                f"{what}: {words_of(content, response.status_code)}", response.status_code, _pointers(content)
            )
        if declined:
            raise Declined(f"{what}: {declined}")
        raise UnknownOutcome(
            f"{what}: HTTP {response.status_code} ({words_of(json_of(response.content), response.status_code)})"
        )


def _busy(what: str, response: httpx.Response, runtime: Runtime) -> str:
    asked = _asked_to_wait(response, runtime.clock.now())
    wish = "" if asked is None else f" and asks to be left alone for {asked:.0f} s"
    return f"{what}: the server is busy (429){wish}"


def _unsent(what: str, error: httpx.TransportError) -> Exception:
    final = Unreachable(f"{what}: {cause_of(error)}", what_next_of(error))
    return final if isinstance(error, NoConnection) and error.lasting else _Again(None, final)


def _declined(response: httpx.Response) -> str:
    """The message of a refusal that comes with status 500: a JSON text, as the User API documents it; else nothing."""
    body = json_of(response.content) if response.status_code == 500 else None
    return words_of(body, 500) if isinstance(body, str) and body.strip() else ""


def _gathered(response: httpx.Response) -> Content:
    """The whole body; a long one is put together in place, where ``response.read`` has it twice for a moment."""
    reported = response.headers.get("Content-Length", "")
    if reported.isdecimal() and int(reported) < LONG:
        return response.read()
    merged = bytearray()
    for part in response.iter_bytes():
        merged += part
    return merged


def _raise_if_not_permitted(response: httpx.Response, what: str) -> None:
    if response.status_code == 401:
        raise NotPermitted(f"{what}: the token is not accepted (401)")
    if response.status_code == 403:
        raise NotPermitted(f"{what}: this client may not do that (403)")


def believed(response: httpx.Response, content: Content, what: str, parse: Parse = parsed) -> Any:
    """Parse an answer that says that all is well.

    Raises:
        NotAsAgreed: If it is not whole, well-formed JSON with a JSON content type.
    """
    kind = ascii(response.headers.get("Content-Type", "").partition(";")[0].strip().lower())[1:60].rstrip("'")
    if kind != "application/json" and not kind.endswith("+json"):
        raise NotAsAgreed(f"{what}: the answer is {kind or 'of no type'}, not JSON")
    try:
        return parse(content)
    except RecursionError:
        raise NotAsAgreed(f"{what}: the answer is nested too deeply") from None
    except ValueError:
        raise NotAsAgreed(f"{what}: the answer is {'empty' if not content else 'not whole JSON'}") from None


def json_of(content: Content) -> Any:
    """What a body says; ``None`` where it is no JSON."""
    try:
        return parsed(content)
    except (ValueError, RecursionError):
        return None


def _pointers(body: Any) -> tuple[tuple[str, str], ...]:
    errors = body.get("errors") if isinstance(body, dict) else None
    if isinstance(errors, list):
        return tuple((str(e.get("pointer", "")), str(e.get("detail", ""))) for e in errors if isinstance(e, dict))
    if isinstance(errors, dict):
        return tuple(
            (str(key), ", ".join(map(str, value)) if isinstance(value, list) else str(value))
            for key, value in errors.items()
        )
    return ()


def cause_of(error: Exception) -> str:
    """Why there was no answer, in words."""
    if isinstance(error, NoConnection):
        return str(error)
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError | httpx.CloseError):
        return "the connection was dropped"
    return type(error).__name__


def what_next_of(error: Exception) -> str | None:
    """What to do about it, where that is known."""
    return (error.what_next or None) if isinstance(error, NoConnection) else None


def _shape(path: str) -> str:
    return re.sub(r"/\d+(?=/|$)", "/{id}", path)
