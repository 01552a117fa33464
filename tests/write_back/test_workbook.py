"""The setup as a workbook and back: what people change in a spreadsheet, and nothing else, becomes edits of the files."""

import json
import shutil
import subprocess
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from tests.cli.command_line import SMALL, Cli, write_files
from websakctl.kinds import all_kinds
from websakctl.operations.config.import_workbook import read_workbook_of_setup
from websakctl.operations.config.sheets import Shape, columns_of, sheets_of
from websakctl.report.workbook import Cover, workbook
from websakctl.source.configuration import Configuration
from websakctl.source.load import load_configuration
from websakctl.source.tables.encoding import normalise
from websakctl.source.tables.read import read_tables

HOME = Path(__file__).parents[2]
OWN = """\
# Our own.
org_units:
  BH-EN: {name: Blåbær barnehage, parent: BHG, contact: "=HYPERLINK(1)", address: "- uten -"} # the first
sub_orgs:
  "975016684":
    name: Frogner barnehage
    unit: BH-EN
    channel: altinn # read daily
    readers: [Styrer]
    valid_from: 2026-01-01
"""
WHY = ("--reason", "Vedtatt", "--owner", "Stab")


def git(root: Path, *words: str) -> str:
    line = ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", *words]
    return subprocess.run(line, cwd=root, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    files = {**SMALL, "districts/frogner/own.yaml": OWN, ".gitignore": "*.xlsx\n.websakctl/\nusers/\n"}
    root = write_files(tmp_path / "repo", files)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "begin")
    return Cli(root)


@pytest.fixture
def written(cli: Cli) -> Cli:
    """The repository, with its workbook beside it."""
    cli("export", "a.xlsx")
    return cli


def cells(book: Workbook, address: str, header: str) -> Any:
    for page in book.worksheets:
        headers = [cell.value for cell in page[1]]
        for row in page.iter_rows(min_row=2):
            if row[0].value == address and headers[0] == "Ressurs":
                return row[headers.index(header)]
    raise AssertionError(f"no {address}")


def changed(cli: Cli, *changes: tuple[str, str, Any], name: str = "a.xlsx") -> None:
    """Change cells as a person does: address, header, what stands there then."""
    book = load_workbook(cli.root / name)
    for address, header, value in changes:
        cells(book, address, header).value = value
    book.save(cli.root / name)


def document(text: str) -> Any:
    """A JSON document, as its schema says."""
    found = json.loads(text)
    jsonschema.validate(found, json.loads((HOME / "docs/api/import.schema.json").read_text(encoding="utf-8")))
    return found


