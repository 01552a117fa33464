"""The ledger of consistency as a document for people, as rows for a spreadsheet, and what its letters may name."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from websakctl.consistency.ledger import Entry, Ledger
from websakctl.consistency.mending import Finding, Letter
from websakctl.consistency.sources import InFiks, InRegister, InWebsak, Source
from websakctl.report.texts import Language, translated
from websakctl.report.view_models import DocumentReport, Section, TableReport

SOURCES = tuple(Source)
_SIDES = ("subject", "key", "name", "district", *(source.value for source in SOURCES))
_FOUND = ("what", "key", "name", "district", "says", "wrong", "how", "command")
COLUMNS = (*_SIDES, "verdict", "what", "says", "wrong", "by", "how", "command", "letter")


def consistency_document(
    result: Ledger, websak: InWebsak, register: InRegister, fiks: InFiks, letters: Sequence[str] = ()
) -> DocumentReport:
    """Show what differs with who mends it, then what is unknown and why, then everything side by side.

    Args:
        result: The ledger.
        websak: Where Websak was looked at.
        register: Where the business register was.
        fiks: Where KS Fiks was.
        letters: Files that were written.
    """
    facts = [
        (Source.WEBSAK.called, _asked(websak.asked, "" if websak.units is not None else websak.no_units)),
        (Source.REGISTER.called, _asked(register.asked, register.why_not)),
        (Source.FIKS.called, _asked(fiks.asked, fiks.why_not)),
    ]
    sections = [
        Section(
            title="Unknown",
            columns=("of", "what", "how many", "why"),
            rows=[(u.source.called, f"{u.subject}s", u.count, u.why) for u in result.unknown],
        ),
        *(
            Section(
                title=f"For {who}",
                columns=_FOUND,
                rows=[_found(finding) for finding in result.findings if finding.by == who],
                first_to_go=("name", "district", "command"),
            )
            for who in dict.fromkeys(finding.by for finding in result.findings)
        ),
        Section(title="Not looked at", lines=result.notes),
        Section(title="Letters", lines=letters),
        Section(
            title="Side by side",
            columns=_SIDES,
            rows=[_sides(entry) for entry in result.entries if entry.verdict == "differs"],
            first_to_go=("subject", "district", "name"),
        ),
        Section(
            title="Unknown in part",
            columns=_SIDES,
            rows=[_sides(entry) for entry in result.entries if entry.verdict == "unknown"],
            folded=f"{result.count('unknown')} units and numbers (--expand lists them)",
        ),
        Section(
            title="Agreed by all",
            columns=_SIDES,
            rows=[_sides(entry) for entry in result.entries if entry.verdict == "agrees"],
            folded=f"{result.count('agrees')} units and numbers (--expand lists them)",
        ),
    ]
    return DocumentReport(
        title="Consistency of units and numbers",
        ok=bool(result.entries) and not result.findings and not result.unknown,
        verdict=verdict(result),
        facts=facts,
        sections=[section for section in sections if section.rows or section.lines],
        data={
            "format_version": 1,
            "checked": len(result.entries),
            "agree": result.count("agrees"),
            "differ": result.count("differs"),
            "unknown": [
                {"source": u.source.value, "subject": u.subject, "count": u.count, "why": u.why} for u in result.unknown
            ],
            "sources": {
                Source.WEBSAK.value: {
                    "asked": websak.asked,
                    "no_units": websak.no_units or None,
                    "no_numbers": websak.no_routes or None,
                },
                Source.REGISTER.value: {"asked": register.asked, "why_not": register.why_not or None},
                Source.FIKS.value: {"asked": fiks.asked, "why_not": fiks.why_not or None},
            },
            "notes": list(result.notes),
            "letters": list(letters),
            "entries": [_entry(entry) for entry in result.entries],
        },
    )


def verdict(result: Ledger) -> str:
    """The first line: what differs, and what could not be compared."""
    count, differ = len(result.findings), result.count("differs")
    if not result.entries:
        return "Nothing was compared: no unit or number is selected."
    if count:
        first = f"{count} disagreement{'s' * (count != 1)} about {differ} of {len(result.entries)} units and numbers."
    elif result.unknown:
        first = f"No disagreement was found, and {result.count('unknown')} of {len(result.entries)} units and numbers could not be compared with all four."
    else:
        return f"All four agree on {len(result.entries)} units and numbers."
    parts = [f"{u.source.called} on {u.count} {u.subject}{'s' * (u.count != 1)}" for u in result.unknown]
    return f"{first} Unknown: {', '.join(parts)}." if parts else first


def _asked(asked: str, why_not: str) -> str:
    return f"unknown: {why_not}" if why_not else asked


def _sides(entry: Entry) -> tuple[Any, ...]:
    return entry.subject, entry.key, entry.name, entry.district, *(_cell(entry, source) for source in SOURCES)


def _cell(entry: Entry, source: Source) -> str:
    cell = entry.cells[source]
    if cell.known == "absent":
        return f"absent ({cell.text})" if cell.text else "absent"
    return {"unknown": "not known", "none": "–"}.get(cell.known, cell.text)


def _wrong(finding: Finding) -> str:
    return finding.wrong.called if finding.wrong is not None else "cannot be known"


def _found(finding: Finding) -> tuple[Any, ...]:
    f = finding
    return f.what.value, f.key, f.name, f.district, f.detail, _wrong(f), f.how, f.command


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "subject": entry.subject,
        "key": entry.key,
        "district": entry.district,
        "name": entry.name,
        "verdict": entry.verdict,
        "says": {s.value: {"known": entry.cells[s].known, "text": entry.cells[s].text} for s in SOURCES},
        "findings": [
            {
                "what": f.what.value,
                "detail": f.detail,
                "wrong": f.wrong.value if f.wrong is not None else None,
                "by": f.by,
                "how": f.how,
                "command": f.command or None,
                "letter": f.letter or None,
            }
            for f in entry.findings
        ],
    }


def consistency_rows(result: Ledger) -> TableReport:
    """The same as one flat table: a row for each disagreement, and one for each unit or number without any."""
    rows = [
        (*_sides(entry), entry.verdict, *about)
        for entry in result.entries
        for about in ([_about(f) for f in entry.findings] or [("",) * 7])
    ]
    return TableReport(headline=verdict(result), columns=COLUMNS, rows=rows)


def _about(finding: Finding) -> tuple[str, ...]:
    f = finding
    return f.what.value, f.detail, _wrong(f), f.by, f.how, f.command, f.letter


def letters_of(result: Ledger) -> Mapping[tuple[Letter, str], Sequence[Finding]]:
    """The findings that others are asked to mend, by letter and district; KS is asked once for all districts."""
    found: dict[tuple[Letter, str], list[Finding]] = {}
    for finding in result.findings:
        if finding.letter:
            district = finding.district if finding.letter == "register" else ""
            found.setdefault((finding.letter, district), []).append(finding)
    return found


def letter_rows(findings: Iterable[Finding], language: Language) -> list[dict[str, str]]:
    """What a letter says of each number."""
    return [
        {"orgnr": f.key, "name": f.name, "detail": translated(f.detail, language), "how": translated(f.how, language)}
        for f in findings
    ]
