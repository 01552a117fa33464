"""Departments through the first routes, in both versions."""

import unicodedata
from typing import Any

import pytest


def test_the_seed_is_what_people_made_by_hand(api: Any) -> None:
    by_code = {each["code"]: each for each in api.get("/api/Departments/flat")}
    assert list(by_code) == ["OSLO", "FR-BYDEL", "FR-OPPV", "FR-HELSE", "FR-GAMMEL", "PROSJ", "TEST"]
    assert by_code["FR-BYDEL"]["externalId"] is None
    assert by_code["FR-BYDEL"]["abbreviation"] == "BFR"
    assert by_code["FR-HELSE"]["addr"] == "Sommerrogata 1"
    assert by_code["TEST"]["validToDate"] is not None


def test_every_id_in_an_answer_is_a_string(api: Any) -> None:
    created = api.new_department("A")
    assert created["id"] == "1008"
    assert created["parentDepartmentId"] == "1001"
    assert isinstance(created["gidId"], str)


def test_a_new_department_gets_what_the_server_gives(api: Any) -> None:
    answer = api.http.post(
        "/api/Departments",
        json={"externalID": "A", "departmentName": "Enhet", "departmentShortName": "AA", "departmentParentId": "1002"},
    )
    created = answer.json()
    assert answer.headers["location"] == f"/api/Departments/{created['id']}"
    assert (created["code"], created["abbreviation"], created["unit"], created["level"]) == ("AA", "AA", "Avd", "3")
    assert created["validFromDate"].endswith("Z")
    assert created["validToDate"] is None
    assert created == api.get(f"/api/Departments/{created['id']}") == api.department("A")
    assert created in api.get("/api/Departments/flat")


def test_without_a_short_name_the_code_is_counted(api: Any) -> None:
    created = api.new_department("A")
    assert created["code"] == created["abbreviation"] == "AVD1008"


