"""The sandbox against our own document of the Setup API: the same as served, sound in itself, and kept to."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies as st
import jsonschema
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
from websakctl.sandbox.settings import Settings
from websakctl.sandbox.setupapi import store
from websakctl.sandbox.setupapi.kinds import KINDS
from websakctl.sandbox.setupapi.models import check_digit
from websakctl.sandbox.setupapi.problems import TYPES

load_all_checks()

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "api" / "setup.openapi.yaml"
METHODS = ("get", "put", "post", "delete")

# Checks of schemathesis that are not run, and why.
EXCLUDED_CHECKS = {
    "max_response_time": "a busy machine is not a broken contract",
    "object_level_authorization": "there is one kind of client, and it may see everything",
    "use_after_free": "follows links between operations, which one operation at a time does not have",
    "ensure_resource_availability": "follows links between operations, which one operation at a time does not have",
}

CONFIG = {
    "checks": {
        # A well-formed request can name what is not there (404, 422), is there already (409), or was changed (412).
        "positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "412", "422"]},
        # What is wrong in its body and late in its If-Match is refused for either: 412 is no acceptance.
        "negative_data_rejection": {
            "expected-statuses": [
                "400",
                "401",
                "403",
                "404",
                "405",
                "406",
                "409",
                "412",
                "415",
                "422",
                "428",
                "429",
                "5xx",
            ]
        },
        # RFC 6585: a missing If-Match is 428.
        "missing_required_header": {"expected-statuses": ["400", "401", "403", "428"]},
    },
    "generation": {"deterministic": True},
}


def _organisation_number(first_eight: int) -> str | None:
    digit = check_digit(str(first_eight))
    return None if digit is None else f"{first_eight}{digit}"


schemathesis.openapi.format(
    "orgnr", st.integers(20_000_000, 39_999_999).map(_organisation_number).filter(lambda number: number is not None)
)


@cache
def written() -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe").load(DOCUMENT.read_text(encoding="utf-8"))
    return document


def operations() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in written()["paths"].items()
        for method, operation in item.items()
    ]


@dataclass(frozen=True)
class Server:
    app: Any
    url: str
    headers: dict[str, str]
    session: requests.Session


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path_factory.mktemp('contract') / 'setup.db'}"))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        token = app.state.tokens.issue(frozenset({"setup"}))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with requests.Session() as session:
                yield Server(app, url, {"Authorization": f"Bearer {token}"}, session)
        finally:
            server.should_exit = True
            thread.join()
            app.state.database.close()


@pytest.fixture
def server(running: Server) -> Server:
    """Once per operation: what one operation leaves behind, such as a lease, is not in another's way."""
    seed.reset(running.app.state.database, "standard")
    return running


def test_the_document_is_what_the_server_serves(running: Server) -> None:
    served = running.session.get(f"{running.url}/api/setup/openapi.json").json()
    again = f"write it again: python -m websakctl.sandbox.setupapi {DOCUMENT.relative_to(Path.cwd())}"
    assert served == written(), again


def test_every_operation_is_described_and_every_kind_is_there() -> None:
    paths = written()["paths"]
    for kind in KINDS:
        assert set(paths[f"/api/setup{kind.path}"]) == {"get", "post"}
        assert set(paths[f"/api/setup{kind.path}/{{key}}"]) == {"get", "put", "delete"}
    assert len({operation["operationId"] for _, operation in operations()}) == len(operations())
    for name, operation in operations():
        assert operation["summary"], name
        assert {"401", "403"} <= set(operation["responses"]), name


def test_its_schemas_are_sound() -> None:
    document = written()
    assert document["openapi"].startswith("3.1")
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        for reference in _references(schema):
            assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"], name
    for reference in _references(document["paths"]):
        part = document
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]


def test_every_problem_is_in_it() -> None:
    document = written()
    assert set(document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]) == {
        f"/problems/{name}" for name in TYPES
    }
    described = {name for key in document["components"]["responses"] for name in key.split("-or-")}
    assert described == set(TYPES) - {"method-not-allowed"}  # what no operation answers has no place in one


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


@cache
def schema() -> Any:
    return schemathesis.openapi.from_dict(written(), config=SchemathesisConfig.from_dict(CONFIG))


HAMMER = hypothesis.settings(
    max_examples=100 if os.environ.get("PROPERTIES") else 12,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow],
)


@pytest.mark.parametrize("name", [name for name, _ in operations()])
def test_it_answers_as_described_whatever_comes(name: str, server: Server) -> None:
    try_operation(schema(), name, hammer, HAMMER, server=server)


def hammer(case: Any, server: Server) -> None:
    if case.headers:
        case.headers.pop("Lease", None)  # one that is not held turns every write down: tests/sandbox holds real ones
    if case.meta and case.meta.generation.mode.is_positive:
        aim(case, server)
    excluded = [CHECKS.get_one(name) for name in EXCLUDED_CHECKS if name in CHECKS.get_all_names()]
    case.call_and_validate(
        base_url=server.url, session=server.session, headers=server.headers, excluded_checks=excluded
    )


def aim(case: Any, server: Server) -> None:
    """Turn a sound request at something that is there, which chance would hardly ever do."""
    for kind in KINDS:
        if case.path != f"/api/setup{kind.path}/{{key}}":
            continue
        with server.app.state.database.write() as connection:
            if store.fetch(connection, kind, kind.example) is None:
                store.create(
                    connection, kind, kind.model.model_validate({**EXISTING[kind.name], kind.key: kind.example})
                )
        case.path_parameters["key"] = kind.example
        if case.headers and "If-Match" in case.headers:
            case.headers["If-Match"] = "*"
        if isinstance(case.body, dict):
            case.body[kind.key] = kind.example


EXISTING: dict[str, dict[str, Any]] = {
    "access_code": {"name": "Unntatt"},
    "case_type": {"name": "Personal", "series": "PERS", "ordering_principle": "fnr", "retention": "B"},
    "sub_org": {"name": "Barnehage", "district": "frogner", "channel": "altinn"},
    "licence": {"product": "Websak+", "bought": 10},
    "rollout_batch": {"name": "Pulje 1"},
}


def test_an_excluded_check_exists() -> None:
    assert EXCLUDED_CHECKS.keys() <= {*CHECKS.get_all_names(), "max_response_time"}
