"""The status page: for project owners, what each batch, gate, licence pool and mail route stands at, and what changed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from websakctl.kinds.licence import KIND as LICENCE
from websakctl.law.dates import BoundDate
from websakctl.operations.rollout.timeline import TimelineEvent
from websakctl.operations.rollout.view import BatchState, BatchView, DistrictView, RolloutView
from websakctl.report.charts import seats_chart
from websakctl.report.law import warns
from websakctl.report.pages import page
from websakctl.report.pages.schedule import by_batch, calendar
from websakctl.report.texts import Language, by_name, counted, text, translated
from websakctl.report.texts.dates import day, listed, short_day
from websakctl.report.texts.kinds import things
from websakctl.rollout.gates import Standing
from websakctl.rollout.schedule import Activity

WAYS = ("svarinn", "altinn", "dokulink", "paper", "unsaid")
_SOON = timedelta(days=30)  # before a waiver ends, it is to be decided what then
_MOST_CHANGES = 5  # told at the top of the page
_MOST_NAMED = 4  # districts; more are counted


class StatusPage(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page shows.

    ``owner``: whose rollout it is. ``names``: the districts' names by slug. ``activities``: of all batches that have a day.
    """

    view: RolloutView
    owner: str
    environment: str
    names: Mapping[str, str]
    since: date
    timeline_events: Sequence[TimelineEvent]
    activities: Sequence[Activity] = ()
    head: Sequence[tuple[str, str]] = ()  # what the page says about itself
    called: Mapping[str, str] = {}  # what units, case types and the like are called, by key

    def render(self, language: Language) -> str:
        """Write the page."""
        return page("status.html", dict(self._values(language)), language)

    def _values(self, language: Language) -> Iterable[tuple[str, Any]]:
        view = self.view
        yield "page", self
        yield "view", view
        yield "head", self.head
        yield "batches", [_card(batch, view.today, language) for batch in view.batches]
        yield "days", lambda batch: _days(batch, view.today)
        yield "coming", next((b for b in view.batches if _days(b, view.today) >= 0), None)
        districts = [district for batch in view.batches for district in batch.districts]
        yield "districts", districts
        yield "ready", [district for district in districts if _ready(district)]
        yield "unplanned", [self.names[slug] for slug in view.unplanned]
        gate_names = {gate.key: gate.name for gate in view.gates}
        batch_names = {batch.batch.key: batch.batch.name for batch in view.batches}
        yield "gate_names", gate_names
        yield "batch_names", batch_names
        yield "gaps", [route for route in view.routes if route.gaps]
        yield "dokulink", [(load, load.total("dokulink")) for load in view.loads]
        yield "still_dokulink", [r for r in view.routes if r.arrives == "dokulink" and not r.ended]
        yield "ways", WAYS
        yield "missing_seats", sum(pool.missing for pool in view.pools)
        yield "unknown_roles", max((pool.unknown for pool in view.pools), default=0)
        yield "chart", seats_chart(view.pools, language) if view.pools else ""
        yield (
            "charts",
            {
                key: calendar(activities, view.today, language, self._state)
                for key, activities in by_batch(self.activities).items()
            },
        )
        yield "late", list(self._late(language))
        yield (
            "changed",
            [_change_in_short(self.names, event, language) for event in self.timeline_events[:_MOST_CHANGES]],
        )
        yield "decide", list(self._to_be_decided(language))
        yield "example_routes", sum(1 for route in view.routes if route.example and not route.ended)
        yield "example_pools", any(address.kind == LICENCE.name for address in view.examples)
        called = {**self.called} | gate_names | {pool.key: pool.product for pool in view.pools} | batch_names
        yield "by_name", lambda sentence: by_name(sentence, called)
        yield "described", lambda happening: list(_described(happening, language))
        yield "where", lambda slugs: _where(self.names, slugs, language)
        manual = Counter(address.kind for address in view.manual)
        yield "manual", things(manual, language)
        yield "manual_count", sum(manual.values())

    # --- what owners see first

    def _late(self, language: Language) -> Iterator[str]:
        """Batches whose day has come, and preparations whose last day has passed, while something is left."""
        today = self.view.today
        for batch in self.view.batches:
            if batch.state is BatchState.LATE and batch.batch.go_live:
                left = sum(len(district.in_the_way) for district in batch.districts)
                yield counted(
                    "{batch} was to go live on {day}: {n} gate is left.|{batch} was to go live on {day}: {n} gates are left.",
                    language,
                    left,
                    batch=batch.batch.name,
                    day=day(batch.batch.go_live, language),
                )
        for a in self.activities:
            missing = [d.name for d in self._open(a)]
            if a.end < today and missing:
                yield text(
                    "{activity} ({batch}) was to be done by {day}: left in {districts}.",
                    language,
                    activity=a.name,
                    batch=self.view.of(a.batch).batch.name,
                    day=day(a.end, language),
                    districts=listed(missing, language),
                )

    def _to_be_decided(self, language: Language) -> Iterator[str]:
        view = self.view
        if missing := sum(pool.missing for pool in view.pools):
            yield counted(
                "{n} licence is missing: buy more, or move seats between the districts.|{n} licences are missing: buy more, or move seats between the districts.",
                language,
                missing,
            )
        if unrouted := sum(1 for route in view.routes if route.gaps):
            yield counted(
                "Where the mail to {n} number is to go.|Where the mail to {n} numbers is to go.", language, unrouted
            )
        for batch in view.batches:
            if batch.batch.paused:
                yield text(
                    "When {batch} is taken up again: {why}.",
                    language,
                    batch=batch.batch.name,
                    why=translated(batch.pause_reason or "", language),
                )
            elif not batch.batch.go_live:
                yield text("Which day {batch} goes live.", language, batch=batch.batch.name)
        if view.unplanned:
            names = listed((self.names[slug] for slug in view.unplanned), language)
            yield text("Which batch {districts} goes with.", language, districts=names)
        ending = (view.today + _SOON).isoformat()
        for district in (d for batch in view.batches for d in batch.districts):
            for verdict in district.verdicts:
                if verdict.state is Standing.WAIVED and verdict.until and verdict.until <= ending:
                    yield text(
                        "{gate} in {district} is waived only until {day}.",
                        language,
                        gate=next(gate.name for gate in view.gates if gate.key == verdict.gate),
                        district=district.name,
                        day=day(verdict.until, language),
                    )
        for one in view.dates:
            if warns(one, view.today, view.days_ahead):
                yield _bound_date(one, language)
        if view.examples:
            yield counted(
                "{n} entry of the setup is an example, to be confirmed or corrected.|{n} entries of the setup are examples, to be confirmed or corrected.",
                language,
                len(view.examples),
            )

    def _open(self, activity: Activity) -> list[DistrictView]:
        """The districts of its batch in which the gate of an activity is not passed; none where no gate tells."""
        view = self.view.of(activity.batch)
        return [d for d in view.districts if any(v.gate == activity.gate for v in d.in_the_way)]

    def _state(self, a: Activity) -> str:
        """What an activity stands at, by its gate."""
        known = {gate.key for gate in self.view.gates}
        live = self.view.of(a.batch).state is BatchState.LIVE
        if live if a.goes_live else a.gate in known and not self._open(a):
            return "done"
        if a.end < self.view.today and (a.goes_live or a.gate in known):
            return "late"
        if a.goes_live:
            return "live"
        return "begun" if a.start <= self.view.today else "ahead"


