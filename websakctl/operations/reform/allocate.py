"""Where everything that a district has goes in a reform: what lives on under which address, and what merges into what."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from websakctl.kinds import all_kinds
from websakctl.model.address import BASE, Address
from websakctl.model.district import District
from websakctl.model.kind import Api, Kind
from websakctl.model.reform import NewDistrict, Reform
from websakctl.source.configuration import Configuration
from websakctl.source.placeholders import fill


class Fate(StrEnum):
    """What becomes of an object."""

    LIVES_ON = "lives-on"  # the same object, under its old or a new address
    MERGES = "merges"  # it ends, and ``new`` takes over what depends on it
    BESIDE = "beside"  # it stays as it is, outside any district, since no API can rename it; ``new`` is made beside it


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One object's way. ``template``: config/ makes it for every district; ``local``: its key in the new district's files."""

    old: Address
    new: Address
    fate: Fate
    template: bool
    local: str


class SameKey(msgspec.Struct, frozen=True, kw_only=True):
    """Two objects that would have one key in the same new district; the second was given another."""

    kept: Address
    renamed: Address
    new: Address


class Allocation(msgspec.Struct, frozen=True, kw_only=True):
    """Every object of every old district, by its old address."""

    moves: Mapping[Address, Move]
    same_keys: tuple[SameKey, ...] = ()

    def new_address(self, old: Address) -> Address | None:
        """What stands for an old object afterwards: itself, or what it merges into."""
        move = self.moves.get(old)
        return move.new if move is not None else None


def allocate(config: Configuration, reform: Reform) -> Allocation:
    """Send every resource of the old districts to a new one."""
    return _Allocator(config, reform).allocate()


class _Allocator:
    def __init__(self, config: Configuration, reform: Reform) -> None:
        self.config, self.reform = config, reform
        self.every = {**config.state, **config.own, **config.dormant}
        self.split = dict(_split(config, reform))
        self.taken: dict[tuple[str, str], dict[str, Address]] = {}  # by slug and kind: who has which local key
        self.same_keys: list[SameKey] = []
        self.moves: dict[Address, Move] = {}

    def allocate(self) -> Allocation:
        order = {slug: n for new in self.reform.districts for n, slug in enumerate(new.sources)}
        kinds = all_kinds()
        addresses = [a for a in self.every if a.scope != BASE and kinds[a.kind].name not in _NOT_CARRIED]
        # what config/ makes comes first, and of that the first source's: nothing takes its keys
        addresses.sort(key=lambda a: (not self._template(a), order[a.scope]))
        for address in addresses:
            self.moves[address] = self._move(kinds[address.kind], address)
        return Allocation(moves=self.moves, same_keys=tuple(self.same_keys))

    def _template(self, address: Address) -> bool:
        return self.config.origins[address].described is not None

    def _move(self, kind: Kind, address: Address) -> Move:
        old = self.config.districts[address.scope]
        new = self.split.get(address) or self._with_its_unit(kind, address) or self.reform.successor_of(old.slug)
        template = self._template(address) and new.district.slug == self.reform.successor_of(old.slug).district.slug
        raw = self.config.origins[address].key
        created = fill(raw, new.district.placeholders()) if template else ""
        if not kind.local_keys:
            same = template and created == address.key
            return self._own(kind, address, new, address.key, Fate.LIVES_ON, template=same)
        local = old.local_key(address.key)
        if not template:
            return self._beside_or_own(kind, address, new, local)
        self._take(kind, new, created, address)
        target = Address(kind.name, new.district.slug, new.district.full_key(created))
        if kind.api is Api.USER and not kind.renames and target.key != address.key:
            return Move(old=address, new=target, fate=Fate.BESIDE, template=True, local=created)
        if old.slug == new.sources[0]:
            return Move(old=address, new=target, fate=Fate.LIVES_ON, template=True, local=created)
        if kind.merges:
            return Move(old=address, new=target, fate=Fate.MERGES, template=True, local=created)
        return self._own(kind, address, new, local, Fate.LIVES_ON, template=False)

    def _beside_or_own(self, kind: Kind, address: Address, new: NewDistrict, local: str) -> Move:
        same = new.district.full_key(local) == address.key
        fate = Fate.BESIDE if kind.api is Api.USER and not kind.renames and not same else Fate.LIVES_ON
        return self._own(kind, address, new, local, fate, template=False)

    def _own(self, kind: Kind, address: Address, new: NewDistrict, local: str, fate: Fate, *, template: bool) -> Move:
        """An entry of the new district's own, under a key that nobody has there."""
        old = self.config.districts[address.scope]
        first = self._holder(kind, new, local)
        key = local
        number = 1
        while kind.local_keys and self._holder(kind, new, key) is not None:
            number += 1
            key = f"{local}-{old.prefix}" if number == 2 else f"{local}-{old.prefix}-{number - 1}"
        full = new.district.full_key(key) if kind.local_keys else key
        target = Address(kind.name, new.district.slug, full)
        self._take(kind, new, key, address)
        if first is not None and key != local:
            self.same_keys.append(SameKey(kept=first, renamed=address, new=target))
        return Move(old=address, new=target, fate=fate, template=template, local=key)

    def _holder(self, kind: Kind, new: NewDistrict, local: str) -> Address | None:
        return self.taken.get((new.district.slug, kind.name), {}).get(local)

    def _take(self, kind: Kind, new: NewDistrict, local: str, address: Address) -> None:
        self.taken.setdefault((new.district.slug, kind.name), {}).setdefault(local, address)

    def _with_its_unit(self, kind: Kind, address: Address) -> NewDistrict | None:
        """The district that the units which something refers to go to, if all of them leave their old one together."""
        fields = self.every[address].fields
        homes = {
            self.split.get(Address(ref.kind, address.scope, key))
            for name, ref in kind.own_references
            if ref.kind == _TREE and kind.name != _TREE and fields.get(name) is not None
            for key in _keys(fields[name])
        }
        return homes.pop() if len(homes) == 1 else None


_TREE = next(kind.name for kind in all_kinds().values() if kind.root_key is not None)
# what is said of districts as they are: who is ready, and what is already retired
_NOT_CARRIED = frozenset(name for name, kind in all_kinds().items() if kind.api is Api.CONFIG)


def _keys(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _split(config: Configuration, reform: Reform) -> Iterator[tuple[Address, NewDistrict]]:
    """Units that go elsewhere than their district does, with all below them; who is named itself goes where that says."""
    named = {unit: new for new in reform.districts for unit in new.units}
    if not named:
        return
    parent = next(name for name, ref in all_kinds()[_TREE].references.items() if ref.kind == _TREE)
    for address, unit in config.of_kind(_TREE).items():
        current, seen = address, set[Address]()
        above: Mapping[str, Any] = unit.fields
        while current not in named and current not in seen:
            seen.add(current)
            key = above.get(parent)
            if key is None:
                break
            current = current._replace(key=key)
            holder = config.state.get(current)
            above = holder.fields if holder is not None else {}
        if current in named:
            yield address, named[current]


def district_of(reform: Reform) -> dict[str, District]:
    """The new districts by slug."""
    return {new.district.slug: new.district for new in reform.districts}
