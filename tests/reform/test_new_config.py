"""What a small reform does to each kind of thing: what collides, what is split off, what the API cannot rename."""

import json
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.moves.conftest import applied
from tests.moves.town import KARI, OLA, UNITS, Town, files
from websakctl.operations.reform.what_if import LABELS
from websakctl.report.texts.bokmaal import BOKMAAL
from websakctl.source.entry_comments import comments_by_entry, with_comments

MAP = """\
reform: {name: Prøve, date: 2028-01-01, owner: Byarkivet, leader_roles: [LEADER]}
districts:
  oest: {name: Bydel Øst, number: "01", orgnr: "312345005", short_name: BOE, prefix: OE, take_over: [stovner, sagene]}
  frogner:
    name: Bydel Frogner
    number: "05"
    orgnr: "874778702"
    short_name: BFR
    prefix: FR
    take_over: [frogner]
    units: [org_unit/sagene/GRUPPE]
"""
SAGENE = UNITS + (
    "  BH-ASKELADDEN: {name: Askeladden barnehage, parent: BHG, previously: [org_unit/frogner/FR-BH-GML]}\n"
    "  BH-NYE: {name: Den nye barnehagen, parent: BHG}\n"
    "  # Samlingen kom til i 2019:\n"
    "  # se sak 19/7\n"
    "  SAMLING: {name: Samlingen, mail_group: EGEN} # staben vet mer\n"
    "  GRUPPE: {name: Gruppen, parent: SAMLING}\n"
    "  LAG: {name: Laget, parent: GRUPPE}\n"
)
STOVNER = UNITS + "  BH-ASKELADDEN: {name: Den nye barnehagen, parent: BHG}\n"
MORE = """\
licences:
  PLUSS: {product: Pluss, bought: 20, allotments: {sagene: 7, stovner: 4, frogner: 2}}
integrations:
  INN:
    name: Inn
    purpose: Post
    direction: in
    responsible: Byarkivet
    exceptions:
      stovner: {what: Bare papir, reason: Det er slik, owner: Bydelen, unit: OPPV}
      sagene: {what: Noe annet, reason: Det er slik, owner: Bydelen}
findings:
  TILSYN-1: {name: Rutine mangler, source: sak 27/1, reported: 2027-01-02, districts: [sagene, stovner]}
"""


def config() -> dict[str, str | None]:
    own = files()
    common = own["config/all.yaml"].replace('template_id: "20002"', 'template_id: "20002", licences: [PLUSS]')
    return {
        **own,
        "config/all.yaml": common,
        "config/more.yaml": MORE,
        "districts/sagene/org_units.yaml": f"# Enhetene i Sagene, gjennomgått i 2025.\n\n{SAGENE}",
        "districts/sagene/access_groups.yaml": "access_groups: {EGEN: {}}\n",
        "districts/sagene/overrides.yaml": "overrides:\n  org_units:\n    OPPV: # gjelder ut året\n      name: Oppvekst og mer # som før\n      reason: Slik\n      owner: Bydelen\n",
        "districts/stovner/org_units.yaml": STOVNER,
        "users/sagene.yaml": f"users:\n  KARNOR: {KARI % 'LAG'}\n  OLANOR: {OLA.replace('role:', 'manages: [OPPV, GRUPPE], role:') % 'OPPV'}\n",
        "users/stovner.yaml": f"users:\n  PERNOR: {OLA.replace('la', 'er').replace('OLA', 'PER').replace('olanor', 'pernor').replace('role:', 'manages: [OPPV], role:') % 'OPPV'}\n",
        "map.yaml": MAP,
    }


