"""The generated pipeline, played step by step: two pull requests, a removal, an edit by hand, a failed run.

Every job is a fresh clone; clones share nothing but the bare remote, and a job's artifact is handed on as a file.
"""

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.cli.command_line import Cli
from tests.conftest import Sandbox

from .clones import ENVIRONMENT, Machines, config, publish
from .conftest import Remote, git

WORKFLOW = Path(__file__).parents[2] / "templates/ci/github/.github/workflows/websakctl.yml"


def steps(job: str) -> list[str]:
    """The job's command lines that run websakctl, in order."""
    workflow = YAML(typ="safe", pure=True).load(WORKFLOW)
    lines = [step["run"] for step in workflow["jobs"][job]["steps"] if "run" in step and not step.get("if")]
    return [line for line in lines if line.startswith("websakctl ")]


@dataclass
class Job:
    """What one job left behind."""

    code: int
    out: str
    err: str
    root: Path


@dataclass
class Pipeline:
    """The jobs of the workflow on a remote."""

    machines: Machines
    plans: dict[str, Path] = field(default_factory=dict)  # the artifact of each pull request
    count: int = 0

    def job(self, name: str, branch: str = "main", before: Path | None = None, message: str = "merged") -> Job:
        """Run the steps of a job in a clone of ``branch`` that nobody used before."""
        self.count += 1
        cli = self.machines.machine(f"runner{self.count}-{name}")
        git(cli.root, "checkout", "--quiet", branch)
        if before is not None:
            (cli.root / "websak.plan.json").write_bytes(before.read_bytes())
        done = Job(0, "", "", cli.root)
        for line in steps(name):
            words = line.replace("websakctl ", f"{shlex.quote(sys.executable)} -m websakctl ", 1)
            env = {**cli.surroundings(), "CI": "true", "MESSAGE": message, "WEBSAKCTL_ENVIRONMENT": ENVIRONMENT}
            ended = subprocess.run(
                ["sh", "-c", words], cwd=cli.root, env=env, capture_output=True, text=True, timeout=120, check=False
            )
            assert "Traceback" not in ended.stderr, ended.stderr
            done = Job(ended.returncode, done.out + ended.stdout, done.err + ended.stderr, cli.root)
            if ended.returncode:
                break
        return done

    def pull_request(self, branch: str, edits: Mapping[str, tuple[str, str]]) -> Job:
        """Push a branch with edits, and run what a pull request runs."""
        author = self.machines.remote.home / "author"
        git(author, "fetch", "--quiet", "origin")
        git(author, "checkout", "--quiet", "-B", branch, "origin/main")
        for name, (old, new) in edits.items():
            text = (author / name).read_text(encoding="utf-8")
            assert old in text
            (author / name).write_text(text.replace(old, new), encoding="utf-8")
        git(author, "commit", "--quiet", "--all", "-m", branch)
        git(author, "push", "--quiet", "--force", "origin", branch)
        assert self.job("validate", branch).code == 0
        job = self.job("plan", branch)
        if job.code == 0:
            self.plans[branch] = job.root / "websak.plan.json"
        return job

    def merge(self, branch: str) -> Job:
        """Merge the branch, and run what a push to main runs."""
        author = self.machines.remote.home / "author"
        git(author, "fetch", "--quiet", "origin")
        git(author, "checkout", "--quiet", "-B", "main", "origin/main")
        git(author, "merge", "--quiet", "--no-edit", f"origin/{branch}")
        git(author, "push", "--quiet", "origin", "main")
        return self.job("apply", before=self.plans[branch], message=branch)


@pytest.fixture
def pipeline(remote: Remote, sandbox33: Sandbox) -> Pipeline:
    publish(remote, config(sandbox33))
    author = remote.home / "author"
    Cli(author)("fmt")  # the pipeline refuses what is not laid out
    git(author, "commit", "--quiet", "--all", "-m", "fmt")
    git(author, "push", "--quiet", "origin", "main")
    sandbox33.fresh("empty")
    machines = Machines(remote, sandbox33)
    first: Cli = machines.machine("first")
    first("state", "migrate")
    first.apply()
    return Pipeline(machines)


