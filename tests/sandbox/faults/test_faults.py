"""Each fault, as a client meets it."""

import socket
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from .conftest import Sandbox

CODES = "/api/setup/access-codes"
FLAT = "/api/Departments/flat"


def _raw(sandbox: Sandbox, request: bytes) -> tuple[bytes, BaseException | None]:
    """Send bytes over a bare socket and read until the other side ends it, somehow."""
    parts = urlsplit(str(sandbox.http.base_url))
    assert parts.hostname
    assert parts.port
    received = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        connection.sendall(request)
        try:
            while part := connection.recv(65536):
                received += part
        except ConnectionError as error:
            return received, error
    return received, None


def _request(sandbox: Sandbox, method: str, path: str, body: bytes = b"") -> bytes:
    authorization = sandbox.http.headers["Authorization"]
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nIdempotency-Key: raw\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("fault", "happened"), [("refuse", False), ("reset_before", False), ("reset_after", True)], ids=str
)
def test_the_connection_is_cut_without_an_answer(sandbox: Sandbox, fault: str, happened: bool) -> None:
    sandbox.fault(fault, match={"method": "POST"})
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        sandbox.make()
    assert sandbox.effects() == (["setup.create"] if happened else [])
    assert sandbox.make().status_code == 201  # the same Idempotency-Key: done once, one way or the other
    assert sandbox.effects() == ["setup.create"]


def test_a_reset_is_one_on_the_wire(sandbox: Sandbox) -> None:
    body = b'{"code":"P","name":"x"}'
    sandbox.fault("reset_after")
    received, error = _raw(sandbox, _request(sandbox, "POST", CODES, body))
    assert (received, type(error)) == (b"", ConnectionResetError)
    sandbox.fault("refuse")
    received, error = _raw(sandbox, _request(sandbox, "GET", CODES))
    assert (received, error) == (b"", None)  # no answer, and the end


