"""The work list: what people set where, in an order that holds; and the record that they have."""

import dataclasses
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from msgspec.structs import replace
from msgspec.structs import replace as struct_replace

from websakctl.apply.attempt import Status
from websakctl.apply.collaborators import Row
from websakctl.apply.journal import Journal
from websakctl.model.address import BASE, Address
from websakctl.model.kind import Kind
from websakctl.model.resource import Resource
from websakctl.operations.apply.ownership import after_change
from websakctl.operations.change.make_plan import ConfigInput, make_plan
from websakctl.plan.change import Change, ManualStep
from websakctl.plan.document import change_document
from websakctl.plan.selection import Selection

REOPENED = "reopen"  # the action of a record that takes another back


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to set. ``number`` is its place in the order of the whole list, from 1; ``after`` names the items before it."""

    id: str
    number: int
    change: Change
    label: str  # what tells a reader which one it is; empty where nothing does
    after: tuple[str, ...] = ()

    @property
    def address(self) -> Address:
        """What it is about."""
        return self.change.address


class WorkList(msgspec.Struct, frozen=True, kw_only=True):
    """What is left for people in one environment. ``others``: steps that show by themselves when they are done."""

    environment: str
    items: tuple[Item, ...]
    others: tuple[ManualStep, ...] = ()

    def chosen(self, selection: Selection) -> "WorkList":
        """The part that a selection names; numbers stay."""
        return replace(
            self,
            items=tuple(item for item in self.items if item.address in selection),
            others=tuple(step for step in self.others if step.address in selection),
        )


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Who says that something was set, when, and where that can be seen."""

    by: str
    on: str  # YYYY-MM-DD
    evidence: str

    def description(self) -> str:
        """In a line, for the history."""
        return f"set by {self.by} on {self.on}: {self.evidence}"


class UnknownItem(Exception):
    """The work list has no such item."""


def left_to_people(inputs: ConfigInput) -> frozenset[Address]:
    """What somebody still has to set by hand, where anything of it was looked up."""
    return frozenset(item.address for item in work_list(inputs).items) if inputs.done_by_hand else frozenset()


def work_list(inputs: ConfigInput, others: Iterable[ManualStep] = ()) -> WorkList:
    """What is left of the kinds that people set; nothing is read from Websak for it.

    Args:
        inputs: The selection does not matter: a work list is whole.
        others: Steps of other kinds, which a plan against live has found.
    """
    desired = {a: r for a, r in inputs.config.state.items() if a.kind in inputs.by_hand}
    alone = struct_replace(
        inputs,
        config=dataclasses.replace(inputs.config, state=desired),
        kinds={},
        selection=Selection(),
        prune=frozenset(),
    )
    steps = [step for step in make_plan(alone, {}).manual if step.change is not None]
    steps.sort(key=_place)  # what is done once comes first, then one district after the other; else the order holds
    ids = {step.address: step.id for step in steps}
    items = [
        Item(
            id=step.id,
            number=number,
            change=step.change,
            label=_label(inputs, inputs.by_hand[step.address.kind], step.address),
            after=tuple(ids[address] for address in step.change.requires if address in ids),
        )
        for number, step in enumerate(steps, 1)
        if step.change is not None
    ]
    return WorkList(
        environment=inputs.environment, items=tuple(items), others=tuple(step for step in others if step.change is None)
    )


def _place(step: ManualStep) -> tuple[bool, bool, str]:
    """What goes comes last, and what is shared goes last of all: others may still refer to it."""
    removes, shared = step.change is not None and step.change.action.removes, step.address.scope == BASE
    return removes, shared if removes else not shared, step.address.scope


def _label(inputs: ConfigInput, kind: Kind, address: Address) -> str:
    resource = inputs.config.state.get(address) or inputs.done_by_hand.get(
        address, Resource(address=address, fields={})
    )
    return str(resource.fields.get(kind.label) or "")


def named(whole: WorkList, names: Iterable[str]) -> list[Item]:
    """The items that ids, addresses or globs of addresses name, in the order of the list.

    Raises:
        UnknownItem: If one of them names none.
    """
    result: set[str] = set()
    for name in names:
        ids = {
            item.id
            for item in whole.items
            if name in (item.id, str(item.address)) or fnmatchcase(str(item.address), name)
        }
        if not ids:
            raise UnknownItem(name)
        result |= ids
    return [item for item in whole.items if item.id in result]


