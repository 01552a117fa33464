"""What is managed once a change is done: the journal's ``known``, and what it no longer knows."""

from collections.abc import Container, Mapping
from typing import Any

from websakctl.apply.collaborators import Row
from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.kind import Api
from websakctl.model.resource import State
from websakctl.plan.change import Action, Change, old_address
from websakctl.plan.diff import AcceptedNormalisations, LastApplied, is_accepted, patched, same


def after_change(
    change: Change,
    *,
    desired: State,
    before: Mapping[str, Any],
    protected: set[Address],
    known: Mapping[Address, LastApplied],
    accepted: AcceptedNormalisations,
) -> tuple[list[Row], list[Address]]:
    """Say what a change that is done makes managed, and what is no longer.

    Args:
        change: What was done.
        desired: The config's state where the change was planned from it; empty otherwise.
        before: The live fields that it was done to; empty for what it made.
        protected: Addresses that the config protects.
        known: What was managed before: a field that the API never tells is as it was last applied, unless the change has it.
        accepted: What the server was seen to make of a value.
    """
    address = change.address
    if change.action.removes:
        return [], [address]
    old = old_address(change)
    gone = [old] if old != address else []
    last = (
        next((known[a] for a in (address, *gone) if a in known), None) if change.action is not Action.CREATE else None
    )
    expected = desired.get(address)
    if change.action is Action.UPDATE and desired and expected is None and last is None:
        return [], gone  # nobody manages it here: it was pointed to the heir of what it referred to
    written = {f.path.partition(".")[0] for f in change.fields}
    fields = as_made(
        address, expected.fields if expected is not None else before, before, last, accepted, written=written
    )
    return [(address, patched(fields, change.fields), address in protected)], gone


def as_made(
    address: Address,
    desired: Mapping[str, Any],
    live: Mapping[str, Any],
    last: LastApplied | None,
    accepted: AcceptedNormalisations,
    *,
    written: Container[str] = (),
) -> Mapping[str, Any]:
    """What was applied: the config's fields where live is so, or as the server was seen to make them; else what was last applied.

    A field that somebody changed by hand, and that is kept so, stays known as theirs. One that was never applied is as live has it.
    A field that the API never tells is as it was last applied. A reference may be to what has a new key in the same run.
    Of a field that is neither told nor ``written``, since this Websak has no place for it, nobody knows whether it is so.
    """
    kind = all_kinds()[address.kind]
    before = last.fields if last is not None else {}
    fixed = {
        name: before.get(name, live[name])
        for name, value in desired.items()
        if name in live
        and live[name] != value
        and name not in kind.references
        and name not in kind.holds
        and not same(live[name], value)
        and not is_accepted(accepted, address, name, value, live[name])
    }
    if kind.write_only and last is not None:  # nobody has written them now
        desired = {name: value for name, value in desired.items() if name not in kind.write_only}
        fixed |= {name: value for name, value in last.fields.items() if name in kind.write_only}
    elif kind.api is Api.USER and not kind.write_only:  # whose fields differ by version
        unknown = {n for n, v in desired.items() if n not in live and n not in written and v not in (None, [], {})}
        if unknown:
            desired = {name: value for name, value in desired.items() if name not in unknown}
            fixed |= {name: before[name] for name in unknown if name in before}
    return {**desired, **fixed} if fixed else desired
