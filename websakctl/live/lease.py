"""The Setup API's lease: two applies never overlap, and whoever waits sees who holds it and why."""

import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

import httpx
import msgspec

from websakctl.live.errors import LiveError, NotAsAgreed, Refused, UnknownOutcome, words_of
from websakctl.live.transport import Reading, Writing
from websakctl.redaction import redact

TTL = 60  # seconds; a crashed apply blocks others no longer than this
RENEW = 20.0  # seconds between renewals


class LeaseHeld(LiveError):
    """Somebody else is applying."""

    what_next = "wait until it has ended; if its owner is gone: websakctl apply --break-lease OWNER"

    def __init__(self, holder: "Holder") -> None:
        super().__init__(
            f"{holder.owner} is applying to this Websak: {holder.purpose or 'no purpose given'} (since {holder.acquired_at}, lease until {holder.expires_at})"
        )
        self.holder = holder


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds the lease. Times are as the server writes them (RFC 3339)."""

    owner: str
    purpose: str
    acquired_at: str
    expires_at: str

    @classmethod
    def read(cls, body: Any) -> "Holder":
        """Read a lease or the ``holder`` of a problem.

        Raises:
            NotAsAgreed: If it has no owner.
        """
        if not isinstance(body, dict) or not isinstance(body.get("owner"), str):
            raise NotAsAgreed("a lease without an owner")
        return cls(
            owner=body["owner"],
            **{name: str(body.get(name) or "") for name in ("purpose", "acquired_at", "expires_at")},
        )


class Lease:
    """Held while in the context: taken, renewed as time passes, given back."""

    def __init__(
        self,
        client: httpx.Client,
        reading: Reading,
        writing: Writing,
        *,
        owner: str,
        purpose: str,
        lost: Callable[[str], None],
    ) -> None:
        self._client, self._reading, self._writing = client, reading, writing
        self.owner, self.purpose, self._lost = owner, purpose, lost
        self._clock = writing.runtime.clock
        self._id = ""
        self._ends = 0.0  # by the clock's ``monotonic``
        self._lock = threading.Lock()
        self._cancel: Callable[[], None] | None = None  # the next renewal; ``None`` once none is to come

    def __enter__(self) -> "Lease":
        self._id = self._take()
        self._client.headers["Lease"] = self._id
        self._ends = self._clock.monotonic() + TTL
        self._cancel = self._clock.call_later(RENEW, self._renew)
        return self

    def _take(self) -> str:
        body = {"owner": self.owner, "purpose": redact(self.purpose)[:200] or "apply", "ttl_seconds": TTL}
        for last in (False, False, True):
            try:
                answer = self._writing.send("POST", "/lease", body, expect=(201,))
            except UnknownOutcome:
                continue  # if we were given it, it is found below as our own
            except Refused as refused:
                if refused.status != 409:
                    raise
                holder = self.holder()
                if holder is None:
                    continue
                if holder.owner != self.owner or last:
                    raise LeaseHeld(holder) from None
                self.break_held(holder.owner)  # our own, left by a run of this very place that died
                continue
            if not isinstance(answer.body, dict) or not isinstance(answer.body.get("id"), str):
                raise NotAsAgreed("POST /lease: a lease without an id")
            return str(answer.body["id"])
        raise LiveError("the lease cannot be taken", "try again")

    def holder(self) -> Holder | None:
        """Who holds it now."""
        answer = self._reading.get("/lease", absent=(404,))
        return None if answer.status == 404 else Holder.read(answer.body)

    def break_held(self, owner: str) -> bool:
        """Take the lease away from an owner, by name; false if they do not hold it."""
        try:
            self._writing.send("POST", "/lease/break", {"owner": owner}, expect=(200, 204))
        except Refused as refused:
            if refused.status == 404:
                return False
            raise
        return True

    def _renew(self) -> None:
        asked, status = self._clock.monotonic(), 0
        with suppress(httpx.HTTPError, LiveError):  # the latter where there is no token just now
            answer = self._client.put(f"/lease/{self._id}", json={"ttl_seconds": TTL}, timeout=max(1.0, RENEW / 2))
            status = answer.status_code
        with self._lock:
            if self._cancel is None:
                return  # given back meanwhile: that it is gone is right
            wait = RENEW
            if 200 <= status < 300:
                self._ends = asked + TTL
            else:
                wait = RENEW / 4
            gone = status in (404, 409)
            in_time = self._clock.monotonic() + wait <= self._ends
            self._cancel = self._clock.call_later(wait, self._renew) if in_time and not gone else None
        if gone:
            self._lost(f"the lease was lost ({words_of(None, status)}); nothing more is begun")
        elif not in_time:
            self._lost("the lease could not be renewed in time, and others may have it; nothing more is begun")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if self._cancel is not None:
                self._cancel()
            self._cancel = None
        self._client.headers.pop("Lease", None)
        try:
            self._writing.send("DELETE", f"/lease/{self._id}", expect=(200, 204, 404))
        except LiveError:
            return  # it ends by itself
