"""Which sections a file has: each ``plural: {key: fields}``, where it may stand, and the file's defaults for it."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from websakctl.diagnostics import Diagnostic
from websakctl.kinds import all_kinds
from websakctl.model.kind import Kind, Scoping
from websakctl.source.configuration import Configuration
from websakctl.source.documents import Document
from websakctl.source.problems import did_you_mean
from websakctl.source.reporting import Report
from websakctl.source.tree import Map

TEMPLATES = "each_district"
OVERRIDES = "overrides"
DISTRICT = "district"
DEFAULTS = "defaults"


class Section(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One ``plural: {key: fields}`` mapping of a file, and the file's defaults for that kind."""

    document: Document
    kind: Kind
    entries: Map
    defaults: Map | None = None  # the file's ``defaults:`` mapping, if it speaks of this kind


class SectionReader:
    """Finds the sections of files, and reports what is none; what they hold is not looked at."""

    def __init__(self, config: Configuration, report: Report) -> None:
        self._config = config
        self._report = report
        self.kinds: Mapping[str, Kind] = {kind.plural: kind for kind in all_kinds().values()}

    def read_all(self, document: Document, key: str, place: Scoping) -> list[Section]:
        """The sections below ``key`` of a file: below ``each_district:`` or ``overrides:``."""
        value = document.top[key]
        if isinstance(value, Map):
            return [section for plural in value for section in self.read(document, value, plural, place, ())]
        if value is not None:
            self._mark_unparsed(document, value)
            self._report(
                Diagnostic(
                    code="wrong-type",
                    at=document.value_position(document.top.spans, key),
                    message=f"{key} should be a mapping of sections",
                    help="write a section below it, such as `org_units:`",
                )
            )
        return []

    def read(
        self, document: Document, holder: Map, plural: str, place: Scoping, others: tuple[str, ...]
    ) -> list[Section]:
        """The section ``plural`` of a mapping; none where it is empty or cannot stand there.

        Args:
            document: The file.
            holder: The mapping that has the section.
            plural: Its key there.
            place: Whether this is the base or a district.
            others: Keys that may stand beside sections here, for suggestions.
        """
        kind = self.kinds.get(plural)
        if kind is None:
            at = document.key_position(holder.spans, plural)
            hint = (
                did_you_mean(plural, [*self.kinds, *others])
                or f"the sections are {', '.join(sorted([*self.kinds, *others]))}"
            )
            self._report(Diagnostic(code="unknown-section", at=at, message=f"{plural} is not a section", help=hint))
            self._mark_unparsed(document, holder[plural])
            return []
        if place is not kind.scoping and kind.scoping is not Scoping.BOTH:
            where = (
                "config/, once for all districts"
                if kind.scoping is Scoping.BASE
                else "a district's folder, or under each_district:"
            )
            at = document.key_position(holder.spans, plural)
            self._report(
                Diagnostic(
                    code="wrong-scope", at=at, message=f"{plural} cannot stand here", help=f"they belong in {where}"
                )
            )
            self._mark_unparsed(document, holder[plural])
            return []
        entries = holder[plural]
        if isinstance(entries, Map):
            defaults = document.top.get(DEFAULTS)
            speaks = isinstance(defaults, Map) and isinstance(defaults.get(plural), Map)
            return [Section(document=document, kind=kind, entries=entries, defaults=defaults if speaks else None)]
        if entries is not None:
            self._mark_unparsed(document, entries)
            self._report(
                Diagnostic(
                    code="wrong-type",
                    at=document.value_position(holder.spans, plural),
                    message=f"{plural} should be a mapping",
                    help=f"key by key: {kind.example.splitlines()[0]}",
                )
            )
        return []

    def check_defaults(self, document: Document, value: Any) -> None:
        """Refuse a ``defaults:`` that no entry of the file could take up."""
        if not isinstance(value, Map):
            self._report(
                Diagnostic(
                    code="wrong-type",
                    at=document.value_position(document.top.spans, DEFAULTS),
                    message="defaults should be a mapping of sections",
                    help="defaults: {sub_orgs: {channel: altinn}}",
                )
            )
            return
        for plural, fields in value.items():
            kind = self.kinds.get(plural)
            if kind is None:
                self._report(
                    Diagnostic(
                        code="unknown-section",
                        at=document.key_position(value.spans, plural),
                        message=f"{plural} is not a section",
                        help=did_you_mean(plural, self.kinds) or f"the sections are {', '.join(self.kinds)}",
                    )
                )
            elif not isinstance(fields, Map):
                self._report(
                    Diagnostic(
                        code="wrong-type",
                        at=document.key_position(value.spans, plural),
                        message=f"defaults of {plural} should be a mapping of fields",
                        help="write {field: value}",
                    )
                )
            else:
                known = set(kind.fields) - {kind.key_field}
                for name in fields.keys() - known:
                    self._report(
                        Diagnostic(
                            code="unknown-field",
                            at=document.key_position(fields.spans, name),
                            message=f"unknown field '{name}'",
                            help=did_you_mean(name, known) or f"the fields are {', '.join(sorted(known))}",
                        )
                    )

    def _mark_unparsed(self, document: Document, value: Any) -> None:
        """Remember what a part holds that is left out, so that what refers to it is not blamed too."""
        if isinstance(value, Map):
            self._config.hidden.update(_keys_below(value))
        else:
            self._config.lost.add(document.text)


def _keys_below(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _keys_below(inner)
