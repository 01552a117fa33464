"""The schedule as a Gantt chart: SVG that needs nothing around it, for the screen and for paper."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from html import escape
from itertools import groupby

import msgspec

from websakctl.report.escaping import safe
from websakctl.report.texts import Language, text
from websakctl.rollout.schedule import Activity

_LEFT, _CHART, _ROW, _HEAD, _AXIS = 375, 720, 20, 28, 34  # pixels
_MOST_LABELS = 26
_STYLE = (
    ".gantt text{font:12px system-ui,sans-serif;fill:currentColor}.gantt .head{font-weight:600}.gantt .week{font-size:11px;opacity:.75}"
    ".gantt .line{stroke:currentColor;stroke-opacity:.15}.gantt .bar{fill:#3b6ea5}.gantt .live{fill:#1a6b2f}"
    ".gantt .today{stroke:#b3261e;stroke-width:2;stroke-dasharray:4 3}"
    "@media (prefers-color-scheme:dark){.gantt .bar{fill:#7fb0e6}.gantt .live{fill:#7fd695}.gantt .today{stroke:#ff8a80}}"
    "@media print{.gantt .bar{fill:#555}.gantt .live{fill:#000}}"
)


class _Scale(msgspec.Struct, frozen=True, kw_only=True):
    """Days to pixels."""

    first: date
    last: date

    def x(self, day: date) -> float:
        return round(_LEFT + _CHART * (day - self.first).days / ((self.last - self.first).days or 1), 1)


def gantt(activities: Sequence[Activity], lang: Language = "nb", name: str = "gantt", today: date | None = None) -> str:
    """Draw a bar for each activity, under its batch, over a line of ISO weeks.

    Args:
        activities: As scheduled, by batch.
        lang: ``nb`` or ``en``.
        name: An id that no other chart on the page has.
        today: Where to draw today's line, if it is within the chart.
    """
    if not activities:
        return ""
    start, end = min(a.start for a in activities), max(a.end for a in activities)
    scale = _Scale(first=start - timedelta(days=start.weekday()), last=end + timedelta(days=7 - end.weekday()))
    batches = [(key, list(group)) for key, group in groupby(activities, key=lambda a: a.batch)]
    height = _AXIS + sum(_HEAD + _ROW * len(group) for _, group in batches)
    reported = " ".join(
        text(
            "{batch}: from {start} to {end}.",
            lang,
            batch=key,
            start=min(a.start for a in group),
            end=max(a.end for a in group),
        )
        for key, group in batches
    )
    parts = [
        f'<svg class="gantt" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _CHART + 10} {height}" width="100%" '
        f'role="img" aria-labelledby="{name}-title {name}-told">',
        f'<title id="{name}-title">{_text(text("Schedule", lang))}</title><desc id="{name}-told">{_text(reported)}</desc>',
        f"<style>{_STYLE}</style>",
        *_weeks(scale, height, lang),
    ]
    top = _AXIS
    for key, group in batches:
        parts.append(f'<text class="head" x="0" y="{top + 19}">{_text(key)}</text>')
        top += _HEAD
        for activity in group:
            parts.append(_bar(activity, scale, top, lang))
            top += _ROW
    if today is not None and scale.first <= today <= scale.last:
        parts.append(
            f'<line class="today" x1="{scale.x(today)}" y1="{_AXIS - 8}" x2="{scale.x(today)}" y2="{height}"/>'
        )
    return "".join([*parts, "</svg>"])


def _weeks(scale: _Scale, height: int, lang: Language) -> Iterable[str]:
    weeks = (scale.last - scale.first).days // 7
    step = -(-weeks // _MOST_LABELS)
    for index in range(0, weeks + 1, step):
        monday = scale.first + timedelta(weeks=index)
        x = scale.x(monday)
        year, week, _ = monday.isocalendar()
        yield f'<line class="line" x1="{x}" y1="{_AXIS - 6}" x2="{x}" y2="{height}"/>'
        yield f'<text class="week" x="{x + 2}" y="26">{week}</text>'
        if index == 0 or (monday - timedelta(weeks=step)).isocalendar()[0] != year:
            yield f'<text class="week" x="{x + 2}" y="12">{year}</text>'
    yield f'<text class="week" x="0" y="26">{_text(text("ISO week", lang))}</text>'


def _bar(activity: Activity, scale: _Scale, top: int, lang: Language) -> str:
    x, right = scale.x(activity.start), scale.x(activity.end + timedelta(days=1))
    style = "live" if activity.goes_live else "bar"
    name = text("Go live", lang) if activity.goes_live else activity.name
    reported = f"{name}: {activity.start} – {activity.end} ({activity.week})"
    return (
        f'<g><title>{_text(reported)}</title><text x="12" y="{top + 14}">{_text(name)}</text>'
        f'<rect class="{style}" x="{x}" y="{top + 4}" width="{max(3.0, round(right - x, 1))}" height="{_ROW - 8}" rx="2"/></g>'
    )


def _text(value: str) -> str:
    return escape(safe(value))
