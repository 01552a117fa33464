"""What an export of Altinn's access management shows and leaves out, as a document. Persons are named only on demand."""

from collections.abc import Container, Mapping, Sequence
from typing import Any

from websakctl.model.district import District
from websakctl.operations.rollout.altinn_export import AltinnExport, unknown_numbers
from websakctl.report.view_models import DocumentReport, Section
from websakctl.rollout.altinn import Access, Evidence, Holder, Presence, Proof, incomplete
from websakctl.source.tables.report import group

_SHOWN = 20  # findings that are written out; JSON has them all


def altinn_document(
    export: AltinnExport,
    evidence: Evidence,
    proof: Proof,
    districts: Mapping[str, District],
    main: str | None,
    *,
    known: Container[str],
    gate: str | None,
    dated: bool,
    recorded: str | None,
    names: bool,
) -> DocumentReport:
    """Show which numbers lack holders, the worst first, and what of the export was not counted.

    Args:
        export: As it was read.
        evidence: What it came to.
        proof: Of the numbers that are to be shown.
        districts: By slug.
        main: The city's own number, at which nothing reaches the districts.
        known: Numbers of the config.
        gate: The readiness gate that is passed with it, if there is one.
        dated: Whether the day of the export was given.
        recorded: Where it was kept as evidence, if it was.
        names: Whether persons are named.
    """
    own = {district.orgnr for district in districts.values()}
    unknown = unknown_numbers(export, known)
    at_main = unknown.pop(main, 0) if main is not None else 0
    for orgnr in own:
        unknown.pop(orgnr, None)
    left_out = tuple(_left_out(export, unknown, main, at_main))
    bad = [access for access in proof.access if access.problems or access.doubts]
    ok = bool(proof.access) and not bad and not proof.flaw and not proof.doubt
    holders = ("holders", "at work", "not known", *(("names",) if names else ()))
    sections = [
        Section(
            title="What lacks",
            columns=("number", "name", "district", "mail", "what lacks"),
            rows=[(a.orgnr, a.name, a.district, a.package.mail, "; ".join(a.problems or a.doubts)) for a in bad],
        ),
        Section(
            title="Access packages",
            columns=("number", "name", "district", "mail", *holders),
            rows=[_row(access, names=names) for access in proof.access],
            first_to_go=("district", "holders", "name"),
        ),
        Section(title="What next", lines=_what_next(evidence, bad, gate, names=names)),
        Section(title="Not counted", lines=left_out),
        Section(title="Rows that could not be read", lines=_unread(export)),
    ]
    return DocumentReport(
        title="Access to mail in Altinn",
        ok=ok,
        verdict=" ".join(_verdict(evidence, proof, bad)),
        facts=[
            ("export", f"{export.table.file}, {export.rows} row{'s' * (export.rows != 1)}"),
            ("taken", f"{evidence.taken_on} by {evidence.taken_by or 'somebody'}" if dated else "on a day that was not given"),
            ("evidence", recorded or "not recorded"),
        ],
        sections=[section for section in sections if section.rows or section.lines],
        data={
            "format_version": 1,
            "ok": ok,
            "complete": not evidence.unread,
            "export": {
                "file": export.table.file, "rows": export.rows, "unread": evidence.unread,
                "taken_on": evidence.taken_on if dated else None, "taken_by": evidence.taken_by or None,
                "flaw": proof.flaw or None,
            },
            "recorded": recorded,
            "access": [_data(access, names=names) for access in proof.access],
            "unread": [{"place": f.place, "count": f.count, "message": f.message} for f in group(export.table, export.unread)],
            "dropped_columns": dict(export.dropped),
            "unknown_columns": list(export.passed_over),
            "unknown_numbers": dict(sorted(unknown.items())),
            "at_main_number": at_main,
            "other_packages": dict(sorted(export.other_packages.items())),
            "roles_of_altinn_2": export.of_altinn_2,
        },
    )  # fmt: skip


