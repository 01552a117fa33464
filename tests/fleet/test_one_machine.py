"""A fleet on this machine: every command, targets apart from one another, exit codes, secrets."""

import json
from pathlib import Path

import pytest

from .world import WRITES, World


def test_the_story_of_a_fleet(fleet: World, tmp_path: Path) -> None:
    assert fleet.fleet("validate")["outcomes"] == {"done": 4}
    plans, results = tmp_path / "plans.json", tmp_path / "results.json"
    planned = fleet.fleet("plan", "--out", str(plans), "--detailed-exitcode", code=2)
    assert planned["summary"]["create"] == 4 * WRITES
    assert planned["targets"]["by-0"]["documents"]["plan"]["environment"] == "test"
    assert plans.stat().st_mode & 0o077 == 0
    applied = fleet.fleet("apply", str(plans), "--auto-approve", "--reason", "Sak 1", "--out", str(results))
    assert applied["summary"]["done"] == 4 * WRITES
    assert [set(w.effects().values()) for w in fleet.websaks] == [{1}] * 4
    assert fleet.fleet("plan", "--detailed-exitcode")["summary"]["changes"] == 0
    fleet.websaks[2].ask("POST", "edit", {"kind": "department", "key": "FR-OPPV", "set": {"name": "Endret for hånd"}})
    drifted = fleet.fleet("drift", "--detailed-exitcode", code=2)
    assert [name for name, t in drifted["targets"].items() if t["summary"]["drifted"]] == ["by-2"]
    report = fleet.fleet("report")
    assert report["targets"]["by-2"]["summary"] == report["targets"]["by-0"]["summary"] | {
        "changes": 1, "update": 1, "drifted": 1, "unchanged": report["targets"]["by-2"]["summary"]["unchanged"],
    }  # fmt: skip
    # Secrets stand in no file and no output, and the journals came along.
    reported = results.read_text(encoding="utf-8") + plans.read_text(encoding="utf-8") + json.dumps(report)
    assert not any(w.secret in reported for w in fleet.websaks)
    kept = json.loads(results.read_text(encoding="utf-8"))
    assert all(t["journal"]["zlib_base64"] for t in kept["targets"].values())
    assert "journal" not in applied["targets"]["by-0"]
    history = fleet.cli("history", "--root", "by-1", "--format", "json", env={"WEBSAKCTL_ENVIRONMENT": "test"})
    assert "Sak 1" in history.out


def test_what_is_shown_to_people(fleet: World, tmp_path: Path) -> None:
    saved = str(tmp_path / "saved.json")
    text = fleet.cli("fleet", "plan", "--only", "by-[01]", "--out", saved).out
    assert "all 2" in text
    assert "by-2" not in text
    assert "The same change in several targets" in text
    assert fleet.cli("fleet", "report", saved).out == text
    assert "| by-0 " in fleet.cli("fleet", "report", saved, "--format", "markdown").out
    page = fleet.cli("fleet", "report", saved, "--format", "html").out
    assert page.startswith("<!doctype html>")
    assert "by-0" in page


def test_the_failure_of_one_stops_no_other(fleet: World) -> None:
    (fleet.folder / "by-0/config/registers.yaml").write_text("access_codes: {U: {nam: x}}\n", encoding="utf-8")
    fleet.websaks[1].ask("POST", "faults", [{"match": {"path": "^/api"}, "times": 99, "fault": "html", "params": {}}])
    wrong = {"WEBSAKCTL_BY_2_CLIENT_SECRET": "wrong-one"}
    result = fleet.fleet("apply", "--auto-approve", env=wrong, code=7)
    outcomes = {name: t["outcome"] for name, t in result["targets"].items()}
    assert outcomes == {"by-0": "not valid", "by-1": "unreachable", "by-2": "not permitted", "by-3": "done"}
    assert sum(fleet.websaks[3].effects().values()) == WRITES
    assert not any(w.effects() for w in fleet.websaks[:3])
    text = fleet.cli("fleet", "validate", code=3)
    assert "not valid" in text.out
    assert "error: by-0: " in text.err


def test_what_goes_wrong_in_a_target_is_told_as_it_comes(fleet: World) -> None:
    refuse = {"match": {"method": "POST", "path": "/access-codes$"}, "fault": "status", "params": {"code": 400}}
    fleet.websaks[1].ask("POST", "faults", [{**refuse, "times": 1}])
    fleet.websaks[2].slow(100)  # so that the fault is told before this one has ended
    lines = fleet.cli("fleet", "apply", "--auto-approve", "--jobs", "4", code=5).err.splitlines()
    told = next(i for i, line in enumerate(lines) if line.startswith("by-1: access_code/base/U: "))
    assert told < next(i for i, line in enumerate(lines) if line.startswith("error: by-1: "))
    assert not [line for line in lines if line.startswith(("by-0:", "by-2:", "by-3:"))]


