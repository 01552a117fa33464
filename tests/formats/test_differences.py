"""Lists and mappings are compared item by item: only what differs is shown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.report.differences import Part, differences


def parts(before: Any, after: Any) -> list[tuple[str, str, Any, Any]]:
    return [(p.path, p.sign, p.before, p.after) for p in differences("f", before, after)]


BASIS = {"reference": "offl. § 13", "valid_from": "2009-01-01", "valid_to": None}
OTHER = {"reference": "fvl. § 13", "valid_from": "1970-01-01", "valid_to": None}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("a", "b", [("f", "~", "a", "b")]),
        (["a", "b", "c"], ["a", "c", "d"], [("f", "-", "b", None), ("f", "+", None, "d")]),
        (["a", "b"], ["b", "a"], [("f", "~", ["a", "b"], ["b", "a"])]),
        ([BASIS, OTHER], [OTHER, BASIS], [("f", "~", [BASIS, OTHER], [OTHER, BASIS])]),
        (["a"], ["b"], [("f", "~", ["a"], ["b"])]),
        (["a"], [None, "a"], [("f", "~", ["a"], [None, "a"])]),
        ([], ["b"], [("f", "~", [], ["b"])]),
        (
            [BASIS, OTHER],
            [{**BASIS, "valid_to": "2027-01-01"}, OTHER],
            [("f[offl. § 13].valid_to", "~", None, "2027-01-01")],
        ),
        ([BASIS], [BASIS, OTHER], [("f", "+", None, OTHER)]),
        ([BASIS, OTHER], [OTHER], [("f", "-", BASIS, None)]),
        ({"a": {"x": 1, "y": 2}, "b": 3}, {"a": {"x": 1, "y": 4}, "b": 3}, [("f.a.y", "~", 2, 4)]),
        ({"a": 1}, {"a": 1, "b": 2}, [("f.b", "~", None, 2)]),
    ],
)
def test_only_the_item_and_field_that_differ(before: Any, after: Any, found: list[tuple[str, str, Any, Any]]) -> None:
    assert parts(before, after) == found


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["key", "name", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(json_values, json_values)
def test_there_is_a_part_where_there_is_a_difference_and_every_part_is_one(before: Any, after: Any) -> None:
    found: list[Part] = list(differences("f", before, after))
    assert all(part.before != part.after for part in found) or before == after
    if before != after:
        assert found