def _verdict(evidence: Evidence, proof: Proof, bad: Sequence[Access]) -> list[str]:
    text = []
    if (lost := incomplete(evidence)) is not None:
        text.append(f"Incomplete: {lost}.")
    if proof.flaw:
        text.append(f"{proof.flaw[0].upper()}{proof.flaw[1:]}.")
    numbers = {access.orgnr for access in proof.access}
    checked = f"({len(numbers)} number{'s' * (len(numbers) != 1)} checked)"
    wrong = {access.orgnr for access in bad if access.problems}
    doubtful = {access.orgnr for access in bad} - wrong
    if not numbers:
        text.append("No matching numbers.")
    elif wrong or doubtful:
        parts = [f"{len(wrong)} lack{'s' * (len(wrong) == 1)} holders"] if wrong else []
        parts += [f"{len(doubtful)} cannot be judged"] if doubtful else []
        text.append(f"Of the numbers, {' and '.join(parts)} {checked}.")
    else:
        text.append(f"Both access packages of every number have holders {checked}.")
    return text


def _what_next(evidence: Evidence, bad: Sequence[Access], gate: str | None, *, names: bool) -> list[str]:
    lines = []
    if evidence.unread:
        lines.append("rows that could not be read: correct them in Altinn or in the file, and look again")
    if any(access.problems for access in bad):
        lines.append("what lacks holders: give or take back access in Altinn, and record a new export with --record --on DATE --by ROLE")  # fmt: skip
    if any(not access.problems for access in bad):
        who = "" if names else "--names shows who they are; "
        attest = f"; or attest that they are at work: `websakctl attest {gate} DISTRICT --by ROLE --evidence TEXT`"
        lines.append(
            f"what cannot be judged: {who}list them as users with `websakctl users import FILE`{attest if gate else ''}"
        )
    return lines


def _row(access: Access, *, names: bool) -> tuple[Any, ...]:
    counts = (len(access.holders), access.count(Presence.HERE), access.count(Presence.UNKNOWN))
    named = (", ".join(_described(holder) for holder in access.holders),) if names else ()
    return access.orgnr, access.name, access.district, access.package.mail, *counts, *named


def _described(holder: Holder) -> str:
    if holder.presence is Presence.HERE:
        return holder.name
    return f"{holder.name} ({holder.presence}{f' {holder.day}' if holder.day else ''})"


def _left_out(export: AltinnExport, unknown: Mapping[str, int], main: str | None, at_main: int) -> Sequence[str]:
    lines = [
        f"{_cells(count)} of national identity numbers dropped, unread: the column {header!r}"
        for header, count in export.dropped.items()
    ]
    if export.passed_over:
        lines.append(f"columns that nobody knows, passed over: {', '.join(export.passed_over)}")
    if at_main:
        lines.append(f"{_rows(at_main)} at the main number {main}: what is given there does not reach the districts")
    if unknown:
        lines.append(f"{_rows(sum(unknown.values()))} at numbers that the config does not have: {_few(unknown)}")
    if export.other_packages:
        lines.append(f"{_rows(sum(export.other_packages.values()))} of other access packages: {_few(export.other_packages)}")  # fmt: skip
    if export.of_altinn_2:
        lines.append(f"{_rows(export.of_altinn_2)} of roles of Altinn 2, which closed on 19 June 2026: they give nothing any more")  # fmt: skip
    return lines


def _few(counted: Mapping[str, int]) -> str:
    items = [f"{name} ({count})" for name, count in sorted(counted.items())]
    more = [f"and {len(items) - _SHOWN} more"] if len(items) > _SHOWN else []
    return ", ".join([*items[:_SHOWN], *more])


def _rows(count: int) -> str:
    return f"{count} row{'s' * (count != 1)}"


def _cells(count: int) -> str:
    return f"{count} cell{'s' * (count != 1)}"


def _unread(export: AltinnExport) -> list[str]:
    found = group(export.table, export.unread)
    lines = [f"{f.place}: {f.message}" for f in found[:_SHOWN]]
    return [*lines, *([f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else [])]


def _data(access: Access, *, names: bool) -> dict[str, Any]:
    return {
        "orgnr": access.orgnr,
        "name": access.name,
        "district": access.district,
        "package": access.package.value,
        "holders": {"total": len(access.holders), **{str(p): access.count(p) for p in Presence}},
        "names": [holder.name for holder in access.holders] if names else None,
        "problems": list(access.problems),
        "doubts": list(access.doubts),
    }
