"""The preparations of a district on the calendar: computed back from the day that its batch goes live."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta

from websakctl.record import record
from websakctl.rollout.batches import Batch

_WEEKEND = 6  # ISO: Saturday is 6


@record
class Preparation:
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
    Preparation("local-project", "Set up the local project from the common template", "Project owner", 60, 10),
    Preparation("org-tree", "Confirm the org tree", "Local project lead", 45, 10),
    Preparation("users", "List the users with role and unit", "Local project lead", 30, 10),
    Preparation("licences", "See to it that the licences suffice", "Rollout team", 25, 5),
    Preparation("mail-routes", "Decide a route or a daily routine for every sub-org number", "Archivist", 20, 15),
    Preparation("publishing", "Agree on publishing in eInnsyn", "Archivist", 15, 5),
    Preparation("old-base", "Arrange look-up in the old base", "Archivist", 10, 10),
    Preparation("committees", "Set up committees in the meeting module", "Committee secretary", 10, 10),
    Preparation("receiving-side", "Get the receiving side ready for SvarInn", "Document centre", 10, 5),
    Preparation("training-archivists", "Train archivists", "Training lead", 10, 5),
    Preparation("training-secretaries", "Train committee secretaries", "Training lead", 8, 3),
    Preparation("training-leaders", "Train leaders", "Training lead", 6, 3),
    Preparation("training-caseworkers", "Train caseworkers", "Training lead", 3, 10),
    Preparation("open-cases", "Tidy open cases in the old system", "Archivist", 5, 30),
    Preparation("main-number", "Register the main number in SvarInn", "Document centre", 3, 2),
    Preparation("old-system", "Close the old system for new cases", "Archivist", 1, 1),
    Preparation("go-live", "Go live", "Rollout team", 0, 1),
)


@record
class Activity:
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
    found = []
    for batch in batches:
        if batch.go_live:
            day = date.fromisoformat(batch.go_live)
            of_batch = [_activity(batch.key, day, one, holidays) for one in preparations]
            found.extend(sorted(of_batch, key=lambda a: (a.end, a.start)))
    return tuple(found)


def _activity(batch: str, go_live: date, one: Preparation, holidays: Collection[date]) -> Activity:
    end = working_days_before(go_live, one.before, holidays)
    return Activity(batch, one.key, one.name, one.responsible, working_days_before(end, one.days - 1, holidays), end)


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
