"""The generated pipelines, played step by step: two requests to merge, a removal, an edit by hand, a failed run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import Cli
from tests.conftest import Sandbox

from .clones import ENVIRONMENT, Machines, config, publish
from .conftest import Remote, git
from .pipelines import Pipeline, author_of, gitlab_api

NAMES = "config/org_units.yaml"
RENAME = {NAMES: ("name: Oppvekst}", "name: Oppvekst og kultur}")}


@pytest.fixture
def machines(remote: Remote, sandbox33: Sandbox) -> Machines:
    """Everything applied once; the config is laid out as the pipelines want it."""
    publish(remote, config(sandbox33))
    sandbox33.fresh("empty")
    machines = Machines(remote, sandbox33)
    author = author_of(machines)
    author("fmt")
    git(author.root, "commit", "--quiet", "--all", "-m", "fmt")
    git(author.root, "push", "--quiet", "origin", "main")
    first: Cli = machines.machine("first")
    first("state", "migrate")
    first.apply()
    return machines


@pytest.fixture(params=["github", "gitlab"])
def pipeline(machines: Machines, request: pytest.FixtureRequest) -> Iterator[Pipeline]:
    pipeline = Pipeline(request.param, machines)
    with gitlab_api(pipeline):
        yield pipeline


def actions(plan: Path) -> dict[str, str]:
    document: dict[str, Any] = json.loads(plan.read_text(encoding="utf-8"))
    return {change["address"]: change["action"] for change in document["changes"]}


def test_two_requests_a_removal_and_a_hand_edit(pipeline: Pipeline) -> None:
    sandbox, github = pipeline.machines.sandbox, pipeline.host == "github"
    others = [
        f"<!-- websakctl plan {ENVIRONMENT} -->\nsomebody's",
        "<!-- websakctl plan test -->\n",
        "Hva med Frogner?",
    ]
    pipeline.notes = [{"id": n, "body": body, "author": {"id": 9 if n == 0 else 5}} for n, body in enumerate(others)]
    renamed = pipeline.request("rename", RENAME)
    assert renamed.code == 0, renamed.err
    assert renamed.text("plan.md").startswith(f"<!-- websakctl plan {ENVIRONMENT} -->\n")
    assert [n["body"] for n in pipeline.notes] == [*others, *([] if github else [renamed.text("plan.md")])]
    assert "Oppvekst og kultur" in renamed.text("plan.md" if github else "plan.html")
    removed = pipeline.request("removal", {NAMES: ("    HELSE: {name: Helse og mestring}\n", "")})
    assert set(actions(pipeline.plans["removal"]).values()) == {"deactivate"}, removed.out
    assert github or [n["body"] for n in pipeline.notes] == [*others, removed.text("plan.md")]  # updated

    assert pipeline.merge("rename").code == 0
    second = pipeline.merge("removal")  # its plan is of an older config, and every change is still as approved
    assert second.code == 0, second.err
    made = [operation for operation, _ in sandbox.effects()]
    assert made.count("department.deactivate") == 2
    assert made.count("department.update") == 2

    assert pipeline.job("drift").code == 0
    sandbox.edit("department", "FR-OPPV", name="Noe annet")
    drift = pipeline.job("drift")
    assert drift.code == 2
    text = drift.text("drift.md" if github else "drift.html")
    assert "FR-OPPV" in text
    if github:
        assert text.startswith(f"<!-- websakctl drift {ENVIRONMENT} -->\n")
        assert "Fields by cause: " in text


def test_what_nobody_approved_stops_the_apply_and_is_named(pipeline: Pipeline) -> None:
    pipeline.request("rename", RENAME)
    pipeline.machines.sandbox.edit("department", "FR-HELSE", name="Endret for hånd")
    before = len(pipeline.machines.sandbox.effects())
    stopped = pipeline.merge("rename")
    assert stopped.code == 4
    assert "org_unit/frogner/FR-HELSE: was not in the plan" in stopped.err
    assert len(pipeline.machines.sandbox.effects()) == before
    now = stopped.text("now.md" if pipeline.host == "github" else "now.html")  # what is posted for people
    assert "FR-HELSE" in now and "Oppvekst og kultur" in now


def test_a_failed_run_is_run_again_with_what_was_approved(pipeline: Pipeline) -> None:
    sandbox = pipeline.machines.sandbox
    pipeline.request("rename", RENAME)
    sandbox.fault("status", method="PUT", path="/departments", nth=2, times=None, code=422)
    failed = pipeline.merge("rename")
    assert failed.code == 5, failed.err
    sandbox.ask("DELETE", "faults")
    again = pipeline.again("rename")
    assert again.code == 0, again.err
    assert [o for o, _ in sandbox.effects()].count("department.update") == 2


def test_without_a_journal_removals_cannot_be_seen_and_it_says_so(machines: Machines) -> None:
    pipeline = Pipeline("github", machines)
    removal = {NAMES: ("    BHG: {name: Barnehager, parent: OPPV}\n", "")}
    git(machines.remote.folder, "update-ref", "-d", f"refs/heads/websakctl-state/{ENVIRONMENT}")
    lost = pipeline.request("removal", removal)
    assert lost.code == 4
    assert f"has no branch websakctl-state/{ENVIRONMENT} yet" in lost.err
    machines.machine("begins-again")("state", "migrate")
    empty = pipeline.request("removal", removal)
    assert empty.code == 0, empty.err
    lines = empty.text("plan.md").splitlines()
    assert "removals cannot be seen" in lines[1]
    assert "--allow unseen-removals=2" in "\n".join(lines)
    refused = pipeline.merge("removal")
    assert refused.code == 4 and "--allow unseen-removals=2" in refused.err
