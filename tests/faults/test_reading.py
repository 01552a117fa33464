"""Every list that planning reads, with every fault in its way: it is read whole, or nothing is concluded from it."""

from typing import Any

import pytest

from websakctl.live.errors import LiveError, NotAsAgreed, NotPermitted, Unreachable

LISTS = {
    ("departments", "3.0"): ("org_unit", "^/api/Departments/flat$"),
    ("departments", "3.3"): ("org_unit", "^/api/v2/departments/flat$"),
    ("access groups", "3.0"): ("access_group", "^/api/AccessGroups$"),
    ("access groups", "3.3"): ("access_group", "^/api/AccessGroups$"),
    ("setup objects", "3.3"): ("access_code", "^/api/setup/access-codes$"),
}
CASES = [pytest.param(name, api, id=f"{name}-{api}") for name, api in LISTS]
JSON = {"Content-Type": "application/json"}
Fault = tuple[str, int | None, dict[str, Any]]

PASSING: dict[str, Fault] = {
    "connection closed unread": ("refuse", 1, {}),
    "reset before it is handled": ("reset_before", 1, {}),
    "reset in the answer": ("reset_after", 2, {}),
    "connection cut in the answer": ("cut_body", 1, {}),
    "429, Retry-After": ("status", 1, {"code": 429, "headers": {"Retry-After": "3"}}),
    "500": ("status", 1, {"code": 500}),
    "502": ("status", 2, {"code": 502}),
    "503": ("status", 3, {"code": 503, "headers": {"Retry-After": "1"}}),
    "token expired": ("expire_tokens", 1, {}),
    "unknown extra fields": ("extra_fields", 1, {}),
    "pages capped below the limit": ("cap_page", None, {"size": 1}),
    "a row that comes twice": ("shift_page", 1, {"mode": "repeat"}),
    "slow": ("delay", 1, {"seconds": 0.1}),
}
LASTING: dict[str, tuple[Fault, type[LiveError]]] = {
    "connection closed unread, every time": (("refuse", None, {}), Unreachable),
    "reset, every time": (("reset_after", None, {}), Unreachable),
    "connection cut in the answer, every time": (("cut_body", None, {}), Unreachable),
    "429, every time": (("status", None, {"code": 429}), Unreachable),
    "500, every time": (("status", None, {"code": 500}), NotAsAgreed),
    "503, every time": (("status", None, {"code": 503}), Unreachable),
    "HTML with 200": (("html", None, {}), NotAsAgreed),
    "truncated JSON": (("truncated_json", None, {}), NotAsAgreed),
    "empty 200": (("empty_200", None, {}), NotAsAgreed),
    "wrong content type": (("wrong_content_type", None, {}), NotAsAgreed),
    "nulls in what must be there": (("nulls", None, {"fields": ["id", "groupId", "code", "etag"]}), NotAsAgreed),
    "another JSON than agreed": (("status", None, {"code": 200, "body": '"busy"', "headers": JSON}), NotAsAgreed),
    "a redirect to a login page": (("status", None, {"code": 302}), NotAsAgreed),
    "401, every time": (("status", None, {"code": 401}), NotPermitted),
    "403": (("status", None, {"code": 403}), NotPermitted),
}


def scheduled(name: str, api: str, fault: Fault, stages: Any) -> Any:
    stage = stages[api].prepared()
    kind, path = LISTS[name, api]
    what, times, params = fault
    before = stage.reader.read([kind])
    stage.schedule([{"match": {"method": "GET", "path": path}, "fault": what, "times": times, "params": params}])
    return stage, kind, before


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize(("name", "api"), CASES)
def test_a_list_is_read_whole(name: str, api: str, fault: str, stages: Any) -> None:
    stage, kind, before = scheduled(name, api, PASSING[fault], stages)
    result = stage.reader.read([kind])
    assert stage.hits()[0] > 0
    stage.note(f"{name} list", fault, "read whole", "read whole" if result == before else "otherwise", 0, part="read")
    assert result == before
    assert stage.effects() == []


@pytest.mark.parametrize("fault", LASTING)
@pytest.mark.parametrize(("name", "api"), CASES)
def test_nothing_is_concluded_from_a_list_that_cannot_be_trusted(name: str, api: str, fault: str, stages: Any) -> None:
    what, error = LASTING[fault]
    stage, kind, _ = scheduled(name, api, what, stages)
    with pytest.raises(LiveError) as raised:
        stage.reader.read([kind])
    stage.note(f"{name} list", fault, "nothing concluded", "nothing concluded", 0, part="read")
    assert type(raised.value) is error
    assert stage.effects() == []


@pytest.mark.parametrize("api", ["3.0", "3.3"])
def test_no_departments_where_some_are_is_not_believed(api: str, stages: Any) -> None:
    stage, kind, _ = scheduled("departments", api, ("junk_array", 1, {}), stages)
    with pytest.raises(NotAsAgreed):
        stage.reader.read([kind])
    stage.note("departments list", "[] where rows are", "nothing concluded", "nothing concluded", 0, part="read")
