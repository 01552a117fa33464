"""The calendar of a batch's preparations, on the status page and on a page of its own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from websakctl.report.pages import page
from websakctl.report.texts import Language, text
from websakctl.rollout.schedule import Activity

_MOST_WEEKS = 12  # labels along the calendar
_STATES = {"done": "done", "late": "late", "begun": "under way"}


class SchedulePage(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows. ``names``: of batches, by key. Whether something is done, only gates tell, and none is asked."""

    activities: Sequence[Activity]
    names: Mapping[str, str]
    today: date
    head: Sequence[tuple[str, str]] = ()

    def render(self, language: Language) -> str:
        """Write the page."""
        charts = {
            self.names.get(batch, batch): calendar(of_batch, self.today, language, self._state)
            for batch, of_batch in by_batch(self.activities).items()
        }
        return page("schedule.html", {"head": self.head, "charts": charts}, language)

    def _state(self, activity: Activity) -> str:
        if activity.goes_live:
            return "live"
        return "begun" if activity.start <= self.today <= activity.end else "ahead"


def by_batch(activities: Iterable[Activity]) -> dict[str, list[Activity]]:
    """Activities by the key of their batch, in order."""
    result: dict[str, list[Activity]] = {}
    for activity in activities:
        result.setdefault(activity.batch, []).append(activity)
    return result


def calendar(
    activities: Sequence[Activity], today: date, language: Language, state_of: Callable[[Activity], str]
) -> dict[str, Any]:
    """Activities on the calendar, as parts of the width; ``state_of``: one of done, late, live, begun and ahead."""
    first = min(a.start for a in activities)
    first -= timedelta(days=first.weekday())
    last = max(a.end for a in activities)
    last += timedelta(days=7 - last.weekday())
    span = (last - first).days

    def part(value: date) -> float:
        return round(100 * (value - first).days / span, 2)

    weeks = span // 7
    step = max(1, -(-weeks // _MOST_WEEKS))
    rows = []
    for a in activities:
        state = state_of(a)
        rows.append(
            {
                "name": text("Go live", language) if a.goes_live else a.name,
                "who": a.responsible,
                "start": a.start,
                "end": a.end,
                "left": part(a.start),
                "width": max(1.0, round(part(a.end + timedelta(days=1)) - part(a.start), 2)),
                "state": state,
                "label": text(_STATES[state], language) if state in _STATES else "",
            }
        )
    return {
        "rows": rows,
        "weeks": [(part(m := first + timedelta(weeks=n)), str(m.isocalendar().week)) for n in range(0, weeks, step)],
        "today": part(today) if first <= today <= last else None,
    }
