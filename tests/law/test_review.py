"""The review of a state: compared with an evaluator that reads the config's own text, and what the shipped config rests on."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.kinds.legal_source import LegalSource
from websakctl.law.dates import bound_dates
from websakctl.law.review import LawReview, review_law
from websakctl.law.standing import Standing
from websakctl.model.address import Address
from websakctl.model.entry import fields_of
from websakctl.model.resource import Resource, State
from websakctl.report.law import CATEGORIES, category, law_document
from websakctl.source.configuration import Configuration
from websakctl.source.load import load_configuration

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 12, 1)
DAYS = ["2026-11-30", "2026-12-01", "2026-12-02", "2027-12-01", "2027-12-02"]  # around today and a year ahead
ACTS, SECTIONS = ("loven", "lova"), ("§ 1", "§ 2")

some_day = st.none() | st.sampled_from(DAYS)
sections = st.dictionaries(
    st.sampled_from(SECTIONS),
    st.fixed_dictionaries(
        {
            "valid_from": some_day,
            "valid_to": some_day,
            "earlier": st.none(),
            "successor": st.none() | st.just("§ 9"),
            "unsettled": st.none() | st.just("?"),
        }
    ),
)
rows = st.fixed_dictionaries(
    {
        "valid_from": some_day,
        "valid_to": some_day,
        "sections": sections,
        "commencement": st.none() | st.just("undecided"),
        "confirmed": st.none() | st.just({"by": "Byarkivet", "on": "2026-11-30"}),
        "unsettled": st.none() | st.just("?"),
    }
)
cited = st.lists(st.tuples(st.sampled_from((*ACTS, "ukjentloven")), st.sampled_from(SECTIONS)), min_size=1, max_size=3)


def source(key: str, **given: Any) -> Resource:
    known = {n: f.omitted() for n, f in fields_of(LegalSource).items() if n != "code"}
    fields = {**known, "name": key, "type": "act", "source": "lovdata.no", "cited_as": [key], **given}
    return Resource(address=Address("legal_source", "base", key), fields=fields)


def case_type(text: str) -> Resource:
    fields = {"name": "Sak", "series": "SAK", "ordering_principle": "emne", "retention": "B", "legal_basis": text}
    return Resource(address=Address("case_type", "base", "SAK"), fields=fields)


def told(register: dict[str, dict[str, Any]], act: str, section: str) -> str:
    """What the page says of one citation today, question by question; days are compared as they are written."""
    row = register.get(act)
    if row is None:
        return "unregistered"
    listed = row["sections"].get(section) if row["sections"] else {}
    days = [row, *([listed] if listed else [])]
    if any(one.get("valid_to") and one["valid_to"] < "2026-12-01" for one in days):
        return "ended"
    if any(one.get("valid_from") and one["valid_from"] > "2026-12-01" for one in days):
        return "not yet"
    if row["commencement"] and not row["valid_from"]:
        return "not yet"
    if any(one.get("valid_to") and one["valid_to"] <= "2027-12-01" for one in days):
        return "ending"
    if listed is None:
        return "unregistered"
    sure = row["confirmed"] and not row["unsettled"] and not listed.get("unsettled")
    return "in force" if sure else "unconfirmed"


@given(register=st.dictionaries(st.sampled_from(ACTS), rows), bases=cited)
def test_each_citation_is_what_the_page_says(register: dict[str, dict[str, Any]], bases: list[tuple[str, str]]) -> None:
    resources = [source(key, **row) for key, row in register.items()]
    resources.append(case_type("; ".join(f"{act} {section}" for act, section in bases)))
    review = review_law({one.address: one for one in resources}, TODAY, 365)
    expected = {f"{act} {section}": told(register, act, section) for act, section in bases}
    assert {str(basis.citation): category(basis) for basis in review.bases} == expected
    assert {category(basis) for basis in review.bases} <= set(CATEGORIES)
    assert bool(review.open) == any(what != "in force" for what in expected.values())


def code(*bases: dict[str, Any]) -> State:
    fields = {"name": "P", "legal_basis": [{"valid_from": None, "valid_to": None, **basis} for basis in bases]}
    one = Resource(address=Address("access_code", "base", "P"), fields=fields)
    confirmed = {"by": "Byarkivet", "on": "2026-11-30"}
    rows = [
        source("gammellov", valid_from="1993-01-01", valid_to="2022-12-31", successor="NY", confirmed=confirmed),
        source("NY", cited_as=["nylov"], valid_from="2023-01-01", confirmed=confirmed),
    ]
    return {r.address: r for r in (one, *rows)}


OLD = {"reference": "gammellov § 6", "valid_from": "1993-01-01", "valid_to": "2022-12-31"}
NEW = {"reference": "nylov § 13", "valid_from": "2023-01-01"}


@pytest.mark.parametrize(
    ("bases", "on", "found"),
    [
        ((OLD, NEW), TODAY, ["named otherwise", "in force"]),  # the old one stands there for old documents
        ((OLD, NEW), date(2022, 6, 1), ["named otherwise", "named otherwise"]),  # and the new one ahead
        ((OLD,), TODAY, ["ended"]),
        ((OLD,), date(2022, 6, 1), ["ending"]),
        ((NEW,), date(2022, 6, 1), ["not yet"]),
        (({**OLD, "valid_to": None},), TODAY, ["ended"]),  # the code says no end, and the register does
        (({"reference": "nylov § 13"},), TODAY, ["unconfirmed"]),  # since when is not known
    ],
)
def test_a_code_that_says_itself_what_took_its_place_has_nothing_open(
    bases: tuple[dict[str, Any], ...], on: date, found: list[str]
) -> None:
    review = review_law(code(*bases), on)
    assert [category(basis) for basis in review.bases] == found


def test_what_to_cite_instead_is_told_where_it_is_known() -> None:
    (basis,) = (review := review_law(code(OLD), TODAY)).bases
    assert review.instead_of(basis) == "nylov"
    assert "| nylov |" in _markdown(review)


def _markdown(review: LawReview) -> str:
    from websakctl.report.formats.markdown import FORMAT
    from websakctl.report.view_models import Look

    return FORMAT.render(law_document(review), Look())


# --- the shipped config


@pytest.fixture(scope="module")
def shipped() -> Iterator[Configuration]:
    yield load_configuration(ROOT, TODAY)


def test_every_citation_of_the_shipped_config_is_in_its_register(shipped: Configuration) -> None:
    review = review_law(shipped.whole, TODAY)
    assert [str(b.citation) for b in review.bases if not b.registered] == []
    assert {b.address.kind for b in review.bases} == {"access_code", "case_type"}
    assert all(one.source.source for one in review.sources)


def test_the_retention_of_all_shipped_case_types_is_to_be_confirmed(shipped: Configuration) -> None:
    retention = [b for b in review_law(shipped.whole, TODAY).bases if b.field == "retention_basis"]
    assert len(retention) == 30
    assert {(b.found.key, b.standing) for b in retention if b.found} == {("RA-FORSKRIFT", Standing.UNCONFIRMED)}
    assert all("kapittel 7" in b.found.unsettled for b in retention if b.found)


def test_no_day_is_made_up_for_a_section_that_had_another_number(shipped: Configuration) -> None:
    bases = [b for b in review_law(shipped.whole, TODAY).bases if str(b.citation) == "barnehageloven § 44"]
    assert {(b.address.key, b.own.valid_from, b.standing) for b in bases} == {
        ("B", None, Standing.UNCONFIRMED),
        ("BARNEMAPPE", None, Standing.UNCONFIRMED),
    }


def test_the_dates_that_bind_the_rollout_are_those_that_were_looked_up(shipped: Configuration) -> None:
    dates = {one.key: (one.begins, one.day.isoformat(), one.days) for one in bound_dates(shipped.whole, TODAY)}
    assert dates == {
        "ALTINN-II": (False, "2026-06-19", -165),
        "SVARUT-SOAP": (False, "2027-01-01", 31),
        "USERAPI-GET": (False, "2028-01-01", 396),
        "BYDELSREFORM": (True, "2028-01-01", 396),
    }
