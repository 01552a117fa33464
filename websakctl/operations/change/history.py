"""Looking back: which runs there were, what each did, and the plan that takes one back."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
from msgspec.structs import replace

from websakctl.apply.attempt import Status
from websakctl.apply.collaborators import JournalEntries, RunJournal
from websakctl.apply.entries import Entry
from websakctl.model.address import Address
from websakctl.model.resource import Resource, State
from websakctl.operations.change.make_plan import ConfigInput, knowing_people, people_of_journal, with_policies
from websakctl.plan.change import Action, FieldChange, ManualStep, Origin, Plan
from websakctl.plan.decide import decide, digest
from websakctl.plan.diff import ABOUT_ITSELF, LastApplied, patched
from websakctl.plan.guards import RemovalLimits
from websakctl.plan.input import DesiredState, PeopleOfJournal, PlanInput
from websakctl.plan.stale import holds, value_at
from websakctl.redaction import withheld
from websakctl.state.people import is_digest


class NoSuchRun(Exception):
    """The journal knows no run of that name."""


class ElsewhereError(Exception):
    """The run was made in another environment."""

    def __init__(self, run: str, environment: str) -> None:
        super().__init__(f"run {run} was made in {environment}")
        self.environment = environment


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """One run, in short."""

    run: str
    at: str
    environment: str
    user: str
    client_id: str
    reason: str
    ci: str
    state: str  # complete / incomplete / interrupted / superseded
    counts: Mapping[str, int]


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One change that a run tried: what, with before and after, and what came of it."""

    run: str
    at: str
    user: str
    reason: str
    address: Address
    action: str
    status: str
    detail: str
    fields: tuple[FieldChange, ...]


def runs(journal: JournalEntries) -> list[RunView]:
    """All runs, newest first."""
    by_run: dict[str, list[Entry]] = {}
    for entry in journal.entries():
        by_run.setdefault(entry.run, []).append(entry)
    result = [_view(entries) for entries in by_run.values() if any(e.what == "start" for e in entries)]
    return sorted(result, key=lambda view: view.at, reverse=True)


def _view(entries: list[Entry]) -> RunView:
    start = next(e for e in entries if e.what == "start")  # a lease may have been broken before it
    about = start.body
    last: dict[str, str] = {}
    for entry in entries:
        if entry.what == "result" and entry.address:
            last[entry.address] = str(entry.body.get("status"))
    counts = Counter(last.values())
    last_turn = next(e for e in reversed(entries) if e.what in ("start", "resumed", "end"))
    end = last_turn if last_turn.what == "end" else None
    planned = len(about.get("changes", [])) or len(last)  # a record that is taken back has no changes
    if end is None:
        state = "interrupted"
    elif "superseded_by" in end.body or "because" in end.body:
        state = "superseded"
    else:
        state = "complete" if counts[Status.DONE.value] == planned else "incomplete"
    return RunView(
        run=start.run,
        at=start.at,
        environment=str(about.get("environment", "")),
        user=str(about.get("user") or ""),
        client_id=str(about.get("client_id") or ""),
        reason=str(about.get("reason") or ""),
        ci=str(about.get("ci") or ""),
        state=state,
        counts={"planned": planned, **dict(sorted(counts.items()))},
    )


def history_entries(
    journal: JournalEntries, *, run: str | None = None, address: str | None = None
) -> list[HistoryEntry]:
    """What was done, in order: of one run, or to one object, whatever addresses it has had.

    Raises:
        NoSuchRun: If there is no such run.
    """
    entries = journal.entries(run)
    same_object = {str(a) for a in addresses_of(journal, Address.parse(address))} if address is not None else set()
    if run is not None and not entries:
        raise NoSuchRun(f"there is no run {run}")
    about: dict[str, Mapping[str, Any]] = {e.run: e.body for e in entries if e.what == "start"}
    planned = {(e.run, c["address"]): c for e in entries if e.what == "start" for c in e.body.get("changes", [])}
    result: list[HistoryEntry] = []
    for entry in entries:
        if entry.what != "result" or not entry.address or (same_object and entry.address not in same_object):
            continue
        whose = about.get(entry.run, {})
        raw = entry.body.get("fields") or [
            [f["path"], f["before"], f["after"]] for f in planned.get((entry.run, entry.address), {}).get("fields", [])
        ]
        result.append(
            HistoryEntry(
                run=entry.run,
                at=entry.at,
                user=str(whose.get("user") or ""),
                reason=str(whose.get("reason") or ""),
                address=Address.parse(entry.address),
                action=str(entry.body.get("action", "")),
                status=str(entry.body.get("status", "")),
                detail=str(entry.body.get("detail", "")),
                fields=tuple(FieldChange(path=path, before=before, after=after) for path, before, after in raw),
            )
        )
    return result


