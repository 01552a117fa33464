"""What git keeps: a rule that is meant for people's data must not swallow the project's own files."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MADE = ("__pycache__/", "node_modules", ".hypothesis/")  # what running the tests leaves behind


def test_no_file_of_the_project_is_ignored() -> None:
    result = subprocess.run(
        ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "websakctl", "tests", "docs"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if result.returncode != 0:
        pytest.skip("not a clone of git")
    ignored = [path for path in result.stdout.splitlines() if not any(part in path for part in MADE)]
    assert ignored == []
