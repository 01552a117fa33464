"""CSV: one table for spreadsheets; a header line, comma and UTF-8."""

import csv
import io
from typing import Any

from websakctl.redaction import redact
from websakctl.report.formats import Format
from websakctl.report.subjects import Look, TableReport

_ACTS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would take such a text for a formula


def cell(value: Any) -> str | int | float:
    """Write a value so that a spreadsheet shows it and runs nothing."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return int(value) if isinstance(value, bool) else value
    text = redact(str(value))
    return f"'{text}" if text.startswith(_ACTS) else text


def _table(report: TableReport, _: Look) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(report.columns)
    writer.writerows([cell(value) for value in row] for row in report.rows)
    return out.getvalue().removesuffix("\n")


FORMAT = Format(renders={TableReport: _table})
