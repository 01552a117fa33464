"""What is really there: units without an external id are matched by name and place, and only their id is written."""

import json

from .town import UNITS, Town

OWN = "districts/frogner/org_units.yaml"
ENTRIES = UNITS + (
    "  BARN: {name: Barnehageenheten}\n"
    "  BH-TROLL: {name: Trollet barnehage, parent: BARN}\n"
    "  BH-NISSE: {name: Nissen barnehage, parent: BARN}\n"
    "  KORT: {name: Helt annet navn, abbreviation: KRT}\n"
)


def by_hand(town: Town) -> dict[str, str]:
    """Make units as somebody did before there were keys, two of them alike; their ids by code."""
    town.write(
        {OWN: ENTRIES.replace("BH-NISSE", "BH-NISSE2") + "  BH-NISSE3: {name: Nissen barnehage, parent: BARN}\n"}
    )
    town.apply()
    for number, key in enumerate(("BARN", "BH-TROLL", "BH-NISSE2", "BH-NISSE3", "KORT")):
        short = "KRT" if key == "KORT" else f"GML{number}"
        name = {"name": "Noe annet"} if key == "KORT" else {}
        town.websak.edit(
            "department", f"FR-{key}", **name, externalId=None, code=f"G{number}", abbreviation=short, phone="22"
        )
    (town.root / ".websakctl" / "journal.db").unlink()  # nobody here made them
    return {row["code"]: id_ for id_, row in town.units().items() if str(row["code"]).startswith("G")}


def test_matches_are_proposed_with_evidence_and_only_the_external_id_is_written(town: Town) -> None:
    ids = by_hand(town)
    before = town.units()
    town.write({OWN: ENTRIES})
    rows = json.loads(
        town("adopt", "--match", "--district", "frogner", "--out", "match.plan.json", "--format", "json")[0]
    )
    by_address: dict[str, list[dict[str, str]]] = {}
    for row in rows["items"]:
        by_address.setdefault(row["address"], []).append(row)
    reported = {address: [(r["id"], r["evidence"]) for r in several] for address, several in by_address.items()}
    assert reported["org_unit/frogner/FR-BARN"] == [(ids["G0"], "same name under the same parent, FR-BYDEL")]
    assert reported["org_unit/frogner/FR-BH-TROLL"] == [(ids["G1"], "same name under the same parent, FR-BARN")]
    assert reported["org_unit/frogner/FR-KORT"] == [(ids["G4"], "same abbreviation KRT")]
    assert {id_ for id_, _ in reported["org_unit/frogner/FR-BH-NISSE"]} == {ids["G2"], ids["G3"]}  # side by side
    town("apply", "match.plan.json", "--auto-approve")
    after = town.units()
    expected = {ids["G0"]: "FR-BARN", ids["G1"]: "FR-BH-TROLL", ids["G4"]: "FR-KORT"}
    for id_, row in before.items():
        assert after[id_] == {**row, "externalId": expected.get(id_, row["externalId"])}
    assert after.keys() == before.keys()


def test_rollout_check_sends_to_what_can_help(town33: Town) -> None:
    by_hand(town33)
    town33.write({OWN: ENTRIES, "config/gates.yaml": "gates:\n  TRE: {name: Organisasjonstre, check: org-tree}\n"})
    out, _ = town33("rollout", "check", "PULJE-2", "--format", "json", code=4)
    assert "websakctl adopt --match --district frogner" in out
    assert "websakctl adopt --district frogner" not in out
    assert "FR-BARN" in town33("adopt", "--match", "--district", "frogner")[0]


def test_pull_all_recognises_the_districts_in_a_repository_that_init_made(
    town33: Town, tmp_path_factory: object
) -> None:
    root = tmp_path_factory.mktemp("made")  # type: ignore[attr-defined]
    created = Town(root, town33.websak)
    created("init", ".")
    out, err = created("pull", "--all", "--auto-approve", "--reason", "Slik er det", "--owner", "Byarkivet")
    assert "3 districts recognised in Websak" in err
    assert sorted(p.name for p in (root / "districts").iterdir()) == ["frogner", "sagene", "stovner"]
    assert "BH-ASKELADDEN" in (root / "districts/sagene/org_units.yaml").read_text(encoding="utf-8")
    assert "SA-BH-ASKELADDEN" not in "".join(p.read_text(encoding="utf-8") for p in (root / "config").glob("*.yaml"))
    assert out
