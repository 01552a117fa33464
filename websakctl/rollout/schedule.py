"""The preparations of a district on the calendar: computed back from the day that its batch goes live."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta

import msgspec

from websakctl.rollout.batches import Batch

_WEEKEND = 6  # ISO: Saturday is 6


class Preparation(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done before go-live: it ends ``before`` working days ahead of it and takes ``days`` of them.

    ``name`` and ``responsible`` are English; what districts read is translated.
    """

    key: str
    name: str
    responsible: str
    before: int
    days: int


# An example plan, to be confirmed by the project: what must be done is the mission's, the spans are not.
PREPARATIONS: tuple[Preparation, ...] = (
    Preparation(
        key="local-project",
        name="Set up the local project from the common template",
        responsible="Project owner",
        before=60,
        days=10,
    ),
    Preparation(key="org-tree", name="Confirm the org tree", responsible="Local project lead", before=45, days=10),
    Preparation(
        key="users", name="List the users with role and unit", responsible="Local project lead", before=30, days=10
    ),
    Preparation(
        key="licences", name="See to it that the licences suffice", responsible="Rollout team", before=25, days=5
    ),
    Preparation(
        key="mail-routes",
        name="Decide a route or a daily routine for every sub-org number",
        responsible="Archivist",
        before=20,
        days=15,
    ),
    Preparation(key="publishing", name="Agree on publishing in eInnsyn", responsible="Archivist", before=15, days=5),
    Preparation(key="old-base", name="Arrange look-up in the old base", responsible="Archivist", before=10, days=10),
    Preparation(
        key="committees",
        name="Set up committees in the meeting module",
        responsible="Committee secretary",
        before=10,
        days=10,
    ),
    Preparation(
        key="receiving-side",
        name="Get the receiving side ready for SvarInn",
        responsible="Document centre",
        before=10,
        days=5,
    ),
    Preparation(key="training-archivists", name="Train archivists", responsible="Training lead", before=10, days=5),
    Preparation(
        key="training-secretaries", name="Train committee secretaries", responsible="Training lead", before=8, days=3
    ),
    Preparation(key="training-leaders", name="Train leaders", responsible="Training lead", before=6, days=3),
    Preparation(key="training-caseworkers", name="Train caseworkers", responsible="Training lead", before=3, days=10),
    Preparation(key="open-cases", name="Tidy open cases in the old system", responsible="Archivist", before=5, days=30),
    Preparation(
        key="main-number", name="Register the main number in SvarInn", responsible="Document centre", before=3, days=2
    ),
    Preparation(key="old-system", name="Close the old system for new cases", responsible="Archivist", before=1, days=1),
    Preparation(key="go-live", name="Go live", responsible="Rollout team", before=0, days=1),
)


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """A preparation of one batch with its first and last day."""

    batch: str
    key: str
    name: str
    responsible: str
    start: date
    end: date

    @property
    def week(self) -> str:
        """The ISO week of its last day, as project plans write it: ``2027-W05``."""
        return iso_week(self.end)


def iso_week(day: date) -> str:
    """``2027-W05``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def schedule(
    batches: Iterable[Batch], holidays: Collection[date], preparations: Sequence[Preparation] = PREPARATIONS
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
    return tuple(result)


def _activity(batch: str, go_live: date, one: Preparation, holidays: Collection[date]) -> Activity:
    end = working_days_before(go_live, one.before, holidays)
    return Activity(
        batch=batch,
        key=one.key,
        name=one.name,
        responsible=one.responsible,
        start=working_days_before(end, one.days - 1, holidays),
        end=end,
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
