"""Every rule has a name in the catalogue, a place in docs/rules.md, an example that breaks it and one that does not."""

import ast
import json
import re
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest

from websakctl.apply.journal import Journal
from websakctl.diagnostics import RULES
from websakctl.diagnostics.problems import PROBLEMS
from websakctl.live.clock import SystemClock
from websakctl.model.address import Address

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = Path(__file__).with_name("rules")


def findings(repository: Any, example: Path) -> list[str]:
    """Names of the rules that an example breaks; its file ``applied`` lists what was applied before."""
    shutil.copytree(example, repository.root, dirs_exist_ok=True)
    applied = repository.root / "applied"
    if not applied.exists():
        return [finding.code for finding in repository.load().findings]
    with Journal(repository.root / ".websakctl" / "journal.db", SystemClock()) as journal:
        journal.remember("sandbox", [(Address.parse(line), {}, False) for line in applied.read_text().split()])
    result = repository.validate("--format", "json")
    return [finding["rule"] for finding in json.loads(result.stdout)["diagnostics"]]


@pytest.mark.parametrize("rule", RULES)
def test_the_bad_example_breaks_this_rule_and_no_other(rule: str, repository: Any) -> None:
    assert findings(repository, EXAMPLES / rule / "bad") == [rule]


@pytest.mark.parametrize("rule", RULES)
def test_the_good_example_breaks_none(rule: str, repository: Any) -> None:
    assert findings(repository, EXAMPLES / rule / "good") == []


def test_there_are_no_other_examples() -> None:
    assert {folder.name for folder in EXAMPLES.iterdir()} == set(RULES)


def test_the_page_is_as_the_code_says() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "generate_rules.py"))["page"]()
    assert page == (ROOT / "docs" / "rules.md").read_text(encoding="utf-8"), "run `make docs`"


def test_every_rule_that_the_code_names_is_in_the_catalogue_and_the_other_way_round() -> None:
    named = set[str]()
    for file in (ROOT / "websakctl").rglob("*.py"):
        if file.parent.name not in ("diagnostics", "cli"):
            named |= rules_in(ast.parse(file.read_text(encoding="utf-8")))
    assert named - set(RULES) - set(PROBLEMS) == set()
    assert set(RULES) - named == set()


def rules_in(tree: ast.AST) -> set[str]:
    """Texts that are given as a rule: ``rule=``, what is assigned to ``rule``, and what refuses or hits by a rule's name."""
    result = set[str]()
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="rule" | "code", value=value):
                result |= texts_in(value)
            case ast.Assign(targets=[ast.Name(id="rule" | "renamed")], value=value):
                result |= texts_in(value)
            case ast.Call(func=ast.Name(id="_Refused" | "_Hit"), args=[first, *_]):
                result |= texts_in(first)
            case ast.Call(func=ast.Attribute(attr="finding"), args=[first, *_]):
                result |= texts_in(first)
    return result


def texts_in(value: ast.AST) -> set[str]:
    texts = {n.value for n in ast.walk(value) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return {text for text in texts if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", text)}


def test_a_rule_that_is_not_there_would_be_noticed() -> None:
    assert rules_in(ast.parse('Diagnostic(rule="no-such-rule" if x else "neither-this")')) == {"no-such-rule", "neither-this"}  # fmt: skip


def test_names_are_words_for_people() -> None:
    for rule in RULES.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
        assert all(text and text == text.strip() for text in (rule.summary, rule.why, rule.bad, rule.good))
        assert rule.summary.endswith(".")
        assert rule.why.endswith((".", ")"))
