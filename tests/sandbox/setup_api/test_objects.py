"""One object from its making to its end."""

from typing import Any

import httpx
import pytest

from .conftest import CASE_TYPE, SUB_ORG, Api

EACH = {
    "access-codes": ("code", {"code": "P", "name": "Personalsaker"}),
    "case-types": ("code", CASE_TYPE),
    "sub-orgs": ("orgnr", SUB_ORG),
    "licences": ("code", {"code": "WEBSAK-PLUS", "product": "Websak+", "bought": 1200}),
    "rollout-batches": ("code", {"code": "PULJE-1", "name": "Pulje 1"}),
}


@pytest.mark.parametrize("collection", EACH)
def test_an_object_lives_and_ends(api: Api, collection: str) -> None:
    key_field, body = EACH[collection]
    key: Any = body[key_field]
    created = api.post(f"/{collection}", body)
    assert created.status_code == 201
    assert created.headers["location"] == f"/api/setup/{collection}/{key}"
    content = created.json()
    assert content["etag"] == created.headers["etag"]
    assert created.headers["etag"].startswith('"')
    assert content["active"] is True
    assert {name: content[name] for name in body} == body

    read = api.get(f"/{collection}/{key}")
    assert (read.status_code, read.json(), read.headers["etag"]) == (200, content, content["etag"])
    assert content in api.get(f"/{collection}").json()["items"]

    changed = api.put(f"/{collection}/{key}", {**content, "active": False}, content["etag"])
    assert changed.status_code == 200
    assert changed.headers["etag"] == changed.json()["etag"] != content["etag"]
    assert changed.json()["active"] is False

    assert api.delete(f"/{collection}/{key}", content["etag"]).status_code == 412
    gone = api.delete(f"/{collection}/{key}", changed.headers["etag"])
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.get(f"/{collection}/{key}").status_code == 404

    kind = {"licences": "licence", "rollout-batches": "rollout_batch"}.get(
        collection, collection[:-1].replace("-", "_")
    )
    assert api.effects() == [(f"setup.{verb}", kind, key) for verb in ("create", "update", "delete")]


def test_put_replaces_the_whole_object(api: Api) -> None:
    created = api.made("/access-codes", {"code": "P", "name": "Personal", "description": "x", "screening_years": 60})
    written = api.put("/access-codes/P", {"code": "P", "name": "Personalsaker"}, created["etag"]).json()
    assert (written["description"], written["screening_years"], written["name"]) == (None, None, "Personalsaker")


def test_lists_and_objects_inside_come_back_as_they_were(api: Api) -> None:
    basis = [{"reference": "offl. § 13", "valid_from": "2009-01-01", "valid_to": None}, {"reference": "fvl. § 13"}]
    created = api.made("/access-codes", {"code": "Ø", "name": "Økonomi – «æøå»", "legal_basis": basis})
    assert created["legal_basis"] == [basis[0], {"reference": "fvl. § 13", "valid_from": None, "valid_to": None}]
    assert api.get("/access-codes/Ø").json() == created
    licence = api.made("/licences", {"code": "L", "product": "Websak", "bought": 3, "allotments": {"frogner": 2}})
    assert api.get("/licences/L").json()["allotments"] == licence["allotments"] == {"frogner": 2}


def test_a_key_is_taken_once(api: Api) -> None:
    answer = api.post("/access-codes", {"code": "U", "name": "En til"})
    assert answer.status_code == 409
    assert answer.json() == {
        "type": "/problems/already-exists",
        "title": "There is one with this key already",
        "status": 409,
        "detail": "access_code U is there already.",
        "key": "U",
    }
    assert api.effects() == []


def test_keys_keep_their_case_and_addresses_do_not(api: Api) -> None:
    api.made("/access-codes", {"code": "u", "name": "En annen"})
    assert api.get("/access-codes/u").json()["name"] == "En annen"
    assert api.get("/access-codes/U").json()["name"] == "Unntatt offentlighet"
    upper = api.server.base_url + "/API/Setup/Access-Codes/U/"
    assert api.http.get(upper).json()["name"] == "Unntatt offentlighet"


