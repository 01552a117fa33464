"""CSV: one table for spreadsheets; a header line, comma and UTF-8."""

import csv
import io
from typing import Any

from websakctl.redaction import redact
from websakctl.report.formats import Format
from websakctl.report.formats.text import visible
from websakctl.report.view_models import Look, TableReport

_ACTS = ("=", "+", "-", "@")  # a spreadsheet would take such a text for a formula


def cell(value: Any) -> str | int | float:
    """Write a value so that a spreadsheet shows it and runs nothing."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return int(value) if isinstance(value, bool) else value
    text = visible(redact(str(value)))
    return f"'{text}" if text.startswith(_ACTS) else text


def for_excel(report: TableReport) -> str:
    """Write a table for a Norwegian Excel, which expects semicolons, and a byte order mark before UTF-8."""
    return f"\ufeff{_written(report, ';')}\n"


def _table(report: TableReport, _: Look) -> str:
    return _written(report, ",")


def _written(report: TableReport, delimiter: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(report.columns)
    writer.writerows([cell(value) for value in row] for row in report.rows)
    return out.getvalue().removesuffix("\n")


FORMAT = Format(renders={TableReport: _table})
