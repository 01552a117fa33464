"""JSON: one document, for scripts."""

import json
from typing import Any

from websakctl.diagnostics import Diagnostic
from websakctl.report.formats import Format
from websakctl.report.subjects import DocumentReport, FindingsReport, Look, PlanReport, TableReport


def _dump(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2)


def _plan(report: PlanReport, _: Look) -> str:
    return _dump(report.document)


def _findings(report: FindingsReport, _: Look) -> str:
    return _dump({"format_version": 1, "valid": report.valid, "diagnostics": [_one(f) for f in report.findings]})


def _one(finding: Diagnostic) -> dict[str, Any]:
    at = finding.at
    related = finding.related
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "help": finding.help,
        "file": at.file,
        "line": at.line,
        "column": at.column,
        "end_line": at.end_line,
        "end_column": at.end_column,
        "address": finding.address,
        "related": {
            "file": related.file,
            "line": related.line,
            "column": related.column,
            "label": finding.related_label,
        }
        if related
        else None,
    }


def _table(report: TableReport, _: Look) -> str:
    return _dump(
        report.data if report.data is not None else [dict(zip(report.columns, row, strict=True)) for row in report.rows]
    )


def _document(report: DocumentReport, _: Look) -> str:
    return _dump(report.data)


FORMAT = Format({PlanReport: _plan, FindingsReport: _findings, TableReport: _table, DocumentReport: _document})
