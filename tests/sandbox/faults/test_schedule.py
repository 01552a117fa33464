"""Which request a fault strikes, and the settings beside the faults."""

import time
from typing import Any

import pytest

from .conftest import Sandbox

CODES = "/api/setup/access-codes"


def _statuses(sandbox: Sandbox, count: int, path: str = CODES) -> list[int]:
    return [sandbox.http.get(path).status_code for _ in range(count)]


def test_the_nth_and_as_often_as_asked(sandbox: Sandbox) -> None:
    sandbox.fault("status", code=500, match={"nth": 2}, times=2)
    assert _statuses(sandbox, 5) == [200, 500, 500, 200, 200]


def test_for_ever(sandbox: Sandbox) -> None:
    sandbox.fault("status", code=500, times=None)
    assert _statuses(sandbox, 4) == [500] * 4


def test_by_method_and_path_as_received(sandbox: Sandbox) -> None:
    sandbox.fault("status", code=500, match={"method": "post", "path": "^/API/setup/ACCESS-codes$"})
    assert _statuses(sandbox, 1) == [200]
    assert sandbox.http.get("/API/setup/Access-Codes").status_code == 200
    assert sandbox.http.post("/API/setup/Access-Codes/").status_code == 400
    assert sandbox.make().status_code == 500


def test_by_query(sandbox: Sandbox) -> None:
    sandbox.fault("status", code=500, match={"path": "after=U"})
    assert sandbox.http.get(CODES, params={"after": "T"}).status_code == 200
    assert sandbox.http.get(CODES, params={"after": "U"}).status_code == 500


def test_the_first_that_is_due_strikes_and_all_count(sandbox: Sandbox) -> None:
    sandbox.fault("status", code=500, times=1)
    sandbox.fault("status", code=501, times=1)
    sandbox.fault("status", code=502, match={"nth": 3})
    assert _statuses(sandbox, 4) == [500, 501, 502, 200]
    listed = sandbox.control.get("/_sandbox/faults").json()
    assert [(rule["matched"], rule["hits"]) for rule in listed] == [(4, 1)] * 3


def test_listed_and_cleared(sandbox: Sandbox) -> None:
    sandbox.fault("status", code=500, match={"path": "x"})
    (rule,) = sandbox.control.get("/_sandbox/faults").json()
    assert (rule["fault"], rule["times"], rule["match"]["path"], rule["hits"]) == ("status", 1, "x", 0)
    assert sandbox.control.delete("/_sandbox/faults").status_code == 204
    assert sandbox.control.get("/_sandbox/faults").json() == []


def test_the_controls_are_never_struck(sandbox: Sandbox) -> None:
    sandbox.fault("refuse", times=None)
    assert sandbox.control.get("/_sandbox/effects").status_code == 200
    assert sandbox.control.get("/_sandbox/health").status_code == 200


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"fault": "flood"},
        {"fault": "status", "match": {"path": "("}},
        {"fault": "status", "times": 0},
        {"fault": "status", "match": {"nth": 0}},
        {"fault": "status", "match": {"verb": "GET"}},
        {"fault": "status", "param": {}},
        [{"fault": "status"}, {"fault": "flood"}],
        {"fault": "status", "match": {"path": 1}},
        {"fault": "status", "match": "GET"},
        {"fault": "status", "params": [1]},
        "status",
    ],
    ids=str,
)
def test_a_fault_that_is_not_understood(sandbox: Sandbox, rule: Any) -> None:
    answer = sandbox.control.post("/_sandbox/faults", json=rule)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert sandbox.control.get("/_sandbox/faults").json() == []


def test_latency(sandbox: Sandbox) -> None:
    answer = sandbox.control.post("/_sandbox/settings", json={"latency_ms": 150})
    assert answer.json()["latency_ms"] == 150
    begun = time.monotonic()
    assert _statuses(sandbox, 2) == [200, 200]
    assert time.monotonic() - begun >= 0.3


def test_a_rate_limit(sandbox: Sandbox) -> None:
    sandbox.control.post("/_sandbox/settings", json={"rate_limit_per_second": 3})
    answers = [sandbox.http.get(CODES) for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert len(refused) >= 5
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    time.sleep(1.01)
    assert _statuses(sandbox, 1) == [200]


def test_short_lived_tokens(sandbox: Sandbox) -> None:
    sandbox.control.post("/_sandbox/settings", json={"token_lifetime": 0.3})
    sandbox.authorise()
    assert _statuses(sandbox, 1) == [200]
    time.sleep(0.35)
    assert _statuses(sandbox, 1) == [401]


@pytest.mark.parametrize("wanted", [{"speed": 1}, {"latency_ms": -1}, {"latency_ms": "1"}, []], ids=str)
def test_a_setting_that_makes_no_sense(sandbox: Sandbox, wanted: Any) -> None:
    assert sandbox.control.post("/_sandbox/settings", json=wanted).status_code == 400


@pytest.mark.parametrize(
    ("key", "column"), [("FR-HELSE", "name"), ("PROSJ", "name"), ("BFR", "name"), ("FR-HELSE", "postalNo")], ids=str
)
def test_a_department_changed_by_hand(sandbox: Sandbox, key: str, column: str) -> None:
    edit = {"kind": "department", "key": key, "set": {column: "9999"}}
    assert sandbox.control.post("/_sandbox/edit", json=edit).status_code == 200
    result = [row for row in sandbox.http.get("/api/Departments/flat").json() if row[column] == "9999"]
    assert [key in (row["externalId"], row["code"], row["abbreviation"]) for row in result] == [True]
    assert sandbox.effects() == []


@pytest.mark.parametrize(
    "wanted",
    [
        {"kind": "department", "key": "NONE", "set": {"name": "x"}},
        {"kind": "department", "key": "PROSJ", "set": {"nome": "x"}},
        {"kind": "department", "key": "PROSJ", "set": {}},
        {"kind": "cat", "key": "PROSJ", "set": {"name": "x"}},
        {},
    ],
    ids=str,
)
def test_an_edit_that_makes_no_sense(sandbox: Sandbox, wanted: dict[str, Any]) -> None:
    assert sandbox.control.post("/_sandbox/edit", json=wanted).status_code == 400


def test_effects_tell_what_was_asked_for(sandbox: Sandbox) -> None:
    sandbox.http.post(
        "/API/setup/access-codes/", json={"code": "Ø", "name": "x"}, headers={"Idempotency-Key": "k"}
    ).raise_for_status()
    sandbox.http.get(CODES)
    (one,) = sandbox.control.get("/_sandbox/effects").json()
    assert one.pop("at")
    assert one == {
        "seq": one["seq"],
        "method": "POST",
        "path": "/API/setup/access-codes/",
        "operation": "setup.create",
        "kind": "access_code",
        "key": "Ø",
    }
    assert sandbox.control.delete("/_sandbox/effects").status_code == 204
    assert sandbox.effects() == []
