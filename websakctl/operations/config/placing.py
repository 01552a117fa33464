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
from websakctl.source.yaml_entry import filled, in_template, value_when_omitted


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """What an override must say of itself."""

    reason: str | None = None
    owner: str | None = None


class NewValue(msgspec.Struct, frozen=True, kw_only=True):
    """One field of one resource: what the config says now and what it is to say; ``new`` is ``None`` where best omitted."""

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

    def _kind(self, result: NewValue) -> Kind:
        return self.kinds[result.address.kind]

    def _district(self, address: Address) -> District | None:
        return self.config.districts.get(address.scope) if address.scope != BASE else None

    def _leave(self, address: Address, why: str, what: str) -> None:
        self.result.left.append(Left(address=address, why=f"{why}; {what}"))

    def _note(self, result: NewValue, file: str, how: str) -> None:
        self.result.written.append(
            Written(address=result.address, path=result.name, before=result.old, after=result.live, file=file, how=how)
        )

    # --- where it goes

    def _in_entry(self, result: NewValue, origin: Origin) -> None:
        kind = self._kind(result)
        path = (*section_path(origin.document, origin.section, kind.plural), origin.key)
        self._put_field(result, origin.document, path, _fields(origin.section, origin.key), _defaults(origin))
        self._note(result, origin.document.file, "in place")

    def _put_field(
        self,
        result: NewValue,
        document: Document,
        path: tuple[str, ...],
        fields: Mapping[str, Any],
        shared: Mapping[str, Any],
    ) -> None:
        kind = self._kind(result)
        value = result.new if result.is_said else value_when_omitted(kind, result.name, self._district(result.address))
        if result.name in shared and identical(plain(shared[result.name]), value):
            edits: list[Any] = [Drop(path=(*path, result.name))] if result.name in fields else []
        elif not result.is_said and result.name not in shared and result.new is None:
            edits = [Drop(path=(*path, result.name))] if result.name in fields else []
        elif result.name in fields:
            edits = list(edits_between(plain(fields[result.name]), value, (*path, result.name)))
        else:
            edits = [Put(path=(*path, result.name), value=value, before=_after(field_order(kind), result.name))]
        self.result.edit(document.file, *edits)

    def _in_override(self, result: NewValue, origin: Origin) -> None:
        assert origin.override is not None  # noqa: S101  # the caller looked
        document, section, key = origin.override
        kind = self._kind(result)
        path = (*section_path(document, section, kind.plural), key)
        if self._same_as_template(result, origin):
            others = [name for name in section[key] if name in kind.overridable and name != result.name]
            self.result.edit(document.file, Drop(path=(*path, result.name) if others else path))
            self._note(result, document.file, "as the template has it")
            return
        value = result.new if result.is_said else value_when_omitted(kind, result.name, self._district(result.address))
        self.result.edit(document.file, *edits_between(plain(section[key][result.name]), value, (*path, result.name)))
        self._note(result, document.file, "as an override")

    def _same_as_template(self, result: NewValue, origin: Origin) -> bool:
        district = self._district(result.address)
        fields, shared = _fields(origin.section, origin.key), _defaults(origin)
        given = fields.get(
            result.name, shared.get(result.name, value_when_omitted(self._kind(result), result.name, None))
        )
        return district is not None and identical(filled(plain(given), district.placeholders()), result.new)

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

    def _as_override(self, result: NewValue, kind: Kind) -> None:
        address, district = result.address, self._district(result.address)
        assert district is not None  # noqa: S101  # a template is made for districts only
        if result.name not in kind.overridable:
            self._leave(
                address,
                f"{result.name} is {result.live!r} in {self.source}, and must be the same in every district",
                self.instead,
            )
            return
        origin = self.config.origins[address]
        value = result.new if result.is_said else value_when_omitted(kind, result.name, district)
        if origin.override is not None:
            document, section, key = origin.override
            path: tuple[str, ...] = (*section_path(document, section, kind.plural), key)
            after = _after(field_order(kind), result.name)
            self.result.edit(document.file, Put(path=(*path, result.name), value=value, before=after))
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
                    Put(path=(*path, result.name), value=value, before=_after(field_order(kind), result.name)),
                )
            else:
                self.result.edit(document.file, Put(path=path, value={result.name: value, **about}, before=before))
        self._note(result, document.file, "as an override")

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
