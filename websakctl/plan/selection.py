"""Which part of the setup a command is about."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

import msgspec

from websakctl.model.address import Address
from websakctl.plan.change import Change


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Empty parts select everything; several parts narrow each other."""

    scopes: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    targets: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.scopes or self.kinds or self.targets)

    def __contains__(self, address: Address) -> bool:
        if self.scopes and address.scope not in self.scopes:
            return False
        if self.kinds and address.kind not in self.kinds:
            return False
        return not self.targets or any(fnmatchcase(str(address), target) for target in self.targets)


class CanarySplit(msgspec.Struct, frozen=True, kw_only=True):
    """A plan in two: what the canary district takes, with what it waits for, and the rest."""

    first: tuple[Change, ...] = ()
    rest: tuple[Change, ...] = ()


def split_canary(changes: Iterable[Change], canary: str) -> CanarySplit:
    """Part the changes of a plan, each part in the plan's order."""
    every = tuple(changes)
    first, _ = selected(every, Selection(scopes=frozenset({canary})))
    taken = {change.address for change in first}
    return CanarySplit(first=tuple(first), rest=tuple(change for change in every if change.address not in taken))


def selected(changes: Iterable[Change], selection: Selection) -> tuple[list[Change], list[Address]]:
    """Keep the selected changes and what they wait for, in the same order.

    Returns:
        The changes, and the addresses that came along only because something waits for them.
    """
    every = list(changes)
    if selection.everything:
        return every, []
    by_address: Mapping[Address, Change] = {change.address: change for change in every}
    desired = {change.address for change in every if change.address in selection}
    todo, along = list(desired), set[Address]()
    while todo:
        for needed in by_address[todo.pop()].requires:
            if needed not in desired:
                desired.add(needed)
                along.add(needed)
                todo.append(needed)
    return [change for change in every if change.address in desired], sorted(along)
