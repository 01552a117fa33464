"""Values are YAML's, and each key, value and item is where the C parser says that it is."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from _ruamel_yaml import CParser
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from websakctl.source.parsing import parse
from websakctl.source.tree import Map, Seq, Span

TEXTS = st.text("abæ😀1 \n'\"", max_size=6)
TREES = st.recursive(
    st.one_of(st.integers(), TEXTS, st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=12,
)


def marked(text: str) -> list[tuple[int, ...]]:
    """Lines and columns of every key with its value, and of every item: as the C parser's marks have them, outer parts first."""
    following: Callable[[], Any] = CParser(text).get_event

    def place(event: Any) -> tuple[int, ...]:
        start, end = event.start_mark, event.end_mark
        return start.line, start.column, end.line, end.column

    def below(event: Any) -> list[tuple[int, ...]]:
        own, inner = [], []
        end = MappingEndEvent if type(event) is MappingStartEvent else SequenceEndEvent
        if type(event) not in (MappingStartEvent, SequenceStartEvent):
            return []
        while type(first := following()) is not end:
            value = following() if end is MappingEndEvent else first
            own.append((*place(first), *place(value)))
            inner += below(value)
        return own + inner

    following(), following()
    return below(following())


def spans(value: Any) -> Iterator[tuple[int, ...]]:
    """The same of what was parsed."""
    if isinstance(value, Map | Seq):
        own = list(value.spans.values()) if isinstance(value, Map) else value.spans
        yield from (tuple(span[:8]) for span in own)
        for inner in value.values() if isinstance(value, Map) else value:
            yield from spans(inner)


@given(st.dictionaries(TEXTS, TREES, max_size=4), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_positions_are_those_of_the_parsers_marks(tree: dict[str, Any], flow: bool, line_end: str) -> None:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.allow_unicode = flow, True
    written = io.StringIO()
    yaml.dump(tree, written)
    text = written.getvalue().replace("\n", line_end)
    read = parse(text, "a.yaml")
    assert read.findings == []
    assert list(spans(read.value)) == marked(text)
    if line_end == "\n":
        assert read.value == tree


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: 1}\nc: *x\n",
        "a: &x [1, 2]\nb:\n  - *x\n  - {c: *x}\n",
        "&k a: !!str 1\n? b\n: c\n",
        'a: |\n  one\n  two\nb: >-\n  three\n\nc: "d\n  e"\n',
        "a:\nb: ''\nc:\n- x\n-\n- - y\n",
    ],
)
def test_so_are_those_of_rarer_forms(text: str) -> None:
    read = parse(text, "a.yaml")
    result = list(spans(read.value))
    assert result[: len(read.value)] == marked(text)[: len(read.value)]
    assert set(marked(text)) <= set(result)


def test_a_list_or_mapping_is_told_apart_from_an_alias_of_one() -> None:
    read = parse("one: &x {b: 1}\ntwo: *x\nthree:\n  y: 1\nfour: text\n", "a.yaml")
    assert [span.of_many for span in read.value.spans.values()] == [True, False, True, False]
    keyed = parse("k: &y name\nmap:\n  *y : 1\n", "a.yaml")
    assert keyed.value == {"k": "name", "map": {"name": 1}}
    assert keyed.value.spans["map"].of_many


def test_a_second_byte_order_mark_moves_nothing() -> None:
    (span,) = parse("\ufeffa: 1\n", "a.yaml").value.spans.values()
    assert span == Span(0, 0, 0, 1, 0, 3, 0, 4)


def test_what_stands_twice_is_told_where_the_file_is_refused_too() -> None:
    read = parse("a: 1\na: 2\nb: *nowhere\n", "a.yaml")
    assert read.value is None
    assert [(f.code, f.at.line, f.related and f.related.line) for f in read.findings] == [
        ("duplicate-key", 2, 1),
        ("yaml-alias", 3, None),
    ]


def test_a_merge_key_is_told_where_what_it_merges_refuses_the_file() -> None:
    findings = parse("a: 1\n<<: *b\n", "f.yaml").findings
    assert [(each.code, each.at.line) for each in findings] == [("yaml-feature", 2), ("yaml-alias", 2)]