def record_done(
    journal: Journal, inputs: ConfigInput, run: str, items: Iterable[Item], evidence: Evidence, about: Mapping[str, Any]
) -> None:
    """Record that items are done: a run of its own in the journal, all of it or nothing.

    Raises:
        JournalError: If it cannot be written.
    """
    items = list(items)
    changes = [item.change for item in items]
    given = {"by": evidence.by, "on": evidence.on, "evidence": evidence.evidence}
    start = {**about, **given, "environment": inputs.environment, "changes": [change_document(c) for c in changes]}
    entries: list[tuple[str, Mapping[str, Any], Address | None]] = [("start", start, None)]
    applied: list[Row] = []
    gone: list[Address] = []
    for item in items:
        change = item.change
        live = inputs.done_by_hand.get(change.address)
        rows, left = after_change(
            change,
            desired=inputs.config.state,
            before=live.fields if live else {},
            protected=inputs.config.protected,
            known=inputs.known,
            accepted=inputs.accepted,
        )
        applied += rows
        gone += left
        result = _result(item, inputs.environment, evidence, given)
        entries.append(("result", {**result, "was": dict(live.fields) if live else None}, change.address))
    entries.append(("end", {"counts": {Status.DONE.value: len(changes)}}, None))
    journal.settle(run, entries, environment=inputs.environment, applied=applied, gone=gone)


def _result(item: Item, environment: str, evidence: Evidence, given: Mapping[str, Any]) -> dict[str, Any]:
    change = item.change
    return {
        **given,
        "id": item.id,
        "action": change.action.value,
        "status": Status.DONE.value,
        "detail": evidence.description(),
        "environment": environment,
        "fields": [[f.path, f.before, f.after] for f in change.fields],
    }


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """One item that was recorded. ``was``: what was known before, if anything was."""

    run: str
    id: str
    at: str
    address: Address
    action: str
    by: str
    on: str
    evidence: str
    was: Mapping[str, Any] | None = None


def undo_records(
    journal: Journal, inputs: ConfigInput, run: str, names: Iterable[str], evidence: Evidence, about: Mapping[str, Any]
) -> list[Address]:
    """Record that items were not done after all: what was known before they were recorded is known again.

    Args:
        journal: Where they were recorded.
        inputs: Whose environment it is.
        run: A new run's name.
        names: Ids, addresses or globs of addresses of what was recorded.
        evidence: Who says so and when; its ``evidence`` is why.
        about: What else the run's start says.

    Raises:
        UnknownItem: If one of the names names nothing that was recorded.
        JournalError: If it cannot be written.
    """
    last = {done.address: done for done in reversed(recorded(journal, inputs.environment))}
    standing = [done for done in last.values() if done.action != REOPENED]
    chosen: dict[Address, Done] = {}
    for name in names:
        results = [d for d in standing if name in (d.id, str(d.address)) or fnmatchcase(str(d.address), name)]
        if not results:
            raise UnknownItem(name)
        chosen |= {done.address: done for done in results}
    given = {"by": evidence.by, "on": evidence.on, "evidence": evidence.evidence, "environment": inputs.environment}
    detail = f"not done after all, says {evidence.by} on {evidence.on}: {evidence.evidence}"
    result = {**given, "action": REOPENED, "status": Status.DONE.value, "detail": detail, "fields": []}
    journal.settle(
        run,
        [
            ("start", {**about, **given, "changes": []}, None),
            *(("result", result, address) for address in chosen),
            ("end", {"counts": {}}, None),
        ],
        environment=inputs.environment,
        applied=[(a, d.was, a in inputs.config.protected) for a, d in chosen.items() if d.was is not None],
        gone=[a for a, d in chosen.items() if d.was is None],
    )
    return sorted(chosen)


def recorded(journal: Journal, environment: str) -> list[Done]:
    """What was recorded as done in an environment, or as not done after all; newest first."""
    result = [
        Done(
            run=entry.run,
            id=str(entry.body.get("id", "")),
            at=entry.at,
            address=Address.parse(entry.address),
            action=str(entry.body.get("action", "")),
            by=str(entry.body["by"]),
            on=str(entry.body.get("on", "")),
            evidence=str(entry.body.get("evidence", "")),
            was=entry.body.get("was"),
        )
        for entry in journal.entries()
        if entry.what == "result"
        and entry.address
        and "by" in entry.body
        and entry.body.get("environment") == environment
    ]
    return result[::-1]
