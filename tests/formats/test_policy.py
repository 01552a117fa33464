"""Policies of one's own: JMESPath over the plan, held up by apply like any other guard."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from websakctl.plan.policy import Policy, judge
from websakctl.sandbox.process import stop_server
from websakctl.source.load import load_configuration

POLICY = """\
policies:
  no-publishing:
    match: "changes[?kind=='case_type' && fields[?path=='publish' && after==`true`]].address"
    message: a case type is published only after a decision
  large:
    match: "length(changes) > `1`"
    severity: warning
    message: a large change
"""
CODES = "case_types:\n  AA: {name: A, series: SAK, ordering_principle: emne, retention: B, publish: true}\n  BB: {name: B, series: SAK, ordering_principle: emne, retention: B}\n"


def run(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("WEBSAKCTL_")}
    return subprocess.run(
        [sys.executable, "-m", "websakctl", *args], cwd=root, env=env, capture_output=True, text=True, timeout=60
    )


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("policy")
    (root / "config/policy").mkdir(parents=True)
    (root / "config/policy/ours.yaml").write_text(POLICY, encoding="utf-8")
    (root / "config/codes.yaml").write_text(CODES, encoding="utf-8")
    yield root
    stop_server(root / ".websakctl")


def test_apply_refuses_what_a_policy_finds_unless_it_is_allowed_by_name_and_number(repository: Path) -> None:
    document = json.loads(run(repository, "plan", "--format", "json").stdout)
    assert [(f["guard"], f["count"]) for f in document["findings"]] == [("policy:no-publishing", 1)]
    assert any("policy large: a large change" in warning for warning in document["warnings"])
    refused = run(repository, "apply", "--auto-approve")
    assert refused.returncode == 4
    assert "--allow policy:no-publishing=1" in refused.stderr
    assert run(repository, "apply", "--auto-approve", "--allow", "policy:no-publishing=1").returncode == 0


def test_a_policy_that_is_not_jmespath_is_a_finding_at_its_expression(tmp_path: Path) -> None:
    (tmp_path / "config/policy").mkdir(parents=True)
    (tmp_path / "config/policy/p.yaml").write_text(
        "policies:\n  a:\n    match: changes[?x\n    message: m\n  b: {mach: x, message: m}\n", encoding="utf-8"
    )
    result = load_configuration(tmp_path).findings
    assert [(f.code, f.at.line, f.at.column) for f in result] == [
        ("bad-policy", 3, 12),
        ("unknown-field", 5, 7),
    ]


@pytest.mark.parametrize("expression", ["[" * 3000, f"a[{'9' * 5000}]"])
def test_an_expression_that_jmespath_chokes_on_is_not_jmespath(tmp_path: Path, expression: str) -> None:
    (tmp_path / "config/policy").mkdir(parents=True)
    (tmp_path / "config/policy/p.yaml").write_text(
        f'policies: {{a: {{match: "{expression}", message: m}}}}\n', encoding="utf-8"
    )
    (finding,) = load_configuration(tmp_path).findings
    assert (finding.code, finding.message.partition(",")[0].partition(":")[0]) == ("bad-policy", "this is not JMESPath")


@pytest.mark.parametrize(("section", "column"), [("[{match: changes, message: no}]", 1), ("two-eyes", 11)])
def test_policies_without_names_are_not_taken_for_none(tmp_path: Path, section: str, column: int) -> None:
    (tmp_path / "config/policy").mkdir(parents=True)
    (tmp_path / "config/policy/p.yaml").write_text(f"policies: {section}\n", encoding="utf-8")
    (finding,) = load_configuration(tmp_path).findings
    assert (finding.code, finding.at.column) == ("wrong-type", column)
    (tmp_path / "config/policy/p.yaml").write_text("policies:\n", encoding="utf-8")
    assert load_configuration(tmp_path).findings == []


@pytest.mark.parametrize(
    "expression", ["changes[?@ > `1`]", "contains('abc', `1`)", "max_by(changes, &a)", "changes[::0]", "ceil(`1e400`)"]
)
def test_whatever_an_expression_fails_with_is_held_against_the_plan(expression: str) -> None:
    document = {"changes": ["x", {"a": 1}, {"a": "b"}]}
    findings, _ = judge([Policy(name="p", match=expression, message="m")], document)
    assert findings == [] or findings[0].message.startswith("policy p cannot be judged: ")
    assert findings or expression.startswith("changes[?")


def test_a_policy_that_cannot_be_judged_is_held_against_the_plan() -> None:
    findings, warnings = judge(
        [
            Policy(name="p", match="length(environment.x)", message="m"),
            Policy(name="q", match="environment", message="m"),
            Policy(name="r", match="changes[?a]", message="m"),
        ],
        {"environment": "test", "changes": []},
    )
    assert [f.guard for f in findings] == ["policy:p", "policy:q"]
    assert warnings == []
