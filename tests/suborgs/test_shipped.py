"""The shipped districts against a register of Oslo's real numbers (``oslo.csv``; where they are from: docs/data-sources.md).

That every district stands under the department that Frogner does is assumed.
"""

import csv
import shutil
from pathlib import Path

import pytest

from tests.cli.command_line import Cli

from .registers import Registers, unit

ROOT = Path(__file__).parents[2]


@pytest.fixture
def oslo(registers: Registers) -> Registers:
    with (Path(__file__).with_name("oslo.csv")).open(encoding="utf-8") as file:
        rows = [unit(row["orgnr"], row["name"], row["parent"] or None, row["form"]) for row in csv.DictReader(file)]
    registers.units = {r["organisasjonsnummer"]: r for r in rows if r["organisasjonsform"]["kode"] != "BEDR"}
    registers.sub_units = {r["organisasjonsnummer"]: r for r in rows if r["organisasjonsform"]["kode"] == "BEDR"}
    return registers


@pytest.fixture
def shipped(tmp_path: Path) -> Cli:
    for name in ("config", "districts"):
        shutil.copytree(ROOT / name, tmp_path / "repo" / name)
    return Cli(tmp_path / "repo")


def test_the_shipped_numbers_are_as_they_are_known_to_be(shipped: Cli, oslo: Registers) -> None:
    result = shipped("suborgs", "check", "--format", "json", env=oslo.variables).json
    assert result["checked"] == 70
    assert result["business_register"]["findings"] == []
    asked = [request for request in oslo.requests if "overordnetEnhet" in request]
    assert len(asked) == 2 * 15  # units and sub-units below each district; none has units of its own
    assert len(oslo.requests) == 3 * 15 + 15  # and each district's own number, among sub-units first


def test_a_shipped_number_that_moves_to_another_district(shipped: Cli, oslo: Registers) -> None:
    oslo.sub_units["975016528"]["overordnetEnhet"] = "971179686"
    oslo.sub_units["975016528"]["navn"] = "ASKELADDEN OG BISLETT BARNEHAGE"
    findings = shipped("suborgs", "check", "--format", "json", env=oslo.variables).json["business_register"]["findings"]
    assert [(f["what"], f["detail"]) for f in findings] == [
        ("elsewhere", "it belongs to st-hanshaugen: move it there"),
        ("renamed", "the register calls it 'ASKELADDEN OG BISLETT BARNEHAGE'"),
    ]
