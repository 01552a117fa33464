"""All that a plan is decided from, besides live."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.model.kind import Kind
from websakctl.model.resource import State
from websakctl.model.retirement import Retirement
from websakctl.plan.change import SourceLine
from websakctl.plan.diff import AcceptedNormalisations, LastApplied
from websakctl.plan.guards import RemovalLimits
from websakctl.plan.selection import Selection


class Desired(Protocol):
    """What a plan is made towards: the configuration, or a state that was."""

    @property
    def state(self) -> State:
        """The desired resources."""

    @property
    def districts(self) -> Mapping[str, District]:
        """The districts by slug."""

    @property
    def previously(self) -> Mapping[Address, tuple[Address, ...]]:
        """Old addresses of resources; none: the resource is new for certain."""

    @property
    def retirements(self) -> Mapping[Address, Retirement]:
        """Resources that leave on purpose, with their heirs."""

    @property
    def protected(self) -> set[Address]:
        """Resources whose removal a guard objects to."""


class DesiredState(msgspec.Struct, frozen=True, kw_only=True):
    """A state to plan towards that no configuration says."""

    state: State
    districts: Mapping[str, District] = {}
    previously: Mapping[Address, tuple[Address, ...]] = {}
    retirements: Mapping[Address, Retirement] = {}
    protected: set[Address] = set()


class PeopleOfJournal(Protocol):
    """Tells which users, and which of their values, stand behind the digests of a shared journal."""

    def address(self, address: Address) -> Address:
        """The address with the code that its digest stands for."""

    def value(self, address: Address, path: str, value: Any) -> Any:
        """The value of a user's field that a digest stands for; the digest where nobody knows."""


Config = TypeVar("Config", bound=Desired)


class PlanInput(msgspec.Struct, Generic[Config], frozen=True, kw_only=True):
    """What every plan of one command has in common.

    ``by_hand``: the kinds that people set; ``done_by_hand``: what is known of these, as recorded or as exported.
    ``position``: where a resource was written. ``today``: the day that licences must be valid on; ``None``: that is not
    checked.
    """

    config: Config
    kinds: Mapping[str, Kind]  # those this Websak has an API for
    by_hand: Mapping[str, Kind] = {}
    done_by_hand: State = {}
    known: Mapping[Address, LastApplied] = {}
    journal_empty: bool = False  # nothing was applied to the environment, as far as the journal knows
    accepted: AcceptedNormalisations = {}
    selection: Selection = Selection()
    prune: frozenset[str] = frozenset()
    believe_empty: frozenset[str] = frozenset()  # kinds whose list may be empty though the journal knows some
    keep_manual: bool = False  # leave out what would undo a change that somebody made by hand
    access: bool = False  # say what it does to access, whatever reading that takes
    only: frozenset[Address] | None = None  # changes that may be made, as a saved plan names them; ``None``: all
    unsupported: Mapping[str, frozenset[str]] = {}  # fields by kind that this Websak has no place for
    owners: Mapping[str, str] = {}  # who else writes a kind here: it is compared, and not written
    people_in: Callable[[Iterable[State]], PeopleOfJournal] | None = None  # ``None``: the journal holds no digests
    limits: RemovalLimits = RemovalLimits()
    environment: str = "sandbox"
    protected: bool = False  # the environment is
    position: Callable[[Address], SourceLine | None] = lambda _: None
    warnings: tuple[str, ...] = ()
    today: date | None = None

    def with_by_hand(self, live: State) -> State:
        """What was read, and what is known of what people set."""
        return {**self.done_by_hand, **live} if self.done_by_hand else live
