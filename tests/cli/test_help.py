"""Help: every command has an example, and each example is a command line that the program takes."""

import shlex
from typing import Any

import pytest
import typer

from websakctl.cli.app import app
from websakctl.cli.commands import COMMANDS, load

from .command_line import Cli


def _commands() -> list[tuple[str, ...]]:
    def names(command: Any) -> list[tuple[str, ...]]:
        if not hasattr(command, "commands"):
            return [()]
        return [(name, *rest) for name, inner in command.commands.items() for rest in names(inner)]

    return names(typer.main.get_command(app))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_says_what_the_commands_say(name: str) -> None:
    """The overview loads no command, so its lines are a list of their own."""
    reported = load(*COMMANDS[name][0].split())[name].get_short_help_str(200)
    assert COMMANDS[name][1].rstrip(".") == reported.partition("\n")[0].rstrip(".")


def test_the_promised_commands_are_there() -> None:
    promised = "validate plan apply drift show schema doctor"
    groups = "districts list|sandbox serve|sandbox reset|sandbox status|auth login|auth logout|auth status"
    desired = {*((name,) for name in promised.split()), *(tuple(pair.split()) for pair in groups.split("|"))}
    assert desired <= set(_commands())


@pytest.mark.parametrize("command", _commands(), ids=" ".join)
def test_help_has_an_example_that_parses(small: Cli, command: tuple[str, ...]) -> None:
    outcome = small(*command, "--help")
    assert outcome.err == ""
    assert outcome.out.startswith(f"Usage: websakctl {' '.join(command)} ")
    examples = [line.strip() for line in outcome.out.partition("Example:\n")[2].splitlines()]
    example = shlex.split(examples[0].partition(">")[0])
    assert tuple(example[1 : 1 + len(command)]) == command
    # --help behind it lets the line be parsed without being done; a word that nobody knows ends in 64 before that.
    words = example[1:]
    group = typer.main.get_command(app)
    for name in command:
        group = group.commands[name]  # type: ignore[attr-defined]
    group.make_parser(group.make_context(command[-1], [], resilient_parsing=True)).parse_args(words[len(command) :])


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("upgrade check", ("Exit 0", "Exit 1", "Exit 4")),
        ("snapshot diff", ("Exit 0", "--detailed-exitcode exit 2", "Exit 4", "exit 64")),
    ],
)
def test_what_an_exit_code_says_of_a_comparison_is_in_the_help(small: Cli, name: str, codes: tuple[str, ...]) -> None:
    text = " ".join(small(*name.split(), "--help").out.split())
    assert [code for code in codes if code not in text] == []


def test_the_overview_names_every_command_in_whole_sentences(small: Cli) -> None:
    outcome = small("--help")
    for command in _commands():
        assert f"\n  {command[0]} " in outcome.out
    assert "..." not in outcome.out.partition("Commands:")[2]
    assert max(map(len, outcome.out.splitlines())) <= 110


def test_version(small: Cli) -> None:
    assert small("--version").out.startswith("websakctl 0.")
    assert small("--quiet", "--version").out == small("--version").out
