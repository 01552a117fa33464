"""Findings for machines, held against schemas that others wrote."""

import json
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
import xmlschema

from websakctl.diagnostics import Diagnostic, Position, Severity
from websakctl.report.formats import github, junit, sarif
from websakctl.report.view_models import FindingsReport, Look
from websakctl.source.load import load_configuration

SCHEMAS = Path(__file__).parents[1] / "schemas"
NASTY = 'a|b `c` <script>alert(1)</script> 100% : , \n\x1b[31mred ]]> & "quote" \u202e æøå'
FINDINGS = [
    Diagnostic(
        code="orgnr-checksum",
        at=Position("districts/frogner/sub orgs æ.yaml", 14, 3, 14, 14),
        message=NASTY,
        help="help " + NASTY,
        related=Position("config/a.yaml", 2, 1, 2, 3),
        related_label="first here",
    ),
    Diagnostic(
        code="override-expired", at=Position("config/b.yaml", 1, 1, 1, 1), message="x", severity=Severity.WARNING
    ),
    Diagnostic(code="not-in-the-catalogue", at=Position("config/b.yaml", 9, 9, 10, 1), message="y"),
]
REPORT = FindingsReport(
    findings=FINDINGS,
    texts={"config/a.yaml": "a: 1\n", "config/b.yaml": "", "districts/frogner/sub orgs æ.yaml": ""},
    headline="",
    valid=False,
)
NONE = FindingsReport(findings=[], texts={"config/a.yaml": "a: 1\n"}, headline="", valid=True)


@pytest.fixture
def wrong(tmp_path: Path) -> FindingsReport:
    """A real config with three mistakes."""
    (tmp_path / "config").mkdir()
    (tmp_path / "districts/frogner").mkdir(parents=True)
    (tmp_path / "config/a.yaml").write_text(
        "each_district:\n  org_units:\n    BYDEL: {name: B}\n    OPPV: {name: O, parent: OPVP}\n", encoding="utf-8"
    )
    (tmp_path / "districts/frogner/district.yaml").write_text(
        'district: {name: Bydel Frogner, number: "05", orgnr: "874778702", short_name: BFR, prefix: FR}\n',
        encoding="utf-8",
    )
    (tmp_path / "districts/frogner/sub_orgs.yaml").write_text(
        'sub_orgs:\n  "974778721": {name: Frogner, unit: BYDEL, channel: svarin}\n', encoding="utf-8"
    )
    config = load_configuration(tmp_path)
    return FindingsReport(findings=config.findings, texts=config.texts, headline="", valid=config.valid)


def test_sarif_is_valid_and_points_at_the_characters(wrong: FindingsReport) -> None:
    schema = json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
    for report in (REPORT, NONE, wrong):
        document = json.loads(sarif.FORMAT.render(report, Look()))
        jsonschema.Draft7Validator(schema).validate(document)
        results = document["runs"][0]["results"]
        assert len(results) == len(report.findings)
        for result, finding in zip(results, report.findings, strict=True):
            place = result["locations"][0]["physicalLocation"]
            uri = place["artifactLocation"]["uri"]
            assert not uri.startswith("/") and ":" not in uri
            assert unquote(uri) == finding.at.file
            assert (place["region"]["startLine"], place["region"]["startColumn"]) == (
                finding.at.line,
                finding.at.column,
            )
            assert document["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


@pytest.mark.parametrize("schema", ["junit-10.xsd"])
def test_junit_is_valid_and_fails_the_files_that_have_errors(schema: str, wrong: FindingsReport) -> None:
    xsd = xmlschema.XMLSchema(str(SCHEMAS / schema))
    for report in (REPORT, NONE, wrong):
        xsd.validate(junit.FORMAT.render(report, Look()))
    tree = xmlschema.XMLResource(junit.FORMAT.render(wrong, Look())).root
    failed = {case.get("name") for case in tree.iter("testcase") if case.find("failure") is not None}
    assert failed == {"config/a.yaml", "districts/frogner/sub_orgs.yaml"}
    assert tree.get("failures") == "2"


def test_annotations_are_one_line_each_and_unescape_to_what_was_meant() -> None:
    lines = github.FORMAT.render(REPORT, Look()).split("\n")
    assert len(lines) == len(FINDINGS)
    first = lines[0]
    assert first.startswith(
        "::error file=districts/frogner/sub orgs æ.yaml,line=14,col=3,endLine=14,endColumn=13,title=orgnr-checksum::"
    )
    reported = first.split("::", 2)[2].replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
    assert reported == f"{NASTY}\nhelp {NASTY}"
    assert lines[1].startswith("::warning file=config/b.yaml,line=1,col=1,title=")
