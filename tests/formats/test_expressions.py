"""Expressions have limits that they name: steps, values and length; a name that is not there is no answer."""

import time
from typing import Any

import pytest

from websakctl.expressions import MAX_LENGTH, CannotJudge, problem_of, search

DOCUMENT: dict[str, Any] = {
    "changes": [{"address": f"org_unit/frogner/FR-{n}", "fields": [{"path": "name"}], "n": n} for n in range(400)],
    "nothing": None,
}
DOUBLED = "changes" + " | [@,@]" * 40


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        (DOUBLED, "more than 4000000 values"),
        (f"to_string({DOUBLED})", "more than 4000000 values"),
        ("changes" + " | [@,@][]" * 40, "more than 4000000 values"),
        ("changes | " + "[@,@] | " * 18 + "[@ == @, @ == @]", "more than 4000000 values"),
        ("changes | {a: @, b: @}" + " | {a: @, b: @}" * 40, "more than 4000000 values"),
        (
            "changes[*].{x: `" + '"' + "a" * 4000 + '"' + "`}" + " | [@,@][]" * 8 + " | map(&to_string(@), @)",
            "more than",
        ),
        ("changes[?n > `0`][] | map(&map(&n, $), @)", "not JMESPath"),
        ("changes[*].n.foo | [@,@]", None),
        ("join('" + "x" * 5000 + "', changes[].address | [@,@][] | [@,@][] | [@,@][])", "more than 4000000 values"),
        ("chagnes[?n > `5`]", "there is no chagnes to ask about; there is changes, nothing"),
        ("length(chagnes)", "there is no chagnes"),
        ("abs(`-1`) > length(changes[0].address)", None),
    ],
)
def test_what_cannot_be_judged_says_why_and_soon(expression: str, why: str | None) -> None:
    began = time.process_time()
    if why is None:
        search(expression, DOCUMENT)
    else:
        with pytest.raises(CannotJudge, match=why):
            search(expression, DOCUMENT)
    assert time.process_time() - began < 5


def test_every_element_with_every_other_is_too_much() -> None:
    many = {"changes": [{"n": n, "all": list(range(20_000))} for n in range(300)]}
    with pytest.raises(CannotJudge, match="more than 3000000 steps"):
        search("changes[?length(all[?@ > `5`]) > `3`]", many)


def test_a_plan_of_a_hundred_thousand_changes_is_judged() -> None:
    many = {"changes": [{"kind": "user", "action": "create", "fields": [{"path": "name"}]} for _ in range(100_000)]}
    assert search("changes[?kind == 'user' && action == 'delete']", many) == []
    assert len(search("changes[?kind == 'user' && action != 'delete'].fields[]", many)) == 100_000


def test_what_is_found_is_what_the_library_finds() -> None:
    import jmespath

    for expression in (
        "changes[?n > `5` && n < `8`].address",
        "sort_by(changes, &n)[-1].address",
        "changes[0].fields[*].path | [0]",
        "length(changes[?contains(address, 'FR-1')])",
        "changes[:3].{a: address, b: fields[0].path}",
        "nothing.x || changes[0] == changes[0]",
        "max_by(changes, &n).n",
        "changes[0].*",
        "nothing[*].x",
    ):
        assert search(expression, DOCUMENT) == jmespath.search(expression, DOCUMENT), expression


def test_an_expression_without_end_is_not_read() -> None:
    assert problem_of("a" * MAX_LENGTH) is None
    assert "10001 characters; it may have 10000" in str(problem_of("a" * (MAX_LENGTH + 1)))
    assert "not JMESPath" in str(problem_of("(" * 9_000))