def diff(cli: Cli) -> list[str]:
    """Lines that a run added and took away."""
    lines = git(cli.root, "diff", "-U0").splitlines()
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def test_the_shipped_config_comes_back_byte_for_byte(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    for name in ("config", "districts"):
        shutil.copytree(HOME / name, root / name)
    before = {path: path.read_bytes() for path in root.rglob("*.yaml")}
    cli = Cli(root)
    wrote = cli("export", "a.xlsx", "--format", "json").json
    assert {sheet["kind"] for sheet in wrote["sheets"]} >= {
        "org_unit", "access_code", "case_type", "sub_org", "licence", "user_role", "rollout_batch", "gate",
    }  # fmt: skip
    taken = cli("import", "a.xlsx", "--auto-approve", "--format", "json").json
    assert (taken["files"], taken["written"]) == ([], [])
    book = load_workbook(root / "a.xlsx")
    book.save(root / "again.xlsx")  # as a spreadsheet writes it
    assert cli("import", "again.xlsx", "--auto-approve", "--format", "json").json["files"] == []
    assert {path: path.read_bytes() for path in root.rglob("*.yaml")} == before


def test_only_changed_cells_become_edits_where_the_values_stand(written: Cli) -> None:
    changed(
        written,
        ("sub_org/frogner/975016684", "Lesere", "Styrer; Assisterende styrer"),
        ("sub_org/frogner/975016684", "Gyldig til", date(2027, 6, 30)),
        ("org_unit/frogner/FR-BH-EN", "Overordnet enhet", "OPPV"),
        ("org_unit/frogner/FR-BH-EN", "Postnummer", 301),
        ("licence/base/WEBSAK-PLUS", "Kjøpt antall", 120),
        ("licence/base/WEBSAK-PLUS", "Fordeling", "frogner: 45; sagene: 50"),
        ("access_code/base/U", "Hjemmel velges i saken", "Ja"),
        ("rollout_batch/base/PULJE-1", "Produksjonssetting", "1. mars 2027"),
    )
    refused = written("import", "a.xlsx", code=4)
    assert "+    valid_to:" in refused.err and diff(written) == []
    written("import", "a.xlsx", "--auto-approve")
    assert diff(written) == [
        "-  PULJE-1: {name: Første pulje, districts: [frogner]}",
        '+  PULJE-1: {name: Første pulje, go_live: "2027-03-01", districts: [frogner]}',
        "-  WEBSAK-PLUS: {product: Websak+, bought: 100, allotments: {frogner: 40, sagene: 50}}",
        "+  WEBSAK-PLUS: {product: Websak+, bought: 120, allotments: {frogner: 45, sagene: 50}}",
        '-  BH-EN: {name: Blåbær barnehage, parent: BHG, contact: "=HYPERLINK(1)", address: "- uten -"} # the first',
        '+  BH-EN: {name: Blåbær barnehage, parent: OPPV, postal_no: "0301", contact: "=HYPERLINK(1)", address: "- uten -"} # the first',
        "-    readers: [Styrer]",
        "+    readers: [Styrer, Assisterende styrer]",
        '+    valid_to: "2027-06-30"',
    ]
    assert written("import", "a.xlsx", "--auto-approve", "--format", "json").json["files"] == []


def test_an_emptied_cell_means_what_the_files_mean_by_saying_nothing(written: Cli) -> None:
    changed(
        written,
        ("org_unit/frogner/FR-BH-EN", "Overordnet enhet", None),
        ("org_unit/frogner/FR-BH-EN", "Kortnavn", None),
        ("org_unit/frogner/FR-BH-EN", "Kontakt", None),
        ("sub_org/frogner/975016684", "Gyldig fra", None),
        ("sub_org/frogner/975016684", "Lesere", "Leder"),
    )
    written("import", "a.xlsx", "--auto-approve")
    assert [line for line in diff(written) if line[0] == "+"] == [
        '+  BH-EN: {name: Blåbær barnehage, address: "- uten -"} # the first',
        "+    readers: [Leder]",
    ]


def test_all_districts_change_the_template_and_one_an_override(written: Cli) -> None:
    changed(written, ("org_unit/frogner/FR-OPPV", "Navn", "Oppvekst Frogner"), ("org_unit/frogner/FR-HELSE", "Navn", "Helse"), ("org_unit/sagene/SA-HELSE", "Navn", "Helse"))  # fmt: skip
    assert "say why and who answers for it" in written("import", "a.xlsx", "--auto-approve", code=4).err
    written("import", "a.xlsx", "--auto-approve", *WHY)
    assert diff(written) == [
        "-    HELSE: {name: Helse og mestring}",
        "+    HELSE: {name: Helse}",
        "+",
        "+overrides:",
        "+  org_units:",
        "+    OPPV: {name: Oppvekst Frogner, reason: Vedtatt, owner: Stab}",
    ]


def test_what_must_be_the_same_everywhere_is_left_out_and_named(written: Cli) -> None:
    changed(written, ("org_unit/frogner/FR-BHG", "Overordnet enhet", "FR-HELSE"))
    left = written("import", "a.xlsx", "--auto-approve")
    assert "parent is 'FR-HELSE' in the workbook, and must be the same in every district" in left.err
    assert diff(written) == []


def test_an_older_workbook_is_merged_cell_by_cell(written: Cli) -> None:
    changed(written, ("licence/base/WEBSAK-PLUS", "Kjøpt antall", 120), ("sub_org/frogner/975016684", "Navn", "Barnehagen"))  # fmt: skip
    written.edit("districts/frogner/own.yaml", "readers: [Styrer]", "readers: [Leder]")
    written.edit("config/rollout.yaml", "bought: 100", "bought: 110")
    git(written.root, "commit", "-qam", "meanwhile")
    refused = written("import", "a.xlsx", "--auto-approve", code=4)
    assert "licence/base/WEBSAK-PLUS: bought was '100'; the workbook says '120', the config '110'" in refused.err
    told = written("import", "a.xlsx", "--auto-approve", "--format", "json", code=4).out
    told = document(told)["conflicts"]
    assert [(c["cell"], c["workbook"], c["config"]) for c in told] == [("Lisens!F2", "120", "110")]
    assert diff(written) == []
    written("import", "a.xlsx", "--auto-approve", "--on-conflict", "config")
    assert diff(written) == ["-    name: Frogner barnehage", "+    name: Barnehagen"]
    written("import", "a.xlsx", "--auto-approve", "--force", "--on-conflict", "workbook")
    assert [line for line in diff(written) if "bought" in line][1].count("bought: 120") == 1


def test_the_same_change_in_both_is_no_conflict(written: Cli) -> None:
    changed(written, ("licence/base/WEBSAK-PLUS", "Kjøpt antall", 120))
    written.edit("config/rollout.yaml", "bought: 100", "bought: 120")
    git(written.root, "commit", "-qam", "meanwhile")
    assert written("import", "a.xlsx", "--auto-approve", "--format", "json").json["files"] == []


@pytest.mark.parametrize(
    ("address", "header", "value", "message"),
    [
        ("licence/base/WEBSAK-PLUS", "Kjøpt antall", "=50+50", "a formula stands here"),
        ("licence/base/WEBSAK-PLUS", "Kjøpt antall", "mange", "'mange' is not a whole number"),
        ("licence/base/WEBSAK-PLUS", "Kjøpt antall", None, "this cell must be filled in"),
        ("licence/base/WEBSAK-PLUS", "Kjøpt antall", -5, "should be greater than or equal to 0"),
        ("licence/base/WEBSAK-PLUS", "Fordeling", "frogner 40", "is not a name, a colon and a number"),
        ("licence/base/WEBSAK-PLUS", "Fordeling", "frogne: 40", "there is no district 'frogne'. did you mean frogner?"),
        ("licence/base/WEBSAK-PLUS", "Lisensnøkkel", "ANNEN", "keys are not changed here"),
        ("access_code/base/P", "Hjemmel", "[]", "no cell can hold it: change it in the config's files"),
        ("sub_org/frogner/975016684", "Kanal", "faks", "'faks' is not one of svarinn, altinn"),
        ("sub_org/frogner/975016684", "Administrativ enhet", "FR-NIX", "there is no org unit 'FR-NIX'"),
        ("sub_org/frogner/975016684", "Gyldig til", "1/2/2027", "does not tell the day from the month"),
        ("sub_org/frogner/975016684", "Navn", "Bj?rnen", "another encoding"),
        ("sub_org/frogner/975016684", "Ressurs", "sub_org/frogner/975016685", "is no resource that the workbook was made with"),
        ("sub_org/frogner/975016684", "Ressurs", "sub_org/frogner/874778702", "stands in Underorganisasjonsnummer!A3, too"),
        ("org_unit/frogner/FR-BH-EN", "Postnummer", "Oslo", "is no postal code"),
        ("org_unit/frogner/FR-BH-EN", "Navn", "x" * 71, "should have at most 70 characters"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_told_at_its_cell(
    made: tuple[Configuration, bytes], tmp_path: Path, address: str, header: str, value: Any, message: str
) -> None:
    config, content = made
    (tmp_path / "a.xlsx").write_bytes(content)
    book = load_workbook(tmp_path / "a.xlsx")
    cell = cells(book, address, header)
    cell.value = value
    book.save(tmp_path / "a.xlsx")
    result = read_workbook_of_setup(read_tables(tmp_path / "a.xlsx", hidden=True), config, all_kinds())
    told = [(f.row, f"{f.message}; {f.help}") for _, f in result.findings]
    assert result.edits == [] and [row for row, text in told if message in text] == [cell.row], told


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_taken(written: Cli) -> None:
    changed(
        written,
        ("rollout_batch/base/PULJE-1", "Navn", "En"),
        ("licence/base/WEBSAK-PLUS", "Kjøpt antall", "=50+50"),
        ("sub_org/frogner/975016684", "Kanal", "faks"),
    )
    refused = written("import", "a.xlsx", "--auto-approve", "--format", "json", code=3)
    assert [(e["cell"], e["message"]) for e in document(refused.out)["errors"]] == [
        ("a.xlsx: Lisens!F2", "a formula stands here"),
        ("a.xlsx: Underorganisasjonsnummer!G4", "'faks' is not one of svarinn, altinn"),
    ]
    assert [d["exit_code"] for d in document(refused.out)["diagnostics"]] == [3]
    assert diff(written) == []


def test_what_the_config_would_break_is_told_at_the_cells(written: Cli) -> None:
    changed(written, ("sub_org/frogner/975016684", "Lesere", "Kari Nordmann 13097248022"))
    refused = written("import", "a.xlsx", "--auto-approve", code=3)
    assert "Underorganisasjonsnummer!J4: sub_org/frogner/975016684: the config would not be valid" in refused.err
    assert "13097248022" not in refused.err and diff(written) == []


def test_missing_rows_and_columns_remove_nothing(written: Cli) -> None:
    book = load_workbook(written.root / "a.xlsx")
    book["Underorganisasjonsnummer"].delete_rows(2, 2)
    book["Lisens"].delete_cols(6)
    del book["Tilgangskode"]
    book["Pulje"]["Z1"] = "Egen kolonne"
    book["Pulje"]["Z2"] = "huskelapp"
    book.save(written.root / "a.xlsx")
    taken = written("import", "a.xlsx", "--auto-approve")
    assert "have no row any more: nothing is removed" in taken.err
    assert "'Egen kolonne' is no field, and passed over" in taken.err
    assert diff(written) == []


def test_one_missing_row_is_told_in_the_singular(written: Cli) -> None:
    book = load_workbook(written.root / "a.xlsx")
    book["Underorganisasjonsnummer"].delete_rows(2, 1)
    book.save(written.root / "a.xlsx")
    taken = written("import", "a.xlsx", "--auto-approve")
    assert "1 resource of the workbook has no row any more" in taken.err


def test_changes_of_what_is_only_looked_at_are_not_passed_over(written: Cli) -> None:
    book = load_workbook(written.root / "a.xlsx")
    book["Bydeler"]["B3"] = "Bydel Frogner og Ullern"
    book.save(written.root / "a.xlsx")
    refused = written("import", "a.xlsx", "--auto-approve", "--format", "json", code=3)
    assert [e["cell"] for e in document(refused.out)["errors"]] == ["a.xlsx: Bydeler!A3"]
    (written.root / "liste.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    assert "name its kind: --kind KIND" in written("import", "liste.csv", code=3).err


@pytest.mark.parametrize("spoil", ["no basis", "spoilt basis", "another file"])
def test_what_is_no_workbook_of_the_setup_is_refused(written: Cli, spoil: str) -> None:
    book = load_workbook(written.root / "a.xlsx")
    if spoil == "no basis":
        del book["websakctl"]
    elif spoil == "spoilt basis":
        book["websakctl"]["B3"] = "{"
    else:
        book = Workbook()
        book.active.append(["Ressurs", "Navn"])
    book.save(written.root / "a.xlsx")
    assert "export" in written("import", "a.xlsx", "--auto-approve", code=3).err


def test_it_says_where_it_is_from_and_is_easy_to_work_in(written: Cli) -> None:
    book = load_workbook(written.root / "a.xlsx")
    cover = {row[0].value: row[1].value for row in book["Forside"].iter_rows(max_row=6)}
    assert cover["Versjon (commit)"] == git(written.root, "rev-parse", "HEAD")
    assert cover["Miljø"] == "sandbox"
    assert {row[0].hyperlink.location for row in book["Forside"].iter_rows(min_row=8) if row[0].hyperlink} >= {
        "'Lisens'!A1"
    }
    page = book["Administrativ enhet"]
    (table,) = page.tables.values()
    assert (
        table.ref == f"A1:{page.cell(1, page.max_column).column_letter}{page.max_row}" and table.autoFilter is not None
    )
    assert page.freeze_panes == "D2" and page.protection.sheet and not page.protection.autoFilter
    assert page["A2"].protection.locked and page["C2"].protection.locked
    assert not cells(book, "org_unit/frogner/FR-BH-EN", "Navn").protection.locked
    assert cells(book, "access_code/base/P", "Hjemmel").protection.locked
    assert {book["lists"].sheet_state, book["websakctl"].sheet_state} == {"hidden", "veryHidden"}
    offered = [rule for rule in page.data_validations.dataValidation if rule.formula1.startswith("lists!")]
    column = cells(book, "org_unit/frogner/FR-BH-EN", "Overordnet enhet").column_letter
    assert {str(rule.sqref)[0] for rule in offered} == {column}
    area = next(rule.formula1 for rule in offered if cells(book, "org_unit/frogner/FR-BH-EN", "Overordnet enhet").coordinate in rule.sqref)  # fmt: skip
    keys = [cell[0].value for cell in book["lists"][area.partition("!")[2].replace("$", "")]]
    assert "FR-OPPV" in keys and not any(key.startswith("SA-") for key in keys)
    assert page.column_dimensions["A"].width > 20
    contact = cells(book, "org_unit/frogner/FR-BH-EN", "Kontakt")
    assert (contact.data_type, contact.value, contact.quotePrefix) == ("s", "=HYPERLINK(1)", True)
    assert "<f>" not in "".join(zipfile.ZipFile(written.root / "a.xlsx").read(n).decode() for n in book_parts(written))


def book_parts(cli: Cli) -> list[str]:
    return [n for n in zipfile.ZipFile(cli.root / "a.xlsx").namelist() if n.startswith("xl/worksheets/sheet")]


def test_a_workbook_is_not_written_over_and_tells_of_other_changes(written: Cli) -> None:
    changed(written, ("licence/base/WEBSAK-PLUS", "Kjøpt antall", 120))
    before = (written.root / "a.xlsx").read_bytes()
    assert "is there already" in written("export", "a.xlsx", code=4).err
    assert (written.root / "a.xlsx").read_bytes() == before
    written.edit("config/rollout.yaml", "bought: 100", "bought: 110")
    written("export", "a.xlsx", "--force")
    told = load_workbook(written.root / "a.xlsx")["Forside"]["B4"].value
    assert told.endswith("med endringer som ikke er lagret i git")
    written("export", "a.csv", code=64)


def test_users_are_among_it_only_where_they_are_asked_for(written: Cli) -> None:
    roles = "user_roles:\n  CASEWORKER: {name: Saksbehandler, template_id: '1', licences: [WEBSAK-PLUS]}\n"
    user = "users:\n  KARNOR: {name: Kari Nordmann, role: CASEWORKER, unit: OPPV, username: karnor, email: k@example.org}\n"
    write_files(written.root, {"config/roles.yaml": roles, "users/frogner.yaml": user})
    kinds = {sheet["kind"] for sheet in written("export", "b.xlsx", "--format", "json").json["sheets"]}
    assert "user" not in kinds and "user_role" in kinds
    told = written("export", "c.xlsx", "--users")
    assert "holds personal data" in told.err
    assert (written.root / "c.xlsx").stat().st_mode & 0o077 == 0
    book = load_workbook(written.root / "c.xlsx")
    header = next(c.header for c in columns_of(all_kinds()["user"], "nb") if c.field == "unit")
    cells(book, "user/frogner/KARNOR", header).value = "HELSE"
    book.save(written.root / "c.xlsx")
    written("import", "c.xlsx", "--auto-approve")
    assert (written.root / "users/frogner.yaml").read_text(encoding="utf-8") == user.replace("OPPV", "HELSE")


def test_english_and_norwegian_headers_are_the_same(written: Cli) -> None:
    written("export", "en.xlsx", "--lang", "en", "--kind", "licence")
    assert [sheet.title for sheet in load_workbook(written.root / "en.xlsx").worksheets][:2] == [
        "Cover",
        "Licence pool",
    ]
    assert written("import", "en.xlsx", "--auto-approve", "--format", "json").json["files"] == []


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Configuration, bytes]:
    root = write_files(tmp_path_factory.mktemp("config"), {**SMALL, "districts/frogner/own.yaml": OWN})
    config = load_configuration(root)
    sheets = sheets_of(config, all_kinds(), config.whole, language="nb", for_all="Alle bydeler")
    cover = Cover(environment="test", commit="", dirty=False, digest="", today=date(2027, 1, 1), tool_version="0")
    return config, workbook(cover, sheets, [], {}, "nb")


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5000), st.floats(allow_nan=False, allow_infinity=False), st.dates(),
    st.sampled_from(["ja", "NEI", "=1+1", "#N/A", "frogner: 4", "OPPV", "FR-HELSE", "1.2.2027", "a; b", "P", " ", "0301", "1E+5"]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12),
)  # fmt: skip


def test_any_cell_is_taken_as_it_is_shown_or_refused_at_its_place(
    made: tuple[Configuration, bytes], tmp_path: Path
) -> None:
    config, content = made
    path = tmp_path / "a.xlsx"

    @given(page_at=st.integers(0, 99), row_at=st.integers(0, 99), column_at=st.integers(0, 99), value=VALUES)
    @settings(max_examples=min(300, settings().max_examples))  # each writes and reads a workbook
    def promise(page_at: int, row_at: int, column_at: int, value: Any) -> None:
        path.write_bytes(content)
        book = load_workbook(path)
        pages = [page for page in book.worksheets if page.cell(1, 1).value == "Ressurs"]
        page = pages[page_at % len(pages)]
        row, column = 2 + row_at % (page.max_row - 1), 4 + column_at % (page.max_column - 3)
        before = page.cell(row, column).value
        page.cell(row, column).value = value
        address = page.cell(row, 1).value
        header = page.cell(1, column).value
        book.save(path)
        result = read_workbook_of_setup(read_tables(path, hidden=True), config, all_kinds())
        assert result.conflicts == []
        assert len(result.edits) + len(result.findings) <= 1
        kind = all_kinds()[address.partition("/")[0]]
        (shape,) = (c.shape for c in columns_of(kind, "nb") if c.header == header)
        for edit in result.edits:
            assert (str(edit.address), edit.place.rpartition("!")[2]) == (address, page.cell(row, column).coordinate)
            assert edit.before != edit.after and edit.before == (
                "" if before is None else str(before).removesuffix(" 00:00:00")
            )
            if shape is Shape.TEXT and value is not None and edit.field not in kind.references:
                shown = str(int(value)) if isinstance(value, float) else normalise(str(value))
                assert edit.value == shown or edit.field == "postal_no"
        for _, finding in result.findings:
            assert (finding.row, finding.column) == (row, column)

    promise()
