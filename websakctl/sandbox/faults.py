"""What can go wrong between a client and a Websak, on request: cut connections, late, false and empty answers."""

import asyncio
import json
import re
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import FastAPI
from sqlalchemy import Connection, func, select
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from websakctl.sandbox.database import Database, effect, stale_view
from websakctl.sandbox.tokens import Tokens

_TRANSPORT: Final = "sandbox.transport"
_LIMIT_PARAMETERS: Final = ("limit",)
_OFFSET_PARAMETERS: Final = ("offset",)


class HttpProtocol(H11Protocol):
    """HTTP over a socket that the faults can reach, so that a cut connection really is one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner = self.app

        async def with_transport(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[_TRANSPORT] = self.transport
            await inner(scope, receive, send)

        self.app = with_transport


@dataclass(slots=True)
class Rule:
    """One scheduled fault: which requests it waits for, and how often it has met them."""

    id: int
    fault: str
    params: dict[str, Any]
    method: str | None
    path: re.Pattern[str] | None
    nth: int | None  # from 1: the first matching request that it strikes
    times: int | None  # how many requests it strikes; None: all from there on
    matched: int = 0
    hits: int = 0

    def concerns(self, method: str, target: str) -> bool:
        """Tell whether a request is one that the rule counts."""
        if self.method is not None and self.method != method:
            return False
        if self.path is None:
            return True
        return bool(self.path.search(target.partition("?")[0]) or self.path.search(target))

    @property
    def spent(self) -> bool:
        """Whether it has struck as often as it should."""
        return self.times is not None and self.hits >= self.times

    @property
    def due(self) -> bool:
        """Whether it strikes the request that was just counted."""
        return not self.spent and self.matched >= (self.nth or 1)

    def as_json(self) -> dict[str, Any]:
        """Show it the way it was scheduled, with its counts."""
        match = {"method": self.method, "path": self.path.pattern if self.path else None, "nth": self.nth}
        return {
            "id": self.id,
            "match": match,
            "times": self.times,
            "fault": self.fault,
            "params": self.params,
            "matched": self.matched,
            "hits": self.hits,
        }


class BadRule(ValueError):
    """A fault that cannot be scheduled; the text says why."""


@dataclass(slots=True)
class Faults:
    """What is scheduled, and how the server behaves in general."""

    rules: list[Rule] = field(default_factory=list)
    latency: float = 0.0  # seconds before every request is handled
    rate_limit: float | None = None  # requests a second; None: as many as come
    _numbered: int = 0
    _second: int = 0
    _in_this_second: int = 0

    def schedule(self, desired: object) -> list[Rule]:
        """Take on one fault or a list of them, all or none.

        Raises:
            BadRule: One is not understood.
        """
        rules = [self._read(item) for item in (desired if isinstance(desired, list) else [desired])]
        self.rules += rules
        return rules

    def strike(self, method: str, target: str, able: Callable[[Rule], bool]) -> Rule | None:
        """Count a request at every rule that concerns it, and name the first that strikes."""
        concerned = [rule for rule in self.rules if rule.concerns(method, target)]
        for rule in concerned:
            rule.matched += 1
        striking = next((rule for rule in concerned if rule.due and able(rule)), None)
        if striking:
            striking.hits += 1
        return striking

    def over_the_limit(self) -> bool:
        """Count a request against the rate limit."""
        if self.rate_limit is None:
            return False
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._in_this_second = second, 0
        self._in_this_second += 1
        return self._in_this_second > self.rate_limit

    def _read(self, item: object) -> Rule:
        if not isinstance(item, dict):
            raise BadRule("a fault is an object")
        match, params = item.get("match") or {}, item.get("params") or {}
        if not isinstance(match, dict) or not isinstance(params, dict):
            raise BadRule("match and params are objects")
        unknown = set(item) - {"match", "times", "fault", "params"} | set(match) - {"method", "path", "nth"}
        if unknown:
            raise BadRule(f"unknown: {', '.join(sorted(unknown))}")
        if item.get("fault") not in _FAULTS:
            raise BadRule(f"no fault {item.get('fault')!r}; there are {', '.join(sorted(_FAULTS))}")
        if not all(isinstance(match.get(name) or "", str) for name in ("method", "path")):
            raise BadRule("method and path are text")
        times, nth = item.get("times", 1), match.get("nth")
        for name, count in (("times", times), ("nth", nth)):
            if count is not None and (not isinstance(count, int) or count < 1):
                raise BadRule(f"{name} counts from 1")
        try:
            path = re.compile(match["path"], re.IGNORECASE) if match.get("path") else None
        except re.error as error:
            raise BadRule(f"path is no regular expression: {error}") from error
        method = match["method"].upper() if match.get("method") else None
        self._numbered += 1
        return Rule(self._numbered, item["fault"], params, method, path, nth, times)


class StaleView:
    """The database as it was before the latest write: a reading transaction kept open from just before it.

    Kept only while some ``stale_read`` waits to strike.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._before: Connection | None = None
        self._turn = asyncio.Lock()

    @property
    def taken(self) -> bool:
        """Whether a write has been seen."""
        return self._before is not None

    def look(self) -> tuple[Connection, int]:
        """Open a view of the database as it is now; the number tells which write was the latest."""
        connection = self._database.engine.connect()
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return connection, self._latest(connection)

    def keep_if_written(self, view: tuple[Connection, int]) -> None:
        """Keep ``view`` as the one before the latest write if something was written since, else let it go."""
        connection, latest = view
        with self._database.read() as current:
            written = self._latest(current) > latest
        if not written:
            connection.close()
            return
        self.close()
        self._before = connection

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Make readers of this request see the view."""
        mark = stale_view.set(self._before)
        try:
            yield
        finally:
            stale_view.reset(mark)

    @property
    def turn(self) -> asyncio.Lock:
        """One request at a time may look through the view."""
        return self._turn

    def close(self) -> None:
        """Let go of the view."""
        if self._before is not None:
            self._before.close()
            self._before = None

    @staticmethod
    def _latest(connection: Connection) -> int:
        return connection.execute(select(func.max(effect.c.seq))).scalar() or 0


@dataclass(slots=True)
class Answer:
    """A whole answer, held back."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def with_body(self, body: bytes, content_type: bytes | None = None) -> "Answer":
        """Put another body into it, with the length that belongs to it."""
        dropped = {b"content-length"} | ({b"content-type"} if content_type else set())
        headers = [(name, value) for name, value in self.headers if name.lower() not in dropped]
        headers.append((b"content-length", str(len(body)).encode()))
        if content_type:
            headers.append((b"content-type", content_type))
        return Answer(self.status, headers, body)


