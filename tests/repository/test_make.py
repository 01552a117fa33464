"""The make targets, the demo, and the pinned versions."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from .pages import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def run(command: list[str], where: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command without a terminal."""
    return subprocess.run(
        command,
        cwd=where,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the repository that uses the virtual environment of this one."""
    for folder in ("config", "districts", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for file in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / file, tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def test_the_demo_tells_the_story_and_touches_nothing_else(clone: Path) -> None:
    before = (clone / "config" / "org_units.yaml").read_text(encoding="utf-8")
    elsewhere = "http://127.0.0.1:9"  # nobody answers there: the demo must not ask
    done = run(
        [str(Path(sys.prefix) / "bin" / "websakctl"), "demo"],
        clone,
        WEBSAKCTL_BASE_URL=elsewhere,
        WEBSAKCTL_STATE_DIR=str(clone / "mine"),
    )
    assert done.returncode == 0, done.stdout
    story = re.split(r"^\d\. ", done.stdout, flags=re.MULTILINE)[1:]
    assert len(story) == 9
    assert re.search(r"^Plan: [1-9]\d* to create, 0 to update, 0 to deactivate\.", story[2], re.MULTILINE)
    assert re.search(r"^Applied: (\d+) of \1 changes done", story[3], re.MULTILINE)
    assert "\nNo changes. Websak matches the config" in story[4]
    assert "frogner: 3 users" in story[5] and re.search(r"^Applied: 3 of 3 changes done", story[5], re.MULTILINE)
    assert "\nNo changes. Websak matches the config" in story[5]  # with their roles, functions, groups and zones
    assert re.search(r"^~ org_unit  \*/OPPV  \(all 15 districts", story[7], re.MULTILINE)
    assert "\nPlan: 0 to create, 15 to update, 0 to deactivate." in story[7]
    assert (clone / "config" / "org_units.yaml").read_text(encoding="utf-8") == before
    assert not (clone / "mine").exists()
    assert sorted(p.name for p in (clone / ".websakctl").iterdir()) == [".gitignore", "demo"]
    assert not (clone / ".websakctl/demo/.websakctl/sandbox/server.json").exists()  # it is stopped


def test_the_demo_fails_where_the_story_does_not_hold(clone: Path) -> None:
    units = clone / "config" / "org_units.yaml"
    units.write_text(units.read_text(encoding="utf-8").replace("parent: OPPV}", "parent: OPVP}"), encoding="utf-8")
    done = run([str(Path(sys.prefix) / "bin" / "websakctl"), "demo"], clone)
    assert done.returncode == 3
    assert "help: did you mean OPPV?" in done.stdout


def test_every_target_is_explained_and_can_be_made() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert phony
    targets = phony[1].split()
    shown = run(["make"], ROOT).stdout
    assert re.findall(r"^  make ([\w-]+)  ", shown, re.MULTILINE) == targets
    for target in targets:
        assert run(["make", "--dry-run", target], ROOT).returncode == 0, target


def test_an_old_python_is_refused_in_words(clone: Path) -> None:
    (clone / ".venv").unlink()
    old = clone / "python3.9"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = run(["make", f"PYTHON={old}", "test"], clone)
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stdout
    assert not (clone / ".venv").exists()


def test_pins_are_exact_and_name_no_place_of_their_own() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    odd = [line for line in pins if not re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; [\w .'<>=!]+)?", line)]
    assert odd == []


def test_every_dependency_is_pinned_within_its_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    desired = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    pinned = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if result := re.match(r"([a-z0-9-]+)==([\w.]+)", line):
            pinned[result[1]] = Version(result[2])
    for requirement in map(Requirement, desired):
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if name != "websakctl":
            assert requirement.specifier.contains(pinned[name]), requirement


def test_what_tests_import_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    core = {Requirement(r).name.replace("-", "_") for r in project["dependencies"]} | {
        "websakctl",
        "tests",
        "httpx",
        "typer",
        "filelock",
        "msgspec",
        "rich",
        "ruamel",
        "_ruamel_yaml",
        "pydantic",
    }
    core |= {"docx", "openpyxl"}  # papers and HR files
    core |= {"fastapi", "uvicorn", "sqlalchemy", "jwt", "cryptography"}  # of the extras sandbox and fiks
    brought = {"packaging", "psycopg", "requests", "werkzeug"}  # pytest, and what a test skips without; schemathesis
    brought |= {"markdown_it"}  # rich
    declared = (
        {Requirement(r).name.replace("-", "_") for r in extras["test"]} | core | brought | sys.stdlib_module_names
    )
    imported = {
        name for file in (ROOT / "tests").glob("**/*.py") if "node_modules" not in file.parts for name in imports(file)
    }
    assert imported - declared == set()


def imports(file: Path) -> Iterator[str]:
    """The top-level names of absolute imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_core_dependencies_have_an_upper_bound() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in map(Requirement, project["dependencies"]):
        assert {s.operator for s in requirement.specifier} == {">=", "<"}, requirement


def test_generated_pages_are_as_the_code_says(clone: Path) -> None:
    pages = [*(clone / "docs").glob("*.md"), *(clone / "docs" / "api").glob("*.yaml")]
    before = {page: page.read_bytes() for page in pages}
    shutil.copytree(ROOT / "tests" / "bad_input", clone / "tests" / "bad_input")
    done = run(["make", "--old-file=.venv/.test", "docs"], clone)
    assert done.returncode == 0, done.stdout
    assert [page.name for page in pages if page.read_bytes() != before[page]] == []
