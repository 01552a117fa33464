"""No day makes a config invalid that nobody touched; who adds or edits an entry answers for what it rests on."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import Cli
from tests.repository.pages import ROOT
from websakctl.cli.app import run
from websakctl.diagnostics import Diagnostic, Severity
from websakctl.live.clock import SystemClock
from websakctl.source.load import load_configuration

RULES = Path(__file__).parents[1] / "bad_input" / "rules"
REGISTER = """\
legal_sources:
  GML:
    {name: Gammel lov, type: act, cited_as: [gml.], sections: {§ 6: {successor: § 13}}, valid_from: 1993-01-01, valid_to: 2026-12-31, successor: NYL, source: lovdata.no}
  NYL: {name: Ny lov, type: act, cited_as: [nyl.], sections: {§ 13: {}}, valid_from: 2027-01-01, source: lovdata.no}
"""
TYPE = "{{name: {name}, series: SAK, ordering_principle: emne, retention: B, legal_basis: {basis}}}"
LAST_DAY, NEXT_DAY = date(2026, 12, 31), date(2027, 1, 1)


def types(**bases: str) -> str:
    return "case_types:\n" + "".join(f"  {key}: {TYPE.format(name=key, basis=b)}\n" for key, b in bases.items())


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/law.yaml").write_text(REGISTER, encoding="utf-8")
    (tmp_path / "config/codes.yaml").write_text(
        "access_codes:\n  P: {name: P, legal_basis: [{reference: gml. § 6, valid_from: 1993-01-01, valid_to: 2026-12-31}]}\n",
        encoding="utf-8",
    )
    return Cli(tmp_path)


def write(cli: Cli, **bases: str) -> None:
    (cli.root / "config/types.yaml").write_text(types(**bases), encoding="utf-8")


def git(cli: Cli, *words: str) -> None:
    who = ("-c", "user.name=Kari", "-c", "user.email=kari@example.invalid", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=cli.root, check=True, capture_output=True, env=cli.surroundings())


def commit(cli: Cli, message: str = "Oppsett") -> None:
    git(cli, "add", "--all")
    git(cli, "commit", "-q", "-m", message)


@pytest.fixture
def validated_on(monkeypatch: pytest.MonkeyPatch, cli: Cli, capsys: Any) -> Callable[..., tuple[int, dict[str, str]]]:
    """Run ``validate`` with the clock at noon of a day: its exit code, and the severities by rule and resource."""

    def on(day: date, *options: str) -> tuple[int, dict[str, str]]:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        monkeypatch.setattr(SystemClock, "now", lambda _: noon)
        code = run(["validate", "--root", str(cli.root), "--format", "json", *options])
        findings = json.loads(capsys.readouterr().out)["diagnostics"]
        return code, {f"{f['code']} {(f['address'] or '').rpartition('/')[2]}": f["severity"] for f in findings}

    return on


def test_an_untouched_config_is_as_valid_after_the_last_day_as_before(cli: Cli, validated_on: Any) -> None:
    write(cli, SAK="gml. § 6", ANNEN="nyl. § 13")
    git(cli, "init", "-q")
    commit(cli)
    assert validated_on(LAST_DAY) == (
        0,
        {"legal-basis-ending SAK": "warning", "legal-basis-ending P": "warning", "legal-basis-ended ANNEN": "warning"},
    )
    assert validated_on(NEXT_DAY) == (0, {"legal-basis-ended SAK": "warning", "basis-not-in-force P": "warning"})
    assert validated_on(NEXT_DAY, "--changed-since", "HEAD") == validated_on(NEXT_DAY)
    far = validated_on(LAST_DAY - timedelta(days=366))
    assert far == (0, {"legal-basis-ended ANNEN": "warning"})


def test_only_what_the_change_adds_or_edits_is_an_error(cli: Cli, validated_on: Any) -> None:
    write(cli, SAK="gml. § 6", RORT="gml. § 6")
    git(cli, "init", "-q", "-b", "main")
    commit(cli)
    write(cli, SAK="gml. § 6", RORT="gml. § 6 ved behov", NY="gml. § 6", FEIL="forvaltningsloven 1899 § 1")
    expected = {
        "legal-basis-ended SAK": "warning",
        "legal-basis-ended RORT": "error",
        "legal-basis-ended NY": "error",
        "legal-basis-unregistered FEIL": "error",
        "basis-not-in-force P": "warning",
    }
    assert validated_on(NEXT_DAY) == (3, expected)
    assert validated_on(LAST_DAY)[0] == 3  # what is in no row is so on any day
    git(cli, "switch", "-q", "-c", "change")
    commit(cli)
    assert validated_on(NEXT_DAY) == (0, dict.fromkeys(expected, "warning"))  # it is no change any longer …
    assert validated_on(NEXT_DAY, "--changed-since", "main") == (3, expected)  # … but for the pull request
    git(cli, "switch", "-q", "main")
    write(cli, SAK="nyl. § 13", RORT="gml. § 6")
    commit(cli)
    git(cli, "switch", "-q", "change")
    assert validated_on(NEXT_DAY, "--changed-since", "main") == (3, expected)  # what main did since is not this change


def test_a_basis_that_the_change_ends_needs_a_successor(cli: Cli, validated_on: Any) -> None:
    both = "access_codes:\n  P: {{name: P, legal_basis: [{{reference: offl. § 13, valid_from: 1993-01-01}}, {{reference: nyl. § 13, valid_from: 2027-01-01{until}}}{more}]}}\n"
    codes, ended = cli.root / "config/codes.yaml", ", valid_to: 2027-02-01"
    codes.write_text(both.format(until="", more=""), encoding="utf-8")
    git(cli, "init", "-q")
    commit(cli)
    later = date(2027, 3, 1)
    codes.write_text(both.format(until=ended, more=""), encoding="utf-8")
    code, found = validated_on(later, "--changed-since", "HEAD")
    assert (code, found["basis-ended P"]) == (3, "error")  # though another basis holds: it is about another matter
    codes.write_text(
        both.format(until=ended, more=", {reference: nyl. § 13, valid_from: 2027-02-02}"), encoding="utf-8"
    )
    assert "basis-ended P" not in validated_on(later)[1]
    codes.write_text(both.format(until=ended, more=""), encoding="utf-8")
    commit(cli)
    assert validated_on(later)[1]["basis-ended P"] == "warning"


def test_a_provision_that_will_end_may_be_cited_until_then(cli: Cli, validated_on: Any) -> None:
    write(cli)
    (cli.root / "config/types.yaml").write_text("case_types: {}\n", encoding="utf-8")
    git(cli, "init", "-q")
    commit(cli)
    write(cli, SAK="gml. § 6", FORTIDLIG="nyl. § 13")
    code, found = validated_on(LAST_DAY)
    assert (code, found["legal-basis-ending SAK"], found["legal-basis-ended FORTIDLIG"]) == (3, "warning", "error")


def test_the_register_alone_stops_nobody(cli: Cli, validated_on: Any) -> None:
    write(cli, SAK="nyl. § 13")
    git(cli, "init", "-q")
    commit(cli)
    text = REGISTER.replace("valid_from: 2027-01-01, source", "valid_from: 2027-01-01, valid_to: 2027-06-30, source")
    (cli.root / "config/law.yaml").write_text(text, encoding="utf-8")
    assert validated_on(date(2027, 7, 1))[1]["legal-basis-ended SAK"] == "warning"


def test_a_row_that_cannot_be_read_hides_no_more_than_itself(cli: Cli) -> None:
    write(cli, SAK="gml. § 6", ANNEN="nyl. § 13")
    path = cli.root / "config/law.yaml"
    path.write_text(REGISTER.replace("type: act, cited_as: [gml.]", "type: lov, cited_as: [gml.]"), encoding="utf-8")
    assert [finding.code for finding in load_configuration(cli.root, LAST_DAY).findings] == [
        "bad-value",
        "legal-basis-ended",
    ]


def test_what_the_settings_say_of_a_rule_stands(cli: Cli, validated_on: Any) -> None:
    (cli.root / "config/websak.yaml").write_text("rules: {legal-basis-ended: warning}\n", encoding="utf-8")
    git(cli, "init", "-q")
    commit(cli)
    write(cli, NY="gml. § 6")
    assert validated_on(NEXT_DAY) == (0, {"legal-basis-ended NY": "warning", "basis-not-in-force P": "warning"})


def test_a_config_in_a_folder_of_its_repository_is_compared_too(cli: Cli, validated_on: Any) -> None:
    write(cli, SAK="gml. § 6")
    git(cli, "init", "-q", str(cli.root))
    below = cli.root / "websak"
    below.mkdir()
    shutil.move(cli.root / "config", below / "config")
    commit(cli)
    cli.root = below
    write(cli, SAK="gml. § 6", NY="gml. § 6")
    code, found = validated_on(NEXT_DAY)
    assert (code, found["legal-basis-ended SAK"], found["legal-basis-ended NY"]) == (3, "warning", "error")


def test_where_nothing_can_be_compared_it_is_said(cli: Cli, validated_on: Any) -> None:
    write(cli, NY="gml. § 6")
    assert validated_on(NEXT_DAY)[0] == 0  # in no repository there is no change to speak of
    assert "is no git repository" in cli("validate", "--changed-since", "main", code=64).err
    git(cli, "init", "-q")
    assert validated_on(NEXT_DAY)[0] == 0  # nor before the first commit
    commit(cli)
    for name in ("mian", "--all", ""):
        err = cli("validate", f"--changed-since={name}", code=64).err
        assert "is no commit of this repository" in err
    git(cli, "branch", "-q", "apart")
    git(cli, "checkout", "-q", "--orphan", "other")
    commit(cli, "Et annet oppsett")
    assert "have no commit in common" in cli("validate", "--changed-since", "apart", code=1).err


DAY = re.compile(r"\d{4}-\d\d-\d\d")
DATED = [
    e
    for e in sorted(RULES.glob("*/*"))
    if any(DAY.search(f.read_text("utf-8", "replace")) for f in e.rglob("*.yaml") if f.is_file())
]


@pytest.mark.parametrize("example", [*DATED, ROOT], ids=lambda example: f"{example.parent.name}-{example.name}")
def test_no_rule_makes_an_error_of_a_day(example: Path) -> None:
    def errors(day: date) -> list[Diagnostic]:
        return [f for f in load_configuration(example, day).findings if f.severity is Severity.ERROR]

    assert errors(date(1990, 1, 1)) == errors(NEXT_DAY) == errors(date(2100, 1, 1))


@pytest.mark.parametrize(
    ("cited", "said"),
    [
        ("barnevernloven § 6-7", "did you mean barnevernloven (1992)? correct it"),
        ("barnevernlovn § 13-1", "did you mean barnevernsloven? correct it"),
        ("barnevernloven § 9", "barnevernsloven has § 13-1; barnevernloven (1992) has § 6-7. correct it"),
        ("Personopplysningsloven art. 9", "correct it"),
        ("Personopplysningsloven § 13", "correct it"),
        ("personforskriften § 2", "did you mean personforskrift? correct it"),
    ],
)
def test_only_a_row_that_has_what_is_cited_is_suggested(cli: Cli, cited: str, said: str) -> None:
    (cli.root / "config/law.yaml").write_text(
        """\
