"""Access groups, their members, and who distributes post; then the small subjects."""

from typing import Any

import pytest
from sqlalchemy import insert, update

from websakctl.sandbox.database import access_group, department

V2 = "/api/v2/accessgroups"


def members(api: Any, group: str = "301") -> list[int]:
    result: list[int] = api.get(f"/api/AccessGroups/members/{group}")
    return result


def memberships(api: Any, query: str = "") -> list[str]:
    return [each["groupName"] for each in api.get(f"/api/Users/20005/AccessGroupMembership{query}")]


def test_a_group_is_made_and_may_be_made_twice(api: Any) -> None:
    answer = api.http.post("/api/AccessGroups", json={"groupName": "  Barnevern "})
    created = answer.json()
    assert (answer.status_code, created["groupName"], created["groupId"]) == (201, "Barnevern", "303")
    assert api.http.post("/api/AccessGroups", json={"groupName": "Barnevern"}).json()["groupId"] == "304"
    assert [each["groupName"] for each in api.get("/api/AccessGroups")] == [
        *("Alle brukere", "Postmottak", "Barnevern", "Barnevern")
    ]
    assert api.effects() == [("access_group.create", "access_group", "Barnevern")] * 2


@pytest.mark.parametrize("body", [{}, {"groupName": None}, {"groupName": "  "}])
def test_a_group_needs_a_name(api: Any, body: dict[str, Any]) -> None:
    assert api.http.post("/api/AccessGroups", json=body).status_code == 422


def test_one_group_comes_in_a_list_in_the_older_version(old: Any, new: Any) -> None:
    assert [each["groupName"] for each in old.get("/api/AccessGroups/301")] == ["Alle brukere"]
    assert old.get("/api/AccessGroups/members/301") == old.get("/api/AccessGroups/301")
    assert old.get("/api/AccessGroups/999") == []
    assert new.get("/api/AccessGroups/301")["groupName"] == "Alle brukere"
    assert new.http.get("/api/AccessGroups/999").status_code == 404
    assert new.get("/api/AccessGroups/members/301") == []


def test_the_writing_gets_write(api: Any) -> None:
    user = "/api/Users/20005"
    assert isinstance(api.get(f"{user}/AddUserToAccessGroup/301"), str)
    api.get(f"{user}/AddUserToAccessGroupByGroupName/Postmottak")
    assert memberships(api) == ["Alle brukere", "Postmottak"]
    api.get(f"{user}/RemoveUserFromAccessGroup/301")
    api.get(f"{user}/RemoveUserFromAccessGroupName/Postmottak")
    assert memberships(api) == []
    assert api.effects() == [
        ("access_group.add_member", "access_group", "Alle brukere"),
        ("access_group.add_member", "access_group", "Postmottak"),
        ("access_group.remove_member", "access_group", "Alle brukere"),
        ("access_group.remove_member", "access_group", "Postmottak"),
    ]


def test_membership_is_a_desired_state(new: Any) -> None:
    for path in (f"{V2}/301/members/20005", f"{V2}/by-name/Alle%20brukere/members/20005"):
        for method, after in (("PUT", [20005]), ("PUT", [20005]), ("DELETE", []), ("DELETE", []), ("PUT", [20005])):
            answer = new.http.request(method, path)
            assert (answer.status_code, type(answer.json())) == (200, str)
            assert members(new) == after
    assert new.http.delete("/api/AccessGroups/301/members/20005").status_code == 200
    assert members(new) == []


def test_a_name_must_mean_one_group(new: Any) -> None:
    path = f"{V2}/by-name/Barnevern/members/20005"
    assert new.http.put(path).status_code == 404
    new.http.post("/api/AccessGroups", json={"groupName": "Barnevern"})
    assert new.http.put(path).status_code == 200
    new.http.post("/api/AccessGroups", json={"groupName": "Barnevern"})
    answer = new.http.put(path)
    assert (answer.status_code, answer.json()["detail"]) == (404, "2 access groups match, not one.")


def test_an_unknown_group_or_user(old: Any, new: Any) -> None:
    for path in (f"{V2}/999/members/20005", f"{V2}/301/members/99999", f"{V2}/301/members/sys-byark"):
        assert new.http.put(path).json()["status"] == 404
    add = "/api/Users/20005/AddUserToAccessGroup/999"
    assert new.http.get(add).json()["status"] == 404
    assert isinstance(old.http.get(add).json(), str)
    assert old.http.get(add).status_code == 500
    assert old.effects() == new.effects() == []


def test_memberships_can_be_narrowed(new: Any) -> None:
    with new.app.state.database.write() as connection:
        connection.execute(insert(access_group).values(id=390, name="Intern", general=False))
    for group in ("301", "390"):
        new.http.put(f"{V2}/{group}/members/20005").raise_for_status()
    assert memberships(new) == ["Alle brukere", "Intern"]
    assert memberships(new, "?internal=true") == ["Intern"]
    assert memberships(new, "?internal=false") == ["Alle brukere"]
    assert memberships(new, "?internal=perhaps") == ["Alle brukere"]
    assert [each["groupId"] for each in new.get("/api/AccessGroups")] == ["301", "302"]
    assert new.get("/api/Admin/generalaccessgroupcount") == 2


def test_who_distributes_post_is_in_the_departments_group(api: Any) -> None:
    assert isinstance(api.get("/api/Users/20005/AddUserAsPostDistributor/FR-HELSE"), str)
    assert memberships(api) == ["Postmottak"]
    api.get("/api/Users/20005/RemoveUserAsPostDistributor/FR-HELSE")
    assert memberships(api) == []
    assert api.http.get("/api/Users/20005/AddUserAsPostDistributor/FR-OPPV").status_code == 500  # has no group
    assert api.http.get("/api/Users/20005/AddUserAsPostDistributor/NONE").status_code == 500


@pytest.mark.parametrize("base", ["/api/v2/departments", "/api/v2/DepartmentsV2"])
def test_the_newer_way_to_distribute_post(new: Any, base: str) -> None:
    path = f"{base}/external/FR-HELSE/post-distributors/20005"
    assert new.http.put(path).status_code == 200
    assert members(new, "302") == [20005]
    assert new.http.delete(path).status_code == 200
    assert members(new, "302") == []
    assert new.http.put(f"{base}/external/FR-HELSE/post-distributors/99999").status_code == 404
    with new.app.state.database.write() as connection:
        connection.execute(update(department).values(mail_distribution_group="999"))
    assert new.http.put(path).status_code == 404


def test_zones_and_their_environments(api: Any) -> None:
    environments = api.get("/api/Zones")
    assert [(each["id"], each["zone"]["name"], each["zone"]["isSensitive"]) for each in environments] == [
        (1, "Åpen sone", False),
        (2, "Intern sone", False),
        (3, "Sikker sone", True),
    ]


def test_what_an_administrator_is_told(new: Any) -> None:
    assert new.get("/api/Admin/usercount") == 5
    assert new.get("/api/Admin/departmentcount") == 7
    assert new.get("/api/Admin/generalaccessgroupcount") == 2
    assert [each["scheme"] for each in new.get("/api/Admin/availableidentityproviders")] == ["AD", "EntraId"]
