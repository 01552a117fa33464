"""Results on stdout, everything else on stderr; JSON stands alone."""

import json
import subprocess
from typing import Any

import pytest

from .command_line import PROGRAM, Cli


@pytest.mark.parametrize("place", ["before", "after"])
def test_options_may_stand_before_or_after_the_command(small: Cli, place: str) -> None:
    options = ["--root", ".", "--environment", "sandbox", "--format", "json", "--quiet", "--no-color"]
    words = [*options, "validate"] if place == "before" else ["validate", *options]
    assert small(*words).json == {"format_version": 1, "valid": True, "diagnostics": []}


def test_what_stands_after_the_command_wins(small: Cli) -> None:
    assert small("--format", "json", "validate", "--format", "text").out.startswith("The config is valid")


def test_json_alone_on_stdout(cli: Cli) -> None:
    plan = cli("plan", "--format", "json")
    assert plan.json["summary"]["create"] > 0
    refused = cli("apply", "--format", "json", code=4)
    assert [each["code"] for each in refused.json["diagnostics"]] == ["refused"]
    applied = cli("apply", "--format", "json", "--auto-approve")
    assert applied.json["counts"]["done"] == len(plan.json["changes"])
    assert "Applying to environment: " in applied.err
    assert cli("drift", "--format", "json").json["changes"] == []
    assert cli("show", "access_code/base/P", "--format", "json").json["live"]["name"] == "Personalsaker"
    assert [d["slug"] for d in cli("districts", "list", "--format", "json").json["items"]] == ["sagene", "frogner"]
    assert all(check["ok"] for check in cli("doctor", "--format", "json").json["items"])
    assert cli("schema").json["title"]


def test_an_unasked_apply_in_json_shows_the_plan_on_stderr(cli: Cli) -> None:
    outcome = cli("apply", "--format", "json", code=4)
    assert "+ access_code  base/P" in outcome.err
    assert "cannot ask for confirmation" in outcome.err


def test_errors_in_the_config_go_to_stderr_when_a_plan_is_asked_for(small: Cli) -> None:
    small.edit("config/case_types.yaml", "access_code: P", "access_code: PP")
    for line in (["plan"], ["plan", "--format", "json"], ["apply", "--auto-approve"], ["drift"], ["show", "x/y/z"]):
        outcome = small(*line, code=3)
        assert (outcome.json["diagnostics"][0]["code"] if "json" in line else outcome.out) in ("", "config-invalid")
        assert outcome.err.startswith("config/case_types.yaml:2:")
    assert not (small.root / ".websakctl" / "sandbox").exists()  # nothing was even started


def test_validate_tells_machines_where_it_is(small: Cli) -> None:
    small.edit("config/case_types.yaml", "access_code: P", "access_code: PP")
    outcome = small("validate", "--format", "json", code=3)
    assert outcome.json["format_version"] == 1
    assert outcome.json["valid"] is False
    finding = outcome.json["diagnostics"][0]
    promised = {
        "rule", "severity", "message", "help", "file", "line", "column", "end_line", "end_column", "address",
    }  # fmt: skip
    assert promised <= set(finding)
    assert (finding["file"], finding["line"], finding["severity"]) == ("config/case_types.yaml", 2, "error")
    assert finding["address"] == "case_type/base/PERS"
    text = small("validate", code=3)
    assert "access_code: PP" in text.err
    assert text.out.startswith("The config is not valid: 1 error")


def test_quiet_leaves_results_and_errors(cli: Cli) -> None:
    applied = cli("apply", "--auto-approve", "--quiet")
    assert "Applied: " in applied.out
    assert applied.err == ""
    assert cli("plan", "--quiet", "--out", "p.json").err == ""
    assert cli("apply", "--quiet", "nothing.json", code=64).err.startswith("error: ")


def test_verbose_says_more_on_stderr(cli: Cli) -> None:
    assert "requests" in cli("plan", "--verbose", "--kind", "access_code").err


def test_no_folder_with_config_is_no_valid_config(small: Cli) -> None:
    (small.root / "empty").mkdir()
    outcome = small("validate", "--root", "empty", code=3)
    assert "there is no config in " in outcome.err


def test_found_from_a_folder_below(small: Cli) -> None:
    below = small.root / "districts" / "frogner"
    assert small("validate", cwd=below).out == small("validate").out


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_poor_terminal_encoding_does_not_stop_it(cli: Cli, encoding: str) -> None:
    outcome = cli.plan("--kind", "sub_org", "--kind", "rollout_batch", env={"PYTHONIOENCODING": encoding})
    values = json.dumps(outcome.json, ensure_ascii=False)
    assert "Første pulje" in values or "F\ufffdrste" in values
    cli("plan", env={"PYTHONIOENCODING": encoding})


def test_a_reader_that_goes_away_is_not_success(cli: Cli, websak: Any) -> None:
    process = subprocess.Popen(
        [PROGRAM, "apply", "--auto-approve"],
        cwd=cli.root,
        env=cli.surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(30) == 1
    assert "Traceback" not in err and "Exception ignored" not in err
    assert websak.effects() == []


def test_a_reader_of_messages_who_is_gone_ends_nothing(cli: Cli, websak: Any) -> None:
    websak.fault("status", method="POST", path="/access-codes$", code=400)  # which is told as it comes
    process = cli.start("apply", "--auto-approve", "--format", "json")
    assert process.stderr is not None and process.stdout is not None
    process.stderr.close()
    result = json.loads(process.stdout.read())
    process.stdout.close()
    assert process.wait(30) == 5
    assert (result["counts"]["failed"], result["counts"]["not_started"]) == (1, 0)
    assert len(cli.plan().changed) == 1 + result["counts"]["blocked"]


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_streams_that_are_closed_from_the_start_are_nobody(cli: Cli, websak: Any, closed: str) -> None:
    given = subprocess.run(
        ["sh", "-c", f'exec "$0" apply --auto-approve --format json {closed}', PROGRAM],
        cwd=cli.root,
        env=cli.surroundings(),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=60,
    )
    assert given.returncode == 0
    assert json.loads(given.stdout)["counts"]["failed"] == 0
    assert websak.effects()


def test_an_incomplete_apply_whose_readers_are_gone_is_incomplete(cli: Cli, websak: Any) -> None:
    websak.fault("status", method="POST", path="/access-codes$", code=400)
    process = cli.start("apply", "--auto-approve", "--format", "json")
    assert process.stderr is not None and process.stdout is not None
    process.stderr.close()
    process.stdout.close()
    assert process.wait(30) == 5
    assert websak.effects()


def test_what_ended_an_apply_stands_in_its_document(cli: Cli, websak: Any) -> None:
    websak.fault("status", method="POST", path="/access-codes$", code=400)
    document = cli("apply", "--auto-approve", "--format", "json", code=5).json
    (diagnostic,) = document["diagnostics"]
    assert (diagnostic["code"], diagnostic["exit_code"]) == ("apply-incomplete", 5)
    assert document["counts"]["failed"] == 1
