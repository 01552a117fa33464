"""Runs that did not do all of their changes, interrupted or not: which they are, and what they still have to do."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from websakctl.apply.attempt import Status
from websakctl.apply.collaborators import Row, RunJournal
from websakctl.apply.journal import Journal
from websakctl.model.address import Address
from websakctl.model.resource import State
from websakctl.operations.apply.ownership import after_change
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.plan.change import Change, FieldChange, Plan
from websakctl.plan.diff import LastApplied
from websakctl.plan.document import read_change
from websakctl.plan.groups import grouped
from websakctl.plan.input import PeopleOfJournal
from websakctl.plan.stale import Holding, still_holding, unreported

SETTLING = 10.0  # seconds after a run's last sign of life in which a write that was under way may still show


class Unfinished(msgspec.Struct, frozen=True, kw_only=True):
    """A run that has no end in the journal, or that ended with changes that are not done."""

    run: str
    at: str  # RFC 3339
    about: Mapping[str, Any]
    changes: tuple[Change, ...]
    done: frozenset[Address]
    doubtful: frozenset[Address]  # a request was about to be sent or under way, and its outcome is not known
    begun: frozenset[Address] = frozenset()  # some request was about to be sent, whatever came of it
    unknown: frozenset[Address] = (
        frozenset()
    )  # a request was about to be sent, and what came of it was not found out or recorded
    last_sign: str = ""  # RFC 3339: its newest entry
    ended: bool = False  # it went to its end, and some changes failed
    stale: int = 0  # changes of its plan that no longer held, and are not among its own

    def settling(self, now: datetime) -> float:
        """Seconds to wait before the writes in doubt are judged; none where nothing is in doubt or enough time has passed."""
        if not self.doubtful:
            return 0.0
        age = (now - datetime.fromisoformat(self.last_sign or self.at)).total_seconds()
        return min(SETTLING, max(0.0, SETTLING - age))

    @property
    def summary(self) -> str:
        """In one line."""
        doubt = f", {len(self.doubtful)} in doubt" if self.doubtful else ""
        how = "did not do everything" if self.ended else "was interrupted"
        return f"run {self.run} ({self.about.get('user', 'somebody')}, {self.at}) {how}: {len(self.done)} of {len(self.changes)} changes done{doubt}"


def forget_environment(journal: Journal, environment: str) -> None:
    """Record that nothing of an environment is managed any more, and that its interrupted runs are of no concern."""
    journal.forget_all(environment)
    for run in journal.open_runs(environment):
        journal.write(run, "end", {"because": "everything was forgotten"})


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of an unfinished run, and what became of the writes in doubt."""

    holding: Holding
    verdicts: Mapping[Address, str]  # happened / did not happen / differs


def interrupted_runs(journal: RunJournal, environment: str) -> list[Unfinished]:
    """The environment's interrupted runs, oldest first."""
    return [_read(journal, run) for run in journal.open_runs(environment)]


def incomplete_run(journal: RunJournal, environment: str) -> Unfinished | None:
    """The environment's newest run, if it ended and some of its plan is not done; a later run has planned from what it left."""
    name = journal.newest_run(environment)
    if name is None:
        return None
    run = _read(journal, name)
    return run if run.ended and (run.stale or len(run.done) < len(run.changes)) else None


def _read(journal: RunJournal, run: str) -> Unfinished:
    entries = journal.entries(run)
    start = next(entry for entry in entries if entry.what == "start")
    done: set[Address] = set()
    doubtful: set[Address] = set()
    begun: set[Address] = set()
    unknown: set[Address] = set()
    ended, stale = False, 0
    for entry in entries:
        if entry.what in ("start", "resumed"):
            ended = False
        elif entry.what == "end":
            ended = not {"superseded_by", "because"} & entry.body.keys()
        elif entry.what == "stale":
            stale = int(entry.body.get("left", 0))
        if entry.what == "announced":  # on a shared journal, of which another machine has nothing finer
            announced = set(map(Address.parse, entry.body.get("addresses", ())))
            doubtful |= announced
            begun |= announced
        address = Address.parse(entry.address) if entry.address else None
        if address is None:
            continue
        if entry.what == "intent":
            doubtful.add(address)
            begun.add(address)
            unknown.add(address)
        elif entry.what == "result":
            unknown.discard(address)
            match entry.body.get("status"):
                case Status.DONE.value:
                    done.add(address)
                    doubtful.discard(address)
                case Status.FAILED.value:
                    doubtful.discard(address)
                case Status.UNKNOWN.value:  # also what was answered well, and did not show when it was read back
                    done.discard(address)
                    doubtful.add(address)
                    unknown.add(address)
    changes = tuple(map(read_change, start.body.get("changes", [])))
    last = entries[-1].at
    return Unfinished(
        run=run,
        at=start.at,
        about=start.body,
        changes=changes,
        done=frozenset(done),
        doubtful=frozenset(doubtful),
        begun=frozenset(begun),
        unknown=frozenset(unknown),
        last_sign=last,
        ended=ended,
        stale=stale,
    )


