"""A plan split for a canary, and how a plan made again deviates from what was approved."""

import pytest

from websakctl.model.address import Address
from websakctl.plan.change import Action, Change, FieldChange
from websakctl.plan.deviations import deviations
from websakctl.plan.selection import split_canary


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
    split = split_canary([BASE, OTHER, FIRST, ALONE], "frogner")
    assert split.first == (BASE, FIRST)
    assert split.rest == (OTHER, ALONE)


def test_a_canary_with_nothing_to_do_leaves_all_to_the_rest() -> None:
    assert split_canary([OTHER, ALONE], "frogner") == split_canary((OTHER, ALONE), "ullern")
    assert split_canary([OTHER], "frogner").first == ()


def test_the_same_changes_in_another_order_are_what_was_approved() -> None:
    assert deviations([OTHER, ALONE], [ALONE, OTHER]) == ()


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
    assert [d.how for d in deviations([OTHER], now)] == [how]
