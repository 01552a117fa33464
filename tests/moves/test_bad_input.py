"""Whatever ``previously:`` cannot mean is placed in its file, with what to write instead."""

from pathlib import Path

import pytest

from websakctl.source.load import load_configuration

from .town import UNITS, files, kindergarten

STOVNER_UNITS = "districts/stovner/org_units.yaml"
WRONG = {
    "it points at something that stays": (
        {STOVNER_UNITS: kindergarten(previously="[org_unit/sagene/BH-ASKELADDEN]")},
        "says that it was org_unit/sagene/SA-BH-ASKELADDEN before, and org_unit/sagene/SA-BH-ASKELADDEN is still there",
        "take the old entry away, or the old name out of previously",
    ),
    "it points at another kind": (
        {STOVNER_UNITS: kindergarten(previously="[sub_org/sagene/975016684]")},
        "sub_org/sagene/975016684 is a sub_org, and this is a org_unit",
        "name a org_unit: one kind does not become another",
    ),
    "it points at itself": (
        {STOVNER_UNITS: kindergarten(previously="[BH-ASKELADDEN]")},
        "it names its own key",
        "name the key it had before",
    ),
    "it is a key of another district": (
        {STOVNER_UNITS: kindergarten(previously="[SA-BH-ASKELADDEN]")},
        "SA-BH-ASKELADDEN has the prefix of sagene, and a key here is written without one",
        "write org_unit/sagene/SA-BH-ASKELADDEN",
    ),
    "it is a key with the own prefix": (
        {STOVNER_UNITS: kindergarten(previously="[SR-BH-GML]")},
        "SR-BH-GML has the prefix of stovner, and a key here is written without one",
        "write BH-GML",
    ),
    "it is half an address": (
        {STOVNER_UNITS: kindergarten(previously="[org_unit/sagene]")},
        "org_unit/sagene is not an address",
        "write KIND/SCOPE/KEY, such as org_unit/stovner/SR-BH-ASKELADDEN",
    ),
    "two point at each other": (
        {STOVNER_UNITS: UNITS + "  A: {name: En, previously: [B]}\n  B: {name: To, previously: [A]}\n"},
        "org_unit/stovner/SR-A says that it was org_unit/stovner/SR-B, which says that it was org_unit/stovner/SR-A: a circle",
        "two keys cannot be exchanged in one step: use a third one in between",
    ),
    "two say that they were the same": (
        {STOVNER_UNITS: UNITS + "  A: {name: En, previously: [GML]}\n  B: {name: To, previously: [GML]}\n"},
        "org_unit/stovner/SR-A says that it was org_unit/stovner/SR-GML before, and so does org_unit/stovner/SR-B",
        "one thing becomes one thing: keep `previously` at one of them",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_it_is_placed_and_told_what_to_do(name: str, tmp_path: Path) -> None:
    changed, message, help_ = WRONG[name]
    for file, text in {**files(), **changed}.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    result = [f for f in load_configuration(tmp_path).findings if f.code == "rename-conflict"]
    (finding,) = [f for f in result if f.message.endswith(message)]
    assert finding.help == help_
    assert finding.at.file == STOVNER_UNITS
    line = (tmp_path / STOVNER_UNITS).read_text(encoding="utf-8").splitlines()[finding.at.line - 1]
    assert line[finding.at.column - 1 :].startswith("previously: [")


def test_a_template_cannot_name_one_thing_for_every_district(tmp_path: Path) -> None:
    common = files()["config/all.yaml"].replace(
        "BHG: {name: Barnehager, parent: OPPV}",
        "BHG: {name: Barnehager, parent: OPPV, previously: [org_unit/oslo/X-1]}",
    )
    for file, text in {**files(), "config/all.yaml": common}.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    (finding,) = [f for f in load_configuration(tmp_path).findings if f.code == "rename-conflict"]
    assert finding.help is not None and "for one district only, write it under `overrides:` there" in finding.help
