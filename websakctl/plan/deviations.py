"""Whether a plan still is what was approved."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from websakctl.model.address import Address
from websakctl.plan.change import Change
from websakctl.plan.diff import same
from websakctl.redaction import redacted


class Deviation(msgspec.Struct, frozen=True, kw_only=True):
    """A change that is not as approved.

    ``how``: ``new`` was not in the approved plan, ``gone`` is no longer to do, ``other`` does something else.
    """

    address: Address
    how: Literal["new", "gone", "other"]

    @property
    def why(self) -> str:
        """The same for people."""
        return {
            "new": "was not in the plan",
            "gone": "is no longer to do",
            "other": "would do something else",
        }[self.how]


def deviations(approved: Iterable[Change], now: Iterable[Change]) -> tuple[Deviation, ...]:
    """Compare a plan with the approved one, by address. Values that a saved plan withholds are compared withheld."""
    before = {change.address: change for change in approved}
    after = {change.address: change for change in now}
    result = []
    for address in sorted(before.keys() | after.keys()):
        old, new = before.get(address), after.get(address)
        if old is None or new is None:
            result.append(Deviation(address=address, how="new" if old is None else "gone"))
        elif old.action is not new.action or not _same_fields(old, new):
            result.append(Deviation(address=address, how="other"))
    return tuple(result)


def _same_fields(old: Change, new: Change) -> bool:
    ours, theirs = ({f.path: f for f in change.fields} for change in (old, new))
    return ours.keys() == theirs.keys() and all(
        same(redacted(f.before), redacted(theirs[path].before))
        and same(redacted(f.after), redacted(theirs[path].after))
        for path, f in ours.items()
    )
