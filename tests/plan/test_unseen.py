"""A plan from an empty journal counts what may be removals, and says how many objects are not in the config."""

from websakctl.model.address import Address
from websakctl.plan.unseen import unseen_removals


def test_only_what_hangs_in_districts_counts() -> None:
    root, unit = Address("org_unit", "base", "OSLO"), Address("org_unit", "frogner", "FR-GAMMEL")
    both = unseen_removals([root, unit], "prod")
    assert (both.allowance, both.message) == (
        "unseen-removals=1",
        "removals cannot be seen: this journal has no run to prod, and 2 live objects are not in the config",
    )
    alone = unseen_removals([root], "prod")
    assert alone.count == 0
    assert "1 live object is not" in alone.message