def addresses_of(journal: JournalEntries, address: Address) -> list[Address]:
    """All addresses that an object has had, as far as it was renamed and moved from here; the oldest first."""
    moves: list[tuple[Address, Address]] = []
    for entry in journal.entries():
        if entry.what != "result" or not entry.address or entry.body.get("status") != Status.DONE.value:
            continue
        was = {f[0]: f[1] for f in entry.body.get("fields", ()) if f[0] in ("key", "scope")}
        if was:
            now = Address.parse(entry.address)
            moves.append((now._replace(**was), now))
    result = [address]
    for old, new in reversed(moves):
        if new in result and old not in result:
            result.insert(result.index(new), old)
    for old, new in moves:
        if old in result and new not in result:
            result.insert(result.index(old) + 1, new)
    return result


def events(journal: RunJournal, run: str) -> list[tuple[str, str]]:
    """What else happened in a run: when (RFC 3339), and what."""
    reported = {
        "lease broken": "{by} took the lease away from {owner}",
        "stopped": "it was stopped before its end",
        "resumed": "resumed, {left} changes remaining",
        "stale": "{left} changes of the plan no longer held, and were not done",
        "end": "",
    }
    result = []
    for entry in journal.entries(run):
        words = reported.get(entry.what, "").format_map({"by": "", "owner": "", "left": "", **entry.body})
        if entry.what == "end" and "superseded_by" in entry.body:
            words = f"run {entry.body['superseded_by']} was planned again from what it left"
        if words:
            result.append((entry.at, words))
    return result


def plan_rollback(
    journal: RunJournal, run: str, inputs: ConfigInput, live: State, only: frozenset[Address] | None = None
) -> Plan:
    """Plan towards the state before a run, against live as it is now; ``only``: the changes that a saved plan names.

    Only what the run did and nobody changed since is taken back; the rest is named. Where a write's outcome is not known,
    live tells whether it happened.

    Raises:
        NoSuchRun: If there is no such run.
        ElsewhereError: If it was a run to another environment.
    """
    where = _environment_of(journal, run)
    if where != inputs.environment:
        raise ElsewhereError(run, where)
    inputs, people = knowing_people(inputs, live), people_of_journal(inputs, live)
    live = inputs.with_by_hand(live)
    back = _Back(inputs, live)
    for entry in _done(journal, run):
        if people is not None:
            entry = with_people(entry, people)
        if (owner := inputs.owners.get(entry.address.kind)) is not None:
            back.cannot(entry.address, f"{owner} owns {entry.address.kind} here, and it is not written")
        elif entry.address.kind in inputs.kinds:
            back.take(entry)
        elif entry.detail.startswith("set by "):  # people said so
            back.cannot(entry.address, "people set it: `websakctl worklist reopen` takes the record back")
        else:
            back.cannot(entry.address, "this Websak has no API for it")
    others = {a: r for a, r in live.items() if a not in back.addresses}
    guards = inputs.config.settings.guards
    plan = decide(
        PlanInput(
            config=DesiredState(
                state={**{a: r for a, r in others.items() if r.active}, **back.desired},
                districts=inputs.config.districts,
                protected=inputs.config.protected,
            ),
            kinds=inputs.kinds,
            by_hand=inputs.by_hand,
            known=back.known,
            limits=RemovalLimits(per_kind=guards.per_kind, per_district=guards.per_district, in_all=guards.in_all),
            only=only,
            unsupported=inputs.unsupported,
            owners=inputs.owners,
            environment=inputs.environment,
            protected=inputs.protected,
            warnings=(*inputs.warnings, *back.warnings()),
        ),
        live,
    )
    seen = plan.live_digest
    plan = replace(
        plan,
        changes=tuple(replace(c, reason=f"takes back run {run}") for c in plan.changes),
        unchanged=0,
        by_hand=(),
        manual=tuple(sorted((*plan.manual, *back.steps), key=lambda step: step.address)),
        digests=cache(lambda: (digest(inputs.config.state), seen)),
        origin=Origin(run=run),
    )
    return with_policies(inputs, plan)


