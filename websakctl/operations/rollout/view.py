"""The rollout as one value: batches, their districts' gates, licence pools and mail routes."""

import re
from datetime import date
from enum import StrEnum

import msgspec

from websakctl.kinds.org_unit import KIND as ORG_UNIT
from websakctl.law.dates import BoundDate, bound_dates
from websakctl.law.standing import DAYS_AHEAD
from websakctl.model.address import BASE, Address
from websakctl.model.resource import State
from websakctl.plan.change import Plan
from websakctl.rollout.altinn import Proof
from websakctl.rollout.batches import Batch, batch_of, in_order
from websakctl.rollout.capacity import Pool, Shortage, seats, shortages
from websakctl.rollout.gates import Gate, Ground, Standing, Verdict, gates, judge
from websakctl.rollout.reviews import SignedReviews
from websakctl.rollout.routing import Load, Route, loads, routes
from websakctl.source.configuration import Configuration

UNIT = ORG_UNIT.name


class DistrictView(msgspec.Struct, frozen=True, kw_only=True):
    """One district of a batch, with a verdict for each gate."""

    slug: str
    name: str
    short_name: str
    verdicts: tuple[Verdict, ...]
    prefix: str = ""
    orgnr: str = ""

    def in_common(self, text: str) -> str:
        """A text of this district as it would stand for any: what is said of several can then be said once."""
        text = text.replace(f"districts/{self.slug}/", "districts/DISTRICT/").replace(
            f"--district {self.slug}", "--district DISTRICT"
        )
        text = text.replace(f"/{self.slug}/", "/DISTRICT/")
        text = re.sub(rf"\b{re.escape(self.prefix)}-", "", text) if self.prefix else text
        return text.replace(self.orgnr, "its main number") if self.orgnr else text

    @property
    def in_the_way(self) -> tuple[Verdict, ...]:
        """The gates that are not passed."""
        return tuple(v for v in self.verdicts if not v.state.lets_through)


class BatchState(StrEnum):
    """What a batch stands at: the day, the gates and Websak together."""

    PAUSED = "paused"
    LIVE = (
        "live"  # its day has come, every gate lets it through, and Websak has all that the config gives its districts
    )
    SET_UP = "set up"  # the same, before its day
    LATE = "late"  # its day has come, and something is left
    READY = "ready"
    NOT_READY = "not ready"


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """One batch with its districts. ``pause_reason`` stands only while it is paused.

    ``set_up``: Websak has all that the config gives its districts; ``None`` if it was not asked. ``due``: its day has come.
    """

    batch: Batch
    pause_reason: str | None
    districts: tuple[DistrictView, ...]
    set_up: bool | None = None
    due: bool = False

    @property
    def state(self) -> BatchState:
        """What it stands at. It is live only where Websak says so: a day that has passed makes nothing live."""
        if self.batch.paused:
            return BatchState.PAUSED
        if self.ready and self.set_up:
            return BatchState.LIVE if self.due else BatchState.SET_UP
        if self.due:
            return BatchState.LATE
        return BatchState.READY if self.ready else BatchState.NOT_READY

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
    examples: tuple[Address, ...] = ()  # what nobody has confirmed: marked ``status: example``
    dates: tuple[BoundDate, ...] = ()  # that bind the rollout, from the register of legal sources
    days_ahead: int = DAYS_AHEAD  # within which such a date is a warning

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
    altinn: Proof | None = None,
    reviews: SignedReviews | None = None,
) -> RolloutView:
    """Put together how the rollout stands.

    Args:
        config: Sound.
        today: Which waivers hold, which numbers and pools are in use.
        live: What Websak has; ``None`` if it was not asked.
        users: All live users; ``None`` if they were not asked for.
        reviews: Signed reviews of access; ``None`` if the journal was not asked.
        plan: Of the whole config against ``live``: what would change, and what nobody here manages.
        altinn: What is recorded of Altinn's access management; ``None``: nothing.
    """
    merged = config.whole
    batches = in_order(merged)
    pools, every_route = seats(merged, users, today), routes(merged, today, config.examples, config.config_only)
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
        examples=config.examples,
        altinn=altinn or Proof(),
        reviews=reviews,
    )
    planned = dict.fromkeys(slug for batch in batches for slug in batch.districts)
    verdicts: dict[str, list[Verdict]] = {slug: [] for slug in planned}
    for verdict in judge(ground, planned):
        verdicts[verdict.district].append(verdict)
    named = config.districts

    def of_district(slug: str) -> DistrictView:
        return DistrictView(
            slug=slug,
            name=named[slug].name,
            short_name=named[slug].short_name,
            prefix=named[slug].prefix,
            orgnr=named[slug].orgnr,
            verdicts=tuple(verdicts[slug]),
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
                set_up=None if live is None else _set_up(batch, live, ground.pending),
                due=bool(batch.go_live and batch.go_live <= today.isoformat()),
            )
            for batch in batches
        ),
        unplanned=tuple(slug for slug in named if slug not in planned),
        pools=pools,
        shortages=shortages(pools),
        routes=every_route,
        loads=loads(merged, every_route),
        manual=tuple(step.address for step in plan.manual) if plan else (),
        examples=tuple(sorted(config.examples)),
        dates=bound_dates(merged, today),
        days_ahead=config.settings.law_days_ahead,
    )


def _set_up(batch: Batch, live: State, pending: frozenset[Address]) -> bool:
    """Whether Websak has units of every district of a batch, and nothing of them is still to be written."""
    existing = {address.scope for address, resource in live.items() if address.kind == UNIT and resource.active}
    waiting = {address.scope for address in pending}
    return all(slug in existing and slug not in waiting for slug in batch.districts)


def _pause_reason(config: State, batch: Batch) -> str | None:
    given = config[Address("rollout_batch", BASE, batch.key)].fields["pause_reason"]
    return str(given or "no reason is given") if batch.paused else None
