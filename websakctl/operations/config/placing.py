"""Where a new value of a resource goes: its entry, the template of all districts, or a district's override."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from websakctl.model.address import BASE, Address
from websakctl.model.district import District
from websakctl.model.kind import Kind
from websakctl.operations.config.write_back import Left, WriteBack, Written, section_path
from websakctl.source.configuration import Configuration, Origin
from websakctl.source.documents import Document, Documents, plain
from websakctl.source.field_order import field_order, section_order
from websakctl.source.patching import Drop, Put, edits_between, identical
from websakctl.source.sections import DISTRICT, OVERRIDES
from websakctl.source.tree import Map
from websakctl.source.yaml_entry import filled, in_template, unsaid


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """What an override must say of itself."""

    reason: str | None = None
    owner: str | None = None


class NewValue(msgspec.Struct, frozen=True, kw_only=True):
    """One field of one resource: what the config says now and what it is to say; ``new`` is ``None`` where best unsaid."""

    address: Address
    name: str
    old: Any
    live: Any
    new: Any
    is_said: bool


class Placer:
    """Makes edits of new values, each where the old one was written."""

    def __init__(
        self,
        config: Configuration,
        kinds: Mapping[str, Kind],
        documents: Documents,
        why: Why,
        *,
        source: str = "Websak",
        instead: str = "apply the config, or change it in all districts",
    ) -> None:
        self.config, self.kinds, self.documents, self.why = config, kinds, documents, why
        self.source = source  # where the values are
        self.instead = instead  # what to do where a district may not differ
        self.result = WriteBack()

    def place(self, values: Iterable[NewValue]) -> WriteBack:
        """Give the edits that make the config say these values."""
        templates: dict[tuple[str, str, str, str], list[NewValue]] = defaultdict(list)
        for result in values:
            origin = self.config.origins[result.address]
            if origin.override is not None and result.name in _fields(origin.override[1], origin.override[2]):
                self._in_override(result, origin)
            elif origin.made_for is not None:
                place = section_path(origin.document, origin.section, self._kind(result).plural)
                templates[origin.document.file, ".".join(place), origin.key, result.name].append(result)
            else:
                self._in_entry(result, origin)
        for several in templates.values():
            self._in_template(several)
        self.result.written.sort(key=lambda w: (w.address, w.path))
        return self.result

    def _kind(self, found: NewValue) -> Kind:
        return self.kinds[found.address.kind]

    def _district(self, address: Address) -> District | None:
        return self.config.districts.get(address.scope) if address.scope != BASE else None

    def _leave(self, address: Address, why: str, what: str) -> None:
        self.result.left.append(Left(address=address, why=f"{why}; {what}"))

    def _note(self, found: NewValue, file: str, how: str) -> None:
        self.result.written.append(
            Written(address=found.address, path=found.name, before=found.old, after=found.live, file=file, how=how)
        )

    # --- where it goes

    def _in_entry(self, found: NewValue, origin: Origin) -> None:
        kind = self._kind(found)
        path = (*section_path(origin.document, origin.section, kind.plural), origin.key)
        self._put_field(found, origin.document, path, _fields(origin.section, origin.key), _defaults(origin))
        self._note(found, origin.document.file, "in place")

    def _put_field(
        self,
        found: NewValue,
        document: Document,
        path: tuple[str, ...],
        fields: Mapping[str, Any],
        shared: Mapping[str, Any],
    ) -> None:
        kind = self._kind(found)
        value = found.new if found.is_said else unsaid(kind, found.name, self._district(found.address))
        if found.name in shared and identical(plain(shared[found.name]), value):
            edits: list[Any] = [Drop(path=(*path, found.name))] if found.name in fields else []
        elif not found.is_said and found.name not in shared and found.new is None:
            edits = [Drop(path=(*path, found.name))] if found.name in fields else []
        elif found.name in fields:
            edits = list(edits_between(plain(fields[found.name]), value, (*path, found.name)))
        else:
            edits = [Put(path=(*path, found.name), value=value, before=_after(field_order(kind), found.name))]
        self.result.edit(document.file, *edits)

    def _in_override(self, found: NewValue, origin: Origin) -> None:
        assert origin.override is not None  # noqa: S101  # the caller looked
        document, section, key = origin.override
        kind = self._kind(found)
        path = (*section_path(document, section, kind.plural), key)
        if self._same_as_template(found, origin):
            others = [name for name in section[key] if name in kind.overridable and name != found.name]
            self.result.edit(document.file, Drop(path=(*path, found.name) if others else path))
            self._note(found, document.file, "as the template has it")
            return
        value = found.new if found.is_said else unsaid(kind, found.name, self._district(found.address))
        self.result.edit(document.file, *edits_between(plain(section[key][found.name]), value, (*path, found.name)))
        self._note(found, document.file, "as an override")

    def _same_as_template(self, found: NewValue, origin: Origin) -> bool:
        district = self._district(found.address)
        fields, shared = _fields(origin.section, origin.key), _defaults(origin)
        given = fields.get(found.name, shared.get(found.name, unsaid(self._kind(found), found.name, None)))
        return district is not None and identical(filled(plain(given), district.placeholders()), found.new)

    def _in_template(self, several: list[NewValue]) -> None:
        first = several[0]
        origin = self.config.origins[first.address]
        kind = self._kind(first)
        every = [
            a
            for a, o in self.config.origins.items()
            if a.kind == kind.name and o.section is origin.section and o.key == origin.key and a.scope != BASE
        ]
        plainly = {a for a in every if not self._overridden(a, first.name)}
        common = self._common(several) if plainly == {f.address for f in several} else []
        if common:
            path = (*section_path(origin.document, origin.section, kind.plural), origin.key)
            agreed = NewValue(
                address=first.address,
                name=first.name,
                old=first.old,
                live=first.live,
                new=common[0],
                is_said=first.is_said,
            )
            self._put_field(agreed, origin.document, path, _fields(origin.section, origin.key), _defaults(origin))
            for result in several:
                self._note(result, origin.document.file, "in the template")
            return
        for result in several:
            self._as_override(result, kind)

    def _overridden(self, address: Address, name: str) -> bool:
        override = self.config.origins[address].override
        return override is not None and name in _fields(override[1], override[2])

    def _common(self, several: list[NewValue]) -> list[Any]:
        """What a template may say that comes out right in every district, if there is such a thing."""
        first = self._district(several[0].address)
        if first is None or len({f.is_said for f in several}) > 1:
            return []
        for text in in_template(several[0].new, first):
            districts = [self._district(f.address) for f in several]
            if all(
                d is not None and identical(filled(text, d.placeholders()), f.new)
                for f, d in zip(several, districts, strict=True)
            ):
                return [text]
        return []

    def _as_override(self, found: NewValue, kind: Kind) -> None:
        address, district = found.address, self._district(found.address)
        assert district is not None  # noqa: S101  # a template is made for districts only
        if found.name not in kind.overridable:
            self._leave(
                address,
                f"{found.name} is {found.live!r} in {self.source}, and must be the same in every district",
                self.instead,
            )
            return
        origin = self.config.origins[address]
        value = found.new if found.is_said else unsaid(kind, found.name, district)
        if origin.override is not None:
            document, section, key = origin.override
            path: tuple[str, ...] = (*section_path(document, section, kind.plural), key)
            after = _after(field_order(kind), found.name)
            self.result.edit(document.file, Put(path=(*path, found.name), value=value, before=after))
        else:
            document = self._holder_of_overrides(address.scope)
            key = filled(origin.key, district.placeholders())
            path = (OVERRIDES, kind.plural, key)
            before = _after(section_order(), OVERRIDES) if OVERRIDES not in document.top else ()
            if address not in self.result.unexplained and (self.why.reason is None or self.why.owner is None):
                self.result.unexplained.append(address)
            about = {"reason": self.why.reason or "", "owner": self.why.owner or ""}
            started = any(isinstance(e, Put) and e.path[:3] == path for e in self.result.edits.get(document.file, ()))
            if started:
                self.result.edit(
                    document.file,
                    Put(path=(*path, found.name), value=value, before=_after(field_order(kind), found.name)),
                )
            else:
                self.result.edit(document.file, Put(path=path, value={found.name: value, **about}, before=before))
        self._note(found, document.file, "as an override")

    def _holder_of_overrides(self, slug: str) -> Document:
        documents = self.documents.districts[slug]
        for section in (OVERRIDES, DISTRICT):
            for document in documents:
                if section in document.top:
                    return document
        return documents[0]


def _fields(section: Map, key: str) -> Mapping[str, Any]:
    fields = section.get(key)
    return fields if isinstance(fields, Map) else {}


def _defaults(origin: Origin) -> Mapping[str, Any]:
    return origin.defaults[0][origin.defaults[1]] if origin.defaults is not None else {}


def _after(order: tuple[str, ...], name: str) -> tuple[str, ...]:
    return order[order.index(name) + 1 :] if name in order else ()
