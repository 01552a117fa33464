"""``demo``: the whole story on a sandbox of its own, in two minutes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, command
from websakctl.cli.session import Session
from websakctl.files import STATE_DIR, make_state_dir

_OLD, _NEW = "OPPV: {name: Oppvekst}", "OPPV: {name: Oppvekst og læring}"
_FILE = "config/org_units.yaml"
_PEOPLE_FILE = "ansatte.csv"
_PEOPLE = """\
Ansattnummer;Navn;Rolle;Enhet;Brukernavn;E-post
100001;Kari Nordmann;Saksbehandler;OPPV;karnor;kari.nordmann@example.org
100002;Ola Nordmann;Leder;OPPV;olanor;ola.nordmann@example.org
100003;Liv Eksempel;Arkivar;BYDEL;liveks;liv.eksempel@example.org
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "demo", example="websakctl demo", formats=("text",))(demo)


def demo(call: Call) -> None:
    """Show the whole story on a sandbox: plan, apply, plan again, one edit. It happens in .websakctl/demo, on a copy of the config."""
    root = Session(call).root
    story = _Story(root / STATE_DIR / "demo")
    story.begin(_config_of(root))
    with story.sandbox():
        story.tell("Fifteen districts share one Websak. Their setup is YAML, written once and checked offline.")
        story.run("validate")
        story.run("districts", "list")
        story.tell(
            "No Websak is configured, so commands use a sandbox: a real server with a real database. Here it starts empty."
        )
        story.run("sandbox", "reset", "--empty")
        story.tell(
            "The plan: everything is to be created. What is the same in fifteen districts is one line. A plan writes nothing."
        )
        story.run("plan")
        story.tell("Apply it. On a terminal it asks first; here --auto-approve says yes.")
        story.run("apply", "--auto-approve", "--reason", "the demo", last_line=True)
        story.tell("Plan again: nothing is left to do.")
        story.run("plan", "--detailed-exitcode")
        story.tell("Who works in a district comes from HR as a file, and not from git: here three made-up people.")
        story.add_people()
        story.run("users", "import", _PEOPLE_FILE, "--district", "frogner")
        story.run("apply", "--kind", "user", "--auto-approve", "--reason", "the demo", last_line=True)
        story.run("plan", "--detailed-exitcode", last_line=True)
        story.tell("One edit to the base: a department gets another name in every district.")
        story.edit()
        story.tell("The plan shows one change for fifteen districts.")
        story.run("plan", "--detailed-exitcode", code=Exit.CHANGES)
        story.tell("That was all. The sandbox stops now; what it holds is kept in .websakctl/demo.")
        story.run("sandbox", "stop")
    typer.echo("\nTo go on from here, say in this folder:\n  websakctl --root .websakctl/demo plan")


def _config_of(root: Path) -> Path:
    """The folder whose config is copied: the repository's own, else the one that is installed with the program."""
    package = Path(__file__).parents[2]
    for folder in (root, package / "example", package.parent):
        if (folder / _FILE).is_file() and (folder / "districts").is_dir():
            return folder
    raise Problem("the demo's config is not installed", what_next="install websakctl again")


class _Story:
    """The steps of the demo, each a command of its own as a user would run it, whatever WEBSAKCTL_* variables say."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.step = folder, 0
        self.environment = {k: v for k, v in os.environ.items() if not k.upper().startswith("WEBSAKCTL_")}
        self.strong, self.plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")

    def begin(self, source: Path) -> None:
        """Take away what an earlier demo left, and copy the config."""
        if self.folder.exists():
            self._command("sandbox", "stop", capture=True)
            shutil.rmtree(self.folder)
        make_state_dir(self.folder.parent)
        for name in ("config", "districts"):
            shutil.copytree(source / name, self.folder / name)

    @contextmanager
    def sandbox(self) -> Iterator[None]:
        """Stop the sandbox, however the story ends."""
        try:
            yield
        finally:
            self._command("sandbox", "stop", capture=True)

    def tell(self, text: str) -> None:
        """Say what comes next."""
        self.step += 1
        typer.echo(f"\n{self.strong}{self.step}. {text}{self.plain}\n")

    def run(self, *arguments: str, code: int = Exit.OK, last_line: bool = False) -> None:
        """Run a command and show what it says.

        Raises:
            Exit: With the command's own exit code, where that is not ``code``.
        """
        shown = " ".join(f'"{a}"' if " " in a else a for a in arguments)
        typer.echo(f"$ websakctl {shown}")
        sys.stdout.flush()
        done = self._command(*arguments, capture=last_line)
        if last_line:
            typer.echo(done.stdout if done.returncode != code else done.stdout.rstrip().rpartition("\n")[2])
        if done.returncode != code:
            raise typer.Exit(done.returncode or Exit.FAILED)

    def add_people(self) -> None:
        """Write a file as HR hands it in."""
        (self.folder / _PEOPLE_FILE).write_text(_PEOPLE, encoding="utf-8", newline="\n")
        typer.echo(_PEOPLE)

    def edit(self) -> None:
        """Change one line of the config.

        Raises:
            Problem: If it does not say what this step changes.
        """
        file = self.folder / _FILE
        text = file.read_text(encoding="utf-8")
        if _OLD not in text:
            raise Problem(f"{_FILE} does not say '{_OLD}', which this step changes")
        file.write_text(text.replace(_OLD, _NEW), encoding="utf-8", newline="\n")
        typer.echo(f"{_FILE}\n  - {_OLD}\n  + {_NEW}")

    def _command(self, *arguments: str, capture: bool = False) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603  # this program itself
            [sys.executable, "-m", "websakctl", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if capture else None,
            stderr=subprocess.DEVNULL if capture and arguments[0] == "sandbox" else None,
            encoding="utf-8",
            check=False,
        )
