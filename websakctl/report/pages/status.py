"""The status page: for project owners, what each batch, gate, licence pool and mail route stands at, and what changed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from websakctl.operations.rollout.timeline import TimelineEvent
from websakctl.operations.rollout.view import BatchView, DistrictView, RolloutView
from websakctl.report.charts import seats_chart
from websakctl.report.gantt import gantt
from websakctl.report.pages import page
from websakctl.report.texts import Language, by_name, text
from websakctl.report.texts.dates import listed
from websakctl.report.texts.kinds import things
from websakctl.rollout.schedule import Activity

WAYS = ("svarinn", "altinn", "dokulink", "paper", "unsaid")
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

    def render(self, language: Language) -> str:
        """Write the page."""
        return page("status.html", dict(self._values(language)), language)

    def _values(self, language: Language) -> Iterable[tuple[str, Any]]:
        view = self.view
        yield "page", self
        yield "view", view
        yield "batches", [_card(batch, view.today) for batch in view.batches]
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
        yield "holes", [route for route in view.routes if route.holes]
        yield "dokulink", [(load, load.total("dokulink")) for load in view.loads]
        yield "still_dokulink", [r for r in view.routes if r.arrives == "dokulink" and not r.ended]
        yield "ways", WAYS
        yield "missing_seats", sum(pool.missing for pool in view.pools)
        yield "unknown_roles", max((pool.unknown for pool in view.pools), default=0)
        yield "chart", seats_chart(view.pools, language) if view.pools else ""
        yield "charts", {key: self._gantt(key, language) for key in dict.fromkeys(a.batch for a in self.activities)}
        called = gate_names | {pool.key: pool.product for pool in view.pools} | batch_names
        yield "by_name", lambda sentence: by_name(sentence, called)
        yield "told", lambda happening: list(_told(happening, language))
        yield "where", lambda slugs: _where(self.names, slugs, language)
        manual = Counter(address.kind for address in view.manual)
        yield "manual", things(manual, language)
        yield "manual_count", sum(manual.values())

    def _gantt(self, batch: str, language: Language) -> str:
        activities = [activity for activity in self.activities if activity.batch == batch]
        return gantt(activities, language, name=f"gantt-{batch}", today=self.view.today)


def _days(view: BatchView, today: date) -> int:
    """Days until a batch goes live: fewer than none once it is live, or while it has no day."""
    return (date.fromisoformat(view.batch.go_live) - today).days if view.batch.go_live else -1


def _card(view: BatchView, today: date) -> dict[str, Any]:
    passed = {d.slug: len(d.verdicts) - len(d.in_the_way) for d in view.districts}
    return {"view": view, "batch": view.batch, "days": _days(view, today), "passed": passed}


def _ready(district: DistrictView) -> bool:
    return bool(district.verdicts) and not district.in_the_way


def _where(names: Mapping[str, str], slugs: Sequence[str], language: Language) -> str:
    if len(slugs) > _MOST_NAMED:
        return text("in {n} districts", language, n=len(slugs))
    return listed((names.get(slug, slug) for slug in slugs), language)


def _told(happening: TimelineEvent, language: Language) -> Iterable[str]:
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
