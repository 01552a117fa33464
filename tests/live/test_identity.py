"""Which live object is which of ours: by external id, else by code; however its æøå are written."""

from typing import Any
from unicodedata import normalize

import pytest

from websakctl.live.errors import LiveError
from websakctl.model.address import Address
from websakctl.plan.diff import same


def test_two_active_units_with_one_external_id_are_an_error_that_names_both(websak: Any) -> None:
    websak.edit("department", "FR-HELSE", externalId="FR-OPPV")
    with websak.reader() as reader, pytest.raises(LiveError, match=r"external id FR-OPPV \(ids \d+ and \d+\)") as error:
        reader.read()
    assert "clear or change one of them" in error.value.what_next


def test_of_two_units_with_one_external_id_the_active_one_counts(websak: Any) -> None:
    websak.edit("department", "FR-OPPV", validToDate="2020-01-01T00:00:00Z")
    websak.edit("department", "FR-HELSE", externalId="FR-OPPV")
    with websak.reader() as reader:
        units = reader.read(["org_unit"])
    result = units[Address("org_unit", "frogner", "FR-OPPV")]
    assert (result.active, result.fields["name"]) == (True, "Helse og mestring")
    assert sum(address.key.startswith("#") for address in units) == 1
    assert len(units) == 6


def test_a_unit_without_external_id_is_known_by_its_code(websak: Any) -> None:
    with websak.reader() as reader:
        units = reader.read(["org_unit"])
    by_code = units[Address("org_unit", "frogner", "FR-BYDEL")]
    assert by_code.fields["external_id"] is None
    assert units[Address("org_unit", "base", "TEST")].active is False


def test_an_external_id_goes_before_a_code(websak: Any) -> None:
    websak.edit("department", "FR-GAMMEL", code="FR-OPPV")
    with websak.reader() as reader:
        units = reader.read(["org_unit"])
    assert units[Address("org_unit", "frogner", "FR-OPPV")].fields["name"] == "Oppvekst"
    assert "Gammel prosjektenhet" in {unit.fields["name"] for unit in units.values()}


def test_a_units_district_is_its_ancestors(websak: Any) -> None:
    websak.edit("department", "FR-GAMMEL", externalId="EGEN")
    with websak.reader() as reader:
        units = reader.read(["org_unit"])
    assert Address("org_unit", "frogner", "EGEN") in units
    assert Address("org_unit", "base", "PROSJ") in units


def test_parents_that_go_in_a_circle_do_not_hang_the_reading(websak: Any) -> None:
    with websak.reader() as reader:
        units = reader.read(["org_unit"])
        helse = units[Address("org_unit", "frogner", "FR-HELSE")].handle.id
        oppvekst = units[Address("org_unit", "frogner", "FR-OPPV")].handle.id
    websak.edit("department", "FR-OPPV", parentDepartmentId=int(helse))
    websak.edit("department", "FR-HELSE", parentDepartmentId=int(oppvekst))
    with websak.reader() as reader:
        units = reader.read(["org_unit"])
    assert units[Address("org_unit", "frogner", "FR-HELSE")].fields["parent"] == "FR-OPPV"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_key_is_the_same_however_its_letters_are_put_together(form: str, websak33: Any) -> None:
    websak33.edit("department", "FR-OPPV", externalId=normalize(form, "FR-BÅT"), name=normalize(form, "På båten"))
    websak33.edit("access_group", "Postmottak", name=normalize(form, "FR-Råd"))
    websak33.edit("access_code", "Z9", name=normalize(form, "Årlig"))
    unit = Address("org_unit", "frogner", "FR-BÅT")
    code = Address("access_code", "base", "Z9")
    with websak33.reader() as reader:
        state = reader.read()
        assert {unit, code, Address("access_group", "frogner", "FR-Råd")} <= state.keys()
        assert same(state[unit].fields["name"], "På båten")
        assert same(state[code].fields["name"], "Årlig")
        with websak33.writer(reader) as writer:
            writer.of("org_unit").update(state[unit], {"name": "På land"}, unit)
            writer.of("access_code").deactivate(state[code])
    assert [operation for operation, _ in websak33.effects()] == ["department.update", "setup.update"]


def test_a_group_that_ended_gives_way_to_an_active_one_of_its_name(websak: Any) -> None:
    websak.edit("access_group", "Postmottak", to_date="2020-01-01T00:00:00Z")
    with websak.reader() as reader, websak.writer(reader) as writer:
        group = Address("access_group", "base", "Postmottak")
        assert reader.read(["access_group"])[group].active is False
        writer.of("access_group").create(group, {}, "")
        assert reader.read(["access_group"])[group].active is True
        assert reader.find("access_group").find(group).active is True


@pytest.mark.parametrize("root", ["OSLO", "FR-BYDEL"])
def test_the_root_is_the_one_that_is_named(root: str, websak: Any) -> None:
    """By external id, else by code."""
    with websak.reader(root_unit=root) as reader:
        units = reader.read(["org_unit"])
        assert root not in {address.key for address in units}
        assert reader.units.root_id


def test_without_a_name_the_only_top_is_the_root(websak: Any) -> None:
    with websak.reader(root_unit="") as reader:
        assert len(reader.read(["org_unit"])) == 6
    websak.edit("department", "PROSJ", parentDepartmentId=None)
    with websak.reader(root_unit="") as reader, pytest.raises(LiveError, match="2 units at the top"):
        reader.read(["org_unit"])
