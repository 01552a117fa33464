"""The work list: what people set where, in an order that holds; and the record that they have."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from websakctl.apply.attempt import Status
from websakctl.apply.journal import Journal
from websakctl.model.address import BASE, Address
from websakctl.model.kind import Kind
from websakctl.model.resource import Resource
from websakctl.operations.make_plan import Scene, make_plan
from websakctl.operations.managed import Row, after_change
from websakctl.plan.change import Change, ManualStep
from websakctl.plan.document import change_document
from websakctl.plan.selection import Selection


@dataclass(frozen=True, slots=True)
class Item:
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


@dataclass(frozen=True, slots=True)
class WorkList:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Who says that something was set, when, and where that can be seen."""

    by: str
    on: str  # YYYY-MM-DD
    evidence: str

    def told(self) -> str:
        """In a line, for the history."""
        return f"set by {self.by} on {self.on}: {self.evidence}"


class UnknownItem(Exception):
    """The work list has no such item."""


def work_list(scene: Scene, others: Iterable[ManualStep] = ()) -> WorkList:
    """What is left of the kinds that people set; nothing is read from Websak for it.

    Args:
        scene: The selection does not matter: a work list is whole.
        others: Steps of other kinds, which a plan against live has found.
    """
    wanted = {a: r for a, r in scene.config.state.items() if a.kind in scene.by_hand}
    alone = replace(
        scene, config=replace(scene.config, state=wanted), kinds={}, selection=Selection(), prune=frozenset()
    )
    steps = [step for step in make_plan(alone, {}).manual if step.change is not None]
    steps.sort(key=_place)  # what is done once comes first, then one district after the other; else the order holds
    ids = {step.address: step.id for step in steps}
    items = [
        Item(
            step.id,
            number,
            step.change,
            _label(scene, scene.by_hand[step.address.kind], step.address),
            tuple(ids[address] for address in step.change.requires if address in ids),
        )
        for number, step in enumerate(steps, 1)
        if step.change is not None
    ]
    return WorkList(scene.environment, tuple(items), tuple(step for step in others if step.change is None))


def _place(step: ManualStep) -> tuple[bool, bool, str]:
    """What goes comes last, and what is shared goes last of all: others may still refer to it."""
    removes, shared = step.change is not None and step.change.action.removes, step.address.scope == BASE
    return removes, shared if removes else not shared, step.address.scope


def _label(scene: Scene, kind: Kind, address: Address) -> str:
    resource = scene.config.state.get(address) or scene.done_by_hand.get(address, Resource(address, {}))
    return str(resource.fields.get(kind.label) or "")


def named(whole: WorkList, names: Iterable[str]) -> list[Item]:
    """The items that ids, addresses or globs of addresses name, in the order of the list.

    Raises:
        UnknownItem: If one of them names none.
    """
    found: set[str] = set()
    for name in names:
        ids = {
            item.id
            for item in whole.items
            if name in (item.id, str(item.address)) or fnmatchcase(str(item.address), name)
        }
        if not ids:
            raise UnknownItem(name)
        found |= ids
    return [item for item in whole.items if item.id in found]


def record_done(
    journal: Journal, scene: Scene, run: str, items: Iterable[Item], evidence: Evidence, about: Mapping[str, Any]
) -> None:
    """Record that items are done: a run of its own in the journal, all of it or nothing.

    Raises:
        JournalError: If it cannot be written.
    """
    changes = [item.change for item in items]
    said = {"by": evidence.by, "on": evidence.on, "evidence": evidence.evidence}
    start = {**about, **said, "environment": scene.environment, "changes": [change_document(c) for c in changes]}
    entries: list[tuple[str, Mapping[str, Any], Address | None]] = [("start", start, None)]
    applied: list[Row] = []
    gone: list[Address] = []
    for change in changes:
        there = scene.done_by_hand.get(change.address)
        rows, left = after_change(
            change,
            desired=scene.config.state,
            before=there.fields if there else {},
            protected=scene.config.protected,
        )
        applied += rows
        gone += left
        entries.append(("result", _result(change, scene.environment, evidence, said), change.address))
    entries.append(("end", {"counts": {Status.DONE.value: len(changes)}}, None))
    journal.settle(run, entries, environment=scene.environment, applied=applied, gone=gone)


def _result(change: Change, environment: str, evidence: Evidence, said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **said,
        "action": change.action.value,
        "status": Status.DONE.value,
        "detail": evidence.told(),
        "environment": environment,
        "fields": [[f.path, f.before, f.after] for f in change.fields],
    }


@dataclass(frozen=True, slots=True)
class Done:
    """One item that was recorded as done."""

    run: str
    at: str
    address: Address
    action: str
    by: str
    on: str
    evidence: str


def recorded(journal: Journal, environment: str) -> list[Done]:
    """What was recorded as done in an environment, newest first."""
    found = [
        Done(
            entry.run,
            entry.at,
            Address.parse(entry.address),
            str(entry.body.get("action", "")),
            str(entry.body["by"]),
            str(entry.body.get("on", "")),
            str(entry.body.get("evidence", "")),
        )
        for entry in journal.entries()
        if entry.what == "result"
        and entry.address
        and "by" in entry.body
        and entry.body.get("environment") == environment
    ]
    return found[::-1]
