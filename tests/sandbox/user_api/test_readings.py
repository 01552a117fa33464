"""What the documents leave open, played the other way; and the older files that bore the version 3.0.0 too."""

import os
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from websakctl.sandbox.quirks import QUIRKS
from websakctl.sandbox.settings import Settings
from websakctl.sandbox.userapi.published import OLDER, as_published
from websakctl.sandbox.userapi.version import operations

HISTORY = Path(__file__).resolve().parents[4] / "shared" / "data" / "userapi-history.yaml"
PUBLISHED = {"2021": "2021-02-02", "2023": "2023-04-26"}


def history(day: str) -> Any:
    if not HISTORY.is_file():
        reason = f"the vendor's history is not part of this repository, and not beside it: {HISTORY}"
        pytest.fail(reason, pytrace=False) if os.environ.get("CI") == "true" else pytest.skip(reason)
    versions = YAML(typ="safe", pure=True).load(HISTORY.read_text(encoding="utf-8"))["versions"]
    return next(each for each in versions if str(each["published"]) == day)


@pytest.mark.parametrize("year", OLDER)
def test_an_older_file_has_the_operations_that_it_had(year: str) -> None:
    played = {f"{each.method} {each.path}" for each in as_published(operations("3.0"), OLDER[year])}
    published = set(history(PUBLISHED[year])["operations"])
    assert len(published) == {"2021": 23, "2023": 25}[year]
    assert played - published == set() and published - played == set()


@pytest.mark.parametrize("year", OLDER)
def test_an_older_file_has_the_fields_that_it_had(start: Any, year: str) -> None:
    models = history(PUBLISHED[year])["models"]
    with start("3.0", published=year) as api:
        assert set(api.get("/api/Departments")[0]) == set(models["Department"])
        assert set(api.get("/api/Users/20005")) == set(models["WebsakUser"])
        assert set(api.get("/api/Users")[0]) == set(models["WebsakUser"])


def test_an_older_file_takes_no_parameters(start: Any) -> None:
    with start("3.0", published="2021") as api:
        everybody = api.get("/api/Users?limit=2&offset=3")
        assert len(everybody) == 5 and everybody[-1]["userAccessCodes"] == "0"
        assert api.http.get("/api/Users/SYS-BYARK?lookupField=Code").status_code == 404


def test_a_field_that_an_older_model_lacks_is_left_alone(start: Any) -> None:
    body = {"departmentName": "Ny", "departmentShortName": "FR-HELSE", "departmentParentId": "1002", "phone": "1"}
    with start("3.0", published="2023") as api:
        api.http.put("/api/Departments/1004", json=body).raise_for_status()
        with api.app.state.database.read() as connection:
            (row,) = connection.exec_driver_sql("select phone, external_id from department where id = 1004").all()
        assert tuple(row) == ("21802180", None)  # it has no phone, and an external id that was not named


def test_an_unknown_id_may_be_refused_with_404(start: Any) -> None:
    paths = ("/api/Departments/9999/deactivate", "/api/Users/20005/AddUserToAccessGroup/999")
    with start("3.0") as api:
        assert [api.http.get(path).status_code for path in paths] == [500, 500]
        assert all(isinstance(api.http.get(path).json(), str) for path in paths)
    with start("3.0", quirks=frozenset({"unknown-404"})) as api:
        assert [api.http.get(path).status_code for path in paths] == [404, 404]
        assert api.http.post("/api/Users", json={"code": "A1", "accessTemplateId": "x"}).status_code == 500


def test_lists_may_come_short_and_in_another_order(start: Any) -> None:
    with start("3.3", quirks=frozenset({"any-order", "capped-pages"})) as api:
        assert [user["gidId"] for user in api.get("/api/Users?limit=100")] == ["20005", "20004", "20003"]
        assert [user["gidId"] for user in api.get("/api/Users?limit=100&offset=3")] == ["20002", "20001"]
        assert api.get("/api/Departments/flat")[0]["id"] == "1007"


def test_retired_units_and_mail_may_be_left_out(start: Any) -> None:
    with start("3.3", quirks=frozenset({"retired-hidden", "mail-withheld"})) as api:
        assert "TEST" not in [unit["code"] for unit in api.get("/api/v2/departments/flat")]
        api.new_user("A1", mailAddresses=["a1@example.org"])
        assert api.get("/api/Users/a1?includeEmailAddresses=true")["emailAddr"] is None
        assert api.get("/api/Users?includeEmailAddresses=true")[-1]["emailAddr"] == "a1@example.org"


def test_a_retired_unit_keeps_its_children_and_users(api: Any) -> None:
    number = api.new_user("A1", departmentCode="FR-HELSE")["gidId"]
    child = api.new_department("FR-HELSE-1", parent="1004")
    api.get("/api/Departments/1004/deactivate")
    assert api.get(f"/api/Users/{number}")["departmentId"] == "1004"
    assert api.department("FR-HELSE-1")["parentDepartmentId"] == "1004"
    assert child["validToDate"] is api.department("FR-HELSE-1")["validToDate"] is None


def test_every_quirk_says_what_it_plays() -> None:
    assert all(QUIRKS.values()) and Settings().quirks == frozenset()
