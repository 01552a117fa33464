"""The way to Websak and to the remote, and all that can happen on it: each fault strikes one request of one actor.

A request that was not answered has reached Websak or not, or reaches it a little later; a lying answer says something else
than what was done.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

import httpx
import msgspec

from .client import Request, Response, target_of
from .remote import CUT, LOST_ANSWER, PASSES, REFUSED
from .scheduler import Scheduler
from .setup import PREFIX, Setup
from .websak import NOTHING, Effect, Found, Websak, encoded

LATENCY = 0.05  # seconds that an answer takes
STRAGGLES = 1.4  # seconds after its client gave it up in which a request that was lost may still arrive, at the most
TOKEN_LIFETIME = 300.0  # seconds

On = Literal["read", "write", "token", "push", "fetch", "commit"]
# What a fault does to what it strikes.
KINDS: Mapping[On, tuple[str, ...]] = {
    "read": (
        "refused connection",
        "reset",
        "503",
        "429",
        "401",
        "html",
        "empty 200",
        "truncated",
        "stale",
        "doubled rows",
        "reordered",
        "slow",
    ),
    "write": (
        "refused connection",
        "reset before",
        "reset after",
        "arrives later",
        "killed, arrives later",
        "503 before",
        "503 after",
        "500 with words after",
        "422",
        "403",
        "429",
        "401",
        "html after",
        "empty 200 before",
        "truncated after",
        "slow",
    ),
    "token": ("refused connection", "503", "another JSON"),
    "push": ("cut", "answer lost", "refused"),
    "fetch": ("cut",),
    "commit": ("disk full",),
}


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault: what it strikes, the how many-th of its actor's from ``nth`` on, for how many, and what it does to it."""

    actor: str
    on: On
    nth: int  # from 1
    times: int = 1
    what: str


@dataclass
class Faults:
    """Which faults strike an actor, and how many requests of each sort it has sent."""

    faults: tuple[Fault, ...]
    struck: list[Fault] = field(default_factory=list)
    _counts: dict[tuple[str, str], int] = field(default_factory=dict)
    ended: bool = False

    def strikes(self, actor: str, on: On) -> str:
        """What becomes of an actor's next request of this sort; nothing: it passes."""
        count = self._counts[actor, on] = self._counts.get((actor, on), 0) + 1
        if self.ended:
            return ""
        for fault in self.faults:
            if fault.actor == actor and fault.on == on and fault.nth <= count < fault.nth + fault.times:
                self.struck.append(fault)
                return fault.what
        return ""


@dataclass(frozen=True)
class Sent:
    """A write as it left its client: when, and the epoch of the lock that its run held."""

    by: str
    at: float
    method: str
    path: str
    epoch: int
    body: Any
    run: str


@dataclass
class Wire:
    """Between all clients and one Websak."""

    scheduler: Scheduler
    websak: Websak
    setup: Setup
    faults: Faults
    sent: list[Sent] = field(default_factory=list)
    tokens: dict[str, float] = field(default_factory=dict)
    slow: Mapping[str, float] = field(default_factory=dict)  # seconds that each request of an actor takes besides
    issued: int = 0  # tokens, those that are no longer valid too
    # What each client read last of each object, by (actor, path): what it must not write over without having seen it.
    read: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    old_lists: dict[str, bytes] = field(default_factory=dict)  # answers to lists as they were a while ago
    accepted: Callable[[Sent, list[Effect]], None] = lambda _, __: None  # told of each write that had an effect

    def answer(
        self, by: str, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: Any
    ) -> Found:
        """What Websak makes of a request: its User API or its Setup API."""
        if path.startswith(f"{PREFIX}/"):
            return self.setup.answer(by, method, path, query, headers, body, self.scheduler.time)
        return self.websak.answer(by, method, path, query, body)


