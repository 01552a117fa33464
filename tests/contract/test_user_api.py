"""The sandbox against the vendor's two published documents: hammered with schemathesis, and walked once around."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
import uvicorn
from ruamel.yaml import YAML
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig

from tests.contract.operations import try_operation
from websakctl.sandbox import seed
from websakctl.sandbox.app import create_app
from websakctl.sandbox.settings import ApiVersion, Settings

load_all_checks()

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
DOCUMENTS: dict[ApiVersion, Path] = {"3.0": DATA / "userapi.json", "3.3": DATA / "userapi-3.3.yaml"}
METHODS = ("get", "put", "post", "delete")

if missing := [str(path) for path in DOCUMENTS.values() if not path.is_file()]:
    reason = f"the vendor's documents are not part of this repository, and not beside it: {', '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason, allow_module_level=True)


# --- What the sandbox answers and the documents leave out. ---

PROBLEM = "ProblemDetails"
TEXT = "string"
EMPTY = None


@dataclass(frozen=True)
class Unpublished:
    """An answer that no document lists and the sandbox gives all the same."""

    reason: str
    version: ApiVersion | None  # None: both
    status: int
    body: str | None
    operations: tuple[str, ...] = field(default=())  # "METHOD path"; empty: all


UNREADABLE = "a request the framework cannot read is turned down before any operation sees it"
NOT_JSON = "a body in another type than JSON is turned down by the framework"
UNKNOWN_ID = "what an unknown id answers to a read is not published"

UNPUBLISHED = (
    Unpublished(UNREADABLE, None, 400, PROBLEM),
    Unpublished(NOT_JSON, None, 415, PROBLEM),
    Unpublished(
        "an unknown department is answered as its framework answers null: with nothing",
        "3.0",
        204,
        EMPTY,
        ("GET /api/Departments/{id}", "GET /api/Departments/external/{externalId}"),
    ),
    Unpublished(
        "activation answers something when it works; only what it answers when it fails is listed",
        "3.0",
        200,
        EMPTY,
        ("GET /api/Departments/{id}/activate",),
    ),
    Unpublished(
        "no refusal is listed, though a taken abbreviation and a missing parent cannot be written",
        "3.0",
        500,
        TEXT,
        ("PUT /api/Departments/{id}",),
    ),
    Unpublished(
        UNKNOWN_ID,
        "3.3",
        404,
        PROBLEM,
        (
            "GET /api/AccessGroups/{id}",
            "GET /api/Departments/{id}",
            "GET /api/v2/departments/{id}",
            "GET /api/v2/DepartmentsV2/{id}",
        ),
    ),
    Unpublished(
        "an unknown group or user has no answer of its own on this route; its neighbours refuse with 500",
        "3.3",
        500,
        TEXT,
        ("DELETE /api/AccessGroups/{groupId}/members/{userGidId}",),
    ),
)


# What is there in a freshly seeded sandbox, so that chance does not always knock on doors that do not exist.
KNOWN: dict[str, list[str]] = {
    "id": ["1004", "20005", "301"],
    "departmentId": ["1004"],
    "externalId": ["FR-HELSE"],
    "orgUnitId": ["FR-HELSE"],
    "userId": ["20005"],
    "userGidId": ["20005"],
    "roleId": ["7001"],
    "groupId": ["301"],
    "accessGroupId": ["301"],
    "accessGroupName": ["Postmottak"],
    "fromDate": ["2019-01-01"],
    "departmentParentId": ["1001"],
    "parentDepartmentId": ["1001"],
    "accessTemplateId": ["20001"],
    "provider": ["AD"],
    "departmentList": ["1001,1004"],
}

# Checks of schemathesis that are not run, and why.
EXCLUDED_CHECKS = {
    "max_response_time": "a busy machine is not a broken contract",
    "use_after_free": "nothing is ever deleted here, only deactivated, and stays readable",
    "object_level_authorization": "there is one kind of client, and it may see everything",
    "ensure_resource_availability": "follows links between operations, which the documents do not have",
    "missing_required_header": "no header is documented as required",
    "not_a_server_error": "the vendor refuses with 500 and a message; a 500 without one is a mistake, and seen to below",
}

CONFIG = {
    "checks": {
        # 400 and 422: a shape can be right and its content wrong (no such parent, no such template).
        # 500: that is how the vendor refuses.
        "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404", "409", "422", "500"]},
    },
    "generation": {"deterministic": True},
}
# Every edge of every field of the older document too, in `make properties`: the newer one has all its operations.
EDGES: set[ApiVersion] = {"3.0", "3.3"} if os.environ.get("PROPERTIES") else {"3.3"}


def raw_document(version: ApiVersion) -> dict[str, Any]:
    text = DOCUMENTS[version].read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text) if version == "3.0" else YAML(typ="safe", pure=True).load(text)
    return document


def operations_of(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def tolerant_twins(schemas: dict[str, Any]) -> dict[str, Any]:
    """Every schema once more, for requests: names that it does not know are passed over, not forbidden.

    The documents forbid them because their generator always does; the framework reads past them.
    """
    twins = {f"{name}Sent": renamed(schema) for name, schema in schemas.items()}
    for twin in twins.values():
        twin.pop("additionalProperties", None)
    return twins


def or_known(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """``schema``, with what is there put forward; nothing is forbidden or allowed by it."""
    if name not in KNOWN or schema.get("type") not in {"string", "integer"}:
        return schema
    values = [int(value) if schema["type"] == "integer" else value for value in KNOWN[name]]
    return {"anyOf": [{"type": schema["type"], "enum": values}, schema]}


def renamed(part: Any) -> Any:
    """The same part of a document, but referring to the tolerant twins."""
    if isinstance(part, dict):
        return {key: f"{each}Sent" if key == "$ref" else renamed(each) for key, each in part.items()}
    return [renamed(each) for each in part] if isinstance(part, list) else part


def amended_document(version: ApiVersion) -> dict[str, Any]:
    """The vendor's document, with what it leaves out (and the sandbox gives) added, each for a reason."""
    document = raw_document(version)
    schemas = document["components"]["schemas"]
    problem = {"$ref": f"#/components/schemas/{next(name for name in schemas if name.endswith(PROBLEM))}"}
    operations = operations_of(document)
    tolerant = tolerant_twins(schemas)
    for twin in tolerant.values():
        for name, property_schema in twin.get("properties", {}).items():
            twin["properties"][name] = or_known(name, property_schema)
    for operation in operations.values():
        for parameter in operation.get("parameters", []):
            parameter["schema"] = or_known(parameter["name"], parameter["schema"])
        # XML is offered by the real server and not by the sandbox, whose only client speaks JSON.
        if body := operation.get("requestBody"):
            body["content"] = {kind: renamed(each) for kind, each in body["content"].items() if "xml" not in kind}
        for response in operation["responses"].values():
            content = response.get("content", {})
            # Problem details have a media type of their own, which the framework uses and its generator does not list.
            if content.get("application/json", {}).get("schema") == problem:
                content["application/problem+json"] = {"schema": problem}
    schemas |= tolerant
    for each in UNPUBLISHED:
        if each.version not in (None, version):
            continue
        for name in each.operations or operations:
            if name == "GET /api/info" or (each.status == 415 and "requestBody" not in operations[name]):
                continue
            response = operations[name]["responses"].setdefault(str(each.status), {"description": each.reason})
            if each.body == PROBLEM:
                response.setdefault("content", {})["application/problem+json"] = {"schema": problem}
            elif each.body == TEXT:
                response.setdefault("content", {})["application/json"] = {"schema": {"type": "string"}}
    return document


