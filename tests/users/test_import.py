"""Files of HR: how they are read, mapped and refused, row by row; and that they are taken whole or not at all."""

import json
import re
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import pytest

from tests.cli.command_line import SMALL, write_files
from websakctl.operations.rollout.import_users import Import, files_of, read_people, write_all
from websakctl.source.configuration import Configuration
from websakctl.source.load import load_configuration
from websakctl.source.tables.read import read_tables
from websakctl.source.tables.table import TableError

from .made_up import HEADERS, as_csv, as_xlsx, people
from .office import KARI, ROLES, Office

NATIONAL_ID = "13097248022"  # from the tax administration's synthetic test data
ONE = ("Frogner", "KARNOR", "Kari", "Nordmann", "Rådgiver", "Saksbehandler", "Oppvekst", "karnor", "kari@example.org")
TWO = ("05", "OLANOR", "Ola", "Nordmann", "", "LEADER", "FR-HELSE", "olanor", "ola@example.org")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_files(tmp_path, {**SMALL, "config/user_roles.yaml": ROLES})


def _config(root: Path, settings: str = "") -> Configuration:
    path = root / "config/websak.yaml"
    path.write_text(SMALL["config/websak.yaml"] + settings, encoding="utf-8")
    result = load_configuration(root)
    assert result.valid, result.findings
    return result


def _read(
    root: Path,
    *rows: Sequence[str],
    headers: Sequence[str] = HEADERS,
    settings: str = "",
    only: Sequence[str] = (),
    add: bool = False,
) -> Import:
    path = root / "ansatte.csv"
    path.write_text(as_csv(rows, headers), encoding="utf-8")
    return read_people(read_tables(path), _config(root, settings), only=only, add=add)


def _with(row: Sequence[str], **cells: str) -> tuple[str, ...]:
    """A row with cells changed, each named by its header."""
    names = {"bydel": 0, "code": 1, "first": 2, "last": 3, "role": 5, "unit": 6, "username": 7, "email": 8}
    changed = list(row)
    for name, value in cells.items():
        changed[names[name]] = value
    return tuple(changed)


def _complaints(found: Import) -> list[tuple[int, int, str]]:
    return [(c.row, c.column, c.message) for c in found.findings]


# --- reading


def test_rows_become_users_of_their_districts(root: Path) -> None:
    result = _read(root, ONE, TWO)
    assert _complaints(result) == []
    assert {(p.district, p.code, p.row) for p in result.people} == {("frogner", "KARNOR", 2), ("frogner", "OLANOR", 3)}
    assert result.people[0].fields == {
        "name": "Kari Nordmann",
        "role": "CASEWORKER",
        "unit": "OPPV",
        "title": "Rådgiver",
        "username": "karnor",
        "email": "kari@example.org",
    }
    assert (result.people[1].fields["role"], result.people[1].fields["unit"]) == ("LEADER", "HELSE")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_encoding_and_delimiter_are_found_out_and_told(root: Path, encoding: str, delimiter: str) -> None:
    rows = [_with(ONE, first="Åse Bjørg", last="Sæther"), TWO, *people(20, ["Sagene"])]
    path = root / "ansatte.csv"
    path.write_bytes(as_csv(rows, delimiter=delimiter).encode(encoding))
    result = read_people(read_tables(path), _config(root))
    about = result.table.about
    assert about.startswith("CSV, ") and about.endswith({"\t": "tab"}.get(delimiter, delimiter))
    assert _complaints(result) == []
    assert result.people[0].fields["name"] == "Åse Bjørg Sæther"


def test_a_workbook_reads_like_a_csv(root: Path) -> None:
    rows = people(50, ["Frogner", "Sagene"])
    path = as_xlsx(root / "ansatte.xlsx", [*rows, ("",) * 9])
    config = _config(root)
    from_workbook = read_people(read_tables(path), config)
    assert from_workbook.table.about == "XLSX, sheet Ansatte"
    assert from_workbook.people == _read(root, *rows).people


