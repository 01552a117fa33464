"""What an inspection asks for: the config at a day, who changed what and why, exceptions, gates, findings, retention.

All of it comes from commits and the journal; no Websak is asked. Texts of the tool are ``Told``, so that they can be translated;
all else is as somebody wrote it, without persons unless they are asked for.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from websakctl.diagnostics import Severity, errors_in
from websakctl.kinds import all_kinds, entries
from websakctl.kinds.attestation import Attestation
from websakctl.kinds.finding import Finding
from websakctl.law.review import Basis, LawReview, review_law
from websakctl.law.standing import Standing
from websakctl.model.address import Address
from websakctl.operations.change.history import HistoryEntry, RunView, history_entries
from websakctl.operations.config.compare_districts import How, compare_districts
from websakctl.operations.review.config_at import ConfigAt
from websakctl.operations.review.disposal import RetentionRule, calendar, retention_rules
from websakctl.operations.review.journal_at import JournalAt
from websakctl.operations.review.persons import WITHHELD, Persons
from websakctl.operations.review.sign_access import ENTRY
from websakctl.redaction import redact, redacted
from websakctl.rollout.batches import batch_of, in_order
from websakctl.rollout.gates import Gate, gates
from websakctl.rollout.reviews import LONGEST

OSLO = ZoneInfo("Europe/Oslo")
USER = "user"
_MOST_ERRORS = 5  # that are told one by one
_MADE_FROM: Mapping[str, frozenset[str]] = {  # the sections of the config that a table rests on; none: on all
    "config": frozenset(),
    "exceptions": frozenset(),
    "gates": frozenset({"gates", "attestations", "rollout_batches"}),
    "findings": frozenset({"findings"}),
    "law": frozenset({"access_codes", "case_types", "legal_sources", "overrides"}),
    "legal-sources": frozenset({"access_codes", "case_types", "legal_sources", "overrides"}),
    "retention": frozenset({"access_codes", "case_types", "legal_sources", "overrides"}),
    "disposal": frozenset({"case_types", "overrides"}),
}
_SHORT = 10  # characters of a commit that people see


class Told(str):
    """A text of the tool, in English: pages translate it."""

    __slots__ = ()


Cell = str | int


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One table. ``missing``: what an inspection would ask about, in sentences; ``notes``: what a reader must know.

    ``to_read``: it is for people, not only to be compared.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    to_read: bool = True


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. ``gaps``: why it rests on incomplete data; none: it is complete."""

    as_of: date
    environment: str
    owner: str
    config: ConfigAt
    journal: JournalAt
    named: bool
    parts: tuple[Part, ...]
    gaps: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing that it rests on is missing."""
        return not self.gaps


def gather(config: ConfigAt, journal: JournalAt, *, as_of: date, environment: str, names: bool) -> Evidence:
    """Put the evidence together.

    Args:
        config: The config at the day.
        journal: The journal by its end.
        as_of: The day.
        environment: Whose journal it is.
        names: Whether persons are named; otherwise they are roles and numbers.
    """
    known = {who for c in config.commits for who in (c.author, c.committer)} | _accounts(journal)
    who = Persons(names=names, config=config.config, known=known)
    makes = _Parts(config, journal, as_of, who)
    organisation = config.config.settings.organisation
    return Evidence(
        as_of=as_of,
        environment=environment,
        owner=organisation.name if organisation else "",
        config=config,
        journal=journal,
        named=names,
        parts=tuple(_redacted(_with_errors(part, config)) for part in makes.all()),
        gaps=(*map(redact, _gaps(config, who)), *journal.gaps),
    )


def _accounts(journal: JournalAt) -> set[str]:
    return {str(e.body.get(name) or "").partition("@")[0] for e in journal.all_entries for name in ("user", "owner")}


def _gaps(config: ConfigAt, who: Persons) -> Iterator[str]:
    if config.shallow:
        yield "this clone is shallow, so older commits of the config are not in it: git fetch --unshallow"
    if errors := errors_in(config.config.findings):
        yield f"errors that this version of websakctl finds in the config of that day: {errors}"
        named = [f for f in config.config.findings if f.severity is Severity.ERROR]
        yield from (f"{f.at.file}:{f.at.line}: {who.text(f.message)} ({f.code})" for f in named[:_MOST_ERRORS])
        if errors > _MOST_ERRORS:
            yield f"more errors, which websakctl validate names in a checkout of that commit: {errors - _MOST_ERRORS}"


def _with_errors(part: Part, config: ConfigAt) -> Part:
    """Say of a table made from the config which of its files have errors, as rows of these may be missing."""
    if part.name not in _MADE_FROM:
        return part
    sections = _MADE_FROM[part.name]
    files = {f.at.file for f in config.config.findings if f.severity is Severity.ERROR}
    # of a file that cannot be read at all nobody knows what it holds
    touched = [file for file in sorted(files) if not sections or not (held := _held(config, file)) or held & sections]
    if not touched:
        return part
    sentence = f"files with errors, whose rows may be missing here: {', '.join(touched)}"
    return msgspec.structs.replace(part, missing=(sentence, *part.missing))


def _held(config: ConfigAt, file: str) -> set[str]:
    """The sections that a file's text has."""
    return set(re.findall(r"^([a-z_]+):", config.config.texts.get(file, ""), re.MULTILINE))