@cache
def schema_of(version: ApiVersion) -> Any:
    config = CONFIG | {"phases": {"coverage": {"enabled": version in EDGES}}}
    return schemathesis.openapi.from_dict(amended_document(version), config=SchemathesisConfig.from_dict(config))


@dataclass(frozen=True)
class Server:
    app: Any
    url: str
    headers: dict[str, str]
    session: requests.Session


@contextmanager
def serving(version: ApiVersion, folder: Path) -> Iterator[Server]:
    """Run the sandbox on a port of the system's choice."""
    database = folder / f"{version}.db"
    app = create_app(Settings(database_url=f"sqlite:///{database}", api_version=version))
    # The protocol is named because asyncio turns Nagle's algorithm off only on what is plainly TCP.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        token = app.state.tokens.issue(frozenset({"userapi"}))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with requests.Session() as session:
                yield Server(app, url, {"Authorization": f"Bearer {token}"}, session)
        finally:
            server.should_exit = True
            thread.join()
            app.state.database.close()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[ApiVersion, Server]]:
    folder = tmp_path_factory.mktemp("contract")
    with serving("3.0", folder) as old, serving("3.3", folder) as new:
        yield {"3.0": old, "3.3": new}


# --- Hammered ---


def hammer(case: Any, server: Server) -> None:
    excluded = [CHECKS.get_one(name) for name in EXCLUDED_CHECKS if name in CHECKS.get_all_names()]
    response = case.call_and_validate(
        base_url=server.url, session=server.session, headers=server.headers, excluded_checks=excluded
    )
    if response.status_code >= 500:
        assert isinstance(response.json(), str), "the sandbox failed, and did not refuse"


