"""What was written against what is read afterwards."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.resource import Resource, State
from websakctl.plan.change import Action, Change
from websakctl.plan.diff import ABOUT_ITSELF, canonical, normalised, same
from websakctl.plan.stale import value_at, what_is_there


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A field that reads back otherwise than it was written; ``missing``: the write itself does not show."""

    address: Address
    path: str
    wanted: Any
    made: Any
    missing: bool = False

    @property
    def expected(self) -> bool:
        """Whether it is what servers do to values: trim, cut, change case."""
        return not self.missing and normalised(self.wanted, self.made)

    @property
    def strange(self) -> bool:
        """Whether the server may have made it so, or somebody's hand; it is the server if it comes again."""
        return not self.expected and (not self.missing or normalised(self.wanted, self.made))

    @property
    def description(self) -> str:
        """In words."""
        if self.path == "":
            return "the server said yes, and it does not show when read again"
        verb = "still is" if self.missing else "was made"
        return f"{self.path} was written as {self.wanted!r} and {verb} {self.made!r}"


def differences(done: Iterable[Change], live: State, desired: State, before: State | None) -> list[Difference]:
    """Compare changes that were done with live: values that the server normalised, and writes that do not show.

    Args:
        done: What was done.
        live: What was read afterwards.
        desired: The config's state: a write replaces the whole object, and a server may make something of a value that
            was only sent back.
        before: What was there when the run began, and so was sent back; ``None`` where it is not known any more.
    """
    elsewhere = {(a.kind, a.key): r for a, r in before.items()} if before is not None else {}
    result: list[Difference] = []
    for change in done:
        was = what_is_there(change, before, elsewhere) if before is not None else desired.get(change.address)
        result += (*_of(change, live), *_sent_along(change, live, desired, was))
    return result


def _sent_along(change: Change, live: State, desired: State, was: Resource | None) -> Iterator[Difference]:
    existing, expected = live.get(change.address), desired.get(change.address)
    if existing is None or expected is None or change.action.removes:
        return
    changed = {f.path.partition(".")[0] for f in change.fields}
    for name, value in expected.fields.items():
        created = existing.fields.get(name)
        sent = was is not None and same(was.fields.get(name), value)  # else the config wants it, and nobody wrote it
        if sent and name not in changed and not same(created, value) and normalised(value, created):
            yield Difference(address=change.address, path=name, wanted=value, made=created)


def _of(change: Change, live: State) -> Iterator[Difference]:
    existing = live.get(change.address)
    if change.action is Action.DELETE:
        if existing is not None:
            yield Difference(address=change.address, path="", wanted=None, made=None, missing=True)
        return
    if existing is None or existing.active is (change.action is Action.DEACTIVATE):
        yield Difference(address=change.address, path="", wanted=None, made=None, missing=True)
        return
    kind = all_kinds()[change.address.kind]
    fixed = kind.create_only
    for f in change.fields:
        if f.path in ABOUT_ITSELF or change.action is Action.DEACTIVATE:
            continue
        if f.path.partition(".")[0] not in existing.fields:
            continue  # not told: nothing was made of it
        created = value_at(existing, f.path)
        if same(created, f.after) or (f.path in fixed and change.action is not Action.CREATE):
            continue
        unchanged = change.action is not Action.CREATE and same(created, f.before)
        yield Difference(
            address=change.address,
            path=f.path,
            wanted=f.after,
            made=created,
            missing=unchanged and not _alike(f.after, created),
        )


def _alike(desired: Any, created: Any) -> bool:
    """Whether two texts differ in case and spaces only: what was there before may be all that the server ever makes of it."""
    if not isinstance(desired, str) or not isinstance(created, str):
        return False
    return " ".join(str(canonical(desired)).casefold().split()) == " ".join(str(canonical(created)).casefold().split())
