"""The index of the evidence for an inspection, in bokmål or English."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from websakctl.operations.review.evidence import Cell, Evidence, Part, Told, in_oslo
from websakctl.report.pages import page
from websakctl.report.texts import Language, text, translated
from websakctl.report.texts.dates import day

_MOST_ROWS = 60  # of a part; the rest is in its CSV file, where it can be sorted
_SHORT = 10  # characters of a commit that people see


class EvidencePage(msgspec.Struct, frozen=True, kw_only=True):
    """What the index shows. ``tool``: name and version of this program."""

    evidence: Evidence
    tool: str

    def render(self, language: Language) -> str:
        """Write the page."""
        return page("evidence.html", dict(self._values(language)), language)

    def _values(self, language: Language) -> Iterable[tuple[str, Any]]:
        evidence = self.evidence
        yield "evidence", evidence
        yield "head", self._head(language)
        yield "parts", [_shown(part, language) for part in evidence.parts]
        yield "gaps", [translated(gap, language) for gap in evidence.gaps]
        yield "again", self._again()

    def _head(self, language: Language) -> list[tuple[str, str]]:
        config, journal = self.evidence.config, self.evidence.journal
        state = journal.commit[:_SHORT] if journal.commit else text("on one machine", language)
        return [
            (text("Environment", language), self.evidence.environment),
            (text("As of", language), day(self.evidence.as_of, language)),
            (text("Config", language), f"{config.sha[:_SHORT]} ({in_oslo(config.at)})"),
            (text("Journal", language), f"{state}, {text('{n} entries', language, n=len(journal.all_entries))}"),
            (text("Tool", language), self.tool),
        ]

    def _again(self) -> str:
        """The command that makes the same once more."""
        evidence = self.evidence
        state = f" --state-commit {evidence.journal.commit}" if evidence.journal.commit else ""
        names = " --names" if evidence.named else ""
        return f"websakctl evidence --environment {evidence.environment} --as-of {evidence.as_of}{state}{names} --out FOLDER"


def csv_name(part: Part) -> str:
    """The file of a part."""
    return f"{part.name}.csv"


def tell(cell: Cell, language: Language) -> Cell:
    """A cell in a language: what the tool says is translated, all else stays."""
    if not isinstance(cell, Told):
        return cell
    return "; ".join(translated(sentence, language) for sentence in cell.split("; "))


def _shown(part: Part, language: Language) -> dict[str, Any]:
    few = part.to_read and len(part.rows) <= _MOST_ROWS
    return {
        "name": part.name,
        "file": csv_name(part),
        "title": text(part.title, language),
        "count": len(part.rows),
        "missing": [translated(sentence, language) for sentence in part.missing],
        "notes": [translated(sentence, language) for sentence in part.notes],
        "columns": [text(column, language) for column in part.columns],
        "rows": [[tell(cell, language) for cell in row] for row in part.rows] if few else [],
        "few": few,
        "counts": [] if few else _counts(part, language),
    }


def _counts(part: Part, language: Language) -> list[tuple[str, int]]:
    """How many rows of a long part stand at each of what the tool says in its last such column."""
    columns = [i for i in range(len(part.columns)) if any(isinstance(row[i], Told) and row[i] for row in part.rows)]
    if not columns:
        return []
    found = Counter(str(row[columns[-1]]) for row in part.rows if row[columns[-1]])
    return [(translated(name, language), count) for name, count in sorted(found.items())]
