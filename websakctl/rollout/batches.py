"""The order in which rollout batches go live, and which batch a district goes with."""

import msgspec

from websakctl.kinds import entries
from websakctl.kinds.rollout_batch import RolloutBatch
from websakctl.model.resource import State

_NO_DAY = "9999-12-31"


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A planned rollout batch. ``go_live`` is a day (ISO), or nothing while it is not decided."""

    key: str
    name: str
    go_live: str | None
    districts: tuple[str, ...]
    paused: bool

    @property
    def sorts_as(self) -> tuple[str, str]:
        """By day; those without one come last."""
        return self.go_live or _NO_DAY, self.key


def in_order(config: State) -> tuple[Batch, ...]:
    """Every batch of the config, the first to go live first; paused ones keep their place and what they need."""
    result = (
        Batch(
            key=batch.address.key,
            name=batch.value.name,
            go_live=batch.value.go_live,
            districts=tuple(batch.value.districts),
            paused=batch.value.paused,
        )
        for batch in entries(RolloutBatch, config)
    )
    return tuple(sorted(result, key=lambda batch: batch.sorts_as))


def batch_of(batches: tuple[Batch, ...]) -> dict[str, Batch]:
    """The batch by district; the first to go live where a district stands in several."""
    return {slug: batch for batch in reversed(batches) for slug in batch.districts}
