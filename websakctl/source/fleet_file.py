"""A fleet file: which config repositories and environments are run together."""

from pathlib import Path
from typing import Annotated

from websakctl.diagnostics import Diagnostic, Position
from websakctl.model.entry import Entry
from websakctl.model.patterns import matching
from websakctl.model.types import Text
from websakctl.model.validation import ValidationError, convert
from websakctl.source.documents import Document, Documents, read_document
from websakctl.source.problems import did_you_mean, findings_of
from websakctl.source.tree import Map

SECTION = "targets"
NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"


class TargetEntry(Entry, frozen=True, kw_only=True):
    """One entry of ``targets:``. Paths are relative to the fleet file."""

    root: Text  # the config repository
    environment: Annotated[
        str, matching(r"[A-Za-z0-9][\w.-]*", "letters, digits and . _ -, beginning with a letter or digit")
    ]
    state_dir: str = ""  # if omitted: .websakctl in the root


def read_fleet_file(path: Path) -> tuple[dict[str, TargetEntry], list[Diagnostic], dict[str, str]]:
    """Read a fleet file.

    Returns:
        The targets by name, what is wrong with the file, and its text for showing lines (secrets blotted out).
    """
    result = Documents()
    document = read_document(path, result)
    targets = {} if document is None else _targets(document, result.findings)
    return targets, result.findings, result.texts


def _targets(document: Document, findings: list[Diagnostic]) -> dict[str, TargetEntry]:
    for key in document.top:
        if key != SECTION:
            at = document.key_position(document.top.spans, key)
            help_ = did_you_mean(key, [SECTION]) or f"the section is {SECTION}"
            findings.append(
                Diagnostic(code="unknown-section", at=at, message=f"{key} is not a section here", help=help_)
            )
    entries = document.top.get(SECTION)
    if not isinstance(entries, Map) or not entries:
        if SECTION in document.top or not findings:
            at = (
                document.key_position(document.top.spans, SECTION)
                if SECTION in document.top
                else Position(document.file)
            )
            help_ = "write `NAME: {root: FOLDER, environment: NAME}` below `targets:`"
            findings.append(Diagnostic(code="wrong-type", at=at, message="there are no targets", help=help_))
        return {}
    return _entries(document, entries, findings)


def _entries(document: Document, entries: Map, findings: list[Diagnostic]) -> dict[str, TargetEntry]:
    import re

    targets: dict[str, TargetEntry] = {}
    places: dict[tuple[str, str], Position] = {}
    for name in entries:
        at = document.key_position(entries.spans, name)
        if not re.match(NAME, name):
            help_ = "small letters, digits and single dashes: the variables with its credentials are named after it"
            findings.append(Diagnostic(code="bad-key", at=at, message=f"{name} cannot name a target", help=help_))
            continue
        try:
            entry = convert(TargetEntry, entries[name])
        except ValidationError as error:
            findings.extend(findings_of(error, (document, entries, name), key_field=None))
            continue
        place = (str(Path(entry.root)), entry.environment)
        if place in places:
            findings.append(
                Diagnostic(
                    code="duplicate-resource",
                    at=at,
                    message=f"duplicate target: {entry.environment} of {entry.root}",
                    help="keep one: two applies to one Websak are in each other's way",
                    related=places[place],
                    related_label="first here",
                )
            )
        places.setdefault(place, at)
        targets[name] = entry
    return targets
