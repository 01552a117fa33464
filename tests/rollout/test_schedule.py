"""Preparations on the calendar: computed back over working days, told in ISO weeks, drawn as SVG."""

from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.kinds.preparation import Preparation
from websakctl.operations.rollout.calendar import holidays_around, norwegian_holidays
from websakctl.report.gantt import gantt
from websakctl.report.texts import LANGUAGES, text
from websakctl.rollout.batches import Batch
from websakctl.rollout.schedule import iso_week, preparations, schedule, working_days_before, works
from websakctl.source.load import load_configuration

PREPARATIONS = preparations(load_configuration(Path(__file__).parents[2]).whole)
EASTER = norwegian_holidays(range(2027, 2028))
BATCH = Batch(key="P1", name="Første", go_live="2027-04-12", districts=("frogner",), paused=False)


@pytest.mark.parametrize(
    ("day", "count", "before"),
    [
        (date(2027, 4, 12), 0, date(2027, 4, 12)),
        (date(2027, 4, 12), 1, date(2027, 4, 9)),  # over a weekend
        (date(2027, 3, 30), 1, date(2027, 3, 24)),  # over Easter, from Maundy Thursday to Easter Monday
        (date(2027, 5, 18), 1, date(2027, 5, 14)),  # over Constitution Day, which is Whit Monday too
        (date(2027, 1, 4), 1, date(2026, 12, 31)),
    ],
)
def test_days_are_counted_back_over_weekends_and_holidays(day: date, count: int, before: date) -> None:
    assert working_days_before(day, count, norwegian_holidays(range(2026, 2028))) == before


@given(st.dates(date(2026, 1, 1), date(2030, 12, 31)), st.integers(1, 90))
def test_nobody_is_asked_to_work_on_a_free_day(day: date, count: int) -> None:
    before = working_days_before(day, count, EASTER)
    assert works(before, EASTER)
    between = (before + timedelta(days=n) for n in range((day - before).days))
    assert sum(works(one, EASTER) for one in between) == count


def test_a_preparation_ends_so_many_working_days_before_go_live() -> None:
    result, live = schedule(
        [BATCH], EASTER, [Preparation(code="X", name="Train leaders", responsible="Training lead", before=1, days=3)]
    )
    assert (result.start, result.end, result.week) == (date(2027, 4, 7), date(2027, 4, 9), "2027-W14")
    assert (live.goes_live, live.end) == (True, date(2027, 4, 12))


def test_every_preparation_of_every_batch_is_there_in_the_order_of_days() -> None:
    later = Batch(
        key="P2", name="Andre", go_live="2027-06-07", districts=(), paused=True
    )  # paused ones keep their days
    undecided = Batch(key="P3", name="Uten dag", go_live=None, districts=(), paused=False)
    result = schedule([BATCH, later, undecided], EASTER, PREPARATIONS)
    each = len(PREPARATIONS) + 1  # and the day itself
    assert [a.batch for a in result] == ["P1"] * each + ["P2"] * each
    assert [a.end for a in result[:each]] == sorted(a.end for a in result[:each])
    assert result[each - 1].end == date(2027, 4, 12)


def test_the_shipped_preparations_are_examples_each_with_its_gate() -> None:
    config = load_configuration(Path(__file__).parents[2])
    assert {address.key for address in config.examples if address.kind == "preparation"} == {
        p.code for p in PREPARATIONS
    }
    gates = {address.key for address in config.own if address.kind == "gate"}
    assert {p.gate for p in PREPARATIONS} == gates
    (altinn,) = [p for p in PREPARATIONS if "Altinn" in p.name]  # what the programme promised
    assert "alle underorganisasjonsnumre" in altinn.name and "navngitte lesere og daglig rutine" in altinn.name


def test_weeks_are_iso_weeks_at_the_turn_of_the_year() -> None:
    assert (iso_week(date(2027, 1, 3)), iso_week(date(2027, 1, 4))) == ("2026-W53", "2027-W01")


def test_holidays_are_known_from_the_year_before() -> None:
    assert {date(2026, 12, 25), date(2027, 5, 17)} <= holidays_around(["2027-02-01"])
    assert holidays_around([]) == frozenset()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_chart_names_every_activity_in_its_language_and_needs_nothing_else(lang: str) -> None:
    result = schedule([BATCH], EASTER, PREPARATIONS)
    drawn = gantt(result, lang, today=date(2027, 3, 1))  # type: ignore[arg-type]  # a literal
    root = ElementTree.fromstring(drawn)
    words = " ".join(root.itertext())
    for one in PREPARATIONS:
        assert one.name in words
    assert text("Go live", lang) in words  # type: ignore[arg-type]
    assert len(root.findall(".//{*}rect")) == len(PREPARATIONS) + 1
    assert root.find("{*}title") is not None and root.attrib["role"] == "img"
    assert "href" not in drawn and "url(" not in drawn


def test_bars_stay_within_the_chart_and_names_are_escaped() -> None:
    result = schedule(
        [Batch(key="<b>", name="Første", go_live="2027-04-12", districts=(), paused=False)], EASTER, PREPARATIONS
    )
    root = ElementTree.fromstring(gantt(result, "en"))
    width = float(root.attrib["viewBox"].split()[2])
    for bar in root.findall(".//{*}rect"):
        assert 0 <= float(bar.attrib["x"]) <= float(bar.attrib["x"]) + float(bar.attrib["width"]) <= width


def test_without_a_day_nothing_is_drawn() -> None:
    assert gantt(()) == ""
