"""A kind says all about itself; everything else reads it from here."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from websakctl.model.entry import Entry, Field, fields_of
from websakctl.model.marks import (
    ConfigOnly,
    CreateOnly,
    DefaultsToKey,
    Essential,
    Held,
    Kept,
    Key,
    NamesPeople,
    Overridable,
    Ref,
    Stepwise,
    Unique,
    WriteOnly,
)

Mark = TypeVar("Mark")


class Named(Entry, frozen=True, kw_only=True):
    """What has a key that may change: ``previously`` names the old ones, so that it is renamed and not recreated.

    An entry is a key of the same district, or an address of another: then it moves. An empty list says that it is new,
    however much it looks like something that left. Of what config/ gives each district, a district says it in an override.
    ``status: example``: somebody made it up to have something to plan with; it passes no gate, and pages count it apart.
    """

    previously: Annotated[list[str] | None, ConfigOnly(), Overridable()] = None
    status: Annotated[Literal["example"] | None, ConfigOnly()] = None


class Api(StrEnum):
    """Which API carries a kind (README says so to users)."""

    USER = "user"
    SETUP = "setup"
    MANUAL = "manual"  # none: people set it, and say that they have
    CONFIG = "config"  # none needed: it steers this tool, and is neither sent nor compared


class Scoping(StrEnum):
    """Where a kind may live."""

    BASE = "base"  # one list for all districts
    DISTRICT = "district"  # each district's own
    BOTH = "both"


class Removal(StrEnum):
    """What happens when a resource leaves the config."""

    DEACTIVATE = "deactivate"  # retired: kept by the server, switched off
    DELETE = "delete"  # has no history: taken away
    MANUAL = "manual"  # the API offers nothing: a step for a person


class Kind(
    msgspec.Struct, frozen=True, kw_only=True, dict=True
):  # dict: the cached properties are asked for every resource
    """A kind of resource.

    ``endpoint`` names the adapter (User API) or the collection path (Setup API). ``local_keys``: in a district the YAML key
    gets the district's prefix. ``root_key`` is the local key that is the top of each district's tree, and the default of ``parent``.
    """

    name: str
    plural: str
    model: type[Entry]
    api: Api
    endpoint: str
    scoping: Scoping
    on_removal: Removal
    title: str  # one line for people
    example: str  # YAML
    local_keys: bool = False
    root_key: str | None = None
    label: str = "name"  # the field that tells a reader which one it is
    merges: bool = True  # whether two districts that become one need only one of what config/ gives each
    renames: bool = True  # whether the API can change a key in place
    reactivates: bool = True  # whether the API can bring back what was retired
    observed: bool = False  # only looked at: what the API cannot change is a difference too
    open_cases: str = ""  # what people must find out before one is retired, as no API tells it
    key_mirror: str | None = None  # a field of the live object that must equal the key, though nobody writes it in YAML

    @property
    def fields(self) -> Mapping[str, Field]:
        """The model's fields by name, the key among them."""
        return fields_of(self.model)

    def _marked(self, mark: type[Mark]) -> dict[str, Mark]:
        return {
            name: result for name, field in self.fields.items() for result in field.marks if isinstance(result, mark)
        }

    @cached_property
    def key_field(self) -> str:
        """The model's field that is the key."""
        return next(iter(self._marked(Key)))

    @cached_property
    def references(self) -> dict[str, Ref]:
        """References by field name."""
        return self._marked(Ref)

    @cached_property
    def holds(self) -> dict[str, Held]:
        """Fields whose values hold keys of others, by field name."""
        return self._marked(Held)

    @cached_property
    def overridable(self) -> frozenset[str]:
        """Fields that a district may override."""
        return frozenset(self._marked(Overridable))

    @cached_property
    def unique(self) -> tuple[str, ...]:
        """Fields whose values stand once."""
        return tuple(self._marked(Unique))

    @cached_property
    def create_only(self) -> frozenset[str]:
        """Fields that the API cannot change."""
        return frozenset() if self.observed else frozenset(self._marked(CreateOnly))

    @cached_property
    def write_only(self) -> frozenset[str]:
        """Fields that the API takes and never tells."""
        return frozenset(self._marked(WriteOnly))

    @cached_property
    def needed_to_replace(self) -> frozenset[str]:
        """Fields that a replacing write must hold, as it would erase them."""
        return frozenset(name for name, mark in self._marked(WriteOnly).items() if mark.needed)

    @cached_property
    def essential(self) -> frozenset[str]:
        """Fields without which none is made: without the mirror of its key, nobody would find it again."""
        return frozenset({*self._marked(Essential), *([self.key_mirror] if self.key_mirror is not None else [])})

    @cached_property
    def names_people(self) -> frozenset[str]:
        """Fields in which somebody may be named."""
        return frozenset(self._marked(NamesPeople))

    @cached_property
    def stepwise(self) -> frozenset[str]:
        """Fields that have requests of their own."""
        return frozenset(self._marked(Stepwise))

    @property
    def placed_by_us(self) -> bool:
        """Whether only config and journal say which district one belongs to: the User API tells neither it nor a prefix."""
        return self.api is Api.USER and not self.local_keys

    @cached_property
    def config_only(self) -> frozenset[str]:
        """Fields that never leave the config."""
        return frozenset(self._marked(ConfigOnly))

    @cached_property
    def defaults_to_key(self) -> tuple[str, ...]:
        """Fields whose default is the full key."""
        return tuple(self._marked(DefaultsToKey))

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """Values of the fields that are omitted, without those that are then kept as they are."""
        kept = self._marked(Kept)
        return {
            name: field.omitted()
            for name, field in self.fields.items()
            if not (name == self.key_field or name in self.config_only or name in kept or field.required)
        }

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """Fields that are left as they are when they are omitted."""
        return tuple(self._marked(Kept))

    @cached_property
    def own_references(self) -> tuple[tuple[str, Ref], ...]:
        """References to what is the district's own."""
        return tuple((name, ref) for name, ref in self.references.items() if ref.same_scope)

    @cached_property
    def managed_fields(self) -> tuple[str, ...]:
        """Fields that are compared and sent, without the key."""
        return tuple(f for f in self.fields if f != self.key_field and f not in self.config_only)

    @property
    def shared(self) -> bool:
        """Whether one resource of this kind touches every district."""
        return self.scoping is Scoping.BASE

    def replace(self, **changes: Any) -> "Kind":
        """Copy with changes (for tests)."""
        return msgspec.structs.replace(self, **changes)


Kinds = Mapping[str, Kind]


def set_by_people(kinds: Kinds, *, setup_api: bool) -> dict[str, Kind]:
    """The kinds that no API carries, or none here."""
    by_hand = {Api.MANUAL} if setup_api else {Api.MANUAL, Api.SETUP}
    return {name: kind for name, kind in kinds.items() if kind.api in by_hand}


def referred(kind: Kind, fields: Mapping[str, Any]) -> list[tuple[str, Ref, str]]:
    """List what ``fields`` refer to, as (field, mark, key); lists and mapping keys give one each."""
    result: list[tuple[str, Ref, str]] = []
    for name, ref in kind.references.items():
        value = fields.get(name)
        if value is None:
            continue
        if isinstance(value, str):
            result.append((name, ref, value))
        else:
            result.extend((name, ref, key) for key in value)
    return result
