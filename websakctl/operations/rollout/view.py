"""The rollout as one value: batches, their districts' gates, licence pools and mail routes."""

from datetime import date

import msgspec

from websakctl.model.address import BASE, Address
from websakctl.model.resource import State
from websakctl.plan.change import Plan
from websakctl.rollout.batches import Batch, batch_of, in_order
from websakctl.rollout.capacity import Pool, Shortage, seats, shortages
from websakctl.rollout.gates import Gate, Ground, Standing, Verdict, gates, judge
from websakctl.rollout.routing import Load, Route, loads, routes
from websakctl.source.configuration import Configuration


class DistrictView(msgspec.Struct, frozen=True, kw_only=True):
    """One district of a batch, with a verdict for each gate."""

    slug: str
    name: str
    short_name: str
    verdicts: tuple[Verdict, ...]

    @property
    def in_the_way(self) -> tuple[Verdict, ...]:
        """The gates that are not passed."""
        return tuple(v for v in self.verdicts if not v.state.lets_through)


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """One batch with its districts. ``pause_reason`` stands only while it is paused."""

    batch: Batch
    pause_reason: str | None
    districts: tuple[DistrictView, ...]

    @property
    def ready(self) -> bool:
        """Whether it may go live: it is not paused, and every gate of every district lets it through."""
        return (
            not self.batch.paused
            and bool(self.districts)
            and all(d.verdicts and not d.in_the_way for d in self.districts)
        )

    def count(self, state: Standing) -> int:
        """How many verdicts there are of this kind."""
        return sum(1 for d in self.districts for v in d.verdicts if v.state is state)


class RolloutView(msgspec.Struct, frozen=True, kw_only=True):
    """All batches in the order of their days, and what they share. ``asked``: whether Websak was asked."""

    today: date
    asked: bool
    gates: tuple[Gate, ...]
    batches: tuple[BatchView, ...]
    unplanned: tuple[str, ...]  # districts in no batch
    pools: tuple[Pool, ...]
    shortages: tuple[Shortage, ...]
    routes: tuple[Route, ...]
    loads: tuple[Load, ...]
    manual: tuple[Address, ...]  # what people have left to set by hand

    def of(self, batch: str) -> BatchView:
        """One batch.

        Raises:
            KeyError: If there is none of that name.
        """
        for view in self.batches:
            if view.batch.key == batch:
                return view
        raise KeyError(batch)


def view_rollout(
    config: Configuration,
    today: date,
    *,
    live: State | None = None,
    users: State | None = None,
    plan: Plan | None = None,
) -> RolloutView:
    """Put together how the rollout stands.

    Args:
        config: Sound.
        today: Which waivers hold, which numbers and pools are in use.
        live: What Websak has; ``None`` if it was not asked.
        users: All live users; ``None`` if they were not asked for.
        plan: Of the whole config against ``live``: what would change, and what nobody here manages.
    """
    merged = config.whole
    batches = in_order(merged)
    pools, every_route = seats(merged, users, today), routes(merged, today)
    by_district = batch_of(batches)
    ground = Ground(
        config=merged,
        districts=config.districts,
        batches=by_district,
        pools=pools,
        routes=every_route,
        today=today,
        live=live,
        users=users,
        unmanaged=frozenset(plan.unmanaged if plan else ()),
        pending=frozenset(change.address for change in plan.changes) if plan else frozenset(),
        manual=frozenset(step.address for step in plan.manual) if plan else frozenset(),
    )
    planned = dict.fromkeys(slug for batch in batches for slug in batch.districts)
    verdicts: dict[str, list[Verdict]] = {slug: [] for slug in planned}
    for verdict in judge(ground, planned):
        verdicts[verdict.district].append(verdict)
    named = config.districts

    def of_district(slug: str) -> DistrictView:
        return DistrictView(
            slug=slug, name=named[slug].name, short_name=named[slug].short_name, verdicts=tuple(verdicts[slug])
        )

    return RolloutView(
        today=today,
        asked=live is not None,
        gates=gates(merged),
        batches=tuple(
            BatchView(
                batch=batch,
                pause_reason=_pause_reason(merged, batch),
                districts=tuple(map(of_district, batch.districts)),
            )
            for batch in batches
        ),
        unplanned=tuple(slug for slug in named if slug not in planned),
        pools=pools,
        shortages=shortages(pools),
        routes=every_route,
        loads=loads(merged, every_route),
        manual=tuple(step.address for step in plan.manual) if plan else (),
    )


def _pause_reason(config: State, batch: Batch) -> str | None:
    given = config[Address("rollout_batch", BASE, batch.key)].fields["pause_reason"]
    return str(given or "no reason is given") if batch.paused else None
