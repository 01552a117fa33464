"""``attest`` and ``rollout move``: what is otherwise typed by hand, shown first and written where it belongs."""

import subprocess
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.cli.command_line import SMALL, Cli, write_files

GATES = """\
gates:
  LEDERE: {name: Opplæring av ledere}
  BRUKERE: {name: Brukere er meldt inn, check: users}
"""
BATCHES = """\
preparations:
  KURS: {name: Kurs for ledere, responsible: Opplæringsansvarlig, before: 6, days: 3}
rollout_batches:
  PULJE-1: {name: Første pulje, go_live: 2027-03-01, districts: [frogner]} # decided in May
  PULJE-2: {name: Andre pulje, go_live: 2027-04-12, districts: [sagene]}
  PULJE-3: {name: Tredje pulje}
licences:
  WEBSAK-PLUS: {product: Websak+, bought: 100, valid_to: 2027-05-31}
"""


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    files = {**SMALL, "config/gates.yaml": GATES, "config/rollout.yaml": BATCHES}
    root = write_files(tmp_path / "repo", files)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "begin"]):
        subprocess.run([*git, *words], cwd=root, check=True)
    return Cli(root)


def attest(cli: Cli, *args: str, **kwargs: Any) -> Any:
    said = ("--by", "Opplæringsansvarlig", "--evidence", "sak 26/4711", "--on", "2026-01-15")
    return cli("attest", *(args or ("LEDERE", "frogner")), *said, "--format", "json", **kwargs)


def test_an_attestation_is_written_as_it_is_typed(cli: Cli) -> None:
    done = attest(cli, "LEDERE", "frogner", "--auto-approve").json
    assert done["files"] == ["districts/frogner/attestations.yaml"]
    written = (cli.root / "districts/frogner/attestations.yaml").read_text(encoding="utf-8")
    assert written == (
        'attestations:\n  LEDERE: {by: Opplæringsansvarlig, "on": "2026-01-15", evidence: sak 26/4711}\n'
    )
    shown = cli("rollout", "check", "PULJE-1", "--offline", "--format", "json", code=4).json
    assert "LEDERE" in str(shown)
    assert attest(cli, "LEDERE", "frogner", "--auto-approve").json["files"] == []


def test_it_is_shown_first_and_not_written_without_a_yes(cli: Cli) -> None:
    refused = attest(cli, code=4)
    assert "+  LEDERE: {by: Opplæringsansvarlig" in refused.err
    assert not (cli.root / "districts/frogner/attestations.yaml").exists()


def test_an_earlier_attestation_is_changed_in_place(cli: Cli) -> None:
    before = "# ours\nattestations:\n  LEDERE:\n    by: Staben # at the desk\n    on: 2026-01-01\n    evidence: sak 1\n"
    cli.edit("districts/frogner/district.yaml", "district:", f"{before}\ndistrict:")
    attest(cli, "LEDERE", "frogner", "--auto-approve", "--force")
    text = (cli.root / "districts/frogner/district.yaml").read_text(encoding="utf-8")
    assert "    by: Opplæringsansvarlig # at the desk\n    on: 2026-01-15\n    evidence: sak 26/4711\n" in text


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("LEDRE", "frogner"), 64, "did you mean LEDERE?"),
        (("LEDERE", "frogne"), 64, "did you mean frogner?"),
        (("LEDERE", "frogner", "--by", " "), 64, "--by is empty"),
        (("LEDERE", "frogner", "--on", "2150-01-01"), 64, "has not been yet"),
        (("LEDERE", "frogner", "--on", "15.01.2026"), 64, "is not a date"),
    ],
)
def test_what_cannot_be_attested(cli: Cli, args: tuple[str, ...], code: int, message: str) -> None:
    said = ("--by", "A", "--evidence", "b")
    assert message in cli("attest", *said, *args, "--auto-approve", code=code).err


