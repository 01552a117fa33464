"""Users: finding, making, replacing, activating."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from websakctl.sandbox import seed
from websakctl.sandbox.database import user


def post(api: Any, body: dict[str, Any], **query: Any) -> Any:
    return api.http.post("/api/Users", json=body, params=query)


def test_the_seed_has_templates_and_one_ordinary_user(api: Any) -> None:
    users = api.get("/api/Users")
    assert [user["code"] for user in users] == [*("MAL-SAKSB", "MAL-LEDER", "MAL-ARKIV", "MAL-UTVALG", "SYS-BYARK")]
    assert {user["orgUnitId"] for user in users} == {"OSLO"}
    assert all(user["active"] for user in users)


def test_pages_end_with_an_empty_one(api: Any) -> None:
    assert [user["gidId"] for user in api.get("/api/Users?limit=2&offset=3")] == ["20004", "20005"]
    for query in ("offset=5", "limit=0", "offset=2147483647"):
        answer = api.http.get(f"/api/Users?{query}")
        assert (answer.status_code, answer.content) == (204, b"")


def test_a_user_is_found_by_id_login_or_code(api: Any) -> None:
    for path in ("20002", "mal-leder", "MAL-LEDER?lookupField=Code", "mal-leder?lookupField=id"):
        assert api.get(f"/api/Users/{path}")["gidId"] == "20002"
    for path in ("MAL-LEDER", "20002?lookupField=Code", "99999"):
        answer = api.http.get(f"/api/Users/{path}")
        assert (answer.status_code, answer.json()["status"]) == (404, 404)


def test_what_can_only_be_written_is_never_answered(api: Any) -> None:
    body = {
        "userAccesses": [{"provider": "AD", "key": "hemmelig-nokkel"}],
        "mailAddresses": ["a1@example.org", "a2@example.org"],
        "accessToZones": [3],
        "externalDepartmentId": "FR-OPPV",
    }
    created = api.new_user("A1", username="hemmelig-navn", **body)
    fields = {"username", "mailAddresses", "userAccesses", "accessToZones", "userType", "externalDepartmentId"}
    assert not fields & created.keys()
    text = api.http.get(f"/api/Users/{created['gidId']}").text
    assert "hemmelig" not in text
    assert "example.org" not in text
    with_mail = api.get(f"/api/Users/{created['gidId']}?includeEmailAddresses=true")
    assert (with_mail["emailAddr"], with_mail["emailAddr2"]) == ("a1@example.org", "a2@example.org")
    assert api.get("/api/Users?includeEmailAddresses=true")[-1]["emailAddr"] == "a1@example.org"


def test_a_new_user_has_the_templates_roles_and_functions(api: Any) -> None:
    created = api.new_user("A1", accessTemplateId="20002")
    reported = api.get(f"/api/Users/{created['gidId']}?includeUserAccess=true")
    assert reported["userAccessCodes"] == "10,20,30"
    assert [function["code"] for function in reported["userAccessFunctions"]] == ["10", "20", "30"]
    roles = api.get(f"/api/Users/{created['gidId']}/roles")
    assert [(role["id"], role["departmentList"]) for role in roles] == [("LD", "1001")]
    assert roles[0]["roleId"] != api.get("/api/Users/20002/roles")[0]["roleId"]
    assert created["orgUnitId"] == "OSLO"  # the template's department
    assert api.new_user("A2")["accessTemplateId"] == "-1"


@pytest.mark.parametrize(
    "fields, department",
    [
        ({"departmentCode": "FR-HELSE"}, "1004"),
        ({"departmentCode": "BFR"}, "1002"),
        ({"departmentCode": "FR-BYDEL"}, "1002"),
        ({"externalDepartmentId": "FR-OPPV"}, "1003"),
        ({"departmentCode": "FR-HELSE", "externalDepartmentId": "FR-OPPV"}, "1004"),
        ({"departmentCode": "NONE", "externalDepartmentId": "FR-OPPV"}, "1001"),
        ({"externalDepartmentId": "NONE"}, "1001"),
        ({"departmentId": "1003"}, "1003"),
        ({}, "1001"),
    ],
)
def test_where_a_user_lands(api: Any, fields: dict[str, str], department: str) -> None:
    """The code wins; one that is unknown puts the user, without a word, where the template is."""
    assert api.new_user("A1", accessTemplateId="20001", **fields)["departmentId"] == department


def test_without_a_template_an_unknown_department_is_none(api: Any) -> None:
    created = api.new_user("A1", departmentCode="NONE")
    assert (created["departmentId"], created["departmentCode"], created["orgUnitId"]) == (None, None, None)


@pytest.mark.parametrize("template", ["99999", "20005", "x"])
def test_a_template_has_to_be_one(api: Any, template: str) -> None:
    answer = post(api, {"code": "A1", "username": "a1", "accessTemplateId": template})
    assert (answer.status_code, answer.json()) == (refusal(api), "There is no such template user.")


def test_the_older_version_updates_who_is_there(old: Any) -> None:
    number = old.new_user("A1", title="Konsulent")["gidId"]
    for body in (
        {"code": "A1", "lookupField": "Code", "name": "Ny"},
        {"code": "A1", "id": number, "name": "Ny"},
        {"code": "A1", "username": "a1", "name": "Ny"},
    ):
        answer = post(old, body)
        assert (answer.status_code, answer.json()["gidId"], answer.json()["name"]) == (200, number, "Ny")
        assert answer.json()["title"] is None
        post(old, {"code": "A1", "id": number, "username": "a1"})
    assert len(old.get("/api/Users")) == 6


def test_the_newer_version_does_so_only_when_asked(new: Any) -> None:
    new.new_user("A1")
    body = {"code": "A1", "lookupField": "Code", "name": "Ny", "username": "a1"}
    assert post(new, body).status_code == 409
    assert post(new, body, feilVedEksisterende="true").status_code == 409
    assert post(new, body, feilVedEksisterende="false").status_code == 200
    assert new.get("/api/Users/a1")["name"] == "Ny"


def test_two_users_cannot_share_code_or_login(api: Any) -> None:
    api.new_user("A1")
    # Looked for by id, the other is not found, so this is no update.
    refused = 409 if api.version == "3.3" else 500
    assert post(api, {"code": "A1", "id": "99999", "username": "b"}).status_code == refused
    assert post(api, {"code": "B1", "id": "99999", "username": "a1"}).status_code == refused
    other = api.new_user("B1")["gidId"]
    assert api.http.put(f"/api/Users/{other}", json={"code": "A1"}).status_code == 400


def test_an_ordinary_user_needs_a_login(new: Any, old: Any) -> None:
    assert post(new, {"code": "A1"}).status_code == 400
    assert post(new, {"code": "A1", "userType": "P"}).status_code == 201
    assert post(new, {"code": "A2", "userAccesses": [{"key": "a2"}]}).status_code == 201
    assert post(old, {"code": "A1"}).status_code == 201


def test_a_secondary_user_stands_beside_one_primary(new: Any) -> None:
    body = {"code": "S1", "isSecondaryUser": True, "mailAddresses": ["A@example.org "]}
    assert post(new, body).status_code == 400  # nobody has the address
    new.new_user("A1", mailAddresses=["a@example.org"])
    assert post(new, body | {"username": "s1"}).status_code == 400
    assert post(new, body | {"mailAddresses": []}).status_code == 400
    assert post(new, body).status_code == 201
    twin = new.new_user("A2", mailAddresses=["a@example.org"])["gidId"]
    assert post(new, body | {"code": "S2"}).status_code == 409
    new.http.delete(f"/api/v2/users/{twin}/activation").raise_for_status()
    assert post(new, body | {"code": "S2"}).status_code == 201


def test_a_put_clears_what_it_leaves_out_and_spares_the_rest(api: Any) -> None:
    """Zones become the database's default, and on 3.0 login mappings are gone: no other route brings them back."""
    created = api.new_user(
        "A1",
        accessTemplateId="20001",
        title="Konsulent",
        accessToZones=[3],
        userAccesses=[{"key": "a1"}],
        mailAddresses=["a@example.org"],
    )
    path = f"/api/Users/{created['gidId']}"
    after = api.http.put(path, json={"name": "Ny", "accessTemplateId": "20001"}).json()
    assert (after["title"], after["code"], after["accessTemplateId"]) == (None, None, "20001")
    reported = api.get(f"{path}?includeEmailAddresses=true&includeUserAccess=true")
    assert (reported["userAccessCodes"], reported["emailAddr"]) == ("10,20", None)
    assert len(api.get(f"{path}/roles")) == 1
    assert stored(api, "access_to_zones", "user_accesses")[0] == "[]"
    assert (stored(api, "user_accesses")[0] == "[]") is (api.version == "3.0")
    assert api.http.get("/api/Users/a1").status_code == 404  # the login went with it
    if api.version == "3.3":
        assert [zone["id"] for zone in after["availableZones"]] == [1]


