"""Every command that writes JSON is run with a result and without one, and what it writes is as docs/api/ says."""

import json
import re
import runpy
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer

from tests.cli.command_line import PROGRAM
from tests.conftest import Sandbox
from websakctl.cli.app import app

from .cases import FAILURES, RESULTS, WITHOUT, Case
from .world import World

API = Path(__file__).parents[2] / "docs" / "api"
FAILURE = "failure.schema.json"


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command with json among its formats, as the help names it."""
    formats = [parameter.metavar.split("|") for parameter in command.params if "--format" in parameter.opts]
    if path and formats and "json" in formats[0]:
        yield " ".join(path)
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


COMMANDS = tuple(commands(typer.main.get_command(app)))
LISTED = dict(re.findall(r"^\| `([^`]+)` \| \[([a-z-]+\.schema\.json)\]", (API / "README.md").read_text("utf-8"), re.M))


def validators() -> dict[str, jsonschema.Draft202012Validator]:
    result = {}
    for path in sorted(API.glob("*.schema.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        result[path.name] = jsonschema.Draft202012Validator(schema, format_checker=checker)
    return result


VALIDATORS = validators()


def check(text: str, schema: str) -> Any:
    """See that a text is one document and as its schema says; every departure is named."""
    document = json.loads(text)
    departures = [
        f"{error.json_path}: {error.message[:300]}"
        for top in VALIDATORS[schema].iter_errors(document)
        for error in (jsonschema.exceptions.best_match([top]), *sorted(top.context or (), key=str)[:6])
    ]
    assert not departures, "\n".join(departures)
    assert next(iter(document)) in ("format_version", "$schema")
    if schema not in (FAILURE, LISTED["validate"]) and "diagnostics" in document:
        check(json.dumps({"format_version": 1, "diagnostics": document["diagnostics"]}), FAILURE)
    return document


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sandbox33: Sandbox) -> World:
    return World.applied(tmp_path_factory.mktemp("documents"), sandbox33)


def run(world: World, case: Case) -> str:
    place = world.copy() if case.writes else world
    for line in case.first:
        place.run(*shlex.split(line), env=case.env)
    arguments = [place.last_run() if argument == "{run}" else argument for argument in case.arguments]
    if case.fault:
        place.sandbox.fault(**case.fault)
    try:
        out, err = place.run(*arguments, "--format", "json", code=case.code, env=case.env, stdin=case.stdin)
    finally:
        place.sandbox.ask("DELETE", "faults")
    assert "Traceback" not in err
    return out


@pytest.mark.parametrize("case", RESULTS, ids=str)
def test_a_result_is_as_its_schema_says(world: World, case: Case) -> None:
    document = check(run(world, case), LISTED[case.command])
    if case.code in (5, 64) or (case.code == 3 and case.command != "validate"):  # an error ended it
        assert document["diagnostics"][0]["exit_code"] == case.code


@pytest.mark.parametrize("case", FAILURES, ids=str)
def test_a_command_without_a_result_writes_the_failure_document(world: World, case: Case) -> None:
    document = check(run(world, case), FAILURE)
    assert document["diagnostics"][0]["exit_code"] == case.code


def test_a_server_in_the_foreground_writes_where_it_is(world: World) -> None:
    here = world.copy()
    line = [PROGRAM, "sandbox", "serve", "--format", "json"]
    with subprocess.Popen(line, cwd=here.root, stdout=subprocess.PIPE, encoding="utf-8") as server:
        assert server.stdout is not None
        try:
            text = "".join(iter(server.stdout.readline, "}\n")) + "}"
            check(text, LISTED["sandbox serve"])
            check(here.run("sandbox", "status", "--format", "json")[0], LISTED["sandbox status"])
            check(here.run("sandbox", "reset", "--format", "json")[0], LISTED["sandbox reset"])
        finally:
            here.run("sandbox", "stop")
            server.wait(timeout=30)


def test_every_command_has_a_schema_and_a_case() -> None:
    assert set(LISTED) == set(COMMANDS)
    assert {case.command for case in RESULTS} | WITHOUT.keys() == set(COMMANDS)
    assert {case.command for case in FAILURES} >= set(COMMANDS)
    assert set(LISTED.values()) | {FAILURE} == set(VALIDATORS)


def test_the_files_are_those_that_the_generator_writes() -> None:
    made = runpy.run_path(str(API.parent / "generate_api.py"))
    assert made["schemas"]() == {path.name: path.read_text("utf-8") for path in API.glob("*.schema.json")}
    assert made["page"]() == (API / "README.md").read_text("utf-8")
