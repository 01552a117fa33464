"""What writing into the config comes to: edits by file, tried out before anybody sees them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from websakctl.diagnostics import Severity
from websakctl.model.address import Address
from websakctl.source.configuration import Configuration
from websakctl.source.documents import Document
from websakctl.source.load import load_configuration
from websakctl.source.patching import CannotPatch, Edit, patch
from websakctl.source.sections import TEMPLATES
from websakctl.source.tree import Map
from websakctl.source.writing import read_exactly


class NotWritten(Exception):
    """What was to be written is not what the config would then say; nothing was written."""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """One value, or one whole resource (``path`` empty), that goes into the config."""

    address: Address
    path: str
    before: Any
    after: Any
    file: str
    how: str  # "in place", "in the template", "as an override", "as an entry"


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """Something that does not go into the config, and why."""

    address: Address
    why: str


@dataclass(slots=True)
class WriteBack:
    """Edits by file, files that are new, what they say, and what was left out."""

    edits: dict[str, list[Edit]] = field(default_factory=dict)
    new: dict[str, str] = field(default_factory=dict)
    written: list[Written] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    unexplained: list[Address] = field(default_factory=list)  # overrides without a reason or an owner

    def edit(self, file: str, *edits: Edit) -> None:
        """Add edits to a file."""
        if edits:
            self.edits.setdefault(file, []).extend(edits)

    def add(self, other: "WriteBack") -> None:
        """Take over what another found."""
        for file, edits in other.edits.items():
            self.edit(file, *edits)
        self.new.update(other.new)
        self.written += other.written
        self.left += other.left
        self.unexplained += other.unexplained

    def files(self, root: Path) -> dict[str, str]:
        """The texts of all files that change, by path below ``root``.

        Raises:
            NotWritten: If a file cannot be changed so.
        """
        result = dict(self.new)
        for file, edits in self.edits.items():
            try:
                before = read_exactly(root / file)
                after = patch(before, edits)
            except CannotPatch as error:
                raise NotWritten(f"{file}: {error}") from error
            if after != before:
                result[file] = after
        return dict(sorted(result.items()))


def tried(root: Path, files: Mapping[str, str]) -> Configuration:
    """What the config would be with these files in it, valid or not."""
    return load_configuration(root, instead=files)


def sound(config: Configuration) -> Configuration:
    """The same config.

    Raises:
        NotWritten: If it is not valid.
    """
    if wrong := [f for f in config.findings if f.severity is Severity.ERROR]:
        first = wrong[0]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise NotWritten(f"{first.at.file}:{first.at.line}: {first.message} [{first.code}]{more}")
    return config


def at_fault(config: Configuration, among: Iterable[Address]) -> dict[Address, str]:
    """Which of these resources errors are about, and what they say."""
    starts: dict[str, list[tuple[int, Address]]] = {}
    for address in among:
        if (at := config.position_of(address)) is not None:
            starts.setdefault(at.file, []).append((at.line, address))
    result: dict[Address, str] = {}
    for finding in config.findings:
        if finding.severity is Severity.ERROR:
            above = [start for start in starts.get(finding.at.file, ()) if start[0] <= finding.at.line]
            if above:
                result.setdefault(max(above)[1], f"the config would not be valid: {finding.message} [{finding.code}]")
    return result


def section_path(document: Document, section: Map, plural: str) -> tuple[str, ...]:
    """Where a section stands in its file."""
    if document.top.get(plural) is section:
        return (plural,)
    for holder, inside in document.top.items():
        if isinstance(inside, Map) and inside.get(plural) is section:
            return (holder, plural)
    return (TEMPLATES, plural)
