"""A map of a district reform: read, and checked against the districts and units that there are."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, TypeVar

from msgspec import Meta

from websakctl.diagnostics import Diagnostic, Position
from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.address import slug as slug_of
from websakctl.model.district import District
from websakctl.model.entry import Entry
from websakctl.model.reform import NewDistrict, Reform
from websakctl.model.types import IsoDate, Text
from websakctl.model.validation import ValidationError, convert
from websakctl.source.configuration import Configuration
from websakctl.source.districts import DistrictSection
from websakctl.source.documents import Document, Documents, read_document
from websakctl.source.problems import did_you_mean, findings_of
from websakctl.source.tree import Map, Seq

ABOUT, DISTRICTS = "reform", "districts"
Section = TypeVar("Section", bound=Entry)
_FACTS = tuple(DistrictSection.__struct_fields__)


class ReformSection(Entry, frozen=True, kw_only=True):
    """The ``reform:`` section of a map."""

    name: Text
    date: IsoDate
    owner: Text  # who answers for what the map makes districts override
    leader_roles: list[str] = []


class NewDistrictEntry(DistrictSection, frozen=True, kw_only=True):
    """One new district, by the slug of its folder: its facts, and what it takes over."""

    take_over: Annotated[list[Text], Meta(min_length=1)]  # districts; the first one's objects live on
    units: list[Text] = []  # out of other districts: a unit with all below it


def read_reform(path: Path, config: Configuration) -> tuple[Reform | None, list[Diagnostic], dict[str, str]]:
    """Read a map.

    Args:
        path: The file.
        config: The districts and units as they are.

    Returns:
        The reform, unless something is wrong with the map; what is wrong; and its text for showing lines.
    """
    result = Documents()
    document = read_document(path, result)
    if document is None:
        return None, result.findings, result.texts
    reader = _Reader(document, config, result.findings)
    reform = reader.read()
    return (None if result.findings else reform), result.findings, result.texts


class _Reader:
    def __init__(self, document: Document, config: Configuration, findings: list[Diagnostic]) -> None:
        self.document, self.config, self.findings = document, config, findings
        self.tree = next(kind for kind in all_kinds().values() if kind.root_key is not None)

    def read(self) -> Reform | None:
        top = self.document.top
        for key in top:
            if key not in (ABOUT, DISTRICTS):
                self._report(
                    "unknown-section",
                    self._key(top, key),
                    f"{key} is not a section here",
                    did_you_mean(key, (ABOUT, DISTRICTS)) or f"the sections are {ABOUT} and {DISTRICTS}",
                )
        missing = [name for name in (ABOUT, DISTRICTS) if not isinstance(top.get(name), Map) or not top[name]]
        for name in missing:
            at = self._key(top, name) if name in top else Position(self.document.file)
            example = (
                "reform: {name: …, date: 2028-01-01, owner: …}"
                if name == ABOUT
                else "districts: {SLUG: {name: …, take_over: […]}}"
            )
            self._report("missing-field", at, f"a map needs `{name}:`", example)
        if missing:
            return None
        about = self._converted(ReformSection, top, ABOUT)
        entries = {slug: entry for slug in top[DISTRICTS] if (entry := self._entry(slug)) is not None}
        if self.findings or about is None:
            return None
        self._check_roles(about)
        self._check_facts(entries)
        self._check_taken_over(entries)
        districts = tuple(self._district(slug, entry) for slug, entry in entries.items())
        self._check_units(districts)
        return Reform(
            name=about.name,
            day=about.date,
            owner=about.owner,
            leader_roles=tuple(about.leader_roles),
            districts=districts,
        )

    def _entry(self, slug: str) -> NewDistrictEntry | None:
        holder = self.document.top[DISTRICTS]
        if slug_of(slug) != slug:
            self._report(
                "bad-key", self._key(holder, slug), f"{slug} cannot name a district's folder", f"write {slug_of(slug)}"
            )
            return None
        return self._converted(NewDistrictEntry, holder, slug)

    def _converted(self, model: type[Section], holder: Map, key: str) -> Section | None:
        try:
            return convert(model, holder[key])
        except ValidationError as error:
            self.findings.extend(findings_of(error, (self.document, holder, key), key_field=None))
            return None

    def _district(self, slug: str, entry: NewDistrictEntry) -> NewDistrict:
        units = (self._unit(slug, text, at) for text, at in self._items(slug, "units"))
        return NewDistrict(
            district=District(slug=slug, **{name: getattr(entry, name) for name in _FACTS}),
            sources=tuple(entry.take_over),
            units=tuple(unit for unit in units if unit is not None),
        )

    # --- facts

    def _check_roles(self, about: ReformSection) -> None:
        roles = [a.key for a in self.config.own if a.kind == "user_role"]
        for number, role in enumerate(about.leader_roles):
            if role not in roles:
                at = self._item(self.document.top[ABOUT]["leader_roles"], number)
                help_ = did_you_mean(role, roles) or f"the user roles are {', '.join(roles) or 'none'}"
                self._report("unknown-reference", at, f"there is no user role {role}", help_)

    def _check_facts(self, entries: Mapping[str, NewDistrictEntry]) -> None:
        """Every fact is one district's, among the new ones and against those old ones that do not become it."""
        first: dict[tuple[str, str], str] = {}
        for slug, entry in entries.items():
            for name in _FACTS:
                value = getattr(entry, name)
                other = first.setdefault((name, value), slug)
                if other != slug:
                    self._report(
                        "not-unique",
                        self._value(slug, name),
                        f"{name} {value} is also {other}'s",
                        "each district has its own",
                        self._value(other, name),
                    )
            self._check_against_old(slug, entry)

    def _check_against_old(self, slug: str, entry: NewDistrictEntry) -> None:
        lead = entry.take_over[0]
        for old in self.config.districts.values():
            if old.slug == lead:
                if old.slug == slug and old.prefix != entry.prefix:
                    self._report(
                        "not-unique",
                        self._value(slug, "prefix"),
                        f"{slug} keeps its folder and not its prefix {old.prefix}, so that old keys could not be told from new ones",
                        f"keep {old.prefix}, or give it another folder",
                    )
                continue
            taken = [name for name in ("prefix", "short_name") if getattr(old, name) == getattr(entry, name)]
            for name in taken:
                what = "units keep" if name == "prefix" else "top unit keeps"
                help_ = (
                    f"put {old.slug} first in take_over"
                    if old.slug in entry.take_over
                    else f"choose a {name} that no district has"
                )
                self._report(
                    "not-unique",
                    self._value(slug, name),
                    f"{name} {getattr(old, name)} is {old.slug}'s, whose {what} it when they end",
                    help_,
                )
            if old.slug == slug:
                self._report(
                    "not-unique",
                    self._key(self.document.top[DISTRICTS], slug),
                    f"{slug} is the folder of a district that this one does not go on from",
                    f"put {slug} first in take_over, or choose another name",
                )

    # --- who takes over what

    def _check_taken_over(self, entries: Mapping[str, NewDistrictEntry]) -> None:
        places: dict[str, tuple[str, Position]] = {}
        for slug in entries:
            for old, at in self._items(slug, "take_over"):
                if old not in self.config.districts:
                    self._report(
                        "unknown-reference",
                        at,
                        f"there is no district {old}",
                        did_you_mean(old, self.config.districts)
                        or f"the districts are {', '.join(self.config.districts)}",
                    )
                elif old in places:
                    other, where = places[old]
                    self._report(
                        "not-unique",
                        at,
                        f"{old} is taken over by {other} and by {slug}",
                        "let one take it over, and name the units of the other under `units:`",
                        where,
                    )
                else:
                    places[old] = (slug, at)
        for old in sorted(self.config.districts.keys() - places.keys()):
            at = self._key(self.document.top, DISTRICTS)
            self._report("missing-field", at, f"no new district takes over {old}", f"name {old} in take_over of one")

    def _check_units(self, districts: tuple[NewDistrict, ...]) -> None:
        places: dict[Address, tuple[str, Position]] = {}
        for new in districts:
            for text, at in self._items(new.district.slug, "units"):
                unit = self._address(text)
                if unit is None or unit not in self.config.state:
                    continue  # told
                if unit.scope in new.sources:
                    self._report(
                        "not-unique",
                        at,
                        f"{unit.scope} is taken over by {new.district.slug} as a whole",
                        "take the unit away here",
                    )
                elif unit in places:
                    other, where = places[unit]
                    self._report(
                        "not-unique",
                        at,
                        f"{unit} goes to {other} and to {new.district.slug}",
                        "let it go to one",
                        where,
                    )
                places.setdefault(unit, (new.district.slug, at))

    def _unit(self, slug: str, text: str, at: Position) -> Address | None:
        address = self._address(text)
        known = [str(a) for a in self.config.of_kind(self.tree.name)]
        if address is None:
            self._report(
                "unknown-reference", at, f"{text} is no unit's address", f"write {self.tree.name}/DISTRICT/KEY"
            )
        elif address not in self.config.state:
            self._report(
                "unknown-reference",
                at,
                f"there is no {address} to go to {slug}",
                did_you_mean(str(address), known) or "name a unit of the config",
            )
        elif address.key == self.config.districts[address.scope].full_key(str(self.tree.root_key)):
            self._report(
                "bad-value",
                at,
                f"{address} is a district's top unit",
                f"take the whole district over: take_over: [{address.scope}]",
            )
        else:
            return address
        return None

    def _address(self, text: str) -> Address | None:
        parts = text.split("/", 2)
        if len(parts) != 3 or parts[0] != self.tree.name or parts[1] not in self.config.districts:
            return None
        district = self.config.districts[parts[1]]
        return Address(self.tree.name, parts[1], district.full_key(district.local_key(parts[2])))

    # --- places

    def _items(self, slug: str, name: str) -> Iterator[tuple[str, Position]]:
        items = self.document.top[DISTRICTS][slug].get(name)
        for number, text in enumerate(items if isinstance(items, Seq) else ()):
            yield text, self._item(items, number)

    def _item(self, items: Seq, number: int) -> Position:
        s = items.spans[number]
        return Position(self.document.file, s.vline + 1, s.vcol + 1, s.vend_line + 1, s.vend_col + 1)

    def _key(self, holder: Map, key: str) -> Position:
        return self.document.key_position(holder.spans, key)

    def _value(self, slug: str, name: str) -> Position:
        return self.document.value_position(self.document.top[DISTRICTS][slug].spans, name)

    def _report(self, rule: str, at: Position, message: str, help_: str, related: Position | None = None) -> None:
        self.findings.append(
            Diagnostic(
                code=rule,
                at=at,
                message=message,
                help=help_,
                related=related,
                related_label="first here" if related else "",
            )
        )
