"""What others wrote acts on nothing in any format: no control character, none that changes the order of what is read."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.test_golden import CASES, planned
from websakctl.plan.document import to_document
from websakctl.report.formats import Format
from websakctl.report.formats.markdown import FORMAT as MARKDOWN
from websakctl.report.view_models import DocumentReport, Look, PlanReport, Section, TableReport

NAMES = ("text", "json", "matrix", "markdown", "html", "csv")
ACTS = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
NASTY = "a\x1b[31m\x9b2J\u202eb\u2066\x07\x00\u2028\x7f c"


def format_of(name: str) -> Format:
    found: Format = import_module(f"websakctl.report.formats.{name}").FORMAT
    return found


@pytest.mark.parametrize("name", [name for name in NAMES if name != "csv"])
def test_in_a_plan(name: str, tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == "control_characters")
    plan = planned(case, tmp_path)
    report = PlanReport(
        plan=plan, made=lambda: to_document(plan, tool_version="0", created_at="2027-01-01T00:00:00Z"), notes=(NASTY,)
    )
    for look in (Look(), Look(expand=True)):
        assert ACTS.search(format_of(name).render(report, look)) is None


@pytest.mark.parametrize("name", ["text", "json", "markdown", "csv"])
def test_in_a_table(name: str) -> None:
    report = TableReport(headline="" if name == "csv" else NASTY, columns=("name",), rows=[(NASTY,)])
    if name == "text":
        report = TableReport(headline="", columns=("name",), rows=[(NASTY,)])
    given = format_of(name).render(report, Look())
    assert ACTS.search(given) is None
    assert given.count("31m") >= 1  # it is shown, not left out


@pytest.mark.parametrize("name", ["json", "markdown", "html"])
def test_in_a_document(name: str) -> None:
    section = Section(title=NASTY, columns=("x",), rows=[(NASTY,)], lines=(NASTY,))
    report = DocumentReport(
        title=NASTY, ok=True, verdict=NASTY, facts=((NASTY, NASTY),), sections=(section,), data={NASTY: NASTY}
    )
    assert ACTS.search(format_of(name).render(report, Look())) is None


def test_a_line_of_a_value_is_no_line_of_the_markdown() -> None:
    report = TableReport(headline="", columns=("name",), rows=[("a\n# Heading\r\n- item\x0b> quote",)])
    assert MARKDOWN.render(report, Look()).splitlines()[2] == "| a \\# Heading - item &gt; quote |"
