"""From a config repository to a desired state: sections, districts, templates, overrides, then links."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import chain
from typing import Annotated, Any

from websakctl.diagnostics import RULES, Diagnostic, Position, Severity
from websakctl.kinds import all_kinds
from websakctl.model.address import BASE, Address, slug
from websakctl.model.district import District
from websakctl.model.entry import Entry
from websakctl.model.kind import Api, Kind, Scoping
from websakctl.model.patterns import matching
from websakctl.model.resource import Resource
from websakctl.model.types import IsoDate, Name, OrgNumber, Text
from websakctl.model.validation import ValidationError, convert, to_values
from websakctl.source import policies
from websakctl.source.configuration import Configuration, Described, Origin
from websakctl.source.documents import Document, Documents
from websakctl.source.earlier_keys import NotAKey, earlier_address
from websakctl.source.ignoring import weigh
from websakctl.source.linking import link
from websakctl.source.problems import Place, did_you_mean, findings_of
from websakctl.source.retiring import read_retirements
from websakctl.source.rules import check
from websakctl.source.server_addresses import check_environment
from websakctl.source.settings_file import SettingsFile
from websakctl.source.tree import Map, Seq, Span
from websakctl.source.users import SECTION as USERS
from websakctl.source.users import check_file, give_what_roles_give, is_users_file

TEMPLATES = "each_district"
OVERRIDES = "overrides"
DISTRICT = "district"
DEFAULTS = "defaults"
_ANY_ORGNR = "313000001"  # valid, and nobody's: from the range of the register's test environment
_ABOUT_OVERRIDE = frozenset({"reason", "owner", "until"})
_PLACEHOLDER = re.compile(r"\{ *([A-Za-z_.]+) *\}")
_TOLD_ALONE = frozenset({"national-id", "secret-in-config", "unknown-placeholder"})
_SEVERAL_AT_A_PLACE = frozenset({"missing-field"})  # a place where a field is missing may lack more
_FACTS = ("name", "short_name", "slug", "number", "orgnr")


class DistrictSection(Entry, frozen=True, kw_only=True):
    """The ``district:`` section of a district's folder."""

    name: Name
    number: Annotated[str, matching(r"\d{2}")]
    orgnr: OrgNumber
    short_name: Annotated[str, matching(r"[A-ZÆØÅ]{2,5}")]
    prefix: Annotated[str, matching(r"[A-ZÆØÅ0-9]{1,5}")]


class AboutOverride(Entry, frozen=True, kw_only=True):
    """What every override must say of itself."""

    reason: Text
    owner: Text
    until: IsoDate | None = None


@dataclass(slots=True)
class _Section:
    """One ``plural: {key: fields}`` mapping of a file, and the file's defaults for that kind."""

    document: Document
    kind: Kind
    entries: Map
    defaults: Map | None = None  # the file's ``defaults:`` mapping, if it speaks of this kind


