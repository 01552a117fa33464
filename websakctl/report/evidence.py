"""The evidence as files: an index, a CSV file for each part, and what tells whether one of them was changed."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from websakctl.operations.review.evidence import Cell, Evidence, Part, in_oslo
from websakctl.redaction import redact
from websakctl.report.formats.csv import for_excel
from websakctl.report.pages.evidence import EvidencePage, csv_name, tell
from websakctl.report.texts import Language, marked, text
from websakctl.report.view_models import TableReport

INDEX, MANIFEST, SUMS = "index.html", "manifest.json", "SHA256SUMS"


def evidence_files(evidence: Evidence, language: Language, *, tool: str) -> dict[str, bytes]:
    """Every file by name. The same evidence gives the same bytes.

    ``SHA256SUMS`` holds the digest of each of the others, as ``sha256sum --check`` reads it.
    """
    page = EvidencePage(evidence=evidence, tool=tool)
    files = {csv_name(part): _csv(part, language) for part in evidence.parts}
    files[INDEX] = marked(redact(page.render(language)), language).encode()
    files[MANIFEST] = _json({**_about(evidence), "tool": tool, "files": _digests(files)})
    rows = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    files[SUMS] = "".join(rows).encode()
    return files


def evidence_table(evidence: Evidence, folder: str, files: Mapping[str, bytes]) -> TableReport:
    """What was written, for the terminal and for scripts; the first line says whether something is missing."""
    headline = f"Written to {folder}: {len(files)} files."
    if not evidence.complete:
        headline = f"INCOMPLETE: {'; '.join(evidence.gaps)}.\n{headline}"
    notes = (
        ["The config has changes that are not committed; they are no part of it."]
        if evidence.config.uncommitted
        else []
    )
    return TableReport(
        headline=headline,
        columns=("part", "rows", "missing", "file"),
        rows=[(part.title, len(part.rows), len(part.missing), csv_name(part)) for part in evidence.parts],
        notes=notes,
        first_to_go=("file",),
        data={
            **_about(evidence),
            "folder": folder,
            "uncommitted": evidence.config.uncommitted,
            "parts": [
                {"name": p.name, "file": csv_name(p), "rows": len(p.rows), "missing": list(p.missing)}
                for p in evidence.parts
            ],
            "files": _digests(files),
        },
    )


def _about(evidence: Evidence) -> dict[str, Any]:
    journal = evidence.journal
    return {
        "complete": evidence.complete,
        "incomplete_because": list(evidence.gaps),
        "as_of": evidence.as_of.isoformat(),
        "environment": evidence.environment,
        "names": evidence.named,
        "config": {"commit": evidence.config.sha, "committed_at": in_oslo(evidence.config.at)},
        "state": {
            "branch": journal.branch or None,
            "commit": journal.commit or None,
            "entries": len(journal.all_entries),
            "digest": journal.digest,
        },
    }


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: f"sha256:{hashlib.sha256(content).hexdigest()}" for name, content in sorted(files.items())}


def _json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps({"format_version": 1, **document}, ensure_ascii=False, indent=2) + "\n").encode()


def _csv(part: Part, language: Language) -> bytes:
    return for_excel(
        TableReport(
            headline="",
            columns=[text(column, language) for column in part.columns],
            rows=[[_marked(tell(cell, language), language) for cell in row] for row in part.rows],
        )
    ).encode()


def _marked(cell: Cell, language: Language) -> Cell:
    return marked(cell, language) if isinstance(cell, str) else cell