def test_headers_may_stand_lower_in_english_in_any_order_and_under_names_of_the_settings(root: Path) -> None:
    text = "Uttrekk 25.11\r\n\r\n" + as_csv(
        [("ola@example.org", "Nordmann, Ola", "leiar", "Omsorg", "olanor", "pluss")],
        ("E-mail", "Full name", "Role", "Kostnadssted", "Login", "Annet"),
    )
    (root / "a.csv").write_text(text, encoding="utf-8")
    settings = """
user_import:
  columns: {unit: [kostnadssted]}
  units: {omsorg: HELSE}
  roles: {leiar: LEADER}
"""
    result = read_people(read_tables(root / "a.csv"), _config(root, settings), only=["frogner"])
    assert _complaints(result) == []
    (person,) = result.people
    assert (person.row, person.code, person.fields["name"]) == (4, "OLANOR", "Ola Nordmann")
    assert (person.fields["unit"], person.fields["role"]) == ("HELSE", "LEADER")
    assert result.passed_over == ("Annet",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "holds no rows"),
        (b"\r\n \r\n", "holds no rows"),
        (b"\xd0\xcf\x11\xe0old", "old Excel file"),
        (b"PK\x03\x04torn", "not a whole XLSX"),
        (b"a\0b;c\0d\n", "neither CSV nor XLSX"),
        ("Navn\nKåre Øye\n".encode("mac_roman"), "neither Unicode nor Windows-1252"),
        ("Navn\nBjørn\n".encode("cp850"), "neither Unicode nor Windows-1252"),
        (b'Navn;Rolle\n"Kari;leder\n', "unexpected end"),
    ],
)
def test_what_is_no_table_is_said_to_be_none(root: Path, content: bytes, told: str) -> None:
    (root / "x").write_bytes(content)
    with pytest.raises(TableError, match=told):
        read_tables(root / "x")


@pytest.mark.parametrize("failed", ["#N/A", "#REF!", "#I/T"])
def test_a_formula_that_failed_is_nobody(root: Path, failed: str) -> None:
    as_xlsx(root / "x", [ONE, _with(TWO, last=failed)])
    result = read_people(read_tables(root / "x"), _config(root))
    message = f"the error {failed} stands here, the result of a formula"
    assert _complaints(result) == [(3, 4, message)] and result.table.reference(3, 4) == "Ansatte!D3"


def test_a_formula_whose_result_was_not_saved_is_nobody(root: Path) -> None:
    as_xlsx(root / "x", [ONE, _with(TWO, first='=UPPER("ola")')])
    result = read_people(read_tables(root / "x"), _config(root))
    assert _complaints(result) == [(3, 3, "a formula without a saved result stands here")]


def test_a_formula_whose_result_is_an_empty_text_is_an_empty_cell(root: Path) -> None:
    as_xlsx(root / "x", [_with(ONE, first='=IF(TRUE,"","")')])
    with zipfile.ZipFile(root / "x") as before, zipfile.ZipFile(root / "y", "w") as after:
        for part in before.namelist():  # as office programs save it
            text = before.read(part)
            after.writestr(part, re.sub(rb'<c r="C2"([^>]*)>', rb'<c r="C2" t="str"\1>', text))
    assert read_tables(root / "y")[0].rows[1].cells[2:4] == ("", "Nordmann")


# --- complaining