def _redacted(part: Part) -> Part:
    rows = tuple(tuple(_clean(cell) for cell in row) for row in part.rows)
    return msgspec.structs.replace(part, rows=rows)


def _clean(cell: Cell) -> Cell:
    return cell if isinstance(cell, int | Told) else redact(cell)


class _Parts:
    """Makes each table."""

    def __init__(self, config: ConfigAt, journal: JournalAt, as_of: date, who: Persons) -> None:
        self.at, self.journal, self.as_of, self.who = config, journal, as_of, who
        self.config, self.day = config.config, as_of.isoformat()
        self.runs = journal.runs()
        self.starts = {e.run: e.body for e in journal.all_entries if e.what == "start"}
        self._people: dict[str, str] = {}

    def all(self) -> Iterator[Part]:
        yield self.setup()
        yield self.files()
        yield self.commits()
        yield self.run_list()
        yield self.changes()
        yield self.approvals()
        yield self.exceptions()
        yield self.gates()
        yield self.access_reviews()
        yield self.findings()
        law = review_law(self.config.whole, self.as_of, self.config.settings.law_days_ahead)
        yield self.law(law)
        yield self.sources(law)
        unsound = {basis.address for basis in law.open if basis.field == "retention_basis"}
        rules = retention_rules(self.config.state, self.as_of, self.config.examples, unsound)
        yield self.retention(rules)
        yield self.calendar(rules)

    # --- the config

    def setup(self) -> Part:
        rows: list[tuple[Cell, ...]] = []
        for address, resource in sorted(self.config.whole.items()):
            if address.kind == USER:
                continue
            kind = all_kinds()[address.kind]
            at = self.config.position_of(address)
            name = resource.fields.get(kind.label)
            given = {field: value for field, value in resource.fields.items() if value is not None}
            values = {field: self.who.value(address.kind, field, value) for field, value in given.items()}
            rows.append(
                (
                    address.kind,
                    address.scope,
                    address.key,
                    str(self.who.value(address.kind, kind.label, name) or ""),
                    _json(values),
                    f"{at.file}:{at.line}" if at else "",
                    Told("only an example") if address in self.config.examples else "",
                )
            )
        examples = len(self.config.examples)
        return Part(
            name="config",
            title="The setup",
            columns=("kind", "district", "key", "name", "values", "written in", "status"),
            rows=tuple(rows),
            missing=(f"entries that are only examples, which nobody has confirmed: {examples}",) if examples else (),
            notes=("Users are not in it: their data is in no commit.",),
            to_read=False,
        )

    def files(self) -> Part:
        return Part(
            name="config-files",
            title="Files of the setup",
            columns=("file", "SHA-256", "id in git"),
            rows=tuple((f.path, f.digest, f.blob[:_SHORT]) for f in self.at.files),
            to_read=False,
        )

    def commits(self) -> Part:
        numbered = {c.sha: self.who.numbered("author", c.author) for c in reversed(self.at.commits)}
        committers = {c.sha: self.who.numbered("author", c.committer) for c in reversed(self.at.commits)}
        return Part(
            name="commits",
            title="Commits that changed the setup",
            columns=("time (Oslo)", "commit", "author", "committed by", "why"),
            rows=tuple(
                (
                    in_oslo(c.at),
                    c.sha[:_SHORT],
                    self._described(numbered[c.sha]),
                    self._described(committers[c.sha]),
                    self._reason(c.subject),
                )
                for c in self.at.commits
            ),
        )

    # --- the journal

    def run_list(self) -> Part:
        return Part(
            name="runs",
            title="Runs",
            columns=("time (Oslo)", "run", "who", "state", "changes", "done", "why", "config", "pipeline"),
            rows=tuple(
                (
                    in_oslo(run.at),
                    run.run,
                    self._account(run),
                    Told(run.state),
                    run.counts["planned"],
                    run.counts.get("done", 0),
                    self._reason(run.reason),
                    str(self.starts[run.run].get("config_digest") or ""),
                    run.ci if self.who.names else Told("yes") if run.ci else "",
                )
                for run in self.runs
            ),
            missing=tuple(
                f"runs without a reason: {count}" for count in [sum(not run.reason for run in self.runs)] if count
            ),
            notes=()
            if self.journal.branch
            else ("The journal is one machine's alone: what was applied from another is not in it.",),
        )

    def changes(self) -> Part:
        return Part(
            name="changes",
            title="What the runs changed",
            columns=("time (Oslo)", "run", "kind", "district", "key", "action", "outcome", "fields"),
            rows=tuple(self._change(entry) for entry in history_entries(self.journal)),
        )

    def _change(self, entry: HistoryEntry) -> tuple[Cell, ...]:
        kind, scope, key = entry.address
        if kind == USER and not self.who.names:
            key, fields = WITHHELD, ", ".join(f.path for f in entry.fields)
        else:
            fields = "; ".join(
                f"{f.path}: {self._value(kind, f.path, f.before)} -> {self._value(kind, f.path, f.after)}"
                for f in entry.fields
            )
        return in_oslo(entry.at), entry.run, kind, scope, key, Told(entry.action), Told(entry.status), fields

    def _value(self, kind: str, path: str, value: Any) -> str:
        return _json(self.who.value(kind, path.partition(".")[0], value))

    def approvals(self) -> Part:
        rows = sorted(
            [*self._of_runs(), *self._by_hand(), *self._locks(), *self._waived(), *self._access_model()],
            key=lambda row: str(row[0]),
        )
        unsaved = sum(1 for run in self.runs if not self.starts[run.run].get("plan") and self._sent_something(run))
        return Part(
            name="approvals",
            title="Approvals",
            columns=("time (Oslo)", "what", "about", "who", "why"),
            rows=tuple(rows),
            missing=(f"runs that applied no saved plan: {unsaved}",) if unsaved else (),
        )

    def _sent_something(self, run: RunView) -> bool:
        return "by" not in self.starts[run.run]

    def _of_runs(self) -> Iterator[tuple[Cell, ...]]:
        for run in self.runs:
            about = self.starts[run.run]
            who, why = self._account(run), self._reason(run.reason)
            if plan := about.get("plan"):
                yield in_oslo(run.at), Told("a saved plan was applied"), str(plan), who, why
            for allowed in about.get("allowed") or ():
                yield in_oslo(run.at), Told("what a guard objected to was allowed"), str(allowed), who, why

    def _by_hand(self) -> Iterator[tuple[Cell, ...]]:
        for entry in self.journal.all_entries:
            if entry.what == "result" and entry.address and "by" in entry.body:
                address = Address.parse(entry.address)
                shown = str(address) if address.kind != USER or self.who.names else f"{USER}/{address.scope}/{WITHHELD}"
                evidence = self.who.text(str(entry.body.get("evidence") or ""))
                yield (
                    in_oslo(entry.at),
                    Told("recorded as set by hand"),
                    shown,
                    self.who.role(str(entry.body["by"])),
                    evidence,
                )

    def _locks(self) -> Iterator[tuple[Cell, ...]]:
        for entry in self.journal.all_entries:
            if entry.what in ("lock broken", "lease broken"):
                by = str(entry.body.get("by") or "")
                reason = self._reason(str(entry.body.get("reason") or ""))
                who = self._described(self.who.numbered("administrator", by.partition("@")[0]))
                yield in_oslo(entry.at), Told("a lock was taken away"), "", who, reason

    def _waived(self) -> Iterator[tuple[Cell, ...]]:
        for found in entries(Attestation, self.config.own):
            if waived := found.value.waived:
                about = f"{found.address.scope}/{found.address.key}"
                yield "", Told("a gate was waived"), about, self.who.role(waived.by), self.who.text(waived.why)

    def _access_model(self) -> Iterator[tuple[Cell, ...]]:
        model = self.config.settings.access_model
        if model.confirmed_by and model.on and model.on <= self.day:
            who = self.who.role(model.confirmed_by)
            yield model.on, Told("the rules of access were confirmed"), "access_model", who, ""

    def _account(self, run: RunView) -> str:
        if run.ci and not self.who.names:
            return Told("pipeline")
        if "by" in self.starts[run.run]:
            return self.who.role(str(self.starts[run.run]["by"]))
        return self._described(self.who.numbered("administrator", run.user))

    def _described(self, text: str) -> str:
        return text if self.who.names else Told(text)

    def _reason(self, text: str) -> str:
        """Why, as somebody typed it; without names no more than what the shared journal keeps of it."""
        from websakctl.state.people import without_people

        return text if self.who.names or not text else without_people(text)

    # --- what deviates, what is in order

    def exceptions(self) -> Part:
        rows = sorted(
            [*self._deviations(), *self._waivers(), *self._exempted_lines(), *self._switched_rules()],
            key=lambda row: tuple(map(str, row)),
        )
        endless = sum(1 for row in rows if not row[6])
        ended = sum(1 for row in rows if row[6] and str(row[6]) < self.day)
        missing = [
            *([f"exceptions without an end: {endless}"] if endless else []),
            *([f"exceptions whose end has passed: {ended}"] if ended else []),
            *([f"exceptions without a reason: {count}"] if (count := sum(1 for row in rows if not row[4])) else []),
        ]
        return Part(
            name="exceptions",
            title="Exceptions",
            columns=("what", "district", "about", "differs in", "reason", "who answers for it", "ends"),
            rows=tuple(rows),
            missing=tuple(missing),
        )

    def _deviations(self) -> Iterator[tuple[Cell, ...]]:
        what = {How.OVERRIDE: "overrides the base", How.EXCEPTION: "exception from what is made once"}
        for d in compare_districts(self.config, None, None):
            if d.how in what:
                differs = self.who.text(str(d.here)) if d.how is How.EXCEPTION else d.field
                yield (
                    Told(what[d.how]),
                    d.district,
                    str(d.address),
                    differs,
                    self.who.text(d.reason),
                    self.who.role(d.owner),
                    d.until,
                )

    def _waivers(self) -> Iterator[tuple[Cell, ...]]:
        for found in entries(Attestation, self.config.own):
            if waived := found.value.waived:
                yield (
                    Told("gate that is waived"),
                    found.address.scope,
                    found.address.key,
                    "",
                    self.who.text(waived.why),
                    self.who.role(waived.by),
                    waived.until,
                )

    def _exempted_lines(self) -> Iterator[tuple[Cell, ...]]:
        for e in self.at.exemptions:
            about, rules = f"{e.file}:{e.line}", ", ".join(e.rules)
            yield Told("line that is exempted from a rule"), "", about, rules, self.who.text(e.reason), "", ""

    def _switched_rules(self) -> Iterator[tuple[Cell, ...]]:
        for rule, severity in sorted(self.config.settings.rules.items()):
            yield Told("rule with another severity"), "", rule, severity, "", "", ""

    def gates(self) -> Part:
        declared = gates(self.config.whole)
        batches = batch_of(in_order(self.config.whole))
        stated = {a.address: a.value for a in entries(Attestation, self.config.own)}
        rows: list[tuple[Cell, ...]] = []
        standings: Counter[str] = Counter()
        for slug in sorted(self.config.districts):
            batch = batches.get(slug)
            for gate in declared:
                attestation = stated.get(Address("attestation", slug, gate.key))
                standing = self._standing(gate, attestation)
                standings[standing] += 1
                rows.append(
                    (
                        slug,
                        batch.key if batch else "",
                        gate.key,
                        gate.name,
                        Told(standing),
                        *self._attested(attestation),
                    )
                )
        unattested = standings["nobody has attested it"]
        return Part(
            name="gates",
            title="Readiness gates",
            columns=("district", "batch", "gate", "name", "standing", "who", "day", "evidence"),
            rows=tuple(rows),
            missing=(f"gates that nobody has attested: {unattested}",) if unattested else (),
            notes=("What the tool judges from Websak is judged when a batch is brought in, not here.",) if rows else (),
        )

    def _standing(self, gate: Gate, stated: Attestation | None) -> str:
        if stated is None:
            judged = gate.check or gate.match
            return "judged by the tool, from Websak" if judged else "nobody has attested it"
        if stated.waived is not None:
            return "waived" if stated.waived.until >= self.day else f"its waiver ended on {stated.waived.until}"
        lacks = [name for name in ("by", "on", "evidence") if not getattr(stated, name)]
        if lacks:
            return f"the attestation does not say {', '.join(lacks)}"
        return "attested" if stated.on and stated.on <= self.day else "attested from a later day on"

    def _attested(self, stated: Attestation | None) -> tuple[Cell, Cell, Cell]:
        if stated is None:
            return "", "", ""
        if stated.waived is not None:
            return self.who.role(stated.waived.by), stated.waived.until, self.who.text(stated.waived.why)
        return self.who.role(stated.by), stated.on or "", self.who.text(stated.evidence)

    def access_reviews(self) -> Part:
        """Signed reviews; on the state branch stands neither who signed nor where the list is."""
        signed = [(e, e.body) for e in self.journal.all_entries if e.what == ENTRY]
        newest: dict[str, str] = {}
        for _, body in signed:
            slug = str(body.get("district") or "")
            newest[slug] = max(newest.get(slug, ""), str(body.get("on") or ""))
        districts = sorted(self.config.districts)
        none = [slug for slug in districts if slug not in newest]
        oldest = (self.as_of - timedelta(days=LONGEST)).isoformat()
        old = [slug for slug in districts if slug in newest and newest[slug] < oldest]
        incomplete = sum(1 for _, body in signed if body.get("incomplete"))
        not_checked = sum(1 for _, body in signed if body.get("not_checked"))
        return Part(
            name="access-reviews",
            title="Access reviews",
            columns=(
                "recorded (Oslo)",
                "district",
                "signed",
                "who",
                "evidence",
                "people",
                "findings",
                "not checked",
                "not known of",
                "source",
                "digest",
            ),
            rows=tuple(
                (
                    in_oslo(entry.at),
                    str(body.get("district") or ""),
                    str(body.get("on") or ""),
                    self.who.role(str(body.get("by") or "")),
                    self.who.text(str(body.get("evidence") or "")),
                    *(str(body.get(name) or 0) for name in ("people", "findings")),
                    str(len(body.get("not_checked") or ())),
                    str(body.get("incomplete") or 0),
                    Told("Websak") if body.get("source") == "live" else Told("the config"),
                    str(body.get("digest") or ""),
                )
                for entry, body in signed
            ),
            missing=(
                *(["no district has a signed access review"] if none and not newest else []),
                *([f"districts without a signed access review: {', '.join(none)}"] if none and newest else []),
                *([f"districts whose access review is older than {LONGEST} days: {', '.join(old)}"] if old else []),
                *([f"access reviews in which something was not checked: {not_checked}"] if not_checked else []),
                *([f"access reviews that were incomplete when they were signed: {incomplete}"] if incomplete else []),
            ),
        )

    def findings(self) -> Part:
        rows: list[tuple[Cell, ...]] = []
        standings: Counter[str] = Counter()
        for found in sorted(entries(Finding, self.config.own), key=lambda found: (found.value.reported, found.address)):
            f = found.value
            standing = self._closed(f)
            standings[standing] += 1
            rows.append(
                (
                    f.code,
                    self.who.text(f.name),
                    self.who.text(f.source),
                    f.reported,
                    ", ".join(f.districts) or Told("all"),
                    self.who.role(f.responsible),
                    f.deadline or "",
                    self.who.text(f.measure),
                    self.who.text(f.evidence),
                    f.closed or "",
                    Told(standing),
                )
            )
        labels = {"open, and its deadline has passed": "findings whose deadline has passed: {n}"} | {
            "closed without evidence": "findings that are closed without measure or evidence: {n}",
            "open, without a deadline": "open findings without a deadline: {n}",
        }
        return Part(
            name="findings",
            title="Findings of supervisory reports",
            columns=(
                "code",
                "finding",
                "source",
                "reported",
                "districts",
                "responsible",
                "deadline",
                "measure",
                "evidence",
                "closed",
                "standing",
            ),
            rows=tuple(rows),
            missing=tuple(text.format(n=standings[name]) for name, text in labels.items() if standings[name])
            if rows
            else ("no finding is registered, which does not say that there is none",),
        )

    def _closed(self, f: Finding) -> str:
        if f.closed and f.closed <= self.day:
            return "closed" if f.measure and f.evidence else "closed without evidence"
        if f.deadline is None:
            return "open, without a deadline"
        return "open, and its deadline has passed" if f.deadline < self.day else "open"

    # --- the law, and retention

    def law(self, law: LawReview) -> Part:
        missing = [f"legal bases that must be looked at: {len(law.open)}"] if law.open else []
        if law.bases and not law.sources:
            missing.append("there is no legal_sources in the config, so nothing could be looked up")
        return Part(
            name="law",
            title="Legal bases",
            columns=("about", "field", "provision", "from", "to", "cite instead", "standing"),
            rows=tuple(
                (
                    str(basis.address),
                    basis.field,
                    self.who.text(str(basis.citation)),
                    basis.period.valid_from or "",
                    basis.period.valid_to or "",
                    law.instead_of(basis),
                    Told(_standing(basis)),
                )
                for basis in law.bases
            ),
            missing=tuple(missing),
        )

    def sources(self, law: LawReview) -> Part:
        unconfirmed = sum(1 for one in law.sources if one.source.confirmed is None)
        return Part(
            name="legal-sources",
            title="Legal sources",
            columns=("key", "name", "number", "from", "to", "cited", "confirmed by", "day", "not settled", "standing"),
            rows=tuple(
                (
                    one.key,
                    self.who.text(one.source.name),
                    one.source.number or "",
                    one.source.valid_from or "",
                    one.source.valid_to or "",
                    one.bases,
                    self.who.role(one.source.confirmed.by if one.source.confirmed else None),
                    one.source.confirmed.on if one.source.confirmed else "",
                    self.who.text(one.source.unsettled),
                    Told(one.standing.value),
                )
                for one in law.sources
            ),
            missing=(f"legal sources that nobody has confirmed: {unconfirmed}",) if unconfirmed else (),
        )

    def retention(self, rules: Sequence[RetentionRule]) -> Part:
        labels = {"B": "preserved", "K": "disposed of", "G": "decided later"}
        lacks = Counter(sentence for rule in rules for sentence in rule.missing)
        return Part(
            name="retention",
            title="Retention rules",
            columns=("case type", "name", "decision", "years", "basis", "cases closed by", "missing"),
            rows=tuple(
                (
                    rule.code,
                    rule.name,
                    Told(labels[rule.decision]),
                    "" if rule.years is None else rule.years,
                    self.who.text(rule.basis),
                    rule.closed_by.isoformat() if rule.closed_by else "",
                    Told("; ".join(rule.missing)),
                )
                for rule in rules
            ),
            missing=tuple(f"{sentence}: {count}" for sentence, count in sorted(lacks.items())),
            notes=(
                "Cases that were closed by the day in the table have been kept long enough on the day of this evidence.",
            )
            if rules
            else (),
        )

    def calendar(self, rules: Sequence[RetentionRule]) -> Part:
        old_bases = sum(1 for address in self.config.state if address.kind == "historical_base")
        return Part(
            name="disposal",
            title="Disposal calendar",
            columns=("year", "case type", "name", "cases closed in"),
            rows=tuple((due.year, due.code, due.name, due.closed) for due in calendar(rules, self.as_of)),
            missing=(
                *(
                    [f"case types that are not in the calendar, as something is missing: {count}"]
                    if (count := sum(1 for r in rules if r.decision == "G" or (r.decision == "K" and r.years is None)))
                    else []
                ),
                *([f"old bases whose cases are not in it: {old_bases}"] if old_bases else []),
            ),
            notes=("No API tells when a case was closed: Websak's own lists must say which cases these are.",),
        )


def _standing(basis: Basis) -> str:
    """What a basis stands at: one that nobody could look up, and one that another of the same code covers, by that."""
    if basis.covered:
        return "named otherwise"
    if basis.standing is Standing.UNCONFIRMED and not basis.registered:
        return "in no row of legal_sources"
    return basis.standing.value


def in_oslo(at: str) -> str:
    """A moment of the journal or of git as the clock showed it in Oslo, to the minute."""
    return f"{datetime.fromisoformat(at).astimezone(OSLO):%Y-%m-%d %H:%M}"


def _json(value: Any) -> str:
    """A value in one line, the same for the same value."""
    if isinstance(value, str):
        return value
    return json.dumps(_plain(redacted(value)), ensure_ascii=False, sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items: Iterable[Any] = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [_plain(inner) for inner in items]
    return value
