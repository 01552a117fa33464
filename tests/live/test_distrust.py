"""A bad answer is never taken for "there is nothing": it ends the reading, and nothing is concluded or written."""

from typing import Any

import pytest

from websakctl.live.errors import LiveError, NotAsAgreed
from websakctl.model.address import Address

JSON = {"Content-Type": "application/json"}
LISTS = {"org_unit": "/flat$", "access_group": "/AccessGroups$", "access_code": "/setup/access-codes$"}
REQUIRED = {"org_unit": "name", "access_group": "groupName", "access_code": "etag"}
# What a list is answered with instead of itself, by the fault and its parameters.
BAD: dict[str, tuple[str, dict[str, Any]]] = {
    "html": ("html", {}),
    "empty": ("empty_200", {}),
    "truncated": ("truncated_json", {}),
    "text": ("wrong_content_type", {}),
    "no content type": ("status", {"code": 200, "body": "[]"}),
    "null": ("status", {"code": 200, "body": "null", "headers": JSON}),
    "a text": ("status", {"code": 200, "body": '"Service is down"', "headers": JSON}),
    "a number": ("status", {"code": 200, "body": "0", "headers": JSON}),
    "an error said with 200": ("status", {"code": 200, "body": '{"error": "no"}', "headers": JSON}),
    "rows that are no objects": ("status", {"code": 200, "body": "[1, 2]", "headers": JSON}),
    "empty objects": ("status", {"code": 200, "body": "[{}]", "headers": JSON}),
    "another list": ("status", {"code": 200, "body": '{"value": []}', "headers": JSON}),
    "items that are no list": ("status", {"code": 200, "body": '{"items": {}, "next": null}', "headers": JSON}),
    "endless brackets": ("status", {"code": 200, "body": "[" * 200_000, "headers": JSON}),
    "not UTF-8": ("status", {"code": 200, "body": '["\\ud800"]', "headers": JSON}),
    "a login page": ("status", {"code": 302, "headers": {"Location": "https://login.example.invalid/"}}),
    "gone": ("status", {"code": 404}),
    "partial": ("status", {"code": 206, "body": "[]", "headers": JSON}),
}


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("kind", LISTS)
def test_a_list_that_is_answered_badly_ends_the_reading(kind: str, bad: str, websak33: Any) -> None:
    fault, params = BAD[bad]
    websak33.fault(fault, LISTS[kind], times=None, **params)
    with websak33.reader(api_version="3.3") as reader, pytest.raises(NotAsAgreed):
        reader.read()
    assert websak33.effects() == []


@pytest.mark.parametrize("kind", LISTS)
def test_a_row_without_what_it_must_have_ends_the_reading(kind: str, websak: Any) -> None:
    websak.fault("nulls", LISTS[kind], fields=[REQUIRED[kind]])
    with (
        websak.reader(api_version=websak.version) as reader,
        pytest.raises(NotAsAgreed, match=f"lacks {REQUIRED[kind]}"),
    ):
        reader.read()


def test_the_row_that_lacks_something_is_named(websak: Any) -> None:
    """One unit without a name stops every command: whoever is to mend it must know which one."""
    websak.edit("department", "FR-OPPV", name=None)
    row = websak.row("FR-OPPV")
    with (
        websak.reader(api_version=websak.version) as reader,
        pytest.raises(NotAsAgreed, match=f"the row with id {row['id']} lacks name"),
    ):
        reader.read()


@pytest.mark.usefixtures("no_waits")
def test_a_row_without_id_is_named_by_its_place(websak: Any) -> None:
    websak.fault("nulls", LISTS["org_unit"], fields=["id"])
    with (
        websak.reader(api_version=websak.version) as reader,
        pytest.raises(NotAsAgreed, match="row 1 of the list lacks id"),
    ):
        reader.read()


def test_no_departments_at_all_is_not_believed(websak: Any) -> None:
    """An empty list would plan to make every unit a second time."""
    websak.fault("junk_array", "/flat")
    with websak.reader(api_version=websak.version) as reader, pytest.raises(NotAsAgreed, match="not even the root"):
        reader.read()


def test_204_for_departments_is_not_believed(websak: Any) -> None:
    websak.fault("status", "[Dd]epartments", code=204, times=2)  # neither for the list nor for the tree
    with websak.reader(api_version=websak.version) as reader, pytest.raises(NotAsAgreed, match="not even the root"):
        reader.read()


def test_204_for_access_groups_is_how_an_empty_list_may_be_said(websak: Any) -> None:
    websak.fault("status", "AccessGroups", code=204)
    with websak.reader() as reader:
        assert reader.read(["access_group"]) == {}


def test_departments_that_hang_under_nothing_are_not_believed(websak: Any) -> None:
    websak.fault("nulls", "/flat", fields=["parentDepartmentId"])
    with websak.reader(api_version=websak.version) as reader, pytest.raises(NotAsAgreed, match="parentDepartmentId"):
        reader.read()


def test_a_list_without_the_root_is_not_worked_on(websak: Any) -> None:
    websak.fault("shift_page", "/flat", mode="skip")  # the root is the first
    with (
        websak.reader(api_version=websak.version) as reader,
        pytest.raises(LiveError, match="no unit with external id OSLO"),
    ):
        reader.read()


