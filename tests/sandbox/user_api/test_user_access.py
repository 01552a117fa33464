"""Roles, access functions and login mappings."""

from typing import Any

import pytest


def test_a_role_is_assigned_and_taken_away(api: Any) -> None:
    body = {"id": "SB", "departmentList": "1001, 1004", "gradeList": "U,P"}
    answer = api.http.post("/api/Users/20005/roles", json=body)
    created = answer.json()
    assert answer.status_code == 201
    assert created == {
        "roleId": created["roleId"],
        "userId": "20005",
        "id": "SB",
        "description": None,
        "departmentList": "1001, 1004",
        "archiveList": "",
        "journalUnitList": "",
        "gradeList": "U,P",
    }
    assert api.get("/api/Users/SYS-BYARK/roles?lookupField=Code") == [created]
    assert api.http.post("/api/Users/20005/roles", json=body).status_code == 409
    assert api.http.post("/api/Users/20005/roles", json=body | {"gradeList": "U"}).status_code == 201

    path = f"/api/Users/20005/roles/{created['roleId']}"
    assert api.http.delete(path).status_code == 200
    answer = api.http.delete(path)
    assert (answer.status_code, answer.json()) == (404, "The user has no such role.")
    assert api.http.delete("/api/Users/20005/roles/7001").status_code == 404  # another user's
    assert api.http.delete("/api/Users/20005/roles/x").status_code == 400


@pytest.mark.parametrize("body", [{}, {"id": " "}, {"id": "SB", "departmentList": "1001,BFR"}, {"id": 7}])
def test_a_role_that_says_too_little_is_refused(api: Any, body: dict[str, Any]) -> None:
    assert api.http.post("/api/Users/20005/roles", json=body).status_code == 400
    assert api.effects() == []


@pytest.mark.parametrize("missing", ["departmentList", "gradeList"])
def test_the_older_version_requires_departments_and_grades(old: Any, new: Any, missing: str) -> None:
    body = {"id": "SB", "departmentList": "1001", "gradeList": "U"}
    for less in ({missing: ""}, {missing: None}):
        answer = old.http.post("/api/Users/20005/roles", json=body | less)
        assert (answer.status_code, answer.json()) == (400, "departmentList and gradeList are required.")
    del body[missing]
    assert old.http.post("/api/Users/20005/roles", json=body).status_code == 400
    assert new.http.post("/api/Users/20005/roles", json=body).json()[missing] == ""


def test_access_functions_are_set_added_and_taken_away(api: Any) -> None:
    path = "/api/Users/20005/accesscodes"

    def codes(method: str, *given: str) -> str:
        answer = api.http.request(method, path, json={"codes": given})
        assert answer.status_code == 200, answer.text
        text: str = answer.json()["userAccessCodes"]
        return text

    assert codes("PUT", "20", "10", "20") == "20,10"
    assert codes("POST", "10", "30") == "20,10,30"
    assert codes("DELETE", "10", "99") == "20,30"
    assert codes("PUT") == ""
    assert [operation for operation, _kind, _key in api.effects()] == [
        "user.set_access_codes",
        "user.add_access_codes",
        "user.remove_access_codes",
        "user.set_access_codes",
    ]


@pytest.mark.parametrize("body", [{}, {"codes": None}, {"codes": [""]}, {"codes": ["a,b"]}, {"codes": [7]}])
def test_bad_access_functions_are_refused(api: Any, body: dict[str, Any]) -> None:
    for method in ("PUT", "POST", "DELETE"):
        assert api.http.request(method, "/api/Users/20005/accesscodes", json=body).status_code == 400


def test_an_unknown_user_is_said_in_text(api: Any) -> None:
    for method, path, body in (
        ("GET", "roles", None),
        ("POST", "roles", {"id": "SB", "departmentList": "1001", "gradeList": "U"}),
        ("DELETE", "roles/7001", None),
        ("PUT", "accesscodes", {"codes": []}),
    ):
        answer = api.http.request(method, f"/api/Users/99999/{path}", json=body)
        assert (answer.status_code, answer.json()) == (404, "There is no such user.")


def test_login_mappings_are_replaced_whole(new: Any) -> None:
    path = "/api/Users/20005/useraccesses"
    assert new.get(path) == []
    answer = new.http.put(path, json=[{"key": "a"}, {"provider": "EntraId", "key": "b", "isPrimary": False, "id": 7}])
    assert answer.json() == [
        {"domain": None, "provider": "AD", "key": "a", "isPrimary": True, "id": 20005},
        {"domain": None, "provider": "EntraId", "key": "b", "isPrimary": False, "id": 20005},
    ]
    assert new.get(path) == answer.json()


@pytest.mark.parametrize("body", [[], [{"provider": "ad"}], [{"isPrimary": None}], {}, "AD", [7]])
def test_bad_login_mappings_are_refused(new: Any, body: Any) -> None:
    assert new.http.put("/api/Users/20005/useraccesses", json=body).status_code == 400


def test_login_mappings_want_a_number(new: Any) -> None:
    assert new.http.get("/api/Users/sys-byark/useraccesses").status_code == 400
    assert new.http.get("/api/Users/99999/useraccesses").status_code == 404
    assert new.http.get("/api/Users/99999999999/useraccesses").status_code == 404
