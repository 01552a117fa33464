"""A batch of three districts is brought in: refused while it is not ready, one district first, paused, and taken up again."""

import json
import re
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import Cli, write_files
from tests.reliability import inside
from tests.rollout.districts import FILES, HOLE, WHOLE, workbook
from websakctl.apply.entries import JournalError
from websakctl.cli.rollout.run import Rollout
from websakctl.operations.apply import run as operation


@pytest.fixture
def websak(sandbox33: Any) -> Any:
    """A Websak with nothing in it but its template users."""
    return sandbox33.fresh("empty")


@pytest.fixture
def cli(tmp_path: Path, websak: Any) -> Cli:
    return Cli(write_files(tmp_path / "repo", FILES), websak.variables)


@pytest.fixture
def few(cli: Cli) -> str:
    """A file of HR with two users for each district."""
    workbook(cli.root / "few.xlsx", 2)
    return "few.xlsx"


def made(websak: Any) -> Counter[tuple[str, str]]:
    """Every committed write."""
    return Counter(websak.effects())


def test_three_districts_and_600_users_in_one_command(cli: Cli, websak: Any) -> None:
    workbook(cli.root / "users.xlsx", 200)
    cli.edit("districts/frogner/numbers.yaml", WHOLE, HOLE)
    cli.edit("config/rollout.yaml", "bought: 600", "bought: 596")

    refused = cli("rollout", "check", "PULJE-1", "--users", "users.xlsx", code=4)
    assert "FAIL frogner: 975016684 Frogner barnehage: no daily routine" in refused.out
    assert "FAIL all 3 districts: WEBSAK-PLUS: 4 seats missing once PULJE-1 is live" in refused.out

    cli.edit("districts/frogner/numbers.yaml", HOLE, WHOLE)
    cli.edit("config/rollout.yaml", "bought: 596", "bought: 600")
    done = cli(
        "rollout", "run", "PULJE-1", "--users", "users.xlsx", "--canary", "sagene", "--auto-approve", "--format", "json"
    )
    assert [run["part"] for run in done.json["runs"]] == ["sagene first", "the rest"]
    assert done.json["complete"]
    assert done.json["manual"] == 3  # a committee in each, for people to set
    assert "Bydelsutvalget" in cli("worklist", "list").out
    assert all(re.search(rf"{slug}: (\d+) of \1 changes done", done.err) for slug in ("frogner", "sagene", "ullern"))
    assert done.json["runs"][0]["districts"].keys() == {"sagene"}
    assert done.json["runs"][1]["districts"].keys() == {"frogner", "ullern"}
    assert sum(1 for operation, _ in made(websak).elements() if "user" in operation.lower()) >= 600
    assert set(made(websak).values()) == {1}

    history = cli("history", "--format", "json").out
    assert "rollout PULJE-1 (sagene first)" in history
    assert "rollout PULJE-1 (the rest)" in history
    again = cli("rollout", "run", "PULJE-1", "--auto-approve", "--format", "json")
    assert again.json["complete"]
    assert again.json["runs"] == []


def on_the_way(cli: Cli, few: str) -> Any:
    """A run on a terminal, up to the question whether to begin."""
    child = cli.terminal("rollout", "run", "PULJE-1", "--users", few, columns=160)
    child.expect("Type 'yes' to confirm: ")
    return child


def answered(child: Any) -> tuple[int, str]:
    """Say yes to the last question, and wait for the end."""
    child.sendline("yes")
    reported = child.read()
    child.close()
    return child.exitstatus, reported


def test_paused_in_the_middle_and_taken_up_again_it_ends_right(cli: Cli, websak: Any, few: str) -> None:
    before = (cli.root / "config/rollout.yaml").read_bytes()
    child = on_the_way(cli, few)
    child.sendline("yes")
    child.expect("to the other districts. Type 'yes' to confirm: ")
    canary = made(websak)
    assert canary
    cli("rollout", "pause", "PULJE-1", "--reason", "Eierne har bestemt det")
    code, reported = answered(child)
    assert code == 5
    assert "PULJE-1 was paused meanwhile: Eierne har bestemt det" in reported
    assert made(websak) == canary

    refused = cli("rollout", "run", "PULJE-1", "--auto-approve", code=4).err
    assert "PULJE-1 is paused: Eierne har bestemt det; nothing was written" in refused
    assert cli("rollout", "status", "--format", "json").json["batches"][0]["pause_reason"] == "Eierne har bestemt det"
    assert made(websak) == canary

    cli("rollout", "resume", "PULJE-1")
    assert (cli.root / "config/rollout.yaml").read_bytes() == before
    cli("rollout", "run", "PULJE-1", "--auto-approve")
    assert made(websak) > canary
    assert set(made(websak).values()) == {1}
    assert cli.plan("--batch", "PULJE-1").changed == []


