"""PUT replaces the whole object: what the config does not name is read first and sent back."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from websakctl.model.address import Address
from websakctl.sandbox.userapi.department_fields import ANSWER

UNIT = Address("org_unit", "frogner", "FR-HELSE")
IDENTITY = {"id", "externalId", "code", "parentDepartmentId", "abbreviation", "name", "unit", "gidId", "level"}
TIMES = {"validFromDate", "validToDate"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[httpx.Request]]:
    """Every request that reaches the wire."""
    requests: list[httpx.Request] = []
    inner = httpx.HTTPTransport.handle_request

    def record(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return inner(self, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", record)
    return requests


def fill(websak: Any) -> dict[str, Any]:
    """Give the unit a value in every field that config does not name; gives the row as it then is."""
    own = set(ANSWER[websak.version]) - IDENTITY - TIMES
    values: dict[str, Any] = {field: f"v-{field}" for field in own}
    if websak.version == "3.3":
        values |= {"canPerformDisclosureReview": True, "emails": '["post@example.invalid"]'}
    websak.edit("department", "FR-HELSE", **values)
    row: dict[str, Any] = websak.row("FR-HELSE")
    assert all(row[field] for field in own)
    return row


@pytest.mark.parametrize("client", ["as probed", "3.0"])
def test_an_update_changes_what_it_names_and_nothing_else(client: str, websak: Any) -> None:
    """Also where the client is told that the server is older than it is."""
    before = fill(websak)
    with websak.reader(api_version=None if client == "as probed" else client) as reader:
        live = reader.read(["org_unit"])[UNIT]
        with websak.writer(reader) as writer:
            writer.of("org_unit").update(live, {"name": "Helse", "phone": "99000000"}, UNIT)
    assert websak.row("FR-HELSE") == {**before, "name": "Helse", "phone": "99000000"}


def test_what_config_does_not_name_may_have_changed_since_it_was_read(websak: Any) -> None:
    with websak.reader() as reader, websak.writer(reader) as writer:
        live = reader.read(["org_unit"])[UNIT]
        websak.edit("department", "FR-HELSE", addr="Nye gate 7", managerUserId="42")
        adapter = writer.of("org_unit")
        adapter.update(adapter.refresh(live), {"name": "Helse"}, UNIT)
    row = websak.row("FR-HELSE")
    assert (row["name"], row["addr"], row["managerUserId"]) == ("Helse", "Nye gate 7", "42")


def test_a_move_and_a_switch_keep_everything_too(websak: Any) -> None:
    before = fill(websak)
    with websak.reader() as reader, websak.writer(reader) as writer:
        live = reader.read(["org_unit"])[UNIT]
        adapter = writer.of("org_unit")
        adapter.deactivate(live)
        assert websak.row("FR-HELSE")["validToDate"] is not None
        adapter.activate(live)
        adapter.update(live, {"parent": "FR-OPPV"}, UNIT)
    after = websak.row("FR-HELSE")
    moved = {"parentDepartmentId": websak.row("FR-OPPV")["id"], "level": after["level"]}
    assert after == {**before, **moved}


def test_a_field_is_cleared_only_where_config_says_nothing_stands_there(websak: Any) -> None:
    fill(websak)
    with websak.reader() as reader, websak.writer(reader) as writer:
        live = reader.read(["org_unit"])[UNIT]
        writer.of("org_unit").update(live, {"phone": None}, UNIT)
    row = websak.row("FR-HELSE")
    assert not row["phone"]
    assert row["addr"] == "v-addr"


def test_fields_that_nobody_knows_are_ignored_and_sent_back(websak33: Any, sent: list[httpx.Request]) -> None:
    with websak33.reader() as reader:
        plain = reader.read()
        websak33.fault("extra_fields", "/api/(?!setup/info)", times=None)
        with_more = reader.read()
        assert with_more == plain
        with websak33.writer(reader) as writer:
            writer.of("org_unit").update(with_more[UNIT], {"name": "Helse"}, UNIT)
    body = next(request for request in sent if request.method == "PUT").content
    assert b'"xNewInThisVersion":"unknown"' in body
    assert websak33.row("FR-HELSE")["name"] == "Helse"


def test_fields_that_nobody_knows_are_no_hindrance_on_the_old_version(websak30: Any) -> None:
    with websak30.reader() as reader:
        plain = reader.read()
        websak30.fault("extra_fields", "/api/", times=None)
        assert reader.read() == plain
        with websak30.writer(reader) as writer:
            adapter = writer.of("org_unit")
            adapter.update(adapter.refresh(plain[UNIT]), {"name": "Helse"}, UNIT)
    assert websak30.row("FR-HELSE")["name"] == "Helse"


BASIS = {"reference": "offl. § 13", "valid_from": "2009-01-01", "valid_to": None}
CODE = Address("access_code", "base", "P")


@pytest.fixture
def personnel(websak33: Any) -> Any:
    """An access code with something in every field."""
    values = {"description": "D", "legal_basis": [BASIS], "screening_level": 2, "screening_years": 60}
    with websak33.reader() as reader, websak33.writer(reader) as writer:
        writer.of("access_code").create(CODE, {"name": "Personal", "publishable": "partly", **values}, "key-1")
    return websak33


def test_a_setup_object_keeps_what_an_update_does_not_name(personnel: Any, sent: list[httpx.Request]) -> None:
    with personnel.reader() as reader:
        before = reader.read(["access_code"])[CODE]
        with personnel.writer(reader) as writer:
            writer.of("access_code").update(before, {"name": "Personalsaker"}, CODE)
        after = reader.read(["access_code"])[CODE]
    assert after.fields == {**before.fields, "name": "Personalsaker"}
    put = next(request for request in sent if request.method == "PUT")
    assert put.headers["If-Match"] == before.handle.etag


def test_a_newer_servers_own_fields_are_sent_back_unless_it_refuses_them(
    personnel: Any, sent: list[httpx.Request]
) -> None:
    """Whether a field that is new to us may be written is the server's to say; nothing has changed when it says no."""
    with personnel.reader() as reader, personnel.writer(reader) as writer:
        plain = reader.read(["access_code"])[CODE]
        personnel.fault("extra_fields", "access-codes", method="GET")
        live = reader.read(["access_code"])[CODE]
        assert live.fields == plain.fields
        writer.of("access_code").update(live, {"name": "Personalsaker"}, CODE)
    puts = [request.content for request in sent if request.method == "PUT"]
    assert [b"xNewInThisVersion" in body for body in puts] == [True, False]
    assert personnel.effects()[-1] == ("setup.update", "P")


def test_a_field_of_ours_that_the_server_refuses_stays_refused(personnel: Any) -> None:
    from websakctl.live.errors import Refused

    with personnel.reader() as reader, personnel.writer(reader) as writer:
        live = reader.read(["access_code"])[CODE]
        with pytest.raises(Refused) as error:
            writer.of("access_code").update(live, {"name": "", "screening_level": 9}, CODE)
    assert {pointer for pointer, _ in error.value.pointers} == {"/name", "/screening_level"}
    assert personnel.effects() == [("setup.create", "P")]
