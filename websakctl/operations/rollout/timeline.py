"""What happened in the rollout since a day: runs of the tool out of the journal, and what people attested."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from websakctl.apply.attempt import Status
from websakctl.apply.journal import Journal
from websakctl.kinds.attestation import KIND as ATTESTATION
from websakctl.model.address import BASE
from websakctl.operations.change.history import history_entries, runs
from websakctl.rollout.gates import gates
from websakctl.source.configuration import Configuration


class TimelineEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that changed: a run of the tool, or what somebody attested.

    ``at``: the day (ISO). ``done``: how many by kind and action. ``attested``: the gate's name, if it was that.
    """

    at: str
    who: str
    why: str
    districts: tuple[str, ...]
    done: Mapping[tuple[str, str], int] = msgspec.field(default_factory=dict)
    complete: bool = True
    attested: str = ""


def timeline_events(journal: Journal, config: Configuration, environment: str, since: date) -> list[TimelineEvent]:
    """Everything since a day, that day too; the newest first.

    Args:
        journal: What the tool did.
        config: What people attested.
        environment: Runs to others are left out.
        since: In the journal's time, which is UTC.
    """
    first = since.isoformat()
    result = [*_runs(journal, environment, first), *_attested(config, first)]
    return sorted(result, key=lambda h: h.at, reverse=True)


def _runs(journal: Journal, environment: str, first: str) -> Iterable[TimelineEvent]:
    for run in runs(journal):
        if run.environment != environment or run.at < first:
            continue
        done = [entry for entry in history_entries(journal, run=run.run) if entry.status == Status.DONE]
        yield TimelineEvent(
            at=run.at[:10],
            who=run.user,
            why=run.reason,
            districts=tuple(sorted({entry.address.scope for entry in done} - {BASE})),
            done=Counter((entry.address.kind, entry.action) for entry in done),
            complete=run.state == "complete",
        )


def _attested(config: Configuration, first: str) -> Iterable[TimelineEvent]:
    names = {gate.key: gate.name for gate in gates(config.whole)}
    by_deed: dict[tuple[str, str, str], list[str]] = {}
    for address, resource in config.own.items():
        on = resource.fields.get("on") if address.kind == ATTESTATION.name else None
        if on and on >= first:
            by_deed.setdefault((on, str(resource.fields["by"] or ""), address.key), []).append(address.scope)
    for (on, who, gate), slugs in by_deed.items():
        yield TimelineEvent(at=on, who=who, why="", districts=tuple(sorted(slugs)), attested=names.get(gate, gate))
