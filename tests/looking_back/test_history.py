"""``history``: who, when, why, before and after; and whether anybody touched the record."""

import re
import sqlite3
from typing import Any

import pytest

from .command_line import Cli

OPPV = "org_unit/frogner/FR-OPPV"


@pytest.fixture
def two_runs(applied: Cli) -> Cli:
    """Applied, and then a name changed in both districts for a reason of its own, by a job."""
    applied.edit("config/org_units.yaml", "Oppvekst", "Oppvekst og læring")
    applied.apply("--quiet", "--reason", "Sak 27/2: nytt navn", env={"CI_JOB_URL": "https://ci.example/17"})
    return applied


def test_all_runs_newest_first(two_runs: Cli, websak: Any) -> None:
    newest, first = two_runs("history", "--format", "json").json["items"]
    assert newest["reason"] == "Sak 27/2: nytt navn"
    assert newest["ci"] == "CI_JOB_URL=https://ci.example/17"
    assert newest["state"] == first["state"] == "complete"
    assert newest["counts"] == {"planned": 2, "done": 2}
    assert newest["client_id"] == websak.server.client_id
    assert newest["environment"] == "environment"
    assert first["reason"] == "Sak 27/1"
    assert first["ci"] == ""
    assert first["at"] < newest["at"]
    lines = two_runs("history").out.splitlines()
    assert newest["run"] in lines[2]
    assert "2 of 2" in lines[2]
    assert "Sak 27/2: nytt navn" in lines[2]


@pytest.mark.parametrize("name", ["GITHUB_RUN_ID", "BUILD_URL"])
def test_the_job_is_recorded_whichever_it_is(cli: Cli, name: str) -> None:
    cli.apply("--target", "access_code/base/P", env={name: "4711"})
    assert cli("history", "--format", "json").json["items"][0]["ci"] == f"{name}=4711"


def test_one_run_with_before_and_after(two_runs: Cli) -> None:
    run = two_runs.last_run()
    history_entries = two_runs("history", run, "--format", "json").json["items"]
    assert {d["address"] for d in history_entries} == {OPPV, "org_unit/sagene/SA-OPPV"}
    for entry in history_entries:
        assert entry["fields"] == [{"path": "name", "before": "Oppvekst", "after": "Oppvekst og læring"}]
        assert (entry["run"], entry["action"], entry["status"]) == (run, "update", "done")
        assert entry["reason"] == "Sak 27/2: nytt navn"
        assert entry["user"]
    reported = two_runs("history", run).out
    assert '"Oppvekst" -> "Oppvekst og læring"' in reported
    assert re.search(rf"\d\d:\d\d:\d\d +\S+ +{OPPV} +update +done +Sak 27/2", reported)


def test_one_address_through_all_runs(two_runs: Cli) -> None:
    made_by_us = "org_unit/sagene/SA-OPPV"
    history_entries = two_runs("history", "--address", made_by_us, "--format", "json").json["items"]
    assert [(d["action"], d["reason"]) for d in history_entries] == [
        ("create", "Sak 27/1"),
        ("update", "Sak 27/2: nytt navn"),
    ]
    assert history_entries[-1]["run"] in two_runs("history", "--address", made_by_us).out
    assert (
        two_runs("history", history_entries[-1]["run"], "--address", made_by_us, "--format", "json").json["items"]
        == history_entries[1:]
    )
    unknown = two_runs("history", "--address", "org_unit/frogner/FR-NEI", code=64)
    assert "the journal has nothing of org_unit/frogner/FR-NEI" in unknown.err
    assert "there is no run nei" in two_runs("history", "nei", code=64).err


def test_before_anything_was_applied(cli: Cli) -> None:
    assert "Nothing has been applied from here yet" in cli("history").out
    assert cli("history", "--format", "json").json["items"] == []
    assert cli("history", "verify", "--format", "json").json == {
        "format_version": 1,
        "entries": 0,
        "intact": True,
        "first_broken": None,
    }


def alter(cli: Cli, *statements: str) -> None:
    """Change the journal behind its back."""
    database = sqlite3.connect(cli.state / "journal.db", isolation_level=None)
    for statement in statements:
        database.execute(statement.replace("as-it-was.db", str(cli.state / "as-it-was.db")))
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


ALTERED = {
    "a reason": ("UPDATE entries SET body = replace(body, 'Sak 27/1', 'Sak 27/9') WHERE what = 'start'", 1),
    "who": ("UPDATE entries SET body = json_set(body, '$.user', 'somebody') WHERE seq = 1", 1),
    "when": ("UPDATE entries SET at = '2020-01-01T00:00:00.000+00:00' WHERE seq = 5", 5),
    "an address": (f"UPDATE entries SET address = '{OPPV}' WHERE seq = 4", 4),
    "an outcome, with a body that is no JSON": ("UPDATE entries SET body = 'x' WHERE seq = 7", 7),
    "its hash": ("UPDATE entries SET hash = 'x' WHERE seq = 3", 3),
    "the first taken out": ("DELETE FROM entries WHERE seq = 1", 1),
    "one taken out": ("DELETE FROM entries WHERE seq = 4", 4),
    "the last taken out": ("DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)", None),
    "all taken out": ("DELETE FROM entries", 1),
    "one put in": (
        "INSERT INTO entries SELECT seq + 1, at, run, what, address, body, previous, hash FROM entries ORDER BY seq DESC LIMIT 1",
        None,
    ),
}


