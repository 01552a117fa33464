"""With --format json a command prints one JSON document on stdout, in failure as in success."""

import json
import re
from pathlib import Path

import pytest

from websakctl.cli.exits import Exit, Problem
from websakctl.diagnostics import RULES
from websakctl.diagnostics.problems import PROBLEMS

from .command_line import Cli

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("line", "exit_code", "code"),
    [
        ("plam --format json", 64, "usage"),
        ("plan --format json --detailed-exit-code", 64, "usage"),
        ("--format=json plan frogner", 64, "usage"),
        ("plan --format json --district frogne", 64, "unknown-name"),
        ("plan --format json --kind orgunit", 64, "unknown-name"),
        ("plan --format json --batch PULJE-9", 64, "unknown-name"),
        ("plan --format json --prune org_units", 64, "unknown-name"),
        ("plan --format json --environment tset", 64, "unknown-name"),
        ("explain nothing-like-that --format json", 64, "unknown-name"),
        ("explain org_unit/frogner/FR-OPVP --format json", 64, "unknown-name"),
        ("schema case_typ --format json", 64, "unknown-name"),
        ("show org_unit/frogner/FR-OPVP --offline --format json", 64, "unknown-name"),
        ("history 20270301T101500-3fa9c2 --format json", 64, "unknown-name"),
        ("history --address org_unit/frogner/NOWHERE --format json", 64, "unknown-name"),
        ("rollback 20270301T101500-3fa9c2 --format json", 64, "unknown-name"),
        ("rollout check PULJE-9 --offline --format json", 64, "unknown-name"),
        ("snapshot diff nowhere --format json", 64, "unknown-name"),
        ("apply nowhere.json --format json", 64, "unknown-name"),
    ],
)
def test_a_failure_is_a_document_too(small: Cli, line: str, exit_code: int, code: str) -> None:
    outcome = small(*line.split(), code=exit_code)
    document = json.loads(outcome.out)
    assert document["format_version"] == 1
    first = document["diagnostics"][0]
    assert (first["code"], first["severity"], first["exit_code"]) == (code, "error", exit_code)
    assert first["message"] in outcome.err
    assert first["help"]


def test_an_invalid_config_names_every_finding(small: Cli) -> None:
    (small.root / "config/more.yaml").write_text("access_codes:\n  X: {nmae: x}\n", encoding="utf-8")
    document = json.loads(small("plan", "--format", "json", code=3).out)
    codes = [each["code"] for each in document["diagnostics"]]
    assert codes[0] == "config-invalid"
    assert "unknown-field" in codes
    result = next(each for each in document["diagnostics"] if each["code"] == "unknown-field")
    assert (result["file"], result["line"], result["exit_code"]) == ("config/more.yaml", 2, None)


def test_validate_keeps_rule_beside_code(small: Cli) -> None:
    (small.root / "config/more.yaml").write_text("access_codes:\n  X: {nmae: x}\n", encoding="utf-8")
    document = json.loads(small("validate", "--format", "json", code=3).out)
    assert all(each["rule"] == each["code"] for each in document["diagnostics"])


def test_text_prints_nothing_on_stdout_when_it_fails(small: Cli) -> None:
    assert small("plan", "--district", "frogne", code=64).out == ""


def test_every_exit_code_has_a_code_in_the_catalogue() -> None:
    for exit_code in set(Exit) - {Exit.OK, Exit.CHANGES}:
        code = Problem("x", exit_code).code
        assert PROBLEMS[code].exit_code == exit_code


def test_every_code_in_the_program_is_in_the_catalogue() -> None:
    used = set()
    for path in (ROOT / "websakctl" / "cli").rglob("*.py"):
        used |= set(re.findall(r'\bcode="([a-z-]+)"', path.read_text(encoding="utf-8")))
    assert used <= {*PROBLEMS, *RULES}
