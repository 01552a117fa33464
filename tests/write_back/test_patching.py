"""Patching: only the bytes of the edit change, and the value is exactly what was asked for."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from websakctl.source.comments import comments_of
from websakctl.source.patching import CannotPatch, Drop, Put, edits_between, identical, patch

from .files import at, files, paths, read, scalars, values, wild_files, words


@given(files() | wild_files())
def test_no_edit_changes_no_byte(text: str) -> None:
    assert patch(text, []) == text
    value = read(text)
    assert patch(text, list(edits_between(value, value))) == text


@given(files(), st.data())
def test_putting_back_what_is_there_changes_no_text(text: str, data: st.DataObject) -> None:
    value = read(text)
    if spots := [p for p in paths(value) if not isinstance(at(value, p), dict | list)]:
        path = data.draw(st.sampled_from(spots))
        again = patch(text, [Put(path=path, value=at(value, path))])
        assert identical(read(again), value)


@given(files() | wild_files(), st.data())
def test_many_values_at_once_are_as_one_by_one(text: str, data: st.DataObject) -> None:
    value = read(text)
    spots = [p for p in paths(value) if not isinstance(at(value, p), dict | list)]
    if spots:
        chosen = data.draw(st.lists(st.sampled_from(spots), min_size=2, max_size=6))
        edits = [Put(path=path, value=data.draw(scalars)) for path in chosen]
        one_by_one = text
        for edit in edits:
            one_by_one = patch(one_by_one, [edit])
        assert patch(text, edits) == one_by_one


def test_many_values_in_a_large_file_take_no_time() -> None:
    text = "org_units:\n" + "".join(f"  U{i}: {{name: Unit {i}}} # {i}\n" for i in range(2000))
    edits = [Put(path=("org_units", f"U{i}", "name"), value=f"Enhet {i}") for i in range(0, 2000, 2)]
    started = time.perf_counter()
    result = patch(text, edits)
    assert time.perf_counter() - started < 5  # one by one it would be minutes
    assert result.count("Enhet") == result.count("Unit") == 1000


@given(files(), words, st.data())
def test_another_text_touches_one_line(text: str, word: str, data: st.DataObject) -> None:
    value = read(text)
    spots = [p for p in paths(value) if not isinstance(at(value, p), dict | list)]
    if not spots or "*a" in text:
        return
    path = data.draw(st.sampled_from(spots))
    before, after = text.splitlines(keepends=True), patch(text, [Put(path=path, value=word)]).splitlines(keepends=True)
    assert len(before) == len(after)
    changed = [(b, a) for b, a in zip(before, after, strict=True) if b != a]
    assert len(changed) <= 1
    for b, a in changed:
        assert a.endswith("\r\n") == b.endswith("\r\n")
        assert a.partition("   # så sant")[2] == b.partition("   # så sant")[2]


@given(files() | wild_files(), values, st.data())
def test_any_edit_gives_exactly_the_desired_value(text: str, new: Any, data: st.DataObject) -> None:
    value = read(text)
    spots = paths(value)
    if not spots:
        return
    path = data.draw(st.sampled_from(spots))
    match data.draw(st.sampled_from(["put", "add", "drop", "append"])):
        case "put":
            edit: Put | Drop = Put(path=path, value=new)
        case "drop":
            edit = Drop(path=path)
        case "append" if isinstance(at(value, path), list):
            edit = Put(path=(*path, len(at(value, path))), value=new)
        case _:
            holder = path if isinstance(at(value, path), dict) else ()
            edit = Put(path=(*holder, "nøkkel"), value=new, before=(str(path[-1]),))
    result = patch(text, [edit])
    assert result.startswith("\ufeff") == text.startswith("\ufeff")
    assert "\r" in text or "\r" not in result
    if "\r\n" in text:
        assert "\n" not in (rest := result.replace("\r\n", "")) and "\r" not in rest
    if not isinstance(edit, Drop) and not isinstance(at(value, path), dict | list):
        assert comments_of(result.removeprefix("\ufeff")) == comments_of(text.removeprefix("\ufeff"))


@given(files() | wild_files(), words, st.data())
def test_an_edit_is_the_same_with_either_line_end(text: str, word: str, data: st.DataObject) -> None:
    unix = text.replace("\r\n", "\n")
    unix += "" if "\n" in unix else "\n"  # a text without any line end has neither
    value = read(unix)
    if not (spots := paths(value)):
        return
    path = data.draw(st.sampled_from(spots))
    drop = data.draw(st.booleans())
    edit = Drop(path=path) if drop else Put(path=(*path[:-1], "nøkkel"), value=word, before=(str(path[-1]),))
    if drop or isinstance(at(value, path[:-1]), dict):
        assert patch(unix.replace("\n", "\r\n"), [edit]) == patch(unix, [edit]).replace("\n", "\r\n")


@given(values.filter(lambda v: isinstance(v, dict)), values.filter(lambda v: isinstance(v, dict)))
@settings(deadline=None)
def test_edits_between_lead_from_one_to_the_other(old: Any, new: Any) -> None:
    text = patch("", [Put(path=(), value=old)]) if old else "{}\n"
    assert identical(read(patch(text, list(edits_between(old, new)))), new)


BEFORE = """\
# About the units.

