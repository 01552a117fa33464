"""GitHub workflow commands: findings become annotations on the lines of a pull request."""

from websakctl.diagnostics import Diagnostic
from websakctl.report.formats import Format
from websakctl.report.view_models import FindingsReport, Look


def _findings(report: FindingsReport, _: Look) -> str:
    return "\n".join(_command(finding) for finding in report.findings)


def _command(finding: Diagnostic) -> str:
    at = finding.at
    place = {"file": at.file, "line": at.line, "col": at.column}
    if at.end_line == at.line and at.end_column > at.column:
        place |= {"endLine": at.end_line, "endColumn": at.end_column - 1}  # inclusive here
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in {**place, "title": finding.code}.items())
    text = f"{finding.message}\n{finding.help}" if finding.help else finding.message
    return f"::{finding.severity.value} {properties}::{_data(text)}"


def _data(text: str) -> str:
    """Escape as the runner unescapes: percent and line ends."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMAT = Format(renders={FindingsReport: _findings})