def test_a_put_may_be_read_the_other_way(start: Any) -> None:
    for quirk, column, kept in (("zones-kept", "access_to_zones", "[3]"), ("logins-kept", "user_accesses", "a1")):
        with start("3.0", quirks=frozenset({quirk})) as api:
            seed.reset(api.app.state.database, "standard")
            number = api.new_user("A1", accessToZones=[3], userAccesses=[{"key": "a1"}])["gidId"]
            api.http.put(f"/api/Users/{number}", json={"code": "A1"}).raise_for_status()
            assert kept in stored(api, column)[0]


def stored(api: Any, *columns: str) -> list[str]:
    """What the database keeps of the newest user, answered or not."""
    with api.app.state.database.read() as connection:
        row = connection.execute(select(user).order_by(user.c.id.desc())).mappings().first()
    return [row[name] for name in columns]


def test_nothing_is_filled_in_that_was_not_asked_for(api: Any) -> None:
    path = "/api/Users/20005"
    for reported in (api.get(path), api.get("/api/Users")[-1], api.get("/api/Users/changes/2019-01-01")[-1]):
        assert (reported["userAccessFunctions"], reported["userAccessCodes"], reported["userRoles"]) == (
            None,
            None,
            None,
        )
        assert reported.get("isSystemAdministrator", False) is False
    for reported in (api.get(f"{path}?includeUserAccess=true"), api.get("/api/Users?includeUserAccess=true")[-1]):
        assert (reported["userAccessCodes"], reported["userAccessFunctions"][0]["code"]) == ("0", "0")
        assert reported.get("isSystemAdministrator", True) is True
    roles = api.get("/api/Users/20001?includeRoles=true")["userRoles"]
    if api.version == "3.3":
        assert roles is None
    else:
        assert [(role["id"], role["roleUserId"], role["departmentList"]) for role in roles] == [("SB", "20001", "1001")]