def test_a_gate_that_the_tool_judges_is_told(cli: Cli) -> None:
    assert "websakctl judges BRUKERE itself" in attest(cli, "BRUKERE", "frogner", "--auto-approve").err


def test_every_dependent_date_is_shown_before_the_day_is_written(cli: Cli) -> None:
    before = (cli.root / "config/rollout.yaml").read_text(encoding="utf-8")
    cli.edit(
        "districts/frogner/district.yaml",
        "district:",
        "attestations:\n  LEDERE: {waived: {by: Byarkivet, why: senere, until: 2027-03-31}}\ndistrict:",
    )
    shown = cli("rollout", "move", "PULJE-1", "--go-live", "2027-06-07", "--format", "text", code=4)
    assert (cli.root / "config/rollout.yaml").read_text(encoding="utf-8") == before
    for part in ("2027-03-01 (2027-W09)", "2027-06-07 (2027-W23)", "Kurs for ledere", "its seats may not be used", "waived until then", "after: PULJE-2, PULJE-1, PULJE-3"):  # fmt: skip
        assert part in shown.out, part
    assert "+  PULJE-1: {name: Første pulje, go_live: 2027-06-07" in shown.err

    done = cli("rollout", "move", "PULJE-1", "--go-live", "2027-06-07", "--auto-approve", "--format", "json").json
    assert (done["before"], done["after"], done["files"]) == ("2027-03-01", "2027-06-07", ["config/rollout.yaml"])
    assert {d["what"] for d in done["dependents"]} == {"licence/base/WEBSAK-PLUS", "attestation/frogner/LEDERE"}
    (training,) = [a for a in done["activities"] if a["key"] == "go-live"]
    assert training["before"]["end"] == "2027-03-01" and training["after"]["end"] == "2027-06-07"
    after = (cli.root / "config/rollout.yaml").read_text(encoding="utf-8")
    assert after == before.replace("2027-03-01", "2027-06-07")
    again = cli("rollout", "move", "PULJE-1", "--go-live", "2027-06-07", "--format", "json")
    assert again.json["files"] == [] and "already; nothing was written" in again.err


def test_a_batch_without_a_day_gets_one(cli: Cli) -> None:
    told = cli("rollout", "move", "PULJE-3", "--go-live", "2027-05-18", "--auto-approve")
    assert "old go-live day: not decided" in told.out and "new go-live day: 2027-05-18 (2027-W20)" in told.out
    assert 'PULJE-3: {name: Tredje pulje, go_live: "2027-05-18"}' in (cli.root / "config/rollout.yaml").read_text()


@pytest.mark.parametrize(
    ("day", "why"),
    [("2027-05-17", "public holiday"), ("2027-05-15", "a Saturday"), ("2020-05-04", "2020-05-04 is in the past")],
)
def test_an_odd_day_is_written_only_where_somebody_is_asked(cli: Cli, day: str, why: str) -> None:
    before = (cli.root / "config/rollout.yaml").read_bytes()
    refused = cli("rollout", "move", "PULJE-3", "--go-live", day, "--auto-approve", "--format", "json", code=4)
    assert why in refused.json["diagnostics"][0]["message"]
    assert (cli.root / "config/rollout.yaml").read_bytes() == before
    if day == "2027-05-17":
        terminal = cli.terminal("rollout", "move", "PULJE-3", "--go-live", day)
        terminal.expect("this file")
        terminal.sendline("y")
        terminal.expect(pexpect.EOF)
        assert f'go_live: "{day}"' in (cli.root / "config/rollout.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(("batch", "day"), [("PULJE-9", "2027-05-03"), ("PULJE-1", "3.5.2027"), ("PULJE-1", "2027-02-30"), ("PULJE-1", "9999-12-31"), ("PULJE-1", "0001-01-01")])  # fmt: skip
def test_a_move_that_means_nothing(cli: Cli, batch: str, day: str) -> None:
    cli("rollout", "move", batch, "--go-live", day, code=64)
