"""The config after a reform, as files: new districts with what they take over, and ``previously:`` for whatever gets a new key."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from websakctl.kinds import all_kinds, entries
from websakctl.kinds.rollout_batch import RolloutBatch
from websakctl.model.address import BASE, Address
from websakctl.model.kind import Kind
from websakctl.model.marks import Ref
from websakctl.model.reform import NewDistrict, Reform
from websakctl.operations.config.write_back import WriteBack, section_path
from websakctl.operations.reform.allocate import Allocation, Fate, Move
from websakctl.source.configuration import Configuration
from websakctl.source.districts import DistrictSection
from websakctl.source.documents import SETTINGS_FILE, plain
from websakctl.source.emitting import document as emitted
from websakctl.source.entry_comments import comments_by_entry, with_comments
from websakctl.source.field_order import canonical
from websakctl.source.patching import Put
from websakctl.source.sections import DISTRICT, OVERRIDES
from websakctl.source.users import FOLDER as USERS
from websakctl.source.writing import read_exactly
from websakctl.source.yaml_entry import written_fields

Entries = dict[str, Any]
RETIRE, MANAGES = "retire", "manages"
_DEPTH = {OVERRIDES: 2}


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Something that two old districts say differently of one new one: the first one's word was taken."""

    address: Address  # of the resource
    field: str
    district: str  # the new one
    kept: str  # the old district whose word it is
    dropped: str


class TwoHeads(msgspec.Struct, frozen=True, kw_only=True):
    """A unit of the new config that two users are the head of, since two merge: the second is left out."""

    unit: Address
    kept: str
    dropped: str


class NewConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Every file of the new config by its path, and what could not be carried over as it was."""

    files: Mapping[str, str]
    conflicts: tuple[Conflict, ...]
    two_heads: tuple[TwoHeads, ...]
    dropped_overrides: tuple[Address, ...]  # what a district that merges into another had otherwise
    places_lost: tuple[Address, ...]  # units whose parent stays behind, and that hang under the top now


def new_config(root: Path, config: Configuration, reform: Reform, allocation: Allocation) -> NewConfig:
    """Write the config that a reform comes to.

    Args:
        root: The config repository as it is.
        config: What it comes to.
        reform: The map.
        allocation: Where everything goes.
    """
    return _Writer(root, config, reform, allocation).write()


class _Writer:
    def __init__(self, root: Path, config: Configuration, reform: Reform, allocation: Allocation) -> None:
        self.root, self.config, self.reform, self.allocation = root, config, reform, allocation
        self.kinds = all_kinds()
        self.new = {new.district.slug: new for new in reform.districts}
        self.conflicts: list[Conflict] = []
        self.heads: dict[tuple[str, str], str] = {}  # users' codes by new slug and local key of a unit
        self.two_heads: list[TwoHeads] = []
        self.dropped: list[Address] = []
        self.places_lost: list[Address] = []
        self.why = {"reason": reform.name, "owner": reform.owner}
        self.comments: dict[str, dict[tuple[str, ...], list[str]]] = defaultdict(
            lambda: defaultdict(list)
        )  # by new file
        self.headers: dict[str, list[str]] = defaultdict(list)  # by new file
        self.commented: dict[str, tuple[list[str], dict[tuple[str, ...], list[str]]]] = {}  # by old file

    def write(self) -> NewConfig:
        sections: dict[str, dict[str, Entries]] = defaultdict(lambda: defaultdict(dict))  # by file and plural
        overrides: dict[str, dict[str, Entries]] = defaultdict(lambda: defaultdict(dict))  # by slug and plural
        for move in self.allocation.moves.values():
            kind = self.kinds[move.old.kind]
            slug = move.new.scope
            if move.fate is Fate.BESIDE:
                sections[f"config/{kind.plural}_before_reform.yaml"][kind.plural][move.old.key] = {}
            if move.fate is Fate.MERGES:
                file = f"districts/{slug}/{RETIRE}.yaml"
                self._merge(move, sections[file][RETIRE])
                self._carry(move, kind.plural, file, (RETIRE, str(move.old)))
            elif move.template:
                if entry := self._override(kind, move):
                    overrides[slug][kind.plural][move.local] = entry
                    self._carry(
                        move, kind.plural, f"districts/{slug}/overrides.yaml", (OVERRIDES, kind.plural, move.local)
                    )
            else:
                file = f"{USERS}{slug}.yaml" if self._in_users_file(move) else f"districts/{slug}/{kind.plural}.yaml"
                sections[file][kind.plural][move.local] = self._entry(kind, move)
                self._carry(move, kind.plural, file, (kind.plural, move.local))
        for slug in sorted(self.new):
            for old in self.new[slug].sources:
                if old in self.config.with_users:
                    sections[f"{USERS}{slug}.yaml"].setdefault("users", {})
        self._retirements(sections)
        files = self._base()
        for slug, new in self.new.items():
            facts = {name: getattr(new.district, name) for name in DistrictSection.__struct_fields__}
            files[f"districts/{slug}/district.yaml"] = _text({DISTRICT: facts})
            if overrides[slug]:
                file = f"districts/{slug}/overrides.yaml"
                files[file] = self._commented(file, {OVERRIDES: overrides[slug]})
        files.update((file, self._commented(file, content)) for file, content in sections.items())
        return NewConfig(
            files=dict(sorted(files.items())),
            conflicts=tuple(self.conflicts),
            two_heads=tuple(self.two_heads),
            dropped_overrides=tuple(sorted(self.dropped)),
            places_lost=tuple(sorted(self.places_lost)),
        )

    def _commented(self, file: str, sections: Mapping[str, Any]) -> str:
        """A file with the comments of what is in it, above the entries that they belong to."""
        header = "\n".join(line.lstrip("# ") for line in dict.fromkeys(self.headers[file]))
        return canonical(with_comments(emitted(sections, depth=_DEPTH, header=header), self.comments[file]))

    def _carry(self, move: Move, plural: str, file: str, path: tuple[str, ...]) -> None:
        """Take along what somebody wrote beside an entry of the district's own; what is in config/ stays there."""
        origin = self.config.origins[move.old]
        document, section, key = origin.override or (origin.document, origin.section, origin.key)
        if document.file.startswith("config/"):
            return
        if document.file not in self.commented:
            self.commented[document.file] = comments_by_entry(read_exactly(self.root / document.file))
        header, by_entry = self.commented[document.file]
        self.headers[file] += header
        self.comments[file][path] += by_entry.get((*section_path(document, section, plural), key), [])

    # --- districts

    def _in_users_file(self, move: Move) -> bool:
        return self.config.origins[move.old].document.file.startswith(USERS)

    def _merge(self, move: Move, into: Entries) -> None:
        if self.config.origins[move.old].override is not None:
            self.dropped.append(move.old)
        into[str(move.old)] = {"heir": str(move.new), "reason": self.reform.name}

    def _override(self, kind: Kind, move: Move) -> Entries:
        """What the new district says of what config/ makes for it: where it was before, and what the old one had otherwise."""
        origin = self.config.origins[move.old]
        earlier: Entries = {}
        if origin.override is not None:
            _, section, key = origin.override
            earlier = self._localised(kind, move, plain(section[key]))
        previously = self._previously(move)
        if not previously and not earlier:
            return {}
        return {**self.why, **earlier, **({"previously": previously} if previously else {})}

    def _entry(self, kind: Kind, move: Move) -> Entries:
        origin = self.config.origins[move.old]
        if origin.described is None:
            shared = plain(origin.defaults[0][origin.defaults[1]]) if origin.defaults is not None else {}
            fields = {**shared, **(plain(origin.section[origin.key]) or {})}
        else:
            resource = self.config.state[move.old]
            fields = written_fields(kind, move.old, resource.fields, self.config.districts[move.old.scope])
            config_only = self.config.config_only.get(move.old, {})
            fields |= {name: value for name, value in config_only.items() if name != "previously"}
        fields.pop("previously", None)
        result = self._localised(kind, move, fields)
        if move.fate is Fate.LIVES_ON and (previously := self._previously(move)):
            result["previously"] = previously
        return result

    def _previously(self, move: Move) -> list[str]:
        """The addresses that an object had, the newest first; none where its key stays."""
        if move.fate is not Fate.LIVES_ON or move.new.key == move.old.key:
            return []
        return [str(address) for address in (move.old, *self.config.previously.get(move.old, ()))]

    def _localised(self, kind: Kind, move: Move, fields: Mapping[str, Any]) -> Entries:
        """The same fields with local keys as the new district has them."""
        result = dict(fields)
        for name, ref in kind.own_references:
            value = result.get(name)
            if isinstance(value, list):
                results = [local for key in value if (local := self._local(move, ref, key)) is not None]
                result[name] = self._one_head(move, results) if name == MANAGES else results
            elif value is not None:
                local = self._local(move, ref, value)
                if local is not None:
                    result[name] = local
                else:
                    del result[name]
                    self.places_lost.append(move.new)
        return result

    def _one_head(self, move: Move, units: list[str]) -> list[str]:
        """The units that nobody else is the head of yet."""
        kept = []
        for local in units:
            first = self.heads.setdefault((move.new.scope, local), move.old.key)
            if first == move.old.key:
                kept.append(local)
                continue
            key = self.new[move.new.scope].district.full_key(local)
            unit = Address("org_unit", move.new.scope, key)
            self.two_heads.append(TwoHeads(unit=unit, kept=first, dropped=move.old.key))
        return kept

    def _local(self, move: Move, ref: Ref, local: str) -> str | None:
        """The key that something of the old district has in the new one; ``None``: it is not there."""
        kind, old = self.kinds[ref.kind], self.config.districts[move.old.scope]
        address = Address(ref.kind, old.slug, old.full_key(local) if kind.local_keys else local)
        if ref.or_base and address not in self.allocation.moves:
            return local  # the base's
        retirement = self.config.retirements.get(address)
        if address not in self.allocation.moves and retirement is not None and retirement.heir is not None:
            address = retirement.heir
        target = self.allocation.moves.get(address)
        if target is not None and target.fate is Fate.BESIDE and ref.or_base:
            return target.old.key  # where it stands now, with those who are in it
        if target is not None and target.new.scope == move.new.scope:
            return target.local
        # its own stays behind; what config/ makes has its like here
        if target is not None and self.config.origins[address].described is not None:
            return self.config.origins[address].key
        return None

    def _retirements(self, sections: Mapping[str, Mapping[str, Entries]]) -> None:
        """Carry over what is retired already, with its heir where that is now."""
        for target, retirement in self.config.retirements.items():
            heir = retirement.heir
            after = heir if heir is None or heir.scope == BASE else self.allocation.new_address(heir)
            scope = after.scope if after is not None else target.scope
            if scope not in self.new and scope != BASE:
                scope = self.reform.successor_of(scope).district.slug
            file = f"config/{RETIRE}.yaml" if scope == BASE else f"districts/{scope}/{RETIRE}.yaml"
            named = {"heir": str(after)} if after is not None else {}
            sections[file][RETIRE][str(target)] = {**named, "reason": retirement.reason}

    # --- the base

    def _base(self) -> dict[str, str]:
        """The files of config/ as they are, but for what they say of districts."""
        edits = WriteBack()
        for address, resource in self.config.whole.items():
            if address.scope != BASE:
                continue
            kind = self.kinds[address.kind]
            for name, ref in kind.references.items():
                if ref.kind != "district" or not resource.fields.get(name):
                    continue
                value = self._of_districts(address, name, resource.fields[name])
                origin = self.config.origins[address]
                path = (*section_path(origin.document, origin.section, kind.plural), origin.key, name)
                edits.edit(origin.document.file, Put(path=path, value=value))
        if districts := self.config.settings.user_import.districts:
            after = {
                name: self.reform.successor_of(slug).district.slug
                for name, slug in districts.items()
                if slug in self.config.districts
            }
            edits.edit(SETTINGS_FILE, Put(path=("user_import", "districts"), value=after))
        changed = edits.files(self.root)
        files = {file: read_exactly(self.root / file) for file in self.config.texts if file.startswith("config/")}
        files.pop(f"config/{RETIRE}.yaml", None)
        return {**files, **changed}

    def _of_districts(self, address: Address, name: str, value: Any) -> Any:
        if isinstance(value, list):
            return self._batch(address) if address.kind == _BATCH else self._successors(value)
        if all(isinstance(each, int) for each in value.values()):
            return self._shares(address.key, value)
        result: dict[str, Any] = {}
        says: dict[str, str] = {}
        for old in sorted(value, key=lambda slug: self._order(slug)):
            slug = self.reform.successor_of(old).district.slug
            if slug in result:
                if plain(result[slug]) != plain(value[old]):
                    self.conflicts.append(
                        Conflict(address=address, field=name, district=slug, kept=says[slug], dropped=old)
                    )
                continue
            result[slug], says[slug] = {k: v for k, v in value[old].items() if v is not None}, old
        return result

    def _order(self, slug: str) -> int:
        return self.reform.successor_of(slug).sources.index(slug)

    def _successors(self, slugs: list[str]) -> list[str]:
        return list(dict.fromkeys(self.reform.successor_of(slug).district.slug for slug in slugs))

    def _batch(self, address: Address) -> list[str]:
        """A new district is in the batch of its last source to go live."""
        last: dict[str, tuple[str, str]] = {}
        for batch in entries(RolloutBatch, self.config.state):
            for slug in self._successors(batch.value.districts):
                last[slug] = max(last.get(slug, ("", "")), (batch.value.go_live or "9999", batch.address.key))
        return [slug for slug, (_, key) in last.items() if key == address.key]

    def _shares(self, licence: str, allotments: Mapping[str, int]) -> dict[str, int]:
        """What the sources have, together; who leaves a district that is split takes a seat along."""
        result = {slug: sum(allotments.get(old, 0) for old in new.sources) for slug, new in self.new.items()}
        for (old, slug), count in sorted(self._leaving(licence).items()):
            seats = min(count, allotments.get(old, 0))
            result[self.reform.successor_of(old).district.slug] -= seats
            result[slug] += seats
        return result

    def _leaving(self, licence: str) -> dict[tuple[str, str], int]:
        """Users with a seat who leave their district for another than its successor, by both."""
        roles = {a.key: r.fields for a, r in self.config.own.items() if a.kind == "user_role"}
        result: dict[tuple[str, str], int] = defaultdict(int)
        for address, user in self.config.of_kind("user").items():
            move = self.allocation.moves[address]
            if move.new.scope != self.reform.successor_of(address.scope).district.slug:
                role = roles.get(user.fields["role"], {})
                result[address.scope, move.new.scope] += licence in (role.get("licences") or ())
        return result


_BATCH = "rollout_batch"


def _text(sections: Mapping[str, Any]) -> str:
    return canonical(emitted(sections, depth=_DEPTH))


def merged_units(new: NewDistrict, allocation: Allocation) -> Iterator[Move]:
    """What merges into something of a new district."""
    return (m for m in allocation.moves.values() if m.fate is Fate.MERGES and m.new.scope == new.district.slug)
