"""From a config repository to a desired state: settings, districts, sections, resources, then links and rules."""

from collections import defaultdict
from datetime import date, timedelta
from itertools import chain

from msgspec.structs import replace

from websakctl.diagnostics import Diagnostic, Position
from websakctl.kinds import all_kinds
from websakctl.model.district import District
from websakctl.model.kind import Api, Scoping
from websakctl.source import policies
from websakctl.source.check_quotes import check_quotes
from websakctl.source.configuration import Configuration, Described
from websakctl.source.districts import drop_districts, read_districts, use_placeholder_district
from websakctl.source.documents import Document, Documents
from websakctl.source.linking import link, use_shared_where_none_is_own
from websakctl.source.overrides import Overrides
from websakctl.source.placeholders import check_placeholders, fill
from websakctl.source.reporting import each_once
from websakctl.source.repository_settings import read_settings
from websakctl.source.resources import ResourceBuilder
from websakctl.source.retiring import read_retirements
from websakctl.source.rules import check
from websakctl.source.sections import DEFAULTS, DISTRICT, OVERRIDES, TEMPLATES, Section, SectionReader
from websakctl.source.suppressions import apply_suppressions
from websakctl.source.users import (
    assign_files,
    check_codes,
    check_people_of_units,
    check_secondary_users,
    give_what_roles_give,
)

_TOLD_ALONE = frozenset({"national-id", "secret-in-config", "unknown-placeholder"})
_NO_DISTRICT_YET = "each-district"


def build(documents: Documents, today: date | None) -> Configuration:
    """The desired state that documents come to, and all that is wrong with them.

    Args:
        documents: All files of a repository, parsed.
        today: The day on which overrides and periods are judged; ``None`` judges none.
    """
    config = Configuration(
        findings=documents.findings,
        texts=documents.texts,
        files=len(documents.texts),
        described=set(documents.districts),
        lost=set(documents.lost),
    )
    report = each_once(config.findings)
    if documents.settings is not None:
        config.settings = read_settings(documents.settings, report)
    of_policies = [d for d in documents.base if d.file.startswith(policies.FOLDER)]
    base = [d for d in documents.base if not d.file.startswith(policies.FOLDER)]
    entries, findings = policies.read_policies(of_policies)
    config.policies = {name: entry for name, (entry, _) in entries.items()}
    for finding in findings:
        report(finding)
    made_up = read_districts(documents.districts, config, report)
    assign_files(documents.users, documents.districts, config, report)
    every = [*base, *chain.from_iterable(documents.districts.values())]

    sections = SectionReader(config, report)
    resources = ResourceBuilder(config, today, report)
    templates = _make_base(base, sections, resources)
    check_placeholders(every, sections.kinds, report)
    check_quotes([*every, *of_policies, *documents.users.values()], report)
    of_district = dict(documents.districts)
    if not of_district and templates:  # so that the skeleton is checked before there is a district
        use_placeholder_district(config, _NO_DISTRICT_YET)
        made_up.add(_NO_DISTRICT_YET)
        of_district[_NO_DISTRICT_YET] = []
    for name, own in of_district.items():
        overrides = Overrides(report)
        _make_district(config.districts[name], own, templates, overrides, sections, resources)
        overrides.report_unused(config, templates)
    use_shared_where_none_is_own(config, all_kinds())
    read_retirements(config, report)
    if config.with_users:
        check_codes(config, report)
        check_secondary_users(config, report)
        give_what_roles_give(config, report)
        check_people_of_units(config, report)
    link(config, all_kinds(), report)
    for finding in check(config, today):
        report(finding)
    config.by_kind.clear()
    drop_districts(config, made_up)
    _separate_own(config)
    _separate_dormant(config, today)
    weighed = apply_suppressions(config.findings, every, config.settings.rules, dated=today is not None)
    config.findings[:] = _drop_overlapping(weighed)
    return config


def _make_base(documents: list[Document], sections: SectionReader, resources: ResourceBuilder) -> list[Section]:
    """Make what lives once; gives the sections of the skeleton, which each district is made of."""
    base: list[Section] = []
    templates: list[Section] = []
    for document in documents:
        for key, value in document.top.items():
            if key == DEFAULTS:
                sections.check_defaults(document, value)
            elif key == TEMPLATES:
                templates += sections.read_all(document, key, Scoping.DISTRICT)
            else:
                base += sections.read(document, document.top, key, Scoping.BASE, (TEMPLATES, DEFAULTS))
    for section in base:
        for key in section.entries:
            resources.make(section, key, None, None)
    return templates


def _make_district(
    district: District,
    documents: list[Document],
    templates: list[Section],
    overrides: Overrides,
    sections: SectionReader,
    resources: ResourceBuilder,
) -> None:
    """Make what the skeleton gives a district, as it overrides that, and what is its own."""
    own: list[Section] = []
    described = Described(slug=district.slug)
    for document in documents:
        for key, value in document.top.items():
            if key == DEFAULTS:
                sections.check_defaults(document, value)
            elif key == DISTRICT:
                described = Described(slug=district.slug, document=document, section=key)
            elif key == OVERRIDES:
                for section in sections.read_all(document, key, Scoping.DISTRICT):
                    overrides.add(section)
            else:
                own += sections.read(document, document.top, key, Scoping.DISTRICT, (DISTRICT, OVERRIDES, DEFAULTS))
    for section in templates:
        for key in section.entries:
            override = overrides.use(section.kind.name, fill(key, district.placeholders()), key)
            resources.make(section, key, district, described, override)
    for section in own:
        for key in section.entries:
            resources.make(section, key, district, None)


def _separate_own(config: Configuration) -> None:
    """Keep what steers the tool out of the state that is compared; references to it are checked by now."""
    own = {kind.name for kind in all_kinds().values() if kind.api is Api.CONFIG}
    if any(address.kind in own for address in config.state):
        merged = config.state
        config.own = {a: r for a, r in merged.items() if a.kind in own}
        config.state = {a: r for a, r in merged.items() if a.kind not in own}


def _separate_dormant(config: Configuration, today: date | None) -> None:
    """Keep out of the state whom the day does not concern: who starts later, and who has left.

    Who starts within the days that users are made ahead stays in it, with the first day for Websak to keep.
    """
    if today is None:
        return
    day, horizon = today.isoformat(), (today + timedelta(days=config.settings.user_days_ahead)).isoformat()
    for address, fields in config.config_only.items():
        starts, ends = fields.get("valid_from") or day, fields.get("valid_to") or day
        if address not in config.state:
            continue
        if not (starts <= horizon and day <= ends):
            config.dormant[address] = config.state.pop(address)
        elif starts > day:
            user = config.state[address]
            config.state[address] = replace(user, fields={**user.fields, "valid_from": starts})


def _drop_overlapping(findings: list[Diagnostic]) -> list[Diagnostic]:
    """In the order of the files; of what must be written otherwise anyhow, nothing else is told."""
    first: dict[tuple[str, int], list[Position]] = defaultdict(list)
    for f in findings:
        if f.code in _TOLD_ALONE:
            first[f.at.file, f.at.line].append(f.at)
    kept = [
        f
        for f in findings
        if f.code in _TOLD_ALONE or not any(_overlap(f.at, at) for at in first.get((f.at.file, f.at.line), ()))
    ]
    return sorted(kept, key=lambda f: (f.at.file, f.at.line, f.at.column, f.code))


def _overlap(one: Position, other: Position) -> bool:
    """Whether two spans that begin on the same line share a column of it."""
    ends = one.end_column if one.end_line == one.line else other.end_column
    return one.column < other.end_column and other.column < ends
