"""A new document of the vendor's against what we use: the published ones replayed, and damage of every sort found by name."""

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.reliability import inside
from websakctl.live.contract import check_contract, version_of

HERE = Path(__file__).parent
SHARED = HERE.resolve().parents[2] / "shared" / "data"
_UNITS = dict.fromkeys(("GET /api/Departments/{id}", "GET /api/Departments", "GET /api/Departments/flat"), "Department")
ANSWERS = _UNITS | {
    "GET /api/Departments/external/{externalId}": "Department",
    "POST /api/Departments": "Department",
    "GET /api/AccessGroups": "AccessGroup",
    "POST /api/AccessGroups": "AccessGroup",
    "GET /api/Zones": "WebsakEnvironment",
    "GET /api/Users": "WebsakUser",
    "GET /api/Users/{id}": "WebsakUser",
    "GET /api/Users/changes/{fromDate}": "WebsakUser",
    "POST /api/Users": "WebsakUser",
    "PUT /api/Users/{id}": "WebsakUser",
    "GET /api/Users/{userId}/roles": "UserRoleResponse",
    "GET /api/Users/{id}/AccessGroupMembership": "AccessGroup",
}
REQUESTS = {
    "POST /api/Departments": "DepartmentRequest",
    "PUT /api/Departments/{id}": "DepartmentRequest",
    "POST /api/AccessGroups": "AccessGroupRequest",
    "POST /api/Users": "UserRequest",
    "PUT /api/Users/{id}": "UserRequest",
    "POST /api/Users/{userId}/roles": "UserRoleRequest",
    "PUT /api/Users/{userId}/accesscodes": "UserAccessCodesRequest",
}


@cache
def published() -> dict[str, Any]:
    """A document of each published version: names only, so that nothing is said of types."""
    rows = YAML(typ="safe", pure=True).load((HERE / "published_user_apis.yaml").read_text(encoding="utf-8"))
    operations: dict[str, list[str]] = {}
    models: dict[str, list[str]] = {}
    documents: dict[str, Any] = {}
    for row in rows:
        for into, changes in ((operations, row.get("operations", {})), (models, row.get("models", {}))):
            for name, words in changes.items():
                gone = {word[1:] for word in words if word.startswith("-")}
                kept = [word for word in into.get(name, []) if word not in gone]
                into[name] = kept + [word for word in words if not word.startswith("-")]
        for name in row.get("gone", []):
            operations.pop(name, None)
        documents[str(row["published"])] = document(operations, models)
    return documents


def document(operations: dict[str, list[str]], models: dict[str, list[str]]) -> Any:
    paths: dict[str, Any] = {}
    for name, query in operations.items():
        method, path = name.split()
        operation: dict[str, Any] = {"parameters": [{"in": "query", "name": each} for each in query], "responses": {}}
        if (model := ANSWERS.get(name)) in models:
            schema = {"type": "array", "items": {"$ref": f"#/components/schemas/{model}"}}
            operation["responses"]["200"] = {"content": {"application/json": {"schema": schema}}}
        if (model := REQUESTS.get(name)) in models:
            schema = {"$ref": f"#/components/schemas/{model}"}
            operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
        paths.setdefault(path, {})[method.lower()] = operation
    schemas = {name: {"properties": {field: {} for field in fields}} for name, fields in models.items()}
    return {"openapi": "3.0.4", "paths": paths, "components": {"schemas": schemas}}


def found(new: Any, old: Any = None, version: str | None = None) -> dict[str, set[str]]:
    """What was found, by what it is: operations, or an operation and its fields."""
    result: dict[str, set[str]] = {}
    for finding in check_contract(new, old, version):
        result.setdefault(finding.what.value, set()).add(f"{finding.operation} {finding.field}".strip())
    return result


def each(operations: str, fields: str) -> set[str]:
    return {f"{operation} {field}" for operation in operations.split("|") for field in fields.split()}


