"""Findings about the configuration: a position, a stable rule name, and what to do."""

from websakctl.diagnostics.catalogue import RULES
from websakctl.diagnostics.diagnostic import NOWHERE, Diagnostic, Fix, Position, Severity, errors_in
from websakctl.diagnostics.rule import Rule

__all__ = ["NOWHERE", "RULES", "Diagnostic", "Fix", "Position", "Rule", "Severity", "errors_in"]
