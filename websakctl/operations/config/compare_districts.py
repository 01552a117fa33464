"""Which districts deviate from the base: declared, or by accident."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from websakctl.model.address import BASE, Address
from websakctl.model.resource import State
from websakctl.plan.change import Action, Plan
from websakctl.source.configuration import Configuration
from websakctl.source.tree import Map


class How(StrEnum):
    """How a deviation came to be."""

    OVERRIDE = "override"  # declared, with reason and owner
    EXCEPTION = "exception"  # declared where the resource lives once, with reason and owner
    OWN = "own"  # the district's own addition
    ACCIDENT = "accident"  # live differs, and nobody declared it


class Deviation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a district has otherwise than the base gives it."""

    district: str
    how: How
    address: Address
    field: str = ""
    base: Any = None
    here: Any = None
    reason: str = ""
    owner: str = ""
    until: str = ""
    at: str = ""  # file, line and column


def compare_districts(config: Configuration, plan: Plan | None, live: State | None) -> list[Deviation]:
    """List every deviation, by district.

    Args:
        config: What is declared.
        plan: Config against live, if live was read: what it would change in a district is an accident.
        live: What was read.
    """
    result = [d for address in config.origins if address.scope != BASE for d in _declared(config, address)]
    result += [d for address in config.state if address.scope == BASE for d in _excepted(config, address)]
    by_hand = (
        [s.change for s in plan.manual if s.change and s.change.action is Action.UPDATE] if plan is not None else []
    )
    existing = {*(live or ()), *(change.address for change in by_hand)}
    for change in (*plan.changes, *by_hand) if plan is not None else ():
        if change.address.scope == BASE or change.address not in existing:
            continue
        result.extend(
            Deviation(
                district=change.address.scope,
                how=How.ACCIDENT,
                address=change.address,
                field=f.path,
                base=f.after,
                here=f.before,
            )
            for f in change.fields
        )
    return sorted(result, key=lambda d: (d.district, d.how, d.address, d.field))


def _excepted(config: Configuration, address: Address) -> Iterator[Deviation]:
    for slug, given in (config.state[address].fields.get("exceptions") or {}).items():
        yield Deviation(
            district=slug,
            how=How.EXCEPTION,
            address=address,
            field="exceptions",
            base=None,
            here=given["what"],
            reason=given["reason"],
            owner=given["owner"],
            until=given["until"] or "",
            at=str(config.origins[address].of_field("exceptions")),
        )


def _declared(config: Configuration, address: Address) -> list[Deviation]:
    origin = config.origins[address]
    if origin.made_for is None:
        return [Deviation(district=address.scope, how=How.OWN, address=address, at=str(origin.position()))]
    if origin.override is None:
        return []
    document, section, key = origin.override
    fields = section[key]
    template = origin.section.get(origin.key)
    was: Mapping[str, Any] = template if isinstance(template, Map) else {}
    about = {name: str(fields.get(name) or "") for name in ("reason", "owner", "until")}
    return [
        Deviation(
            district=address.scope,
            how=How.OVERRIDE,
            address=address,
            field=name,
            base=was.get(name),
            here=value,
            reason=about["reason"],
            owner=about["owner"],
            until=about["until"],
            at=str(document.value_position(fields.spans, name)),
        )
        for name, value in fields.items()
        if name not in about
    ]