@pytest.mark.parametrize(
    ("cells", "column", "told"),
    [
        ({"unit": "Oppvekstt"}, 7, "frogner has no unit 'Oppvekstt'"),
        ({"unit": ""}, 7, "the unit is missing"),
        ({"role": "sjef"}, 6, "'sjef' is no role that is known"),
        ({"bydel": "Frogne"}, 1, "'Frogne' is no district"),
        ({"email": "kari"}, 9, "this is no e-mail address"),
        ({"email": ""}, 9, "the email is missing"),
        ({"username": ""}, 8, "the username is missing"),
        ({"code": "KAR NOR"}, 2, "this is no user code: letters, digits, . _ -"),
        ({"first": "", "last": ""}, 3, "this is no name"),
        ({"last": "\x1b[31mrød"}, 4, "a control character (U+001B) stands here"),
        ({"last": NATIONAL_ID}, 4, "a national identity number stands here"),
        ({"last": f"Nordmann ({NATIONAL_ID[:6]} {NATIONAL_ID[6:]})"}, 4, "a national identity number stands here"),
        ({"email": f"{NATIONAL_ID}@example.org"}, 9, "a national identity number stands here"),
    ],
)
def test_a_row_that_is_not_in_order_is_told_with_its_row_and_column(
    root: Path, cells: dict[str, str], column: int, told: str
) -> None:
    result = _read(root, TWO, _with(ONE, **cells))
    assert [(row, at, text[: len(told)]) for row, at, text in _complaints(result)] == [(3, column, told)]
    assert NATIONAL_ID not in repr(result)


def test_a_login_domain_is_taken_off_where_the_settings_name_it(root: Path) -> None:
    row = _with(ONE, username="OSLOFELLES\\karnor")
    (refused,) = _read(root, row).findings
    assert refused.help.endswith("add to config/websak.yaml: user_import: {login_domains: [OSLOFELLES]}")
    result = _read(root, row, TWO, settings="user_import: {login_domains: [oslofelles]}\n")
    assert _complaints(result) == [] and result.people[0].fields["username"] == "karnor"
    assert "OSLOFELLES\\ was taken off 1 user name" in result.notes
    assert (
        _complaints(_read(root, _with(ONE, username="BJ\\RN"), settings="user_import: {login_domains: [oslofelles]}\n"))
        != []
    )


def test_everything_that_is_wrong_is_told_at_once(root: Path) -> None:
    result = _read(root, _with(ONE, unit="X", role="Y"), _with(TWO, email="Z"), ("Sagene",))
    assert [(c.row, c.column) for c in result.findings][:3] == [(2, 6), (2, 7), (3, 9)]
    assert {c.row for c in result.findings} == {2, 3, 4}


def test_nobody_stands_twice_nor_in_two_districts(root: Path) -> None:
    again = _with(ONE, code="KARNOR2", username="KarNor", email="k@example.org")
    result = _read(root, ONE, ONE, again, _with(ONE, bydel="Sagene", code="ANNEN", username="annen", last="Hansen"))
    assert _complaints(result) == [
        (3, 2, "the code stands in row 2, too"),
        (4, 8, "the username stands in row 2, too"),
        (5, 9, "the email stands in row 2, which is frogner's, too: two names for one person"),
    ]


def test_who_is_listed_by_another_district_is_told_unless_that_one_is_in_the_file(root: Path) -> None:
    write_files(root, {"users/sagene.yaml": f"users:\n  KARNOR: {KARI}\n"})
    result = _read(root, ONE)
    assert _complaints(result) == [(2, 2, "the code is a user of sagene, too: one person in two districts")]
    moved = _read(root, ONE, _with(TWO, bydel="Sagene", unit="HELSE"))
    assert _complaints(moved) == [] and moved.left == {"frogner": [], "sagene": ["KARNOR"]}
    assert _complaints(_read(root, ONE, _with(TWO, bydel="Sagene", unit="HELSE"), add=True)) != []


def test_headers_that_are_needed_are_asked_for(root: Path) -> None:
    result = _read(root, ("Kari", "leder"), headers=("Fornavn", "Rolle"))
    assert [c.message for c in result.findings] == [
        f"no column holds the {name}" for name in ("name", "unit", "username", "email")
    ]
    nothing = _read(root, ("1", "2"), headers=("Foo", "Bar"))
    assert [c.message for c in nothing.findings] == ["no headers are known here: Foo, Bar"]
    assert [c.message for c in _read(root).findings] == ["there is nobody below the headers"]