@dataclass(slots=True)
class Exchange:
    """One request on its way to the app, and what may be done with it."""

    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send
    params: dict[str, Any]
    tokens: Tokens
    view: StaleView

    async def pass_on(self) -> None:
        """Handle it as if nothing were wrong."""
        await self.app(self.scope, self.receive, self.send)

    async def answer(self) -> Answer:
        """Handle it, and hold the answer back."""
        answer = Answer(500, [], b"")

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message.get("headers", []))
            elif message["type"] == "http.response.body":
                answer.body += message.get("body", b"")

        await self.app(self.scope, self.receive, hold)
        return answer

    async def give(self, answer: Answer) -> None:
        """Send a whole answer."""
        await self.send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await self.send({"type": "http.response.body", "body": answer.body})

    async def drain(self) -> None:
        """Read the request to its end."""
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                return

    async def handle_or_drain(self, default: str) -> None:
        """Handle the request for its effect when ``params.phase`` is ``after``, else only read it."""
        if self.params.get("phase", default) == "after":
            await self.answer()
        else:
            await self.drain()

    async def cut(self, *, reset: bool) -> None:
        """End the connection under the client; with ``reset`` by RST, else as a server that just goes away."""
        transport = self._transport()
        if reset:
            linger = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
        await self._gone()

    async def give_half_and_close(self, answer: Answer) -> None:
        """Promise the whole body, send half of it, and close."""
        start = answer.with_body(answer.body)
        await self.send({"type": "http.response.start", "status": start.status, "headers": start.headers})
        half = answer.body[: len(answer.body) // 2]
        await self.send({"type": "http.response.body", "body": half, "more_body": True})
        self._transport().close()
        await self._gone()

    def _transport(self) -> asyncio.Transport:
        transport: asyncio.Transport | None = self.scope.get("extensions", {}).get(_TRANSPORT)
        if transport is None:
            raise ConnectionAbortedError("this fault needs a real connection")
        return transport

    async def _gone(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass


async def _refuse(exchange: Exchange) -> None:
    await exchange.cut(reset=False)


async def _reset_before(exchange: Exchange) -> None:
    await exchange.drain()
    await exchange.cut(reset=True)


async def _reset_after(exchange: Exchange) -> None:
    await exchange.answer()
    await exchange.cut(reset=True)


async def _timeout_after(exchange: Exchange) -> None:
    answer = await exchange.answer()
    await asyncio.sleep(float(exchange.params.get("seconds", 60)))
    await exchange.give(answer)


async def _delay(exchange: Exchange) -> None:
    await asyncio.sleep(float(exchange.params.get("seconds", 1)))
    await exchange.pass_on()


async def _status(exchange: Exchange) -> None:
    await exchange.handle_or_drain("before")
    await asyncio.sleep(float(exchange.params.get("seconds", 0)))
    body = exchange.params.get("body", "")
    content_type = b"text/plain; charset=utf-8" if isinstance(body, str) else b"application/json"
    text = body if isinstance(body, str) else json.dumps(body)
    headers = [
        (name.lower().encode("latin-1"), str(value).encode("latin-1"))
        for name, value in exchange.params.get("headers", {}).items()
    ]
    named = any(name == b"content-type" for name, _ in headers)
    answer = Answer(int(exchange.params.get("code", 500)), headers, b"")
    await exchange.give(answer.with_body(text.encode(), None if named or not text else content_type))


async def _html(exchange: Exchange) -> None:
    await exchange.handle_or_drain("before")
    page = exchange.params.get("body", "<!DOCTYPE html><html><body><h1>Logg inn</h1></body></html>")
    await exchange.give(Answer(200, [], b"").with_body(page.encode(), b"text/html; charset=utf-8"))


async def _empty(exchange: Exchange) -> None:
    await exchange.handle_or_drain("before")
    await exchange.give(Answer(200, [], b"").with_body(b"", b"application/json"))


async def _truncated_json(exchange: Exchange) -> None:
    answer = await exchange.answer()
    await exchange.give(answer.with_body(answer.body[: len(answer.body) // 2]))


async def _cut_body(exchange: Exchange) -> None:
    await exchange.give_half_and_close(await exchange.answer())


async def _wrong_content_type(exchange: Exchange) -> None:
    answer = await exchange.answer()
    await exchange.give(answer.with_body(answer.body, b"text/plain; charset=utf-8"))


async def _expire_tokens(exchange: Exchange) -> None:
    exchange.tokens.revoke_all()
    await exchange.pass_on()


async def _stale_read(exchange: Exchange) -> None:
    async with exchange.view.turn:
        with exchange.view.shown():
            await exchange.pass_on()


async def _extra_fields(exchange: Exchange) -> None:
    unknown = exchange.params.get("fields", {"xNewInThisVersion": "unknown", "xNewObject": {"id": 1}})
    await _change_objects(exchange, lambda item: {**item, **unknown})


async def _nulls(exchange: Exchange) -> None:
    fields = set(exchange.params.get("fields", []))
    await _change_objects(exchange, lambda item: {key: None if key in fields else item[key] for key in item})


async def _junk_array(exchange: Exchange) -> None:
    await _change_rows(exchange, lambda _rows: [])


async def _cap_page(exchange: Exchange) -> None:
    size = int(exchange.params.get("size", 1))

    def capped(value: str | None) -> str:
        return str(min(size, int(value))) if value and value.isdecimal() else str(size)

    _change_parameter(exchange, _LIMIT_PARAMETERS, capped)
    await exchange.pass_on()


async def _shift_page(exchange: Exchange) -> None:
    """Move a later page by a row as another's write would do; on a first page, repeat or drop its first row."""
    skip = exchange.params.get("mode", "repeat") == "skip"
    offset = _parameter(exchange.scope, _OFFSET_PARAMETERS)
    if offset and offset.isdecimal() and int(offset) > 0:
        moved = str(int(offset) + (1 if skip else -1))
        _change_parameter(exchange, _OFFSET_PARAMETERS, lambda _value: moved)
        await exchange.pass_on()
    else:
        await _change_rows(exchange, lambda rows: rows[1:] if skip else rows[:1] + rows)


_FAULTS: Final[dict[str, Callable[[Exchange], Awaitable[None]]]] = {
    "refuse": _refuse,
    "reset_before": _reset_before,
    "reset_after": _reset_after,
    "timeout_after": _timeout_after,
    "delay": _delay,
    "status": _status,
    "html": _html,
    "truncated_json": _truncated_json,
    "cut_body": _cut_body,
    "empty_200": _empty,
    "wrong_content_type": _wrong_content_type,
    "expire_tokens": _expire_tokens,
    "stale_read": _stale_read,
    "extra_fields": _extra_fields,
    "nulls": _nulls,
    "cap_page": _cap_page,
    "shift_page": _shift_page,
    "junk_array": _junk_array,
}


async def _change_json(exchange: Exchange, change: Callable[[Any], Any]) -> None:
    answer = await exchange.answer()
    try:
        content = json.loads(answer.body)
    except ValueError:
        await exchange.give(answer)
        return
    await exchange.give(answer.with_body(json.dumps(change(content), ensure_ascii=False).encode()))


async def _change_objects(exchange: Exchange, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    def everywhere(content: Any) -> Any:
        if isinstance(content, list):
            return [everywhere(item) for item in content]
        if isinstance(content, dict):
            return change({key: everywhere(value) for key, value in content.items()})
        return content

    await _change_json(exchange, everywhere)


async def _change_rows(exchange: Exchange, change: Callable[[list[Any]], list[Any]]) -> None:
    def rows(content: Any) -> Any:
        if isinstance(content, dict) and isinstance(content.get("items"), list):
            changed = change(content["items"])
            return {**content, "items": changed, "next": content.get("next") if changed else None}
        return change(content if isinstance(content, list) else [content])

    await _change_json(exchange, rows)


def _parameter(scope: Scope, names: tuple[str, ...]) -> str | None:
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return next((value for name, value in pairs if name.lower() in names), None)


def _change_parameter(exchange: Exchange, names: tuple[str, ...], change: Callable[[str | None], str]) -> None:
    pairs = parse_qsl(exchange.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if name.lower() not in names]
    kept.append((names[0], change(_parameter(exchange.scope, names))))
    exchange.scope = {**exchange.scope, "query_string": urlencode(kept).encode()}


class Interference:
    """Let the scheduled faults strike, wait as long as the latency says, and count against the rate limit.

    The control plane itself, under ``/_sandbox/``, is never touched.
    """

    def __init__(self, app: ASGIApp, *, faults: Faults, tokens: Tokens, view: StaleView) -> None:
        self._app = app
        self._faults = faults
        self._tokens = tokens
        self._view = view

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or do with it what a rule says."""
        faults = self._faults
        quiet = not faults.rules and not faults.latency and faults.rate_limit is None
        if quiet or scope["type"] != "http" or scope["path"].startswith("/_sandbox/"):
            await self._app(scope, receive, send)
            return
        exchange = Exchange(self._app, scope, receive, send, {}, self._tokens, self._view)
        if faults.latency:
            await asyncio.sleep(faults.latency)
        if scope["path"].startswith("/api/") and faults.over_the_limit():
            await exchange.give(_TOO_MANY)
            return
        reads = scope["method"] == "GET"
        rule = faults.strike(
            scope["method"], _target(scope), lambda rule: rule.fault != "stale_read" or (reads and self._view.taken)
        )
        if rule is None:
            await self._watched(exchange, exchange.pass_on)
            return
        exchange.params = rule.params
        strike = _FAULTS[rule.fault]
        if strike is _stale_read:
            await strike(exchange)
        else:
            await self._watched(exchange, lambda: strike(exchange))

    async def _watched(self, exchange: Exchange, handle: Callable[[], Awaitable[None]]) -> None:
        """Handle a request, and keep the view from before it if it wrote and somebody waits for a stale read.

        That is done before the end of the answer is sent: who has it may ask the next thing at once.
        """
        if not any(rule.fault == "stale_read" and not rule.spent for rule in self._faults.rules):
            await handle()
            return
        views = [await asyncio.to_thread(self._view.look)]
        send = exchange.send

        async def shift() -> None:
            async with self._view.turn:
                while views:
                    await asyncio.to_thread(self._view.keep_if_written, views.pop())

        async def settled_first(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                await shift()
            await send(message)

        exchange.send = settled_first
        try:
            await handle()
        finally:
            await shift()


_TOO_MANY: Final = Answer(429, [(b"retry-after", b"1")], b"").with_body(
    b'{"type": "/problems/too-many-requests", "title": "Too many requests", "status": 429}',
    b"application/problem+json",
)


def install(app: FastAPI) -> None:
    """Put the faults between the server and ``app``; they are scheduled through ``app.state.faults``."""
    app.state.faults = Faults()
    app.state.stale_view = StaleView(app.state.database)
    app.add_middleware(Interference, faults=app.state.faults, tokens=app.state.tokens, view=app.state.stale_view)


def _target(scope: Scope) -> str:
    raw = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
    query = scope["query_string"].decode("latin-1")
    return f"{raw}?{query}" if query else raw