class _Loader:
    def __init__(self, documents: Documents, today: date | None) -> None:
        self.documents = documents
        self.today = today
        self.kinds = {kind.plural: kind for kind in all_kinds().values()}
        self.result = Configuration(
            findings=documents.findings,
            texts=documents.texts,
            files=len(documents.texts),
            described=set(documents.districts),
            lost="\n".join(documents.lost),
        )
        self.reported: set[tuple[str, Position, str]] = set()
        self.stand_ins: set[str] = set()  # districts with made-up facts

    def report(self, *findings: Diagnostic) -> None:
        """Keep each finding once: a mistake in a template is one mistake, not fifteen."""
        for finding in findings:
            which = finding.message if finding.code in _SEVERAL_AT_A_PLACE else ""
            if (finding.code, finding.at, which) not in self.reported:
                self.reported.add((finding.code, finding.at, which))
                self.result.findings.append(finding)

    def load(self) -> Configuration:
        self.read_settings()
        self.read_policies()
        self.read_districts()
        self.read_users()
        base: list[_Section] = []
        templates: list[_Section] = []
        for document in self.documents.base:
            for key, value in document.top.items():
                if key == DEFAULTS:
                    self.check_defaults(document, value)
                elif key == TEMPLATES:
                    self.sections_in(document, document.top, key, templates, Scoping.DISTRICT)
                else:
                    self.section(document, document.top, key, base, Scoping.BASE, (TEMPLATES, DEFAULTS))
        for section in base:
            for key in section.entries:
                self.make(section, key, None, None)
        self.check_placeholders()
        for name, own in self.documents.districts.items():
            self.make_district(self.result.districts[name], own, templates)
        if not self.documents.districts and templates:
            self.stand_in("each-district")  # so that the skeleton is checked before there is a district
            self.make_district(self.result.districts["each-district"], [], templates)
        read_retirements(self.result, self.report)
        if self.result.with_users:
            give_what_roles_give(self.result, self.report)
        link(self.result, all_kinds(), self.report)
        self.report(*check(self.result, self.today))
        self.result.by_kind.clear()
        self.leave_out_stand_ins()
        self.set_own_apart()
        self.result.findings[:] = _apart(self.weigh())
        return self.result

    def set_own_apart(self) -> None:
        """Keep what steers the tool out of the state that is compared; references to it are checked by now."""
        own = {kind.name for kind in self.kinds.values() if kind.api is Api.CONFIG}
        if any(address.kind in own for address in self.result.state):
            whole = self.result.state
            self.result.own = {a: r for a, r in whole.items() if a.kind in own}
            self.result.state = {a: r for a, r in whole.items() if a.kind not in own}

    def read_policies(self) -> None:
        """Take the policies' files out of the others: they are no part of the setup."""
        files = [d for d in self.documents.base if d.file.startswith(policies.FOLDER)]
        self.documents.base[:] = [d for d in self.documents.base if not d.file.startswith(policies.FOLDER)]
        found, findings = policies.read_policies(files)
        self.result.policies = {name: entry for name, (entry, _) in found.items()}
        self.report(*findings)

    def read_users(self) -> None:
        """Put each file of users to its district; it may name persons, and where settings say so number them."""
        for slug_, document in self.documents.users.items():
            if check_file(document, slug_, self.documents.districts, self.report):
                self.documents.districts[slug_].append(document)
        if self.result.settings.user_import.national_id:
            self.result.findings[:] = [
                f for f in self.result.findings if f.code != "national-id" or not is_users_file(f.at.file)
            ]
        self.result.with_users = {
            name for name, documents in self.documents.districts.items() if any(USERS in d.top for d in documents)
        }

    def weigh(self) -> list[Diagnostic]:
        """The findings after what settings and comments say of rules."""
        documents = chain(self.documents.base, *self.documents.districts.values())
        return weigh(self.result.findings, documents, self.result.settings.rules, dated=self.today is not None)

    # --- settings and districts

    def read_settings(self) -> None:
        document = self.documents.settings
        if document is None:
            return
        wrapper = Map()
        wrapper["websak.yaml"] = document.top
        wrapper.spans["websak.yaml"] = Span(0, 0, 0, 1, 0, 0, 0, 1)
        try:
            self.result.settings = convert(SettingsFile, document.top)
        except ValidationError as error:
            found = findings_of(error, (document, wrapper, "websak.yaml"), key_field=None)
            renamed = {"unknown-field": "bad-settings", "bad-value": "bad-settings"}
            self.report(*(replace(f, code=renamed.get(f.code, f.code)) for f in found))
        else:
            self.check_rule_names(document)
            for name, environment in self.result.settings.environments.items():
                self.report(*check_environment(document, name, environment))

    def check_rule_names(self, document: Document) -> None:
        """Refuse a severity for what is no rule, or one that must hold everywhere."""
        settable = [rule.name for rule in RULES.values() if rule.settable]
        for name in self.result.settings.rules:
            if name not in settable:
                known = name in RULES
                self.report(
                    Diagnostic(
                        code="bad-settings",
                        at=document.key_position(document.top["rules"].spans, name),
                        message=f"the severity of {name} cannot be changed" if known else f"there is no rule {name}",
                        help=did_you_mean(name, () if known else settable)
                        or f"those that can be set are {', '.join(sorted(settable))}",
                    )
                )

    def read_districts(self) -> None:
        for name, documents in self.documents.districts.items():
            holders = [d for d in documents if DISTRICT in d.top]
            folder = Position(f"districts/{name}/district.yaml")
            if not holders:
                unread = any(f.at.file.startswith(f"districts/{name}/") for f in self.result.findings)
                if not unread:  # else the section may stand where nobody could read it
                    self.report(
                        Diagnostic(
                            code="district-incomplete",
                            at=folder,
                            message=f"districts/{name}/ has no `district:` section",
                            help="write district.yaml with name, number, orgnr, short_name and prefix",
                        )
                    )
                self.stand_in(name)
                continue
            document = holders[0]
            for extra in holders[1:]:
                at = extra.key_position(extra.top.spans, DISTRICT)
                self.report(
                    Diagnostic(
                        code="duplicate-resource",
                        at=at,
                        message="the district is described twice",
                        help="keep one",
                        related=document.key_position(document.top.spans, DISTRICT),
                        related_label="first here",
                    )
                )
            try:
                facts = convert(DistrictSection, document.top[DISTRICT])
            except ValidationError as error:
                self.report(*findings_of(error, (document, document.top, DISTRICT), key_field=None))
                self.stand_in(name)
                continue
            expected = slug(facts.name.removeprefix("Bydel "))
            if name != slug(name) or (name != expected and slug(facts.name) != name):
                at = document.value_position(document.top[DISTRICT].spans, "name")
                self.report(
                    Diagnostic(
                        code="district-incomplete",
                        at=at,
                        message=f"the folder {name} is not the slug of {facts.name}",
                        help=f"rename the folder to {expected}",
                        severity=Severity.WARNING,
                    )
                )
            self.claim(document, name, facts)

    def stand_in(self, name: str) -> None:
        """Take made-up facts where the district's own are wrong, so that the rest of its folder is checked all the same."""
        facts = {
            "name": name,
            "number": "00",
            "orgnr": _ANY_ORGNR,
            "short_name": "BXX",
            "prefix": f"X{len(self.result.unsure)}",
        }
        self.result.unsure.add(name)
        self.stand_ins.add(name)
        self.result.districts[name] = District(slug=name, **facts)

    def leave_out_stand_ins(self) -> None:
        """Take away what was made only to be checked."""
        if not self.stand_ins:
            return
        for address in [a for a in self.result.state if a.scope in self.stand_ins]:
            del self.result.state[address], self.result.origins[address]
        for name in self.stand_ins:
            del self.result.districts[name]

    def claim(self, document: Document, name: str, facts: DistrictSection) -> None:
        district = District(name, facts.name, facts.number, facts.orgnr, facts.short_name, facts.prefix)
        for other in self.result.districts.values():
            if other.slug in self.result.unsure:
                continue
            for label in ("name", "number", "orgnr", "short_name", "prefix"):
                if getattr(other, label) == getattr(district, label):
                    self.report(
                        Diagnostic(
                            code="not-unique",
                            at=document.value_position(document.top[DISTRICT].spans, label),
                            message=f"{label} {getattr(district, label)} is also {other.slug}'s",
                            help="each district has its own",
                        )
                    )
                    self.result.unsure.add(name)
        self.result.districts[name] = district

    # --- sections

    def sections_in(self, document: Document, holder: Map, key: str, into: list[_Section], place: Scoping) -> None:
        value = holder[key]
        if not isinstance(value, Map):
            if value is not None:
                self.lose(document, value)
                self.report(
                    Diagnostic(
                        code="wrong-type",
                        at=document.value_position(holder.spans, key),
                        message=f"{key} should be a mapping of sections",
                        help="write a section below it, such as `org_units:`",
                    )
                )
            return
        for plural in value:
            self.section(document, value, plural, into, place, ())

    def section(
        self,
        document: Document,
        holder: Map,
        plural: str,
        into: list[_Section],
        place: Scoping,
        others: tuple[str, ...],
    ) -> None:
        kind = self.kinds.get(plural)
        if kind is None:
            at = document.key_position(holder.spans, plural)
            hint = (
                did_you_mean(plural, [*self.kinds, *others])
                or f"the sections are {', '.join(sorted([*self.kinds, *others]))}"
            )
            self.report(Diagnostic(code="unknown-section", at=at, message=f"{plural} is not a section", help=hint))
            self.lose(document, holder[plural])
            return
        if place is not kind.scoping and kind.scoping is not Scoping.BOTH:
            where = (
                "config/, once for all districts"
                if kind.scoping is Scoping.BASE
                else "a district's folder, or under each_district:"
            )
            at = document.key_position(holder.spans, plural)
            self.report(
                Diagnostic(
                    code="wrong-scope", at=at, message=f"{plural} cannot stand here", help=f"they belong in {where}"
                )
            )
            self.lose(document, holder[plural])
            return
        entries = holder[plural]
        if entries is None:
            return
        if not isinstance(entries, Map):
            self.lose(document, entries)
            self.report(
                Diagnostic(
                    code="wrong-type",
                    at=document.value_position(holder.spans, plural),
                    message=f"{plural} should be a mapping",
                    help=f"key by key: {kind.example.splitlines()[0]}",
                )
            )
            return
        defaults = document.top.get(DEFAULTS)
        into.append(
            _Section(
                document,
                kind,
                entries,
                defaults if isinstance(defaults, Map) and isinstance(defaults.get(plural), Map) else None,
            )
        )

    def lose(self, document: Document, value: Any) -> None:
        """Remember what a part holds that is left out, so that what refers to it is not blamed too."""
        if isinstance(value, Map):
            self.result.hidden.update(_keys_below(value))
        else:
            self.result.lost += document.text

    def check_defaults(self, document: Document, value: Any) -> None:
        """Refuse a ``defaults:`` that no entry of the file could take up."""
        if not isinstance(value, Map):
            self.report(
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
                self.report(
                    Diagnostic(
                        code="unknown-section",
                        at=document.key_position(value.spans, plural),
                        message=f"{plural} is not a section",
                        help=did_you_mean(plural, self.kinds) or f"the sections are {', '.join(self.kinds)}",
                    )
                )
            elif not isinstance(fields, Map):
                self.report(
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
                    self.report(
                        Diagnostic(
                            code="unknown-field",
                            at=document.key_position(fields.spans, name),
                            message=f"{name} is not a field here",
                            help=did_you_mean(name, known) or f"the fields are {', '.join(sorted(known))}",
                        )
                    )

    def make_district(self, district: District, documents: list[Document], templates: list[_Section]) -> None:
        own: list[_Section] = []
        overrides: dict[tuple[str, str], Place] = {}
        described = Described(district.slug)
        for document in documents:
            for key, value in document.top.items():
                if key == DEFAULTS:
                    self.check_defaults(document, value)
                elif key == DISTRICT:
                    described = Described(district.slug, document, key)
                elif key == OVERRIDES:
                    found: list[_Section] = []
                    self.sections_in(document, document.top, key, found, Scoping.DISTRICT)
                    for section in found:
                        for name in section.entries:
                            self.add_override(overrides, section, name)
                else:
                    self.section(document, document.top, key, own, Scoping.DISTRICT, (DISTRICT, OVERRIDES, DEFAULTS))
        used: set[tuple[str, str]] = set()
        for section in templates:
            for key in section.entries:
                actual = self.fill(key, district.placeholders())
                override = overrides.get((section.kind.name, actual)) or overrides.get((section.kind.name, key))
                if override is not None:
                    used.add((section.kind.name, override[2]))
                self.make(section, key, district, described, override)
        for section in own:
            for key in section.entries:
                self.make(section, key, district, None)
        for (kind, key), (document, entries, _) in overrides.items():
            if (kind, key) not in used and key not in self.result.lost and key not in self.result.hidden:
                known = [k for s in templates if s.kind.name == kind for k in s.entries]
                hint = (
                    did_you_mean(key, known)
                    or "an override changes what config/ gives each district; a unit of the district's own is changed where it is written"
                )
                self.report(
                    Diagnostic(
                        code="override-unknown",
                        at=document.key_position(entries.spans, key),
                        message=f"the base gives the district no {kind} {key}",
                        help=hint,
                    )
                )

    def add_override(self, overrides: dict[tuple[str, str], Place], section: _Section, name: str) -> None:
        first = overrides.setdefault((section.kind.name, name), (section.document, section.entries, name))
        if first[1] is not section.entries:
            self.report(
                Diagnostic(
                    code="duplicate-resource",
                    at=section.document.key_position(section.entries.spans, name),
                    message=f"{name} is overridden twice",
                    help="keep one of the two, with all the fields",
                    related=first[0].key_position(first[1].spans, name),
                    related_label="first here",
                )
            )

    # --- resources

    def fill(self, value: Any, facts: Mapping[str, str]) -> Any:
        """Put the district's facts where placeholders stand."""
        if isinstance(value, str):
            return _PLACEHOLDER.sub(lambda m: facts.get(m[1], m[0]), value) if "{" in value else value
        if isinstance(value, Map):
            return {self.fill(k, facts): self.fill(v, facts) for k, v in value.items()}
        if isinstance(value, Seq):
            return [self.fill(v, facts) for v in value]
        return value

    def check_placeholders(self) -> None:
        """Report placeholders that nothing is put in for, each at its text."""
        known = [f"district.{name}" for name in _FACTS]
        for document in [*self.documents.base, *chain.from_iterable(self.documents.districts.values())]:
            if not _PLACEHOLDER.search(document.text):
                continue
            templates = TEMPLATES in document.top
            for section, value in document.top.items():
                if section not in (*self.kinds, TEMPLATES, DEFAULTS, OVERRIDES, DISTRICT):
                    continue
                filled = section == TEMPLATES or (section == DEFAULTS and templates)
                for text, where in _texts(document, value):
                    for m in _PLACEHOLDER.finditer(text):
                        if filled and m[0] not in {f"{{{name}}}" for name in known}:
                            message = f"{m[0]} is no placeholder"
                            hint = did_you_mean(m[1].lower(), known) or f"the placeholders are {', '.join(known)}"
                        elif not filled and m[1].lower().startswith("district."):
                            message = f"{m[0]} is not filled in here"
                            hint = f"write the words out; placeholders are for {TEMPLATES}: in config/"
                        else:
                            continue
                        self.report(Diagnostic(code="unknown-placeholder", at=where(), message=message, help=hint))

    def make(
        self,
        section: _Section,
        key: str,
        district: District | None,
        described: Described | None,
        override: Place | None = None,
    ) -> None:
        kind, entries, document = section.kind, section.entries, section.document
        facts = district.placeholders() if district is not None and described is not None else None
        local = self.fill(key, facts) if facts is not None else key
        full = district.full_key(local) if district and kind.local_keys else local
        address = Address(kind.name, district.slug if district else BASE, full)
        fields = Map() if entries[key] is None else entries[key]
        changed = self.overriding(kind, override) if override is not None else {}
        if not isinstance(fields, Map) or changed is None:
            self.result.broken.add(address)
            if not isinstance(fields, Map):
                self.report(
                    Diagnostic(
                        code="wrong-type",
                        at=document.value_position(entries.spans, key),
                        message=f"{key} should be a mapping of fields",
                        help=kind.example.splitlines()[0],
                    )
                )
            return
        said: dict[str, Any] = (
            {**section.defaults[kind.plural], **fields} if section.defaults is not None else {**fields}
        )
        if facts is not None:
            said = {name: self.fill(value, facts) for name, value in said.items()}
        if changed:
            said.update(changed)
        if kind.key_field in fields:
            self.report(
                Diagnostic(
                    code="unknown-field",
                    at=document.key_position(fields.spans, kind.key_field),
                    message=f"{kind.key_field} is the key itself",
                    help="take the line away; the key above it says it",
                )
            )
        said[kind.key_field] = full
        under = (document, section.defaults, kind.plural) if section.defaults is not None else None
        try:
            values = to_values(convert(kind.model, said))
        except ValidationError as error:
            self.result.broken.add(address)
            found = findings_of(error, (document, entries, key), key_field=kind.key_field, over=override, under=under)
            if override is not None:
                base = document.key_position(entries.spans, key)
                found = [_overriding(f, base) if f.at.file == override[0].file else f for f in found]
            self.report(*(_for(f, described) for f in found))
            return
        origin = Origin(document, entries, key, override, described, under[1:] if under else None)
        self.keep(kind, values, district, address, local, origin)

    def keep(
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
        self.set_aside(kind, values, address, origin)
        if kept := kind.kept:
            values = {n: v for n, v in values.items() if v is not None or n not in kept}
        for name in kind.defaults_to_key:
            if values[name] is None:
                values[name] = full
        if kind.key_mirror is not None:
            values[kind.key_mirror] = full
        if district is not None:
            self.qualify(kind, values, district, local)
        if address in self.result.state:
            first = self.result.origins[address]
            hint = (
                "use `overrides:` to change what the base gives the district"
                if first.described
                else "keep one of the two"
            )
            self.report(
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
        self.result.state[address] = Resource(address, values)
        self.result.origins[address] = origin

    def set_aside(self, kind: Kind, values: dict[str, Any], address: Address, origin: Origin) -> None:
        """Keep what steers the tool apart from what is compared."""
        said = {n: v for n in kind.config_only if (v := values.pop(n)) is not None and v is not False}
        if not said:
            return
        if said.get("protected"):
            self.result.protected.add(address)
        if (old := said.get("previously")) is not None:
            self.result.previously[address] = tuple(self.earlier(old, address, kind, origin))
        if address not in self.result.state:
            self.result.aside[address] = said

    def earlier(self, said: Iterable[str], address: Address, kind: Kind, origin: Origin) -> Iterator[Address]:
        """The addresses that ``previously`` names, without those that are none."""
        for text in said:
            try:
                yield earlier_address(text, address, kind, self.result.districts)
            except NotAKey as error:
                self.report(
                    Diagnostic(
                        code="rename-conflict",
                        at=origin.of_field("previously"),
                        message=str(error),
                        help=error.help,
                        address=str(address),
                    )
                )

    def qualify(self, kind: Kind, values: dict[str, Any], district: District, local: str) -> None:
        """Turn the local keys that a district's files use into full ones."""
        for name, ref in kind.own_references:
            value = values.get(name)
            if isinstance(value, list):
                values[name] = [district.full_key(key) for key in value]
            elif value is not None:
                values[name] = district.full_key(value)
            elif ref.kind == kind.name and kind.root_key and local != kind.root_key:
                values[name] = district.full_key(kind.root_key)

    def overriding(self, kind: Kind, override: Place) -> dict[str, Any] | None:
        document, entries, key = override
        fields = entries[key]
        if not isinstance(fields, Map):
            self.report(
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
            said = convert(AboutOverride, about)
        except ValidationError as error:
            self.report(*findings_of(error, (document, entries, key), key_field=None))
        else:
            if said.until and self.today and said.until < self.today.isoformat():
                self.report(
                    Diagnostic(
                        code="override-expired",
                        at=document.value_position(fields.spans, "until"),
                        message=f"the override of {key} ended {said.until} and still holds",
                        help=f"ask {said.owner}; move the date, or take the override away",
                        severity=Severity.WARNING,
                    )
                )
        for name in changed:
            if name not in kind.overridable:
                known = name in kind.fields
                at = document.key_position(fields.spans, name)
                if known:
                    self.report(
                        Diagnostic(
                            code="override-not-allowed",
                            at=at,
                            message=f"{name} of {kind.plural} must be the same in every district",
                            help=f"a district may override {', '.join(sorted(kind.overridable)) or 'nothing'}",
                        )
                    )
                else:
                    self.report(
                        Diagnostic(
                            code="unknown-field",
                            at=at,
                            message=f"{name} is not a field here",
                            help=did_you_mean(name, [*kind.overridable, *_ABOUT_OVERRIDE])
                            or f"a district may override {', '.join(sorted(kind.overridable))}",
                        )
                    )
        return {name: value for name, value in changed.items() if name in kind.overridable}


def _apart(findings: list[Diagnostic]) -> list[Diagnostic]:
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


def _texts(document: Document, holder: Any) -> Iterator[tuple[str, Callable[[], Position]]]:
    """Every text in a part of a file, keys too, with what looks up its place."""
    steps: Iterable[tuple[Any, Any]] = ()
    if isinstance(holder, Map):
        steps = holder.items()
    elif isinstance(holder, Seq):
        steps = enumerate(holder)
    for step, value in steps:
        if isinstance(step, str):
            yield step, partial(_key_at, document, holder, step)
        if isinstance(value, str):
            yield value, partial(_value_at, document, holder, step)
        else:
            yield from _texts(document, value)


def _key_at(document: Document, holder: Map, key: str) -> Position:
    return document.key_position(holder.spans, key)


def _value_at(document: Document, holder: Map | Seq, step: Any) -> Position:
    s = holder.spans[step]
    return Position(document.file, s.vline + 1, s.vcol + 1, s.vend_line + 1, s.vend_col + 1)


def _keys_below(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _keys_below(inner)


def _for(finding: Diagnostic, described: Described | None) -> Diagnostic:
    if described is None or finding.related is not None:
        return finding
    return replace(finding, related=described.position(), related_label="made for this district, as for every other")


def _overriding(finding: Diagnostic, base: Position) -> Diagnostic:
    return replace(finding, related=base, related_label="it overrides what is written here")


def build(documents: Documents, today: date | None) -> Configuration:
    """The desired state that documents come to, and all that is wrong with them.

    Args:
        documents: All files of a repository, parsed.
        today: The day on which overrides and periods are judged; ``None`` judges none.
    """
    return _Loader(documents, today).load()
