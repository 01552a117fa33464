"""The lease, with faults in its way: it is held or it is not, and nobody is locked out for ever."""

import threading
import time
from typing import Any

import pytest

from websakctl.live import lease
from websakctl.live.errors import LiveError
from websakctl.live.lease import LeaseHeld

TAKE = {"method": "POST", "path": "^/api/setup/lease$"}
RENEW = {"method": "PUT", "path": "^/api/setup/lease/"}
GIVE_BACK = {"method": "DELETE", "path": "^/api/setup/lease/"}
FAULTS: dict[str, dict[str, Any]] = {
    "connection closed unread": {"fault": "refuse"},
    "reset before it is handled": {"fault": "reset_before"},
    "reset after commit": {"fault": "reset_after"},
    "429": {"fault": "status", "params": {"code": 429}},
    "503 before commit": {"fault": "status", "params": {"code": 503}},
    "503 after commit": {"fault": "status", "params": {"code": 503, "phase": "after"}},
    "HTML with 200, committed": {"fault": "html", "params": {"phase": "after"}},
    "truncated JSON": {"fault": "truncated_json"},
    "empty 200, not committed": {"fault": "empty_200"},
    "wrong content type": {"fault": "wrong_content_type"},
    "token expired": {"fault": "expire_tokens"},
}


@pytest.fixture
def stage(stages: Any) -> Any:
    return stages["3.3"].prepared()


def held(stage: Any, owner: str = "us", lost: Any = lambda _: None) -> Any:
    return stage.writer.lease(owner=owner, purpose="a test", lost=lost)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_lease_is_taken_in_spite_of_a_fault(fault: str, stage: Any) -> None:
    stage.schedule([{"match": TAKE, **FAULTS[fault]}])
    with held(stage) as own:
        assert own.holder().owner == "us"
        with pytest.raises(LeaseHeld, match="us is applying"):
            held(stage, "them").__enter__()
    assert own.holder() is None
    assert stage.hits() == [1]
    stage.note("lease take", fault, "done", "done", 1)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_giving_it_back_keeps_nobody_out_for_long(fault: str, stage: Any) -> None:
    """It may stay until it ends by itself; the next run of this place takes its own over at once."""
    stage.schedule([{"match": GIVE_BACK, **FAULTS[fault]}])
    with held(stage):
        pass
    with held(stage) as again:
        assert again.holder().owner == "us"
    stage.note("lease give back", fault, "done", "done", 1)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_lease_is_renewed_in_spite_of_a_fault(fault: str, stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW", 0.02)
    lost: list[str] = []
    stage.schedule(
        [{"match": RENEW, **FAULTS[fault]}, {"match": RENEW, "fault": "delay", "times": None, "params": {"seconds": 0}}]
    )
    with held(stage, lost=lost.append) as own:
        until(lambda: stage.hits()[1] > 1)
        assert own.holder().owner == "us"
    assert lost == []
    stage.note("lease renew", fault, "done", "done", 1)


def test_a_lease_that_is_gone_is_told_once(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW", 0.02)
    lost: list[str] = []
    with held(stage, lost=lost.append):
        stage.sandbox.ask("DELETE", "lease")
        until(lambda: bool(lost))
    assert len(lost) == 1
    assert not any(isinstance(thread, threading.Timer) for thread in threading.enumerate())


def test_a_renewal_that_is_answered_after_it_was_given_back_tells_of_no_loss(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEW", 0.02)
    lost: list[str] = []
    stage.schedule([{"match": RENEW, "fault": "delay", "params": {"seconds": 0.3}}])
    with held(stage, lost=lost.append):
        until(lambda: stage.hits()[0] == 1)
    until(lambda: not any(isinstance(thread, threading.Timer) for thread in threading.enumerate()))
    assert lost == []


def test_a_renewal_without_a_token_is_tried_again(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that cannot be had for a while is no end of the lease."""
    monkeypatch.setattr(lease, "RENEW", 0.02)
    token = {"path": "/connect/token"}
    stage.schedule(
        [
            {"match": RENEW, "fault": "expire_tokens"},
            {"match": token, "fault": "status", "times": 4, "params": {"code": 503}},
            {"match": RENEW, "fault": "delay", "times": None, "params": {"seconds": 0}},
        ]
    )
    with held(stage):
        until(lambda: stage.hits()[2] > 1)
    assert stage.hits()[1] == 4


def test_a_lease_that_cannot_be_taken_is_said(stage: Any) -> None:
    stage.schedule([{"match": TAKE, "fault": "status", "times": None, "params": {"code": 503}}])
    with pytest.raises(LiveError):
        held(stage).__enter__()


def until(condition: Any) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