def test_what_was_altered_is_found(cli: Cli) -> None:
    cli.apply("--quiet", "--reason", "Sak 27/1", "--kind", "access_code", "--kind", "licence")
    merged = cli("history", "verify", "--format", "json").json
    assert merged["intact"]
    assert f"The journal is whole: {merged['entries']} entries" in cli("history", "verify").out
    alter(cli, "VACUUM INTO 'as-it-was.db'")
    for how, (statement, broken) in ALTERED.items():
        (cli.state / "journal.db").write_bytes((cli.state / "as-it-was.db").read_bytes())
        alter(cli, statement)
        result = cli("history", "verify", "--format", "json", code=1)
        if broken is None:  # at the end
            broken = merged["entries"] + (how == "one put in")
        assert (how, result.json["intact"], result.json["first_broken"]) == (how, False, broken)
        assert "is not whole" in result.err


def test_two_that_changed_places_are_found(applied: Cli) -> None:
    alter(
        applied,
        "UPDATE entries SET seq = -seq WHERE seq IN (3, 4)",
        "UPDATE entries SET seq = CASE seq WHEN -3 THEN 4 ELSE 3 END WHERE seq < 0",
    )
    assert applied("history", "verify", "--format", "json", code=1).json["first_broken"] == 3


def test_a_journal_with_an_unreadable_entry_ends_no_command_in_a_traceback(applied: Cli) -> None:
    alter(applied, "UPDATE entries SET body = '{' WHERE seq = 2")
    for command in (("history",), ("plan",), ("apply", "--auto-approve"), ("drift",)):
        outcome = applied(*command, code=None)
        assert outcome.code in (0, 1)
        if outcome.code:
            assert "history verify" in outcome.err


def test_a_longer_and_a_shorter_journal_go_on_being_whole(two_runs: Cli) -> None:
    two_runs.apply("--quiet")
    assert two_runs("history", "verify", "--format", "json").json["intact"]


def test_a_run_that_took_the_lease_from_somebody(applied: Cli, websak: Any) -> None:
    server = websak.server
    asked = {"grant_type": "client_credentials", "client_id": server.client_id, "client_secret": server.client_secret}
    token = websak.control.post("/connect/token", data={**asked, "scope": "setup"}).json()["access_token"]
    holding = {"owner": "kari@annet-sted", "purpose": "glemt", "ttl_seconds": 300}
    given = {"Authorization": f"Bearer {token}"}
    assert websak.control.post("/api/setup/lease", json=holding, headers=given).is_success
    applied.edit("config/case_types.yaml", "name: Personalmappe", "name: Personalsak")
    assert "kari@annet-sted" in applied.apply(code=4).err
    applied.apply("--break-lease", "kari@annet-sted", "--reason", "Kari har sluttet")
    run = applied("history", "--format", "json").json["items"][0]
    assert run["reason"] == "Kari har sluttet"
    assert "took the lease away from kari@annet-sted" in applied("history", run["run"]).out
    assert applied("history", "verify", "--format", "json").json["intact"]


def test_what_became_of_a_run_that_was_stopped(applied: Cli, websak: Any) -> None:
    applied.edit("config/org_units.yaml", "Oppvekst", "Oppvekst og læring")
    applied.edit("config/org_units.yaml", "Helse og mestring", "Helse og omsorg")
    websak.fault("status", method="PUT", path="/departments", code=422, body="nei")
    applied.apply("--fail-fast", "--concurrency", "1", "--quiet", code=5)
    run = applied.last_run()
    assert "it was stopped before its end" in applied("history", run).out
    applied.apply("--quiet")
    newer = applied.last_run()
    assert f"run {newer} was planned again from what it left" in applied("history", run).out
    states = {r["run"]: r["state"] for r in applied("history", "--format", "json").json["items"]}
    assert (states[run], states[newer]) == ("superseded", "complete")


def test_the_newest_run_and_snapshot_go_by_the_name_of_last(two_runs: Cli) -> None:
    newest = two_runs("history", "--format", "json").json["items"][0]["run"]
    assert two_runs("history", "last", "--format", "json").json == two_runs("history", newest, "--format", "json").json
    back = two_runs("rollback", "last", "--format", "json").json
    assert {change["reason"] for change in back["changes"]} == {f"takes back run {newest}"}
    two_runs("snapshot", "save")
    assert two_runs("snapshot", "diff", "last", "--format", "json").json["changes"] == []
    assert (
        "there is no snapshot last"
        in two_runs("snapshot", "diff", "last", env={"WEBSAKCTL_STATE_DIR": "elsewhere"}, code=64).err
    )
