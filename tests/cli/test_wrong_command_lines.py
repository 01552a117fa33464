"""Exit 64: the command line is wrong, and the message says what would be right."""

import pytest

from .command_line import Cli


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("plam", "Did you mean 'plan'?"),
        ("sandbox stat", "Did you mean 'status'?"),
        ("plan --detailed-exit-code", "--detailed-exitcode"),
        ("plan --out", "requires an argument"),
        ("plan frogner", "unexpected extra argument"),
        ("plan --format xml", "--format xml is not one of text, json, matrix"),
        ("apply --format matrix", "--format matrix is not one of text, json"),
        ("plan --format jsn", "did you mean json?"),
        ("rehearse x.plan.json --faults hevy", "did you mean heavy?"),
        ("plan --format html --lang sv", "known: nb, en"),
        ("districts documents frogner --as mdd", "did you mean md?"),
        ("--format xml validate", "--format xml is not one of text"),
        ("plan --district frogne", "did you mean frogner?"),
        ("plan --kind orgunit", "did you mean org_unit?"),
        ("plan --batch PULJE-9", "did you mean PULJE-"),
        ("plan --batch PULJE-1 --district sagene", "none of the districts that were named is in PULJE-1"),
        ("plan --prune org_units", "there is no kind org_units"),
        ("plan --environment tset", "there is no environment tset"),
        ("validate --root nowhere", "nowhere is not a folder"),
        ("show orgunit/frogner/FR-OPPV", "did you mean org_unit?"),
        ("schema case_typ", "did you mean case_type?"),
        ("sandbox serve --port many", "--port"),
        ("sandbox serve --api-version 4.0", "is none of 3.0, 3.3"),
        ("apply plan.json --kind org_unit", "a saved plan is applied as it is"),
        ("auth login", "--environment NAME"),
        ("consistency --offline --xlsx c.xls", "c.xls does not end in .xlsx"),
        ("access review --district frogner --offline --xlsx c.xls", "c.xls does not end in .xlsx"),
        ("export c.xls", "c.xls does not end in .xlsx"),
    ],
)
def test_says_what_is_wrong(small: Cli, line: str, says: str) -> None:
    outcome = small(*line.split(), code=64)
    assert outcome.out == ""
    assert outcome.err.startswith("error: ")
    assert says in outcome.err
    assert "  help: " in outcome.err


@pytest.mark.parametrize("line", [[], ["sandbox"], ["auth"], ["districts"]])
def test_without_a_command_the_help_is_shown_and_not_as_an_error(small: Cli, line: list[str]) -> None:
    outcome = small(*line, code=64)
    assert outcome.out == ""
    assert outcome.err.startswith("Usage: websakctl ")
    assert "error:" not in outcome.err


def test_a_variable_that_cannot_be_right_is_named_but_its_value_is_not_shown(small: Cli) -> None:
    outcome = small("plan", env={"WEBSAKCTL_API_VERSION": "hunter2"}, code=64)
    assert "WEBSAKCTL_API_VERSION" in outcome.err
    assert "hunter2" not in outcome.err
