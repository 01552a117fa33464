"""What each command loads: by the names of modules, so that no clock is asked.

A command that loads more takes longer to start; whoever adds to these lists knows what it costs (docs/benchmarks.md).
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .command_line import Cli

WATCHED = (
    "typer", "pydantic", "pydantic_settings", "ruamel", "httpx", "httpcore", "keyring", "rich", "tabulate",
    "filelock", "jmespath", "sqlite3", "fastapi", "uvicorn", "sqlalchemy", "jinja2", "docx", "openpyxl", "holidays", "authlib",
    "distributed", "dask", "ijson", "cryptography", "multipart", "http.server", "importlib.metadata",
)  # fmt: skip
NOTHING: set[str] = set()
OFFLINE = {"typer", "ruamel"}
ONLINE = OFFLINE | {"httpx", "httpcore", "sqlite3"}
ALLOWED = {
    ("--version",): NOTHING,
    ("--help",): {"typer"},
    ("validate", "--help"): {"typer"},
    ("validate",): OFFLINE,
    ("validate", "--format", "json"): OFFLINE,
    ("show", "--help"): {"typer"},
    ("plan",): ONLINE,
}
SEEN = """
import os, sys
from websakctl.__main__ import main
leave = os._exit
def end(code):
    sys.stderr.write(chr(10).join(["", *sys.modules, ""]))
    sys.stderr.flush()
    leave(0)
os._exit = end
main()
end(0)
"""


def loaded(cwd: Path, *words: str) -> set[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("WEBSAKCTL_")}
    done = subprocess.run(
        [sys.executable, "-c", SEEN, *words], cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    modules = set(done.stderr.split("\n"))
    assert "websakctl.__main__" in modules, done.stderr
    return {name for name in WATCHED if name in modules}


@pytest.mark.parametrize("words", [words for words in ALLOWED if words != ("plan",)], ids=" ".join)
def test_a_command_loads_what_it_needs_and_no_more(small: Cli, words: tuple[str, ...]) -> None:
    assert loaded(small.root, *words) - ALLOWED[words] == set()


def test_a_plan_loads_what_it_needs_and_no_more_and_sends_few_requests(shipped: Cli) -> None:
    reported = shipped("plan", "--verbose").err  # and the sandbox runs, as a felt plan has it
    requests = re.search(r"with (\d+) requests", reported)
    assert requests is not None, reported
    assert int(requests[1]) <= 20
    assert loaded(shipped.root, "plan") - ALLOWED["plan",] == set()


def test_the_keyring_is_opened_where_it_may_hold_the_secret(small: Cli) -> None:
    assert "keyring" in loaded(small.root, "plan", "--environment", "test")
