"""What can go wrong with a live Websak, by what it means for us and not by which library said it."""

from typing import Any

from websakctl.redaction import redact


class LiveError(Exception):
    """A Websak did not do what was asked. ``what_next`` tells the person at the keyboard."""

    what_next = ""

    def __init__(self, message: str, what_next: str | None = None) -> None:
        super().__init__(redact(message))  # a server may echo in its own words what it was sent
        if what_next is not None:
            self.what_next = what_next


class Unreachable(LiveError):
    """No connection, or no answer in time. For a write: it was never sent."""

    what_next = "check the address and the network; `websakctl doctor` tells more"


class NotAsAgreed(LiveError):
    """An answer that cannot be trusted: HTML, truncated, empty, mistyped. Nothing is concluded from it."""

    what_next = "nothing was changed because of this answer; try again, and run `websakctl doctor` if it comes back"


_JSON_TYPES = {
    bool: "a boolean",
    dict: "an object",
    float: "a number",
    int: "a number",
    list: "a list",
    str: "a string",
}


def not_a(expected: str, what: str, body: Any) -> NotAsAgreed:
    """The error for an answer of another type, such as an object where a ``list`` belongs."""
    return NotAsAgreed(f"{what}: expected a {expected}, got {_JSON_TYPES.get(type(body), 'null')}")


class NotPermitted(LiveError):
    """Not authenticated (401) or not permitted (403)."""

    what_next = "check `websakctl auth status`; the client needs the scopes userapi and setup (setup.read to plan)"


class Refused(LiveError):
    """The server understood a write and said no; nothing changed."""

    def __init__(self, message: str, status: int, pointers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.pointers = pointers  # (JSON pointer or field, what is wrong with it)


class Changed(Refused):
    """The object was changed by somebody else since it was read (412)."""


class UnknownOutcome(LiveError):
    """A write was sent and no trustworthy answer came: it may have happened. Look before trying again."""


class Declined(LiveError):
    """A write was answered 500 with a message, which is how the User API refuses: look once before believing it."""


class Strained(LiveError):
    """The server failed again and again; this request was not sent."""

    what_next = "let the server recover, then go on with `websakctl apply --resume`"


class WriteRefused(RuntimeError):
    """A request that could write was given to a reader: a mistake in this program."""


def words_of(body: Any, status: int) -> str:
    """The server's own words in an error body: ProblemDetails, a JSON text, or nothing."""
    if isinstance(body, dict):
        parts = [str(body[key]) for key in ("title", "detail") if isinstance(body.get(key), str)]
        return ": ".join(dict.fromkeys(parts)) or f"HTTP {status}"
    if isinstance(body, str) and body.strip():
        return redact(body.strip())[:500]
    return f"HTTP {status} with an empty body"
