"""A period stands at exactly one thing on any day: an evaluator that is written from the page, day by day, agrees everywhere."""

from datetime import date, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from websakctl.law.standing import Period, Standing, common, standing

FIRST = date(2026, 1, 1)
DAYS = range(60)
days = st.integers(min_value=0, max_value=59)


def iso(day: int | None) -> str | None:
    return None if day is None else (FIRST + timedelta(days=day)).isoformat()


@st.composite
def periods(draw: st.DrawFn) -> tuple[int | None, int | None, bool, bool]:
    return (
        draw(st.none() | days),
        draw(st.none() | days),
        draw(st.booleans()),
        draw(st.booleans()),
    )


def drawn(known: tuple[int | None, int | None, bool, bool]) -> Period:
    return Period(valid_from=iso(known[0]), valid_to=iso(known[1]), undecided=known[2], confirmed=known[3])


def calendar(known: tuple[int | None, int | None, bool, bool], ahead: int) -> list[set[str]]:
    """What each day of the calendar is, crossed out day by day; it shares nothing with the code but its words."""
    start, last, undecided, confirmed = known
    marks: list[set[str]] = [set() for _ in DAYS]
    for day in DAYS:
        over = last is not None and day in range(last + 1, len(DAYS))
        before = (undecided and start is None) or (start is not None and day in range(start))
        near = last is not None and day in range(max(0, last - ahead), last + 1)
        if over:
            marks[day].add("ended")
        if before and not over:
            marks[day].add("not yet")
        if near and not before:
            marks[day].add("ending")
        if not (over or before or near):
            marks[day].add("in force" if confirmed else "unconfirmed")
    return marks


@given(known=periods(), ahead=st.integers(min_value=0, max_value=70))
def test_on_any_day_it_is_exactly_one_and_as_the_calendar_says(
    known: tuple[int | None, int | None, bool, bool], ahead: int
) -> None:
    marks = calendar(known, ahead)
    assert all(len(of_day) == 1 for of_day in marks)
    for day in DAYS:
        assert {standing(drawn(known), FIRST + timedelta(days=day), ahead).value} == marks[day]


@given(one=periods(), other=periods(), day=days)
@example(one=(None, None, True, True), other=(5, None, False, True), day=30)
def test_what_two_periods_have_in_common_holds_only_on_days_of_both(
    one: tuple[int | None, int | None, bool, bool], other: tuple[int | None, int | None, bool, bool], day: int
) -> None:
    on = FIRST + timedelta(days=day)
    holds = {Standing.IN_FORCE, Standing.ENDING, Standing.UNCONFIRMED}
    both = all(standing(drawn(p), on, 0) in holds for p in (one, other))
    merged = common(drawn(one), drawn(other))
    assert (standing(merged, on, 0) in holds) == both
    assert merged.confirmed == (one[3] and other[3])
