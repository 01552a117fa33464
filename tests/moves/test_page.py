"""docs/moving.md is a walk: its files are written and its commands run in its order, and what it shows is what they say."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository.pages import Step, as_pattern, steps
from websakctl.sandbox.process import stop_server

PAGE = Path(__file__).parents[2] / "docs" / "moving.md"
BLOCK = re.compile(r"^```(yaml|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def parts(text: str) -> Iterator[tuple[str, str] | Step]:
    """Files, as their path and text, and commands, in the order of the page."""
    for language, block in BLOCK.findall(text):
        if language == "yaml":
            yield block.partition("\n")[0].removeprefix("# "), block
        else:
            yield from steps(f"```console\n{block}```\n")


def test_the_walk_is_as_the_page_tells(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("WEBSAKCTL_")}
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    (tmp_path / "config").mkdir()
    subprocess.run(["websakctl", "sandbox", "reset", "--empty"], cwd=tmp_path, env=env, check=True, capture_output=True)
    count = 0
    try:
        for part in parts(PAGE.read_text(encoding="utf-8")):
            if isinstance(part, tuple):
                name, text = part
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name).write_text(text, encoding="utf-8")
                continue
            done = subprocess.run(
                ["sh", "-c", f"{part.command} 2>&1"], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120
            )
            count += 1
            if not as_pattern(part.output).fullmatch(done.stdout) or done.returncode:
                pytest.fail(f"$ {part.command} (exit {done.returncode})\nshown:\n{part.output}\nsaid:\n{done.stdout}")
    finally:
        stop_server(tmp_path / ".websakctl")
    assert count == 20
