"""An answer comes to what json makes of it, of the names that are looked at; what is not as agreed comes as it is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.live.decoding import Page, Projection, parsed, whole

NAMES = ("id", "name", "etag", "ids", "nam")
TEXTS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=6)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**25), 10**25), FINITE, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
ROWS = st.lists(
    st.one_of(st.dictionaries(st.one_of(st.sampled_from(NAMES), TEXTS), VALUES, max_size=6), VALUES), max_size=4
)
BODIES = st.one_of(
    ROWS,
    VALUES,
    st.fixed_dictionaries({"items": st.one_of(ROWS, VALUES), "next": st.one_of(st.none(), TEXTS, VALUES)}),
    st.fixed_dictionaries({"items": ROWS}, optional={"next": TEXTS, "more": VALUES}),
)
CUT = st.one_of(st.none(), st.integers(0, 60))
TAIL = st.sampled_from(["", " ", "x", "{}"])


def answer(body: Any, escaped: bool, cut: int | None, tail: str) -> tuple[bytes, Any]:
    """What is sent, and what json makes of it; an exception where that is nothing."""
    text = json.dumps(body, ensure_ascii=escaped)[:cut] + tail
    try:
        return text.encode(), json.loads(text)
    except ValueError as error:
        return text.encode(), error


@given(BODIES, st.booleans(), CUT, TAIL)
def test_json_is_what_json_says(body: Any, escaped: bool, cut: int | None, tail: str) -> None:
    content, expected = answer(body, escaped, cut, tail)
    if isinstance(expected, ValueError):
        with pytest.raises(ValueError):
            parsed(content)
    else:
        assert parsed(content) == parsed(bytearray(b"\xef\xbb\xbf" + content)) == expected


@given(BODIES, st.booleans(), CUT, TAIL)
def test_rows_hold_what_is_looked_at(body: Any, escaped: bool, cut: int | None, tail: str) -> None:
    content, expected = answer(body, escaped, cut, tail)
    projection = Projection(NAMES)
    if isinstance(expected, ValueError):
        with pytest.raises(ValueError):
            projection.rows(content)
        return
    result = projection.rows(content)
    if not isinstance(expected, list):
        assert result == expected
        return
    assert len(result) == len(expected)
    for one, sent in zip(result, expected, strict=True):
        assert projection.is_row(one) == isinstance(sent, dict)
        assert one == sent or projection.values(one) == {name: sent.get(name) for name in NAMES}


@given(BODIES, st.booleans(), CUT, TAIL)
def test_a_page_holds_what_is_looked_at_and_keeps_the_rest(
    body: Any, escaped: bool, cut: int | None, tail: str
) -> None:
    content, expected = answer(body, escaped, cut, tail)
    projection = Projection(NAMES)
    if isinstance(expected, ValueError):
        with pytest.raises(ValueError):
            projection.page(content)
        return
    result = projection.page(content)
    if not (isinstance(expected, dict) and {"items", "next"} <= expected.keys()):
        assert result == expected
        return
    assert isinstance(result, Page)
    assert result.next == expected["next"]
    items = expected["items"]
    if not (isinstance(items, list) and all(isinstance(row, dict) for row in items)):
        assert result.items == items  # for whoever asked to say what it is
        return
    assert result.items == [{name: row[name] for name in row if name in NAMES} for row in items]
    assert [whole(raw) for raw in result.raws] == items


@pytest.mark.parametrize("content", [b"[NaN]", b"[Infinity]", b"[1e400]", b"", b'["\xff"]', b"[", b"{'a': 1}"])
def test_what_is_not_json_is_refused(content: bytes) -> None:
    for read in (parsed, Projection(NAMES).rows, Projection(NAMES).page):
        with pytest.raises(ValueError):
            read(content)


def test_names_are_ascii() -> None:
    """msgspec 0.22 takes an empty name for one that is not."""
    with pytest.raises(ValueError, match="ASCII"):
        Projection(["id", "æ"])


def test_a_row_is_kept_as_it_was_sent() -> None:
    rows = [{"id": n, "name": "Ærlig", "other": {"deep": [n]}, "etag": "e"} for n in range(100)]
    projection = Projection(("id", "name", "etag"))
    page = projection.page(json.dumps({"items": rows, "next": None}).encode())
    assert isinstance(page, Page)
    assert not isinstance(page.raws[7], dict)
    assert whole(page.raws[7]) == rows[7]
    listed = projection.rows(json.dumps([*rows, {}]).encode())
    assert [projection.values(row) for row in listed[:-1]] == page.items
    assert set(projection.values(listed[-1]).values()) == {None}


@pytest.mark.parametrize("length", [1, 50_000])
def test_half_a_letter_becomes_a_replacement_in_long_answers_too(length: int) -> None:
    content = ('[{"name": "\\ud83d"}' + ', {"name": "b"}' * length + "]").encode()
    assert Projection(["name"]).rows(content)[0].name == "\ufffd"
