"""Values read without positions get the same ones afterwards."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from websakctl.source.parsing import _Builder, _document, parse
from websakctl.source.tree import Map, Seq

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
