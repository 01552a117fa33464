"""The four places that are compared, and what each was heard to say."""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

import msgspec

from websakctl.consistency.business_register import Registered
from websakctl.consistency.receiving import Receiving
from websakctl.consistency.websak import LiveRoute, LiveUnit
from websakctl.model.types import organisation_number


class Source(StrEnum):
    """A place that holds units or numbers."""

    CONFIG = "config"
    WEBSAK = "websak"
    REGISTER = "business-register"
    FIKS = "fiks"

    @property
    def called(self) -> str:
        """What people call it."""
        return _CALLED[self]


_CALLED = {
    Source.CONFIG: "the config",
    Source.WEBSAK: "Websak",
    Source.REGISTER: "the business register",
    Source.FIKS: "KS Fiks",
}


class InWebsak(msgspec.Struct, frozen=True, kw_only=True):
    """What Websak has.

    Args:
        asked: An address, or the files.
        units: ``None``: not known, and ``no_units`` says why.
        routes: Of numbers; ``None``: not known, and ``no_routes`` says why.
        whole_units: Whether what is not among the units is not in Websak.
        whole_routes: The same of routes.
    """

    asked: str = ""
    units: tuple[LiveUnit, ...] | None = None
    routes: tuple[LiveRoute, ...] | None = None
    no_units: str = ""
    no_routes: str = ""
    whole_units: bool = True
    whole_routes: bool = True


class InRegister(msgspec.Struct, frozen=True, kw_only=True):
    """What the business register has.

    Args:
        asked: An address, or the files.
        below: What stands below each district that was looked through, by slug.
        others: Numbers that were looked up by themselves.
        why_not: Why nothing of it is known; empty: it is.
        notes: What was not looked at, and why.
        unseen: Numbers that it could not tell of.
    """

    asked: str = ""
    below: Mapping[str, Collection[Registered]] = {}
    others: Mapping[str, Registered] = {}
    why_not: str = ""
    notes: tuple[str, ...] = ()
    unseen: frozenset[str] = frozenset()

    def by_number(self) -> dict[str, Registered]:
        """All that it said, by number."""
        return {unit.orgnr: unit for units in self.below.values() for unit in units} | dict(self.others)


class InFiks(msgspec.Struct, frozen=True, kw_only=True):
    """What KS Fiks has.

    Args:
        asked: An address, or the file.
        registered: By number that was asked about; one that is not there is not known.
        types: Message types that KS lists; ``None``: not known.
        why_not: Why nothing of it is known; empty: it is.
    """

    asked: str = ""
    registered: Mapping[str, tuple[Receiving, ...]] = {}
    types: frozenset[str] | None = None
    why_not: str = ""


def numbers_of(units: Iterable[LiveUnit], routes: Iterable[LiveRoute]) -> set[str]:
    """The organisation numbers that Websak names."""
    of_units = (organisation_number(unit.number or "") for unit in units if unit.active)
    return {number for number in of_units if number} | {route.orgnr for route in routes}
