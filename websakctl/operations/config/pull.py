"""The pull verb: live values of what is managed, written where the config says them."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec

from websakctl.model.address import BASE, Address
from websakctl.model.district import District
from websakctl.model.kind import Kind
from websakctl.model.resource import State
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.operations.config.write_back import Left, NotWritten, WriteBack, Written, section_path
from websakctl.plan.change import Action
from websakctl.plan.diff import compare, same
from websakctl.source.configuration import Configuration, Origin
from websakctl.source.documents import Document, Documents, plain
from websakctl.source.field_order import field_order, section_order
from websakctl.source.patching import Drop, Put, edits_between, identical
from websakctl.source.sections import DISTRICT, OVERRIDES
from websakctl.source.tree import Map
from websakctl.source.yaml_entry import Unsayable, filled, in_template, said, unsaid


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """What an override must say of itself."""

    reason: str | None = None
    owner: str | None = None


class _Pulled(msgspec.Struct, frozen=True, kw_only=True):
    """One field of one resource: what the config says now and what it is to say; ``new`` is unset where best unsaid."""

    address: Address
    name: str
    old: Any
    live: Any
    new: Any
    is_said: bool


def pull(
    inputs: ConfigInput, live: State, documents: Documents, why: Why, refused: Mapping[Address, str] | None = None
) -> WriteBack:
    """Say in the config what Websak has, for all that is managed and selected and not ``refused``."""
    return _Puller(inputs, live, documents, why, refused or {}).pull()


def check_pulled(inputs: ConfigInput, live: State, after: Configuration, written: list[Written]) -> None:
    """See that the new config differs from the old in what was pulled only, and there is what Websak has.

    Raises:
        NotWritten: Otherwise.
    """
    before = inputs.config.state
    fields: dict[Address, set[str]] = defaultdict(set)
    merged = {w.address for w in written if not w.path}
    for w in written:
        fields[w.address].add(w.path)
    for address in before.keys() | after.state.keys():
        old, new = before.get(address), after.state.get(address)
        if address in merged and old is None:
            continue
        if old is None or new is None:
            raise NotWritten(f"{address} would also be added or removed")
        for name in old.fields.keys() | new.fields.keys():
            if name in fields[address]:
                existing = live[address].fields.get(name)
                if name in new.fields and not same(new.fields[name], existing):
                    raise NotWritten(f"{address}: {name} would not be what Websak has")
            elif not same(old.fields.get(name), new.fields.get(name)):
                raise NotWritten(f"{address}: {name} would change with it")


class _Puller:
    def __init__(
        self, inputs: ConfigInput, live: State, documents: Documents, why: Why, refused: Mapping[Address, str]
    ) -> None:
        self.inputs, self.live, self.documents, self.why, self.refused = inputs, live, documents, why, refused
        self.config = inputs.config
        self.result = WriteBack()

    def pull(self) -> WriteBack:
        templates: dict[tuple[str, str, str, str], list[_Pulled]] = defaultdict(list)
        for result in self.differences():
            origin = self.config.origins[result.address]
            if origin.override is not None and result.name in _fields(origin.override[1], origin.override[2]):
                self.in_override(result, origin)
            elif origin.made_for is not None:
                place = section_path(origin.document, origin.section, self.kind(result).plural)
                templates[origin.document.file, ".".join(place), origin.key, result.name].append(result)
            else:
                self.in_entry(result, origin)
        for several in templates.values():
            self.in_template(several)
        self.result.written.sort(key=lambda w: (w.address, w.path))
        return self.result

    def kind(self, found: _Pulled) -> Kind:
        return self.inputs.kinds[found.address.kind]

    def district(self, address: Address) -> District | None:
        return self.config.districts.get(address.scope) if address.scope != BASE else None

    # --- what differs

    def differences(self) -> list[_Pulled]:
        kinds = {name: kind.replace(observed=True) for name, kind in self.inputs.kinds.items()}
        desired = {a: r for a, r in self.config.state.items() if a in self.inputs.selection}
        difference = compare(
            desired,
            self.live,
            kinds,
            known=self.inputs.known,
            accepted=self.inputs.accepted,
            previously=self.config.previously,
        )
        result: list[_Pulled] = []
        for change in sorted(difference.changes, key=lambda c: c.address):
            address = change.address
            if address not in desired:
                continue
            if change.action is not Action.UPDATE or address not in self.live:
                retired = address in self.live
                self.leave(
                    address,
                    "retired in Websak" if retired else "not in Websak",
                    "take it out of the config, or apply it",
                )
                continue
            if address in self.refused:
                self.leave(address, self.refused[address], "change it in Websak, or apply the config")
                continue
            names = {f.path.partition(".")[0] for f in change.fields}
            result += self.of_resource(address, names)
        return result

    def of_resource(self, address: Address, names: set[str]) -> list[_Pulled]:
        kind, district = self.inputs.kinds[address.kind], self.district(address)
        old, live = self.config.state[address].fields, self.live[address].fields
        if "scope" in names:
            self.leave(address, "belongs to another district in Websak", "move its entry to that district's folder")
            return []
        if kind.key_mirror in names:
            names = names - {kind.key_mirror}
            self.leave(
                address, f"Websak has another {str(kind.key_mirror).replace('_', ' ')}", "apply gives it the config's"
            )
        result = []
        for name in sorted(names):
            if missing := self.missing(kind, address, live.get(name), name):
                self.leave(address, f"{name} is {missing}, which is not in the config", "adopt it first")
                continue
            try:
                words = said(kind, address, {**old, name: live.get(name)}, district)
            except Unsayable as error:
                self.leave(address, f"{name} cannot be taken over: {error}", "change it in Websak, or apply the config")
                continue
            result.append(
                _Pulled(
                    address=address,
                    name=name,
                    old=old.get(name),
                    live=live.get(name),
                    new=words.get(name, unsaid(kind, name, None)),
                    is_said=name in words,
                )
            )
        return result

    def missing(self, kind: Kind, address: Address, value: Any, name: str) -> str:
        """What a reference would lead to that the config does not have."""
        ref = kind.references.get(name)
        if ref is None or value is None:
            return ""
        scope = address.scope if ref.same_scope else BASE
        for key in [value] if isinstance(value, str) else value:
            known = (
                key in self.config.districts
                if ref.kind == "district"
                else Address(ref.kind, scope, key) in self.config.state
                or (ref.or_base and Address(ref.kind, BASE, key) in self.config.state)
            )
            if not known:
                return str(key)
        return ""

    def leave(self, address: Address, why: str, what: str) -> None:
        self.result.left.append(Left(address=address, why=f"{why}; {what}"))

    def note(self, found: _Pulled, file: str, how: str) -> None:
        self.result.written.append(
            Written(address=found.address, path=found.name, before=found.old, after=found.live, file=file, how=how)
        )

    # --- where it goes

    def in_entry(self, found: _Pulled, origin: Origin) -> None:
        kind = self.kind(found)
        path = (*section_path(origin.document, origin.section, kind.plural), origin.key)
        self.put_field(found, origin.document, path, _fields(origin.section, origin.key), _defaults(origin))
        self.note(found, origin.document.file, "in place")

    def put_field(
        self,
        found: _Pulled,
        document: Document,
        path: tuple[str, ...],
        fields: Mapping[str, Any],
        shared: Mapping[str, Any],
    ) -> None:
        kind = self.kind(found)
        value = found.new if found.is_said else unsaid(kind, found.name, self.district(found.address))
        if found.name in shared and identical(plain(shared[found.name]), value):
            edits: list[Any] = [Drop(path=(*path, found.name))] if found.name in fields else []
        elif not found.is_said and found.name not in shared and found.new is None:
            edits = [Drop(path=(*path, found.name))] if found.name in fields else []
        elif found.name in fields:
            edits = list(edits_between(plain(fields[found.name]), value, (*path, found.name)))
        else:
            edits = [Put(path=(*path, found.name), value=value, before=_after(field_order(kind), found.name))]
        self.result.edit(document.file, *edits)

    def in_override(self, found: _Pulled, origin: Origin) -> None:
        assert origin.override is not None  # noqa: S101  # the caller looked
        document, section, key = origin.override
        kind = self.kind(found)
        path = (*section_path(document, section, kind.plural), key)
        if self.same_as_template(found, origin):
            others = [name for name in section[key] if name in kind.overridable and name != found.name]
            self.result.edit(document.file, Drop(path=(*path, found.name) if others else path))
            self.note(found, document.file, "as the template has it")
            return
        value = found.new if found.is_said else unsaid(kind, found.name, self.district(found.address))
        self.result.edit(document.file, *edits_between(plain(section[key][found.name]), value, (*path, found.name)))
        self.note(found, document.file, "as an override")

    def same_as_template(self, found: _Pulled, origin: Origin) -> bool:
        district = self.district(found.address)
        fields, shared = _fields(origin.section, origin.key), _defaults(origin)
        given = fields.get(found.name, shared.get(found.name, unsaid(self.kind(found), found.name, None)))
        return district is not None and identical(filled(plain(given), district.placeholders()), found.new)

    def in_template(self, several: list[_Pulled]) -> None:
        first = several[0]
        origin = self.config.origins[first.address]
        kind = self.kind(first)
        every = [
            a
            for a, o in self.config.origins.items()
            if a.kind == kind.name and o.section is origin.section and o.key == origin.key and a.scope != BASE
        ]
        plainly = {a for a in every if not self.overridden(a, first.name)}
        common = self.common(several) if plainly == {f.address for f in several} else []
        if common:
            path = (*section_path(origin.document, origin.section, kind.plural), origin.key)
            agreed = _Pulled(
                address=first.address,
                name=first.name,
                old=first.old,
                live=first.live,
                new=common[0],
                is_said=first.is_said,
            )
            self.put_field(agreed, origin.document, path, _fields(origin.section, origin.key), _defaults(origin))
            for result in several:
                self.note(result, origin.document.file, "in the template")
            return
        for result in several:
            self.as_override(result, kind)

    def overridden(self, address: Address, name: str) -> bool:
        override = self.config.origins[address].override
        return override is not None and name in _fields(override[1], override[2])

    def common(self, several: list[_Pulled]) -> list[Any]:
        """What a template may say that comes out right in every district, if there is such a thing."""
        first = self.district(several[0].address)
        if first is None or len({f.is_said for f in several}) > 1:
            return []
        for text in in_template(several[0].new, first):
            districts = [self.district(f.address) for f in several]
            if all(
                d is not None and identical(filled(text, d.placeholders()), f.new)
                for f, d in zip(several, districts, strict=True)
            ):
                return [text]
        return []

    def as_override(self, found: _Pulled, kind: Kind) -> None:
        address, district = found.address, self.district(found.address)
        assert district is not None  # noqa: S101  # a template is made for districts only
        if found.name not in kind.overridable:
            self.leave(
                address,
                f"{found.name} is {found.live!r} in Websak, and must be the same in every district",
                "apply the config, or change it in all districts",
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
            document = self.holder_of_overrides(address.scope)
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
        self.note(found, document.file, "as an override")

    def holder_of_overrides(self, slug: str) -> Document:
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
