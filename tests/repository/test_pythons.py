"""Which Pythons CI runs on: the newest that is there runs everything, each other a part, and what is missing is said."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from .pages import ROOT


def interpreter(folder: Path, name: str, version: str) -> None:
    """A program that says of itself that it is that Python."""
    program = folder / name
    program.write_text(f'#!/bin/sh\necho "{version}"\n')
    program.chmod(0o755)


def found(folder: Path) -> tuple[list[str], str]:
    bash = Path("/usr/bin") if Path("/usr/bin/bash").exists() else Path("/bin")
    for tool in ("bash", "env"):
        (folder / tool).symlink_to(bash / tool)
    done = subprocess.run(
        [ROOT / ".ci" / "pythons"], env={"PATH": str(folder)}, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.splitlines(), done.stderr


def test_the_newest_comes_first_and_the_missing_are_named(tmp_path: Path) -> None:
    interpreter(tmp_path, "python3.11", "3.11")
    interpreter(tmp_path, "python3", "3.13")
    lines, given = found(tmp_path)
    assert lines == [f"3.13 {tmp_path / 'python3'}", f"3.11 {tmp_path / 'python3.11'}"]
    assert "Python 3.14: not found, not run" in given
    assert "Python 3.12: not found, not run" in given
    assert "3.13" not in given


def test_a_python_by_another_name_is_not_taken_for_it(tmp_path: Path) -> None:
    interpreter(tmp_path, "python3.14", "3.9")
    assert found(tmp_path)[0] == []


def test_what_is_supported_is_what_ci_looks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [
        c.rpartition(" ")[2] for c in project["classifiers"] if c.startswith("Programming Language :: Python :: 3.")
    ]
    script = (ROOT / ".ci" / "pythons").read_text(encoding="utf-8")
    looked_for = next(line for line in script.splitlines() if line.startswith("for version in "))
    assert set(named) <= set(looked_for.removeprefix("for version in ").removesuffix("; do").split())
    assert project["requires-python"] == f">={named[0]}"


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="from 3.13 on Python itself warns")
def test_a_connection_that_nobody_closes_is_found(tmp_path: Path) -> None:
    import gc
    import sqlite3

    with pytest.warns(ResourceWarning, match="unclosed database"):
        sqlite3.connect(tmp_path / "x.db")
        gc.collect()
