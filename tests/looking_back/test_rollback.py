"""``rollback``: the plan that takes a run back, against live as it is now; what cannot be taken back is named."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from .command_line import Cli, write_files
from .conftest import Kept, keep

PEOPLE = {"config/groups.yaml": "access_groups:\n  ARKIVLEDERE: {}\n"}
NEW_UNIT = {
    "districts/frogner/org_units.yaml": "org_units:\n  NY: {name: Ny enhet}\n  UNDER: {name: Under den, parent: NY}\n"
}


@pytest.fixture(scope="module")
def once_run(once_applied: Kept, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A run that did one of everything: update, create, deactivate, delete, activate."""
    cli, websak = once_applied.again(tmp_path_factory.mktemp("run")), once_applied.websak
    websak.edit("access_code", "U", active=False)
    cli("snapshot", "save", "--out", "before.json")
    cli.edit("config/org_units.yaml", "    HELSE: {name: Helse og mestring}\n", "")
    cli.edit("config/org_units.yaml", "Oppvekst", "Oppvekst og læring")
    cli.edit("config/case_types.yaml", "name: Personalmappe", "name: Personalsak")
    cli.edit("config/licences.yaml", "  WEBSAK-LES: {product: Websak lesetilgang, bought: 9}\n", "")
    cli.edit("config/licences.yaml", "frogner: 40", "frogner: 45")
    write_files(cli.root, NEW_UNIT | PEOPLE)
    outcome = cli.apply("--format", "json", "--quiet")
    assert {o["action"] for o in outcome.json["outcomes"]} == {"update", "create", "deactivate", "delete", "activate"}
    websak.ask("DELETE", "effects")
    return keep(cli, websak)


@pytest.fixture
def ran(once_run: Kept, tmp_path: Path, websak: Any) -> Cli:
    """The repository after that run."""
    return once_run.again(tmp_path)


@pytest.fixture
def run(ran: Cli) -> str:
    """The run's name."""
    return ran.last_run()


BACK = {
    "org_unit/frogner/FR-HELSE": "activate",
    "org_unit/sagene/SA-HELSE": "activate",
    "org_unit/frogner/FR-OPPV": "update",
    "org_unit/sagene/SA-OPPV": "update",
    "org_unit/frogner/FR-NY": "deactivate",
    "org_unit/frogner/FR-UNDER": "deactivate",
    "case_type/base/PERS": "update",
    "licence/base/WEBSAK-LES": "create",
    "licence/base/WEBSAK-PLUS": "update",
    "access_code/base/U": "deactivate",
}


def back(cli: Cli, run: str, *args: str, **kwargs: Any) -> Any:
    return cli("rollback", run, "--format", "json", *args, **kwargs)


def test_all_is_taken_back_that_can_be(ran: Cli, run: str, websak: Any) -> None:
    planned = back(ran, run, "--out", "back.json")
    assert planned.changed == BACK
    cases = "no API tells its open cases: list those that it is responsible for in Websak, and move them before it is retired"
    assert planned.manual == {
        "access_group/base/ARKIVLEDERE": "the API cannot remove access_groups: close it in Websak",
        "org_unit/frogner/FR-NY": cases,
        "org_unit/frogner/FR-UNDER": cases,
    }
    by = {c["address"]: c for c in planned.json["changes"]}
    assert by["case_type/base/PERS"]["fields"] == [{"path": "name", "before": "Personalsak", "after": "Personalmappe"}]
    assert by["licence/base/WEBSAK-PLUS"]["fields"] == [{"path": "allotments.frogner", "before": 45, "after": 40}]
    assert {c["reason"] for c in by.values()} == {f"takes back run {run}"}
    order = list(planned.changed)
    assert order.index("org_unit/frogner/FR-UNDER") < order.index("org_unit/frogner/FR-NY")
    assert "The config still asks for what this takes back" in planned.err
    assert websak.effects() == []  # it only plans
    assert "Steps for a person" in ran("rollback", run).out

    ran.apply("back.json", "--quiet")
    ran.apply("back.json", "--quiet", code=4)  # once
    difference = ran("snapshot", "diff", "before.json", "--format", "json")
    assert difference.changed == {"access_group/base/ARKIVLEDERE": "create"}  # retired units were not there before
    assert len(websak.effects()) == len(BACK)

    again = ran.plan()  # the config was not changed: it asks for the same again
    assert (
        again.changed
        | {
            "org_unit/frogner/FR-HELSE": "deactivate",
            "org_unit/frogner/FR-NY": "activate",
            "case_type/base/PERS": "update",
            "access_code/base/U": "activate",
            "licence/base/WEBSAK-LES": "delete",
        }
        == again.changed
    )
    assert again.changed.keys() == BACK.keys()
    assert ran("history", "verify", "--format", "json").json["intact"]


