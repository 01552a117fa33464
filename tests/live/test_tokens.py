"""Tokens end in the middle of a run and are renewed; what cannot be had is said, without the secret."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from websakctl.live.errors import NotAsAgreed, NotPermitted, Unreachable
from websakctl.live.runtime import Runtime
from websakctl.live.tokens import ClientCredentials
from websakctl.model.address import Address
from websakctl.redaction import Secret

GROUP = Address("access_group", "frogner", "FR-NYE")
TOKEN = "/connect/token"


def expire(websak: Any) -> None:
    websak.control.delete("/_sandbox/tokens").raise_for_status()


def test_a_token_that_ended_is_renewed_for_reads_and_for_writes(websak: Any) -> None:
    with websak.reader() as reader, websak.writer(reader) as writer:
        reader.read()
        expire(websak)
        assert len(reader.read()) > 10
        expire(websak)
        writer.of("access_group").create(GROUP, {}, "")
        expire(websak)
        writer.of("access_code").create(Address("access_code", "base", "P"), {"name": "Personal"}, "key")
        expire(websak)
        assert writer.of("access_group").find(GROUP) is not None
    assert websak.effects() == [("access_group.create", "FR-NYE"), ("setup.create", "P")]


def test_a_token_that_ends_while_several_threads_read_is_renewed_once(websak33: Any) -> None:
    with websak33.reader(concurrency=6) as reader:
        reader.read()
        expire(websak33)
        websak33.fault("delay", TOKEN, times=None, seconds=0.05)  # counts the requests too
        reader.read()
    assert websak33.hits() == [1]


def test_a_token_is_renewed_before_it_ends(websak33: Any) -> None:
    websak33.settings(token_lifetime=30)  # less than the margin: each is about to end
    websak33.fault("delay", TOKEN, times=None, seconds=0)
    with websak33.reader() as reader:
        reader.read(["org_unit"])
        assert websak33.hits() == [1]
        reader._clients.auth._ends -= 2  # two seconds later
        reader.read(["org_unit"])
    assert websak33.hits() == [2]


def test_one_token_serves_reading_and_writing(websak33: Any) -> None:
    with websak33.reader() as reader, websak33.writer(reader) as writer:
        websak33.fault("delay", TOKEN, times=None, seconds=0)
        writer.of("access_group").create(GROUP, {}, "")
        writer.of("access_group").find(GROUP)
    assert websak33.hits() == [1]


@pytest.mark.parametrize("fault", ["refuse", "reset_after", "status"])
def test_a_token_is_asked_for_again(fault: str, websak33: Any, no_waits: None) -> None:
    websak33.fault(fault, TOKEN, times=2, **({"code": 503} if fault == "status" else {}))
    with websak33.reader() as reader:
        assert len(reader.read(["org_unit"])) == 6


@pytest.mark.parametrize("fault", ["html", "truncated_json", "empty_200", "junk_array", "nulls"])
def test_an_answer_that_is_no_token_is_not_as_agreed(fault: str, websak33: Any) -> None:
    websak33.fault(fault, TOKEN, **({"fields": ["access_token"]} if fault == "nulls" else {}))
    with websak33.reader() as reader, pytest.raises(NotAsAgreed, match="without a token"):
        reader.read()


def test_a_token_endpoint_that_stays_away_is_unreachable(websak33: Any, no_waits: None) -> None:
    websak33.fault("status", TOKEN, times=None, code=502)
    with websak33.reader() as reader, pytest.raises(Unreachable, match="502"):
        reader.read()
    assert websak33.hits() == [4]


def test_a_wrong_secret_is_not_permitted(websak33: Any) -> None:
    with websak33.reader(client_secret=Secret("wrong")) as reader, pytest.raises(NotPermitted, match="invalid_client"):
        reader.read()


@pytest.mark.parametrize("code", [401, 403])
def test_a_client_that_is_not_let_in_is_told_so(code: int, websak33: Any) -> None:
    websak33.fault("status", "/flat", times=None, code=code)
    with websak33.reader() as reader, pytest.raises(NotPermitted, match=str(code)):
        reader.read()
    assert websak33.hits() == [2 if code == 401 else 1]  # once more with a new token, and no further


def test_a_scope_is_asked_for_only_where_there_is_such_an_api(websak33: Any) -> None:
    assert websak33.connection.scopes(read_only=False) == "userapi setup"
    assert websak33.connection.scopes(read_only=True) == "userapi setup.read"
    with websak33.reader(setup_url="") as reader:
        assert {address.kind for address in reader.read()} == {"org_unit", "access_group"}
        assert {reader.connection.scopes(read_only=each) for each in (True, False)} == {"userapi"}
        assert reader.setup_info() is None


def test_threads_that_ask_at_once_get_one_token(websak33: Any) -> None:
    server = websak33.server
    websak33.fault("delay", TOKEN, times=None, seconds=0.05)
    secret = Secret(server.client_secret)
    auth = ClientCredentials(server.token_url, server.client_id, secret, "userapi", Runtime())
    gate = threading.Barrier(8)

    def ask(_: int) -> str:
        gate.wait()
        return auth.token()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    assert websak33.hits() == [1]
