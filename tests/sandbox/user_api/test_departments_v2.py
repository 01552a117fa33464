"""Departments through the second routes, and the mark on the deprecated ones."""

from typing import Any

import pytest
from sqlalchemy import insert

from websakctl.sandbox.database import department

BASES = ["/api/v2/departments", "/api/v2/DepartmentsV2"]


@pytest.mark.parametrize("base", BASES)
def test_one_model_goes_both_ways(new: Any, base: str) -> None:
    body = {
        "externalId": "A",
        "code": "KODE",
        "abbreviation": "KORT",
        "name": "Enhet",
        "parentDepartmentId": "1001",
        "unit": "Seksjon",
        "emails": ["a@example.org", "b@example.org"],
        "personalOrOrganizationNumber": "310000001",
        "canPerformDisclosureReview": True,
        "mailDistributionGroup": "301",
        "div5": "x",
        "emailAddr": "c@example.org",
    }
    answer = new.http.post(base, json=body)
    created = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v2/departments/{created['id']}"
    assert {name: created[name] for name in body} == body
    assert created == new.get(f"{base}/{created['id']}") == new.get(f"{base}/external/A")
    assert created in new.get(f"{base}/flat")

    again = new.http.put(f"{base}/{created['id']}", json=created | {"name": "Ny", "id": "1001"}).json()
    assert again == created | {"name": "Ny"}


def test_what_the_server_owns_cannot_be_written(new: Any) -> None:
    body = {"name": "Enhet", "parentDepartmentId": "1001", "code": "A"}
    owned = {
        "id": "7",
        "gidId": "7",
        "level": "7",
        "journalUnitId": "7",
        "archiveUnit": "7",
        "group": "7",
        "intralink": "7",
        "addr3": "7",
        "addr4": "7",
        "validToDate": "2020-01-01T00:00:00Z",
    }
    created = new.http.post("/api/v2/departments", json=body | owned).json()
    assert not {name for name, value in owned.items() if created[name] == value}
    after = new.http.put(f"/api/v2/departments/{created['id']}", json=body | owned | {"code": "B", "unit": "B"}).json()
    assert not {name for name, value in owned.items() if after[name] == value}
    assert (after["code"], after["unit"]) == ("A", "Avd")  # once and for all


def test_abbreviation_and_code_stand_in_for_each_other(new: Any) -> None:
    body = {"name": "Enhet", "parentDepartmentId": "1001"}
    created = new.http.post("/api/v2/departments", json=body | {"code": "A"}).json()
    assert (created["code"], created["abbreviation"]) == ("A", "A")
    created = new.http.post("/api/v2/departments", json=body | {"abbreviation": "B"}).json()
    assert (created["code"], created["abbreviation"]) == ("B", "B")
    assert new.http.post("/api/v2/departments", json=body | {"code": "A"}).status_code == 422


def test_a_put_clears_what_it_leaves_out(new: Any) -> None:
    after = new.http.put("/api/v2/departments/1004", json={"parentDepartmentId": "1002"}).json()
    cleared = ("name", "abbreviation", "externalId", "addr", "phone", "mailDistributionGroup")
    assert [after[name] for name in cleared] == [None] * len(cleared)
    assert (after["code"], after["unit"]) == ("FR-HELSE", "Avd")


def test_a_put_is_refused_with_400(new: Any) -> None:
    body = new.get("/api/v2/departments/1004")
    for change in ({"abbreviation": "OSLO"}, {"parentDepartmentId": "9999"}):
        assert new.http.put("/api/v2/departments/1004", json=body | change).status_code == 400
    assert new.http.put("/api/v2/departments/x", json=body).status_code == 400
    assert new.get("/api/v2/departments/1004") == body