@pytest.mark.parametrize("collection", EACH)
def test_what_is_not_there_is_not_found(api: Api, collection: str) -> None:
    for answer in (
        api.get(f"/{collection}/NOBODY"),
        api.put(f"/{collection}/NOBODY", {}, '"x"'),
        api.delete(f"/{collection}/NOBODY", "*"),
        api.get(f"/{collection}/%00"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("etag", ['"0000000000000000"', "W/{etag}", '"x", W/{etag}', '""'], ids=str)
def test_a_change_of_something_else_than_was_read_is_refused(api: Api, etag: str) -> None:
    now = api.get("/access-codes/U").json()
    for answer in (
        api.put("/access-codes/U", {"code": "U", "name": "Ny"}, etag.format(**now)),
        api.delete("/access-codes/U", etag.format(**now)),
    ):
        assert (answer.status_code, answer.json()["type"]) == (412, "/problems/stale")
        assert answer.headers["etag"] == answer.json()["etag"] == now["etag"]
    assert api.get("/access-codes/U").json() == now


@pytest.mark.parametrize("etag", ["*", '"x", {etag}', '{etag} , "y"'], ids=str)
def test_if_match_may_name_several_or_anything(api: Api, etag: str) -> None:
    now = api.get("/access-codes/U").json()
    assert api.put("/access-codes/U", {"code": "U", "name": "Ny"}, etag.format(**now)).status_code == 200


@pytest.mark.parametrize("etag", ["", "abc", '"abc', 'w/"abc"', '"a""b"x'], ids=str)
def test_what_is_no_etag_is_malformed(api: Api, etag: str) -> None:
    answer = api.put("/access-codes/U", {"code": "U", "name": "Ny"}, etag)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")


def test_a_change_needs_if_match(api: Api) -> None:
    for answer in (
        api.http.put("/access-codes/U", json={"code": "U", "name": "Ny"}),
        api.http.delete("/access-codes/U"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (428, "/problems/precondition-required")


def rename(api: Api, path: str, body: dict[str, Any], etag: str, key: str) -> httpx.Response:
    return api.http.post(f"{path}/rename", json=body, headers={"If-Match": etag, "Idempotency-Key": key})


def test_another_key_renames_and_what_refers_to_it_follows(api: Api) -> None:
    case = {
        "code": "NY",
        "name": "Ny",
        "series": "SAK",
        "ordering_principle": "emne",
        "retention": "B",
        "access_code": "U",
    }
    created = api.post("/case-types", case, "rename-1")
    assert created.status_code == 201
    now = api.get("/access-codes/U").json()
    assert api.put("/access-codes/U", {**now, "code": "V"}, now["etag"]).status_code == 422  # it must be safe to repeat
    answer = rename(api, "/access-codes/U", {**now, "code": "V"}, now["etag"], "key-1")
    assert (answer.status_code, answer.json()["code"]) == (200, "V")
    again = rename(api, "/access-codes/U", {**now, "code": "V"}, now["etag"], "key-1")
    assert (again.status_code, again.content, again.headers["ETag"]) == (200, answer.content, answer.headers["ETag"])
    assert rename(api, "/access-codes/U", {**now, "code": "V"}, now["etag"], "key-2").status_code == 404
    reused = rename(api, "/access-codes/U", {**now, "code": "W"}, now["etag"], "key-1")
    assert (reused.status_code, reused.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert api.get("/access-codes/U").status_code == 404
    followed = api.get("/case-types/NY").json()
    assert (followed["access_code"], followed["etag"] != created.json()["etag"]) == ("V", True)
    taken = api.get("/access-codes/V").json()
    assert rename(api, "/access-codes/V", taken, taken["etag"], "key-3").status_code == 422  # it has that key already
    assert rename(api, "/access-codes/V", {**taken, "code": "W"}, now["etag"], "key-4").status_code == 412
    refused = rename(api, "/access-codes/V", {**taken, "code": "XX"}, taken["etag"], "key-5")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/already-exists")


def test_a_change_by_hand_shows_in_the_etag_and_not_in_the_effects(api: Api) -> None:
    before = api.get("/access-codes/U").json()
    api.control.post(
        "/_sandbox/edit", json={"kind": "access_code", "key": "U", "set": {"name": "Rettet"}}
    ).raise_for_status()
    after = api.get("/access-codes/U").json()
    assert (after["name"], after["etag"] != before["etag"]) == ("Rettet", True)
    assert api.put("/access-codes/U", before, before["etag"]).status_code == 412
    assert api.effects() == []
