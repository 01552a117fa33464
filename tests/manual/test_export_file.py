"""Exports: CSV and XLSX, headers in Norwegian and English, and every cell that cannot be read named by row and column."""

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.kinds import all_kinds
from websakctl.model.district import District
from websakctl.source.export_file import Export, ExportError, headers_of, read_export

KINDS = all_kinds()
DISTRICTS = {
    "frogner": District(
        slug="frogner", name="Bydel Frogner", number="05", orgnr="874778702", short_name="BFR", prefix="FR"
    ),
    "oestensjoe": District(
        slug="oestensjoe", name="Bydel Østensjø", number="13", orgnr="974778807", short_name="BOS", prefix="OS"
    ),
}


def read(folder: Path, text: str | bytes, kind: str = "committee", name: str = "export.csv") -> Export:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_export(path, KINDS[kind], DISTRICTS)


def problems(folder: Path, text: str | bytes, kind: str = "committee", name: str = "export.csv") -> list[str]:
    with pytest.raises(ExportError) as caught:
        read(folder, text, kind, name)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    "header", ["Utvalgsnøkkel;Bydel;Navn;Møteportal", "key;district;name;meeting portal", "NØKKEL; bydel ;navn;portal"]
)
def test_headers_in_both_languages(tmp_path: Path, header: str) -> None:
    export = read(tmp_path, f"{header}\nBU;Østensjø;Bydelsutvalget;Nei\nFR-BU;Bydel Frogner;Bydelsutvalget;ja\n")
    assert export.rows == {
        ("oestensjoe", "OS-BU"): {"name": "Bydelsutvalget", "portal": False},
        ("frogner", "FR-BU"): {"name": "Bydelsutvalget", "portal": True},
    }
    assert export.columns == {"name", "portal"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [["Nøkkel", "Navn"], ["PERS", "Personalmappe på ære"]]
    export = read(tmp_path, "\r\n".join(map(delimiter.join, lines)).encode(encoding), "case_type")
    assert export.rows == {("base", "PERS"): {"name": "Personalmappe på ære"}}


def test_types_of_fields_and_empty_cells(tmp_path: Path) -> None:
    header = "code,name,retention,retention years,publish,access code,rart"
    export = read(tmp_path, f"{header}\nPERS,Personal,b,10,x,P,?\nHMS,,K,,,,\n\n,,,\n", "case_type")
    assert export.rows["base", "PERS"] == {
        "name": "Personal",
        "retention": "B",
        "retention_years": 10,
        "publish": True,
        "access_code": "P",
    }
    assert export.rows["base", "HMS"] == {
        "name": None,
        "retention": "K",
        "retention_years": None,
        "publish": False,
        "access_code": None,
    }
    assert export.ignored == ("rart",)


def test_lists_and_references_of_a_district(tmp_path: Path) -> None:
    bases = read(tmp_path, "key,district,readers,look-up\nSAK,frogner,Arkivar; Leder,Not needed\n", "historical_base")
    assert bases.rows == {("frogner", "FR-SAK"): {"readers": ["Arkivar", "Leder"], "lookup": "not-needed"}}
    committees = read(tmp_path, "key;bydel;sekretariat\nBU;Frogner;BU\nELDR;Frogner;FR-BU\n")
    assert {fields["unit"] for fields in committees.rows.values()} == {"FR-BU"}
    without = read(tmp_path, "key;sekretariat\nFR-BU;FR-DIR\n")
    assert without.rows == {(None, "FR-BU"): {"unit": "FR-DIR"}}


def test_a_spreadsheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [
        ("Skjemanøkkel", "Navn", "Automatisk journalføring", "Mottaker"),
        ("TT-KORT", "TT-kort", True, "Websak"),
        (None, None, None, None),
        ("NR-7", 7.0, False, datetime(2027, 1, 1)),
    ]:
        book.active.append(row)
    book.save(tmp_path / "forms.xlsx")
    book.close()
    with pytest.raises(ExportError) as caught:
        read_export(tmp_path / "forms.xlsx", KINDS["form"], DISTRICTS)
    assert caught.value.problems == (
        "forms.xlsx: Sheet!D4: target: a date (2027-01-01) stands here, where text belongs; "
        "format the column as text, and type the value again",
    )
    book["Sheet"]["D4"] = "grants"
    book.save(tmp_path / "forms.xlsx")
    os.utime(tmp_path / "forms.xlsx", (1_800_000_000, 1_800_000_000))
    export = read_export(tmp_path / "forms.xlsx", KINDS["form"], DISTRICTS)
    assert export.rows["base", "TT-KORT"] == {"name": "TT-kort", "automatic": True, "target": "websak"}
    assert export.rows["base", "NR-7"]["name"] == "7"
    assert export.made_at == datetime.fromtimestamp(1_800_000_000, UTC)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = "key;bydel;navn;møteportal\nBU;Frogner;A;kanskje\n;Frogner;B;ja\nBU;Fogner;C;ja\nBU;Frogner;D;nei\n"
    assert problems(tmp_path, text) == [
        "export.csv: D2: portal: 'kanskje' is neither yes nor no (ja or nei)",
        "export.csv: A3: no key",
        "export.csv: B4: there is no district Fogner. did you mean frogner?",
        "export.csv: A5: FR-BU stands here a second time",
    ]
    years = "code,name,retention years\n" + "".join(f"K{n},A,ti{n}\n" for n in range(30))
    with pytest.raises(ExportError, match="and 10 more"):
        read(tmp_path, years, "case_type")


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("key;navn\n", "export.csv", "an empty export would look like a removal of everything"),
        ("", "export.csv", "holds no rows"),
        ("navn;bydel\nA;Frogner\n", "export.csv", "no column holds the key of a committee"),
        ("key;noe\nA;B\n", "export.csv", "no column besides the key is a field of committee"),
        ("key;navn\nA;\0\n", "export.pdf", "neither CSV nor XLSX"),
        ("PK\x03\x04;navn\nA;B\n", "export.xlsx", "not a whole XLSX file"),
    ],
    ids=["no-rows", "empty", "no-key", "no-field", "no-text", "no-zip"],
)
def test_what_is_no_table_of_the_kind(tmp_path: Path, text: str, name: str, said: str) -> None:
    (reported,) = problems(tmp_path, text, name=name)
    assert said in reported
    assert reported.startswith(name)


def test_every_kind_that_people_set_can_be_exported() -> None:
    for kind in KINDS.values():
        headers = headers_of(kind)
        assert "name" in headers or "product" in headers or kind.name in (
            "access_group", "gate", "attestation", "retirement", "user",
        )  # fmt: skip


@given(content=st.binary(max_size=300), suffix=st.sampled_from(["csv", "xlsx"]))
def test_nothing_but_an_export_error_comes_of_any_file(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    with contextlib.suppress(ExportError):
        read(folder, b"key;navn\n" + content if suffix == "csv" else content, name=f"any.{suffix}")