def test_a_second_time_there_is_nothing_to_roll_back(ran: Cli, run: str) -> None:
    back(ran, run, "--out", "back.json")
    ran.apply("back.json", "--quiet")
    twice = back(ran, run)
    assert twice.changed == {}
    line = ran("rollback", run).out.splitlines()[-1]
    assert line == f"No changes. Run {run} left nothing that can be taken back. 1 manual step."
    assert twice.manual == {"access_group/base/ARKIVLEDERE": "the API cannot remove access_groups: close it in Websak"}
    assert f"{len(BACK)} of the run's changes are as they were before it already" in twice.json["warnings"]
    taken_back = ran.last_run()
    assert taken_back != run
    forth = back(ran, taken_back)  # and that can be taken back too
    assert {a: forth.changed[a] for a in ("case_type/base/PERS", "licence/base/WEBSAK-LES")} == {
        "case_type/base/PERS": "update",
        "licence/base/WEBSAK-LES": "delete",
    }


def test_what_was_changed_by_hand_since_is_named_three_ways_and_left(ran: Cli, run: str, websak: Any) -> None:
    websak.edit("department", "FR-OPPV", name="Oppvekst, kultur og idrett")
    websak.edit("department", "FR-NY", name="Ny, og flyttet inn")
    websak.edit("access_code", "U", name="Unntatt")
    websak.edit("case_type", "PERS", retention="K")  # another field than the run's
    websak.edit("department", "FR-HELSE", valid_to_date=None)
    planned = back(ran, run, "--out", "back.json")
    left = {"org_unit/frogner/FR-OPPV", "org_unit/frogner/FR-NY"}
    assert planned.changed == {a: action for a, action in BACK.items() if a not in left | {"org_unit/frogner/FR-HELSE"}}
    assert planned.manual["org_unit/frogner/FR-OPPV"] == (
        "changed since: name was 'Oppvekst', the run made it 'Oppvekst og læring', now it is 'Oppvekst, kultur og idrett'"
    )
    assert "now it is 'Ny, og flyttet inn'" in planned.manual["org_unit/frogner/FR-NY"]
    assert set(planned.manual) == left | {"access_group/base/ARKIVLEDERE", "org_unit/frogner/FR-UNDER"}
    assert "1 of the run's changes is as it was before it already" in planned.json["warnings"]  # FR-HELSE
    ran.apply("back.json", "--quiet")
    shown = ran("show", "case_type/base/PERS", "--format", "json").json["live"]
    assert (shown["name"], shown["retention"]) == ("Personalmappe", "K")
    assert ran("show", "org_unit/frogner/FR-OPPV", "--format", "json").json["live"]["name"].endswith("idrett")


def test_of_two_fields_the_one_that_nobody_touched_is_taken_back(applied: Cli, websak: Any) -> None:
    applied.edit("config/case_types.yaml", "name: Personalmappe", "name: Personalsak")
    applied.edit("config/case_types.yaml", "series: PERS", "series: PERSONAL")
    applied.apply("--quiet")
    websak.edit("case_type", "PERS", series="NOE")
    planned = back(applied, applied.last_run())
    (change,) = planned.json["changes"]
    assert change["fields"] == [{"path": "name", "before": "Personalsak", "after": "Personalmappe"}]
    assert planned.manual == {
        "case_type/base/PERS": "changed since: series was 'PERS', the run made it 'PERSONAL', now it is 'NOE'"
    }