def test_a_code_has_ten_characters_at_the_most(api: Any) -> None:
    answer = post(api, {"code": "A1234567890", "username": "a1"})
    assert (answer.status_code, answer.json()) == (refusal(api), "The code of a user has at most 10 characters.")
    assert len(api.get("/api/Users")) == 5
    assert post(api, {"code": "A123456789", "username": "a1"}).status_code == 201


def test_a_code_may_be_cut_instead(start: Any) -> None:
    with start("3.3", quirks=frozenset({"codes-cut"})) as api:
        assert api.new_user("A1234567890")["code"] == "A123456789"


def refusal(api: Any) -> int:
    """The status by which a version refuses a user that it cannot make."""
    return 400 if api.version == "3.3" else 500


def test_a_put_says_in_its_body_how_its_path_is_meant(api: Any) -> None:
    api.new_user("A1")
    answer = api.http.put("/api/Users/A1", json={"code": "A1", "name": "Ny", "lookupField": "Code"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Ny")
    answer = api.http.put("/api/Users/A1", json={"code": "A1"})
    assert (answer.status_code, answer.json()) == (404, "There is no such user.")


def test_a_new_department_or_template_resets_access(api: Any) -> None:
    number = api.new_user("A1", accessTemplateId="20001")["gidId"]
    path = f"/api/Users/{number}"
    api.http.put(f"{path}/accesscodes", json={"codes": ["99"]})
    same = {"code": "A1", "accessTemplateId": "20001"}

    def codes_after(body: dict[str, Any]) -> str:
        api.http.put(path, json=body).raise_for_status()
        reported: str = api.get(f"{path}?includeUserAccess=true")["userAccessCodes"]
        return reported

    assert codes_after(same) == "99"
    assert codes_after(same | {"departmentCode": "BFR"}) == "10,20"
    assert codes_after(same | {"departmentCode": "BFR", "accessTemplateId": "20003"}) == "10,40"
    assert [role["id"] for role in api.get(f"{path}/roles")] == ["AR"]


def test_deactivation_ends_a_user_yesterday(api: Any) -> None:
    for path, active in (("Deactivate", False), ("Deactivate", False), ("Activate", True)):
        answer = api.http.get(f"/api/Users/20005/{path}")
        assert (answer.status_code, type(answer.json())) == (200, str)
        assert api.get("/api/Users/20005")["active"] is active
    assert len(api.get("/api/Users")) == 5
    assert api.http.get("/api/Users/99999/Deactivate").status_code == 404


def test_what_the_writing_gets_look_up_depends_on_the_version(old: Any, new: Any) -> None:
    path = "/api/Users/sys-byark/Activate"
    assert old.http.get(path).status_code == 200
    assert new.http.get(path).status_code == 404
    assert new.http.get(f"{path}?lookupField=Id").status_code == 200
    for api in (old, new):
        assert api.http.get("/api/Users/SYS-BYARK/Activate?lookupField=Code").status_code == 200


def test_activation_has_routes_of_its_own_in_the_newer_version(new: Any) -> None:
    assert isinstance(new.http.delete("/api/v2/users/20005/activation").json(), str)
    assert new.get("/api/Users/20005")["active"] is False
    assert new.http.put("/api/v2/users/20005/activation").status_code == 200
    assert new.get("/api/Users/20005")["active"] is True
    assert new.http.put("/api/v2/users/sys-byark/activation").status_code == 404


def test_changes_since_a_day(api: Any) -> None:
    api.new_user("A1")
    today = datetime.now(UTC)
    assert [user["code"] for user in api.get(f"/api/Users/changes/{today:%Y-%m-%d}")] == ["A1"]
    assert len(api.get("/api/Users/changes/2019-01-01")) == 6
    assert api.http.get(f"/api/Users/changes/{today + timedelta(days=2):%Y-%m-%d}").status_code == 404
    for day in ("2024-02-30", "20240101", "yesterday", "2024-1-1"):
        assert api.http.get(f"/api/Users/changes/{day}").status_code == 400


def test_dates_come_back_in_utc(new: Any) -> None:
    created = new.new_user("A1", leaveFrom="2024-06-01T00:00:00+02:00", leaveTo="2024-06-30", validFrom=None)
    assert (created["leaveFrom"], created["leaveTo"], created["validFrom"]) == (
        "2024-05-31T22:00:00Z",
        "2024-06-30T00:00:00Z",
        None,
    )
    for bad in ("soon", "2024-13-01", "0001-01-01T00:00:00+02:00", 7):
        assert post(new, {"code": "B1", "username": "b1", "leaveFrom": bad}).status_code == 400


def test_what_the_newer_version_tells_of_a_user(new: Any) -> None:
    admin = new.get("/api/Users/20005?includeUserAccess=true")
    assert admin["isSystemAdministrator"] is True
    assert [zone["name"] for zone in admin["availableZones"]] == ["Åpen sone"]
    assert new.get("/api/Users")[4]["availableZones"] is None
    assert admin["externalId"]


def test_every_write_leaves_its_mark(api: Any) -> None:
    number = api.new_user("A1")["gidId"]
    api.http.put(f"/api/Users/{number}", json={"code": "A1"})
    api.http.get(f"/api/Users/{number}/Deactivate")
    api.http.get(f"/api/Users/{number}/Activate")
    operations = ["user.create", "user.update", "user.deactivate", "user.activate"]
    assert api.effects() == [(operation, "user", "A1") for operation in operations]
