"""What is retired on purpose: why, and what takes over what depends on it."""

import msgspec

from websakctl.model.address import Address


class Retirement(msgspec.Struct, frozen=True, kw_only=True):
    """Why something goes, and its heir; without one, what depends on it must go or be pointed elsewhere first."""

    reason: str
    heir: Address | None = None
