"""One writer at a time."""

import time

import pytest

from .conftest import Api

WANTED = {"owner": "kari@byarkivet", "purpose": "apply 7", "ttl_seconds": 60}
BODY = {"code": "P", "name": "Personalsaker"}


def test_taken_seen_renewed_and_given_back(api: Api) -> None:
    assert api.get("/lease").status_code == 404
    taken = api.http.post("/lease", json=WANTED)
    lease = taken.json()
    assert (taken.status_code, lease["owner"], lease["purpose"]) == (201, WANTED["owner"], WANTED["purpose"])
    assert api.get("/lease").json() == lease
    renewed = api.http.put(f"/lease/{lease['id']}", json={"ttl_seconds": 600})
    assert (renewed.status_code, renewed.json()["expires_at"] > lease["expires_at"]) == (200, True)
    assert api.get("/lease").json() == renewed.json()
    assert api.http.delete(f"/lease/{lease['id']}").status_code == 204
    assert api.http.delete(f"/lease/{lease['id']}").status_code == 204
    assert api.get("/lease").status_code == 404
    assert api.http.put(f"/lease/{lease['id']}", json={"ttl_seconds": 60}).status_code == 404
    assert api.effects() == []


@pytest.mark.parametrize("owner", ["ola@byarkivet", WANTED["owner"]])
def test_held_by_another_run(api: Api, owner: str) -> None:
    lease = api.http.post("/lease", json=WANTED).json()
    answer = api.http.post("/lease", json={**WANTED, "owner": owner})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/lease-held")
    del lease["id"]
    assert answer.json()["holder"] == lease


def test_only_the_holder_writes(api: Api) -> None:
    lease = api.http.post("/lease", json=WANTED).json()
    code = api.get("/access-codes/U").json()
    for answer in (
        api.post("/access-codes", BODY),
        api.post("/access-codes", BODY, Lease="other"),
        api.put("/access-codes/U", code, code["etag"]),
        api.delete("/access-codes/U", code["etag"]),
    ):
        assert (answer.status_code, answer.json()["type"]) == (423, "/problems/lease-required")
        assert answer.json()["holder"]["owner"] == WANTED["owner"]
        assert "id" not in answer.json()["holder"]
    assert api.get("/access-codes").status_code == 200
    api.lease = lease["id"]
    api.made("/access-codes", BODY)


def test_a_writer_that_lost_its_lease_is_stopped_and_others_are_not(api: Api) -> None:
    lease = api.http.post("/lease", json=WANTED).json()
    api.control.delete("/_sandbox/lease").raise_for_status()
    answer = api.post("/access-codes", BODY, Lease=lease["id"])
    assert (answer.status_code, answer.json()["holder"]) == (423, None)
    api.made("/access-codes", BODY)


def test_broken_by_the_name_of_its_owner(api: Api) -> None:
    assert api.http.post("/lease/break", json={"owner": WANTED["owner"]}).status_code == 404
    api.http.post("/lease", json=WANTED)
    assert api.http.post("/lease/break", json={"owner": "ola@byarkivet"}).status_code == 404
    assert api.get("/lease").status_code == 200
    assert api.http.post("/lease/break", json={"owner": WANTED["owner"]}).status_code == 204
    assert api.get("/lease").status_code == 404


def test_it_runs_out(api: Api) -> None:
    lease = api.http.post("/lease", json={**WANTED, "ttl_seconds": 5}).json()
    until = time.monotonic() + 8
    while api.get("/lease").status_code == 200:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert api.http.put(f"/lease/{lease['id']}", json={"ttl_seconds": 60}).status_code == 404
    assert api.http.post("/lease", json={**WANTED, "owner": "ola@byarkivet"}).status_code == 201


def test_every_wrong_value_is_named(api: Api) -> None:
    for body, pointers in (
        ({}, ["/owner", "/purpose", "/ttl_seconds"]),
        ({**WANTED, "ttl_seconds": 4}, ["/ttl_seconds"]),
        ({**WANTED, "ttl_seconds": 601, "x": 1}, ["/ttl_seconds", "/x"]),
    ):
        answer = api.http.post("/lease", json=body)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == pointers
