"""Who may administer: what the lock-out guard needs to know of live users, and no more."""

from websakctl.model.address import Address
from websakctl.record import record


@record
class Administrator:
    """An active user with system administration (access function 0), and the org unit it belongs to."""

    code: str
    unit: Address | None
