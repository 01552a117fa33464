"""``suborgs import`` and ``import --kind``: entries begun from the business register, or from a list of one's own."""

import json
from pathlib import Path

import pytest
from openpyxl import Workbook

from tests.cli.command_line import Cli

from .registers import SAGENE, SUB_UNITS, UNIT_IN_SAGENE, UNITS, Registers, sub_unit

NEW = sub_unit("975291294", "BJØLSEN BARNEHAGE", UNIT_IN_SAGENE)
CLOSED = sub_unit("975315908", "STENGT BARNEHAGE", SAGENE, nedleggelsesdato="2020-01-01")
ALTINN = ("--channel", "altinn", "--reader", "Styrer")
SAGENE_FILE = "districts/sagene/sub_orgs.yaml"


def text(cli: Cli, name: str = SAGENE_FILE) -> str:
    return (cli.root / name).read_text(encoding="utf-8")


def test_what_the_check_finds_missing_becomes_entries(cli: Cli, registers: Registers) -> None:
    registers.sub_units["975291294"] = NEW
    registers.sub_units["975315908"] = CLOSED
    before = text(cli)
    shown = cli("suborgs", "import", *ALTINN, env=registers.variables, code=4)
    assert '+  "975291294": {name: BJØLSEN BARNEHAGE, channel: altinn, readers: [Styrer]}' in shown.err
    assert text(cli) == before
    done = cli("suborgs", "import", *ALTINN, "--auto-approve", "--format", "json", env=registers.variables).json
    assert [w["address"] for w in done["written"]] == ["sub_org/sagene/975291294"]
    assert text(cli).startswith(before.rstrip("\n"))
    again = cli("suborgs", "check", "--format", "json", env=registers.variables).json["business_register"]["findings"]
    assert "missing" not in [f["what"] for f in again]
    cli("validate")
    assert (
        cli("suborgs", "import", *ALTINN, "--auto-approve", "--format", "json", env=registers.variables).json["files"]
        == []
    )


def test_the_bulk_file_and_a_unit(cli: Cli, tmp_path: Path) -> None:
    for name, rows in (("units", UNITS), ("sub_units", (*SUB_UNITS, NEW))):
        (tmp_path / name).write_text(json.dumps(rows), encoding="utf-8")
    files = ("--file", str(tmp_path / "units"), "--file", str(tmp_path / "sub_units"))
    cli("suborgs", "import", *files, "--channel", "svarinn", "--unit", "BHG", "--auto-approve")
    assert '"975291294": {name: BJØLSEN BARNEHAGE, unit: BHG, channel: svarinn}' in text(cli)


@pytest.mark.parametrize(
    "route", [(), ("--channel", "altinn"), ("--channel", "svarinn"), ("--channel", "faks", "--reader", "Styrer")]
)
def test_a_route_that_ends_nowhere_is_refused_before_anybody_is_asked(
    cli: Cli, registers: Registers, route: tuple[str, ...]
) -> None:
    cli("suborgs", "import", *route, env=registers.variables, code=64)
    assert registers.requests == []


def test_a_list_of_ones_own(cli: Cli) -> None:
    rows = [
        ("Bydel", "Organisasjonsnummer", "Navn", "Administrativ enhet", "Kanal", "Lesere"),
        ("Sagene", "975 291 294", "Bjølsen barnehage", "SA-BHG", "svarinn", ""),
        ("03", 975315908, "Torshov barnehage", "", "", '"Styrer; Nestleder"'),
        ("Frogner", "975016684", "Et annet navn", "", "altinn", "Styrer"),
    ]
    (cli.root / "numre.csv").write_text("\n".join(";".join(map(str, row)) for row in rows), encoding="utf-8")
    before = text(cli, "districts/frogner/sub_orgs.yaml")
    done = cli("suborgs", "import", "numre.csv", "--channel", "altinn", "--auto-approve")
    assert "1 of 3 is in the config already" in done.err and text(cli, "districts/frogner/sub_orgs.yaml") == before
    assert '"975291294": {name: Bjølsen barnehage, unit: BHG, channel: svarinn}' in text(cli)
    assert '"975315908": {name: Torshov barnehage, channel: altinn, readers: [Styrer, Nestleder]}' in text(cli)


def test_units_are_begun_from_a_list_with_their_parents(cli: Cli) -> None:
    book = Workbook()
    for row in (
        ("Nøkkel", "Navn", "Overordnet enhet", "Postnummer", "Merknad"),
        ("BH-BJOLSEN", "Bjølsen barnehage", "BH-OMR", 480, "x"),
        ("SA-BH-OMR", "Barnehageområde vest", "BHG", None, None),
        ("KULT", "Kultur", None, None, None),
    ):
        book.active.append(row)
    book.save(cli.root / "enheter.xlsx")
    refused = cli("import", "enheter.xlsx", "--kind", "org_unit", "--auto-approve", code=3)
    assert "no district is named" in refused.err
    done = cli("import", "enheter.xlsx", "--kind", "org_unit", "--district", "sagene", "--auto-approve")
    assert "not a field of org_unit, left out: Merknad" in done.err
    assert text(cli, "districts/sagene/org_units.yaml") == (
        "org_units:\n"
        "  BH-OMR: {name: Barnehageområde vest, parent: BHG}\n"
        '  BH-BJOLSEN: {name: Bjølsen barnehage, parent: BH-OMR, postal_no: "0480"}\n'
        "  KULT: {name: Kultur}\n"
    )
    cli("validate")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("Sagene;975291295;Bjølsen;altinn;Styrer", "the check digit should be"),
        ("Sagene;975291294;Bj?lsen;altinn;Styrer", "another encoding"),
        ("Sagen;975291294;Bjølsen;altinn;Styrer", "there is no district Sagen"),
        ("Sagene;975291294;Bjølsen;faks;Styrer", "'faks' is not one of"),
        ("Sagene;9,75E+08;Bjølsen;altinn;Styrer", "scientific notation"),
    ],
)
def test_a_list_with_a_bad_row_writes_nothing_of_it(cli: Cli, row: str, message: str) -> None:
    head = "Bydel;Organisasjonsnummer;Navn;Kanal;Lesere"
    (cli.root / "numre.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    before = text(cli)
    refused = cli("suborgs", "import", "numre.csv", "--auto-approve", code=None)
    assert message in refused.err + refused.out and text(cli) == before
