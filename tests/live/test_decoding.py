"""A quick yes to an answer is what json makes of it; whatever msgspec does not take, json judges."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.live import decoding
from websakctl.live.decoding import Page, Wanted, parsed, whole

NAMES = ("id", "name", "etag", "ids", "nam")
TEXTS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=6)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**25), 10**25), st.floats(), TEXTS),
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


def judged(read: Any, content: bytes) -> Any:
    """What comes of it, so that a value that is no number equals itself."""
    try:
        found = read(content)
    except ValueError:
        return "not JSON"
    if isinstance(found, Page):
        return repr(("page", found.items, found.next, [dict(whole(raw)) for raw in found.raws if raw_is_row(raw)]))
    if isinstance(found, list) and read.__name__ == "rows":
        wanted = read.__self__
        return repr([("row", wanted.said(each)) if wanted.is_row(each) else each for each in found])
    return repr(found)


def raw_is_row(raw: Any) -> bool:
    return isinstance(raw, dict) or (not isinstance(raw, list | str | int | float | None) and bytes(raw)[:1] == b"{")


@given(
    body=BODIES,
    escaped=st.booleans(),
    cut=st.one_of(st.none(), st.integers(0, 60)),
    tail=st.sampled_from(["", " ", "x", "{}"]),
)
@pytest.mark.parametrize("what", ["rows", "page"])
def test_long_and_short_answers_are_read_alike(what: str, body: Any, escaped: bool, cut: int | None, tail: str) -> None:
    content = (json.dumps(body, ensure_ascii=escaped)[:cut] + tail).encode()
    wanted = Wanted(NAMES)
    read = getattr(wanted, what)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wanted, "_quickly", lambda content, quickly, slowly: slowly(parsed(content)))
        slowly = judged(read, content)
        patch.undo()
        patch.setattr(decoding, "LONG", 0)
        assert judged(read, content) == slowly


def test_names_are_ascii() -> None:
    """msgspec 0.22 takes an empty name for one that is not."""
    with pytest.raises(ValueError, match="ASCII"):
        Wanted(["id", "æ"])


def test_a_long_answer_is_read_without_what_nobody_looks_at() -> None:
    rows = [{"id": n, "name": "Ærlig", "other": {"deep": [n]}, "etag": "e"} for n in range(50_000)]
    wanted = Wanted(("id", "name", "etag"))
    page = wanted.page(json.dumps({"items": rows, "next": None}).encode())
    assert isinstance(page, Page)
    assert page.items == [{name: row[name] for name in ("id", "name", "etag")} for row in rows]
    assert not isinstance(page.raws[7], dict)  # kept as it was sent
    assert whole(page.raws[7]) == rows[7]
    listed = wanted.rows(json.dumps([*rows, {}]).encode())
    assert [wanted.said(row) for row in listed[:-1]] == page.items
    assert set(wanted.said(listed[-1]).values()) == {None}


@pytest.mark.parametrize("length", [1, 50_000])
def test_half_a_letter_becomes_a_replacement_in_long_answers_too(length: int) -> None:
    content = ('[{"name": "\\ud83d"}' + ', {"name": "b"}' * length + "]").encode()
    assert Wanted(["name"]).rows(content)[0].name == "\ufffd"
