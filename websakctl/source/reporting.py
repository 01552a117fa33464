"""Where findings go while a configuration is built."""

from collections.abc import Callable

from websakctl.diagnostics import Diagnostic, Position

Report = Callable[[Diagnostic], None]
_SEVERAL_AT_A_PLACE = frozenset({"missing-field"})  # a place where a field is missing may lack more


def each_once(findings: list[Diagnostic]) -> Report:
    """Add to ``findings`` what is not among them yet: a mistake in a template is one mistake, not fifteen."""
    reported: set[tuple[str, Position, str]] = set()

    def report(finding: Diagnostic) -> None:
        which = finding.code, finding.at, finding.message if finding.code in _SEVERAL_AT_A_PLACE else ""
        if which not in reported:
            reported.add(which)
            findings.append(finding)

    return report
