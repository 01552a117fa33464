"""Which changes are one, and which only look like it."""

from tests.plan.test_order import plan, state
from tests.strategies import resource
from websakctl.kinds import all_kinds
from websakctl.model.resource import Resource

UNIT = all_kinds()["org_unit"]


def office(scope: str, prefix: str, abbreviation: str) -> Resource:
    return resource(UNIT, scope, f"{prefix}-KONTOR", {"name": "Kontor", "abbreviation": abbreviation})


def test_the_same_but_for_the_prefix_is_one_group() -> None:
    result = plan(state(office("frogner", "FR", "FR-KONT"), office("sagene", "SA", "SA-KONT")), {})
    assert [group.scopes for group in result.groups] == [("frogner", "sagene")]


def test_a_value_that_never_had_the_prefix_is_another() -> None:
    result = plan(state(office("frogner", "FR", "FR-KONT"), office("sagene", "SA", "KONT")), {})
    assert sorted(group.scopes for group in result.groups) == [("frogner",), ("sagene",)]
    assert {f.after for group in result.groups for f in group.fields if f.path == "abbreviation"} == {"FR-KONT", "KONT"}
