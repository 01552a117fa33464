"""The house: import contracts hold, and are noticed when they do not."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .pages import ROOT

PACKAGE = ROOT / "websakctl"
PURE = ("diagnostics", "kinds", "law", "model", "plan", "redaction.py")


def lint(where: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=where,
        env={**os.environ, "PYTHONPATH": str(where), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_contracts_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


VIOLATIONS = [
    ("report/view_models.py", "import websakctl.cli.app", "Layers"),
    ("live/errors.py", "import websakctl.plan.change", "Layers"),
    ("model/marks.py", "import websakctl.model.kind", "circle"),
    ("kinds/licence.py", "import websakctl.kinds.sub_org", "Kinds"),
    ("plan/diff.py", "import time", "pure"),
    ("model/types.py", "import httpx", "pure"),
    ("sandbox/settings.py", "import websakctl.model.address", "sandbox"),
    ("operations/scopes.py", "import httpx", "HTTP"),
    ("report/view_models.py", "import sqlalchemy", "server"),
    ("operations/scopes.py", "import websakctl.settings", "settings"),
    ("settings.py", "import keyring", "keyring"),
    ("cli/change/apply.py", "import websakctl.apply.journal", "journal"),
    ("fleet/process.py", "import websakctl.cli.app", "fleet knows no cli"),
    ("operations/config/schema.py", "import ruamel.yaml", "YAML"),
]


@pytest.fixture(scope="module")
def broken_copy(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is reported of a copy that holds every violation, by one run: a run costs seconds."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, copy / "websakctl", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for module, line, _ in VIOLATIONS:
        with (copy / "websakctl" / module).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    done = lint(copy)
    assert done.returncode != 0
    return done.stdout


@pytest.mark.parametrize(("module", "line", "contract"), VIOLATIONS)
def test_a_broken_contract_is_noticed(broken_copy: str, module: str, line: str, contract: str) -> None:
    assert any(contract in text and "BROKEN" in text for text in broken_copy.splitlines()), broken_copy
    if contract != "circle":  # a circle is reported by its siblings, not by the import that closes it
        importer = f"websakctl.{module.removesuffix('.py').replace('/', '.')}"
        imported = line.removeprefix("import ")
        assert f"{importer} -> {imported.partition('.')[0] if 'websakctl' not in imported else imported}" in broken_copy


def test_a_module_in_no_layer_is_noticed(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "websakctl", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "websakctl" / "helpers.py").write_text("", encoding="utf-8")
    assert "helpers" in lint(tmp_path).stdout


def sources(*parts: str) -> Iterator[tuple[str, ast.AST]]:
    for part in parts:
        place = PACKAGE / part
        for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                yield f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", node


def test_deciding_reads_no_clock_and_opens_no_file() -> None:
    calls = [
        (where, node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
        for where, node in sources(*PURE)
        if isinstance(node, ast.Call)
    ]
    assert [c for c in calls if c[1] in {"now", "utcnow", "today", "open", "read_text", "getenv"}] == []
    assert len(calls) > 100


JOURNAL_WRITES = {"write", "settle", "claim_plan", "remember", "accept", "forget_all"}


def test_the_command_line_writes_no_journal_entry() -> None:
    journals = [
        (where, node.attr)
        for where, node in sources("cli")
        if isinstance(node, ast.Attribute)
        and "journal" in (getattr(node.value, "attr", ""), getattr(node.value, "id", ""))
    ]
    assert [each for each in journals if each[1] in JOURNAL_WRITES] == []
    assert len(journals) > 5


def test_fleet_names_no_module_of_the_command_line() -> None:
    texts = [(where, node.value) for where, node in sources("fleet") if isinstance(node, ast.Constant)]
    assert [each for each in texts if "websakctl.cli" in str(each[1])] == []
    assert "websakctl" in [value for _, value in texts]  # how it starts a command


# what decides when and in which order things happen, and the one place that makes it
SEAMS = {"live/clock.py", "live/runtime.py", "live/guarded.py"}  # the last is the transport that the runtime opens
MADE = {
    "sleep", "monotonic", "perf_counter", "now", "utcnow", "today", "uuid1", "uuid4", "token_hex", "random", "shuffle",
    "Thread", "Timer", "ThreadPoolExecutor", "HTTPTransport", "AsyncClient", "SystemClock", "HurriedClock",
}  # fmt: skip
WITHOUT_A_SEAM = ("live", "apply", "operations", "state", "fleet", "source", "plan", "rollout", "law", "report")
MADE_ALL_THE_SAME = {
    ("websakctl/fleet/cluster.py", "SystemClock"),  # a process elsewhere begins there
    ("websakctl/state/people.py", "token_hex"),  # a key, which nobody may guess or repeat
}


def test_time_identifiers_threads_and_connections_come_from_the_runtime() -> None:
    parts = [str(path.relative_to(PACKAGE)) for part in WITHOUT_A_SEAM for path in (PACKAGE / part).rglob("*.py")]
    calls = [
        (where, ast.unparse(node.func))
        for where, node in sources(*(part for part in parts if part not in SEAMS))
        if isinstance(node, ast.Call)
    ]
    created = [
        c
        for c in calls
        if c[1].rpartition(".")[2] in MADE and not c[1].rpartition(".")[0].endswith(("clock", "runtime"))
    ]
    assert {(where.partition(":")[0], name) for where, name in created} == MADE_ALL_THE_SAME
    named = [  # handed on without being called: a default, a factory
        (where, ast.unparse(node))
        for where, node in sources(*(part for part in parts if part not in SEAMS))
        if isinstance(node, ast.keyword | ast.arguments)
        for node in ast.walk(node)
        if isinstance(node, ast.Name) and node.id in MADE - {"random", "now", "today"}
    ]
    assert named == []
    clients = [where for where, name in calls if name in ("httpx.Client", "httpx.get", "httpx.post", "httpx.request")]
    assert {where.partition(":")[0] for where in clients} == {
        "websakctl/live/client.py"
    }  # with a transport of the runtime's


def test_only_the_command_line_writes_to_the_terminal() -> None:
    below = [p.name for p in PACKAGE.iterdir() if p.name not in {"cli", "__main__.py", "sandbox", "__pycache__"}]
    writes = [
        where
        for where, node in sources(*below)
        if (isinstance(node, ast.Name) and node.id in {"print", "input"})
        or (isinstance(node, ast.Attribute) and node.attr in {"stdout", "stderr", "stdin"})
    ]
    assert writes == []


def test_no_file_is_named_after_nothing() -> None:
    nothing = {"utils", "util", "helpers", "helper", "common", "manager", "base", "core", "misc"}
    assert [str(p) for p in PACKAGE.rglob("*") if p.stem in nothing] == []