def test_an_alias_of_one_role_that_is_the_name_of_another_is_the_other(root: Path) -> None:
    roles = ROLES.replace('    template_id: "20001"\n', '    template_id: "20001"\n    aliases: [leder, konsulent]\n')
    (root / "config/user_roles.yaml").write_text(roles, encoding="utf-8")
    result = _read(root, _with(ONE, role="Leder"), _with(TWO, role="konsulent"))
    assert [person.fields["role"] for person in result.people] == ["LEADER", "CASEWORKER"]


def test_national_identity_numbers_are_taken_only_where_settings_say_so(root: Path) -> None:
    headers = (*HEADERS, "Fødselsnummer")
    refused = _read(root, (*ONE, NATIONAL_ID), headers=headers)
    assert _complaints(refused) == [(1, 10, "this column holds national identity numbers, and they are not taken")]
    settings = "user_import: {national_id: true}\n"
    taken = _read(root, (*ONE, NATIONAL_ID), headers=headers, settings=settings)
    assert taken.people[0].fields["national_no"] == NATIONAL_ID
    wrong = _read(
        root, (*ONE, "13097248023"), (*TWO[:4], NATIONAL_ID, *TWO[5:], ""), headers=headers, settings=settings
    )
    assert [(r, c) for r, c, _ in _complaints(wrong)] == [(2, 10), (3, 5)]
    assert NATIONAL_ID not in repr(wrong.findings)


# --- writing


def test_what_hr_does_not_tell_of_a_user_is_kept_and_who_left_is_gone(root: Path) -> None:
    kept = KARI.replace("}", ", access_functions: ['10'], protected: true}")
    write_files(root, {"users/frogner.yaml": f"users:\n  KARNOR: {kept}\n  GONE: {KARI.replace('karnor', 'gone')}\n"})
    result = _read(root, ONE)
    assert result.left == {"frogner": ["GONE"]}
    (text,) = files_of(result).values()
    assert "access_functions" in text and "protected: true" in text and "GONE" not in text
    (added,) = files_of(result, add=True).values()
    assert "GONE" in added
    after = load_configuration(root, instead={"users/frogner.yaml": text})
    assert after.valid and [a.key for a in after.state if a.kind == "user"] == ["KARNOR"]


