"""What is managed once a change is done: the journal's ``known``, and what it no longer knows."""

from collections.abc import Mapping
from typing import Any

from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.resource import State
from websakctl.plan.change import Change
from websakctl.plan.diff import patched

Row = tuple[Address, Mapping[str, Any], bool]  # address, fields, whether it is protected


def after_change(
    change: Change, *, desired: State, before: Mapping[str, Any], protected: set[Address]
) -> tuple[list[Row], list[Address]]:
    """Say what a change that is done makes managed, and what is no longer.

    Args:
        change: What was done.
        desired: The config's state where the change was planned from it; empty otherwise.
        before: The live fields that it was done to; empty for what it made.
        protected: Addresses that the config protects.
    """
    address = change.address
    if change.action.removes:
        return [], [address]
    wanted = desired.get(address)
    fields = patched(as_made(address, wanted.fields, before) if wanted is not None else before, change.fields)
    gone = [Address(address.kind, f.before, address.key) for f in change.fields if f.path == "scope"]
    gone += [Address(address.kind, address.scope, f.before) for f in change.fields if f.path == "key"]
    return [(address, fields, address in protected)], gone


def as_made(address: Address, wanted: Mapping[str, Any], live: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was applied: the config's fields, but for those that the API sets only when a resource is made."""
    fixed = all_kinds()[address.kind].create_only
    return {**wanted, **{name: live[name] for name in fixed if name in live}} if fixed else wanted
