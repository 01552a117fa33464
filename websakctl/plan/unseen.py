"""What a plan cannot see, and says so."""

from collections.abc import Iterable

from websakctl.model.address import BASE, Address
from websakctl.plan.change import Finding

UNSEEN_REMOVALS = "unseen-removals"


def unseen_removals(unmanaged: Iterable[Address], environment: str) -> Finding:
    """Object to a plan from an empty journal: what left the config then looks like what was never managed.

    Args:
        unmanaged: Live objects that are not in the config. Its count is of those in districts, which this tool may have
            made; what stands beside them, such as the root unit, was there before.
        environment: Its name.
    """
    every = list(unmanaged)
    are = "objects are" if len(every) != 1 else "object is"
    message = f"removals cannot be seen: this journal has no run to {environment}, and {len(every)} live {are} not in the config"
    count = sum(1 for address in every if address.scope != BASE)
    return Finding(guard=UNSEEN_REMOVALS, count=count, message=message)
