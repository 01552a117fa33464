"""A problem is a value with a place."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

import msgspec


class Severity(StrEnum):
    """How much a finding matters: an error ends in exit 3, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Position(NamedTuple):
    """A span in a file. Lines and columns count from 1, columns in characters; the end column is exclusive."""

    file: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Fix(NamedTuple):
    """What to write instead of what stands from ``at``'s start to its end; only where nothing else can be meant."""

    at: Position
    text: str


NOWHERE = Position("")  # a run-time problem stands in no file


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True):
    """One finding about the config, or one problem at run time, for the person at the keyboard."""

    code: str  # stable; docs/rules.md explains it
    at: Position = NOWHERE
    message: str  # what is wrong here
    help: str = ""  # what to do about it
    severity: Severity = Severity.ERROR
    address: str | None = None
    related: Position | None = (
        None  # the other place that takes part: what a template was instantiated by, the first of two
    )
    related_label: str = ""
    fix: Fix | None = None
    exit_code: int | None = None  # of the command that it ended; None for one finding among others


def errors_in(findings: Iterable[Diagnostic]) -> int:
    """Count the findings that make a config invalid."""
    return sum(1 for finding in findings if finding.severity is Severity.ERROR)