def with_people(entry: HistoryEntry, people: PeopleOfJournal) -> HistoryEntry:
    """A deed of a shared journal, with the user and the values that can be told."""
    address = entry.address
    fields = tuple(
        FieldChange(
            path=f.path, before=people.value(address, f.path, f.before), after=people.value(address, f.path, f.after)
        )
        for f in entry.fields
    )
    return replace(entry, address=people.address(address), fields=fields)


def _environment_of(journal: RunJournal, run: str) -> str:
    start = next((e for e in journal.entries(run) if e.what == "start"), None)
    if start is None:
        raise NoSuchRun(f"there is no run {run}")
    return str(start.body.get("environment", ""))


def _done(journal: RunJournal, run: str) -> list[HistoryEntry]:
    """What the run did or may have done, each address once."""
    last: dict[Address, HistoryEntry] = {}
    for entry in history_entries(journal, run=run):
        if entry.action in set(Action):
            last[entry.address] = entry
    begun = {e.address for e in journal.entries(run) if e.what == "intent"}
    changes = next(e for e in journal.entries(run) if e.what == "start").body.get("changes", [])
    for change in changes:
        address = Address.parse(change["address"])
        if change["address"] in begun and address not in last:  # it was interrupted right there
            fields = tuple(FieldChange(path=f["path"], before=f["before"], after=f["after"]) for f in change["fields"])
            last[address] = HistoryEntry(
                run=run,
                at="",
                user="",
                reason="",
                address=address,
                action=change["action"],
                status=Status.UNKNOWN.value,
                detail="",
                fields=fields,
            )
    half = {e.address for e in journal.entries(run) if e.what == "outcome" and e.body.get("outcome") == "done"}
    known = (Status.DONE.value, Status.UNKNOWN.value)
    return [  # of what failed half-way, live tells how far it came
        entry if entry.status in known else replace(entry, status=Status.UNKNOWN.value)
        for entry in last.values()
        if entry.status in known or str(entry.address) in half
    ]