# By hand, from the published files, before there was a command: what each step took away, and what it brought.
PROFILE = (
    "nationalNo code name title countryId postalNo contact addr addr2 addr3 addr4 phone phone2 mobile emailAddr emailAddr2 "
    "languageId accountNumber note place municipalityNo visitingAddress misc1 misc2 misc3 misc4 misc5 leaveFrom leaveTo "
    "categoryId"
)
ROW = "code name title phone mobile departmentId emailAddr emailAddr2 leaveFrom leaveTo"
WRITE_UNIT, WRITE_USER = "POST /api/Departments|PUT /api/Departments/{id}", "POST /api/Users|PUT /api/Users/{id}"
READ_UNIT, READ_USER = "GET /api/Departments/{id}", "GET /api/Users|GET /api/Users/{id}"
OF_USER = "GET /api/Users/{id}/"
STEPS: list[tuple[str, str, dict[str, set[str]]]] = [
    ("2019-05-20", "2019-05-24", {"unread": each("GET /api/AccessGroups", "groupId groupName toDate")}),
    (
        "2019-05-24",
        "2019-05-28",
        {
            "unknown": {OF_USER + "RemoveUserAsPostDistributor/{orgUnitId} ?lookupField"},
            "new": {"GET /api/Users/{id}/RemoveUserAsPostDistributor/{orgUnitId}", "POST /api/Departments id"}
            | each("GET /api/AccessGroups", "groupId groupName toDate")
            | each(
                READ_UNIT,
                "id code validToDate parentDepartmentId managerUserId mailDistributionGroup name abbreviation unit",
            )
            | each(READ_USER, ROW)
            | each(WRITE_USER, PROFILE),
        },
    ),
    (
        "2019-05-28",
        "2021-02-02",
        {
            "new": {
                "GET /api/AccessGroups/{id}",
                "POST /api/AccessGroups",
                OF_USER + "AddUserToAccessGroupByGroupName/{accessGroupName}",
                OF_USER + "RemoveUserFromAccessGroupName/{accessGroupName}",
            }
        },
    ),
    (
        "2021-02-02",
        "2021-06-08",
        {
            "new": each("GET /api/Users", "?limit ?offset ?includeEmailAddresses ?includeUserAccess")
            | each(READ_USER, "accessTemplateId")
        },
    ),
    (
        "2021-06-08",
        "2023-04-25",
        {
            "unknown": {OF_USER + "AccessGroupMembership ?lookupField"},
            "new": {"GET /api/AccessGroups/members/{id}", OF_USER + "AccessGroupMembership"}
            | each(READ_UNIT, "externalId")
            | each(WRITE_UNIT, "externalID"),
        },
    ),
    ("2023-04-25", "2023-04-26", {"new": each(WRITE_UNIT, "enhetstype")}),
    (
        "2023-04-26",
        "2024-04-03",
        {
            "new": {
                f"GET /api/Users/{{id}}{path} ?lookupField"
                for path in (
                    "",
                    "/AccessGroupMembership",
                    "/Activate",
                    "/Deactivate",
                    "/AddUserToAccessGroup/{accessGroupId}",
                    "/RemoveUserFromAccessGroup/{accessGroupId}",
                    "/AddUserAsPostDistributor/{orgUnitId}",
                    "/RemoveUserAsPostDistributor/{orgUnitId}",
                )
            }
        },
    ),
    (
        "2024-04-03",
        "2026-01-15",
        {
            "new": {
                "GET /api/info",
                "GET /api/Departments/flat",
                "GET /api/Departments/external/{externalId}",
                "GET /api/Users/{userId}/roles",
                "POST /api/Users/{userId}/roles",
                "DELETE /api/Users/{userId}/roles/{roleId}",
                "PUT /api/Users/{userId}/accesscodes",
                "POST /api/Users/{userId}/accesscodes",
                "DELETE /api/Users/{userId}/accesscodes",
            }
            | each("GET /api/Users/{id}", "?includeEmailAddresses ?includeUserAccess")
            | each(READ_UNIT, "addr addr2 contact phone postalNo")
            | each(WRITE_UNIT, "addr addr2 contact phone postalNo")
        },
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), STEPS, ids=lambda v: v if isinstance(v, str) else "")
def test_each_published_step_is_found_as_written_by_hand(old: str, new: str, expected: dict[str, set[str]]) -> None:
    assert found(published()[new], published()[old]) == expected


