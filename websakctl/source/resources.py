"""From an entry of a section to a resource: defaults, placeholders, overrides, full keys, and its kind's checks."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from msgspec.structs import replace

from websakctl.diagnostics import Diagnostic, Position
from websakctl.model.address import BASE, Address
from websakctl.model.district import District
from websakctl.model.kind import Kind
from websakctl.model.resource import Resource
from websakctl.model.validation import ValidationError, convert, to_values
from websakctl.source.configuration import Configuration, Described, Origin
from websakctl.source.earlier_keys import NotAKey, earlier_address
from websakctl.source.overrides import changed_by
from websakctl.source.placeholders import fill
from websakctl.source.problems import Place, findings_of
from websakctl.source.reporting import Report
from websakctl.source.sections import Section
from websakctl.source.tree import Map


class ResourceBuilder:
    """Makes resources and adds them to the configuration, one entry at a time."""

    def __init__(self, config: Configuration, today: date | None, report: Report) -> None:
        self._config = config
        self._today = today
        self._report = report

    def make(
        self,
        section: Section,
        key: str,
        district: District | None,
        described: Described | None,
        override: Place | None = None,
    ) -> None:
        """Add the resource that an entry says, or report why it says none.

        Args:
            section: Where the entry stands.
            key: Its key there.
            district: Whose it is; ``None``: the base's.
            described: Where the district is described, for an entry of the skeleton, whose placeholders are filled.
            override: What the district changes of it.
        """
        kind, entries, document = section.kind, section.entries, section.document
        facts = district.placeholders() if district is not None and described is not None else None
        local = fill(key, facts) if facts is not None else key
        full = district.full_key(local) if district and kind.local_keys else local
        address = Address(kind.name, district.slug if district else BASE, full)
        fields = Map() if entries[key] is None else entries[key]
        changed = changed_by(kind, override, self._today, self._report) if override is not None else {}
        if not isinstance(fields, Map) or changed is None:
            self._config.broken[address] = Resource(address=address, fields={})
            if not isinstance(fields, Map):
                self._report(
                    Diagnostic(
                        code="wrong-type",
                        at=document.value_position(entries.spans, key),
                        message=f"{key} should be a mapping of fields",
                        help=kind.example.splitlines()[0],
                    )
                )
            return
        given: dict[str, Any] = (
            {**section.defaults[kind.plural], **fields} if section.defaults is not None else {**fields}
        )
        if facts is not None:
            given = {name: fill(value, facts) for name, value in given.items()}
        if changed:
            given.update(changed)
        if kind.key_field in fields:
            self._report(
                Diagnostic(
                    code="unknown-field",
                    at=document.key_position(fields.spans, kind.key_field),
                    message=f"{kind.key_field} is the key itself",
                    help="take the line away; the key above it says it",
                )
            )
        given[kind.key_field] = full
        under = (document, section.defaults, kind.plural) if section.defaults is not None else None
        try:
            values = to_values(convert(kind.model, given))
        except ValidationError as error:
            self._config.broken[address] = _references(kind, given, error, district, address, local)
            self._config.origins.setdefault(address, Origin(document, entries, key, override, described))
            result = findings_of(error, (document, entries, key), key_field=kind.key_field, over=override, under=under)
            if override is not None:
                base = document.key_position(entries.spans, key)
                result = [_overriding(f, base) if f.at.file == override[0].file else f for f in result]
            for f in result:
                self._report(_for(f, described))
            return
        origin = Origin(document, entries, key, override, described, under[1:] if under else None)
        self._keep(kind, values, district, address, local, origin)

    def _keep(
        self,
        kind: Kind,
        values: dict[str, Any],
        district: District | None,
        address: Address,
        local: str,
        origin: Origin,
    ) -> None:
        full = address.key
        del values[kind.key_field]
        self._set_aside(kind, values, address, origin)
        if kept := kind.kept:
            values = {n: v for n, v in values.items() if v is not None or n not in kept}
        for name in kind.defaults_to_key:
            if values[name] is None:
                values[name] = full
        if kind.key_mirror is not None:
            values[kind.key_mirror] = full
        if district is not None:
            _qualify(kind, values, district, local)
        if address in self._config.state:
            first = self._config.origins[address]
            hint = (
                "use `overrides:` to change what the base gives the district"
                if first.described
                else "keep one of the two"
            )
            self._report(
                Diagnostic(
                    code="duplicate-resource",
                    at=origin.position(),
                    message=f"{address} is made twice",
                    help=hint,
                    address=str(address),
                    related=first.position(),
                    related_label="first here",
                )
            )
            return
        self._config.state[address] = Resource(address=address, fields=values)
        self._config.origins[address] = origin

    def _set_aside(self, kind: Kind, values: dict[str, Any], address: Address, origin: Origin) -> None:
        """Keep what steers the tool apart from what is compared."""
        given = {n: v for n in kind.config_only if (v := values.pop(n)) is not None and v is not False}
        if not given:
            return
        if given.get("protected"):
            self._config.protected.add(address)
        if (old := given.get("previously")) is not None:
            self._config.previously[address] = tuple(self._earlier(old, address, kind, origin))
        if address not in self._config.state:
            self._config.config_only[address] = given

    def _earlier(self, given: Iterable[str], address: Address, kind: Kind, origin: Origin) -> Iterator[Address]:
        """The addresses that ``previously`` names, without those that are none."""
        for text in given:
            try:
                yield earlier_address(text, address, kind, self._config.districts)
            except NotAKey as error:
                self._report(
                    Diagnostic(
                        code="rename-conflict",
                        at=origin.of_field("previously"),
                        message=str(error),
                        help=error.help,
                        address=str(address),
                    )
                )


def _references(
    kind: Kind,
    given: Mapping[str, Any],
    error: ValidationError,
    district: District | None,
    address: Address,
    local: str,
) -> Resource:
    """What an invalid entry refers to: one mistake does not hide another."""
    wrong = {problem.path[0] for problem in error.problems if problem.path}
    readable = {
        name: given[name]
        for name in kind.references
        if name in given and name not in wrong and name != kind.key_field and given[name]
    }
    references = dict(readable)
    if district is not None:
        _qualify(kind, references, district, local)
    return Resource(address=address, fields={name: references[name] for name in readable})


def _qualify(kind: Kind, values: dict[str, Any], district: District, local: str) -> None:
    """Turn the local keys that a district's files use into full ones."""
    for name, ref in kind.own_references:
        value = values.get(name)
        if isinstance(value, list):
            values[name] = [district.full_key(key) for key in value]
        elif value is not None:
            values[name] = district.full_key(value)
        elif ref.kind == kind.name and kind.root_key and local != kind.root_key:
            values[name] = district.full_key(kind.root_key)


def _for(finding: Diagnostic, described: Described | None) -> Diagnostic:
    if described is None or finding.related is not None:
        return finding
    return replace(finding, related=described.position(), related_label="made for this district, as for every other")


def _overriding(finding: Diagnostic, base: Position) -> Diagnostic:
    return replace(finding, related=base, related_label="it overrides what is written here")
