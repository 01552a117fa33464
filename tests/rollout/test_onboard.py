"""A plan in two halves, and how one made anew differs from what was approved."""

import pytest

from websakctl.model.address import Address
from websakctl.operations.rollout.onboard import departures, halve
from websakctl.plan.change import Action, Change, FieldChange


def change(scope: str, key: str, *requires: Address, after: str = "x", action: Action = Action.CREATE) -> Change:
    return Change(
        address=Address("org_unit", scope, key),
        action=action,
        fields=(FieldChange(path="name", before=None, after=after),),
        reason="",
        requires=requires,
    )


BASE = change("base", "ROOT")
FIRST = change("frogner", "FR-A", BASE.address)
OTHER = change("sagene", "SA-A", BASE.address)
ALONE = change("sagene", "SA-B")


def test_the_canary_takes_what_it_waits_for_along() -> None:
    halves = halve([BASE, OTHER, FIRST, ALONE], "frogner")
    assert halves.first == (BASE, FIRST)
    assert halves.rest == (OTHER, ALONE)


def test_a_canary_with_nothing_to_do_leaves_all_to_the_rest() -> None:
    assert halve([OTHER, ALONE], "frogner") == halve((OTHER, ALONE), "ullern")
    assert halve([OTHER], "frogner").first == ()


def test_the_same_changes_in_another_order_are_what_was_approved() -> None:
    assert departures([OTHER, ALONE], [ALONE, OTHER]) == ()


@pytest.mark.parametrize(
    ("now", "how"),
    [
        ((), "gone"),
        ((OTHER, ALONE), "new"),
        ((change("sagene", "SA-A", after="y"),), "other"),
        ((change("sagene", "SA-A", action=Action.ACTIVATE),), "other"),
    ],
)
def test_what_comes_goes_or_does_something_else_is_named(now: tuple[Change, ...], how: str) -> None:
    assert [d.how for d in departures([OTHER], now)] == [how]
