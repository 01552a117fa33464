"""JUnit XML, as Jenkins, GitLab and others read it: a test case for each file, a failure for each finding in it."""

from xml.sax.saxutils import escape, quoteattr

from websakctl.diagnostics import Diagnostic, Severity
from websakctl.report.formats import Format
from websakctl.report.formats.text import safe
from websakctl.report.view_models import FindingsReport, Look


def _findings(report: FindingsReport, _: Look) -> str:
    files: dict[str, list[Diagnostic]] = {file: [] for file in sorted(report.texts)}
    for finding in report.findings:
        files.setdefault(finding.at.file, []).append(finding)
    failed = sum(1 for result in files.values() if any(f.severity is Severity.ERROR for f in result))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="websakctl validate" tests="{len(files)}" failures="{failed}" errors="0">',
        f'  <testsuite name="config" tests="{len(files)}" failures="{failed}" errors="0" skipped="0">',
    ]
    for file, result in files.items():
        lines.extend(_case(file, result))
    lines.extend(("  </testsuite>", "</testsuites>"))
    return "\n".join(lines)


def _case(file: str, result: list[Diagnostic]) -> list[str]:
    head = f'    <testcase classname="websakctl.validate" name={quoteattr(_xml(file))}'
    if not result:
        return [f"{head}/>"]
    errors = [f for f in result if f.severity is Severity.ERROR]
    warnings = [f for f in result if f.severity is not Severity.ERROR]
    lines = [f"{head}>"]
    if errors:  # one failure for each test case: schemas allow no more
        first = errors[0]
        reported = "\n".join(_described(f) for f in errors)
        lines.append(
            f"      <failure type={quoteattr(first.code)} message={quoteattr(_xml(first.message))}>{escape(_xml(reported))}</failure>"
        )
    if warnings:
        reported = "\n".join(_described(f) for f in warnings)
        lines.append(f"      <system-out>{escape(_xml(reported))}</system-out>")
    return [*lines, "    </testcase>"]


def _described(finding: Diagnostic) -> str:
    text = f"{finding.at}: {finding.severity.value}[{finding.code}]: {finding.message}"
    return f"{text}\n  help: {finding.help}" if finding.help else text


def _xml(text: str) -> str:
    """Only characters that XML 1.0 allows; others are written as escapes."""
    return "".join(
        c if c in "\n\t" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else safe(c) for c in text
    )


FORMAT = Format(renders={FindingsReport: _findings})
