"""What docs/architecture.md says of adding a kind: followed in a copy, it reaches validate, plan, apply, schema and the pages."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import SMALL, write_files
from websakctl.model import marks

from .pages import ROOT

# Step 1 and 2: one module.
MODULE = '''\
"""Shelf (hylle): where paper stands that is not scanned."""

from typing import Annotated

from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import Key, Ref
from websakctl.model.patterns import matching
from websakctl.model.types import Name


class Shelf(Named, frozen=True, kw_only=True):
    """A place for paper, and the access code of what stands there."""

    code: Annotated[str, Key(), matching(r"[A-Z0-9-]{2,12}", "2 to 12 capitals, digits and hyphens")]
    name: Name
    access_code: Annotated[str | None, Ref(kind="access_code")] = None


KIND = Kind(
    name="shelf",
    plural="shelves",
    model=Shelf,
    api=Api.SETUP,
    endpoint="shelves",
    scoping=Scoping.BASE,
    on_removal=Removal.DELETE,
    title="shelf (hylle) for paper",
    label="name",
    example="A-1: {name: Hylle A1, access_code: P}",
)
'''

# Step 3: the sandbox is told of it separately.
IN_THE_SANDBOX = {
    "models.py": '''

class Shelf(Strict):
    """A place for paper."""

    code: Code
    name: Name
    access_code: Code | None = None
    active: bool = True
''',
    "tables.py": """

shelf: Final = Table(
    "setup_shelf",
    METADATA,
    Column("code", _KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("access_code", _KEY),
    *_kept(),
)
""",
}
COLLECTION = """\
    SetupKind(
        name="shelf",
        path="/shelves",
        key="code",
        model=models.Shelf,
        table=tables.shelf,
        references=(("access_code", "access_code"),),
        example="A-1",
    ),
)

BY_NAME"""

# All commands in one process: each gives its exit code and what it wrote.
PROGRAM = """\
import contextlib, io, json, sys
from websakctl.cli.app import run
results = []
for line in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(line)
    results.append([int(code), out.getvalue(), err.getvalue()])
json.dump(results, sys.stdout)
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with one more kind, and a small repository beside it."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "websakctl", root / "websakctl", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "docs").mkdir()
    shutil.copy(ROOT / "docs/generate_kinds.py", root / "docs")
    (root / "websakctl/kinds/shelf.py").write_text(MODULE, encoding="utf-8")
    sandbox = root / "websakctl/sandbox/setupapi"
    for name, text in IN_THE_SANDBOX.items():
        with (sandbox / name).open("a", encoding="utf-8") as file:
            file.write(text)
    kinds = (sandbox / "kinds.py").read_text(encoding="utf-8")
    assert ")\n\nBY_NAME" in kinds
    (sandbox / "kinds.py").write_text(kinds.replace(")\n\nBY_NAME", COLLECTION), encoding="utf-8")
    write_files(root / "repo", {**SMALL, "config/shelves.yaml": "shelves:\n  A-1: {name: Hylle A1, access_code: P}\n"})
    return root


def python(copy: Path, *words: str) -> str:
    around = {"PATH": os.environ["PATH"], "HOME": str(copy), "LANG": "C.UTF-8", "PYTHONPATH": str(copy)}
    around |= {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    done = subprocess.run(
        [sys.executable, *words], cwd=copy / "repo", env=around, capture_output=True, encoding="utf-8", timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_one_module_and_the_sandbox_are_all_that_a_kind_takes(copy: Path) -> None:
    only = ["--kind", "shelf", "--kind", "access_code", "--format", "json"]
    given = json.loads(
        python(
            copy,
            "-c",
            PROGRAM,
            json.dumps(
                [
                    ["validate", "--format", "json"],
                    ["schema", "shelf"],
                    ["explain", "shelf", "--format", "json"],
                    ["plan", *only],
                    ["apply", "--auto-approve", *only],
                    ["plan", *only],
                    ["show", "shelf/base/A-1", "--format", "json"],
                    ["sandbox", "stop"],
                ]
            ),
        )
    )
    assert [code for code, *_ in given] == [0] * len(given), given
    validate, schema, explain, plan, apply, again, show = (json.loads(out) for _, out, _ in given[:-1])
    assert validate["valid"] is True and "A-1" not in str(validate["diagnostics"])
    assert {"name", "access_code"} <= set(json.dumps(schema).replace('"', " ").split())
    assert "hylle" in json.dumps(explain)
    changed: list[dict[str, Any]] = plan["changes"]
    assert [c["address"] for c in changed if c["kind"] == "shelf"] == ["shelf/base/A-1"]
    assert "access_code/base/P" in next(c["requires"] for c in changed if c["kind"] == "shelf")
    assert {o["address"]: o["status"] for o in apply["outcomes"]}["shelf/base/A-1"] == "done"
    assert again["changes"] == []
    assert show["live"]["name"] == "Hylle A1"


def test_the_page_of_kinds_has_it(copy: Path) -> None:
    python(copy, str(copy / "docs/generate_kinds.py"))
    page = (copy / "docs/kinds.md").read_text(encoding="utf-8")
    section = page.split("\n## shelf\n")[1].split("\n## ")[0]
    assert "Shelf (hylle) for paper." in section and "`access_code`" in section


def test_the_page_says_these_steps() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    steps = page.split("**A kind, step by step.**")[1].split("\n## ")[0]
    for place in ("websakctl/model/entry.py", "websakctl/sandbox/setupapi/kinds.py", "make docs"):
        assert place in steps
    for name in IN_THE_SANDBOX:
        assert f"`{name}`" in steps
    spelt = re.findall(r"`([A-Z]\w+\([^`]*\))`", steps)
    assert len(spelt) >= 5
    for mark in spelt:  # as it stands on the page, it can be written
        eval(mark, vars(marks))  # our own page