legal_sources:
  A: {name: A, type: act, cited_as: [barnevernsloven], sections: {§ 13-1: {}}, valid_from: 2023-01-01, source: x}
  B: {name: B, type: act, cited_as: [barnevernloven (1992)], sections: {§ 6-7: {}}, valid_from: 1993-01-01, source: x}
  C: {name: C, type: act, cited_as: [forvaltningsloven], sections: {§ 13: {}}, valid_from: 1970-01-01, source: x}
  D: {name: D, type: regulation, cited_as: [personforskrift], valid_from: 1970-01-01, source: x}
""",
        encoding="utf-8",
    )
    (cli.root / "config/codes.yaml").unlink()
    write(cli, SAK=cited)
    findings = load_configuration(cli.root, LAST_DAY).findings
    (help_,) = [f.help for f in findings if f.code == "legal-basis-unregistered"]
    assert help_.startswith(said)


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_nothing_is_planned_or_applied_that_validate_calls_invalid(
    cli: Cli, validated_on: Any, capsys: Any, command: str
) -> None:
    write(cli, SAK="gml. § 6")
    git(cli, "init", "-q")
    commit(cli)
    write(cli, SAK="gml. § 6", NY="gml. § 6")
    assert validated_on(NEXT_DAY)[1]["legal-basis-ended NY"] == "error"
    assert run([command, "--root", str(cli.root)]) == 3
    assert "this change adds or edits case_type/base/NY" in capsys.readouterr().err


def test_a_shallow_clone_says_that_its_history_is_cut_off(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> None:
    write(cli, SAK="nyl. § 13")
    git(cli, "init", "-q")
    commit(cli)
    commit_again = ("commit", "-q", "--allow-empty", "-m", "Mer")
    git(cli, *commit_again)
    shallow = tmp_path_factory.mktemp("shallow") / "clone"
    git(cli, "clone", "-q", "--depth", "1", f"file://{cli.root}", str(shallow))
    refused = Cli(shallow)("validate", "--changed-since", "HEAD~1", code=64)
    assert "shallow" in refused.err and "git fetch --unshallow" in refused.err
