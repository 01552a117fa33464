"""Day one: only the User API is there. Plan, apply, work list, done, quiet; then an export shows what somebody changed."""

import csv
import os
import stat
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.command_line import Cli, write_files

from .files import MANUAL

DONE = ("--by", "Kari Nordmann", "--evidence", "https://sak.example.invalid/27/1234")
OLD, NEW = 1_000_000_000, 4_000_000_000  # times of files, long before and long after the test


@pytest.fixture
def cli(tmp_path: Path, sandbox33: Any) -> Cli:
    """A Websak with the User API alone."""
    return Cli(write_files(tmp_path / "repo", MANUAL), {**sandbox33.fresh().variables, "WEBSAKCTL_SETUP_URL": ""})


def items(cli: Cli, *args: str) -> dict[str, dict[str, Any]]:
    """The work list by address."""
    return {item["address"]: item for item in cli("worklist", "list", "--format", "json", *args).json["items"]}


def test_the_whole_story(cli: Cli, sandbox33: Any, tmp_path: Path) -> None:
    planned = cli.plan().json
    assert {change["kind"] for change in planned["changes"]} == {"org_unit", "access_group"}
    steps = {step["address"]: step for step in planned["manual"]}
    assert len(steps) == planned["summary"]["manual"] == 19
    assert steps["case_type/base/PERS"]["change"]["action"] == "create"

    applied = cli.apply("--worklist", "lists")
    assert "Work list for people: 19 items, in lists/environment.md and .csv" in applied.err
    assert {operation.partition(".")[0] for operation, _ in sandbox33.effects()} == {"department", "access_group"}
    check_files(cli.root / "lists", steps)
    page = openpyxl.load_workbook(cli.root / "lists/environment.xlsx").active
    assert [cell.value for cell in page[1]][:4] == ["Utført", "ID", "Nr.", "Hvor"]
    assert {row[1].value for row in page.iter_rows(min_row=2)} == {
        step["id"] for step in steps.values() if step["change"]
    }

    again = cli.apply("--format", "json").json["work_list"]
    assert again["items"] == 19
    assert [Path(file).name for file in again["files"]] == ["environment.md", "environment.csv"]

    reported = cli("worklist", "done", "*", *DONE, "--on", "2026-11-20").out
    assert reported.startswith("Recorded as done: 19 items")
    assert "0 left" in reported.splitlines()[0]
    assert (cli.root / ".websakctl/worklists/environment.md").read_text(encoding="utf-8").count("- [ ]") == 0
    quiet = cli("plan", "--detailed-exitcode").out
    assert "No changes. Websak matches the config" in quiet
    assert "manual" not in quiet
    assert "No drift." in cli("drift").out
    assert "set by Kari Nordmann on 2026-11-20" in cli("history", "--address", "committee/frogner/FR-BU").out
    assert "The journal is whole" in cli("history", "verify").out

    export = exported(
        tmp_path / "case_types.xlsx",
        [("Sakstypekode", "Navn", "Klasse", "Personopplysninger"), ("PERS", "Personalmappe", 7, "ja")],
    )
    os.utime(export, (NEW, NEW))
    drift = cli("drift", "--export", f"case_type={export}", "--detailed-exitcode", code=2).out
    assert '    class_code: null -> "7"'.replace("null", "(none)") in drift
    assert "    personal_data: false -> true" in drift
    plan = cli.plan("--export", f"case_type={export}").json
    (step,) = plan["manual"]
    assert step["change"]["action"] == "update"
    assert {f["path"]: (f["before"], f["after"]) for f in step["change"]["fields"]} == {
        "class_code": ("7", None),
        "personal_data": (True, False),
    }
    assert plan["summary"]["manual"] == 1
    assert not plan["changes"]


