"""SARIF 2.1.0 (OASIS): findings for code scanning, with relative URIs and regions."""

import json
from typing import Any

from websakctl import __version__
from websakctl.diagnostics import RULES, Diagnostic, Position
from websakctl.report.formats import Format
from websakctl.report.view_models import FindingsReport, Look

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def _findings(report: FindingsReport, _: Look) -> str:
    names = sorted({finding.code for finding in report.findings})
    run = {
        "tool": {
            "driver": {
                "name": "websakctl",
                "semanticVersion": __version__,
                "informationUri": "https://github.com/oslokommune",
                "rules": [_rule(name) for name in names],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"ROOT": {"description": {"text": "The root of the config repository."}}},
        "results": [_result(finding, names.index(finding.code)) for finding in report.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1)


def _rule(name: str) -> dict[str, Any]:
    rule = RULES.get(name)
    if rule is None:
        return {"id": name}
    return {
        "id": name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"Not so:\n{rule.bad}\n\nBut so:\n{rule.good}"},
    }


def _result(finding: Diagnostic, index: int) -> dict[str, Any]:
    text = f"{finding.message}. {finding.help}" if finding.help else finding.message
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": finding.severity.value,
        "message": {"text": text},
        "locations": [{"physicalLocation": _location(finding.at)}],
    }
    if finding.related is not None:
        result["relatedLocations"] = [
            {"physicalLocation": _location(finding.related), "message": {"text": finding.related_label or "see also"}}
        ]
    return result


def _location(at: Position) -> dict[str, Any]:
    region = {"startLine": at.line, "startColumn": at.column}
    if (at.end_line, at.end_column) > (at.line, at.column):
        region |= {"endLine": at.end_line, "endColumn": at.end_column}
    return {"artifactLocation": {"uri": _uri(at.file), "uriBaseId": "ROOT"}, "region": region}


def _uri(file: str) -> str:
    from urllib.parse import quote

    return quote(file)


FORMAT = Format(renders={FindingsReport: _findings})