@pytest.mark.parametrize("version", published())
def test_an_unchanged_file_gives_nothing(version: str) -> None:
    assert found(published()[version], published()[version]) == {}


def test_the_newest_one_holds_all_that_is_used() -> None:
    assert found(published()["2026-01-15"]) == {}


def test_a_server_that_goes_back_loses_what_is_used() -> None:
    result = found(published()["2024-04-03"], published()["2026-01-15"])
    assert result["gone"] == {
        "GET /api/info",
        "GET /api/Departments/flat",
        "GET /api/Departments/external/{externalId}",
        "GET /api/Users/{userId}/roles",
        "POST /api/Users/{userId}/roles",
        "DELETE /api/Users/{userId}/roles/{roleId}",
        "PUT /api/Users/{userId}/accesscodes",
    }
    assert result["unknown"] == each(WRITE_UNIT, "addr addr2 contact phone postalNo") | each(
        "GET /api/Users/{id}", "?includeEmailAddresses ?includeUserAccess"
    )
    assert result["unread"] == each(READ_UNIT, "addr addr2 contact phone postalNo")
    assert result.keys() == {"gone", "unknown", "unread"}


# --- the documents themselves, and what may happen to one

needs_documents = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the vendor's documents are not beside this repository"
)


@cache
def vendors(name: str) -> Any:
    return YAML(typ="safe", pure=True).load((SHARED / name).read_text(encoding="utf-8"))


@needs_documents
@pytest.mark.parametrize(("name", "version"), [("userapi.json", "3.0"), ("userapi-3.3.yaml", "3.3")])
def test_the_published_documents_give_nothing(name: str, version: str) -> None:
    assert version_of(vendors(name)) == version
    assert found(vendors(name)) == {}


@needs_documents
def test_a_client_of_the_old_routes_is_told_when_they_end() -> None:
    findings = check_contract(vendors("userapi-3.3.yaml"), version="3.0")
    deprecated = {f.operation: f.detail for f in findings if f.what == "deprecated"}
    assert deprecated["GET /api/Users/{id}/Activate"] == "it ends 2028-01-01"
    assert len(deprecated) == 8 and {f.what.value for f in findings} <= {"deprecated"}


def user(document: Any) -> Any:
    return document["components"]["schemas"]["UserRequest"]


def operation(document: Any, path: str = "/api/Users/{id}", method: str = "put") -> Any:
    return document["paths"][path][method]


DAMAGE: dict[str, tuple[Callable[[Any], object], dict[str, set[str]]]] = {
    "an operation is gone": (
        lambda d: d["paths"]["/api/Users/{id}"].pop("put"),
        {"gone": {"PUT /api/Users/{id}"}},
    ),
    "one is deprecated": (
        lambda d: operation(d).update({"deprecated": True, "description": "Sunset 2029-06-30."}),
        {"deprecated": {"PUT /api/Users/{id}"}},
    ),
    "a field is required": (
        lambda d: user(d).update({"required": ["name", "shoeSize"]}),
        {"required": each(WRITE_USER, "shoeSize")},
    ),
    "a parameter is required": (
        lambda d: operation(d).setdefault("parameters", []).append({"in": "query", "name": "tenant", "required": True}),
        {"required": {"PUT /api/Users/{id} ?tenant"}},
    ),
    "a type changes": (
        lambda d: user(d)["properties"].update({"code": {"type": "integer"}}),
        {"type": each(WRITE_USER, "code")},
    ),
    "a type of an answer changes": (
        lambda d: d["components"]["schemas"]["WebsakUser"]["properties"].update({"active": {"type": "string"}}),
        {"type": each(READ_USER, "active")},
    ),
    "a type may also be null": (
        lambda d: user(d)["properties"].update({"code": {"type": ["string", "null"]}}),
        {},
    ),
    "a value is not taken any more": (
        lambda d: user(d)["properties"].update({"userType": {"type": "string", "enum": ["P", "X"]}}),
        {"enum": each(WRITE_USER, "userType")},
    ),
    "a field is renamed": (
        lambda d: user(d)["properties"].update({"heading": user(d)["properties"].pop("title")}),
        {"unknown": each(WRITE_USER, "title")},
    ),
    "an answer says less": (
        lambda d: d["components"]["schemas"]["WebsakUser"]["properties"].pop("userAccessFunctions"),
        {"unread": each(READ_USER, "userAccessFunctions")},
    ),
    "there is more": (
        lambda d: d["paths"].update({"/api/Committees": {"get": {"responses": {}}}}),
        {"new": {"GET /api/Committees"}},
    ),
    "a parameter has another name": (
        lambda d: d["paths"].update({"/api/Users/{userId}": d["paths"].pop("/api/Users/{id}")}),
        {},
    ),
}