org_units:
  A: {name: Alfa} # first

  # Bravo is alone
  B:
    name: 'Bravo'   # quoted
    phone: "22 00"

  C:
    - x
    - y: 1
"""


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (Put(path=("org_units", "A", "name"), value="Ålfa"), "{name: Alfa}", "{name: Ålfa}"),
        (Put(path=("org_units", "A", "name"), value="a, b"), "{name: Alfa}", '{name: "a, b"}'),
        (Put(path=("org_units", "B", "name"), value="Bo's"), "'Bravo'", "'Bo''s'"),
        (Put(path=("org_units", "B", "phone"), value="23"), '"22 00"', '"23"'),
        (Put(path=("org_units", "B", "phone"), value=None), '"22 00"', "null"),
        (Put(path=("org_units", "A", "parent"), value="B"), "{name: Alfa}", "{name: Alfa, parent: B}"),
        (
            Put(path=("org_units", "A", "parent"), value="B", before=("name",)),
            "{name: Alfa}",
            "{parent: B, name: Alfa}",
        ),
        (Put(path=("org_units", "B", "code"), value="4"), '"22 00"\n', '"22 00"\n    code: "4"\n'),
        (Put(path=("org_units", "B", "code"), value="4", before=("phone",)), "# quoted\n", '# quoted\n    code: "4"\n'),
        (Put(path=("org_units", "AA"), value={}, before=("B",)), "# first\n", "# first\n  AA: {}\n"),
        (Put(path=("org_units", "C", 2), value="z"), "    - y: 1\n", "    - y: 1\n    - z\n"),
        (
            Put(path=("case_types",), value={"P": {"name": "Perm"}}),
            "    - y: 1\n",
            "    - y: 1\n\ncase_types:\n  P: {name: Perm}\n",
        ),
        (Drop(path=("org_units", "B")), BEFORE[BEFORE.index("\n  # Bravo") : BEFORE.index("\n  C:")], ""),
        (Drop(path=("org_units", "B", "name")), "    name: 'Bravo'   # quoted\n", ""),
        (Drop(path=("org_units", "A", "name")), "{name: Alfa}", "{}"),
        (Drop(path=("org_units", "C", 0)), "    - x\n", ""),
    ],
)
def test_each_edit_changes_what_a_person_would(edit: Put | Drop, old: str, new: str) -> None:
    assert patch(BEFORE, [edit]) == BEFORE.replace(old, new, 1)


def test_what_cannot_be_done_is_said() -> None:
    for edit in (Drop(path=("org_units", "Z")), Put(path=("org_units", "A", "name", "x"), value=1), Drop(path=())):
        with pytest.raises(CannotPatch):
            patch(BEFORE, [edit])
    with pytest.raises(CannotPatch):
        patch("a: 1\na: 2\n", [Put(path=("a",), value=3)])


def test_the_last_of_a_flow_mapping_leaves_the_comment_of_the_one_before() -> None:
    assert patch("a: {x: 1, # about x\n    y: 2}\n", [Drop(path=("a", "y"))]) == "a: {x: 1, # about x\n    }\n"
    assert patch("a: [x, # about x\n    y]\n", [Drop(path=("a", 1))]) == "a: [x, # about x\n    ]\n"


def test_an_alias_keeps_its_value_when_its_anchor_changes() -> None:
    text = "a: &x Oppvekst # so\nb: *x\nc: &y {d: 1}\ne: *y\n"
    assert patch(text, [Put(path=("a",), value="Helse")]) == "a: &x Helse # so\nb: Oppvekst\nc: &y {d: 1}\ne: *y\n"
    assert patch(text, [Put(path=("e", "d"), value=2)]) == "a: &x Oppvekst # so\nb: *x\nc: &y {d: 1}\ne: {d: 2}\n"
    assert patch(text, [Put(path=("c", "f"), value=2)]) == "a: &x Oppvekst # so\nb: *x\nc: &y {d: 1, f: 2}\ne: {d: 1}\n"
