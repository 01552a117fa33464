"""Whether a write may still be sent is asked right before it leaves, after every wait; what was not sent is told as such."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.seams import NoWaiting
from websakctl.apply.attempt import Attempt, Outcome, Status
from websakctl.apply.entries import JournalError
from websakctl.apply.journal import Journal
from websakctl.live.client import open_client
from websakctl.live.errors import UnknownOutcome
from websakctl.live.runtime import Runtime
from websakctl.live.transport import Traffic, Writing
from websakctl.model.address import Address
from websakctl.plan.change import Action, Change, FieldChange

CHANGE = Change(
    address=Address("access_group", "base", "LEDERE"),
    action=Action.CREATE,
    fields=(FieldChange(path="name", before=None, after="LEDERE"),),
    reason="",
)


class SlowToken(httpx.Auth):
    def __init__(self, happened: list[str]) -> None:
        self._happened = happened

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self._happened.append("token")
        yield request


def test_it_is_asked_once_the_token_is_there_and_nothing_leaves_after_a_no() -> None:
    happened: list[str] = []

    def websak(_: httpx.Request) -> httpx.Response:
        happened.append("sent")
        return httpx.Response(200, json={})

    def may_send() -> None:
        happened.append("asked")
        if happened.count("asked") > 1:
            raise JournalError("too old")

    runtime = Runtime(transport=lambda *_: httpx.MockTransport(websak))
    with open_client(
        "http://websak", runtime, connections=1, timeout=1, read_only=False, auth=SlowToken(happened)
    ) as client:
        writing = Writing(client, Traffic(runtime.clock), runtime, may_send=may_send)
        writing.send("POST", "/api/AccessGroups", {})
        with pytest.raises(JournalError):
            writing.send("POST", "/api/AccessGroups", {})
    assert happened == ["token", "asked", "sent", "token", "asked"]


class Fails:
    """A writer whose creates fail in turn, and after which nothing is found."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)

    def create(self, *_: Any) -> str:
        raise self._errors.pop(0)

    def find(self, _: Address) -> None:
        return None


@pytest.fixture
def attempted(tmp_path: Path) -> Callable[..., Outcome]:
    def attempt(*errors: Exception) -> Outcome:
        with Journal(tmp_path / "journal.db", NoWaiting()) as journal:
            writer: Any = Fails(*errors)
            return Attempt(change=CHANGE, live=None, writer=writer, journal=journal, run="r", clock=NoWaiting())()

    return attempt


def test_what_may_not_be_sent_any_more_was_not_started(attempted: Callable[..., Outcome]) -> None:
    outcome = attempted(JournalError("too old"))
    assert (outcome.status, outcome.detail) == (Status.NOT_STARTED, "too old")


def test_what_was_sent_once_and_may_not_be_sent_again_is_unknown(attempted: Callable[..., Outcome]) -> None:
    outcome = attempted(UnknownOutcome("POST: the connection was dropped"), JournalError("too old"))
    assert outcome.status is Status.UNKNOWN
    assert outcome.detail == "POST: the connection was dropped; it was not sent again: too old"
