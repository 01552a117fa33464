"""Everything that is wrong with an object, said at once and where."""

from typing import Any

import httpx
import pytest

from .conftest import CASE_TYPE, SUB_ORG, Api

CODE = {"code": "P", "name": "Personalsaker"}


def pointers(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    body = answer.json()
    assert (body["type"], body["status"]) == ("/problems/invalid", 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert all(set(error) == {"pointer", "detail"} and error["detail"] for error in body["errors"])
    return [error["pointer"] for error in body["errors"]]


def test_every_wrong_value_is_named_references_too(api: Api) -> None:
    body = {
        "code": "P",
        "series": "",
        "retention": "Q",
        "access_code": "NONE",
        "screening_level": 4,
        "retention_years": -1,
        "publish": "yes",
        "class_code": 12,
        "a/b~c": 1,
    }
    assert sorted(pointers(api.post("/case-types", body))) == sorted(
        [
            "/code",
            "/name",
            "/series",
            "/ordering_principle",
            "/class_code",
            "/access_code",
            "/screening_level",
            "/retention",
            "/retention_years",
            "/publish",
            "/a~1b~0c",
        ]
    )
    assert api.effects() == []


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/access-codes", {**CODE, "code": "P" * 13}, "/code"),
        ("/access-codes", {**CODE, "code": "A/B"}, "/code"),
        ("/access-codes", {**CODE, "code": ""}, "/code"),
        ("/access-codes", {**CODE, "name": None}, "/name"),
        ("/access-codes", {**CODE, "active": None}, "/active"),
        ("/access-codes", {**CODE, "active": "true"}, "/active"),
        ("/access-codes", {**CODE, "screening_level": True}, "/screening_level"),
        ("/access-codes", {**CODE, "screening_years": 1.5}, "/screening_years"),
        ("/access-codes", {**CODE, "screening_years": 10**30}, "/screening_years"),
        ("/access-codes", {**CODE, "description": "\x00"}, "/description"),
        ("/access-codes", {**CODE, "publishable": "maybe"}, "/publishable"),
        ("/access-codes", {**CODE, "legal_basis": "§ 13"}, "/legal_basis"),
        ("/access-codes", {**CODE, "legal_basis": [{}]}, "/legal_basis/0/reference"),
        (
            "/access-codes",
            {**CODE, "legal_basis": [{"reference": "§", "valid_from": "2024-02-02", "valid_to": "2024-02-01"}]},
            "/legal_basis/0/valid_to",
        ),
        ("/case-types", {**CASE_TYPE, "code": "P"}, "/code"),
        ("/case-types", {**CASE_TYPE, "access_code": "Q"}, "/access_code"),
        ("/sub-orgs", {**SUB_ORG, "orgnr": "310000001"}, "/orgnr"),
        ("/sub-orgs", {**SUB_ORG, "orgnr": "31000000"}, "/orgnr"),
        ("/sub-orgs", {**SUB_ORG, "orgnr": 310000000}, "/orgnr"),
        ("/sub-orgs", {**SUB_ORG, "orgnr": "31000000٠"}, "/orgnr"),
        ("/sub-orgs", {**SUB_ORG, "district": "Grünerløkka"}, "/district"),
        ("/sub-orgs", {**SUB_ORG, "unit": "NO-SUCH"}, "/unit"),
        ("/sub-orgs", {**SUB_ORG, "unit": "\x00"}, "/unit"),
        ("/sub-orgs", {**SUB_ORG, "batch": "NO-SUCH"}, "/batch"),
        ("/sub-orgs", {**SUB_ORG, "level": 2}, "/level"),
        ("/sub-orgs", {**SUB_ORG, "readers": [1]}, "/readers/0"),
        ("/sub-orgs", {**SUB_ORG, "valid_from": "2023-02-29"}, "/valid_from"),
        ("/sub-orgs", {**SUB_ORG, "valid_from": "20230228"}, "/valid_from"),
        ("/sub-orgs", {**SUB_ORG, "valid_from": "2023-02-28T00:00:00"}, "/valid_from"),
        ("/sub-orgs", {**SUB_ORG, "valid_from": "2024-02-02", "valid_to": "2024-02-01"}, "/valid_to"),
        ("/licences", {"code": "L", "product": "x", "bought": -1}, "/bought"),
        ("/licences", {"code": "L", "product": "x", "bought": 1, "allotments": {"A B": 1}}, "/allotments/A B"),
        ("/licences", {"code": "L", "product": "x", "bought": 1, "allotments": {"a": -1}}, "/allotments/a"),
        ("/rollout-batches", {"code": "B", "name": "x", "districts": ["a", "B"]}, "/districts/1"),
        ("/access-codes", [], ""),
        ("/access-codes", "P", ""),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_one_wrong_value(api: Api, path: str, body: Any, pointer: str) -> None:
    assert pointers(api.post(path, body)) == [pointer]


def test_the_check_digit_is_told(api: Api) -> None:
    answer = api.post("/sub-orgs", {**SUB_ORG, "orgnr": "974778721"})
    assert "should be 6" in answer.json()["errors"][0]["detail"]


def test_a_reference_is_checked_even_when_another_day_is_out_of_order(api: Api) -> None:
    body = {**SUB_ORG, "unit": "NO-SUCH", "valid_from": "2024-02-02", "valid_to": "2024-02-01"}
    assert sorted(pointers(api.post("/sub-orgs", body))) == ["/unit", "/valid_to"]


def test_read_only_fields_are_ignored(api: Api) -> None:
    created = api.made("/access-codes", {**CODE, "etag": 1, "updated_at": []})
    assert isinstance(created["etag"], str)


def test_a_whole_number_may_be_written_with_a_point(api: Api) -> None:
    assert api.made("/access-codes", {**CODE, "screening_years": 60.0})["screening_years"] == 60


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"code": NaN}',
        b'{"code": 1, "code": 2}',
        '{"code": "Ø"}'.encode("latin-1"),
        b"[" * 100_000,
        b"\xef\xbb\xbf{}",
    ],
    ids=["empty", "cut", "nan", "twice", "latin-1", "deep", "byte order mark"],
)
def test_what_is_not_json_is_malformed(api: Api, content: bytes) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    answer = api.http.post("/access-codes", content=content, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/*+json", "Application/JSON"])
def test_json_by_any_of_its_names(api: Api, content_type: str) -> None:
    headers = {"Content-Type": content_type, "Idempotency-Key": f"k-{content_type}"}
    assert api.http.post("/access-codes", content=b'{"code":"P","name":"x"}', headers=headers).status_code == 201


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/xml"])
def test_another_type_of_body_is_malformed(api: Api, content_type: str) -> None:
    headers = {"Content-Type": content_type, "Idempotency-Key": "k"}
    answer = api.http.post("/access-codes", content=b'{"code":"P","name":"x"}', headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1.5", ""])
def test_a_page_size_out_of_bounds(api: Api, limit: str) -> None:
    answer = api.get("/access-codes", limit=limit)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
    assert answer.json()["errors"][0]["parameter"] == "limit"
