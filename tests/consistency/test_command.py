"""``consistency`` as a user has it: options, files that cannot be used, letters, pages."""

from pathlib import Path

import pytest

from tests.cli.command_line import Cli, write_files
from websakctl.consistency.websak import LiveUnit, below_root

from .worlds import agreed

UNITS = "Ekstern id;Navn;Overordnet enhet\nXA-BYDEL;Bydel XA;OSLO\nXA-OPPV;Enhet OPPV i XA;XA-BYDEL\n"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(write_files(tmp_path / "repo", agreed().files()))


def run(cli: Cli, *args: str, code: int = 0) -> str:
    outcome = cli("consistency", "--offline", "--district", "a", *args, code=code)
    return outcome.err + outcome.out


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "units.csv holds no rows"),
        ("Navn;Kortnavn\nA;B\n", "no row names the columns of units"),
        (UNITS + "XA-HEL", "row 4: this row has 1 cell, and there are 3 headers"),
        (UNITS.replace("XA-OPPV;", "=A1;"), "a formula stands here"),
        ("Ekstern id;Navn\n", "no rows below the headers"),
    ],
    ids=["empty", "no-key", "cut", "formula", "headers-only"],
)
def test_a_file_that_is_not_whole_is_refused_with_its_row(cli: Cli, content: str, why: str) -> None:
    (cli.root / "units.csv").write_text(content, encoding="utf-8")
    shown = run(cli, "--export", "org_unit=units.csv", code=1)
    assert why in shown and "nothing was compared" in shown


def test_half_a_list_is_not_believed_to_be_whole(cli: Cli) -> None:
    (cli.root / "units.csv").write_text(UNITS + "XA-L0;Enhet L0 i XA;XA-HELSE\n", encoding="utf-8")
    shown = run(cli, "--export", "org_unit=units.csv", "--whole", "org_unit")
    assert "units.csv is not whole, though --whole says so: units hang under XA-HELSE" in shown
    assert "not-in-websak" not in shown


def test_options_that_would_do_nothing_end_the_command(cli: Cli) -> None:
    assert "is about a file that is not given" in run(cli, "--whole", "fiks", code=64)
    assert "is not one of" in run(cli, "--whole", "everything", code=64)
    assert "is not org_unit=FILE or sub_org=FILE" in run(cli, "--export", "user=x.csv", code=64)
    assert "there is no file nowhere.csv" in run(cli, "--fiks", "nowhere.csv", code=64)


def test_letters_page_and_workbook(cli: Cli) -> None:
    main = "874778702"
    lines = [f"{number};NYTT NAVN;BEDR;{main}" for number in list(agreed().underenheter)[:2]]
    head = "organisasjonsnummer;navn;organisasjonsform.kode;overordnetEnhet"
    (cli.root / "sub.csv").write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    (cli.root / "fiks.csv").write_text(f"Orgnr;Mottakersystem\n{main};A\n{main};B\n", encoding="utf-8")
    args = ("--file", "sub.csv", "--fiks", "fiks.csv", "--letters", "letters")
    page = run(cli, *args, "--xlsx", "ledger.xlsx", "--format", "html")
    assert "Samsvar mellom enheter og numre" in page and "registeret kaller det" in page
    assert {path.name for path in (cli.root / "letters").iterdir()} == {"a-register.docx", "receiving.docx"}
    assert (cli.root / "ledger.xlsx").read_bytes()[:2] == b"PK"
    again = run(cli, *args, code=4)
    assert "nothing was written" in again and "another folder with --letters DIR" in again
    assert "3 disagreements" not in run(cli, *args, "--force", "--lang", "en", "--format", "csv", "--quiet")


def test_a_snapshot_stands_in_for_websak(cli: Cli) -> None:
    assert "there is no snapshot before" in run(cli, "--snapshot", "before", code=64)


def test_a_root_that_an_export_holds_or_not_is_no_unit_of_ours() -> None:
    district = LiveUnit(key="XA-BYDEL", id="7", parent="1")
    below = LiveUnit(key="XA-OPPV", id="8", parent="7")
    root = LiveUnit(key="OSLO", id="1", parent="")
    assert [u.parent for u in below_root((district, below), {"XA-BYDEL", "XA-OPPV"})[0]] == ["", "XA-BYDEL"]
    assert below_root((root, district, below), {"XA-BYDEL"}) == below_root((district, below), {"XA-BYDEL"})
    strays = (district, LiveUnit(key="XA-L0", id="9", parent="99"))
    units, missing = below_root(strays, {"XA-BYDEL", "XA-L0"})
    assert [u.parent for u in units] == [None, None] and missing == ["1", "99"]