class Transport(httpx.BaseTransport):
    """One process's connections.

    Args:
        wire: What it is on.
        actor: Whose it is.
        turn: Hands back the turn for some seconds; raises when the process is dead.
        epoch: The epoch of the lock that the process holds, and the run that it does.
        kill: Kills the process.
    """

    def __init__(
        self,
        wire: Wire,
        actor: str,
        turn: Callable[[str, float], None],
        epoch: Callable[[], tuple[int, str]],
        kill: Callable[[], NoReturn],
    ) -> None:
        self._wire, self._actor, self._turn, self._epoch, self._kill = wire, actor, turn, epoch, kill

    def handle_request(self, request: Any) -> Any:
        """Carry one request over and its answer back: those of the light client, or of httpx."""
        if isinstance(request, httpx.Request):
            light = Request(request.method, target_of(request.url), dict(request.headers), request.read(), {})
            answer = self._carried(light)
            return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)
        return self._carried(request)

    def _carried(self, request: Request) -> Response:
        path = request.url.raw_path.decode()
        if path.endswith("/connect/token"):
            return self._token()
        query = request.url.asked
        body = msgspec.json.decode(request.content) if request.content else None
        writes = _writes(request.method, path)
        what = f"{request.method} {path}"
        struck = self._wire.faults.strikes(self._actor, "write" if writes else "read")
        self._turn(f"sends {what}{f' ({struck})' if struck else ''}", 0.0)
        if struck == "refused connection":
            raise httpx.ConnectError("connection refused")
        left, (epoch, run) = self._wire.scheduler.time, self._epoch()
        if slow := self._wire.slow.get(self._actor, 0.0):
            self._turn("is waiting", slow)
        if struck == "401" or not self._valid(request):
            self._wire.tokens.clear()
            return _response(401, b"")
        if writes:
            sent = Sent(self._actor, left, request.method, path, epoch, body, run)
            return self._write(sent, query, request.headers, struck)
        return self._read(path, query, struck)

    # --- tokens

    def _token(self) -> Response:
        struck = self._wire.faults.strikes(self._actor, "token")
        self._turn(f"asks for a token{f' ({struck})' if struck else ''}", LATENCY)
        if struck == "refused connection":
            raise httpx.ConnectError("connection refused")
        if struck == "503":
            return _response(503, b"")
        if struck == "another JSON":
            return _response(200, b'{"agreed":"otherwise"}')
        self._wire.issued += 1
        token = f"token-number-{self._wire.issued}"
        self._wire.tokens[token] = self._wire.scheduler.time + TOKEN_LIFETIME
        answer = {"access_token": token, "expires_in": int(TOKEN_LIFETIME), "token_type": "Bearer"}
        return _response(200, json.dumps(answer).encode())

    def _valid(self, request: Request) -> bool:
        token = (request.headers.get("Authorization") or request.headers.get("authorization", "")).removeprefix(
            "Bearer "
        )
        return self._wire.tokens.get(token, -1.0) > self._wire.scheduler.time

    # --- reads

    def _read(self, path: str, query: Mapping[str, str], struck: str) -> Response:
        if struck == "slow":
            self._turn("is waiting", 8.0)
        if struck in ("503", "429"):
            return _response(int(struck), b"", {"Retry-After": "1"} if struck == "429" else {})
        status, found = self._wire.answer(self._actor, "GET", path, query, {}, None)
        content = encoded(found)
        if isinstance(found, list) and struck == "stale" and path in self._wire.old_lists:
            content = self._wire.old_lists[path]
        elif isinstance(found, list):
            self._wire.old_lists.setdefault(path, content)
        if isinstance(found, list) and struck == "doubled rows" and found:
            content = encoded([*found, found[len(found) // 2]])
        if isinstance(found, list) and struck == "reordered":
            content = encoded(found[::-1])
        self._turn("has been answered", LATENCY)
        if struck == "reset":
            raise httpx.ReadError("connection reset")
        if struck in ("html", "empty 200", "truncated"):
            return _lie(struck, content)
        if status == 200 and isinstance(found, dict):
            self._wire.read[self._actor, path] = dict(found)
        return _response(status, content)

    # --- writes

    def _write(self, sent: Sent, query: Mapping[str, str], headers: Mapping[str, str], struck: str) -> Response:
        wire, method, path, body, run = self._wire, sent.method, sent.path, sent.body, sent.run
        of_the_lease = path.startswith(f"{PREFIX}/lease")
        if not of_the_lease:
            wire.sent.append(sent)

        def arrives() -> tuple[int, Any]:
            before = len(wire.websak.effects)
            for kept in [p for p in wire.old_lists if _same_register(p, path)]:
                del wire.old_lists[kept]  # a list is as old as the latest write but one, at the most
            for listed in _lists_of(path, wire.websak.version):
                wire.old_lists[listed] = encoded(wire.websak.answer("-", "GET", listed, {}, None)[1])
            found = wire.answer(run, method, path, query, headers, body)
            made = wire.websak.effects[before:]
            wire.scheduler.note(f"effects: {[(e.operation, e.key) for e in made]}")
            if not of_the_lease:
                wire.accepted(sent, made)
            return found

        if struck in ("422", "403", "429", "503 before", "reset before", "empty 200 before"):
            self._turn("its request was lost or refused", LATENCY)
            if struck == "reset before":
                raise httpx.ReadError("connection reset")
            if struck == "empty 200 before":
                return _response(200, b"")
            status = int(struck.split()[0])
            return _response(status, b"", {"Retry-After": "1"} if status == 429 else {})
        if struck in ("arrives later", "killed, arrives later"):
            wire.scheduler.later(wire.scheduler.chance.uniform(0.0, STRAGGLES), lambda: (arrives(), None)[1])
            if struck == "killed, arrives later":
                self._kill()
            raise httpx.ReadTimeout("no answer in time")
        if struck == "slow":
            self._turn("is waiting", 8.0)
        status, found = arrives()
        self._turn("has been answered", LATENCY)
        if struck == "reset after":
            raise httpx.ReadError("connection reset")
        if struck == "503 after":
            return _response(503, b"")
        if struck == "500 with words after":
            return _response(500, b'"An error occurred."')
        if struck in ("html after", "truncated after"):
            return _lie(struck.split()[0], encoded(found))
        headers = {"Deprecation": "true"} if method == "GET" and wire.websak.version == "3.3" else {}
        return _response(status, encoded(found), headers)


def _lists_of(path: str, version: str) -> Iterable[str]:
    """The lists in which a write shows."""
    if "epartments" in path:
        return ("/api/v2/departments/flat" if version == "3.3" else "/api/Departments/flat",)
    return ("/api/AccessGroups",) if path == "/api/AccessGroups" else ()


def _same_register(one: str, other: str) -> bool:
    return ("epartments" in one) == ("epartments" in other)


def _writes(method: str, path: str) -> bool:
    low = path.lower()
    return method != "GET" or low.endswith(("activate",)) or "addusert" in low or "removeuserf" in low


def _lie(how: str, content: bytes) -> Response:
    if how == "html":
        return _response(200, b"<html>maintenance</html>", {"Content-Type": "text/html"})
    return _response(200, b"" if how == "empty 200" else content[: len(content) // 2])


def _response(status: int, content: bytes, headers: Mapping[str, str] = {}) -> Response:  # only read
    kind = {"Content-Type": "application/json; charset=utf-8"} if content else {}
    return Response(status, content, {**kind, **headers})


def way_to_the_remote(faults: Faults, actor: str, turn: Callable[[str, float], None]) -> Callable[[str], str]:
    """What becomes of an actor's git commands."""

    def network(command: str) -> str:
        struck = faults.strikes(actor, "push" if command == "push" else "fetch")
        turn(f"git {command}{f' ({struck})' if struck else ''}", LATENCY)
        return {"": PASSES, "cut": CUT, "answer lost": LOST_ANSWER, "refused": REFUSED}[struck]

    return network


__all__ = ["KINDS", "NOTHING", "Fault", "Faults", "Sent", "Transport", "Wire", "way_to_the_remote"]
