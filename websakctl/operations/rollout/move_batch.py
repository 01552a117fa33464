"""Move a batch to another day: every date that depends on it, before and after."""

from collections.abc import Iterator
from datetime import date

import msgspec

from websakctl.kinds import entries
from websakctl.kinds.attestation import Attestation
from websakctl.kinds.licence import Licence
from websakctl.kinds.rollout_batch import KIND
from websakctl.kinds.sub_org import SubOrg
from websakctl.model.address import BASE, Address
from websakctl.operations.config.edit_entry import put_fields
from websakctl.operations.config.write_back import WriteBack
from websakctl.operations.rollout.calendar import holidays_around
from websakctl.rollout.batches import Batch, batch_of, in_order
from websakctl.rollout.capacity import valid
from websakctl.rollout.schedule import Activity, preparations, schedule, works
from websakctl.source.configuration import Configuration


class MovedActivity(msgspec.Struct, frozen=True, kw_only=True):
    """A preparation with its days for the new day, and those for the old one, where there was one."""

    before: Activity | None
    after: Activity


class Dependent(msgspec.Struct, frozen=True, kw_only=True):
    """A date of the config that fits the new day no longer, or that is told of anyhow."""

    what: str
    day: str
    detail: str


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """What another day of a batch comes to.

    Args:
        batch: The batch as it is.
        go_live: The new day.
        activities: Its preparations.
        dependents: Dates of the config that the move makes wrong: they are written nowhere, and to be decided.
        order: The batches in the order of their days, before and after.
        unfit: Why nobody goes live on that day, as a rule.
        notes: What else should be known of it.
        changes: The edit.
    """

    batch: Batch
    go_live: date
    activities: tuple[MovedActivity, ...]
    dependents: tuple[Dependent, ...]
    order: tuple[tuple[str, ...], tuple[str, ...]]
    unfit: tuple[str, ...]
    notes: tuple[str, ...]
    changes: WriteBack


def move_batch(config: Configuration, key: str, go_live: date, today: date) -> Move:
    """See what depends on a batch's day.

    Args:
        config: Sound.
        key: The batch.
        go_live: Its new day.
        today: What has been is told.

    Raises:
        KeyError: If there is no such batch.
    """
    batches = in_order(config.whole)
    batch = next((b for b in batches if b.key == key), None)
    if batch is None:
        raise KeyError(key)
    moved = msgspec.structs.replace(batch, go_live=go_live.isoformat())
    holidays = holidays_around([day for day in (batch.go_live, moved.go_live) if day])
    declared = preparations(config.whole)
    before = {activity.key: activity for activity in schedule([batch], holidays, declared)}
    after = sorted((moved if b.key == key else b for b in batches), key=lambda b: b.sorts_as)
    return Move(
        batch=batch,
        go_live=go_live,
        activities=tuple(
            MovedActivity(before=before.get(activity.key), after=activity)
            for activity in schedule([moved], holidays, declared)
        ),
        dependents=tuple(_dependents(config, moved, go_live.isoformat())),
        order=(tuple(b.key for b in batches), tuple(b.key for b in after)),
        unfit=tuple(_unfit(go_live, today, holidays)),
        notes=(f"{batch.key} is paused, and stays so",) if batch.paused else (),
        changes=put_fields(config, KIND, Address(KIND.name, BASE, key), {"go_live": go_live.isoformat()}),
    )


def _unfit(day: date, today: date, holidays: frozenset[date]) -> Iterator[str]:
    if not works(day, holidays):
        yield f"{day} is a Saturday, a Sunday or a public holiday"
    if day < today:
        yield f"{day} is in the past"


def _dependents(config: Configuration, batch: Batch, day: str) -> Iterator[Dependent]:
    mine = batch_of(in_order(config.whole))
    scopes = {slug for slug in batch.districts if mine[slug].key == batch.key}
    for result in entries(SubOrg, config.whole):
        number = result.value
        if (number.batch or (batch.key if result.address.scope in scopes else "")) != batch.key:
            continue
        if number.valid_from and number.valid_from > day:
            yield Dependent(
                what=str(result.address), day=number.valid_from, detail="its route begins after the batch is live"
            )
        if number.valid_to and number.valid_to < day:
            yield Dependent(
                what=str(result.address), day=number.valid_to, detail="its route ends before the batch is live"
            )
    for licence in entries(Licence, config.whole):
        if not valid(licence.value, day):
            span = f"{licence.value.valid_from or '…'} – {licence.value.valid_to or '…'}"
            yield Dependent(what=str(licence.address), day=span, detail="its seats may not be used on that day")
    for given in entries(Attestation, config.whole):
        waiver = given.value.waived
        if given.address.scope in scopes and waiver is not None and waiver.until < day:
            yield Dependent(
                what=str(given.address), day=waiver.until, detail="the gate is waived until then, not to the new day"
            )
