"""docs/consistency.md is a walk that works, and its table of rules is the program's."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.command_line import Cli
from tests.repository.pages import ROOT, as_pattern, named_files, steps
from websakctl.consistency.mending import RULES

PAGE = (ROOT / "docs/consistency.md").read_text(encoding="utf-8")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """A copy of the shipped repository, with the page's files."""
    for folder in ("config", "districts"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for name, text in named_files(PAGE).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return Cli(tmp_path)


def test_the_walk_works(cli: Cli) -> None:
    result = list(steps(PAGE))
    assert len(result) == 2
    for step in result:
        outcome = cli(*shlex.split(step.command)[1:])
        shown = outcome.err + outcome.out
        assert as_pattern(step.output).fullmatch(shown), f"$ {step.command}\n{shown}"
    assert (cli.root / "letters/receiving.docx").read_bytes()[:2] == b"PK"
    rows = (cli.root / "ledger.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0].startswith("subject,key,name,district,config,websak,business-register,fiks,verdict,what")
    assert sum("not-in-websak" in row for row in rows) == 23


def test_the_table_names_every_disagreement_with_who_is_wrong() -> None:
    table = PAGE.split("## Who is wrong")[1].split("\n\n")[2]
    said = {}
    for line in table.splitlines()[2:]:
        names, _, _, wrong = (cell.strip() for cell in line.strip("|").split("|"))
        for name in re.findall(r"`([a-z-]+)`", names):
            said[name] = wrong.lower()
    assert said.keys() == {what.value for what in RULES}
    words = {"config": "config", "websak": "websak", "fiks": "ks fiks", None: "cannot be known"}
    for what, rule in RULES.items():
        assert words[rule.wrong] in said[what.value], what
        assert ("letter" in said[what.value]) == bool(rule.letter), what
