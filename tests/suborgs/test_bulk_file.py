"""``suborgs check --file``: the register's bulk files, without a network."""

import csv
import gzip
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import Cli

from .registers import SUB_UNITS, UNIT_IN_SAGENE, UNITS, sub_unit

OFFLINE = {"WEBSAKCTL_REGISTER_URL": "http://127.0.0.1:9"}


def as_json(rows: Iterable[dict[str, Any]]) -> bytes:
    return json.dumps(list(rows), ensure_ascii=False, indent=1).encode()


def as_csv(rows: Iterable[dict[str, Any]]) -> bytes:
    out = io.StringIO()
    names = ("organisasjonsnummer", "navn", "organisasjonsform.kode", "overordnetEnhet", "nedleggelsesdato")
    writer = csv.DictWriter(out, names, quoting=csv.QUOTE_ALL, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**row, "organisasjonsform.kode": row["organisasjonsform"]["kode"]} for row in rows)
    return out.getvalue().encode()


@pytest.fixture
def units(tmp_path: Path) -> Path:
    return tmp_path / "enheter"


@pytest.fixture
def sub_units(tmp_path: Path) -> Path:
    return tmp_path / "underenheter"


def check(cli: Cli, *files: Path, code: int = 0) -> Any:
    named = [part for file in files for part in ("--file", str(file))]
    return cli("suborgs", "check", "--format", "json", *named, env=OFFLINE, code=code)


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
@pytest.mark.parametrize("form", [as_json, as_csv])
def test_both_files_together_see_what_the_register_sees(
    cli: Cli, units: Path, sub_units: Path, form: Any, packed: bool
) -> None:
    more = sub_unit("975291294", "BJØLSEN BARNEHAGE", UNIT_IN_SAGENE)
    for file, rows in ((units, UNITS), (sub_units, (*SUB_UNITS[1:], more))):
        file.write_bytes(gzip.compress(form(rows)) if packed else form(rows))
    result = check(cli, units, sub_units).json["business_register"]
    assert [(f["what"], f["orgnr"]) for f in result["findings"]] == [
        ("missing", "975291294"),
        ("not-listed", "975016684"),
    ]
    assert result["notes"] == []


def test_sub_units_alone_say_what_they_do_not_show(cli: Cli, sub_units: Path) -> None:
    sub_units.write_bytes(as_json(row for row in SUB_UNITS if row["overordnetEnhet"] != UNIT_IN_SAGENE))
    result = check(cli, sub_units).json
    assert [f["orgnr"] for f in result["business_register"]["findings"]] == ["313000109", "975315878"]
    assert "enheter.json.gz" in result["business_register"]["notes"][0]
    assert result["fiks"]["why_not"] == "--file works without a network"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"[1]",
        b'[{"organisasjonsnummer": "975016684", "organisasjonsform": {"kode": "BEDR"}}, {"o',
        b"a,b\n1,2\n",
        b"\x1f\x8b broken",
    ],
    ids=["empty", "no-units", "no-object", "cut", "other-columns", "broken-gzip"],
)
def test_a_file_that_is_none_or_not_whole_is_refused(cli: Cli, sub_units: Path, content: bytes) -> None:
    sub_units.write_bytes(content)
    done = check(cli, sub_units, code=1)
    assert "underenheter" in done.err
    assert [each["code"] for each in done.json["diagnostics"]] == ["failed"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("organisasjonsnummer;navn\n9,75E+08;BARNEHAGE\n", "'9,75E+08' is no organisation number (has a spreadsheet"),
        ("organisasjonsnummer,navn\n975016684.0,BARNEHAGE\n", "does not name organisasjonsform.kode, overordnetEnhet"),
        (
            "organisasjonsnummer;navn;organisasjonsform.kode;overordnetEnhet\n975016684;A;BEDR;9,75E+08\n",
            "row 2: overordnetEnhet '9,75E+08' is no organisation number",
        ),
    ],
)
def test_what_a_spreadsheet_made_of_the_file_is_told_at_its_row(
    cli: Cli, sub_units: Path, content: str, why: str
) -> None:
    sub_units.write_bytes(content.encode("utf-8-sig"))
    assert why in check(cli, sub_units, code=1).err


def test_numbers_with_blanks_and_decimals_are_the_same_numbers(cli: Cli, sub_units: Path) -> None:
    spread = as_csv(SUB_UNITS).replace(b"975016684", b"975 016 684").replace(b"975315878", b"975315878.0")
    sub_units.write_bytes(b"\xef\xbb\xbf" + spread.replace(b",", b";"))
    changed = check(cli, sub_units).json["business_register"]["findings"]
    sub_units.write_bytes(as_csv(SUB_UNITS))
    assert changed == check(cli, sub_units).json["business_register"]["findings"]


def test_a_file_that_is_not_there_is_named(cli: Cli, tmp_path: Path) -> None:
    assert "no.json" in check(cli, tmp_path / "no.json", code=64).err


def test_a_file_that_cannot_be_read_is_said_with_its_path(cli: Cli) -> None:
    refused = cli("suborgs", "check", "--file", ".", env=OFFLINE, code=1)
    assert "error: cannot read .: Is a directory" in refused.err
