"""README.md is a tour that works: its commands are run, and what it shows is what they say."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from websakctl.cli.exits import Exit
from websakctl.kinds import all_kinds
from websakctl.model.kind import Api
from websakctl.settings import EnvironmentVariables
from websakctl.source.load import load_configuration

from .pages import ROOT, as_pattern, example_files, steps

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of what the tour works on."""
    for folder in ("config", "districts", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def surroundings(home: Path) -> dict[str, str]:
    clean = {n: value for n, value in os.environ.items() if not n.startswith("WEBSAKCTL_") and n != "COLUMNS"}
    path = os.pathsep.join([str(Path(sys.executable).parent), clean.get("PATH", "")])
    return {**clean, "PATH": path, "HOME": str(home), "PYTHONWARNINGS": "error"}


def shell(command: str, where: Path) -> tuple[int, str]:
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=where,
        env=surroundings(where),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def test_the_tour_works(clone: Path) -> None:
    tour = list(steps(README))
    assert len(tour) > 8
    try:
        for step in tour:
            code, output = shell(step.command, clone)
            if code != 0 or not as_pattern(step.output).fullmatch(output):
                pytest.fail(
                    f"$ {step.command}\nREADME shows:\n{step.output}\nIt says (exit {code}):\n{output}", pytrace=False
                )
    finally:
        shell("websakctl sandbox stop", clone)


@pytest.mark.parametrize(
    ("shown", "said", "fits"),
    [
        ("618 resources\n", "1 204 resources\n", True),
        ("15 to update\n", "14 to update\n", False),
        ("613 to create\n", "0 to create\n", False),
        ("a\n…\nb\n", "a\nmore\nb\n", True),
        ("a\n…\nb\n", "a\nmore\n", False),
        ("run …).\n", "run 20270101).\n", True),
    ],
)
def test_what_is_shown_is_compared(shown: str, said: str, fits: bool) -> None:
    assert bool(as_pattern(shown).fullmatch(said)) is fits


def test_the_config_on_one_screen_is_valid(tmp_path: Path) -> None:
    files = example_files(README)
    assert "config/websak.yaml" in files
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    config = load_configuration(tmp_path)
    assert config.findings == []
    assert {"org_unit/frogner/FR-OPPV", "access_code/base/P"} <= {str(a) for a in config.state}
    assert set(config.settings.environments) == {"test", "production"}


def rows(heading: str) -> list[list[str]]:
    """The table below a heading, without its head."""
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_exit_codes_are_those_of_the_program() -> None:
    assert [int(row[0]) for row in rows("Exit codes")] == [int(code) for code in Exit]


def test_every_kind_is_named_with_its_api() -> None:
    named = {row[0].strip("`"): row[2] for row in rows("What is managed, and through which API")}
    words = {Api.USER: "User API", Api.SETUP: "Setup API", Api.MANUAL: "people", Api.CONFIG: "this tool only"}
    assert named == {name: words[k.api] for name, k in all_kinds().items()}


def test_every_variable_is_named() -> None:
    named = {name.strip("`") for row in rows("A real Websak") for name in row[0].split(", ")}
    assert named == {f"WEBSAKCTL_{name.upper()}" for name in EnvironmentVariables.__struct_fields__}


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert "\nmake test " in README
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
