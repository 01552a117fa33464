"""Entries begun from a list: read, shown, asked about, and written."""

from pathlib import Path
from typing import TYPE_CHECKING

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import SelectionOptions
from websakctl.cli.session import Session, require_file
from websakctl.cli.write_back import carry_out, report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from websakctl.model.kind import Kind


def read_list(
    session: Session, file: Path, kind: "Kind", district: list[str] | None
) -> "dict[tuple[str, str], Mapping[str, Any]]":
    """Read a list of one's own: fields by scope and full key.

    Raises:
        Problem: If a cell cannot be read, or a row does not say its district; then nothing is taken.
    """
    from websakctl.model.address import BASE
    from websakctl.model.kind import Scoping
    from websakctl.source.export_file import ExportError, read_export

    require_file(file, "name the list: CSV or XLSX")
    scopes = SelectionOptions(district=district).selection(session.config).scopes
    alone = next(iter(scopes)) if len(scopes) == 1 else None
    try:
        result = read_export(file, kind, session.config.districts, alone)
    except ExportError as error:
        raise Problem(f"{file.name} cannot be used; nothing was written\n  {error}", Exit.INVALID, f"`websakctl explain {kind.name}` names the fields") from None  # fmt: skip
    except OSError as error:
        raise Problem(f"cannot read {file}: {error.strerror}") from None
    if result.ignored:
        session.terminal.say(f"note: {file.name}: not a field of {kind.name}, left out: {', '.join(result.ignored)}")
    rows: dict[tuple[str, str], Mapping[str, Any]] = {}
    for (scope, key), fields in result.rows.items():
        where = scope or (BASE if kind.scoping is Scoping.BASE else None)
        if where is None:
            raise Problem(f"{file.name}: no district is named for {key}", Exit.INVALID, "give the list a column Bydel, or name it: --district SLUG")  # fmt: skip
        if scopes and where not in scopes:
            raise Problem(f"{file.name}: {key} is of {where}, which is not among the districts that were asked for", Exit.INVALID, "leave the row out")  # fmt: skip
        rows[where, key] = fields
    return rows


def begin_entries(
    session: Session,
    kind: "Kind",
    rows: "Mapping[tuple[str, str], Mapping[str, Any]]",
    *,
    auto_approve: bool,
    force: bool,
) -> None:
    """Show what the rows come to as entries, ask, and write them."""
    from websakctl.kinds import all_kinds
    from websakctl.operations.config.begin import begin
    from websakctl.operations.config.write_back import NotWritten

    try:
        result, files, already = begin(session.root, session.config, all_kinds(), kind, rows)
    except NotWritten as error:
        raise Problem(f"it cannot be written: {error}", Exit.FAILED, "correct the list, or write it by hand") from None
    if already:
        session.terminal.say(f"note: {already} of {len(rows)} {'are' if already != 1 else 'is'} in the config already, and left as {'they are' if already != 1 else 'it is'}")  # fmt: skip
    if files:
        carry_out(session, files, auto_approve=auto_approve, force=force)
    report(session, result, files, "taken over", source="the list")
