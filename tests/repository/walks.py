"""Pages that are walks: their files are written and their commands run in their order, and what they show is what comes."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command_line import Cli
from websakctl.sandbox.process import stop_server

from .pages import ROOT, Step, as_pattern, steps

BLOCK = re.compile(r"^```(yaml|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def parts(text: str) -> Iterator[tuple[str, str] | Step]:
    """Files, as their path and text, and commands, in the order of the page."""
    for language, block in BLOCK.findall(text):
        if language == "yaml":
            yield block.partition("\n")[0].removeprefix("# "), block
        else:
            yield from steps(f"```console\n{block}```\n")


def walk(page: str, root: Path) -> int:
    """Follow ``docs/PAGE`` in a folder, on a sandbox that is empty; gives how many commands it has."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("WEBSAKCTL_")}
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    (root / "config").mkdir()
    subprocess.run(["websakctl", "sandbox", "reset", "--empty"], cwd=root, env=env, check=True, capture_output=True)
    count = 0
    try:
        for part in parts((ROOT / "docs" / page).read_text(encoding="utf-8")):
            if isinstance(part, tuple):
                name, text = part
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
                continue
            done = subprocess.run(
                ["sh", "-c", f"exec 2>&1; {part.command}"],
                cwd=root,
                env=env,
                capture_output=True,
                text=True,
                timeout=120,
            )
            count += 1
            if not as_pattern(part.output).fullmatch(done.stdout) or done.returncode:
                pytest.fail(f"$ {part.command} (exit {done.returncode})\nshown:\n{part.output}\nsaid:\n{done.stdout}")
    finally:
        stop_server(root / ".websakctl")
    return count


IDENTITY = {f"GIT_{who}_{what}": "page" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
OTHERWISE = ' || echo "exit code $?"'


def follow(page: str, cli: Cli) -> int:
    """Follow ``docs/PAGE`` in process: far quicker, for a page whose commands end where one line does; gives how many it has."""
    count = 0
    for part in parts((ROOT / "docs" / page).read_text(encoding="utf-8")):
        if isinstance(part, tuple):
            name, text = part
            (cli.root / name).parent.mkdir(parents=True, exist_ok=True)
            (cli.root / name).write_text(text, encoding="utf-8")
            continue
        told = _said(cli, part.command)
        count += 1
        if not as_pattern(part.output).fullmatch(told):
            pytest.fail(f"$ {part.command}\nshown:\n{part.output}\nsaid:\n{told}")
    return count


def _said(cli: Cli, command: str) -> str:
    if not command.startswith("websakctl "):
        env = {**cli.surroundings(), **IDENTITY}
        return subprocess.run(
            ["sh", "-c", command], cwd=cli.root, env=env, check=True, capture_output=True, text=True
        ).stdout
    outcome = cli(*shlex.split(command.removesuffix(OTHERWISE))[1:], code=None if command.endswith(OTHERWISE) else 0)
    return outcome.err + outcome.out + (f"exit code {outcome.code}\n" if outcome.code else "")