def with_people(run: Unfinished, people: PeopleOfJournal | None) -> Unfinished:
    """The same, with the users and values that can be told put in where a shared journal holds digests."""
    if people is None:
        return run
    changes = tuple(
        replace(
            change,
            address=people.address(change.address),
            requires=tuple(map(people.address, change.requires)),
            fields=tuple(
                FieldChange(
                    path=f.path,
                    before=people.value(change.address, f.path, f.before),
                    after=people.value(change.address, f.path, f.after),
                )
                for f in change.fields
            ),
        )
        for change in run.changes
    )
    done, doubtful, begun, unknown = (
        frozenset(map(people.address, part)) for part in (run.done, run.doubtful, run.begun, run.unknown)
    )
    return replace(run, changes=changes, done=done, doubtful=doubtful, begun=begun, unknown=unknown)


def judge(run: Unfinished, live: State) -> Assessment:
    """Compare what is left of a run with live as it is now."""
    left = tuple(change for change in run.changes if change.address not in run.done)
    holding = still_holding(left, live, run.begun, run.changes)
    verdicts = {change.address: "happened" for change in holding.already if change.address in run.doubtful}
    for change in holding.changes:
        if change.address in run.doubtful:
            tells = not any(unreported(change, f) for f in change.fields)
            verdicts[change.address] = "did not happen" if tells else "cannot be looked up, and is written again"
    verdicts.update(
        {stale.change.address: "differs" for stale in holding.stale if stale.change.address in run.doubtful}
    )
    return Assessment(holding=holding, verdicts=verdicts)


def with_interrupted(
    journal: RunJournal, inputs: ConfigInput, live: State, people: PeopleOfJournal | None
) -> ConfigInput:
    """What plans are made from, knowing as managed what interrupted runs did and could not record.

    The same of the newest run where it ended and could not tell what came of a write. Else what such a run made would be
    nobody's, and would stay if the config no longer says it.
    """
    known, environment = dict(inputs.known), inputs.environment
    runs = [(run, run.begun) for run in interrupted_runs(journal, environment)]
    if (ended := incomplete_run(journal, environment)) is not None and ended.unknown:
        runs.append((ended, ended.unknown))
    for run, addresses in runs:
        ours = frozenset(map(people.address, addresses)) if people is not None else addresses
        for change in judge(with_people(run, people), live).holding.already:
            if change.address not in ours or change.address.kind not in inputs.kinds:
                continue
            now, _ = after_change(  # what is gone from live since is forgotten once the new run is recorded
                change,
                desired={},
                before=live[change.address].fields if change.address in live else {},
                protected=inputs.config.protected,
                known=known,
                accepted=inputs.accepted,
            )
            known.update({address: LastApplied(fields, protected) for address, fields, protected in now})
    return replace(inputs, known=known)


def record_verdicts(
    journal: RunJournal,
    run: Unfinished,
    judged: Assessment,
    *,
    environment: str,
    desired: State,
    live: State,
    protected: set[Address],
    known: Mapping[Address, LastApplied],
) -> None:
    """Journal what was found of the writes in doubt, and take over what is already so."""
    entries: list[tuple[str, Mapping[str, Any], Address | None]] = [
        (
            "resumed",
            {"left": len(judged.holding.changes), "addresses": [str(c.address) for c in judged.holding.changes]},
            None,
        )
    ]
    entries.extend(("judged", {"verdict": verdict}, address) for address, verdict in sorted(judged.verdicts.items()))
    applied: list[Row] = []
    gone: list[Address] = []
    accepted = journal.accepted(environment)
    for change in judged.holding.already:
        address = change.address
        detail = "found so when the run was resumed"
        entries.append(
            (
                "result",
                {
                    "action": change.action.value,
                    "status": Status.DONE.value,
                    "detail": detail,
                    "fields": [[f.path, f.before, f.after] for f in change.fields],
                },
                address,
            )
        )
        before = live[address].fields if address in live else {}
        now, left = after_change(
            change, desired=desired, before=before, protected=protected, known=known, accepted=accepted
        )
        applied += now
        gone += left
    journal.settle(run.run, entries, environment=environment, applied=applied, gone=gone)


def plan_of_rest(inputs: ConfigInput, changes: tuple[Change, ...]) -> Plan:
    """What is left of a run, as a plan to be shown."""
    districts = inputs.config.districts
    return Plan(
        environment=inputs.environment,
        changes=changes,
        groups=grouped(changes, districts),
        unchanged=0,
        unmanaged=(),
        manual=(),
        findings=(),
        warnings=(),
        digests=lambda: ("", ""),
        protected=inputs.protected,
        scopes=tuple(districts),
    )
