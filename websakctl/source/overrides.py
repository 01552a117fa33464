"""What a district's ``overrides:`` change of that which the base gives it, and whether they may."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from websakctl.diagnostics import Diagnostic, Position, Severity
from websakctl.model.entry import Entry
from websakctl.model.kind import Kind
from websakctl.model.types import IsoDate, Text
from websakctl.model.validation import ValidationError, convert
from websakctl.source.configuration import Configuration
from websakctl.source.problems import Place, did_you_mean, findings_of
from websakctl.source.reporting import Report
from websakctl.source.sections import Section
from websakctl.source.tree import Map

_ABOUT_OVERRIDE = frozenset({"reason", "owner", "until"})


class AboutOverride(Entry, frozen=True, kw_only=True):
    """What every override must say of itself."""

    reason: Text
    owner: Text
    until: IsoDate | None = None


class Overrides:
    """The overrides of one district, by kind and key; each may be used once or more, and none is to be left over."""

    def __init__(self, report: Report) -> None:
        self._places: dict[tuple[str, str], Place] = {}
        self._used: set[tuple[str, str]] = set()
        self._report = report

    def add(self, section: Section) -> None:
        """Take up a section of the district's ``overrides:``."""
        for name in section.entries:
            first = self._places.setdefault((section.kind.name, name), (section.document, section.entries, name))
            if first[1] is not section.entries:
                self._report(
                    Diagnostic(
                        code="duplicate-resource",
                        at=section.document.key_position(section.entries.spans, name),
                        message=f"{name} is overridden twice",
                        help="keep one of the two, with all the fields",
                        related=first[0].key_position(first[1].spans, name),
                        related_label="first here",
                    )
                )

    def use(self, kind: str, *names: str) -> Place | None:
        """The override of a template that goes by any of these keys: the first that is there."""
        for name in names:
            if (kind, name) in self._places:
                self._used.add((kind, name))
                return self._places[kind, name]
        return None

    def report_unused(self, config: Configuration, templates: Iterable[Section]) -> None:
        """Report each override of something that the base does not give the district."""
        for (kind, key), (document, entries, _) in self._places.items():
            if (kind, key) in self._used or config.may_be_unread(key):
                continue
            known = [k for s in templates if s.kind.name == kind for k in s.entries]
            hint = (
                did_you_mean(key, known)
                or "an override changes what config/ gives each district; a unit of the district's own is changed where it is written"
            )
            self._report(
                Diagnostic(
                    code="override-unknown",
                    at=document.key_position(entries.spans, key),
                    message=f"the base gives the district no {kind} {key}",
                    help=hint,
                )
            )


def changed_by(kind: Kind, override: Place, today: date | None, report: Report) -> dict[str, Any] | None:
    """The fields that an override changes, of those that a district may; ``None`` where it is no mapping of fields."""
    document, entries, key = override
    fields = entries[key]
    if not isinstance(fields, Map):
        report(
            Diagnostic(
                code="wrong-type",
                at=document.value_position(entries.spans, key),
                message=f"{key} should be a mapping of fields",
                help="write the fields to change, with reason and owner",
            )
        )
        return None
    about = {name: value for name, value in fields.items() if name in _ABOUT_OVERRIDE}
    changed = {name: value for name, value in fields.items() if name not in _ABOUT_OVERRIDE}
    try:
        given = convert(AboutOverride, about)
    except ValidationError as error:
        for finding in findings_of(error, (document, entries, key), key_field=None):
            report(finding)
    else:
        if given.until and today and given.until < today.isoformat():
            report(
                Diagnostic(
                    code="override-expired",
                    at=document.value_position(fields.spans, "until"),
                    message=f"the override of {key} ended {given.until} and still holds",
                    help=f"ask {given.owner}; move the date, or take the override away",
                    severity=Severity.WARNING,
                )
            )
    for name in changed:
        if name not in kind.overridable:
            report(_not_overridable(kind, name, document.key_position(fields.spans, name)))
    return {name: value for name, value in changed.items() if name in kind.overridable}


def _not_overridable(kind: Kind, name: str, at: Position) -> Diagnostic:
    fields = ", ".join(sorted(kind.overridable))
    if name in kind.fields:
        return Diagnostic(
            code="override-not-allowed",
            at=at,
            message=f"{name} of {kind.plural} must be the same in every district",
            help=f"a district may override {fields or 'nothing'}",
        )
    return Diagnostic(
        code="unknown-field",
        at=at,
        message=f"unknown field '{name}'",
        help=did_you_mean(name, [*kind.overridable, *_ABOUT_OVERRIDE]) or f"a district may override {fields}",
    )