@needs_documents
@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ["userapi.json", "userapi-3.3.yaml"])
def test_each_change_is_found_by_name_and_nothing_else(name: str, damage: str) -> None:
    change, expected = DAMAGE[damage]
    changed = named(copy.deepcopy(vendors(name)))
    before = copy.deepcopy(changed)
    change(changed)
    assert found(changed) == expected
    assert found(changed, before) == expected


def named(document: Any) -> Any:
    """The same with the short names of its models."""
    text = json.dumps(document)
    for name in list(document["components"]["schemas"]):
        short = name.rpartition(".")[2].rpartition("+")[2]
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{short}"')
        text = text.replace(f'"{name}": {{', f'"{short}": {{')
    return json.loads(text)


# --- the command


def run(root: Path, *args: str, code: int = 0) -> tuple[str, str]:
    got, out, err = inside.run(root, ("contract", "check", *args), {"HOME": str(root)})
    assert got == code, f"exit {got}\n{out}\n{err}"
    return out, err


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in ("2024-04-03", "2026-01-15"):
        (tmp_path / f"{name}.json").write_text(json.dumps(published()[name]), encoding="utf-8")
    return tmp_path


def test_the_command_says_what_it_found(files: Path) -> None:
    out, _ = run(files, "2026-01-15.json", "--detailed-exitcode")
    assert "nothing that is used differs" in out
    out, _ = run(files, "2024-04-03.json", "--before", "2026-01-15.json", "--detailed-exitcode", code=2)
    assert "GET /api/Departments/flat is not there any more, and is used" in out
    result = json.loads(run(files, "2024-04-03.json", "--before", "2026-01-15.json", "--format", "json")[0])
    assert result["format_version"] == 1 and result["version"] == "3.0"
    first = result["findings"][0]
    assert (first["what"], first["operation"]) == ("gone", "DELETE /api/Users/{userId}/roles/{roleId}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not an OpenAPI document"),
        ("[1, 2]", "is not an OpenAPI document"),
        ("{'openapi': '3.0.4'", "cannot be read"),
        ('{"openapi": "3.0.4", "paths": {}}', "it has no paths"),
        ("paths: *nothing", "cannot be read"),
    ],
)
def test_what_is_no_document_is_told(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "api.yaml").write_text(text, encoding="utf-8")
    _, err = run(tmp_path, "api.yaml", code=1)
    assert message in err and "api.yaml" in err
    assert "api.jsn" in run(tmp_path, "api.jsn", code=64)[1]


def test_what_is_no_text_is_told_without_pythons_words(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_bytes(b"\x98\x00PK")
    assert "api.json cannot be read: it is not text in UTF-8" in run(tmp_path, "api.json", code=1)[1]
    (tmp_path / "folder").mkdir()
    assert "folder cannot be read: Is a directory\n" in run(tmp_path, "folder", code=1)[1]