def check_files(folder: Path, steps: dict[str, dict[str, Any]]) -> None:
    markdown = folder / "environment.md"
    assert stat.S_IMODE(markdown.stat().st_mode) == 0o600
    text = markdown.read_text(encoding="utf-8")
    assert text.startswith("# Arbeidsliste for environment\n")
    assert text.index("## Én gang for alle bydelene") < text.index("## Bydel Frogner") < text.index("## Bydel Sagene")
    assert text.count("- [ ]") == len(steps)
    assert text.index("tilgangskode P") < text.index("sakstype PERS")  # what it refers to comes first
    assert text.index("integrasjon MOTTAK") < text.index("integrasjon SVARINN")
    with (folder / "environment.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert {row["ID"] for row in rows} == {step["id"] for step in steps.values()}
    assert {row["Utført"] for row in rows} == {"[ ]"}
    assert [row["Etter"] for row in rows if row["Nøkkel"] == "FR-BU" and row["Felt"] == "møteportal"] == ["ja"]


def exported(path: Path, rows: list[tuple[Any, ...]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    book.close()
    return path


def test_what_the_config_says_again_is_a_new_item(cli: Cli) -> None:
    first = items(cli)["committee/frogner/FR-BU"]["id"]
    cli("worklist", "done", first, "committee/frogner/FR-ELDR", *DONE)
    assert "committee/frogner/FR-BU" not in items(cli)
    cli.edit("config/committees.yaml", "name: Bydelsutvalget", "name: Bydelsutvalget i bydelen")
    changed = items(cli)["committee/frogner/FR-BU"]
    assert changed["id"] != first
    assert changed["action"] == "update"
    assert changed["fields"] == [{"path": "name", "before": "Bydelsutvalget", "after": "Bydelsutvalget i bydelen"}]
    shown = cli("worklist", "show", changed["id"], "--lang", "en").out
    assert "- [ ] " in shown
    assert "**Change** committee FR-BU" in shown
    assert "  - name: Bydelsutvalget → Bydelsutvalget i bydelen" in shown
    assert (
        "it differs from the config: change it manually\n      name: "
        in cli("plan", "--kind", "committee", "--district", "frogner").out
    )

    cli.edit("config/committees.yaml", "    ELDR: {name: Eldrerådet}\n", "")
    gone = items(cli, "--district", "frogner", "--kind", "committee")["committee/frogner/FR-ELDR"]
    assert gone["action"] == "deactivate"
    assert "committee/sagene/SA-ELDR" not in items(cli)  # nobody had set it
    cli("worklist", "done", gone["id"], *DONE)
    assert "committee/frogner/FR-ELDR" not in items(cli)
    done = cli("worklist", "list", "--done", "--target", "committee/*/*-ELDR", "--format", "json").json["done"]
    assert [(d["action"], d["by"]) for d in done] == [("deactivate", "Kari Nordmann"), ("create", "Kari Nordmann")]


def test_what_was_recorded_by_mistake_is_reopened(cli: Cli) -> None:
    before = items(cli)
    cli("worklist", "done", "committee/*", *DONE)
    cli.edit("config/committees.yaml", "name: Eldrerådet", "name: Eldreråd")
    cli("worklist", "done", "committee/sagene/SA-ELDR", *DONE)
    why = ("--by", "Ola", "--reason", "feil bydel")
    assert (
        "Reopened: 2 items"
        in cli("worklist", "reopen", before["committee/frogner/FR-BU"]["id"], "committee/sagene/SA-ELDR", *why).out
    )
    left = items(cli, "--kind", "committee")
    assert {address: item["action"] for address, item in left.items()} == {
        "committee/frogner/FR-BU": "create",
        "committee/frogner/FR-ELDR": "update",
        "committee/sagene/SA-ELDR": "update",
    }
    again = cli("worklist", "reopen", "committee/frogner/FR-BU", *why, code=64)
    assert "nothing that committee/frogner/FR-BU names is recorded as done" in again.err
    reported = cli("history", "--address", "committee/frogner/FR-BU").out
    assert "set by Kari Nordmann" in reported
    assert "not done after all, says Ola" in reported
    assert "complete" in cli("history").out
    assert "interrupted" not in cli("history").out


def test_an_export_that_the_settings_name_is_read_every_time(cli: Cli) -> None:
    cli("worklist", "done", "committee/*", *DONE)
    cli.edit(
        "config/websak.yaml",
        "environments:\n",
        "environments:\n  environment: {exports: {committee: exports/committees.csv}}\n",
    )
    missing = cli.plan("--kind", "committee").json
    assert missing["summary"]["manual"] == 0
    assert any("committees.csv is not there: what is recorded counts" in warning for warning in missing["warnings"])

    rows = [
        "Nøkkel;Bydel;Navn",
        "FR-BU;Frogner;Bydelsutvalget",
        "SA-BU;Sagene;Noe annet",
        "ELDR;Bydel Sagene;Eldrerådet",
        "FR-NY;Frogner;Ny",
    ]
    write_files(cli.root, {"exports/committees.csv": "\n".join(rows)})
    os.utime(cli.root / "exports/committees.csv", (NEW, NEW))
    drift = cli("drift", "--format", "json").json
    assert {c["address"]: c["action"] for c in drift["changes"]} == {
        "committee/frogner/FR-ELDR": "deactivate",
        "committee/sagene/SA-BU": "update",
    }
    plan = cli.plan("--kind", "committee").json
    assert {s["address"]: s["change"]["action"] for s in plan["manual"]} == {
        "committee/frogner/FR-ELDR": "create",
        "committee/sagene/SA-BU": "update",
    }
    assert plan["unmanaged"] == ["committee/frogner/FR-NY"]

    os.utime(cli.root / "exports/committees.csv", (OLD, OLD))  # what was recorded since counts
    old = cli.plan("--kind", "committee").json
    assert old["manual"] == []
    assert any("4 of kind committee were recorded as done after that" in warning for warning in old["warnings"])


def test_an_apply_takes_over_what_an_export_shows_and_no_more(cli: Cli) -> None:
    write_files(cli.root, {"c.csv": "key,district,name\nBU,frogner,Bydelsutvalget\nELDR,frogner,Feil navn\n"})
    export = ("--export", "committee=c.csv")
    cli.apply(*export)
    cli.edit(
        "config/committees.yaml",
        "    BU: {name: Bydelsutvalget, unit: OPPV}\n    ELDR: {name: Eldrerådet}\n",
        "    NY: {name: Ny}\n",
    )
    left = items(cli, *export, "--kind", "committee", "--district", "frogner")
    assert {address: item["action"] for address, item in left.items()} == {
        "committee/frogner/FR-NY": "create",
        "committee/frogner/FR-BU": "deactivate",  # it was as the config said, so it is managed; FR-ELDR never was
    }


WRONG: list[tuple[tuple[str, ...], int, str]] = [
    (("done", "deadbeef", *DONE), 64, "has no item deadbeef"),
    (("done", "committee/frogner/FR-BUU", *DONE), 64, "did you mean committee/frogner/FR-BU?"),
    (("done", "*", "--by", " ", "--evidence", "x"), 64, "--by is empty"),
    (("done", "*", *DONE, "--on", "2198-01-01"), 64, "has not been yet"),
    (("done", "*", *DONE, "--on", "20.11.2026"), 64, "write YYYY-MM-DD"),
    (("done", "*", "--by", "Kari"), 64, "--evidence"),
    (("show", "--lang", "sv"), 64, "--lang sv is not one of nb, en"),
    (("list", "--kind", "comittee"), 64, "did you mean committee?"),
    (("list", "--export", "committee"), 64, "is not KIND=FILE"),
    (("list", "--export", "comittee=x.csv"), 64, "did you mean committee?"),
    (("list", "--export", "org_unit=x.csv"), 64, "org_unit is read through an API here"),
    (("list", "--export", "committee=nowhere.csv"), 64, "there is no file nowhere.csv"),
]


def test_a_wrong_command_line_records_nothing(cli: Cli) -> None:
    for args, code, given in WRONG:
        outcome = cli("worklist", *args, code=code)
        assert given in outcome.err
        assert outcome.out == ""
    assert cli("worklist", "list", "--done", "--format", "json").json["done"] == []


def test_a_list_that_cannot_be_written_hides_nothing(cli: Cli, sandbox33: Any) -> None:
    (cli.root / "file").write_text("", encoding="utf-8")
    refused = cli.apply("--worklist", "file/lists", code=1)
    assert "cannot make file/lists" in refused.err
    assert sandbox33.effects() == []
    (cli.root / ".websakctl").mkdir(mode=0o700, exist_ok=True)
    (cli.root / ".websakctl/worklists").write_text("", encoding="utf-8")
    applied = cli.apply()
    assert "the work list cannot be written" in applied.err
    assert "Applied: 7 of 7 changes done" in applied.out


def test_a_list_can_be_empty(cli: Cli, sandbox33: Any) -> None:
    for name in ("around.yaml", "committees.yaml"):
        (cli.root / "config" / name).unlink()
    cli.env["WEBSAKCTL_SETUP_URL"] = sandbox33.variables["WEBSAKCTL_SETUP_URL"]
    assert cli("worklist", "list").out == "Nothing is left for people in environment.\n"
    assert cli("worklist", "show").out.startswith("# Arbeidsliste for environment\n")
    assert cli("worklist", "list", "--format", "csv").out.strip() == ""
    assert cli("worklist", "list", "--done").out == "Nothing was recorded as done in environment.\n"
    cli.apply("--target", "access_group/*")
    assert not (cli.root / ".websakctl/worklists").exists()


def test_where_there_is_a_setup_api_its_kinds_are_not_on_the_list(cli: Cli) -> None:
    cli("worklist", "done", "case_type/*", *DONE)
    kinds = {
        item["kind"]
        for item in cli(
            "worklist",
            "list",
            "--format",
            "json",
        ).json["items"]
    }
    assert {"access_code", "committee"} <= kinds
    cli.env.pop("WEBSAKCTL_SETUP_URL")
    cli.env["WEBSAKCTL_SETUP_URL"] = "http://127.0.0.1:9/api/setup"  # nothing is asked of it
    assert {item["kind"] for item in items(cli).values()} == {
        "committee",
        "form",
        "historical_base",
        "integration",
        "specialist_system",
    }
