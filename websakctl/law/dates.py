"""Dates that bind the rollout: what ends or begins, and how far that is from a day."""

from datetime import date, timedelta

import msgspec

from websakctl.kinds import entries
from websakctl.kinds.legal_source import LegalSource
from websakctl.model.resource import State


class BoundDate(msgspec.Struct, frozen=True, kw_only=True):
    """One such date. ``day``: the first on which it is otherwise. ``unsettled``: what of it nobody has confirmed."""

    key: str
    name: str
    begins: bool  # else it ends
    day: date
    days: int  # until then; fewer than none: it is over
    unsettled: str
    next: str


def bound_dates(state: State, on: date) -> tuple[BoundDate, ...]:
    """All dates that the register says bind the rollout, the first one first."""
    result = []
    for row in entries(LegalSource, state):
        source = row.value
        if not source.binds_rollout:
            continue
        for begins, text in ((True, source.valid_from), (False, source.valid_to)):
            if text is None:
                continue
            day = date.fromisoformat(text) + timedelta(days=0 if begins else 1)
            result.append(
                BoundDate(
                    key=row.address.key,
                    name=source.name,
                    begins=begins,
                    day=day,
                    days=(day - on).days,
                    unsettled=source.unsettled or ("" if source.confirmed else "to be confirmed"),
                    next=source.next or "",
                )
            )
    return tuple(sorted(result, key=lambda one: (one.day, one.key, one.begins)))
