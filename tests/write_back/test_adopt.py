"""Adopt: what is live and not in the config gets entries, after which a plan has nothing to do for it."""

from typing import Any

from .conftest import Repository


def test_each_is_written_into_the_file_that_has_its_like(
    applied: Repository, environment: Any, repository: Any
) -> None:
    more = dict(applied.texts())
    more["districts/sagene/org_units.yaml"] += (
        "  BH-BJOELSEN: {name: Bjølsen barnehage}\n  KULT: {name: Kultur, parent: BYDEL, unit_type: Avd}\n"
    )
    more["districts/frogner/sub_orgs.yaml"] = (
        'sub_orgs:\n  "975016684": {name: Frogner barnehage, unit: BHG, channel: altinn, readers: [Styrer], daily_routine: Hver dag}\n'
    )
    more["config/org_units.yaml"] += (
        "org_units:\n  FELLES: {name: Felles, unit_type: Etat}\n  FELLES-IT: {name: IT, parent: FELLES}\n"
    )
    other = repository(more, "other")
    other("apply", "--auto-approve")
    before = applied.texts()
    assert applied.plan()["summary"]["unmanaged"] == 5 + 2

    applied("adopt", "--district", "sagene", "--auto-approve")
    applied("adopt", "org_unit/base/FELLES-IT", "sub_org/frogner/*", "--auto-approve")

    assert applied.changed_from(before) == {
        "config/org_units.yaml": [
            "+org_units:",
            "+  FELLES: {name: Felles, unit_type: Etat}",
            "+  FELLES-IT: {name: IT, parent: FELLES}",
        ],
        "districts/sagene/org_units.yaml": [
            "+  BH-BJOELSEN: {name: Bjølsen barnehage}",
            "+  KULT: {name: Kultur, parent: BYDEL, unit_type: Avd}",
        ],
        "districts/frogner/sub_orgs.yaml": [
            f"+{line}" for line in more["districts/frogner/sub_orgs.yaml"].splitlines()
        ],
    }
    plan = applied.plan()
    assert (plan["changes"], plan["summary"]["unmanaged"]) == ([], 2)
    applied("fmt", "--check", str(applied.root / "districts"))


def test_what_cannot_be_an_entry_is_named_and_left(applied: Repository, environment: Any) -> None:
    outcome = applied("adopt", "access_group/*", "--auto-approve", "--format", "json")
    assert {w["address"] for w in outcome.json["written"]} == {
        "access_group/base/Alle brukere",
        "access_group/base/Postmottak",
    }
    assert "matches nothing" in applied("adopt", "org_unit/base/NIX", "--auto-approve", code=64).err
    assert "in the config already" in applied("adopt", "access_group/base/BYARKIVET", "--auto-approve", code=64).err
    assert "specify what to adopt" in applied("adopt", code=64).err


def test_all_takes_what_differs_and_what_is_new(applied: Repository, environment: Any) -> None:
    environment.edit("licence", "WEBSAK-PLUS", bought=120)
    applied("pull", "--all", "--auto-approve")
    plan = applied.plan()
    assert (plan["changes"], plan["summary"]["unmanaged"]) == ([], 0)
    assert "Alle brukere: {}" in applied.text("config/access.yaml")