HAMMER = hypothesis.settings(max_examples=100 if os.environ.get("PROPERTIES") else 8, deadline=None, database=None)


def test_what_is_called_unpublished_is_so() -> None:
    for each in UNPUBLISHED:
        for version in DOCUMENTS if each.version is None else (each.version,):
            operations = operations_of(raw_document(version))
            assert set(each.operations) <= operations.keys()
            for name in each.operations:
                assert str(each.status) not in operations[name]["responses"], f"{version} {name} lists {each.status}"


def test_an_excluded_check_exists() -> None:
    assert EXCLUDED_CHECKS.keys() <= {*CHECKS.get_all_names(), "max_response_time"}


# --- Walked: every operation once, on things that are there, with the answer it gives when all is well ---

DEPARTMENT_V1 = {"departmentName": "Ny enhet", "departmentParentId": "1001", "departmentShortName": "NY"}
DEPARTMENT_V2 = {"name": "Ny enhet", "parentDepartmentId": "1001", "abbreviation": "NY", "code": "NY"}
USER = {"code": "A1", "username": "a1", "name": "Prøve", "accessTemplateId": "20001", "departmentCode": "FR-OPPV"}
ROLE = {"id": "SB", "departmentList": "1001,1004", "gradeList": "U"}
CODES = {"codes": ["10", "60"]}
MEMBER = {"accessGroupId": "301", "userGidId": "20005"}
MEMBER_BY_NAME = {"accessGroupName": "Postmottak", "userGidId": "20005"}
DISTRIBUTOR = {"orgUnitId": "FR-HELSE", "userGidId": "20005"}

Step = tuple[int, dict[str, str], Any]


def writing_gets() -> dict[str, Step]:
    user, by_id, by_name = {"id": "20005"}, {"accessGroupId": "301"}, {"accessGroupName": "Postmottak"}
    unit = {"orgUnitId": "FR-HELSE"}
    return {
        "GET /api/Departments/{id}/activate": (200, {"id": "1004"}, None),
        "GET /api/Departments/{id}/deactivate": (200, {"id": "1004"}, None),
        "GET /api/Users/{id}/Activate": (200, user, None),
        "GET /api/Users/{id}/Deactivate": (200, user, None),
        "GET /api/Users/{id}/AddUserToAccessGroup/{accessGroupId}": (200, user | by_id, None),
        "GET /api/Users/{id}/RemoveUserFromAccessGroup/{accessGroupId}": (200, user | by_id, None),
        "GET /api/Users/{id}/AddUserToAccessGroupByGroupName/{accessGroupName}": (200, user | by_name, None),
        "GET /api/Users/{id}/RemoveUserFromAccessGroupName/{accessGroupName}": (200, user | by_name, None),
        "GET /api/Users/{id}/AddUserAsPostDistributor/{orgUnitId}": (200, user | unit, None),
        "GET /api/Users/{id}/RemoveUserAsPostDistributor/{orgUnitId}": (200, user | unit, None),
    }


def in_both() -> dict[str, Step]:
    return {
        "GET /api/info": (200, {}, None),
        "GET /api/Departments": (200, {}, None),
        "GET /api/Departments/flat": (200, {}, None),
        "GET /api/Departments/{id}": (200, {"id": "1004"}, None),
        "GET /api/Departments/external/{externalId}": (200, {"externalId": "FR-HELSE"}, None),
        "POST /api/Departments": (201, {}, DEPARTMENT_V1),
        "PUT /api/Departments/{id}": (200, {"id": "1004"}, DEPARTMENT_V1),
        "GET /api/Users": (200, {}, None),
        "POST /api/Users": (201, {}, USER),
        "GET /api/Users/{id}": (200, {"id": "20005"}, None),
        "PUT /api/Users/{id}": (200, {"id": "20005"}, USER),
        "GET /api/Users/changes/{fromDate}": (200, {"fromDate": "2019-01-01"}, None),
        "GET /api/Users/{id}/AccessGroupMembership": (200, {"id": "20005"}, None),
        "GET /api/Users/{userId}/roles": (200, {"userId": "20001"}, None),
        "POST /api/Users/{userId}/roles": (201, {"userId": "20005"}, ROLE),
        "DELETE /api/Users/{userId}/roles/{roleId}": (200, {"userId": "20001", "roleId": "7001"}, None),
        "PUT /api/Users/{userId}/accesscodes": (200, {"userId": "20005"}, CODES),
        "POST /api/Users/{userId}/accesscodes": (200, {"userId": "20005"}, CODES),
        "DELETE /api/Users/{userId}/accesscodes": (200, {"userId": "20005"}, CODES),
        "GET /api/AccessGroups": (200, {}, None),
        "POST /api/AccessGroups": (201, {}, {"groupName": "Ny gruppe"}),
        "GET /api/AccessGroups/{id}": (200, {"id": "301"}, None),
        "GET /api/AccessGroups/members/{id}": (200, {"id": "301"}, None),
        "GET /api/Zones": (200, {}, None),
        **writing_gets(),
    }


