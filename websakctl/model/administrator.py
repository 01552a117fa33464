"""Who may administer: what the lock-out guard needs to know of live users, and no more."""

from dataclasses import dataclass

from websakctl.model.address import Address


@dataclass(frozen=True, slots=True)
class Administrator:
    """An active user with system administration (access function 0), and the org unit it belongs to."""

    code: str
    unit: Address | None
