"""No exception says a token, a secret or an Authorization header, whatever the server does."""

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from websakctl.live.errors import LiveError
from websakctl.model.address import Address

GROUP = Address("access_group", "frogner", "FR-NYE")
CODE = Address("access_code", "base", "U")
ECHO = {"Content-Type": "application/json"}
BAD = ["refuse", "reset_after", "html", "empty_200", "truncated_json", "cut_body", "wrong_content_type"]


def words(error: BaseException) -> str:
    """All that an exception says, with all that led to it."""
    reported = "".join(traceback.format_exception(error))
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None:
        chain.append(following)
        following = following.__cause__ or following.__context__
    return reported + "".join(f"{each!r}{each!s}{each.args!r}{getattr(each, 'what_next', '')}" for each in chain)


def failing(act: Callable[[], object], websak: Any, token: str) -> None:
    with pytest.raises(LiveError) as error:
        act()
    reported = words(error.value)
    assert token not in reported
    assert websak.server.client_secret not in reported
    assert "bearer" not in reported.lower()
    assert str(error.value)


@pytest.mark.parametrize("fault", BAD)
def test_nothing_secret_in_what_a_bad_answer_leads_to(fault: str, websak: Any, no_waits: None) -> None:
    with websak.reader() as reader, websak.writer(reader) as writer:
        state = reader.read()
        token = reader.token()
        websak.fault(fault, "/api/", times=None)
        failing(reader.read, websak, token)
        failing(lambda: writer.of("access_group").create(GROUP, {}, ""), websak, token)
        failing(lambda: writer.of("access_code").update(state[CODE], {"name": "Navn"}, CODE), websak, token)


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 412, 422, 429, 500, 503])
def test_a_server_that_echoes_what_it_was_sent_is_not_quoted_on_that(code: int, websak33: Any, no_waits: None) -> None:
    secret = websak33.server.client_secret
    with websak33.reader() as reader, websak33.writer(reader) as writer:
        reader.read()
        token = reader.token()
        echoed = f'{{"title": "Authorization: Bearer {token}", "detail": "client_secret={secret}"}}'
        websak33.fault("status", "/api/", times=None, code=code, body=echoed, headers=ECHO)
        with pytest.raises(LiveError) as error:
            reader.read()
        reported = words(error.value)
        with pytest.raises(LiveError) as refused:
            writer.of("access_group").create(GROUP, {}, "")
        reported += words(refused.value)
    assert token not in reported
    assert secret not in reported


def test_nothing_secret_in_what_a_refused_client_is_told(websak33: Any) -> None:
    echoed = f'{{"error": "{websak33.server.client_secret}"}}'
    websak33.fault("status", "/connect/token", times=None, code=400, body=echoed, headers=ECHO)
    with websak33.reader() as reader:
        failing(reader.read, websak33, "a token that was never given")


def test_nothing_secret_in_a_repr(websak33: Any) -> None:
    with websak33.reader() as reader:
        token = reader.token()
        reported = (
            repr(reader.connection) + repr(reader._clients.auth) + repr(reader._clients.user) + repr(reader.traffic)
        )
    assert websak33.server.client_secret not in reported
    assert token not in reported
