"""docs/law.md is a walk: its files are written and its commands run in its order, and what it shows is what they say."""

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.cli.command_line import Cli
from tests.repository.pages import ROOT, as_pattern
from tests.repository.walks import parts

IDENTITY = {f"GIT_{who}_{what}": "page" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
OTHERWISE = ' || echo "exit code $?"'


def run(cli: Cli, command: str) -> str:
    if not command.startswith("websakctl "):
        env = {**cli.surroundings(), **IDENTITY}
        return subprocess.run(
            ["sh", "-c", command], cwd=cli.root, env=env, check=True, capture_output=True, text=True
        ).stdout
    outcome = cli(*shlex.split(command.removesuffix(OTHERWISE))[1:], code=None if command.endswith(OTHERWISE) else 0)
    return outcome.err + outcome.out + (f"exit code {outcome.code}\n" if outcome.code else "")


def test_the_walk_is_as_the_page_tells(tmp_path: Path) -> None:
    cli, count = Cli(tmp_path), 0
    for part in parts((ROOT / "docs" / "law.md").read_text(encoding="utf-8")):
        if isinstance(part, tuple):
            name, text = part
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
            continue
        told = run(cli, part.command)
        count += 1
        if not as_pattern(part.output).fullmatch(told):
            pytest.fail(f"$ {part.command}\nshown:\n{part.output}\nsaid:\n{told}")
    assert count == 6
