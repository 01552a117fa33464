"""On a terminal: colours where they are wanted, lines that fit, a bar while it works and none afterwards."""

import re

import pytest

from .command_line import Cli, Screen, on_a_terminal

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize(
    ("args", "env", "coloured"),
    [
        ([], {}, True),
        ([], {"NO_COLOR": ""}, True),
        ([], {"NO_COLOR": "1"}, False),
        (["--no-color"], {}, False),
        ([], {"TERM": "dumb"}, False),
    ],
)
def test_colours(cli: Cli, args: list[str], env: dict[str, str], coloured: bool) -> None:
    raw = on_a_terminal(cli, "plan", "--kind", "access_code", *args, env=env).raw
    assert bool(COLOUR.search(raw)) is coloured
    assert ("\x1b[32m+ access_code  base/P\x1b[0m" in raw) is coloured


def test_no_colours_into_a_pipe_and_the_same_text(cli: Cli) -> None:
    piped = cli("plan")
    assert "\x1b" not in piped.out + piped.err
    shown = COLOUR.sub("", on_a_terminal(cli, "plan", columns=300).raw).replace("\r\n", "\n")
    assert (
        piped.out.splitlines()[3:-1] == shown.splitlines()[3:-1]
    )  # what is between when it was read and how long it takes


def test_errors_are_coloured_and_nothing_else_of_them(small: Cli) -> None:
    screen = on_a_terminal(small, "plan", "--district", "frogne")
    assert screen.raw.startswith("\x1b[1;31merror:\x1b[0m there is no district frogne")
    assert screen.code == 64


@pytest.mark.parametrize("columns", [120, 80, 40])
def test_a_group_takes_one_line_of_the_terminal(shipped: Cli, columns: int) -> None:
    shipped.env = {"COLUMNS": str(columns)}
    for flags in (["--kind", "org_unit", "--kind", "access_group"], ["--kind", "sub_org"]):
        for line in shipped("plan", *flags).out.splitlines():
            if "districts: " not in line:
                continue
            one_name = re.search(r"districts: [a-z-]+, …\)", line)
            assert len(line) <= columns or one_name, line


def test_the_matrix_is_aligned_at_any_width(cli: Cli) -> None:
    narrow, wide = (cli("plan", "--format", "matrix", env={"COLUMNS": c}).out for c in ("40", "200"))
    assert narrow.split("\n\n")[1] == wide.split("\n\n")[1]  # the words around it are wrapped


def test_a_finding_fits_a_narrow_terminal_and_points_at_the_value(small: Cli) -> None:
    small.edit("config/case_types.yaml", "access_code: P", "access_code: PP")
    lines = small("validate", code=3, env={"COLUMNS": "40"}).err.splitlines()
    at = next(i for i, line in enumerate(lines) if "PP" in line and " | " in line)
    assert lines[at][lines[at + 1].index("^") :].startswith("PP")
    assert max(len(line) for line in lines[at : at + 2]) <= 44


@pytest.mark.parametrize("columns", [80, 40])
def test_a_bar_while_it_works_and_a_clean_screen_afterwards(cli: Cli, columns: int, websak: object) -> None:
    screen = on_a_terminal(cli, "apply", "--auto-approve", columns=columns)
    assert screen.code == 0
    assert "Applying to environment" in COLOUR.sub("", screen.raw)
    assert "Applying" not in screen.text()
    assert re.search(r"Applied: 15 of 15\s+changes done", screen.text())
    assert not screen.cursor_hidden


def test_failures_stand_above_the_bar(cli: Cli, websak: object) -> None:
    websak.fault("status", method="POST", path="/access-codes$", code=422, body={"title": "No"})  # type: ignore[attr-defined]
    screen = on_a_terminal(cli, "apply", "--auto-approve", "--kind", "access_code", "--kind", "licence")
    assert screen.code == 5
    assert "error: access_code/base/P: POST /access-codes: No" in screen.text()
    assert not screen.cursor_hidden
    assert isinstance(screen, Screen)


def test_quiet_shows_no_bar(cli: Cli) -> None:
    raw = on_a_terminal(cli, "apply", "--auto-approve", "--quiet", "--kind", "access_code").raw
    assert "Applying" not in raw and "\x1b[?25" not in raw


def test_a_pipe_is_as_wide_as_columns_says_and_else_as_the_text(shipped: Cli) -> None:
    narrow = shipped("districts", "list", env={"COLUMNS": "60"}).out.splitlines()
    assert max(len(line) for line in narrow) <= 60
    for variables in ({}, {"COLUMNS": ""}, {"COLUMNS": "wide"}):
        assert max(len(line) for line in shipped("districts", "list", env=variables).out.splitlines()) > 60
