"""What a plan is made of."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from websakctl.model.address import Address
from websakctl.plan.action import Action as Action


def some(addresses: Iterable[Address], most: int = 3) -> str:
    """Name a few addresses, and count the others."""
    ordered = sorted(addresses)
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(map(str, ordered[:most])) + more


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One field. ``path`` is the field's name; for a mapping ``field.key``; ``active`` and ``scope`` for the resource itself."""

    path: str
    before: Any
    after: Any


class SourceLine(msgspec.Struct, frozen=True, kw_only=True):
    """Where in the config the reason for a change stands; lines and columns from 1."""

    file: str  # path below the root
    line: int
    column: int


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One resource that will differ. ``requires``: changes of this plan that must have been done first."""

    address: Address
    action: Action
    fields: tuple[FieldChange, ...]
    reason: str
    requires: tuple[Address, ...] = ()
    source: SourceLine | None = None
    shared: int = 0  # districts reached, for what lives once in the base
    follows: tuple[tuple[str, int], ...] = ()  # by kind, how many refer to what gets a new key here, or goes
    name: str = ""  # of what goes, as it is called in Websak


def in_words(counts: Iterable[tuple[str, int]]) -> str:
    """Counts by kind: ``2 users and 1 sub_org``."""
    parts = [f"{count} {kind}{'s' * (count != 1)}" for kind, count in sorted(counts, key=lambda c: (-c[1], c[0]))]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def old_address(change: Change) -> Address:
    """Where the resource of a change stands before it: elsewhere if it is renamed or moved."""
    old = {f.path: f.before for f in change.fields if f.path in ("key", "scope")}
    return change.address._replace(**old) if change.action is not Action.CREATE else change.address


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A guard's objection. ``apply`` refuses unless it is allowed by this name and number."""

    guard: str
    count: int
    message: str

    @property
    def allowance(self) -> str:
        """What ``--allow`` must say."""
        return f"{self.guard}={self.count}"


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The same change in one or more districts; values are written with placeholders where the districts differ."""

    kind: str
    action: Action
    key: str  # local key
    fields: tuple[FieldChange, ...]
    scopes: tuple[str, ...]
    addresses: tuple[Address, ...]
    shared: int = 0
    exception: bool = False  # other districts have the same key and another change
    follows: tuple[tuple[str, int], ...] = ()  # of all its changes
    name: str = ""  # of what goes, where it is called the same everywhere


class ManualStep(msgspec.Struct, frozen=True, kw_only=True):
    """Something that no API can do here. ``change``: what to set, where it is people who set the whole kind."""

    address: Address
    what: str
    change: Change | None = None

    @property
    def id(self) -> str:
        """Names the step for as long as what is wanted stays the same, whatever is there now; empty without a change."""
        if self.change is None:
            return ""
        desired = [[f.path, f.after] for f in self.change.fields]
        text = json.dumps([*self.address, self.change.action.removes, desired], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]


class HandChange(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that somebody changed by hand, and what of that a change of the plan would undo: fields, or ``active``."""

    address: Address
    paths: tuple[str, ...]


class CodeEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan does to who reads one access code: how many persons, by scope; ``text`` says it in words.

    ``gained`` and ``lost``: read it at all; ``wider`` and ``narrower``: in more units or in fewer; ``unknown``: nobody can tell.
    ``assumed``: numbers of the rules that it rests on and that nobody has confirmed (docs/access.md).
    """

    code: str
    sensitive: bool
    text: str
    gained: Mapping[str, int]
    lost: Mapping[str, int]
    wider: Mapping[str, int]
    narrower: Mapping[str, int]
    unknown: Mapping[str, int]
    assumed: tuple[int, ...] = ()

    @property
    def widened(self) -> int:
        """Persons who read more, or perhaps do: what is not known counts."""
        return sum(sum(persons.values()) for persons in (self.gained, self.wider, self.unknown))


class AccessEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan does to who can read what. ``why_not``: why that was not computed; empty: it was.

    ``codes``: those that somebody reads otherwise afterwards. ``gaps``: what is not known of those whom it is about, counted.
    """

    why_not: str = ""
    codes: tuple[CodeEffect, ...] = ()
    gaps: tuple[str, ...] = ()


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan was made from besides the config and live: from the same it can be made again.

    ``run``: the run that a rollback plan takes back; empty for any other plan. ``matches``: it only gives live units that are
    the config's their external id.
    """

    districts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    prune: tuple[str, ...] = ()
    run: str = ""
    matches: bool = False
    keep_manual: bool = False  # what would undo a change by hand was left out
    access: bool = False  # what it does to access was asked for


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Live against desired: ``changes`` in the order in which apply does them."""

    environment: str
    changes: tuple[Change, ...]
    groups: tuple[Group, ...]
    unchanged: int
    unmanaged: tuple[Address, ...]
    manual: tuple[ManualStep, ...]
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    digests: Callable[[], tuple[str, str]]  # of config and live; only files need them, and they are not compared
    protected: bool = False  # the environment is production
    scopes: tuple[str, ...] = ()  # every district's slug, for the matrix
    origin: Origin = Origin()
    unseen: str = ""  # what the plan could not see, for its first line
    by_hand: tuple[HandChange, ...] = ()  # what it would undo that somebody did by hand
    access: AccessEffect | None = None  # who can read what afterwards; ``None``: it touches nothing of that

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Plan):
            return NotImplemented
        return all(getattr(self, f) == getattr(other, f) for f in self.__struct_fields__ if f != "digests")

    @property
    def config_digest(self) -> str:
        """Fingerprint of the config that it was planned from."""
        return self.digests()[0]

    @property
    def live_digest(self) -> str:
        """Fingerprint of what was live."""
        return self.digests()[1]

    @property
    def summary(self) -> dict[str, int]:
        """Counts by action, and of what is not a change."""
        counted = {action.value: 0 for action in Action}
        for change in self.changes:
            counted[change.action.value] += 1
        return {**counted, "unchanged": self.unchanged, "unmanaged": len(self.unmanaged), "manual": len(self.manual)}

    @property
    def checked(self) -> int:
        """How many resources were compared."""
        return len(self.changes) + self.unchanged
