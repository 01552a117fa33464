"""What a class takes and what it refuses: all that its limits say, all problems at once, and the same in its JSON Schema."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, get_args

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import values_of
from websakctl.kinds import all_kinds
from websakctl.model.entry import Entry, fields_of, is_model, unwrapped
from websakctl.model.json_schema import json_schema
from websakctl.model.marks import Check
from websakctl.model.validation import Fault, Problem, ValidationError, convert, to_values
from websakctl.source.districts import DistrictSection
from websakctl.source.fleet_file import TargetEntry
from websakctl.source.overrides import AboutOverride
from websakctl.source.policy_entry import PolicyEntry
from websakctl.source.settings_file import SettingsFile

MODELS: list[type[Entry]] = [
    *(kind.model for kind in all_kinds().values()), AboutOverride, DistrictSection, TargetEntry, PolicyEntry, SettingsFile,
]  # fmt: skip
IDS = [model.__name__ for model in MODELS]
ODD = st.one_of(
    st.sampled_from(
        ["A", "0301", "2027-1-1", "20270101", "2027-02-29", "975016685", " A", "A\n", "x" * 71, "", "\u2028", "a\nb", "-A", "[?"]
    ),
    st.text(max_size=8),
    st.none(),
    st.booleans(),
    st.integers(-2, 400),
    st.just(2.0),
    st.just(10**20),
)  # fmt: skip
ODD_VALUES = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def problems_of(model: type[Entry], value: Any) -> tuple[Problem, ...]:
    with pytest.raises(ValidationError) as error:
        convert(model, value)
    assert error.value.problems
    return error.value.problems


@pytest.mark.parametrize("model", MODELS, ids=IDS)
@given(data=st.data())
def test_what_the_limits_allow_is_taken_and_fits_the_json_schema(model: type[Entry], data: st.DataObject) -> None:
    value = data.draw(values_of(model))
    values = to_values(convert(model, value))
    assert list(values) == list(fields_of(model))
    assert {name: values[name] for name in value} == _with_defaults(model, value)
    assert convert(model, to_values(convert(model, value), defaults=False)) == convert(model, value)
    jsonschema.Draft202012Validator(json_schema(model)).validate(value)


def _with_defaults(model: type[Entry], value: dict[str, Any]) -> dict[str, Any]:
    """What was said, with the defaults of the classes within it."""
    merged: dict[str, Any] = msgspec.to_builtins(msgspec.convert(value, model))
    return {name: merged[name] for name in value}


@pytest.mark.parametrize("model", MODELS, ids=IDS)
@given(data=st.data())
def test_one_odd_value_is_taken_by_msgspec_or_told_where_it_stands(model: type[Entry], data: st.DataObject) -> None:
    value = data.draw(values_of(model))
    name = data.draw(st.sampled_from(list(fields_of(model))))
    odd = {**value, name: data.draw(ODD_VALUES)}
    try:
        msgspec.convert(odd, model)
    except msgspec.ValidationError:
        reported = problems_of(model, odd)
        assert {problem.path[0] for problem in reported} == {name}
        assert all(problem.message for problem in reported)
        return
    try:
        convert(model, odd)
    except ValidationError as error:
        assert {problem.fault for problem in error.problems} == {Fault.CHECK}
        assert {problem.path[0] for problem in error.problems} == {name}


def patterns_within(annotation: Any) -> Iterator[str]:
    type_, alongside, _ = unwrapped(annotation)
    yield from (b.pattern for b in alongside if isinstance(b, msgspec.Meta) and b.pattern is not None)
    parts = [field.annotation for field in fields_of(type_).values()] if is_model(type_) else get_args(type_)
    for part in parts:
        yield from patterns_within(part)


def test_every_pattern_stands_for_the_whole_text() -> None:
    """A pattern is searched for, in Python ``$`` lets a line end pass, and ``|`` outside brackets frees one side."""
    patterns = {pattern for model in MODELS for pattern in patterns_within(model)}
    assert len(patterns) > 10
    for pattern in patterns:
        assert re.fullmatch(r"\^.*\\Z", pattern, re.DOTALL)
        outside = re.sub(r"\\.|\[[^\]]*\]", "", pattern)
        while (shorter := re.sub(r"\([^()]*\)", "", outside)) != outside:
            outside = shorter
        assert "|" not in outside


class Inner(Entry, frozen=True, kw_only=True):
    depth: Annotated[int, msgspec.Meta(ge=1, le=3)] = 1
    name: Annotated[str, msgspec.Meta(max_length=3, min_length=1)]


def _odd_problem(values: list[int]) -> str | None:
    return "one of them is odd" if any(value % 2 for value in values) else None


class Outer(Entry, frozen=True, kw_only=True):
    name: str
    number: str
    inner: Inner | None = None
    inners: dict[str, Inner] = {}  # noqa: RUF012  # a default, copied for each
    evens: Annotated[list[int], Check(problem=_odd_problem, help="take it away", rule="odd")] = []  # noqa: RUF012


def told(value: Any) -> dict[str, str]:
    return {".".join(map(str, p.path)): p.message for p in problems_of(Outer, value)}


def test_all_problems_are_told_at_once_several_missing_fields_too() -> None:
    assert told({}) == {"name": "is missing", "number": "is missing"}
    wrong = {
        "name": 1,
        "inner": {"depth": 0, "more": 1},
        "inners": {"a": [], "b": {"name": "four", "depth": "1"}, "c": {"name": "", "depth": 4}},
        "evens": [1, 2],
        "nmae": "x",
    }
    assert told(wrong) == {
        "name": "should be a text",
        "number": "is missing",
        "inner.depth": "should be greater than or equal to 1",
        "inner.name": "is missing",
        "inner.more": "is an unknown field",
        "inners.a": "should be a mapping",
        "inners.b.name": "should have at most 3 characters",
        "inners.b.depth": "should be a whole number",
        "inners.c.name": "should have at least 1 character",
        "inners.c.depth": "should be less than or equal to 3",
        "evens": "one of them is odd",
        "nmae": "is an unknown field",
    }
    assert told([]) == {"": "should be a mapping"}


def test_a_check_runs_where_the_type_is_right_and_only_there() -> None:
    merged = {"name": "a", "number": "1"}
    assert convert(Outer, {**merged, "evens": [2]}).evens == [2]
    assert told({**merged, "evens": [1]}) == {"evens": "one of them is odd"}
    assert told({**merged, "evens": [1, "x"]}) == {"evens.1": "should be a whole number"}


def test_what_is_taken_is_a_copy_and_is_not_changed() -> None:
    text = {"name": "a", "number": "1", "inners": {"x": {"name": "b"}}}
    one, other = convert(Outer, text), convert(Outer, text)
    assert one == other
    assert to_values(one) == to_values(other)
    assert to_values(one)["inners"] is not to_values(one)["inners"]
    assert to_values(one, defaults=False) == text
    with pytest.raises(AttributeError):
        one.name = "b"  # type: ignore[misc]


def test_a_district_without_facts_is_told_all_that_it_lacks() -> None:
    faults = {(problem.path, problem.fault) for problem in problems_of(DistrictSection, {})}
    assert faults == {((name,), Fault.MISSING) for name in ("name", "number", "orgnr", "short_name", "prefix")}