def actions(plan: Path) -> dict[str, str]:
    document: dict[str, Any] = json.loads(plan.read_text(encoding="utf-8"))
    return {change["address"]: change["action"] for change in document["changes"]}


NAMES = "config/org_units.yaml"


def test_two_pull_requests_a_removal_and_a_hand_edit(pipeline: Pipeline) -> None:
    sandbox = pipeline.machines.sandbox
    renamed = pipeline.pull_request("rename", {NAMES: ("name: Oppvekst}", "name: Oppvekst og kultur}")})
    assert renamed.code == 0, renamed.err
    assert "<!-- websakctl plan -->" in (renamed.root / "plan.md").read_text(encoding="utf-8")
    removed = pipeline.pull_request("removal", {NAMES: ("    HELSE: {name: Helse og mestring}\n", "")})
    assert set(actions(pipeline.plans["removal"]).values()) == {"deactivate"}, removed.out

    assert pipeline.merge("rename").code == 0
    second = pipeline.merge("removal")  # its plan is of an older config, and every change is still as approved
    assert second.code == 0, second.err
    created = [operation for operation, _ in sandbox.effects()]
    assert created.count("department.deactivate") == 2
    assert created.count("department.update") == 2

    assert pipeline.job("drift").code == 0
    sandbox.edit("department", "FR-OPPV", name="Noe annet")
    drift = pipeline.job("drift")
    assert drift.code == 2
    text = (drift.root / "drift.md").read_text(encoding="utf-8")
    assert text.startswith("<!-- websakctl drift -->")
    assert "FR-OPPV" in text
    assert "Fields by cause: " in text


def test_what_nobody_approved_stops_the_apply_and_is_named(pipeline: Pipeline) -> None:
    pipeline.pull_request("rename", {NAMES: ("name: Oppvekst}", "name: Oppvekst og kultur}")})
    pipeline.machines.sandbox.edit("department", "FR-HELSE", name="Endret for hånd")
    before = len(pipeline.machines.sandbox.effects())
    stopped = pipeline.merge("rename")
    assert stopped.code == 4
    assert "org_unit/frogner/FR-HELSE: was not in the plan" in stopped.err
    assert len(pipeline.machines.sandbox.effects()) == before


def test_a_failed_run_is_run_again_with_what_was_approved(pipeline: Pipeline) -> None:
    sandbox = pipeline.machines.sandbox
    pipeline.pull_request("rename", {NAMES: ("name: Oppvekst}", "name: Oppvekst og kultur}")})
    sandbox.fault("status", method="PUT", path="/departments", nth=2, times=None, code=422)
    failed = pipeline.merge("rename")
    assert failed.code == 5, failed.err
    sandbox.ask("DELETE", "faults")
    again = pipeline.job("apply", before=pipeline.plans["rename"])
    assert again.code == 0, again.err
    assert [o for o, _ in sandbox.effects()].count("department.update") == 2


def test_without_a_journal_removals_cannot_be_seen_and_it_says_so(pipeline: Pipeline) -> None:
    remote = pipeline.machines.remote
    git(remote.folder, "update-ref", "-d", f"refs/heads/websakctl-state/{ENVIRONMENT}")
    lost = pipeline.pull_request("removal", {NAMES: ("    BHG: {name: Barnehager, parent: OPPV}\n", "")})
    if lost.code == 0:  # else the missing branch is refused by name, which says even more
        lines = (lost.root / "plan.md").read_text(encoding="utf-8").splitlines()
        assert "removals cannot be seen" in lines[1]
        assert "--allow unseen-removals=2" in "\n".join(lines)
    else:
        assert "websakctl-state" in lost.err
