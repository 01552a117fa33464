"""Whatever is wrong with a map is placed in it, with what to do; nothing is done then."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.moves.town import Town, files
from websakctl.source.load import load_configuration
from websakctl.source.reform_file import read_reform

ABOUT = "reform: {name: Prøve, date: 2028-01-01, owner: Byarkivet, leader_roles: [LEADER]}\n"
WEST = '  vest: {name: Bydel Vest, number: "01", orgnr: "312345005", short_name: BVE, prefix: VE, take_over: [frogner, sagene]}\n'
EAST = (
    '  oest: {name: Bydel Øst, number: "02", orgnr: "312345013", short_name: BOE, prefix: OE, take_over: [stovner]}\n'
)
MIDDLE = (
    '  midt: {name: Bydel Midt, number: "03", orgnr: "312345021", short_name: BMI, prefix: MI, take_over: [sagene]}\n'
)
GOOD = ABOUT + "districts:\n" + WEST + EAST
KINDERGARTEN = "org_unit/sagene/BH-ASKELADDEN"


def with_units(*units: str) -> str:
    return GOOD.replace("take_over: [stovner]", f"take_over: [stovner], units: [{', '.join(units)}]")


WRONG = {
    "a district twice": (
        GOOD.replace("[stovner]", "[stovner, sagene]"),
        "sagene",
        "sagene is taken over by vest and by oest",
        "let one take it over, and name the units of the other under `units:`",
    ),
    "a district left out": (
        GOOD.replace("[frogner, sagene]", "[frogner]"),
        "districts",
        "no new district takes over sagene",
        "name sagene in take_over of one",
    ),
    "a district that is not there": (
        GOOD.replace("sagene]", "sagene, stovnar]"),
        "stovnar",
        "there is no district stovnar",
        "did you mean stovner?",
    ),
    "a unit that nobody has": (
        with_units("org_unit/sagene/BH-ASKELADEN"),
        "org_unit/sagene/BH-ASKELADEN",
        "there is no org_unit/sagene/SA-BH-ASKELADEN to go to oest",
        "did you mean org_unit/sagene/SA-BH-ASKELADDEN?",
    ),
    "what is no unit": (
        with_units("BH-ASKELADDEN"),
        "BH-ASKELADDEN",
        "BH-ASKELADDEN is no unit's address",
        "write org_unit/DISTRICT/KEY",
    ),
    "a unit of what goes there anyhow": (
        GOOD.replace("sagene]}", f"sagene], units: [{KINDERGARTEN}]}}"),
        KINDERGARTEN,
        "sagene is taken over by vest as a whole",
        "take the unit away here",
    ),
    "a unit that goes to two": (
        with_units(KINDERGARTEN).replace("[frogner, sagene]}", f"[frogner], units: [{KINDERGARTEN}]}}") + MIDDLE,
        KINDERGARTEN,
        "org_unit/sagene/SA-BH-ASKELADDEN goes to vest and to oest",
        "let it go to one",
    ),
    "a top unit": (
        with_units("org_unit/sagene/BYDEL"),
        "org_unit/sagene/BYDEL",
        "org_unit/sagene/SA-BYDEL is a district's top unit",
        "take the whole district over: take_over: [sagene]",
    ),
    "two prefixes alike": (
        GOOD.replace("prefix: OE", "prefix: VE"),
        "VE",
        "prefix VE is also vest's",
        "each district has its own",
    ),
    "the prefix of one that ends": (
        GOOD.replace("prefix: VE", "prefix: SA"),
        "SA",
        "prefix SA is sagene's, whose units keep it when they end",
        "put sagene first in take_over",
    ),
    "the short name of one that ends": (
        GOOD.replace("short_name: BOE", "short_name: BFR"),
        "BFR",
        "short_name BFR is frogner's, whose top unit keeps it when they end",
        "choose a short_name that no district has",
    ),
    "the folder of another": (
        GOOD.replace("  oest:", "  frogner:").replace("Bydel Øst", "Bydel Frogner"),
        "frogner",
        "frogner is the folder of a district that this one does not go on from",
        "put frogner first in take_over, or choose another name",
    ),
    "its old folder with another prefix": (
        GOOD.replace("  oest:", "  stovner:").replace("Bydel Øst", "Bydel Stovner"),
        "OE",
        "stovner keeps its folder and not its prefix SR, so that old keys could not be told from new ones",
        "keep SR, or give it another folder",
    ),
    "a name that is no folder's": (
        GOOD.replace("  oest:", "  Øst:"),
        "Øst",
        "Øst cannot name a district's folder",
        "write oest",
    ),
    "a role that nobody has": (
        GOOD.replace("[LEADER]", "[LEDER]"),
        "LEDER",
        "there is no user role LEDER",
        "did you mean LEADER?",
    ),
    "a section that is none": (
        GOOD + "distrcts: {}\n",
        "distrcts",
        "distrcts is not a section here",
        "did you mean districts?",
    ),
    "no districts": (ABOUT, "", "a map needs `districts:`", "districts: {SLUG: {name: …, take_over: […]}}"),
    "a number with a wrong digit": (
        GOOD.replace("312345013", "312345014"),
        '"312345014"',
        "",
        None,
    ),
    "nothing taken over": (GOOD.replace("[stovner]", "[]"), "take_over", "", None),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("town")
    for name, text in files().items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("name", WRONG)
def test_it_is_placed_and_told_what_to_do(name: str, root: Path) -> None:
    text, at, message, help_ = WRONG[name]
    path = root / "map.yaml"
    path.write_text(text, encoding="utf-8")
    reform, findings, _ = read_reform(path, load_configuration(root))
    assert reform is None
    shown = [f for f in findings if f.message == message or not message]
    assert shown, [f.message for f in findings]
    assert all(f.help for f in findings)
    if help_ is not None:
        assert shown[0].help == help_
    line = text.splitlines()[shown[0].at.line - 1]
    assert line[shown[0].at.column - 1 :].startswith(at)


def test_a_good_map_has_no_finding(root: Path) -> None:
    (root / "map.yaml").write_text(GOOD, encoding="utf-8")
    reform, findings, _ = read_reform(root / "map.yaml", load_configuration(root))
    assert findings == [] and reform is not None
    assert [(n.district.slug, n.sources) for n in reform.districts] == [
        ("vest", ("frogner", "sagene")),
        ("oest", ("stovner",)),
    ]


def test_the_command_says_it_once_and_does_nothing(root: Path, tmp_path: Path) -> None:
    town = Town(root, SimpleNamespace(variables={}))
    (root / "map.yaml").write_text(WRONG["two prefixes alike"][0], encoding="utf-8")
    out, err = town("reform", "plan", "map.yaml", "--into", str(tmp_path / "ny"), "--format", "json", code=3)
    assert "map.yaml:4" in err or "map.yaml" in err
    assert [d["code"] for d in json.loads(out)["diagnostics"]][-1] == "not-unique" or "not-unique" in out
    assert not (tmp_path / "ny").exists()
    assert "is there already" in town("reform", "plan", "map.yaml", "--into", str(root), code=4)[1]
    assert "did you mean map.yaml" in town("reform", "plan", "maps.yaml", code=64)[1]
    assert "a workbook is written to a file" in town("reform", "compare", "map.yaml", "--format", "xlsx", code=64)[1]
