"""What is managed once a change is done: the journal's ``known``, and what it no longer knows."""

from collections.abc import Mapping
from typing import Any

from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.resource import State
from websakctl.plan.change import Action, Change
from websakctl.plan.diff import Known, patched

Row = tuple[Address, Mapping[str, Any], bool]  # address, fields, whether it is protected


def after_change(
    change: Change,
    *,
    desired: State,
    before: Mapping[str, Any],
    protected: set[Address],
    known: Mapping[Address, Known],
) -> tuple[list[Row], list[Address]]:
    """Say what a change that is done makes managed, and what is no longer.

    Args:
        change: What was done.
        desired: The config's state where the change was planned from it; empty otherwise.
        before: The live fields that it was done to; empty for what it made.
        protected: Addresses that the config protects.
        known: What was managed before: a field that the API never tells is as it was last applied, unless the change has it.
    """
    address = change.address
    if change.action.removes:
        return [], [address]
    gone = [Address(address.kind, f.before, address.key) for f in change.fields if f.path == "scope"]
    gone += [Address(address.kind, address.scope, f.before) for f in change.fields if f.path == "key"]
    last = (
        next((known[a] for a in (address, *gone) if a in known), None) if change.action is not Action.CREATE else None
    )
    wanted = desired.get(address)
    fields = as_made(address, wanted.fields if wanted is not None else before, before, last)
    return [(address, patched(fields, change.fields), address in protected)], gone


def as_made(
    address: Address, wanted: Mapping[str, Any], live: Mapping[str, Any], last: Known | None
) -> Mapping[str, Any]:
    """What was applied: the config's fields, but for those that the API sets only when a resource is made, or never tells."""
    kind = all_kinds()[address.kind]
    fixed = {name: live[name] for name in kind.create_only if name in live}
    if kind.write_only and last is not None:  # nobody has written them now
        fixed |= {name: value for name, value in last.fields.items() if name in kind.write_only}
    return {**wanted, **fixed} if fixed else wanted