def _bound_date(one: BoundDate, language: Language) -> str:
    """A date that binds the rollout, with what to do about it."""
    if one.days <= 0:
        english = "{name} began {day}." if one.begins else "{name} ended {day}."
    elif one.begins:
        english = "{name} may begin {day}." if one.unsettled else "{name} begins {day}."
    else:
        english = "{name} ends {day}."
    sentence = text(english, language, name=one.name, day=day(one.day, language))
    return " ".join(filter(None, (sentence, f"{one.next}." if one.next else "")))


def _change_in_short(names: Mapping[str, str], event: TimelineEvent, language: Language) -> str:
    reported = ". ".join(_described(event, language)) or text("Nothing was written", language)
    where = f" ({_where(names, event.districts, language)})" if event.districts else ""
    return f"{short_day(event.at, language)}: {reported}{where}"


def _days(view: BatchView, today: date) -> int:
    """Days until a batch goes live: fewer than none once it is live, or while it has no day."""
    return (date.fromisoformat(view.batch.go_live) - today).days if view.batch.go_live else -1


_BATCH_STATES = {
    BatchState.PAUSED: "paused",
    BatchState.LIVE: "live",
    BatchState.SET_UP: "set up, and goes live on its day",
    BatchState.LATE: "late",
    BatchState.READY: "ready",
    BatchState.NOT_READY: "not ready",
}


def _card(view: BatchView, today: date, language: Language) -> dict[str, Any]:
    passed = {d.slug: len(d.verdicts) - len(d.in_the_way) for d in view.districts}
    return {
        "view": view,
        "batch": view.batch,
        "days": _days(view, today),
        "passed": passed,
        "state": view.state.value,
        "label": text(_BATCH_STATES[view.state], language),
    }


def _ready(district: DistrictView) -> bool:
    return bool(district.verdicts) and not district.in_the_way


def _where(names: Mapping[str, str], slugs: Sequence[str], language: Language) -> str:
    if len(slugs) > _MOST_NAMED:
        return text("in {n} districts", language, n=len(slugs))
    return listed((names.get(slug, slug) for slug in slugs), language)


def _described(happening: TimelineEvent, language: Language) -> Iterable[str]:
    if happening.attested:
        yield text("attested: {gate}", language, gate=happening.attested)
    for action, entry in _DEEDS.items():
        kinds = {kind: count for (kind, done), count in sorted(happening.done.items()) if done == action}
        if kinds:
            yield text(entry, language, things=things(kinds, language))


_DEEDS = {
    "create": "{things} made",
    "update": "{things} changed",
    "activate": "{things} taken up again",
    "deactivate": "{things} retired",
    "delete": "{things} removed",
}
