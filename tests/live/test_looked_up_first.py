"""Where no lease keeps others out, a unit is looked up by its natural key right before it is created."""

import pytest

from websakctl.live.errors import Refused

from .conftest import Websak, unit

FIELDS = {"name": "Nytt", "parent": None}


def test_a_unit_that_somebody_made_meanwhile_is_not_made_twice(websak: Websak) -> None:
    key = unit("FR-NY")
    with websak.reader(setup_url="") as reader:
        reader.read()
        with websak.writer(reader, setup_url="") as one, websak.writer(reader, setup_url="") as other:
            one.of("org_unit").create(key, FIELDS, "a")
            with pytest.raises(Refused, match="FR-NY is there already: plan again"):
                other.of("org_unit").create(key, FIELDS, "b")
    assert websak.effects() == [("department.create", "FR-NY")]


def test_where_a_lease_keeps_others_out_nothing_is_asked_twice(websak33: Websak) -> None:
    with websak33.reader() as reader:
        reader.read()
        with websak33.writer(reader) as writer:
            before = writer.traffic.requests
            writer.of("org_unit").create(unit("FR-NY"), FIELDS, "a")
            assert writer.traffic.requests == before + 1
