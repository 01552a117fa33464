"""Every command of the README on terminals of 60 to 200 columns: no line over the edge, and no word broken."""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.cli.command_line import Cli, Screen, on_a_terminal
from tests.repository.pages import ROOT, steps
from tests.repository.test_readme import surroundings
from websakctl.report.layout import table, width_of, wrapped

README = (ROOT / "README.md").read_text(encoding="utf-8")
WIDTHS = (60, 80, 120, 200) if os.environ.get("RELIABILITY") == "all" else (60,)
WIDE = 2_000  # nothing is wrapped: which words there are
READS = re.compile(r"websakctl (plan(?! .*--out)|drift|history|validate|snapshot diff|districts compare)")
MORE = (  # what the tour names besides its examples
    "websakctl --help",
    "websakctl licences",
    "websakctl suborgs",
    "websakctl districts list",
    "websakctl districts compare",
    "websakctl rollout status",
    "websakctl rollout status --format matrix",
    "websakctl rollout check PULJE-1",
    "websakctl rollout schedule",
    "websakctl law check",
    "websakctl worklist list",
    "websakctl doctor",
    "websakctl show org_unit/frogner/FR-OPPV",
    "websakctl explain bydel",
    "websakctl snapshot list",
    "websakctl upgrade check after --expand",
)
SHELL = re.compile(r"[;|<>&$*?`]")
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Tour:
    """A copy of the repository in which the README's commands are run."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, command: str, columns: int) -> Screen:
        words = shlex.split(command)
        if words[0] == "websakctl" and not SHELL.search(command):
            return on_a_terminal(Cli(self.root), *words[1:], columns=columns)
        child = pexpect.spawn(
            "sh",
            ["-c", command],
            cwd=str(self.root),
            env={**surroundings(self.root), "TERM": "xterm-256color"},
            dimensions=(60, columns),
            encoding="utf-8",
            timeout=120,
        )
        raw = child.read()
        child.close()
        return Screen(raw, child.exitstatus, columns)


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tour]:
    root = tmp_path_factory.mktemp("tour")
    for folder in ("config", "districts", "templates"):
        shutil.copytree(ROOT / folder, root / folder)
    tour = Tour(root)
    yield tour
    tour.run("websakctl sandbox stop", 80)


def written(raw: str) -> list[str]:
    """The lines as the command wrote them, before a terminal would wrap them; a line that was written over is gone."""
    return [_ESCAPES.sub("", line.rpartition("\r")[2]) for line in raw.replace("\r\n", "\n").split("\n")]


def faults(command: str, narrow: str, wide: str, columns: int) -> list[str]:
    """What is wrong with an output: lines over the edge, and parts of words that the wide output does not have."""
    found = [f"{command} at {columns}: {line!r}" for line in written(narrow) if width_of(line) > columns]
    known = {word for line in written(wide) for word in WORD.findall(line)}
    for line in written(narrow):
        for word in WORD.findall(line) if not line.startswith("(a wider terminal shows") else ():
            if word not in known and not any(character.isdigit() for character in word):
                found.append(f"{command} at {columns}: the word {word!r} is broken in {line!r}")
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal")
def test_every_command_of_the_readme_fits_every_terminal(tour: Tour) -> None:
    found: list[str] = []
    for step in steps(README):
        command = step.command
        if not READS.search(command) or ";" in command:
            for columns in WIDTHS[:1]:  # what writes is run once, on the narrowest
                found += [
                    f"{command}: {line!r}"
                    for line in written(tour.run(command, columns).raw)
                    if width_of(line) > columns
                ]
            continue
        wide = tour.run(command, WIDE).raw
        for columns in WIDTHS:
            found += faults(command, tour.run(command, columns).raw, wide, columns)
    for command in MORE:
        wide = tour.run(command, WIDE).raw
        for columns in WIDTHS:
            found += faults(command, tour.run(command, columns).raw, wide, columns)
    assert found == []


ROWS = [
    ("org_unit/soendre-nordstrand/SN-BARNEHAGE", "create", "Barnehage med et langt navn", "12"),
    ("case_type/base/PERS", "update", "", "4 812"),
]
COLUMNS = ("address", "what", "name", "count")


def test_columns_go_by_rank_and_a_wider_terminal_is_named() -> None:
    shown = table(COLUMNS, ROWS, 60, ("what",))
    assert "what" not in shown.splitlines()[0]
    assert shown.splitlines()[-1] == "(a wider terminal shows what too)"
    assert table(COLUMNS, ROWS, None).splitlines()[0].split() == list(COLUMNS)


@pytest.mark.parametrize("width", range(24, 121, 8))
def test_no_table_is_wider_than_it_may_be_and_none_loses_a_word(width: int) -> None:
    shown = table(COLUMNS, ROWS, width, ("what",))
    assert max(width_of(line) for line in shown.splitlines()) <= width
    for row in ROWS:
        assert "".join(row[0].split()) in re.sub(r"\s", "", shown) or row[0].rpartition("/")[2] in shown


def test_wrapping_keeps_colours_and_indents_what_goes_on() -> None:
    line = '    name: \x1b[31m"Oppvekst og helse i bydelen"\x1b[0m -> \x1b[32m"Oppvekst"\x1b[0m'
    lines = wrapped(line, 30).split("\n")
    assert all(width_of(each) <= 30 for each in lines)
    assert all(each.startswith("      ") for each in lines[1:])
    assert "".join(lines).replace(" ", "") == line.replace(" ", "")
    assert wrapped("- en\n- to tre fire", 8) == "- en\n- to tre\n  fire"
