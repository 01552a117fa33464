"""How requests are read: paths, types and bodies."""

from typing import Any

import pytest

NEW = '{"departmentName": "Ny", "departmentParentId": "1001", "departmentShortName": "NY"}'


@pytest.mark.parametrize("path", ["/api/Departments/flat", "/API/departments/FLAT", "/api/departments/flat/"])
def test_case_and_a_slash_at_the_end_do_not_matter(api: Any, path: str) -> None:
    assert len(api.get(path)) == 7


def test_keys_in_a_path_keep_their_case(api: Any) -> None:
    assert api.get("/API/DEPARTMENTS/EXTERNAL/FR-HELSE")["name"] == "Helse og mestring"
    assert api.http.get("/api/departments/external/fr-helse").status_code in (204, 404)


def test_a_name_with_a_slash_stays_one_name(api: Any) -> None:
    api.http.post("/api/AccessGroups", json={"groupName": "Arkiv/Post æøå"}).raise_for_status()
    answer = api.http.get("/api/Users/20005/AddUserToAccessGroupByGroupName/Arkiv%2FPost%20%C3%A6%C3%B8%C3%A5")
    assert answer.status_code == 200, answer.text


def test_an_unknown_path_and_an_unknown_method(api: Any) -> None:
    assert api.http.get("/api/Nothing").status_code == 404
    answer = api.http.delete("/api/Departments/1001")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PUT")


def test_a_writing_get_does_not_write_on_head(api: Any) -> None:
    assert api.http.head("/api/Departments/1004/deactivate").status_code == 405
    assert api.department("FR-HELSE")["validToDate"] is None


@pytest.mark.parametrize("path", ["/api/v2/departments", "/api/v2/DepartmentsV2/flat", "/api/Admin/usercount"])
def test_the_older_version_lacks_the_newer_routes(old: Any, new: Any, path: str) -> None:
    assert old.http.get(path).status_code == 404
    assert new.http.get(path).status_code == 200


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "text/json",
        "application/*+json",
        "application/scim+json",
        "APPLICATION/JSON",
    ],
)
def test_every_json_type_is_taken(api: Any, kind: str) -> None:
    answer = api.http.post("/api/Departments", content=NEW, headers={"Content-Type": kind})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("kind", ["application/xml", "text/plain", ""])
def test_no_other_type_is(api: Any, kind: str) -> None:
    answer = api.http.post("/api/Departments", content=NEW, headers={"Content-Type": kind})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"NaN",
        b"\xff\xfe",
        b'{"departmentName": 1}',
        b'{"departmentName": {}}',
        b'{"departmentParentId": 1001}',
        b'{"externalID": ["A"]}',
        b"[" * 100_000,
        b"9" * 10_000,
    ],
)
def test_what_cannot_be_read_is_a_problem(api: Any, content: bytes) -> None:
    answer = api.http.post("/api/Departments", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["status"] == 400
    assert answer.json()["errors"]


def test_an_operation_that_speaks_text_still_says_unreadable_as_a_problem(api: Any) -> None:
    answer = api.http.post("/api/Users", json={"name": 7})
    assert (answer.status_code, answer.json()["title"]) == (400, "Bad Request")


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "offset=-1", "limit=99999999999", "includeRoles=perhaps"])
def test_a_bad_query_is_a_problem(api: Any, query: str) -> None:
    assert api.http.get(f"/api/Users?{query}").status_code == 400


def test_unknown_fields_are_passed_over(api: Any) -> None:
    created = api.new_department("A", departmentUnknown=[1, {}], id="7")
    assert created["id"] == "1008"


def test_what_no_database_keeps_is_replaced(api: Any) -> None:
    body = b'{"departmentName": "a\\u0000b\\ud800c", "departmentParentId": "1001"}'
    answer = api.http.post("/api/Departments", content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["name"] == "a\ufffdb\ufffdc"