def test_a_pause_from_elsewhere_is_heard_of_through_websak(cli: Cli, websak: Any, few: str) -> None:
    cli("apply", "--auto-approve", "--target", "rollout_batch/base/PULJE-1")
    child = on_the_way(cli, few)
    child.sendline("yes")
    child.expect("to the other districts. Type 'yes' to confirm: ")
    websak.edit("rollout_batch", "PULJE-1", paused=True, pause_reason="Eierne, fra en annen maskin")
    code, reported = answered(child)
    assert code == 5
    assert "PULJE-1 was paused meanwhile: Eierne, fra en annen maskin" in reported


def test_the_rest_is_not_done_if_it_is_no_longer_what_was_approved(cli: Cli, websak: Any, few: str) -> None:
    cli("apply", "--auto-approve", "--target", "org_unit/ullern/*")
    cli.edit("config/units.yaml", "Oppvekst", "Oppvekst og læring")
    child = on_the_way(cli, few)
    websak.edit("department", "UN-HELSE", name="Helse")
    code, reported = answered(child)
    assert code == 5
    assert "org_unit/ullern/UN-HELSE: was not in the plan" in reported
    assert "the rest of the plan is no longer what was approved (1 changes differ)" in reported
    assert not any(key.startswith("bun") for _, key in websak.effects())


def test_a_websak_that_goes_away_between_leaves_the_batch_half_in(cli: Cli, websak: Any, few: str) -> None:
    child = on_the_way(cli, few)
    child.sendline("yes")
    child.expect("to the other districts. Type 'yes' to confirm: ")
    websak.fault("status", method="GET", path="/sub-orgs", times=100, code=403)
    code, reported = answered(child)
    assert code == 5
    assert "PULJE-1 is not in yet" in reported
    websak.ask("DELETE", "faults")
    cli("rollout", "run", "PULJE-1", "--auto-approve")
    assert set(made(websak).values()) == {1}


def test_no_is_an_answer_before_the_other_districts(cli: Cli, websak: Any, few: str) -> None:
    child = on_the_way(cli, few)
    child.sendline("yes")
    child.expect("to the other districts. Type 'yes' to confirm: ")
    child.sendline("no")
    reported = child.read()
    child.close()
    assert child.exitstatus == 5
    assert "not continued" in reported
    cli("rollout", "run", "PULJE-1", "--auto-approve")
    assert set(made(websak).values()) == {1}


def test_a_batch_that_is_not_ready_is_refused_and_nothing_is_written(cli: Cli, websak: Any, few: str) -> None:
    cli.edit("districts/frogner/numbers.yaml", WHOLE, HOLE)
    cli.edit("config/rollout.yaml", "bought: 600", "bought: 5")
    refused = cli("rollout", "run", "PULJE-1", "--users", few, "--auto-approve", "--format", "json", code=4)
    assert "PULJE-1 is not ready: 2 gates not passed (LISENSER, POSTRUTER)" in refused.err
    assert not refused.json["ready"]
    assert not made(websak)
    assert not (cli.root / "users").exists()


def test_nothing_is_written_where_nobody_says_yes(cli: Cli, websak: Any, few: str) -> None:
    assert "cannot ask for confirmation" in cli("rollout", "run", "PULJE-1", "--users", few, code=4).err
    assert not made(websak)
    assert not (cli.root / "users").exists()


def test_a_failure_in_the_first_district_keeps_the_others_out(cli: Cli, websak: Any, few: str) -> None:
    websak.fault("status", method="POST", path="(?i)department", times=100, code=400)
    outcome = cli("rollout", "run", "PULJE-1", "--users", few, "--auto-approve", "--format", "json", code=None)
    assert outcome.code == 5
    assert [run["part"] for run in outcome.json["runs"]] == ["frogner first"]
    websak.ask("DELETE", "faults")
    cli("rollout", "run", "PULJE-1", "--auto-approve")
    assert set(made(websak).values()) == {1}


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("run", "PULJE-2", "--auto-approve"), 4, "PULJE-2 has no districts"),
        (("run", "PULJE-9", "--auto-approve"), 64, "there is no rollout batch PULJE-9"),
        (("run", "PULJE-1", "--canary", "ulern"), 64, "did you mean ullern?"),
        (("run", "PULJE-1", "--users", "nowhere.xlsx"), 64, "nowhere.xlsx"),
        (("run", "PULJE-1", "--auto-approve"), 4, "2 gates not passed (BRUKERE, LISENSER)"),
        (("check", "PULJE-9"), 64, "there is no rollout batch PULJE-9"),
        (("pause", "PULJE-9", "--reason", "x"), 64, "there is no rollout batch PULJE-9"),
        (("pause", "PULJE-1"), 64, "--reason"),
        (("status", "--batch", "PULJE-9"), 64, "there is no rollout batch PULJE-9"),
        (("schedule", "--format", "pdf"), 64, "--format pdf is not one of"),
    ],
)
def test_what_cannot_be_done_says_why(cli: Cli, websak: Any, args: tuple[str, ...], code: int, told: str) -> None:
    assert told in cli("rollout", *args, code=code).err
    assert not made(websak)