@pytest.mark.parametrize("fails", [2, 3])  # the first one says that the others are under way
def test_every_file_is_written_or_none(root: Path, fails: int) -> None:
    write_all(root, {"users/frogner.yaml": "users: {}\n"})
    assert stat.S_IMODE((root / "users/frogner.yaml").stat().st_mode) == 0o600
    replace, calls = Path.replace, 0

    def full(path: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == fails:
            raise OSError(28, "No space left on device")
        return replace(path, target)

    with mock.patch.object(Path, "replace", full), pytest.raises(OSError, match="No space"):
        write_all(root, {"users/frogner.yaml": "users: {A: {}}\n", "users/sagene.yaml": "users: {}\n"})
    assert [p.name for p in (root / "users").iterdir()] == ["frogner.yaml"]
    assert (root / "users/frogner.yaml").read_text(encoding="utf-8") == "users: {}\n"


def test_a_file_of_users_may_name_persons_and_nothing_else(root: Path) -> None:
    write_files(
        root, {"users/frogner.yaml": f"users:\n  KARNOR: {KARI}\norg_units: {{}}\n", "users/ullern.yaml": "users: {}\n"}
    )
    assert [(f.code, f.at.file) for f in load_configuration(root).findings] == [
        ("wrong-scope", "users/frogner.yaml"),
        ("district-incomplete", "users/ullern.yaml"),
    ]


def test_a_mistyped_number_of_a_person_is_refused_and_not_shown(at33: Office) -> None:
    settings = at33.root / "config/websak.yaml"
    settings.write_text(SMALL["config/websak.yaml"] + "user_import: {national_id: true}\n", encoding="utf-8")
    for mistyped in ("13097248023", "1309724802"):
        at33.lists("frogner", KARNOR=KARI.replace("}", f', national_no: "{mistyped}"}}'))
        reported = "".join(at33("plan", code=3))
        assert "this is no national identity number" in reported and "take it from HR again" in reported
        assert mistyped not in reported


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed here")
def test_files_of_users_in_git_are_told(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    subprocess.run(["git", "init", "-q", str(at33.root)], check=True)
    assert "in git" not in at33("validate")[1]
    subprocess.run(["git", "-C", str(at33.root), "add", "-f", "users"], check=True)
    assert "1 file of users in git: people's data" in at33("validate")[1]


def test_a_file_that_others_can_read_is_told(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    assert "chmod 600" not in at33("plan")[0]
    (at33.root / "users/frogner.yaml").chmod(0o640)
    assert "others on this machine can read users/frogner.yaml: chmod 600 users/frogner.yaml" in at33("plan")[0]


# --- the command


def test_sixty_people_from_a_workbook_to_websak_and_nothing_left_to_do(at33: Office) -> None:
    as_xlsx(at33.root / "ansatte.xlsx", people(60, ["Frogner", "Sagene"]))
    out, err = at33("users", "import", "ansatte.xlsx", "--dry-run")
    assert "Plan: 60 to create" in out and "XLSX, sheet Ansatte" in err
    assert not (at33.root / "users").exists()
    out, err = at33("users", "import", "ansatte.xlsx", "--out", "users.plan.json")
    assert (at33.root / "users.plan.json").exists() and "frogner: 30 users" in err
    at33("apply", "users.plan.json", "--auto-approve")
    assert at33.changes() == {}
    listed = json.loads(at33("users", "list", "--format", "json", "--district", "sagene")[0])["items"]
    assert len(listed) == 30 and {user["district"] for user in listed} == {"sagene"}


def test_a_file_that_is_refused_writes_nothing_and_says_all(at33: Office) -> None:
    (at33.root / "a.csv").write_text(
        as_csv([_with(ONE, unit="X"), (*TWO[:3], NATIONAL_ID, *TWO[4:])]), encoding="utf-8"
    )
    out, err = at33("users", "import", "a.csv", code=3)
    assert out == "" and "error: a.csv: G2: frogner has no unit 'X'" in err
    assert "error: a.csv: D3: a national identity number stands here" in err
    assert "2 rows of a.csv cannot be taken; nothing was written" in err
    assert NATIONAL_ID not in err and not (at33.root / "users").exists()
    document = json.loads(at33("users", "import", "a.csv", "--format", "json", code=3)[0])
    assert [(e["row"], e["column"]) for e in document["errors"]] == [(2, 7), (3, 4)]
    at33("users", "import", "none.csv", code=64)
    at33("users", "import", "a.csv", "--dry-run", "--out", "x", code=64)


def test_a_number_that_is_taken_is_never_shown_or_kept(at33: Office) -> None:
    with (at33.root / "config/websak.yaml").open("a", encoding="utf-8") as file:
        file.write("user_import: {national_id: true}\n")
    (at33.root / "a.csv").write_text(as_csv([(*ONE, NATIONAL_ID)], (*HEADERS, "Fnr")), encoding="utf-8")
    shown = [*at33("users", "import", "a.csv", "--expand", "--out", "p.json"), *at33("plan", "--format", "json")]
    shown += at33("apply", "p.json", "--auto-approve")
    shown += [*at33("show", "user/frogner/KARNOR"), *at33("history", "last", "--format", "json")]
    assert at33.user("KARNOR")["nationalNo"] == NATIONAL_ID
    assert at33.changes() == {}
    files = [p for p in at33.root.rglob("*") if p.is_file() and p.name not in ("a.csv", "frogner.yaml")]
    assert not any(NATIONAL_ID.encode() in path.read_bytes() for path in files)
    assert not any(NATIONAL_ID in text for text in shown)


def test_a_number_of_a_person_where_the_settings_take_none_is_helped_to_the_setting(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI.replace("}", f', national_no: "{NATIONAL_ID}"}}'))
    reported = "".join(at33("plan", code=3))
    assert "say `user_import: {national_id: true}` in config/websak.yaml" in reported
    assert NATIONAL_ID not in reported
