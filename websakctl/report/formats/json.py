"""JSON: one document, for scripts."""

import json
import re
from collections.abc import Sequence
from typing import Any

from websakctl.diagnostics import NOWHERE, Diagnostic
from websakctl.report.formats import Format
from websakctl.report.view_models import DocumentReport, FindingsReport, Look, PlanReport, TableReport

# What json.dumps leaves as it is, and what can act on a terminal or change the order of what a person reads.
_ACTS = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def _dump(data: Any) -> str:
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return text if text.isascii() else _ACTS.sub(lambda result: f"\\u{ord(result.group()):04x}", text)


def _plan(report: PlanReport, _: Look) -> str:
    return _dump(report.document)


def failure(diagnostics: Sequence[Diagnostic], result: str = "") -> str:
    """The document of a command that failed: what went wrong, the cause first; and the result that it has all the same."""
    document = json.loads(result) if result else {"format_version": 1}
    document.setdefault("diagnostics", [_diagnostic(each) for each in diagnostics])
    return _dump(document)


def _findings(report: FindingsReport, _: Look) -> str:
    diagnostics = [{"rule": f.code, **_diagnostic(f)} for f in report.findings]
    return _dump({"format_version": 1, "valid": report.valid, "diagnostics": diagnostics})


def _diagnostic(each: Diagnostic) -> dict[str, Any]:
    at = each.at if each.at != NOWHERE else None
    related = each.related
    return {
        "code": each.code,
        "severity": each.severity.value,
        "message": each.message,
        "help": each.help,
        "exit_code": each.exit_code,
        "file": at and at.file,
        "line": at and at.line,
        "column": at and at.column,
        "end_line": at and at.end_line,
        "end_column": at and at.end_column,
        "address": each.address,
        "related": {
            "file": related.file,
            "line": related.line,
            "column": related.column,
            "label": each.related_label,
        }
        if related
        else None,
    }


def _table(report: TableReport, _: Look) -> str:
    data = report.data
    if data is None:
        data = [dict(zip(report.columns, row, strict=True)) for row in report.rows]
    return _dump(_versioned(data))


def _document(report: DocumentReport, _: Look) -> str:
    return _dump(_versioned(report.data))


def _versioned(data: Any) -> Any:
    """Put the format's version first; a list becomes the ``items`` of a document."""
    if isinstance(data, list):
        return {"format_version": 1, "items": data}
    return {"format_version": 1, **data}


FORMAT = Format(renders={PlanReport: _plan, FindingsReport: _findings, TableReport: _table, DocumentReport: _document})
