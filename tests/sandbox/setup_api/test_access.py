"""Who gets in, and what they find."""

import httpx
import pytest

from websakctl.sandbox import process

from .conftest import Api, token

ROUTES = [
    ("GET", "/info"),
    ("GET", "/lease"),
    ("POST", "/lease"),
    ("PUT", "/lease/x"),
    ("DELETE", "/lease/x"),
    ("POST", "/lease/break"),
    ("GET", "/nothing/here"),
    *((method, f"/{name}") for name in ("access-codes", "case-types", "sub-orgs") for method in ("GET", "POST")),
    *((method, f"/{name}/X") for name in ("licences", "rollout-batches") for method in ("GET", "PUT", "DELETE")),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_address_asks_for_the_scope_first(server: process.Server, method: str, path: str) -> None:
    other = token(server, "userapi")
    for headers, status, name in (
        ({}, 401, "not-authenticated"),
        ({"Authorization": "Bearer nonsense"}, 401, "not-authenticated"),
        ({"Authorization": f"Bearer {other}"}, 403, "not-permitted"),
    ):
        answer = httpx.request(method, server.setup_url + path, headers=headers, content=b"{not json")
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{name}")
        assert answer.headers["content-type"] == "application/problem+json"
        assert ("www-authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_who_may_only_read_may_only_read(server: process.Server, method: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {token(server, 'setup.read')}"}
    status = httpx.request(method, server.setup_url + path, headers=headers, content=b"{not json").status_code
    assert (status == 403) is (method != "GET")


def test_info(api: Api) -> None:
    body = api.get("/info").json()
    assert body["contract_version"] == api.http.get("/openapi.json").json()["info"]["version"] == "2.0.0"
    assert (body["name"], body["user_api_version"]) == ("websakctl-sandbox", "3.3")
    assert body["kinds"] == ["access_code", "case_type", "sub_org", "licence", "rollout_batch"]


def test_what_cannot_be_done_says_what_can(api: Api) -> None:
    for method, path, allowed in (
        ("PATCH", "/access-codes/U", "DELETE, GET, PUT"),
        ("DELETE", "/access-codes", "GET, POST"),
        ("POST", "/info", "GET"),
    ):
        answer = api.http.request(method, path)
        assert (answer.status_code, answer.json()["type"]) == (405, "/problems/method-not-allowed")
        assert answer.headers["allow"] == allowed
    assert api.get("/nothing").json()["type"] == "/problems/not-found"
    assert api.get("/access-codes/U/more").json()["type"] == "/problems/not-found"


def test_the_seed(api: Api) -> None:
    assert [item["code"] for item in api.get("/access-codes").json()["items"]] == ["U", "XX", "Z9"]
    assert [item["code"] for item in api.get("/case-types").json()["items"]] == ["GAMMEL"]
    api.control.post("/_sandbox/reset", json={"seed": "empty"}).raise_for_status()
    assert api.get("/access-codes").json() == {"items": [], "next": None}


def test_the_controls_ask_for_the_secret(server: process.Server) -> None:
    for method, path in (("GET", "effects"), ("POST", "reset"), ("POST", "faults"), ("DELETE", "tokens")):
        for headers in ({}, {"X-Sandbox-Secret": "wrong"}):
            assert httpx.request(method, f"{server.base_url}/_sandbox/{path}", headers=headers).status_code == 403