def test_no_credentials_but_the_targets_own_are_used(fleet: World) -> None:
    others = {"WEBSAKCTL_CLIENT_SECRET": fleet.websaks[0].secret, "WEBSAKCTL_BASE_URL": "http://127.0.0.1:9"}
    result = fleet.fleet("plan", "--only", "by-0", env={"WEBSAKCTL_BY_0_CLIENT_SECRET": None, **others}, code=6)
    assert "WEBSAKCTL_CREDENTIALS=by-0/test websakctl auth login" in result["targets"]["by-0"]["said"]
    assert fleet.fleet("plan", "--only", "by-0", env=others)["exit_code"] == 0


def test_nothing_is_applied_that_nobody_has_seen(fleet: World, tmp_path: Path) -> None:
    plans = str(tmp_path / "plans.json")
    assert "nobody has seen" in fleet.cli("fleet", "apply", code=4).err
    fleet.fleet("plan", "--out", plans)
    assert "cannot ask for confirmation" in fleet.cli("fleet", "apply", plans, code=4).err
    assert "another fleet" in fleet.cli("fleet", "apply", plans, "--environment", "prod", "--auto-approve", code=4).err
    child = fleet.cli.terminal("fleet", "apply", plans)
    child.expect_exact(f"Apply {4 * WRITES} changes to 4 targets? Type 'yes' to confirm: ")
    child.sendline("no")
    child.expect_exact("not confirmed")
    child.close()
    assert not any(w.effects() for w in fleet.websaks)


def test_a_plan_is_applied_once(fleet: World, tmp_path: Path) -> None:
    plans = str(tmp_path / "plans.json")
    fleet.fleet("plan", "--only", "by-0", "--out", plans)
    fleet.fleet("apply", plans, "--only", "by-0", "--auto-approve")
    again = fleet.fleet("apply", plans, "--only", "by-0", "--auto-approve")
    assert "had done it" in again["targets"]["by-0"]["said"]
    assert list(fleet.fleet("apply", plans, "--auto-approve")["targets"]) == ["by-0"], "the others were not planned"
    refused = fleet.fleet("apply", plans, "--only", "by-1", "--auto-approve", code=4)
    assert "holds no plan of it" in refused["targets"]["by-1"]["message"]
    assert set(fleet.websaks[0].effects().values()) == {1}


def test_a_plan_of_which_not_all_was_done_is_not_done_the_second_time_either(fleet: World, tmp_path: Path) -> None:
    plans = str(tmp_path / "plans.json")
    fleet.fleet("apply", "--only", "by-0", "--auto-approve")
    units = fleet.folder / "by-0/config/units.yaml"
    units.write_text(units.read_text(encoding="utf-8").replace("Oppvekst", "Oppvekst og skole"), encoding="utf-8")
    fleet.fleet("plan", "--only", "by-0", "--out", plans)
    fleet.websaks[0].ask("POST", "edit", {"kind": "department", "key": "FR-OPPV", "set": {"name": "Endret for hånd"}})
    fleet.fleet("apply", plans, "--auto-approve", code=5)
    again = fleet.fleet("apply", plans, "--auto-approve", code=5)
    assert "did not do all of it: plan again" in again["targets"]["by-0"]["message"]


def test_a_guard_is_allowed_by_target_name_and_number(fleet: World) -> None:
    fleet.fleet("apply", "--only", "by-[01]", "--auto-approve")
    for name in ("by-0", "by-1"):
        file = fleet.folder / name / "config/registers.yaml"
        file.write_text(file.read_text(encoding="utf-8").split("case_types:")[0], encoding="utf-8")
    planned = fleet.fleet("plan", "--only", "by-0")
    guard = planned["targets"]["by-0"]["documents"]["plan"]["findings"][0]["allow"]
    result = fleet.fleet("apply", "--only", "by-[01]", "--auto-approve", "--allow", f"by-1:{guard}", code=4)
    assert {name: t["outcome"] for name, t in result["targets"].items()} == {"by-0": "refused", "by-1": "done"}
    assert result["targets"]["by-0"]["help"] == f"if it is meant: --allow by-0:{guard}"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("plan", "--shard", "5/4"), 64, "from 1 to N"),
        (("plan", "--shard", "x"), 64, "is not I/N"),
        (("plan", "--only", "nobody"), 64, "no target matches"),
        (("plan", "--carry"), 64, "--scheduler"),
        (("plan", "--jobs", "2", "--scheduler", "tcp://127.0.0.1:9"), 64, "--jobs"),
        (("apply", "--allow", "by-0:deactivate"), 64, "TARGET:GUARD=N"),
        (("plan", "--carry", "--scheduler", "tcp://127.0.0.1:9", "--fleet", "shared.yaml"), 4, "two journals"),
        (("apply", "--allow", "nobody:x=1"), 64, "no target nobody"),
        (("plan", "--fleet", "nowhere.yaml"), 64, "no fleet file"),
        (("merge", "fleet.yaml"), 4, "not JSON"),
    ],
)
def test_a_wrong_command_line_is_explained(running: World, words: tuple[str, ...], code: int, told: str) -> None:
    shared = "targets:\n  a: {root: x, environment: test}\n  b: {root: x, environment: prod}\n"
    (running.folder / "shared.yaml").write_text(shared, encoding="utf-8")
    outcome = running.cli("fleet", *words, code=code)
    assert told in outcome.err
    assert outcome.out == ""