def test_interrupted_and_run_again_it_does_what_is_left_each_once(cli: Cli, websak: Any, few: str) -> None:
    websak.ask("POST", "settings", {"latency_ms": 50})
    process = cli.start("rollout", "run", "PULJE-1", "--users", few, "--auto-approve", "--format", "json")
    until = time.monotonic() + 30
    while not websak.effects():
        assert time.monotonic() < until, "nothing is written"
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    websak.ask("POST", "settings", {"latency_ms": 0})
    assert process.returncode == 5, err
    assert not json.loads(out)["complete"]
    assert "interrupted" in cli("plan").err
    cli("rollout", "run", "PULJE-1", "--auto-approve")
    assert set(made(websak).values()) == {1}
    planned = cli.plan("--batch", "PULJE-1")
    assert planned.changed == []
    assert "interrupted" not in planned.err


def _inside(cli: Cli, *args: str) -> tuple[int, str, str]:
    return inside.run(cli.root, ("rollout", "run", "PULJE-1", "--auto-approve", *args), cli.surroundings())


def test_ctrl_c_after_the_last_write_does_not_say_that_nothing_was_written(
    cli: Cli, websak: Any, few: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = Rollout.report

    def late(self: Rollout, *args: Any, **kwargs: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return report(self, *args, **kwargs)

    monkeypatch.setattr(Rollout, "report", late)
    code, out, err = _inside(cli, "--users", few, "--format", "json")
    assert code == 0, err
    assert json.loads(out)["complete"]
    assert "nothing was written" not in err


def test_ctrl_c_after_the_last_write_of_the_first_district_leaves_the_others(
    cli: Cli, websak: Any, few: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopt = operation._adopt

    def late(*args: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        adopt(*args)

    monkeypatch.setattr(operation, "_adopt", late)
    code, out, err = _inside(cli, "--users", few, "--format", "json", "--canary", "sagene")
    assert code == 5, err
    assert [run["part"] for run in json.loads(out)["runs"]] == ["sagene first"]
    assert "error: interrupted" in err
    monkeypatch.undo()
    code, out, err = _inside(cli, "--format", "json", "--canary", "sagene")
    assert code == 0, err
    assert set(made(websak).values()) == {1}


def test_a_journal_that_is_full_between_the_two_runs_loses_no_report(
    cli: Cli, websak: Any, few: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_out = operation._carry_out
    runs: list[str] = []

    def full(request: Any, run: Any, *args: Any, **kwargs: Any) -> Any:
        runs.append(run.name)
        if len(runs) == 2:
            raise JournalError("the journal cannot be written: database or disk is full")
        return carry_out(request, run, *args, **kwargs)

    monkeypatch.setattr(operation, "_carry_out", full)
    code, out, err = _inside(cli, "--users", few, "--format", "json", "--canary", "sagene")
    assert code == 5, err
    assert [run["complete"] for run in json.loads(out)["runs"]] == [True]
    assert "disk is full" in err


def test_a_gate_of_ones_own_sees_what_people_have_set(cli: Cli) -> None:
    gate = "  UTVALG: {name: Utvalg, match: \"resources[?kind=='committee' && live==null].key\"}\n"
    cli.edit("config/gates.yaml", "  BRUKERE:", f"{gate}  BRUKERE:")

    def state() -> str:
        districts = cli("rollout", "check", "PULJE-1", "--format", "json", code=4).json["districts"]
        return next(
            v["state"] for d in districts if d["district"] == "sagene" for v in d["verdicts"] if v["gate"] == "UTVALG"
        )

    assert state() == "fail"
    cli("worklist", "done", "committee/sagene/*", "--by", "Kari Nordmann", "--evidence", "sak 26/1")
    assert state() == "pass"