@pytest.fixture(scope="module")
def reformed(sandbox33: object, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """The town with its new config beside the old one."""
    town = applied(tmp_path_factory.mktemp("reformed"), sandbox33, config())
    town("reform", "plan", "map.yaml", "--into", "ny", "--save-plan", "reform.plan.json", "--rehearse")
    return town


def read(town: Town, name: str) -> str:
    return (town.root / "ny" / name).read_text(encoding="utf-8")


def report(town: Town) -> Any:
    return json.loads(town("reform", "plan", "map.yaml", "--format", "json")[0])


def test_two_units_with_one_key_and_two_with_one_name(reformed: Town) -> None:
    units = read(reformed, "districts/oest/org_units.yaml")
    assert "BH-ASKELADDEN-SA:" in units and "org_unit/sagene/SA-BH-ASKELADDEN, org_unit/frogner/FR-BH-GML" in units
    told = report(reformed)["collisions"]
    assert (
        "org_unit/stovner/SR-BH-ASKELADDEN and org_unit/sagene/SA-BH-ASKELADDEN would have one key in Bydel Øst: "
        "the second becomes OE-BH-ASKELADDEN-SA"
    ) in told
    assert "Bydel Øst has 2 units with the name Den nye barnehagen: OE-BH-ASKELADDEN, OE-BH-NYE" in told
    assert "unit: BH-ASKELADDEN-SA" in read(reformed, "districts/oest/sub_orgs.yaml")


def test_two_leaders_two_abbreviations_and_two_exceptions(reformed: Town) -> None:
    told = report(reformed)["collisions"]
    assert "Oppvekst of Bydel Øst has 2 leaders, one of each unit that merges: OLANOR, PERNOR" in told
    assert "Oppvekst of Bydel Øst has two heads: PERNOR stays it, and OLANOR is left out" in told
    assert "manages: [OPPV]" in read(reformed, "users/oest.yaml") and "GRUPPE" not in read(reformed, "users/oest.yaml")
    assert "mail_group: SA-EGEN" in read(reformed, "districts/oest/org_units.yaml")  # its members distribute on
    assert "The abbreviation BSA ends with SA-BYDEL; BOE is the one that remains" in told
    assert (
        "Bydel Stovner and Bydel Sagene have different exceptions of INN: that of Bydel Stovner is taken for Bydel Øst"
        in told
    )
    assert "oest:" in read(reformed, "config/more.yaml") and "Bare papir" in read(reformed, "config/more.yaml")
    assert (
        "SA-OPPV has something of its own today, and Bydel Øst does not take it over" in report(reformed)["decisions"]
    )


def test_comments_of_districts_own_files_go_along(reformed: Town) -> None:
    units = read(reformed, "districts/oest/org_units.yaml")
    above = ("  # Samlingen kom til i 2019:", "  # se sak 19/7", "  # staben vet mer")
    assert "\n".join((*above, "  SAMLING:")) in units
    assert units.count("# Enhetene i Sagene, gjennomgått i 2025.\n") == 1
    merged = read(reformed, "districts/oest/retire.yaml")  # the other district's override holds there
    assert "  # gjelder ut året\n  # som før\n  org_unit/sagene/SA-OPPV:" in merged


def test_comments_are_put_above_the_entries_that_they_belong_to() -> None:
    header, by_entry = comments_by_entry(
        "# av filen\n\noverrides:\n  org_units:\n    # over\n    OPPV: {name: X} # bak\n  sub_orgs:\n    OPPV: {} # en annen\n"
    )
    assert header == ["# av filen"]
    assert by_entry["overrides", "org_units", "OPPV"] == ["# over", "# bak"]
    text = "overrides:\n  org_units:\n    OPPV:\n      OPPV: y\n  sub_orgs:\n    OPPV: {}\n"
    wanted = {path: found for path, found in by_entry.items() if len(path) == 3}
    assert with_comments(text, wanted) == (
        "overrides:\n  org_units:\n    # over\n    # bak\n    OPPV:\n      OPPV: y\n  sub_orgs:\n    # en annen\n    OPPV: {}\n"
    )
    assert comments_by_entry("# bare en linje\n") == ([], {}) and comments_by_entry("a: [") == ([], {})


def test_a_finding_is_about_the_new_districts(reformed: Town) -> None:
    assert "districts: [oest]" in read(reformed, "config/more.yaml")


def test_a_unit_that_is_split_off_takes_what_is_below_it_and_its_people_along(reformed: Town) -> None:
    units = read(reformed, "districts/frogner/org_units.yaml")
    assert "GRUPPE:" in units and "LAG:" in units and "parent: GRUPPE" in units and "SAMLING" not in units
    assert "KARNOR" in read(reformed, "users/frogner.yaml") and "KARNOR" not in read(reformed, "users/oest.yaml")
    decisions = report(reformed)["decisions"]
    assert "FR-GRUPPE leaves what it belonged to behind: where does it belong in Bydel Frogner?" in decisions
    assert "Units that leave Bydel Sagene for Bydel Frogner: 1. Who of the other 1 users goes along?" in decisions
    assert (reformed.root / "ny/users/frogner.yaml").stat().st_mode & 0o077 == 0
    assert "/users/" in read(reformed, ".gitignore")


def test_seats_are_conserved_and_a_shortage_is_shown(reformed: Town) -> None:
    (pool,) = report(reformed)["licences"]
    assert (pool["allotted_before"], pool["allotted_after"]) == (13, 13)
    assert pool["districts"] == {
        "oest": {"allotted": 11, "needed": 2, "missing": 0},
        "frogner": {"allotted": 2, "needed": 0, "missing": 0},
    }


def test_what_keeps_its_key_has_no_earlier_one_and_groups_stay_beside(reformed: Town) -> None:
    assert "previously" not in (reformed.root / "ny/districts/frogner/district.yaml").read_text(encoding="utf-8")
    assert not (reformed.root / "ny/districts/frogner/overrides.yaml").exists()
    kept = read(reformed, "config/access_groups_before_reform.yaml")
    assert all(name in kept for name in ("SA-LESERE", "SR-LESERE", "SA-EGEN")) and "FR-LESERE" not in kept
    assert "EGEN" in read(reformed, "districts/oest/access_groups.yaml")


def test_the_saved_plan_is_the_plan_of_the_new_config(reformed: Town) -> None:
    document = json.loads((reformed.root / "reform.plan.json").read_text(encoding="utf-8"))
    assert {c["kind"] for c in document["changes"] if c["action"] == "create"} == {"access_group", "sub_org"}
    assert reformed.websak.effects() == []


def test_alternatives_side_by_side_in_every_format(reformed: Town) -> None:
    other = MAP.replace("name: Prøve", "name: '=Annen'").replace("units: [org_unit/sagene/GRUPPE]", "units: []")
    (reformed.root / "other.yaml").write_text(other, encoding="utf-8")
    table = reformed("reform", "compare", "map.yaml", "other.yaml")[0]
    assert "Prøve" in table and "=Annen" in table and all(label in table for label in LABELS.values())
    both = json.loads(reformed("reform", "compare", "map.yaml", "other.yaml", "--format", "json")[0])["alternatives"]
    assert [a["measures"]["districts_after"] for a in both] == [2, 2]
    assert list(both[0]["measures"]) == list(LABELS)
    page = reformed("reform", "compare", "map.yaml", "other.yaml", "--format", "html")[0]
    assert page.startswith("<!doctype html>") and '<html lang="nb">' in page
    assert "Enheter som slås sammen med en annen" in page and "Må avgjøres" in page and "<script" not in page
    assert not [name for name in ("Kari", "Ola", "Nordmann") if name in page]
    reformed("reform", "compare", "map.yaml", "other.yaml", "--format", "xlsx", "--out", "reform.xlsx")
    book = load_workbook(reformed.root / "reform.xlsx")
    assert book.sheetnames[:3] == ["Side by side", "Districts 1", "Licences 1"]
    rows = list(book["Side by side"].values)
    assert rows[0] == ("what", "Prøve", "=Annen") and rows[1] == ("Districts before", 3, 3)
    assert book["Side by side"]["C1"].data_type == "s"


def test_every_sentence_has_its_bokmaal(reformed: Town) -> None:
    from ast import Constant, keyword, parse, walk
    from inspect import getsource

    from websakctl.operations.reform import what_if

    notes = {
        n.value.value
        for n in walk(parse(getsource(what_if)))
        if isinstance(n, keyword) and n.arg == "english" and isinstance(n.value, Constant)
    }
    assert len(notes) > 12 and sorted({*notes, *LABELS.values()} - BOKMAAL.keys()) == []
