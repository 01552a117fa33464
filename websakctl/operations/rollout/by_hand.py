"""What people have set: as it was recorded, or as an exported file shows it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from websakctl.model.address import Address
from websakctl.model.kind import Api, Kind
from websakctl.model.resource import Resource, State
from websakctl.plan.diff import LastApplied

if TYPE_CHECKING:
    from websakctl.source.export_file import Export


class ByHand(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the kinds that people set, and what those who read it should know."""

    state: State = msgspec.field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def done_by_hand(
    known: Mapping[Address, LastApplied],
    by_hand: Mapping[str, Kind],
    exports: "Iterable[Export]" = (),
    *,
    desired: State,
    recorded_at: Mapping[Address, datetime],
) -> ByHand:
    """Gather what is there of the kinds that people set.

    Args:
        known: What the journal says is managed.
        by_hand: Kinds that people set here.
        exports: Files that show some of these kinds; they win over the journal.
        desired: The config's state, which tells a file's rows their districts.
        recorded_at: When each resource was last recorded; what was recorded after a file was made wins over the file.
    """
    state: State = {
        a: Resource(address=a, fields=was.fields)
        for a, was in known.items()
        if a.kind in by_hand and (a in recorded_at or by_hand[a.kind].api is Api.MANUAL)
    }  # what went through an API that is no longer there, nobody has looked at since
    warnings: list[str] = []
    for export in exports:
        recorded = {a: r for a, r in state.items() if a.kind == export.kind}
        newer = {a for a in recorded if a in recorded_at and recorded_at[a] > export.made_at}
        for address in recorded.keys() - newer:
            del state[address]
        state |= {a: r for a, r in _shown(export, by_hand[export.kind], desired, recorded).items() if a not in newer}
        if newer:
            warnings.append(
                f"{export.name} is of {export.made_at:%Y-%m-%d %H:%M} (UTC), and {len(newer)} of kind {export.kind} "
                "were recorded as done after that: these count as recorded; export again"
            )
    return ByHand(state=state, warnings=tuple(warnings))


def _shown(export: "Export", kind: Kind, desired: State, recorded: State) -> State:
    """The file's rows as resources; of what the file has no column for, what was recorded or is wanted counts."""
    scopes: dict[str, list[Address]] = {}
    for address in (*desired, *recorded):
        if address.kind == kind.name:
            scopes.setdefault(address.key, []).append(address)
    result: State = {}
    for (scope, key), fields in export.rows.items():
        named = [a for a in scopes.get(key, ()) if scope is None or a.scope == scope]
        address = named[0] if named else Address(kind.name, scope or "base", key)
        behind = (recorded.get(address) or desired.get(address) or Resource(address=address, fields={})).fields
        unseen = {name: value for name, value in behind.items() if name not in export.columns}
        result[address] = Resource(address=address, fields={**unseen, **fields})
    return result
