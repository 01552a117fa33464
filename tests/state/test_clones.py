"""Machines that share nothing but the git remote, against a Websak without a Setup API: nothing is doubled, nothing is lost."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import Cli
from tests.conftest import Sandbox
from websakctl.apply.journal import Journal
from websakctl.live.clock import SystemClock
from websakctl.plan.document import digest_of

from .clones import (
    BRANCH,
    ENVIRONMENT,
    EVERYTHING,
    LATE,
    Machines,
    after_what_may_come_late,
    config,
    ended,
    everything_in,
    publish,
    state_of,
)
from .conftest import Remote, git

NEW = 10  # what the small config makes where nothing is: eight units and two access groups, one of them there already


@pytest.fixture
def machines(remote: Remote, sandbox33: Sandbox) -> Machines:
    publish(remote, config(sandbox33))
    sandbox33.fresh("empty")
    return Machines(remote, sandbox33)


def entries_of(cli: Cli, what: str) -> list[dict[str, Any]]:
    with Journal(cli.root / ".websakctl/journal.db", SystemClock()) as journal:
        return [entry.body for entry in journal.entries() if entry.what == what]


def begun(machines: Machines, *names: str) -> "list":  # type: ignore[type-arg]  # of Cli
    result = [machines.machine(name) for name in names]
    result[0]("state", "migrate")
    return result


@pytest.mark.parametrize("number", range(100 if EVERYTHING else 3))
def test_two_clones_that_apply_at_once_double_nothing(machines: Machines, number: int) -> None:
    two = begun(machines, "ola", "kari")
    machines.sandbox.ask("POST", "settings", {"latency_ms": 50})
    outcomes = [ended(p) for p in [cli.start("apply", "--auto-approve") for cli in two]]
    machines.sandbox.ask("POST", "settings", {"latency_ms": 0})
    assert sorted(code for code, _ in outcomes) in ([0, 0], [0, 4]), outcomes
    for cli in two:
        cli.apply()
        assert cli.plan().changed == []
        cli("history", "verify")
    counted = machines.counted()
    assert set(counted.values()) == {1}, counted
    assert len([key for operation, key in counted if operation == "department.create"]) == 8


def test_a_rehearsal_shares_nothing_and_its_report_is_taken_elsewhere(machines: Machines) -> None:
    ola, kari = begun(machines, "ola", "kari")
    head = machines.head()
    for cli in (ola, kari):
        settings = cli.root / "config/websak.yaml"
        settings.write_text(
            settings.read_text(encoding="utf-8").replace("state: git", "state: git, require_rehearsal: true")
        )
    ola("plan", "--out", "saved.plan.json")
    report = ola("rehearse", "saved.plan.json", "--format", "json", "--out", "report.json").json
    assert report["passed"] is True and machines.head() == head and machines.sandbox.effects() == []
    for name in ("saved.plan.json", "report.json"):
        shutil.copy(ola.root / name, kari.root / name)
    assert "was not rehearsed" in kari("apply", "saved.plan.json", "--auto-approve", code=4).err
    kari("apply", "saved.plan.json", "--auto-approve", "--rehearsal", "report.json")
    assert ola.plan().changed == []


def test_a_signed_rehearsal_is_taken_and_one_that_was_changed_is_not(machines: Machines) -> None:
    (ola,) = begun(machines, "ola")
    settings = ola.root / "config/websak.yaml"
    asks = "state: git, require_rehearsal: true, require_signature: true"
    settings.write_text(settings.read_text(encoding="utf-8").replace("state: git", asks), encoding="utf-8")
    ola("plan", "--out", "saved.plan.json")
    report = ola("rehearse", "saved.plan.json", "--format", "json").json
    assert report["passed"] is True
    (kept,) = (ola.root / ".websakctl/rehearsals").glob("*.json")
    signed = json.loads(kept.read_text(encoding="utf-8"))
    assert len(signed["signature"]) == 64
    changed = {**signed, "checks": []}
    changed["digest"] = digest_of(changed)  # anybody can make that again; the signature nobody without the key
    forged = {**signed, "signature": "0" * 64}
    unsigned = {name: value for name, value in signed.items() if name != "signature"}
    for document in (changed, forged, unsigned, {**signed, "signature": 7}):
        (ola.root / "report.json").write_text(json.dumps(document), encoding="utf-8")
        refused = ola("apply", "saved.plan.json", "--auto-approve", "--rehearsal", "report.json", code=4)
        assert f"report.json is not signed with the state key of {ENVIRONMENT}" in refused.err
    assert machines.sandbox.effects() == []
    ola("apply", "saved.plan.json", "--auto-approve")
    assert ola.plan().changed == []


@pytest.mark.skipif(not EVERYTHING, reason="make reliability tries ten at once")
def test_ten_clones_at_once(machines: Machines) -> None:
    ten = begun(machines, *(f"machine{n}" for n in range(10)))
    machines.sandbox.ask("POST", "settings", {"latency_ms": 50})
    outcomes = [ended(p, 600) for p in [cli.start("apply", "--auto-approve") for cli in ten]]
    machines.sandbox.ask("POST", "settings", {"latency_ms": 0})
    assert {code for code, _ in outcomes} <= {0, 4}, outcomes
    for cli in ten:
        cli.apply()
    assert set(machines.counted().values()) == {1}


def test_a_removal_is_seen_by_a_clone_that_never_applied(machines: Machines) -> None:
    ola, kari = begun(machines, "ola", "kari")
    ola.apply()
    kari.edit("config/org_units.yaml", "    BHG: {name: Barnehager, parent: OPPV}\n", "")
    changes = kari.plan("--kind", "org_unit").json["changes"]
    assert [(c["address"], c["action"]) for c in changes] == [
        ("org_unit/frogner/FR-BHG", "deactivate"),
        ("org_unit/sagene/SA-BHG", "deactivate"),
    ]
    assert [row["run"] for row in kari("history", "--format", "json").json["items"]] == [
        row["run"] for row in ola("history", "--format", "json").json["items"]
    ]
    machines.sandbox.edit("department", "FR-OPPV", name="Noe annet")
    assert "FR-OPPV" in kari("drift").out
    run = ola("history", "--format", "json").json["items"][0]["run"]
    assert "org_unit  */HELSE (deactivate)" in kari("rollback", run).out


def test_a_lost_machines_run_is_resumed_from_another(machines: Machines) -> None:
    ola, kari = begun(machines, "ola", "kari")
    machines.sandbox.fault("delay", method="POST", path="/api/v2/departments", nth=4, seconds=LATE)
    running = ola.start("apply", "--auto-approve", "--concurrency", "1", "--reason", "Sak 27/1234")
    while len(machines.sandbox.effects()) < 3:
        assert running.poll() is None
    running.kill()
    running.communicate()
    shutil.rmtree(ola.root)  # the machine is lost, with all that it knew
    refused = kari.apply(code=4).err
    assert "is locked by ola@" in refused and "Sak 27/1234" in refused and "--break-lease" in refused
    assert "is under way" in kari("plan").err
    owner = state_of(kari, "status")["lock"]["owner"]
    after_what_may_come_late(kari)
    assert kari.apply("--break-lease", owner, code=64).err.count("--reason")
    resumed = kari.apply("--resume", "--break-lease", owner, "--reason", "the machine is gone")
    assert "was interrupted" in resumed.err
    kari.apply()
    assert kari.plan().changed == []
    assert set(machines.counted().values()) == {1}
    assert b"the machine is gone" not in everything_in(machines.remote)  # nobody can tell whom such a text names
    assert "the machine is gone" in json.dumps(entries_of(kari, "lock broken"))
    assert b'"lock broken"' in everything_in(machines.remote)
    kari("history", "verify")


def test_who_may_only_fetch_plans_and_drifts_and_does_not_apply(machines: Machines) -> None:
    ola, kari = begun(machines, "ola", "kari")
    ola.apply()
    before = machines.sandbox.effects()
    machines.remote.hook("pre-receive", "echo 'you may only fetch' >&2; exit 1")
    kari.edit("config/org_units.yaml", "Helse og mestring", "Helse og omsorg")
    assert len(kari.plan("--kind", "org_unit").changed) == 2
    kari("drift")
    refused = kari.apply(code=4)
    assert "you may only fetch" in refused.err and "apply needs the right to push that branch" in refused.err
    assert "apply is not possible from here, plan and drift are" in kari("doctor", code=None).out
    assert machines.sandbox.effects() == before


def test_groups_are_listed_once_for_all_creates_while_the_shared_lock_is_held(machines: Machines) -> None:
    (ola,) = begun(machines, "ola")

    def listings(*args: str) -> int:
        machines.sandbox.fault("status", method="GET", path="AccessGroups$", nth=10_000)  # it only counts
        ola.apply("--kind", "access_group", *args)
        counted = machines.sandbox.ask("GET", "faults")[-1]["matched"]
        machines.sandbox.ask("DELETE", "faults")
        return int(counted)

    ola.edit("config/access.yaml", "  BYARKIVET: {}\n", "  BYARKIVET: {}\n  A1: {}\n  A2: {}\n  A3: {}\n  A4: {}\n")
    assert listings("--target", "*/A1") == listings("--target", "*/A[234]")
    assert [o for o, _ in machines.sandbox.effects()].count("access_group.create") == 4


@pytest.mark.parametrize("how", ["deleted", "mirrored over", "rewritten", "entries taken away"])
def test_a_branch_that_is_not_what_it_was(machines: Machines, how: str) -> None:
    (ola,) = begun(machines, "ola")
    old = machines.head()
    ola.apply("--target", "org_unit/frogner/FR-BYDEL")
    seen, remote = machines.head(), machines.remote.folder
    ref = f"refs/heads/{BRANCH}"
    if how == "deleted":
        git(remote, "update-ref", "-d", ref)
    elif how == "mirrored over":
        git(remote, "update-ref", ref, old)
    else:
        tree = f"{old}^{{tree}}"
        parent = ("-p", seen) if how == "entries taken away" else ()
        git(remote, "update-ref", ref, git(remote, "commit-tree", tree, *parent, "-m", "tidy up"))
    before = machines.sandbox.effects()
    for command in (("plan",), ("drift",), ("apply", "--auto-approve"), ("state", "verify"), ("history", "verify")):
        reported = ola(*command, code=4).err
        assert (
            "somebody deleted it" in reported
            or "reset to an older" in reported
            or "rewritten" in reported
            or "removed" in reported
        )
    assert machines.sandbox.effects() == before
    if how in ("deleted", "mirrored over"):
        ola("state", "push", "--restore")
        assert ola.plan("--target", "org_unit/frogner/FR-BYDEL").changed == []
        ola("state", "verify")
    else:
        ola("state", "push", "--restore", code=4)


def test_a_remote_that_goes_away_in_mid_run_stops_new_writes_and_loses_nothing(machines: Machines) -> None:
    ola, kari = begun(machines, "ola", "kari")
    machines.sandbox.fault("delay", method="POST", path="/api/v2/departments", nth=2, seconds=7)
    running = ola.start("apply", "--auto-approve", "--concurrency", "1")
    while not machines.sandbox.effects():
        assert running.poll() is None
    away = machines.remote.folder.rename(machines.remote.home / "away")
    code, err = ended(running)
    assert code == 5, err
    assert "new writes wait: the shared state cannot be pushed" in err
    assert "state push --environment prod" in err
    done = machines.counted()
    assert 0 < len(done) < NEW and set(done.values()) == {1}
    assert "is as it was seen last" in ola("plan").err
    ola.apply(code=7)
    away.rename(machines.remote.folder)
    assert "is locked by ola@" in kari.apply(code=4).err
    assert state_of(ola, "status")["waiting"] > 0
    ola("state", "push")
    assert state_of(ola, "status")["waiting"] == 0
    kari.apply()
    ola.apply()
    assert set(machines.counted().values()) == {1}
    for cli in (ola, kari):
        cli("history", "verify")


def test_a_journal_that_was_rewritten_does_not_agree_with_the_branch(machines: Machines) -> None:
    import sqlite3
    from contextlib import closing

    from websakctl.apply.journal import _link

    (ola,) = begun(machines, "ola")
    ola.apply("--target", "org_unit/frogner/FR-BYDEL", "--reason", "Sak 27/1234")
    with closing(sqlite3.connect(ola.root / ".websakctl/journal.db")) as db, db:
        db.execute("UPDATE entries SET body = replace(body, 'Sak 27/1234', 'Sak 27/4321')")
        previous = ""
        for seq, *rest in db.execute("SELECT seq, at, run, what, address, body FROM entries ORDER BY seq").fetchall():
            link = _link(seq, *rest, previous)
            db.execute("UPDATE entries SET previous = ?, hash = ? WHERE seq = ?", (previous, link, seq))
            previous = link
        db.execute("UPDATE head SET hash = ?", (previous,))
    assert "start of run" in ola("history", "verify", code=1).out
    (ola.root / ".websakctl/journal.db").rename(ola.root / ".websakctl/journal.old")
    ola("state", "pull")
    ola("history", "verify")
    assert "Sak 27/1234" in ola("history").out


def test_a_journal_that_was_emptied_or_cut_is_not_gone_on_with(machines: Machines) -> None:
    import sqlite3
    from contextlib import closing

    (ola,) = begun(machines, "ola")
    ola.apply("--target", "*/frogner/*")
    path = ola.root / ".websakctl/journal.db"
    with (
        closing(sqlite3.connect(path)) as db,
        db,
    ):  # whoever can write the file can take its end away, and chain the rest
        last = db.execute("SELECT seq, hash FROM entries ORDER BY seq LIMIT 1 OFFSET 3").fetchone()
        db.execute("DELETE FROM entries WHERE seq > ?", (last[0],))
        db.execute("UPDATE head SET seq = ?, hash = ?", last)
    assert "is not in the local journal as it is there" in ola("history", "verify", code=1).out
    before = machines.sandbox.effects()
    for leftover in path.parent.glob("journal.db*"):
        leftover.unlink()
    path.touch(mode=0o600)
    for command in (("plan",), ("apply", "--auto-approve"), ("history", "verify"), ("state", "pull")):
        assert "is empty (0 bytes)" in ola(*command, code=4).err
    assert machines.sandbox.effects() == before
    path.unlink()
    ola("state", "pull")
    ola("history", "verify")
    assert ola.plan("--target", "*/frogner/*").changed == []


def test_two_environments_do_not_mix(machines: Machines) -> None:
    (ola,) = begun(machines, "ola")
    text = (ola.root / "config/websak.yaml").read_text(encoding="utf-8")
    prod = text.splitlines()[-1]
    other = prod.replace("  prod:", "  other:").replace("state: git", f"state: git, state_branch: {BRANCH}")
    (ola.root / "config/websak.yaml").write_text(f"{text}{other}\n", encoding="utf-8")
    reported = ola("plan", "--environment", "other", code=4).err
    assert "is the state of environment prod, not of other" in reported


def test_history_of_before_is_shared_by_migrating(remote: Remote, sandbox33: Sandbox) -> None:
    publish(
        remote,
        {**config(sandbox33), "config/websak.yaml": config(sandbox33)["config/websak.yaml"].replace("git", "local")},
    )
    sandbox33.fresh("empty")
    machines = Machines(remote, sandbox33)
    ola, kari = (machines.machine(name) for name in ("ola", "kari"))
    ola.apply("--target", "*/frogner/*")
    kari.apply("--target", "*/sagene/*")
    for cli in (ola, kari):
        cli.edit("config/websak.yaml", "state: local", "state: git")
    assert "has no branch websakctl-state/prod yet" in ola("plan", code=4).err
    assert "state migrate" in ola.apply(code=4).err
    assert state_of(ola, "migrate")["begun"] is True
    assert "holds runs to prod that are not shared yet" in kari("plan", code=4).err
    moved = state_of(kari, "migrate")
    assert moved["begun"] is False and moved["added"] > 0
    for cli in (ola, kari):
        assert len(cli("history", "--format", "json").json["items"]) == 2
        cli("state", "verify")
    assert b"tester" not in everything_in(remote)


def test_the_sandbox_is_never_shared(machines: Machines) -> None:
    ola = machines.machine("ola")
    path = ola.root / "config/websak.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "  sandbox: {state: git}\n", encoding="utf-8")
    reported = ola("state", "status", "--environment", "sandbox", env={"WEBSAKCTL_ENVIRONMENT": None}).out
    assert "on this machine alone" in reported
    ola("state", "push", "--environment", "sandbox", code=64)


def test_doctor_says_who_could_destroy_the_history(machines: Machines) -> None:
    (ola,) = begun(machines, "ola")
    assert "could rewrite and delete a branch beside it: protect websakctl-state/*" in ola("doctor").out
    for name in ("receive.denyDeletes", "receive.denyNonFastForwards"):
        git(machines.remote.folder, "config", name, "true")
    assert "can neither delete nor rewrite" in ola("doctor").out


def test_the_working_tree_and_the_users_own_branches_are_left_alone(machines: Machines, tmp_path: Path) -> None:
    (ola,) = begun(machines, "ola")
    (ola.root / "notes.txt").write_text("mine", encoding="utf-8")
    git(ola.root, "add", "notes.txt")
    before = [git(ola.root, *line) for line in (("status", "--porcelain"), ("rev-parse", "HEAD"), ("branch", "--list"))]
    ola.apply()
    after = [git(ola.root, *line) for line in (("status", "--porcelain"), ("rev-parse", "HEAD"), ("branch", "--list"))]
    assert before == after