def test_an_abbreviation_is_there_once_in_the_whole_base(api: Any) -> None:
    body = {
        "departmentName": "Enhet",
        "departmentParentId": "1001",
        "departmentShortName": "TEST",
    }  # a deactivated one's
    answer = api.http.post("/api/Departments", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"] == "Another department has this abbreviation."
    assert len(api.get("/api/Departments/flat")) == 7


@pytest.mark.parametrize("parent", [None, "", "0", "9999", "x", "-1", "99999999999999999999"])
def test_a_parent_must_exist_and_no_root_can_be_made(api: Any, parent: str | None) -> None:
    answer = api.http.post("/api/Departments", json={"departmentName": "Enhet", "departmentParentId": parent})
    assert answer.status_code == 422
    assert api.effects() == []


def test_a_name_is_trimmed_composed_and_cut(api: Any) -> None:
    decomposed = unicodedata.normalize("NFD", "Blåbær")
    assert api.new_department("A", departmentName=f"  {decomposed} ")["name"] == "Blåbær"
    assert api.new_department("B", departmentName="x" * 100)["name"] == "x" * 70


def test_the_length_of_a_name_can_be_set(start: Any) -> None:
    with start(name_limit=5) as api:
        assert api.new_department("A", departmentName="Oppvekst")["name"] == "Oppve"


def test_a_put_clears_what_it_leaves_out(api: Any) -> None:
    body = {"departmentName": "Ny", "departmentParentId": "1002", "externalID": "FR-HELSE", "departmentShortName": "NY"}
    answer = api.http.put("/api/Departments/1004", json=body)
    after = answer.json()
    assert answer.status_code == 200
    assert (after["addr"], after["phone"], after["unit"]) == (None, None, None)
    assert (after["name"], after["abbreviation"], after["code"]) == ("Ny", "NY", "FR-HELSE")
    assert after == api.get("/api/Departments/1004")


def test_a_put_leaves_alone_what_its_model_has_no_field_for(old: Any, new: Any) -> None:
    body = {"departmentName": "Ny", "departmentParentId": "1002"}
    assert old.http.put("/api/Departments/1004", json=body).json()["mailDistributionGroup"] == "302"
    assert new.http.put("/api/Departments/1004", json=body).json()["mailDistributionGroup"] is None


def test_the_newer_version_takes_a_second_name_for_the_parent(new: Any) -> None:
    body = {"departmentName": "A", "departmentParentId": "1002", "parentDepartmentId": "1001"}
    assert new.http.post("/api/Departments", json=body).json()["parentDepartmentId"] == "1001"
    body["parentDepartmentId"] = None
    assert new.http.post("/api/Departments", json=body).json()["parentDepartmentId"] == "1002"


def test_a_put_is_refused_where_it_must_be(api: Any) -> None:
    status = 500 if api.version == "3.0" else 400
    body = {"departmentName": "Ny", "departmentParentId": "1002"}
    for change in ({"departmentShortName": "OSLO"}, {"departmentParentId": "9999"}):
        answer = api.http.put("/api/Departments/1004", json=body | change)
        assert answer.status_code == status, answer.text
    assert api.department("FR-HELSE")["name"] == "Helse og mestring"
    assert api.http.put("/api/Departments/9999", json=body).status_code == status


def test_neither_cycles_nor_second_external_ids_are_looked_for(api: Any) -> None:
    inner = api.new_department("A", parent="1002")
    body = {"departmentName": "Frogner bydel", "departmentParentId": inner["id"]}
    assert api.http.put("/api/Departments/1002", json=body).status_code == 200
    assert api.http.put("/api/Departments/1002", json=body | {"departmentParentId": "1002"}).status_code == 200
    assert api.new_department("FR-HELSE")["externalId"] == "FR-HELSE"
    assert api.department("FR-HELSE")["id"] == "1004"  # the oldest
    assert len(api.get("/api/Departments")) == len(api.get("/api/Departments/flat")) == 9


def test_the_tree_puts_children_after_their_parent(api: Any) -> None:
    api.new_department("A", parent="1002")
    assert [each["code"] for each in api.get("/api/Departments")] == [
        *("OSLO", "FR-BYDEL", "FR-OPPV", "FR-HELSE", "FR-GAMMEL", "AVD1008", "PROSJ", "TEST")
    ]


def test_deactivation_sets_an_end_date_and_goes_no_further(api: Any) -> None:
    answer = api.http.get("/api/Departments/1002/deactivate")
    assert answer.status_code == 200
    assert isinstance(answer.json(), str)
    flat = {each["id"]: each["validToDate"] for each in api.get("/api/Departments/flat")}
    assert flat["1002"] is not None
    assert flat["1004"] is None

    answer = api.http.get("/api/Departments/1002/activate")
    assert (answer.status_code, answer.content) == (200, b"")
    assert api.get("/api/Departments/1002")["validToDate"] is None


def test_an_unknown_department(old: Any, new: Any) -> None:
    for path in ("/api/Departments/9999", "/api/Departments/x", "/api/Departments/external/NONE"):
        assert old.http.get(path).status_code == 204
        assert new.http.get(path).status_code == 404
    for api in (old, new):
        assert api.http.get("/api/Departments/9999/deactivate").status_code == 500


def test_every_write_leaves_its_mark(api: Any) -> None:
    number = api.new_department("A")["id"]
    api.http.put(f"/api/Departments/{number}", json={"departmentName": "B", "departmentParentId": "1001"})
    api.http.get(f"/api/Departments/{number}/deactivate")
    api.http.get(f"/api/Departments/{number}/activate")
    api.http.get("/api/Departments/flat")
    assert api.effects() == [
        ("department.create", "department", "A"),
        ("department.update", "department", "AVD1008"),
        ("department.deactivate", "department", "AVD1008"),
        ("department.activate", "department", "AVD1008"),
    ]
