"""The rollout as it is shown: the matrix on narrow terminals and as a page, why a batch is not ready, and the schedule."""

from pathlib import Path

import pytest

from tests.cli.command_line import Cli, on_a_terminal, write_files
from tests.rollout.districts import FILES, HOLE, WHOLE


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """A repository in which Frogner's number has a hole; nothing here asks a Websak."""
    return Cli(write_files(tmp_path / "repo", {name: text.replace(WHOLE, HOLE) for name, text in FILES.items()}))


def test_status_as_json_is_every_verdict(cli: Cli) -> None:
    result = cli("rollout", "status", "--offline", "--format", "json").json
    assert [gate["key"] for gate in result["gates"]] == [
        "ORGANISASJON",
        "BRUKERE",
        "LISENSER",
        "POSTRUTER",
        "OPPLAERING",
    ]
    first, second = result["batches"]
    assert (first["batch"], first["week"], first["ready"], first["paused"]) == ("PULJE-1", "2027-W05", False, False)
    states = {(d["district"], v["gate"]): v["state"] for d in first["districts"] for v in d["verdicts"]}
    assert states["frogner", "POSTRUTER"] == "fail"
    assert states["sagene", "POSTRUTER"] == "pass"
    assert states["ullern", "LISENSER"] == "unknown"
    assert sum(first["counts"].values()) == len(states) == 15
    assert (second["districts"], second["ready"], second["go_live"]) == ([], False, None)


def test_status_shows_gates_by_districts_on_a_narrow_terminal(cli: Cli) -> None:
    for args in (("--format", "matrix"), ()):
        screen = on_a_terminal(cli, "rollout", "status", "--offline", *args, columns=60)
        assert screen.code == 0
        rows = {line.split()[0]: line.split()[1:] for line in screen.text().splitlines() if line.strip()}
        marks = ["!", "+", "+"] if args else ["FAIL", "pass", "pass"]
        assert rows["POSTRUTER"] == marks


def test_status_of_one_batch_shows_no_other(cli: Cli) -> None:
    assert "PULJE-1" not in cli("rollout", "status", "--offline", "--batch", "PULJE-2").out


@pytest.mark.parametrize("command", [("status",), ("check", "PULJE-1")])
def test_as_a_page_what_comes_from_outside_is_escaped(cli: Cli, command: tuple[str, ...]) -> None:
    cli.edit("config/rollout.yaml", "name: Første pulje", 'name: "<script>alert(1)</script>"')
    page = cli("rollout", *command, "--offline", "--format", "html", code=None).out
    assert "POSTRUTER" in page
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page


def test_check_says_why_and_what_next_in_each_district(cli: Cli) -> None:
    result = cli("rollout", "check", "PULJE-1", "--offline", code=4).out
    assert "not ready: 7 of 15 gates are not passed" in result
    assert "go live: 2027-02-01 (2027-W05)" in result
    assert "no daily routine: nothing says that Altinn is read every day" in result
    assert "decide where the mail to these numbers goes (websakctl suborgs --district frogner --holes)" in result


def test_check_groups_by_gate_and_says_each_thing_once(cli: Cli) -> None:
    result = cli("rollout", "check", "PULJE-1", "--offline", code=4).out
    assert result.count("no user is listed") == 1
    assert "BRUKERE: Brukere\n\n- FAIL all 3 districts: no user is listed\n- Next: get the district's list" in result
    assert result.count("websakctl users import FILE") == 1
    assert "- FAIL frogner: 975016684 Frogner barnehage: no daily routine" in result
    assert "OPPLAERING" not in result  # it is passed everywhere


def test_check_of_a_batch_without_districts(cli: Cli) -> None:
    assert "no district named" in cli("rollout", "check", "PULJE-2", "--offline", code=4).out


def test_pausing_leaves_every_other_byte_alone_and_is_undone_by_resuming(cli: Cli) -> None:
    path = cli.root / "config/rollout.yaml"
    before = path.read_text(encoding="utf-8")
    paused = cli("rollout", "pause", "PULJE-1", "--reason", "Sak 27/12: vent", "--format", "json").json
    assert (paused["paused"], paused["was_paused"], paused["files"]) == (True, False, ["config/rollout.yaml"])
    added = [line for line in path.read_text(encoding="utf-8").splitlines() if line not in before.splitlines()]
    assert added == ["    paused: true", '    pause_reason: "Sak 27/12: vent"']
    assert "paused: Sak 27/12: vent" in cli("rollout", "check", "PULJE-1", "--offline", code=4).out
    assert "It was so already." in cli("rollout", "pause", "PULJE-1", "--reason", "Sak 27/12: vent").out
    cli("rollout", "resume", "PULJE-1")
    assert path.read_text(encoding="utf-8") == before
    assert "It was so already." in cli("rollout", "resume", "PULJE-1").out


def test_a_batch_on_one_line_is_paused_too(cli: Cli) -> None:
    cli("rollout", "pause", "PULJE-2", "--reason", "vent")
    assert "PULJE-2: {name: Andre pulje, paused: true, pause_reason: vent}" in (
        cli.root / "config/rollout.yaml"
    ).read_text(encoding="utf-8")


def test_a_config_that_is_not_valid_is_neither_paused_nor_shown(cli: Cli) -> None:
    cli.edit("config/rollout.yaml", "bought: 600", "bought: many")
    for command in (("status",), ("check", "PULJE-1"), ("pause", "PULJE-1", "--reason", "x"), ("schedule",)):
        cli("rollout", *command, code=3)


def test_the_schedule_in_every_format(cli: Cli) -> None:
    text = cli("rollout", "schedule").out
    assert "Lære opp ledere" in text and "2027-W04" in text
    result = cli("rollout", "schedule", "--format", "json").json["activities"]
    assert {a["batch"] for a in result} == {"PULJE-1"}  # the other has no day
    assert result[-1] == {
        "batch": "PULJE-1",
        "key": "go-live",
        "name": "Go live",
        "responsible": "",
        "start": "2027-02-01",
        "end": "2027-02-01",
        "gate": None,
        "week": "2027-W05",
    }
    assert cli("rollout", "schedule", "--format", "svg").out.startswith("<svg ")
    page = cli("rollout", "schedule", "--format", "html").out
    assert '<ol class="gantt"' in page and "<svg" not in page  # as on the status page, which phones can read
    assert cli("rollout", "schedule", "--format", "html", "--lang", "en").out.count("<h2>") == page.count("<h2>") >= 1
    assert "No batch has a day yet" in cli("rollout", "schedule", "--batch", "PULJE-2").out
