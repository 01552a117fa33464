"""The model and an evaluator that goes document by document agree, whatever the settings and however odd the state."""

from collections.abc import Mapping
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.access.by_the_book import NAMES, NO, YES, Book
from websakctl.access import AccessModel, EffectiveAccess, Question, compare
from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.model.resource import Resource, State

DISTRICTS = {
    slug: District(slug=slug, name=slug, number=n, orgnr="", short_name=prefix, prefix=prefix)
    for slug, n, prefix in (("frogner", "05", "FR"), ("sagene", "03", "SA"))
}
UNITS = [f"{d.prefix}-{key}" for d in DISTRICTS.values() for key in ("BYDEL", "A", "B", "C")]
CODES, SERIES, FUNCTIONS = ["F", "P", "U"], ["PERS", "SAK"], ["0", "10", "20"]
GROUPS = {"ALLE": "base", "FR-LEDERE": "frogner", "SA-LEDERE": "sagene", "FR-ANDRE": "frogner"}
ZONES = ["Intern", "Sikker"]
MODES = st.sampled_from(["all", "none", "unknown"])

some_codes = st.lists(st.sampled_from(CODES), unique=True)
roles = st.fixed_dictionaries(
    {
        "units": st.lists(st.sampled_from([*UNITS, "#99"]), unique=True, max_size=2),
        "grades": st.lists(st.sampled_from([*CODES, "NY"]), unique=True, max_size=2),
        "archives": st.lists(st.sampled_from([*SERIES, "GML"]), unique=True, max_size=1),
        "journal_units": st.lists(st.just("J1"), max_size=1),
    }
)
users = st.fixed_dictionaries(
    {
        "scope": st.sampled_from([*DISTRICTS, "base"]),
        "active": st.integers(0, 5).map(bool),
        "template": st.just(False),
        "roles": st.none() | st.dictionaries(st.sampled_from(["SB", "SB#7", "LD"]), roles, max_size=2),
        "functions": st.none() | st.lists(st.sampled_from(FUNCTIONS), unique=True),
        "groups": st.none() | st.lists(st.just("ALLE"), unique=True),
        "district_groups": st.none() | st.lists(st.sampled_from([*list(GROUPS)[1:], "UKJENT"]), unique=True),
        "zones": st.none() | st.lists(st.sampled_from(ZONES), unique=True),
        "second_of": st.none() | st.just("K0"),
    }
)
settings_of_access = st.fixed_dictionaries(
    {
        "role_types_without_reading": st.lists(st.just("LD"), max_size=1),
        "units_below": st.booleans(),
        "role_without_units": MODES,
        "role_without_codes": MODES,
        "archives": st.sampled_from(["series", "ignored", "unknown"]),
        "role_without_archives": MODES,
        "administrators": MODES,
        "reading_functions": st.dictionaries(st.sampled_from(["10", "20"]), some_codes, max_size=1),
        "group_codes": st.dictionaries(st.sampled_from(["ALLE", "LEDERE", "FR-LEDERE"]), some_codes, max_size=2),
        "district_groups": st.sampled_from(["own_units", "all"]),
        "other_groups": st.sampled_from(["none", "unknown"]),
        "zones": st.dictionaries(st.sampled_from(CODES), st.sampled_from(ZONES), max_size=1),
        "unscreened": st.sampled_from(["all", "by_code"]),
        "levels": st.sampled_from(["same", "unknown"]),
    }
)


@st.composite
def books(draw: st.DrawFn) -> Book:
    people = draw(st.lists(users, min_size=1, max_size=4))
    parents = {key: draw(st.none() | st.sampled_from([*UNITS, "#98"])) for key in UNITS}  # circles too
    scopes = {d.prefix: slug for slug, d in DISTRICTS.items()}
    level = st.none() | st.integers(1, 3)
    return Book(
        users={f"K{n}": {**u, "person": u["second_of"] if u["second_of"] and n else f"K{n}"} for n, u in enumerate(people)},
        units={key: (scopes[key[:2]], parent) for key, parent in parents.items()},
        codes={code: draw(level) for code in CODES},
        case_types={"SAK": ("SAK", draw(level)), "PERS": ("PERS", draw(level)), "UTEN": ("", None)},
        groups=GROUPS,
        prefixes={slug: d.prefix for slug, d in DISTRICTS.items()},
        settings=draw(settings_of_access),
    )  # fmt: skip


def state_of(book: Book) -> State:
    """The same as the program has it."""
    result: State = {}

    def put(kind: str, scope: str, key: str, fields: Mapping[str, Any], *, active: bool = True) -> None:
        address = Address(kind, scope, key)
        result[address] = Resource(address=address, fields=fields, active=active)

    for key, (scope, parent) in book.units.items():
        put("org_unit", scope, key, {"parent": parent})
    for key, level in book.codes.items():
        put("access_code", "base", key, {"screening_level": level})
    for key, (series, level) in book.case_types.items():
        put("case_type", "base", key, {"series": series, "screening_level": level})
    for key, scope in book.groups.items():
        put("access_group", scope, key, {})
    for key, user in book.users.items():
        told = {
            "roles": user["roles"],
            "access_functions": user["functions"],
            **{name: user[name] for name in ("groups", "district_groups", "zones")},
            "primary": None if user["person"] == key else user["person"],
        }
        fields = {name: value for name, value in told.items() if value is not None}
        put("user", user["scope"], key, fields, active=user["active"])
    return result


def effective(book: Book) -> EffectiveAccess:
    return EffectiveAccess(state_of(book), msgspec.convert(dict(book.settings), AccessModel), DISTRICTS)


@given(
    book=books(),
    code=st.sampled_from(CODES),
    level=st.none() | st.integers(1, 3),
    case_type=st.sampled_from([None, "SAK", "PERS", "UTEN"]),
)
def test_every_answer_is_the_one_by_the_book(book: Book, code: str, level: int | None, case_type: str | None) -> None:
    access = effective(book)
    for unit in [None, *UNITS]:
        question = Question(code=code, level=level, case_type=case_type, unit=unit)
        for key, user in book.users.items():
            result = access.read(Address("user", user["scope"], key), question).verdict
            assert result == NAMES[book.verdict(key, code, level, case_type, unit)], (key, unit)
    at_once = access.by_unit(Question(code=code, level=level, case_type=case_type))
    for unit in UNITS:
        one_by_one = access.who(Question(code=code, level=level, case_type=case_type, unit=unit))
        assert at_once[unit] == {reader.account: reader.verdict for reader in one_by_one}


@given(before=books(), after=books())
def test_who_gains_and_who_loses_is_so_by_the_book(before: Book, after: Book) -> None:
    changes = {change.code: change for change in compare(effective(before), effective(after))}
    for code in CODES:
        old, new = before.persons(code), after.persons(code)
        change = changes.get(code)
        gained = {p for scope in (change.gained if change else {}).values() for p in scope}
        lost = {p for scope in (change.lost if change else {}).values() for p in scope}
        assert gained == {p for p, verdict in new.items() if verdict == YES and old.get(p, NO) == NO}
        assert lost == {p for p, verdict in old.items() if verdict == YES and new.get(p, NO) == NO}


@given(book=books())
def test_nothing_lies_between_a_state_and_itself(book: Book) -> None:
    assert compare(effective(book), effective(book)) == ()
