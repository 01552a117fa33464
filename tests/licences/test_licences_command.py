"""``licences`` and the guard on seats, over HTTP: counted from live users, refused by pool, told as table, JSON, CSV and chart."""

import csv
import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.cli.command_line import SMALL, Cli, write_files
from websakctl.report.charts import seats_chart
from websakctl.rollout.capacity import AfterBatch, Pool

USERS = """\
users:
  KARNOR: {name: Kari Nordmann, role: CASEWORKER, unit: OPPV, username: karnor, email: karnor@example.org}
  OLANOR: {name: Ola Nordmann, role: CASEWORKER, unit: HELSE, username: olanor, email: olanor@example.org}
"""
FILES = {
    **SMALL,
    "config/rollout.yaml": """\
rollout_batches:
  PULJE-1: {name: Første pulje, go_live: 2099-02-02, districts: [frogner]}
licences:
  WEBSAK-PLUS: {product: Websak+, bought: 1, allotments: {frogner: 1}}
user_roles:
  CASEWORKER: {name: Saksbehandler, template_id: "20001", licences: [WEBSAK-PLUS]}
  LEADER: {name: Leder, template_id: "20002", licences: [WEBSAK-PLUS]}
  ARCHIVIST: {name: Arkivar, template_id: "20003"}
  COMMITTEE-SECRETARY: {name: Utvalgssekretær, template_id: "20004"}
""",
    "users/frogner.yaml": USERS,
}


@pytest.fixture
def cli(tmp_path: Path, sandbox33: Any) -> Cli:
    root = write_files(tmp_path / "repo", FILES)
    (root / "users" / "frogner.yaml").chmod(0o600)
    return Cli(root, sandbox33.fresh().variables)


def test_a_plan_that_overruns_a_pool_is_refused_and_then_counted(cli: Cli) -> None:
    refused = cli.apply(code=4)
    assert "2 users of Websak+ for 1 seat: 1 missing (PULJE-1)" in refused.out + refused.err
    assert "seats:WEBSAK-PLUS/frogner=1" in refused.out + refused.err
    cli.edit("config/rollout.yaml", "bought: 1, allotments: {frogner: 1}", "bought: 3, allotments: {frogner: 2}")
    cli.apply()
    (pool,) = cli("licences", "--format", "json").json["pools"]
    assert (pool["bought"], pool["allotted"], pool["in_use"], pool["high_water"], pool["missing"]) == (3, 2, 2, 2, 0)
    cli.edit("config/rollout.yaml", "bought: 3, allotments: {frogner: 2}", "bought: 1, allotments: {frogner: 1}")
    assert "seats:WEBSAK-PLUS=1" in cli.apply(code=4).err
    cli.apply("--allow", "seats:WEBSAK-PLUS=1", "--allow", "seats:WEBSAK-PLUS/frogner=1")
    assert cli.plan().json["changes"] == []


def test_a_saved_plan_is_held_against_the_seats_that_are_left(cli: Cli, tmp_path: Path) -> None:
    cli.edit("config/rollout.yaml", "bought: 1, allotments: {frogner: 1}", "bought: 2")
    cli("plan", "--out", "saved.plan.json")
    text = (cli.root / "config" / "rollout.yaml").read_text(encoding="utf-8")
    one_more = {"config/rollout.yaml": text, "users/sagene.yaml": USERS.replace("NOR:", "SAG:").replace("nor,", "sag,")}
    files = {name: text for name, text in FILES.items() if not name.startswith("users/")}
    Cli(write_files(tmp_path / "other", {**files, **one_more}), cli.env).apply()
    refused = cli.apply("saved.plan.json", code=4)
    assert "--allow seats:WEBSAK-PLUS=2" in refused.out + refused.err


def test_users_of_no_known_role_are_told(cli: Cli) -> None:
    counted = cli("licences", "--format", "json").json
    assert (counted["pools"][0]["in_use"], counted["unknown_role"]) == (0, 1)  # the sandbox's own administrator
    assert "1 active user whose role cannot be told" in cli("licences").out


def test_what_is_missing_is_named_offline_too(cli: Cli) -> None:
    out = cli("licences", "--offline", env={"WEBSAKCTL_BASE_URL": "http://127.0.0.1:9"}).out
    assert "WEBSAK-PLUS: 1 seat missing once PULJE-1 is live" in out
    assert "WEBSAK-PLUS: frogner lacks 1 seat of its allotment" in out
    assert "? -> 2 of 1 (1 missing)" in out


def test_a_flat_table_for_a_spreadsheet(cli: Cli) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("licences", "--offline", "--format", "csv").out)))
    assert [(row["district"], row["batch"], row["needed"], row["missing"]) for row in rows] == [
        ("", "", "", "1"),
        ("", "PULJE-1", "2", "1"),
        ("frogner", "", "2", "1"),
    ]


def test_markdown_and_filters(cli: Cli) -> None:
    assert "## After each batch" in cli("licences", "--offline", "--format", "markdown").out
    pool = cli("licences", "--offline", "--format", "json", "--district", "sagene").json["pools"][0]
    assert pool["districts"] == []
    assert "did you mean" in cli("licences", "--offline", "--batch", "PULJE-9", code=64).err
    cli.edit("users/frogner.yaml", "olanor@example.org", "olanor@example.org, valid_to: 2099-03-31")
    months = {
        d: cli("licences", "--offline", "--format", "json", "--district", d).json["months"]
        for d in ("frogner", "sagene")
    }
    assert months == {"frogner": [{"month": "2099-03", "starting": 0, "leaving": 1}], "sagene": []}


def test_a_repository_without_pools_says_so(tmp_path: Path) -> None:
    files = {name: text for name, text in SMALL.items() if name != "config/rollout.yaml"}
    out = Cli(write_files(tmp_path / "repo", files))("licences", "--offline").out
    assert "There is no licence pool in the config." in out


SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(("lang", "missing", "today"), [("nb", "mangler 4", "i dag"), ("en", "4 missing", "today")])
def test_the_chart_stands_by_itself_and_can_be_read_aloud(lang: str, missing: str, today: str) -> None:
    after = (
        AfterBatch(batch="P1", date="2027-02-01", needed=4, total_after=4, bought=10),
        AfterBatch(batch="<P2>", date=None, needed=10, total_after=14, bought=10),
    )
    pool = Pool(
        key="PLUS",
        product="A & B",
        bought=10,
        valid_from=None,
        valid_to=None,
        valid_now=True,
        allotted=10,
        in_use=2,
        unknown=0,
        districts={},
        batches=after,
    )
    drawn = seats_chart([pool], lang, "one")
    root = ElementTree.fromstring(drawn)
    texts = [node.text for node in root.iter(f"{SVG}text")]
    assert any(text and missing in text for text in texts)
    assert today in texts and "<P2>" in texts
    ids = {node.get("id") for node in root.iter() if node.get("id")}
    assert root.get("role") == "img" and set((root.get("aria-labelledby") or "").split()) == ids
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
    over = [node for node in root.iter(f"{SVG}rect") if node.get("class") == "over"]
    assert len(over) == 1
