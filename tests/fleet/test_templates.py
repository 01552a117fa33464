"""The fleet file, the manifests and the workflow that are there to copy."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from websakctl.cli.app import app
from websakctl.source.fleet_file import read_fleet_file

from .world import ROOT

FOLDER = ROOT / "templates/fleet"
MANIFESTS = sorted((FOLDER / "kubernetes").glob("*.yaml"))
JOBS = [path for path in MANIFESTS if path.name != "volume.yaml"]
WORKFLOW = FOLDER / "github/.github/workflows/fleet.yml"


def loaded(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path)


def test_the_fleet_file_is_valid() -> None:
    targets, findings, _ = read_fleet_file(FOLDER / "fleet.yaml")
    assert findings == []
    assert len(targets) == 2


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_a_manifest_is_as_kubernetes_wants_it(path: Path) -> None:
    program = shutil.which("kubernetes-validate", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("kubernetes-validate brings 100 MB of schemas and comes with websakctl[dev]")
    done = subprocess.run([program, "--strict", str(path)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.name)
def test_a_lost_pod_is_tried_again_and_a_verdict_is_not(path: Path) -> None:
    spec = loaded(path)["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert spec["completionMode"] == "Indexed"
    assert pod["restartPolicy"] == "Never"
    ignored, verdict = spec["podFailurePolicy"]["rules"]
    assert ignored["action"] == "Ignore"
    assert set(verdict["onExitCodes"]["values"]) == {1, 3, 4, 5, 6, 7, 64}, (
        "143 and 137, of a pod that was lost, are not"
    )
    assert verdict["onExitCodes"]["containerName"] == container["name"]
    assert container["args"][0].startswith("exec websakctl "), "so that TERM reaches it"
    assert f"/{spec['completions']} " in container["args"][0]
    assert pod["terminationGracePeriodSeconds"] >= 60
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert {m["name"] for m in container["volumeMounts"]} == {v["name"] for v in pod["volumes"]}


def command_lines() -> list[str]:
    lines = [loaded(path)["spec"]["template"]["spec"]["containers"][0]["args"][0] for path in JOBS]
    lines += [s["run"] for job in loaded(WORKFLOW)["jobs"].values() for s in job["steps"] if "run" in s]
    return [line.removeprefix("exec ") for line in lines if "websakctl fleet" in line]


@pytest.mark.parametrize("line", command_lines())
def test_a_command_line_is_one_that_the_program_takes(line: str) -> None:
    line = re.sub(r"\$\(\(.*?\)\)|\$\{\{.*?\}\}", "1", line).partition(" >>")[0]
    program, group, name, *words = shlex.split(line)
    command: Any = typer.main.get_command(app).commands[group].commands[name]  # type: ignore[attr-defined]
    assert program == "websakctl"
    command.make_parser(command.make_context(name, [], resilient_parsing=True)).parse_args(words)


def test_the_workflow_is_as_its_service_wants_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(WORKFLOW)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    uses = re.findall(r"uses: (\S+)", WORKFLOW.read_text(encoding="utf-8"))
    assert uses
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", use) for use in uses)