def test_a_row_that_comes_twice_is_the_one_row_it_is(websak: Any) -> None:
    websak.edit("department", "FR-BYDEL", parentDepartmentId=None)
    websak.fault("shift_page", "/flat", mode="repeat")
    with websak.reader(api_version=websak.version) as reader:
        assert len(reader.read(["org_unit"])) == 6


def test_a_row_that_comes_twice_and_differs_is_not_believed(websak33: Any) -> None:
    row = '{"id": "1", "externalId": "OSLO", "name": "%s", "parentDepartmentId": null}'
    body = f"[{row % 'Oslo'}, {row % 'Bergen'}]"
    websak33.fault("status", "/flat", code=200, body=body, headers=JSON)
    with websak33.reader() as reader, pytest.raises(NotAsAgreed, match="came twice"):
        reader.read()


def test_an_end_date_that_is_no_date_is_not_believed(websak33: Any) -> None:
    row = '{"id": "1", "externalId": "OSLO", "name": "Oslo", "parentDepartmentId": null}'
    ended = '{"id": "2", "externalId": "A", "name": "A", "parentDepartmentId": "1", "validToDate": "next year"}'
    websak33.fault("status", "/flat", code=200, body=f"[{row}, {ended}]", headers=JSON)
    with websak33.reader() as reader, pytest.raises(NotAsAgreed, match="not a date"):
        reader.read()


# --- pages


def test_all_pages_are_read(websak33: Any) -> None:
    websak33.control.post("/_sandbox/load", json={"access_codes": 2100}).raise_for_status()
    websak33.fault("delay", "access-codes", times=None, seconds=0)
    with websak33.reader() as reader:
        assert len(reader.read(["access_code"])) == 2103
    assert websak33.hits() == [3]


def test_a_page_that_is_capped_below_the_limit_is_not_the_last(websak33: Any) -> None:
    websak33.control.post("/_sandbox/load", json={"access_codes": 20}).raise_for_status()
    websak33.fault("cap_page", "access-codes", times=None, size=5)
    with websak33.reader() as reader:
        assert len(reader.read(["access_code"])) == 23
    assert websak33.hits() == [5]


def test_a_row_that_another_page_repeats_counts_once(websak33: Any) -> None:
    websak33.fault("cap_page", "access-codes", times=1, size=1)
    websak33.fault("shift_page", "access-codes", mode="repeat")
    with websak33.reader() as reader:
        assert [address.key for address in reader.read(["access_code"])] == ["U", "XX", "Z9"]


@pytest.mark.parametrize(
    "body",
    [
        '{"items": [{"code": "A", "etag": "1", "active": true}], "next": "A"}',
        '{"items": [], "next": "Z"}',
        '{"items": [{"code": "A", "etag": "1", "active": true}], "next": 7}',
        '{"items": [{"code": "A", "etag": "1", "active": true}]}',
        '{"items": [{"code": "A", "etag": "1"}], "next": null}',
        '{"items": [{"code": "A", "etag": "1", "active": "yes"}], "next": null}',
    ],
)
def test_pages_that_lead_nowhere_are_not_followed(body: str, websak33: Any) -> None:
    websak33.fault("status", "access-codes", times=None, code=200, body=body, headers=JSON)
    with websak33.reader() as reader, pytest.raises(NotAsAgreed):
        reader.read(["access_code"])
    assert websak33.hits()[0] <= 2


# --- looking up one


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("fault", ["html", "empty_200", "truncated_json", "wrong_content_type", "junk_array"])
def test_one_that_is_answered_badly_is_not_missing(fault: str, websak: Any) -> None:
    with websak.reader() as reader:
        state = reader.read()
        unit, code = Address("org_unit", "frogner", "FR-OPPV"), Address("access_code", "base", "U")
        assert unit in state
        websak.fault(fault, "/external/", times=None)
        with pytest.raises(NotAsAgreed):
            reader.find("org_unit").find(unit)
        if fault != "junk_array":
            websak.fault(fault, "access-codes/", times=None)
            with pytest.raises(NotAsAgreed):
                reader.find("access_code").find(code)


def test_another_department_than_was_asked_for_is_not_written_over(websak: Any) -> None:
    unit = Address("org_unit", "frogner", "FR-OPPV")
    with websak.reader() as reader, websak.writer(reader) as writer:
        live = reader.read()[unit]
        body = '{"id": "1", "externalId": "FR-OPPV", "name": "Another", "parentDepartmentId": "2"}'
        websak.fault("status", f"/{live.handle.id}$", times=None, code=200, body=body, headers=JSON)
        with pytest.raises(NotAsAgreed, match="another department"):
            writer.of("org_unit").refresh(live)


def test_what_is_not_there_is_not_there(websak: Any) -> None:
    """404 on the newer version, an empty 204 on the older: neither is documented."""
    with websak.reader() as reader:
        reader.read()
        assert reader.find("org_unit").find(Address("org_unit", "frogner", "FR-INGEN")) is None
        assert reader.find("access_code").find(Address("access_code", "base", "Q")) is None
        assert reader.find("access_group").find(Address("access_group", "base", "Ingen")) is None
