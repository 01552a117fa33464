"""docs/rollout.md is a walk that works: its commands are run, its examples are valid."""

import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.command_line import Cli
from tests.repository.pages import ROOT, as_pattern, example_files, steps

PAGE = (ROOT / "docs/rollout.md").read_text(encoding="utf-8")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """A copy of the shipped repository."""
    for folder in ("config", "districts"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return Cli(tmp_path)


def test_the_examples_are_valid(cli: Cli) -> None:
    examples = example_files(PAGE)
    assert len(examples) == 3
    for name, text in examples.items():
        (cli.root / name).write_text(text, encoding="utf-8")
    assert "0 errors, 0 warnings" in cli("validate").out


def test_the_walk_works(cli: Cli) -> None:
    result = list(steps(PAGE))
    assert len(result) == 6
    for step in result:
        command, _, refused = step.command.partition(" || ")
        outcome = cli(*shlex.split(command)[1:], code=4 if refused else 0)
        streams = [outcome.err, outcome.out] if outcome.code == 0 else [outcome.out, outcome.err]
        shown = "".join([*streams, "exit code 4\n" if refused else ""])
        assert as_pattern(step.output).fullmatch(shown), f"$ {step.command}\n{shown}"
