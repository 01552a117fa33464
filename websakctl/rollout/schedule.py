"""The preparations of a district on the calendar: computed back from the day that its batch goes live."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta

import msgspec

from websakctl.kinds import entries
from websakctl.kinds.preparation import Preparation
from websakctl.model.resource import State
from websakctl.rollout.batches import Batch

GO_LIVE = "go-live"
_WEEKEND = 6  # ISO: Saturday is 6


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """A preparation of one batch with its first and last day; ``gate`` tells whether it is done."""

    batch: str
    key: str
    name: str
    responsible: str
    start: date
    end: date
    gate: str | None = None

    @property
    def goes_live(self) -> bool:
        """Whether this is the day itself."""
        return self.key == GO_LIVE

    @property
    def week(self) -> str:
        """The ISO week of its last day, as project plans write it: ``2027-W05``."""
        return iso_week(self.end)


def iso_week(day: date) -> str:
    """``2027-W05``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def preparations(config: State) -> tuple[Preparation, ...]:
    """Every declared preparation, as the config orders them."""
    return tuple(result.value for result in entries(Preparation, config))


def schedule(
    batches: Iterable[Batch], holidays: Collection[date], preparations: Sequence[Preparation]
) -> tuple[Activity, ...]:
    """Put every preparation on the calendar, by batch and then by day; a batch without a day has none.

    Args:
        batches: As planned; paused ones keep their days.
        holidays: Days besides Saturdays and Sundays on which nobody works.
        preparations: What is to be done, and how long before.
    """
    result = []
    for batch in batches:
        if batch.go_live:
            day = date.fromisoformat(batch.go_live)
            of_batch = [_activity(batch.key, day, one, holidays) for one in preparations]
            result.extend(sorted(of_batch, key=lambda a: (a.end, a.start)))
            result.append(_going_live(batch.key, day))
    return tuple(result)


def _going_live(batch: str, day: date) -> Activity:
    return Activity(batch=batch, key=GO_LIVE, name="Go live", responsible="", start=day, end=day)


def _activity(batch: str, go_live: date, one: Preparation, holidays: Collection[date]) -> Activity:
    end = working_days_before(go_live, one.before, holidays)
    return Activity(
        batch=batch,
        key=one.code,
        name=one.name,
        responsible=one.responsible,
        start=working_days_before(end, one.days - 1, holidays),
        end=end,
        gate=one.gate,
    )


def working_days_before(day: date, count: int, holidays: Collection[date]) -> date:
    """The day that lies ``count`` working days before ``day``; ``day`` itself for none, whatever day it is."""
    while count > 0:
        day -= timedelta(days=1)
        if works(day, holidays):
            count -= 1
    return day


def works(day: date, holidays: Collection[date]) -> bool:
    """Whether people are at work that day."""
    return day.isoweekday() < _WEEKEND and day not in holidays
