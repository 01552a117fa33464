"""``suborgs``: the routes as a person and as a script see them."""

import csv
import io

from tests.cli.command_line import Cli


def test_gaps_come_first(cli: Cli) -> None:
    cli.edit("districts/sagene/sub_orgs.yaml", ", daily_routine: Leses før kl. 10", "")
    out = cli("suborgs").out
    assert "1 of 6 numbers has a hole in the route." in out
    assert out.index("no daily routine") < out.index("Routes")
    assert [r["orgnr"] for r in cli("suborgs", "--holes", "-f", "json").json["routes"]] == ["975016528"]


def test_the_load_on_the_document_centre(cli: Cli) -> None:
    load = cli("suborgs", "-f", "json").json["load"]
    assert [(step["after"], step["total"]["svarinn"]) for step in load] == [(None, 2), ("PULJE-1", 3), ("PULJE-2", 5)]
    assert load[-1]["districts"]["sagene"] == {"svarinn": 3, "altinn": 1}


def test_closing_down_dokulink_is_a_view(cli: Cli) -> None:
    done = cli("suborgs", "--arrives", "dokulink")
    assert "Still needed" in done.out and "end the forwarding in Dokulink" in done.out
    assert "Bydel Frogner" not in done.out


def test_filters(cli: Cli) -> None:
    in_frogner = cli("suborgs", "--district", "frogner", "-f", "json").json["routes"]
    assert [route["district"] for route in in_frogner] == ["frogner", "frogner"]
    assert {r["batch"] for r in cli("suborgs", "--batch", "PULJE-2", "-f", "json").json["routes"]} == {"PULJE-2"}
    assert "did you mean" in cli("suborgs", "--batch", "PULJE-3", code=64).err
    assert "No matching numbers." in cli("suborgs", "--arrives", "paper").out


def test_a_spreadsheet_runs_nothing(cli: Cli) -> None:
    cli.edit("districts/frogner/sub_orgs.yaml", "name: Frogner barnehage", 'name: "=HYPERLINK(1)"')
    rows = list(csv.DictReader(io.StringIO(cli("suborgs", "-f", "csv").out)))
    assert len(rows) == 6
    assert [row["name"] for row in rows if row["number"] == "975016684"] == ["'=HYPERLINK(1)"]
