"""What is sent again: reads, and writes that cannot have happened. The server's wish to be left alone is kept."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from websakctl.live.errors import NotAsAgreed, Refused, UnknownOutcome, Unreachable
from websakctl.live.transport import LONGEST_WAIT, retry_after
from websakctl.model.address import Address

GROUP = Address("access_group", "frogner", "FR-NYE")
MADE = [("access_group.create", "FR-NYE")]


def ends_at(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("asked", ["1", "date"])
def test_a_read_waits_as_long_as_it_is_asked_to(asked: str, websak33: Any) -> None:
    desired = ends_at(2) if asked == "date" else asked  # a date has whole seconds: between one and two are left
    websak33.fault("status", "/flat", code=429, headers={"Retry-After": desired})
    began = time.monotonic()
    with websak33.reader() as reader:
        units = reader.read(["org_unit"])
    assert len(units) == 6
    assert 0.9 <= time.monotonic() - began < 3
    assert websak33.hits() == [1]


def test_a_write_waits_as_long_as_it_is_asked_to_and_is_sent_again(websak33: Any) -> None:
    websak33.fault("status", "AccessGroups", method="POST", code=429, headers={"Retry-After": "1"})
    with websak33.reader() as reader, websak33.writer(reader) as writer:
        began = time.monotonic()
        writer.of("access_group").create(GROUP, {}, "")
    assert 0.9 <= time.monotonic() - began < 3
    assert websak33.effects() == MADE


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        ("86400", LONGEST_WAIT),
        pytest.param(ends_at(3600), LONGEST_WAIT, id="a date to come"),
        pytest.param(ends_at(-60), 0, id="a date gone by"),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("1.5", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2015 07:28:00", 0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str, seconds: float | None) -> None:
    assert retry_after(httpx.Response(429, headers={"Retry-After": header}), datetime.now(UTC)) == seconds


def test_retry_after_as_a_date_is_the_time_until_then() -> None:
    result = retry_after(httpx.Response(429, headers={"Retry-After": ends_at(20)}), datetime.now(UTC))
    assert result is not None
    assert 18 < result <= 20


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_a_read_is_sent_again_after_an_error_of_the_servers(code: int, websak: Any, no_waits: None) -> None:
    websak.fault("status", "/flat", times=3, code=code)
    with websak.reader() as reader:
        assert len(reader.read(["org_unit"])) == 6
    assert websak.hits() == [3]


@pytest.mark.parametrize(("code", "error"), [(500, NotAsAgreed), (503, Unreachable), (429, Unreachable)])
def test_a_read_is_given_up_in_the_end(code: int, error: type[Exception], websak33: Any, no_waits: None) -> None:
    body = '"The database is away."'
    headers = {"Content-Type": "application/json"}
    websak33.fault("status", "AccessGroups", times=None, code=code, body=body, headers=headers)
    with websak33.reader() as reader, pytest.raises(error, match=f"GET /api/AccessGroups: .*{code}"):
        reader.read()
    assert websak33.hits() == [6]


@pytest.mark.parametrize("fault", ["refuse", "reset_before", "reset_after", "cut_body"])
def test_a_read_whose_connection_was_cut_is_sent_again(fault: str, websak: Any, no_waits: None) -> None:
    websak.fault(fault, "/flat")
    with websak.reader() as reader:
        assert len(reader.read(["org_unit"])) == 6


def test_a_read_that_is_not_answered_in_time_is_sent_again(websak33: Any, no_waits: None) -> None:
    websak33.fault("timeout_after", "/flat", seconds=3)
    with websak33.reader(answer_timeout=0.3) as reader:
        assert len(reader.read(["org_unit"])) == 6


def test_where_nobody_listens_is_unreachable(websak33: Any, no_waits: None) -> None:
    nowhere = "http://127.0.0.1:1"
    with websak33.reader(base_url=nowhere) as reader, pytest.raises(Unreachable, match="no connection"):
        reader.read(["org_unit"])
    with websak33.reader(token_url=f"{nowhere}/connect/token") as reader, pytest.raises(Unreachable, match="token"):
        reader.read(["org_unit"])


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_a_write_is_never_sent_again_by_itself_after_an_error(code: int, websak33: Any, no_waits: None) -> None:
    websak33.fault("status", "AccessGroups", method="POST", times=None, code=code, phase="after")
    with websak33.reader() as reader, websak33.writer(reader) as writer, pytest.raises(UnknownOutcome):
        writer.of("access_group").create(GROUP, {}, "")
    assert websak33.effects() == MADE


@pytest.mark.parametrize("fault", ["refuse", "reset_before", "reset_after", "cut_body", "html", "truncated_json"])
def test_a_write_is_never_sent_again_by_itself_after_a_bad_answer(fault: str, websak33: Any, no_waits: None) -> None:
    websak33.fault(fault, "AccessGroups", method="POST", times=None)
    with websak33.reader() as reader, websak33.writer(reader) as writer, pytest.raises(UnknownOutcome):
        writer.of("access_group").create(GROUP, {}, "")
    assert websak33.hits() == [1]


def test_a_write_is_sent_again_where_it_cannot_have_been_sent(websak33: Any, no_waits: None) -> None:
    with websak33.reader() as reader, websak33.writer(reader, base_url="http://127.0.0.1:1") as writer:
        with pytest.raises(Unreachable, match="no connection"):
            writer.of("access_group").create(GROUP, {}, "")
        assert writer.traffic.requests == 6


def test_a_busy_server_that_stays_busy_has_refused(websak33: Any, no_waits: None) -> None:
    websak33.fault("status", "AccessGroups", method="POST", times=None, code=429)
    with websak33.reader() as reader, websak33.writer(reader) as writer, pytest.raises(Refused, match="429"):
        writer.of("access_group").create(GROUP, {}, "")
    assert websak33.hits() == [6]
    assert websak33.effects() == []


def test_a_rate_limit_slows_a_read_down_and_does_not_stop_it(websak33: Any) -> None:
    websak33.settings(rate_limit_per_second=4)
    with websak33.reader() as reader:
        state = reader.read()
    assert {address.kind for address in state} >= {"org_unit", "access_group", "access_code", "case_type"}