@pytest.mark.parametrize("base", BASES)
def test_activation_is_a_thing_of_its_own(new: Any, base: str) -> None:
    answer = new.http.delete(f"{base}/1004/activation")
    assert (answer.status_code, type(answer.json())) == (200, str)
    assert new.department("FR-HELSE")["validToDate"] is not None
    answer = new.http.put(f"{base}/1004/activation")
    assert (answer.status_code, answer.content) == (200, b"")
    assert new.department("FR-HELSE")["validToDate"] is None
    assert new.http.put(f"{base}/9999/activation").status_code == 500
    assert "deprecation" not in answer.headers


def test_the_hierarchy_is_nested(new: Any) -> None:
    root = new.get("/api/v2/departments")
    assert root["department"]["code"] == "OSLO"
    below = {each["department"]["code"]: each["subdepartments"] for each in root["subdepartments"]}
    assert list(below) == ["FR-BYDEL", "PROSJ", "TEST"]
    assert [each["department"]["code"] for each in below["FR-BYDEL"]] == ["FR-OPPV", "FR-HELSE", "FR-GAMMEL"]
    assert below["PROSJ"] == []


def test_several_roots_and_loops_lose_nobody(new: Any) -> None:
    new.http.put("/api/v2/departments/1002", json={"code": "x"}).raise_for_status()  # a root now
    new.http.put("/api/v2/departments/1006", json={"parentDepartmentId": "1006"}).raise_for_status()  # its own parent
    tops = new.get("/api/v2/departments")["subdepartments"]
    assert [each["department"]["code"] for each in tops] == ["OSLO", "FR-BYDEL", "PROSJ"]
    assert len(tops[1]["subdepartments"]) == 3


def test_a_hierarchy_may_be_very_deep(new: Any) -> None:
    chain = [{"id": 2000 + depth, "code": f"D{depth}", "parent_department_id": 1999 + depth} for depth in range(3000)]
    chain[0]["parent_department_id"] = 1001
    with new.app.state.database.write() as connection:
        connection.execute(insert(department), chain)
    text = new.http.get("/api/v2/departments").text
    assert text.count('"department":') == 3007
    assert text.count("{") == text.count("}")
    assert len(new.get("/api/Departments")) == 3007


def test_the_deprecated_gets_say_so_and_name_their_heirs(new: Any, old: Any) -> None:
    heirs = {
        "/api/Departments/1004/activate": "/api/v2/departments/1004/activation",
        "/api/Departments/1004/deactivate": "/api/v2/departments/1004/activation",
        "/api/Users/20005/Activate": "/api/v2/users/20005/activation",
        "/api/Users/20005/Deactivate": "/api/v2/users/20005/activation",
        "/api/Users/20005/AddUserToAccessGroup/301": "/api/v2/accessgroups/301/members/20005",
        "/api/Users/20005/RemoveUserFromAccessGroup/301": "/api/v2/accessgroups/301/members/20005",
        "/api/Users/20005/AddUserToAccessGroupByGroupName/Alle%20brukere": (
            "/api/v2/accessgroups/by-name/Alle%20brukere/members/20005"
        ),
        "/api/Users/20005/RemoveUserFromAccessGroupName/Alle%20brukere": (
            "/api/v2/accessgroups/by-name/Alle%20brukere/members/20005"
        ),
        "/api/Users/20005/AddUserAsPostDistributor/FR-HELSE": (
            "/api/v2/departments/external/FR-HELSE/post-distributors/20005"
        ),
        "/api/Users/20005/RemoveUserAsPostDistributor/FR-HELSE": (
            "/api/v2/departments/external/FR-HELSE/post-distributors/20005"
        ),
    }
    for path, heir in heirs.items():
        answer = new.http.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["deprecation"] == "true"
        assert answer.headers["sunset"] == "Sat, 01 Jan 2028 00:00:00 GMT"
        assert answer.headers["link"] == f'<{heir}>; rel="successor-version"'
        assert new.http.put(heir).status_code == 200
        before = old.http.get(path)
        assert before.status_code == 200, path
        assert "deprecation" not in before.headers
