"""An environment marked protected: its mark in the first line, a saved plan or its typed name to apply."""

from typing import Any

import pytest

from .command_line import Cli

ONE = ("--target", "access_code/base/P")


@pytest.fixture
def production(cli: Cli) -> Cli:
    """The sandbox plays production, which the config marks as protected."""
    cli.env["WEBSAKCTL_ENVIRONMENT"] = "production"
    return cli


def test_the_first_line_of_every_plan_says_so(production: Cli) -> None:
    for line in (["plan"], ["plan", "--format", "matrix"], ["drift"], ["drift", "--format", "matrix"]):
        first = production(*line).out.splitlines()[0]
        assert first.startswith("Environment: production (http://127.0.0.1:")
        assert "PROTECTED" in first
    assert production.plan().json["protected"] is True
    assert "PROTECTED" not in production("plan", "--environment", "test").out


def test_auto_approve_alone_is_refused(production: Cli, websak: Any) -> None:
    outcome = production.apply(*ONE, code=4)
    assert "production is protected: --auto-approve alone is not enough" in outcome.err
    assert "websakctl plan --environment production --out FILE" in outcome.err
    production("apply", *ONE, code=4)
    assert websak.effects() == []


def test_a_saved_plan_is_taken(production: Cli, websak: Any) -> None:
    production("plan", *ONE, "--out", "p.json")
    production("apply", "p.json", code=4)  # nobody to ask
    production.apply("p.json")
    assert [key for _, key in websak.effects()] == ["P"]


@pytest.mark.parametrize(("typed", "code"), [("yes", 4), ("Production", 4), ("production", 0)])
def test_its_name_must_be_typed(production: Cli, websak: Any, typed: str, code: int) -> None:
    child = production.terminal("apply", *ONE)
    child.expect_exact("production is protected. Type its name to apply this change: ")
    child.sendline(typed)
    child.read()
    child.close()
    assert child.exitstatus == code
    assert len(websak.effects()) == (1 if code == 0 else 0)
