"""What a config repository comes to: the desired state, and where each part of it was written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from websakctl.diagnostics import Diagnostic, Position, errors_in
from websakctl.kinds import Model, all_kinds, entries, kind_of
from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.model.resource import Resource, State
from websakctl.model.retirement import Retirement
from websakctl.model.typed import Typed
from websakctl.source.documents import Document
from websakctl.source.policy_entry import PolicyEntry
from websakctl.source.settings_file import SettingsFile
from websakctl.source.tree import Map


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """Where a district is described."""

    slug: str
    document: Document | None = None  # ``None``: nowhere, as it should be
    section: str = ""

    def position(self) -> Position:
        """The section's key, or the start of where it should be."""
        if self.document is None:
            return Position(f"districts/{self.slug}/district.yaml")
        return self.document.key_position(self.document.top.spans, self.section)


@dataclass(slots=True, eq=False)
class Origin:
    """Where a resource was written: its section's mapping, its key there, and what overrides or instantiates it."""

    document: Document
    section: Map
    key: str
    override: tuple[Document, Map, str] | None = None  # the section of overrides and the key in it
    described: Described | None = None  # the district that instantiated a template
    defaults: tuple[Map, str] | None = None  # the file's defaults, and the section in them that speaks of the kind

    @property
    def made_for(self) -> Position | None:
        """Where the district that instantiated the template is described."""
        return self.described.position() if self.described is not None else None

    def position(self) -> Position:
        """Where the key stands."""
        return self.document.key_position(self.section.spans, self.key)

    def of_field(self, name: str) -> Position:
        """Where the field's value stands; the key where the field is omitted."""
        if self.override is not None:
            document, section, key = self.override
            fields = section.get(key)
            if isinstance(fields, Map) and name in fields.spans:
                return document.value_position(fields.spans, name)
        fields = self.section.get(self.key)
        if isinstance(fields, Map) and name in fields.spans:
            return self.document.value_position(fields.spans, name)
        if self.defaults is not None and name in (shared := self.defaults[0][self.defaults[1]]).spans:
            return self.document.value_position(shared.spans, name)
        return self.position()


@dataclass(slots=True, eq=False)
class Configuration:
    """The desired state and all findings of a repository."""

    state: State = field(default_factory=dict)
    own: State = field(default_factory=dict)  # of kinds that steer the tool and are never compared (``Api.CONFIG``)
    origins: dict[Address, Origin] = field(default_factory=dict)
    protected: set[Address] = field(default_factory=set)
    previously: dict[Address, tuple[Address, ...]] = field(
        default_factory=dict
    )  # old names; none: it is new for certain
    retirements: dict[Address, Retirement] = field(default_factory=dict)  # what goes on purpose, with its heir
    dormant: State = field(default_factory=dict)  # who starts later, or has left: not in the state on this day
    config_only: dict[Address, dict[str, Any]] = field(default_factory=dict)  # fields that never leave the config
    policies: dict[str, PolicyEntry] = field(default_factory=dict)
    districts: dict[str, District] = field(default_factory=dict)
    with_users: set[str] = field(default_factory=set)  # districts whose users are managed: those that list them
    settings: SettingsFile = field(default_factory=SettingsFile)
    findings: list[Diagnostic] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)  # by file, as they may be shown
    files: int = 0  # how many hold it
    broken: State = field(default_factory=dict)  # written, but not valid, each with the references that can be read
    described: set[str] = field(default_factory=set)  # slugs of all district folders, valid or not
    lost: set[str] = field(default_factory=set)  # texts of the files that could not be read, for the same reason
    hidden: set[str] = field(default_factory=set)  # keys below sections that nobody knows, for the same reason
    unsure: set[str] = field(
        default_factory=set
    )  # districts whose own facts are wrong: what follows from them is not told
    by_kind: dict[str, dict[Address, Resource]] = field(default_factory=dict, repr=False, compare=False)  # see of_kind

    def of_kind(self, *names: str) -> Mapping[Address, Resource]:
        """The resources of these kinds, told apart once for all who look at some; empty ``by_kind`` when the state changes."""
        if not self.by_kind:
            for address, resource in self.state.items():
                self.by_kind.setdefault(address.kind, {})[address] = resource
        if len(names) == 1:
            return self.by_kind.get(names[0], {})
        return {address: resource for name in names for address, resource in self.by_kind.get(name, {}).items()}

    def entries(self, model: type[Model]) -> Iterator[Typed[Model]]:
        """The resources of one kind, each with its fields as the kind's class."""
        return entries(model, self.of_kind(kind_of(model).name))

    def having(self, *fields: str) -> Mapping[Address, Resource]:
        """The resources of all kinds that have one of these fields."""
        return self.of_kind(*(n for n, kind in all_kinds().items() if not kind.fields.keys().isdisjoint(fields)))

    @property
    def whole(self) -> State:
        """All resources, the tool's own too."""
        return {**self.state, **self.own} if self.own else self.state

    @property
    def examples(self) -> frozenset[Address]:
        """What is marked ``status: example``: nobody has confirmed it."""
        return frozenset(a for a, fields in self.config_only.items() if fields.get("status") == "example")

    @property
    def sensitive_codes(self) -> frozenset[str]:
        """Access codes that are marked ``sensitive``."""
        return frozenset(
            a.key for a, fields in self.config_only.items() if a.kind == "access_code" and fields.get("sensitive")
        )

    def may_be_unread(self, key: str) -> bool:
        """Whether a key may stand in what could not be read, so that nobody can say that it is missing."""
        return key in self.hidden or any(key in text for text in self.lost)

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong enough to stop a plan."""
        return errors_in(self.findings) == 0

    def position_of(self, address: Address) -> Position | None:
        """Where a resource was written, if it is in the config."""
        origin = self.origins.get(address)
        return origin.position() if origin else None