def test_a_rollback_plan_grows_stale_like_any_other(ran: Cli, run: str, websak: Any) -> None:
    back(ran, run, "--out", "back.json")
    websak.edit("case_type", "PERS", name="Noe helt annet")
    outcome = ran.apply("back.json", "--format", "json", code=5)
    assert [s["address"] for s in outcome.json["stale"]] == ["case_type/base/PERS"]
    assert outcome.json["stale"][0]["fields"] == [
        {"path": "name", "before": "Personalsak", "now": "Noe helt annet", "wanted": "Personalmappe"}
    ]


def test_what_the_server_made_of_a_value_is_not_a_change_by_hand(applied: Cli, websak: Any) -> None:
    applied.edit("config/case_types.yaml", "name: Personalmappe", "name: Personalsak")
    applied.apply("--quiet", code=None)
    run = applied.last_run()
    websak.edit("case_type", "PERS", name="PERSONALSAK")
    assert back(applied, run).changed == {}
    created = ("environment", "case_type/base/PERS", "name", '"Personalsak"', '"PERSONALSAK"')
    journal = sqlite3.connect(applied.state / "journal.db")
    with journal:  # as it is recorded when a value reads back in capitals
        journal.execute("INSERT INTO accepted VALUES (?, ?, ?, ?, ?)", created)
    journal.close()
    (change,) = back(applied, run).json["changes"]
    assert change["fields"] == [{"path": "name", "before": "PERSONALSAK", "after": "Personalmappe"}]


def test_a_move_between_districts_is_moved_back(applied: Cli) -> None:
    for name in ("frogner", "sagene"):
        text = 'sub_orgs:\n  "889640782": {name: NAV, unit: OPPV, channel: svarinn}\n'
        write_files(applied.root, {f"districts/{name}/sub_orgs.yaml": text})
        applied.apply("--quiet")
        (applied.root / f"districts/{name}/sub_orgs.yaml").unlink()
    history_entries = {
        d["address"]: d for d in applied("history", applied.last_run(), "--format", "json").json["items"]
    }
    moved = history_entries["sub_org/sagene/889640782"]
    assert {"path": "scope", "before": "frogner", "after": "sagene"} in moved["fields"]
    planned = back(applied, applied.last_run(), "--out", "back.json")
    (change,) = planned.json["changes"]
    assert (change["address"], change["action"]) == ("sub_org/frogner/889640782", "update")
    assert {"path": "scope", "before": "sagene", "after": "frogner"} in change["fields"]
    assert planned.manual == {}
    applied.apply("back.json", "--quiet")
    live = applied("show", "sub_org/frogner/889640782", "--format", "json").json["live"]
    assert live["unit"] == "FR-OPPV"


def test_a_run_of_unknown_outcome_is_rolled_back_as_far_as_it_got(applied: Cli, websak: Any) -> None:
    """Interrupted in mid-air: whether the write happened is seen from live."""
    applied.hurried = True
    applied.edit("config/org_units.yaml", "Oppvekst", "Oppvekst og læring")
    websak.fault("status", method="PUT", path="departments", phase="after", code=500)
    websak.fault("html", method="GET", path=r"departments/\d+$", nth=2, times=None)
    applied.apply("--quiet", "--concurrency", "1", code=None)
    websak.ask("DELETE", "faults")
    run = applied.last_run()
    statuses = {d["address"]: d["status"] for d in applied("history", run, "--format", "json").json["items"]}
    assert set(statuses.values()) >= {"unknown"}
    planned = back(applied, run)
    done = {key for operation, key in websak.effects() if operation == "department.update"}
    assert {address.rpartition("/")[2] for address in planned.changed} == done


@pytest.mark.parametrize("which", ["nei", "20270301T101500-3fa9c2"])
def test_an_unknown_run(applied: Cli, which: str) -> None:
    refused = back(applied, which, code=64)
    assert f"there is no run {which}" in refused.err
    assert "websakctl history" in refused.err


