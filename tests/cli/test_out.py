"""``--out FILE``: every command's result in a file, UTF-8 and its owner's only, in place of stdout."""

import io
import json
import stat
import sys
from typing import Any

import pytest
import typer

from websakctl.cli import terminal
from websakctl.cli.app import app

from .command_line import Cli

RESULTS = [
    ("validate", "--format", "sarif"),
    ("validate", "--format", "junit"),
    ("plan", "--format", "html"),
    ("plan", "--format", "matrix"),
    ("drift", "--format", "markdown"),
    ("districts", "list", "--format", "json"),
    ("suborgs", "--format", "text"),
    ("schema", "org_unit"),
    ("licences", "--format", "json"),
    ("rollout", "schedule", "--format", "svg"),
]


def test_every_command_has_it() -> None:
    def lacking(command: Any, name: str) -> list[str]:
        inner = [
            found for each, one in getattr(command, "commands", {}).items() for found in lacking(one, f"{name} {each}")
        ]
        has = any("--out" in parameter.opts for parameter in command.params)
        return inner if has or hasattr(command, "commands") else [*inner, name]

    assert lacking(typer.main.get_command(app), "websakctl") == []


@pytest.mark.parametrize("command", RESULTS, ids=" ".join)
def test_the_file_holds_what_stdout_would(cli: Cli, command: tuple[str, ...]) -> None:
    shown = cli(*command, code=None)
    given = cli(*command, "--out", "result.txt", code=shown.code, env={"LANG": "C", "LC_ALL": "C"})
    path = cli.root / "result.txt"
    assert given.out == ""
    assert path.read_text(encoding="utf-8") == shown.out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(cli.root.glob(".result*")) == []


def test_a_plan_to_be_applied_is_json_whatever_is_shown(cli: Cli) -> None:
    given = cli("plan", "--format", "markdown", "--out", "plan.json")
    assert "## " in given.out
    assert json.loads((cli.root / "plan.json").read_text(encoding="utf-8"))["changes"]
    cli("plan", "--out", "frogner.plan")
    assert json.loads((cli.root / "frogner.plan").read_text(encoding="utf-8"))["changes"]


def test_what_is_told_in_two_parts_is_in_the_file_in_two_parts(cli: Cli) -> None:
    cli.apply("--out", "told.txt")
    told = (cli.root / "told.txt").read_text(encoding="utf-8")
    assert told.index("Environment:") < told.index("Applied:")


@pytest.mark.parametrize("file", ["no/such/folder/x", "config", "config/access.yaml"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_done(cli: Cli, websak: Any, file: str) -> None:
    websak.ask("DELETE", "effects")
    given = cli.apply("--out", file, code=64)
    assert file in given.err
    assert websak.effects() == []


def test_a_failure_is_told_on_stdout_as_json_and_leaves_the_file_as_it_was(cli: Cli) -> None:
    (cli.root / "x.json").write_text("earlier", encoding="utf-8")
    given = cli("plan", "--district", "nowhere", "--format", "json", code=64)
    assert given.json["diagnostics"]
    given = cli("drift", "--district", "nowhere", "--format", "json", "--out", "x.json", code=64)
    assert given.json["diagnostics"]
    assert (cli.root / "x.json").read_text(encoding="utf-8") == "earlier"


def test_stdout_is_utf8_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp1252"))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
    monkeypatch.setattr(terminal.sys, "platform", "win32")
    terminal.make_streams_ready()
    sys.stdout.write("Grünerløkka → 𝕏")
    sys.stdout.flush()
    assert raw.getvalue().decode("utf-8") == "Grünerløkka → 𝕏"
