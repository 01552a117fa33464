"""The token endpoint, and what stands behind a token."""

from typing import Any

import pytest

CREDENTIALS = {"grant_type": "client_credentials", "client_id": "websakctl", "client_secret": "sandbox"}


def token(api: Any, **fields: str) -> str:
    answer = api.http.post("/connect/token", data=CREDENTIALS | fields).raise_for_status().json()
    assert answer["token_type"] == "Bearer"
    given: str = answer["access_token"]
    return given


def status(api: Any, given: str, path: str = "/api/Users") -> int:
    code: int = api.http.get(path, headers={"Authorization": f"Bearer {given}"}).status_code
    return code


def test_a_token_opens_what_its_scope_names(api: Any) -> None:
    assert status(api, token(api, scope="userapi")) == 200
    assert status(api, token(api, scope="setup userapi")) == 200
    assert status(api, token(api)) == 200  # no scope asked for: all of them
    assert status(api, token(api, scope="setup")) == 403
    assert status(api, token(api, scope="userapi.scim")) == 403


def test_credentials_may_come_in_the_basic_header(api: Any) -> None:
    answer = api.http.post(
        "/connect/token",
        data={"grant_type": "client_credentials", "scope": "userapi"},
        auth=("websakctl", "sandbox"),
    )
    assert answer.json()["scope"] == "userapi"
    assert answer.json()["expires_in"] == 3600


@pytest.mark.parametrize(
    "fields, error",
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": "userapi everything"}, "invalid_scope"),
    ],
)
def test_what_is_wrong_gets_no_token(api: Any, fields: dict[str, str], error: str) -> None:
    answer = api.http.post("/connect/token", data=CREDENTIALS | fields)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_wrong_basic_credentials_get_no_token(api: Any) -> None:
    data = {"grant_type": "client_credentials"}
    assert api.http.post("/connect/token", data=data, auth=("websakctl", "wrong")).status_code == 401
    broken = {"Authorization": "Basic %%%"}
    assert api.http.post("/connect/token", data=data, headers=broken).status_code == 401
    assert api.http.post("/connect/token", json=CREDENTIALS).json()["error"] == "invalid_request"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic nonsense"])
def test_no_good_token_is_401_without_a_body(api: Any, header: str) -> None:
    answer = api.http.get("/api/Users", headers={"Authorization": header})
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_only_the_sign_of_life_needs_no_token(api: Any) -> None:
    assert status(api, "nonsense", "/api/info") == 200


def test_a_token_expires(start: Any) -> None:
    with start(token_lifetime=100.0) as api:
        moment = 0.0
        api.app.state.tokens.clock = lambda: moment
        given = token(api)
        moment = 99.0
        assert status(api, given) == 200
        moment = 100.0
        assert status(api, given) == 401
        api.app.state.tokens.lifetime = 5.0
        assert status(api, token(api)) == 200


def test_all_tokens_can_be_revoked(start: Any) -> None:
    with start() as api:
        given = token(api)
        api.app.state.tokens.revoke_all()
        assert status(api, given) == 401
        assert status(api, token(api)) == 200
