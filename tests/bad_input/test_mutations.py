"""The shipped config, spoilt at random: always findings with places inside the files, never an exception, never a silent loss."""

import shutil
from datetime import date
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.diagnostics import RULES
from websakctl.kinds import all_kinds
from websakctl.report.formats import json as as_json
from websakctl.report.formats import text as as_text
from websakctl.report.view_models import FindingsReport, Look
from websakctl.source.configuration import Configuration
from websakctl.source.fixing import fixed
from websakctl.source.load import load_configuration
from websakctl.source.parsing import parse

HERE = Path(__file__).resolve().parents[2]
FILES = sorted(str(p.relative_to(HERE)) for folder in ("config", "districts") for p in (HERE / folder).rglob("*.yaml"))
PIECES = [
    "", " ", "  ", "\t", "\n", "\r", "\r\n", ":", ": ", "- ", "{", "}", "[", "]", ",", '"', "'", "#", "&a ", "*a", "!!int ", "<<: *a", "---\n",
    "? ", "| ", ">\n", "%", "@", "~", "null", "true", "yes", "0301", "05", "1e3", ".nan", "-1", "10.5", "2027-02-30", "\0", "\x1b[31m",
    "\x85", "\u2028", "\u202e", "\ufeff", "e\u0301", "🫐", "{district.name}", "{district.nmae}", "01819010001", "client_secret: abc\n",
    "org_units:\n", "org_unit:\n", "each_district:\n", "overrides:\n", "defaults:\n", "district:\n", "protected: true", "name: X", "parent: OPPV",
    "access_codes: {P: {name: X}}\n", "974778721", "x" * 300,
    " # websakctl: ignore[noark-code-collision] x", "# websakctl: ignore[basis-ended]\n", "# websakctl: ignore", "rules: {basis-ended: off}\n",
    "valid_to: 2020-01-01", "temporary: true", "retention_years: 3", "publish: yes", "kari.nordmann@example.invalid", "einnsyn_code: X",
]  # fmt: skip


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shipped")
    for folder in ("config", "districts"):
        shutil.copytree(HERE / folder, root / folder)
    return root


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, str]:
    """One to three files of the shipped config, each with one to four mutations."""
    result = {}
    for file in draw(st.lists(st.sampled_from(FILES), min_size=1, max_size=3, unique=True)):
        text = (HERE / file).read_text(encoding="utf-8")
        for _ in range(draw(st.integers(1, 4))):
            text = draw(mutated(text))
        result[file] = text
    return result


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    start = draw(st.integers(0, len(text)))
    end = min(len(text), start + draw(st.integers(0, 12)))
    lines = text.split("\n")
    line, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
    piece = draw(st.sampled_from(PIECES))
    match draw(st.sampled_from(["replace", "replace", "double", "move", "drop", "indent", "outdent", "cut"])):
        case "replace":
            return text[:start] + piece + text[end:]
        case "double":
            lines.insert(other, lines[line])
        case "move":
            lines.insert(other, lines.pop(line))
        case "drop":
            del lines[line]
        case "indent":
            lines[line] = "  " + lines[line]
        case "outdent":
            lines[line] = lines[line].removeprefix("  ")
        case "cut":
            return text[:start]
    return "\n".join(lines)


@given(files=spoilt())
def test_every_mutation_is_either_valid_or_explained(files: dict[str, str], repository: Path) -> None:
    try:
        for file, text in files.items():
            (repository / file).write_bytes(text.encode())
        started = process_time()  # of this process alone: the machine may have more to do
        config = load_configuration(repository, date(2027, 1, 1))
        assert process_time() - started < 2
        check_findings(config, repository)
        check_fixes(config, repository)
        if config.valid:
            assert not config.broken
            assert len(config.whole) == entries(repository, len(config.districts)), "something was left out in silence"
    finally:
        for file in files:
            shutil.copyfile(HERE / file, repository / file)


def check_findings(config: Configuration, repository: Path) -> None:
    for finding in config.findings:
        at = finding.at
        assert finding.code in RULES
        assert finding.message
        assert finding.help
        text = (repository / at.file).read_bytes().decode("utf-8-sig") if (repository / at.file).exists() else ""
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert 1 <= at.line <= len(lines), finding
        assert 1 <= at.column <= len(lines[at.line - 1]) + 1, finding
        assert (at.end_line, at.end_column) >= (at.line, at.column), finding
    several = ("missing-field",)  # an entry may lack more than one; each is named
    places = [(f.code, f.at, f.message if f.code in several else "") for f in config.findings]
    assert len(set(places)) == len(places)
    assert [(f.at.file, f.at.line, f.at.column) for f in config.findings] == sorted(
        (f.at.file, f.at.line, f.at.column) for f in config.findings
    )
    report = FindingsReport(findings=config.findings, texts=config.texts, headline="", valid=config.valid)
    shown = as_text.FORMAT.render(report, Look(width=80))
    assert all(line.isprintable() for line in shown.split("\n"))
    as_json.FORMAT.render(report, Look()).encode()


def check_fixes(config: Configuration, repository: Path) -> None:
    """A fix must be possible where it is offered, and leave the rest of its file alone."""
    for finding in config.findings:
        if finding.fix is not None:
            text = (repository / finding.at.file).read_bytes().decode()
            new = fixed(text, [finding.fix])
            assert new != text
            assert abs(len(new) - len(text)) < 200


def entries(repository: Path, districts: int) -> int:
    """How many resources the files speak of, counted without the loader."""
    plurals = {kind.plural for kind in all_kinds().values()}

    def of(sections: Any) -> int:
        return sum(len(entries or {}) for plural, entries in (sections or {}).items() if plural in plurals)

    total = 0
    for file in FILES:
        if not (repository / file).exists():
            continue
        top = parse((repository / file).read_bytes().decode("utf-8-sig"), file).value
        total += of(top) + districts * of(top.get("each_district"))
    return total
