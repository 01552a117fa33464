"""The shell completes what the repository has; it never fails and never says a word."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).parent / "websakctl"
CASES = [
    ("websakctl plan --district fr", ["frogner"]),
    ("websakctl plan --kind case", ["case_type"]),
    ("websakctl apply --batch PULJE-", [f"PULJE-{n}" for n in range(1, 6)]),
    ("websakctl show case_type/base/PER", ["case_type/base/PERS"]),
    ("websakctl explain orgnr-ch", ["orgnr-checksum"]),
    ("websakctl doctor --environment pro", ["production"]),
    ("websakctl snap", ["snapshot"]),
    ("websakctl snapshot sa", ["save"]),
    ("websakctl plan --district zz", []),
]


def complete(words: str, cwd: Path = ROOT, **more: str) -> list[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("WEBSAKCTL_")}
    asked = {"_WEBSAKCTL_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    done = subprocess.run([str(PROGRAM)], cwd=cwd, env=env | asked | more, capture_output=True, text=True, timeout=30)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(("words", "expected"), CASES, ids=[words for words, _ in CASES])
def test_words_of_the_repository_are_completed(words: str, expected: list[str]) -> None:
    assert complete(words) == expected


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_get_the_same(shell: str) -> None:
    if shell == "zsh":
        more = {"_TYPER_COMPLETE_ARGS": "websakctl plan --district fr"}
    else:
        more = {"_TYPER_COMPLETE_ARGS": "websakctl plan --district fr", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    assert "frogner" in " ".join(complete("x", _WEBSAKCTL_COMPLETE=f"complete_{shell}", **more))


def test_runs_are_completed_and_outside_a_repository_there_is_silence(tmp_path: Path) -> None:
    assert complete("websakctl history 2", tmp_path) == []
    assert complete("websakctl show org", tmp_path) == []
    (tmp_path / "config").mkdir()
    (tmp_path / "config/broken.yaml").write_text("a: [", encoding="utf-8")
    assert complete("websakctl plan --district f", tmp_path) == []


def test_addresses_are_remembered_until_a_file_changes(tmp_path: Path) -> None:
    units = tmp_path / "config/org_units.yaml"
    units.parent.mkdir()
    (tmp_path / ".websakctl").mkdir()
    units.write_text("org_units:\n  ONE: {name: Ett}\n", encoding="utf-8")
    assert complete("websakctl show org_unit/base/", tmp_path) == ["org_unit/base/ONE"]
    kept = tmp_path / ".websakctl/addresses.json"
    assert kept.stat().st_mode & 0o077 == 0
    kept.write_text(kept.read_text(encoding="utf-8").replace("base/ONE", "base/KEPT"), encoding="utf-8")
    assert complete("websakctl show org_unit/base/", tmp_path) == ["org_unit/base/KEPT"]
    units.write_text("org_units:\n  ANOTHER: {name: Et annet}\n", encoding="utf-8")
    assert complete("websakctl show org_unit/base/", tmp_path) == ["org_unit/base/ANOTHER"]
    kept.write_text("[]", encoding="utf-8")
    assert complete("websakctl show org_unit/base/", tmp_path) == ["org_unit/base/ANOTHER"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_a_real_bash_completes_with_the_script_that_is_shown() -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("WEBSAKCTL_")}
    env["PATH"] = f"{PROGRAM.parent}:{env['PATH']}"
    script = subprocess.run(
        [str(PROGRAM)], env=env | {"_WEBSAKCTL_COMPLETE": "source_bash"}, capture_output=True, text=True, timeout=30
    ).stdout
    assert "complete" in script
    function = script[script.index("_websakctl_completion") :].split("(")[0].strip()
    driver = f"{script}\nCOMP_WORDS=(websakctl plan --district sag)\nCOMP_CWORD=3\n{function} websakctl\necho ${{COMPREPLY[@]}}\n"
    done = subprocess.run(["bash", "-c", driver], cwd=ROOT, env=env, capture_output=True, text=True, timeout=30)
    assert done.stdout.split() == ["sagene"]
