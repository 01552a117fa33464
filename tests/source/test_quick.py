"""Quick checks agree with the models, and values read without positions get the same ones afterwards."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.kinds import all_kinds
from websakctl.model.kind import Kind
from websakctl.model.quick import quick, read
from websakctl.model.shape import Invalid, Judged, Limits, Managed, Unfit
from websakctl.model.strict import strict
from websakctl.source.load import load_configuration
from websakctl.source.parsing import _Builder, _document, parse
from websakctl.source.tree import Map, Seq

KINDS = all_kinds()
ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 25)
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["A", "PERS", "svarinn", "altinn", "dokulink", "B", "K", "0301", "12", "2027-01-01", "2027-1-1", "20270101", "975016684",
         "975016685", "Frogner barnehage", " Frogner", "A\n", "x" * 71, "", "READ", "\u2028", "a\nb", "A-B", "-A"]
    ),
)  # fmt: skip
LEAVES = st.one_of(TEXTS, TEXTS, st.none(), st.booleans(), st.integers(-2, 400), st.just(2.0), st.just(10**20))
KEYS = st.one_of(TEXTS, st.sampled_from(["valid_from", "valid_to", "reference", "title", "number", "part"]))
VALUES = st.one_of(LEAVES, LEAVES, st.lists(LEAVES, max_size=3), st.dictionaries(KEYS, LEAVES, max_size=3))


@st.composite
def said(draw: st.DrawFn) -> tuple[Kind, dict[str, Any]]:
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    names = st.sampled_from([*kind.model.shape, "unknown"])
    return kind, draw(st.dictionaries(names, VALUES, max_size=len(kind.model.shape)))


@given(said())
def test_a_quick_yes_is_pydantics_yes_with_the_same_values(case: tuple[Kind, dict[str, Any]]) -> None:
    kind, fields = case
    taken = kind.quick.take(fields) if kind.quick else None
    if taken is not None:
        typed = strict(kind.model).model_validate(fields).model_dump()
        assert taken == typed
        assert list(taken) == list(typed)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_quick_check_takes_each_field_alone(kind: Kind) -> None:
    """Field by field, so that one wrong value does not hide what is said of another."""
    if kind.quick is None:
        return
    for name in kind.model.shape:
        for value in [
            "A",
            "PERS",
            "B",
            3,
            0,
            True,
            None,
            ["A"],
            ["A", 1],
            {"A": 1},
            "975016684",
            "975016685",
            "2027-01-01",
            "A\n",
        ]:
            if kind.quick.checks[name](value):
                strict(kind.model).__pydantic_validator__.validate_assignment(
                    strict(kind.model).model_construct(), name, value
                )


def test_what_is_taken_is_a_copy() -> None:
    sub_org = KINDS["sub_org"].quick
    assert sub_org is not None
    fields = {"orgnr": "975016684", "name": "A", "channel": "altinn", "readers": ["Styrer"]}
    one, other = sub_org.take(fields), sub_org.take(fields)
    assert one is not None and other is not None
    assert one == other
    assert one["readers"] is not other["readers"] is not fields["readers"]
    assert one["message_types"] is not other["message_types"]


def test_what_only_pydantic_can_judge_is_left_to_it() -> None:
    class Loose(Managed):
        name: Annotated[str, Limits(pattern="a|b")]

    class Either(Managed):
        value: int | str

    class Odd(Managed):
        name: Annotated[str, Limits(ge=1)]

    assert [quick(Loose), quick(Either), quick(Odd)] == [None, None, None]


def test_a_function_that_judges_is_asked_by_both() -> None:
    def even(values: list[int]) -> list[int]:
        if any(value % 2 for value in values):
            raise Unfit("odd", "one of them is odd")
        return values

    class Even(Managed):
        values: Annotated[list[int], Judged(even)] = []  # noqa: RUF012  # a default, copied for each

    assert read(Even, {"values": [2]}).values == [2]
    assert read(Even, {}).values == []
    with pytest.raises(Invalid) as caught:
        read(Even, {"values": [1]})
    assert [(p["type"], p["msg"], p["loc"]) for p in caught.value.problems] == [
        ("odd", "one of them is odd", ("values",))
    ]


def test_a_model_is_never_changed_and_never_half_made() -> None:
    class Inner(Managed):
        depth: int = 1

    class Outer(Managed):
        name: str
        inner: Inner = Inner()
        rest: list[str] = []  # noqa: RUF012  # a default, copied for each

    outer = read(Outer, {"name": "a", "inner": {"depth": 2}})
    assert (outer.name, outer.inner.depth, outer.rest) == ("a", 2, [])
    assert outer.rest is not read(Outer, {"name": "a"}).rest
    assert outer.changed({"name": "b"}).inner.depth == 2
    assert outer.name == "a"
    with pytest.raises(AttributeError, match="never changed"):
        outer.name = "c"  # type: ignore[misc]
    for wrong in ({}, {"name": "a", "other": 1}):
        with pytest.raises(TypeError):
            Outer(**wrong)
    assert repr(Inner(depth=3)) == "Inner(depth=3)"


TREES = st.recursive(
    st.one_of(st.integers(), st.text("abc æ1-", max_size=6), st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("abcæ", max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


def _spans(value: Any) -> Any:
    if isinstance(value, Map):
        return [value.spans, *(_spans(inner) for inner in value.values())]
    if isinstance(value, Seq):
        return [value.spans, *map(_spans, value)]
    return value


@given(st.dictionaries(st.text("abcæ", max_size=3), TREES, max_size=4), st.booleans())
def test_positions_that_are_looked_up_are_those_of_a_close_reading(tree: dict[str, Any], flow: bool) -> None:
    import io

    from _ruamel_yaml import CParser
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = flow
    written = io.StringIO()
    yaml.dump(tree, written)
    text = written.getvalue()
    closely = _document(_Builder("a.yaml", CParser(text)))
    read = parse(text, "a.yaml")
    assert read.findings == []
    assert read.value == closely
    assert _spans(read.value) == _spans(closely)


def test_the_repository_is_the_same_read_quickly_and_by_pydantic(monkeypatch: pytest.MonkeyPatch) -> None:
    quickly = load_configuration(ROOT, TODAY)
    monkeypatch.setattr(Kind, "quick", None)
    by_pydantic = load_configuration(ROOT, TODAY)
    assert quickly.valid
    assert quickly.whole == by_pydantic.whole
    assert [list(r.fields) for r in quickly.whole.values()] == [list(r.fields) for r in by_pydantic.whole.values()]
    assert quickly.aside == by_pydantic.aside
    assert quickly.findings == by_pydantic.findings
    assert [quickly.position_of(a) for a in quickly.whole] == [by_pydantic.position_of(a) for a in by_pydantic.whole]
