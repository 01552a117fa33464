"""The ground under it: many writers at once, what survives a restart, and how fast a long list is."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import insert, select

from websakctl.sandbox import seed
from websakctl.sandbox.database import department, effect, next_id, open_database, record_effect
from websakctl.sandbox.settings import Settings


def test_writers_at_once_get_an_id_each(api: Any) -> None:
    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(lambda number: api.new_department(f"N{number}")["id"], range(60)))
    assert len(set(ids)) == 60
    assert len(api.get("/api/Departments/flat")) == 67
    assert len(api.effects()) == 60


def test_of_many_who_want_one_abbreviation_one_gets_it(api: Any) -> None:
    body = {"departmentName": "Enhet", "departmentParentId": "1001", "departmentShortName": "KORT"}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: api.http.post("/api/Departments", json=body).status_code, range(30)))
    assert sorted(answers) == [201] + [422] * 29


def test_two_servers_on_one_database_take_turns(start: Any) -> None:
    with start("3.3") as one, start("3.0") as other, ThreadPoolExecutor(8) as pool:
        created = pool.map(lambda number: (one, other)[number % 2].new_department(f"N{number}")["id"], range(40))
        assert len(set(created)) == 40
        assert one.get("/api/Admin/departmentcount") == 47


def test_a_restart_forgets_nothing_but_the_tokens(start: Any) -> None:
    with start() as api:
        api.new_department("A")
        token = api.http.headers["Authorization"]
    with start() as api:
        assert api.department("A")["name"] == "Enhet"
        assert api.http.get("/api/Users", headers={"Authorization": token}).status_code == 401


def test_a_write_that_fails_leaves_nothing() -> None:
    database = open_database("sqlite://")
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        record_effect(connection, "department.create", "department", "A")
        connection.execute(insert(department).values(id=next_id(connection, department)))
        raise ZeroDivisionError
    with database.read() as connection:
        assert connection.execute(select(effect)).all() == []
        assert connection.execute(select(department)).all() == []
    database.close()


def test_the_empty_seed_has_a_root_and_those_who_must_be_there(start: Any) -> None:
    with start(seed="empty") as api:
        assert [each["code"] for each in api.get("/api/Departments/flat")] == ["OSLO"]
        assert len(api.get("/api/Users")) == 5
        assert len(api.get("/api/AccessGroups")) == 2
        seed.reset(api.app.state.database, "standard")
        assert len(api.get("/api/Departments/flat")) == 7


def test_an_effect_remembers_the_request_as_it_came_in(api: Any) -> None:
    api.http.get("/API/departments/1004/Deactivate/")
    with api.app.state.database.read() as connection:
        row = connection.execute(select(effect)).one()
    assert (row.method, row.path) == ("GET", "/API/departments/1004/Deactivate/")


def test_the_settings_of_a_server_are_plain() -> None:
    assert Settings().api_version == "3.3"
    assert Settings().database_url == "sqlite://"


def test_fifty_thousand_departments_are_listed_in_seconds(api: Any) -> None:
    rows = [
        {"id": 10_000 + number, "external_id": f"B-{number}", "name": f"Enhet {number}", "parent_department_id": 1001}
        for number in range(50_000)
    ]
    with api.app.state.database.write() as connection:
        connection.execute(insert(department), rows)
    began = time.perf_counter()
    answer = api.http.get("/api/Departments/flat", timeout=60)
    took = time.perf_counter() - began
    assert answer.content.count(b'"externalId"') == 50_007
    assert took < 10  # about one on a quiet machine
