"""Write docs/rules.md from the catalogue and the examples that the tests run: ``python docs/generate_rules.py``."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from websakctl.diagnostics import RULES, Rule
from websakctl.diagnostics.problems import PROBLEMS, ProblemCode
from websakctl.redaction import redact
from websakctl.report.formats.text import FORMAT
from websakctl.report.view_models import FindingsReport, Look
from websakctl.source.load import load_configuration

PAGE = Path(__file__).with_name("rules.md")
EXAMPLES = Path(__file__).resolve().parents[1] / "tests" / "bad_input" / "rules"


def page() -> str:
    """The whole page."""
    parts = [
        "# Rules",
        "",
        "What `websakctl validate` can find, by the name that stands in brackets after the word error or warning.",
        "An error ends in exit code 3 and nothing is planned; a warning stops nothing. The names never change.",
        "This page is made from the code: `make docs` writes it, and each example is run by the tests.",
    ]
    for rule in RULES.values():
        parts += ["", *_rule(rule)]
    parts += [
        "",
        "# Problems at run time",
        "",
        "What can end a command, by the `code` of its JSON document (`--format json`) and of `websakctl explain CODE`.",
    ]
    for problem in PROBLEMS.values():
        parts += ["", *_problem(problem)]
    return "\n".join(parts) + "\n"


def _rule(rule: Rule) -> Iterator[str]:
    yield f"## {rule.name}"
    yield ""
    yield f"{rule.summary} {rule.why}"
    yield ""
    if rule.settable:
        yield f"A rule of the field: {rule.severity.value} unless `rules:` in config/websak.yaml says otherwise. To exempt one line:"
        yield f"`# websakctl: ignore[{rule.name}] why`."
        yield ""
    yield "```yaml"
    yield "# wrong"
    yield rule.bad
    yield ""
    yield "# right"
    yield rule.good
    yield "```"
    shown = _shown(rule)
    if shown:
        yield ""
        yield "```text"
        yield shown
        yield "```"


def _problem(problem: ProblemCode) -> Iterator[str]:
    yield f"## {problem.name}"
    yield ""
    yield f"Exit code {problem.exit_code}. {problem.summary} {problem.what_to_do}"
    yield ""
    yield "```text"
    yield problem.example
    yield "```"


def _shown(rule: Rule) -> str:
    """What the tool says of the rule's wrong example; nothing where it takes more than a config to be wrong."""
    config = load_configuration(EXAMPLES / rule.name / "bad", date(2027, 1, 1))
    first = [finding for finding in config.findings if finding.code == rule.name][:1]
    return redact(
        FORMAT.render(
            FindingsReport(findings=first, texts=config.texts, headline="", valid=config.valid), Look(width=100)
        ).rstrip()
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