def test_a_body_is_cut_on_the_wire(sandbox: Sandbox) -> None:
    merged = sandbox.http.get(CODES).content
    sandbox.fault("cut_body")
    received, error = _raw(sandbox, _request(sandbox, "GET", CODES))
    head, _, body = received.partition(b"\r\n\r\n")
    assert error is None
    assert f"content-length: {len(merged)}".encode() in head.lower()
    assert body == merged[: len(merged) // 2]
    sandbox.fault("cut_body")
    with pytest.raises(httpx.RemoteProtocolError, match="complete"):
        sandbox.http.get(CODES)


def test_a_write_whose_answer_comes_too_late(sandbox: Sandbox) -> None:
    sandbox.fault("timeout_after", seconds=1.5)
    with pytest.raises(httpx.ReadTimeout):
        sandbox.http.post(
            CODES, json={"code": "P", "name": "x"}, headers={"Idempotency-Key": "k"}, timeout=httpx.Timeout(5, read=0.3)
        )
    assert sandbox.effects() == ["setup.create"]


def test_a_late_write(sandbox: Sandbox) -> None:
    sandbox.fault("delay", seconds=0.4)
    begun = time.monotonic()
    assert sandbox.make().status_code == 201
    assert time.monotonic() - begun >= 0.4


@pytest.mark.parametrize(("phase", "effects"), [("before", []), ("after", ["setup.create"])], ids=["before", "after"])
def test_any_status(sandbox: Sandbox, phase: str, effects: list[str]) -> None:
    sandbox.fault("status", code=503, headers={"Retry-After": "2"}, body={"detail": "x"}, phase=phase)
    answer = sandbox.make()
    assert (answer.status_code, answer.headers["retry-after"], answer.json()) == (503, "2", {"detail": "x"})
    assert answer.headers["content-type"] == "application/json"
    assert sandbox.effects() == effects
    sandbox.fault("status", code=502, body="Bad Gateway")
    answer = sandbox.http.get(CODES)
    assert (answer.status_code, answer.text) == (502, "Bad Gateway")
    sandbox.fault("status", code=204)
    assert sandbox.http.get(CODES).content == b""


@pytest.mark.parametrize("phase", [None, "before", "after"])
def test_a_page_for_people(sandbox: Sandbox, phase: str | None) -> None:
    sandbox.fault("html", **({"phase": phase} if phase else {}))
    answer = sandbox.make()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert sandbox.effects() == (["setup.create"] if phase == "after" else [])


def test_an_empty_answer(sandbox: Sandbox) -> None:
    sandbox.fault("empty_200")
    answer = sandbox.http.get(CODES)
    assert (answer.status_code, answer.content) == (200, b"")


def test_an_answer_that_breaks_off_and_is_whole_http(sandbox: Sandbox) -> None:
    merged = sandbox.http.get(CODES).content
    sandbox.fault("truncated_json")
    answer = sandbox.http.get(CODES)
    assert (answer.status_code, answer.content) == (200, merged[: len(merged) // 2])
    assert answer.headers["content-length"] == str(len(answer.content))
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
        answer.json()


def test_the_wrong_type(sandbox: Sandbox) -> None:
    merged = sandbox.http.get(CODES)
    sandbox.fault("wrong_content_type")
    answer = sandbox.http.get(CODES)
    assert (answer.content, answer.headers["content-type"]) == (merged.content, "text/plain; charset=utf-8")
    assert "etag" in sandbox.http.get(f"{CODES}/U").headers


def test_tokens_expire_in_the_middle(sandbox: Sandbox) -> None:
    sandbox.fault("expire_tokens", match={"nth": 2})
    assert [sandbox.http.get(CODES).status_code for _ in range(3)] == [200, 401, 401]
    sandbox.authorise()
    assert sandbox.http.get(CODES).status_code == 200


def test_a_read_from_before_the_latest_write(sandbox: Sandbox) -> None:
    sandbox.fault("stale_read", match={"method": "GET", "path": "access-codes"})
    assert sandbox.http.get(f"{CODES}/P").status_code == 404  # nothing was written yet: this one is true
    sandbox.make("P")
    sandbox.make("Q")
    stale = sandbox.http.get(CODES).json()["items"]
    assert [item["code"] for item in stale] == ["P", "U", "XX", "Z9"]
    assert [item["code"] for item in sandbox.http.get(CODES).json()["items"]] == ["P", "Q", "U", "XX", "Z9"]


def test_a_stale_read_of_the_other_api(sandbox: Sandbox) -> None:
    sandbox.fault("stale_read", match={"path": "external/NY$"})
    root = sandbox.http.get("/api/Departments/external/OSLO").json()
    body = {
        "name": "Ny",
        "abbreviation": "NY",
        "externalId": "NY",
        "unit": "Avd",
        "code": "NY",
        "parentDepartmentId": root["id"],
    }
    assert sandbox.http.post("/api/v2/departments", json=body).is_success
    live = sandbox.http.get("/api/Departments/external/NY")
    assert live.status_code != 200 or not live.content
    assert sandbox.http.get("/api/Departments/external/NY").json()["name"] == "Ny"


def _objects(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, dict):
        return [content, *(item for value in content.values() for item in _objects(value))]
    return [item for part in content for item in _objects(part)] if isinstance(content, list) else []


@pytest.mark.parametrize("path", [CODES, FLAT, "/api/Departments"])
def test_fields_nobody_knows(sandbox: Sandbox, path: str) -> None:
    plain = sandbox.http.get(path).json()
    sandbox.fault("extra_fields")
    changed = sandbox.http.get(path).json()
    assert changed != plain
    assert len(_objects(plain)) > 3
    assert all("xNewInThisVersion" in item for item in _objects(changed) if item != {"id": 1})


def test_fields_without_a_value(sandbox: Sandbox) -> None:
    sandbox.fault("nulls", fields=["name", "etag", "not there"])
    for item in sandbox.http.get(CODES).json()["items"]:
        assert (item["name"], item["etag"]) == (None, None)
        assert item["code"]
        assert "not there" not in item


def test_pages_smaller_than_asked_for(sandbox: Sandbox) -> None:
    sandbox.fault("cap_page", times=None, size=2)
    first = sandbox.http.get(CODES).json()
    assert (len(first["items"]), first["next"]) == (2, "XX")
    assert sandbox.http.get(CODES, params={"limit": 1000, "after": "XX"}).json()["next"] is None
    assert len(sandbox.http.get(CODES, params={"limit": 1}).json()["items"]) == 1
    assert len(sandbox.http.get("/api/Users", params={"limit": 100, "offset": 0}).json()) == 2


@pytest.mark.parametrize(("mode", "delta"), [("repeat", 1), ("skip", -1)], ids=["repeat", "skip"])
def test_pages_that_shift(sandbox: Sandbox, mode: str, delta: int) -> None:
    params = {"limit": 2, "offset": 2}
    plain = [item["code"] for item in sandbox.http.get("/api/Users", params={"limit": 100, "offset": 0}).json()]
    sandbox.fault("shift_page", mode=mode)
    shifted = [item["code"] for item in sandbox.http.get("/api/Users", params=params).json()]
    assert shifted == plain[2 - delta : 4 - delta]
    rows = sandbox.http.get(FLAT).json()
    sandbox.fault("shift_page", mode=mode)
    assert len(sandbox.http.get(FLAT).json()) == len(rows) + delta


@pytest.mark.parametrize("path", [FLAT, "/api/Users", "/api/AccessGroups"])
def test_nothing_where_there_is_something(sandbox: Sandbox, path: str) -> None:
    assert sandbox.http.get(path).json()
    sandbox.fault("junk_array")
    assert sandbox.http.get(path).json() == []
    sandbox.fault("junk_array")
    assert sandbox.http.get(CODES).json() == {"items": [], "next": None}
