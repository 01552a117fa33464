"""A district reform as a map says it: which districts become which, from which day."""

import msgspec

from websakctl.model.address import Address
from websakctl.model.district import District


class NewDistrict(msgspec.Struct, frozen=True, kw_only=True):
    """A district after the reform.

    ``sources``: slugs of the districts that it takes over; what config/ gives every district lives on in the first one's objects.
    ``units``: units that come out of other districts, each with all below it.
    """

    district: District
    sources: tuple[str, ...]
    units: tuple[Address, ...] = ()


class Reform(msgspec.Struct, frozen=True, kw_only=True):
    """The whole map. ``day``: YYYY-MM-DD; ``leader_roles``: user roles that lead a unit; one unit should have one."""

    name: str
    day: str
    owner: str
    leader_roles: tuple[str, ...]
    districts: tuple[NewDistrict, ...]

    def successor_of(self, slug: str) -> NewDistrict:
        """The new district that takes an old one over."""
        return next(new for new in self.districts if slug in new.sources)
