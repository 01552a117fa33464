"""Every way to get a fleet file wrong is told with its place."""

import json
from pathlib import Path

import pytest

from tests.cli.command_line import Cli
from websakctl.fleet.target import fleet_of, variable_of
from websakctl.source.fleet_file import read_fleet_file


def findings(folder: Path, text: str) -> list[tuple[str, int, int]]:
    file = folder / "fleet.yaml"
    file.write_text(text, encoding="utf-8")
    return [(f.code, f.at.line, f.at.column) for f in read_fleet_file(file)[1]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("targets:\n  a: {root: a, environment: test}\n", []),
        ("target:\n  a: {root: a, environment: test}\n", [("unknown-section", 1, 1)]),
        ("targets: {}\n", [("wrong-type", 1, 1)]),
        ("targets:\n  Oslo By: {root: a, environment: test}\n", [("bad-key", 2, 3)]),
        ("targets:\n  a: {root: a}\n", [("missing-field", 2, 3)]),
        ("targets:\n  a: {root: a, environment: test, sate_dir: x}\n", [("unknown-field", 2, 35)]),
        ("targets:\n  a: {root: 7, environment: test}\n", [("unquoted-value", 2, 13)]),
        ("targets:\n  a: a\n", [("wrong-type", 2, 3)]),
        ("targets:\n  a: {root: a, environment: ../x}\n", [("bad-value", 2, 29)]),
        (
            "targets:\n  a: {root: x, environment: test}\n  b: {root: ./x, environment: test}\n",
            [("duplicate-resource", 3, 3)],
        ),
        ("targets:\n  a: {root: a, environment: t}\n  a: {root: b, environment: t}\n", [("duplicate-key", 3, 3)]),
        ("targets: [\n", [("yaml-syntax", 1, 11)]),
        ("", [("empty-file", 1, 1)]),
    ],
)
def test_findings(tmp_path: Path, text: str, found: list[tuple[str, int, int]]) -> None:
    assert findings(tmp_path, text) == found


def test_a_secret_in_the_file_is_refused_and_not_shown(tmp_path: Path) -> None:
    text = "targets:\n  a: {root: a, environment: test, client_secret: hunter2-hunter2}\n"
    (tmp_path / "fleet.yaml").write_text(text, encoding="utf-8")
    outcome = Cli(tmp_path)("fleet", "validate", code=3)
    assert "error[secret-in-config]" in outcome.err
    assert "fleet.yaml:2:" in outcome.err
    assert "hunter2" not in outcome.err + outcome.out


def test_paths_are_relative_to_the_file_and_an_environment_that_is_said_wins(tmp_path: Path) -> None:
    file = tmp_path / "in" / "fleet.yaml"
    file.parent.mkdir()
    file.write_text(
        "targets:\n  a: {root: ../a, environment: test, state_dir: state/a}\n  b: {root: b, environment: prod}\n"
    )
    entries, _, _ = read_fleet_file(file)
    a, b = fleet_of(file, entries).targets
    assert (a.root, a.state_dir) == (tmp_path / "a", tmp_path / "in/state/a")
    assert (b.root, b.state_dir, b.environment) == (tmp_path / "in/b", tmp_path / "in/b/.websakctl", "prod")
    assert {t.environment for t in fleet_of(file, entries, "test").targets} == {"test"}
    assert variable_of("nord-by", "CLIENT_SECRET") == "WEBSAKCTL_NORD_BY_CLIENT_SECRET"


def test_a_target_without_a_folder_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text("targets:\n  a: {root: a, environment: test}\n", encoding="utf-8")
    result = json.loads(Cli(tmp_path)("fleet", "validate", "--format", "json", code=1).out)
    assert "is not a folder" in result["targets"]["a"]["message"]
