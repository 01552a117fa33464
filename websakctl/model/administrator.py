"""Who may administer: what the lock-out guard needs to know of live users, and no more."""

import msgspec

from websakctl.model.address import Address

ADMINISTRATION = "0"  # the access function that isSystemAdministrator stands for (User API)


class Administrator(msgspec.Struct, frozen=True, kw_only=True):
    """An active user with system administration (access function 0), and the org unit it belongs to."""

    code: str
    unit: Address | None