def only_newer() -> dict[str, Step]:
    steps: dict[str, Step] = {
        f"GET /api/Admin/{name}": (200, {}, None)
        for name in ("usercount", "departmentcount", "generalaccessgroupcount", "availableidentityproviders")
    }
    steps |= {
        "DELETE /api/AccessGroups/{groupId}/members/{userGidId}": (200, {"groupId": "301", "userGidId": "20005"}, None),
        "GET /api/Users/{id}/useraccesses": (200, {"id": "20005"}, None),
        "PUT /api/Users/{id}/useraccesses": (200, {"id": "20005"}, [{"provider": "AD", "key": "a1"}]),
    }
    for method in ("PUT", "DELETE"):
        steps[f"{method} /api/v2/accessgroups/{{accessGroupId}}/members/{{userGidId}}"] = (200, MEMBER, None)
        by_name = f"{method} /api/v2/accessgroups/by-name/{{accessGroupName}}/members/{{userGidId}}"
        steps[by_name] = (200, MEMBER_BY_NAME, None)
        steps[f"{method} /api/v2/users/{{userGidId}}/activation"] = (200, {"userGidId": "20005"}, None)
    for base in ("/api/v2/departments", "/api/v2/DepartmentsV2"):
        distributors = f"{base}/external/{{orgUnitId}}/post-distributors/{{userGidId}}"
        steps |= {
            f"GET {base}": (200, {}, None),
            f"POST {base}": (201, {}, DEPARTMENT_V2),
            f"GET {base}/flat": (200, {}, None),
            f"GET {base}/{{id}}": (200, {"id": "1004"}, None),
            f"PUT {base}/{{id}}": (200, {"id": "1004"}, DEPARTMENT_V2),
            f"GET {base}/external/{{externalId}}": (200, {"externalId": "FR-HELSE"}, None),
            f"PUT {base}/{{departmentId}}/activation": (200, {"departmentId": "1004"}, None),
            f"DELETE {base}/{{departmentId}}/activation": (200, {"departmentId": "1004"}, None),
            f"GET {base}/{{id}}/activate": (200, {"id": "1004"}, None),
            f"GET {base}/{{id}}/deactivate": (200, {"id": "1004"}, None),
            f"PUT {distributors}": (200, DISTRIBUTOR, None),
            f"DELETE {distributors}": (200, DISTRIBUTOR, None),
        }
    return steps


WALK: dict[ApiVersion, dict[str, Step]] = {"3.0": in_both(), "3.3": in_both() | only_newer()}


@pytest.mark.parametrize("version", DOCUMENTS)
def test_the_walk_leads_past_every_published_operation(version: ApiVersion) -> None:
    assert WALK[version].keys() == operations_of(raw_document(version)).keys()


EVERY_OPERATION = pytest.mark.parametrize("version, name", [(each, name) for each in WALK for name in WALK[each]])


@EVERY_OPERATION
def test_it_answers_as_published_whatever_comes(
    version: ApiVersion, name: str, servers: dict[ApiVersion, Server]
) -> None:
    try_operation(schema_of(version), name, hammer, HAMMER, server=servers[version])


@EVERY_OPERATION
def test_an_operation_does_its_work(version: ApiVersion, name: str, servers: dict[ApiVersion, Server]) -> None:
    server = servers[version]
    seed.reset(server.app.state.database, "standard")
    status, path, body = WALK[version][name]
    method, template = name.split()
    arguments: dict[str, Any] = {"path_parameters": path}
    if body is not None:
        arguments |= {"body": body, "media_type": "application/json"}
    case = schema_of(version)[template][method].Case(**arguments)

    response = case.call(base_url=server.url, session=server.session, headers=server.headers)

    assert response.status_code == status, response.text
    checks = ["status_code_conformance", "content_type_conformance", "response_schema_conformance"]
    case.validate_response(response, checks=[CHECKS.get_one(check) for check in checks])