@dataclass(slots=True)
class _Back:
    """Collects what is to be as it was before."""

    inputs: ConfigInput
    live: State
    desired: State = field(default_factory=dict)
    known: dict[Address, LastApplied] = field(default_factory=dict)  # managed and not desired: they are retired
    steps: list[ManualStep] = field(default_factory=list)
    addresses: set[Address] = field(default_factory=set)
    already: int = 0

    def warnings(self) -> tuple[str, ...]:
        """In words, what needs nothing."""
        if not self.already:
            return ()
        are = "changes are as they were" if self.already > 1 else "changes is as it was"
        return (f"{self.already} of the run's {are} before it already",)

    def cannot(self, address: Address, why: str) -> None:
        """Name what cannot be taken back."""
        self.steps.append(ManualStep(address=address, what=why))

    def take(self, entry: HistoryEntry) -> None:
        """Take one deed back, or say why not."""
        address, action = entry.address, Action(entry.action)
        live = self._with_what_is_never_told(address)
        self.addresses.add(address)
        if live is not None and live.active:
            self.desired[address] = live  # as it is, unless it turns out otherwise
        if action is Action.DELETE:
            self._make_again(entry, live)
        elif any(f.path == "key" for f in entry.fields):
            self.cannot(address, "it was renamed: name it back in the config, with `previously`")
        elif live is None:
            if action is Action.CREATE:
                self.already += 1
            else:
                self.cannot(address, "it is not in Websak any more")
        elif action is Action.DEACTIVATE:
            self.already += live.active
            self.desired[address] = Resource(address=address, fields=live.fields)
        elif action in (Action.CREATE, Action.ACTIVATE):
            self._retire(entry, live)
        else:
            self._put_back(entry, live)

    def _with_what_is_never_told(self, address: Address) -> Resource | None:
        """The live resource, with the fields that the API never tells as they were last applied."""
        live, names = self.live.get(address), self.inputs.kinds[address.kind].write_only
        known = self.inputs.known.get(address)
        if live is None or known is None or not names:
            return live
        last = {name: value for name, value in known.fields.items() if name in names and not withheld(value)}
        self.known[address] = LastApplied(last, known.protected)
        return replace(live, fields={**live.fields, **last})

    def _make_again(self, entry: HistoryEntry, existing: Resource | None) -> None:
        fields = {f.path: f.before for f in entry.fields}
        if existing is None:
            if held := {name: value for name, value in fields.items() if withheld(value)}:
                self.cannot(entry.address, _held_back(held))
            else:
                self.desired[entry.address] = Resource(address=entry.address, fields=fields)
        elif all(holds(existing.fields.get(name), value) for name, value in fields.items()):
            self.already += 1
        else:
            self.cannot(entry.address, "it was deleted and is there again: somebody made it again")

    def _retire(self, entry: HistoryEntry, existing: Resource) -> None:
        address = entry.address
        if not existing.active:
            self.already += 1
            return
        kind = self.inputs.kinds[address.kind]
        fields = [
            f
            for f in entry.fields
            if f.path not in ABOUT_ITSELF and not (f.path in kind.write_only and withheld(f.after))
        ]
        if entry.status == Status.UNKNOWN.value:  # later requests may have failed; what is never told is not remembered
            mine = kind.stepwise | kind.write_only
            fields = [f for f in fields if f.path.partition(".")[0] not in mine]
        if since := [f for f in fields if not self._as_made(existing, f)]:
            self.cannot(address, _changed_since(since, existing))
            return
        del self.desired[address]
        was = self.inputs.known.get(address)
        self.known[address] = LastApplied(existing.fields, was is not None and was.protected)
        if entry.action == Action.ACTIVATE and fields:
            self.cannot(address, f"it can be retired again, and keeps what the run made of {_named(fields)}")

    def _put_back(self, entry: HistoryEntry, existing: Resource) -> None:
        address, scope = entry.address, entry.address.scope
        created: list[FieldChange] = []
        held: list[FieldChange] = []
        since: list[FieldChange] = []
        for f in entry.fields:
            now = value_at(existing, f.path)
            if self._as_made(existing, f):
                (held if withheld(f.before) else created).append(f)
            elif not holds(now, f.before):
                since.append(f)
        if held:
            self.cannot(address, _held_back({f.path: f.before for f in held}))
        if since:
            self.cannot(address, _changed_since(since, existing))
        if not (created or since or held):
            self.already += 1
        if not existing.active:
            if created:
                self.cannot(address, "it is retired by now")
            return
        for f in created:
            scope = str(f.before) if f.path == "scope" else scope
        if scope != address.scope:
            del self.desired[address]
        inverse = tuple(FieldChange(path=f.path, before=f.after, after=f.before) for f in created)
        target = Address(address.kind, scope, address.key)
        self.desired[target] = Resource(address=target, fields=patched(existing.fields, inverse))

    def _as_made(self, existing: Resource, f: FieldChange) -> bool:
        """Whether a field still is what the run made it, or what the server made of that."""
        now = value_at(existing, f.path)
        if holds(now, f.after):
            return True
        pair = self.inputs.accepted.get((existing.address, f.path))
        return pair is not None and holds(pair[0], f.after) and holds(now, pair[1])


def _changed_since(since: Iterable[FieldChange], existing: Resource) -> str:
    return "changed since: " + "; ".join(
        f"{f.path} was {f.before!r}, the run made it {f.after!r}, now it is {value_at(existing, f.path)!r}"
        for f in since
    )


def _held_back(values: Mapping[str, Any]) -> str:
    names = " and ".join(values)
    if any(map(is_digest, values.values())):
        return f"its earlier {names} was held back: it is only in the journal of the machine that made the change"
    return f"its earlier {names} was held back, as a secret or an identity number"


def _named(fields: Iterable[FieldChange]) -> str:
    return " and ".join(f.path for f in fields)