def test_a_run_of_another_environment_is_not_taken_back_here(ran: Cli, run: str, websak: Any) -> None:
    refused = back(ran, run, "--environment", "test", code=4)
    assert f"run {run} was made in environment, and this is test" in refused.err
    assert "--environment environment" in refused.err


def test_guards_hold(applied: Cli, websak: Any) -> None:
    units = "".join(f"  NY{n}: {{name: Ny {n}}}\n" for n in range(6))
    write_files(applied.root, {"districts/frogner/org_units.yaml": f"org_units:\n{units}"})
    write_files(
        applied.root,
        {"config/more.yaml": "access_codes:\n  V: {name: Vernet, basis_chosen_per_case: true, protected: true}\n"},
    )
    applied.apply("--quiet")
    run = applied.last_run()
    planned = back(applied, run, "--out", "back.json")
    allowances = [f["allow"] for f in planned.json["findings"]]
    assert allowances == ["deactivate:org_unit=6", "deactivate:org_unit/frogner=6", "protected:access_code/base/V=1"]
    applied.apply("back.json", code=4)
    (applied.root / "config/more.yaml").unlink()  # protected when it was applied, and forgotten by the config since
    assert [f["allow"] for f in back(applied, run).json["findings"]] == allowances
    assert websak.effects()[-1][0] != "department.deactivate"


def test_no_setup_api_any_more(ran: Cli, run: str) -> None:
    planned = back(ran, run, env={"WEBSAKCTL_SETUP_URL": ""})
    assert {a.partition("/")[0] for a in planned.changed} == {"org_unit"}
    assert planned.manual["case_type/base/PERS"] == "this Websak has no API for it"


def test_an_earlier_value_that_was_held_back_is_not_written(applied: Cli, websak: Any) -> None:
    """A national identity number (made up) that somebody wrote into a name is in no journal, so it cannot come back."""
    websak.edit("case_type", "PERS", name="Mappe for 41410012322")
    applied.apply("--quiet")
    planned = back(applied, applied.last_run())
    assert planned.changed == {}
    assert planned.manual == {
        "case_type/base/PERS": "its earlier name was held back, as a secret or an identity number"
    }
    assert "41410012322" not in json.dumps(planned.json) + planned.err


def test_a_rename_is_named(applied: Cli) -> None:
    applied.edit("config/org_units.yaml", "OPPV: {name: Oppvekst}", "OPPVEKST: {name: Oppvekst, previously: [OPPV]}")
    applied.apply("--quiet")
    planned = back(applied, applied.last_run())
    assert planned.changed == {}
    assert planned.manual == {
        f"org_unit/{slug}/{prefix}-OPPVEKST": "it was renamed: name it back in the config, with `previously`"
        for slug, prefix in (("frogner", "FR"), ("sagene", "SA"))
    }


def test_policies_of_ones_own_hold_too(ran: Cli, run: str) -> None:
    rule = "  no-retiring:\n    match: \"changes[?action=='deactivate']\"\n    message: Ingenting skal bort\n"
    write_files(ran.root, {"config/policy/own.yaml": f"policies:\n{rule}"})
    result = [f["allow"] for f in back(ran, run).json["findings"]]
    assert "policy:no-retiring=3" in result, result


def test_what_the_config_has_pending_stays_pending(applied: Cli, websak: Any) -> None:
    """Two runs are taken back: nobody wrote what the config says since, and nobody takes it for what the server made."""
    applied.edit("config/org_units.yaml", "{name: Oppvekst}", "{name: Oppvekst, phone: '21802180'}")
    applied.apply("--quiet")
    first = applied.last_run()
    applied.edit("config/org_units.yaml", "name: Oppvekst,", "name: Oppvekst og skole,")
    applied.apply("--quiet")
    pending = {"org_unit/frogner/FR-OPPV": "update", "org_unit/sagene/SA-OPPV": "update"}
    for run in (applied.last_run(), first):
        applied("rollback", run, "--out", "back.json")
        done = applied.apply("back.json")
        assert "this is accepted" not in done.out
        assert applied.plan().changed == pending
        drift = applied("drift", "--format", "json").json
        assert (drift["causes"]["live"], drift["causes"]["both"]) == (0, 0)
