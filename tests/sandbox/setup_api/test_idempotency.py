"""The same request twice."""

from .conftest import CASE_TYPE, Api

BODY = {"code": "P", "name": "Personalsaker"}


def test_the_same_again_gives_the_first_answer_and_no_second_effect(api: Api) -> None:
    first = api.post("/access-codes", BODY, key="k")
    changed = api.put("/access-codes/P", {**BODY, "name": "Nytt navn"}, first.headers["etag"])
    again = api.post("/access-codes", {"name": "Personalsaker", "code": "P"}, key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert {name: again.headers[name] for name in ("etag", "location")} == {
        name: first.headers[name] for name in ("etag", "location")
    }
    assert api.get("/access-codes/P").json() == changed.json()
    assert [operation for operation, _, _ in api.effects()] == ["setup.create", "setup.update"]


def test_another_request_with_the_same_key_is_refused(api: Api) -> None:
    api.post("/access-codes", BODY, key="k")
    for answer in (
        api.post("/access-codes", {**BODY, "name": "Annet"}, key="k"),
        api.post("/case-types", CASE_TYPE, key="k"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-key-reused")


def test_a_refused_request_leaves_its_key_free(api: Api) -> None:
    assert api.post("/access-codes", {"code": "P"}, key="k").status_code == 422
    assert api.post("/access-codes", BODY, key="k").status_code == 201


def test_a_key_is_needed(api: Api) -> None:
    for headers in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "k" * 256}):
        answer = api.http.post("/access-codes", json=BODY, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/idempotency-key-missing")
    assert api.effects() == []
