"""``export`` and ``import``: the setup as a workbook, and the cells that somebody changed back into the files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from websakctl import __version__
from websakctl.cli.begin import begin_entries, read_list
from websakctl.cli.change.by_hand import manual_config_input
from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.options import Batch, Call, Districts, KindNames, Lang, SelectionOptions, command, language_of
from websakctl.cli.session import Session, require_file, require_xlsx, write_workbook
from websakctl.cli.today import today_in_oslo
from websakctl.cli.write_back import (
    AutoApprove,
    Force,
    Owner,
    Reason,
    carry_out,
    check_explained,
    in_repository,
    report,
)
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websakctl.operations.config.import_workbook import Conflict, Edit, WorkbookEdits
    from websakctl.plan.selection import Selection
    from websakctl.report.texts import Language
    from websakctl.report.workbook import Cover, PlainSheet
    from websakctl.source.configuration import Configuration

SHOWN = 50  # findings and conflicts that are written out; JSON has them all
Out = Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="The workbook.")]
Users = Annotated[bool, typer.Option("--users", help="Users too: the workbook then holds personal data.")]
Overwrite = Annotated[bool, typer.Option("--force", help="Write over a workbook that is there.")]
ListKind = Annotated[
    str | None, typer.Option("--kind", metavar="KIND", help="FILE is a list of new resources of this kind.")
]
Take = Annotated[
    str | None,
    typer.Option(
        "--on-conflict",
        metavar="workbook|config",
        help="What counts where a cell was changed in both (default: nothing is written).",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "export", example="websakctl export oppsett.xlsx --district frogner")(export)
    command(app, "import", example="websakctl import oppsett.xlsx")(import_)


def export(
    call: Call,
    file: Out,
    users: Users = False,
    lang: Lang = "nb",
    district: Districts = None,
    kind: KindNames = None,
    batch: Batch = None,
    force: Overwrite = False,
) -> None:
    """Write the setup as a workbook, a sheet for each kind, for those who do not read YAML. Reads only config and journal.

    `websakctl import` takes the cells that somebody changed back into the files. Users are included only with --users, and
    national identity numbers never.
    """
    from websakctl.kinds import all_kinds
    from websakctl.operations.config.sheets import sheets_of
    from websakctl.report.texts import text
    from websakctl.report.workbook import workbook

    language = language_of(lang)
    require_xlsx(file)
    session = Session(call)
    config = session.valid_config()
    selection = SelectionOptions(district=district, kind=kind, batch=batch).selection(session.config)
    if file.exists() and not force:
        raise Problem(
            f"{file} is there already; nothing was written", Exit.REFUSED, "take it in with `websakctl import`, name another, or --force"
        )  # fmt: skip
    with_users = users or "user" in selection.kinds
    chosen = [a for a in (*config.whole, *config.dormant) if a in selection and (with_users or a.kind != "user")]
    sheets = sheets_of(config, all_kinds(), chosen, language=language, for_all=text("All districts", language))
    keys: dict[tuple[str, str], list[str]] = {}
    for address in config.whole:
        keys.setdefault((address.kind, address.scope), []).append(address.key)
    keys["district", "base"] = list(config.districts)
    content = workbook(_cover(session), sheets, list(_plain_sheets(session, selection, language)), keys, language)
    write_workbook(file, content)
    rows = [(sheet.title, sheet.kind.name, len(sheet.rows)) for sheet in sheets]
    data = {"file": str(file), "sheets": [{"title": t, "kind": k, "rows": n} for t, k, n in rows]}
    headline = f"Wrote {sum(n for _, _, n in rows)} resources into {file}."
    session.write(TableReport(headline=headline, columns=("sheet", "kind", "rows"), rows=rows, data=data))
    if with_users and any(sheet.kind.name == "user" for sheet in sheets):
        session.terminal.warn(f"note: {file} holds personal data: not for git, and for its owner only")


def _cover(session: Session) -> "Cover":
    from websakctl.plan.decide import digest
    from websakctl.report.workbook import Cover

    commit, dirty = _commit(session)
    return Cover(
        environment=session.target.name,
        commit=commit,
        dirty=dirty,
        digest=digest(session.config.state),
        today=today_in_oslo(),
        tool_version=__version__,
    )


def _commit(session: Session) -> tuple[str, bool]:
    """The commit that is checked out, and whether config or districts differ from it; nothing where git cannot say."""
    from websakctl.state.git import Git, GitError

    if not in_repository(session.root):
        return "", False
    git = Git(session.root)
    try:
        commit = git.ref("HEAD") or ""
        changed = git.run("status", "--porcelain", "-z", "--untracked-files=all", "--", "config", "districts")
    except GitError as error:
        raise Problem(f"cannot tell which commit this is ({error}); nothing was written", Exit.REFUSED, "correct that: the workbook says which commit it is from") from None  # fmt: skip
    return commit, bool(changed) or not commit


def _plain_sheets(session: Session, selection: "Selection", language: "Language") -> "Iterator[PlainSheet]":
    """What is only looked at: the districts, and the work list, whose items can be ticked."""
    from websakctl.kinds import all_kinds
    from websakctl.operations.rollout.work_list import work_list
    from websakctl.report.texts import text
    from websakctl.report.work_list import Wording, rows
    from websakctl.report.workbook import PlainSheet

    districts = [d for d in session.config.districts.values() if not selection.scopes or d.slug in selection.scopes]
    yield PlainSheet(
        name="districts",
        title=text("Districts", language),
        columns=tuple(
            text(name, language) for name in ("Number", "Name", "Short name", "Organisation number", "Folder")
        ),
        rows=[(d.number, d.name, d.short_name, d.orgnr, d.slug) for d in districts],
    )
    listed = rows(
        work_list(manual_config_input(session)).chosen(selection),
        Wording(all_kinds(), session.config.districts, language),
    )
    if listed.rows:
        yield PlainSheet(
            name="work_list",
            title=text("Work list", language),
            columns=listed.columns,
            rows=[("", *row[1:]) for row in listed.rows],
            open_columns={0: ("x",)},
        )


def import_(
    call: Call,
    file: Out,
    on_conflict: Take = None,
    kind: ListKind = None,
    district: Districts = None,
    reason: Reason = None,
    owner: Owner = None,
    auto_approve: AutoApprove = False,
    force: Force = False,
) -> None:
    """Take a workbook of the setup back: only changed cells become edits, each written where the value stands.

    Shows the difference and asks first. Cells that were changed in the config too since the workbook was made are conflicts:
    they are listed, and nothing is written until it is said what counts. A row that is missing removes nothing.

    With --kind, FILE is a list of your own (CSV or XLSX, one resource a row): what the config lacks of it becomes entries.
    """
    from websakctl.kinds import all_kinds
    from websakctl.operations.config.import_workbook import (
        differs_from,
        new_values,
        read_workbook_of_setup,
    )
    from websakctl.operations.config.placing import Placer, Why
    from websakctl.operations.config.write_back import NotWritten, sound, tried
    from websakctl.source.documents import read_documents
    from websakctl.source.tables.read import read_tables
    from websakctl.source.tables.table import TableError

    if on_conflict not in (None, "workbook", "config"):
        raise Problem(f"--on-conflict {on_conflict} is neither workbook nor config", Exit.USAGE)
    session = Session(call)
    require_file(file, "`websakctl export FILE.xlsx` writes one")
    config, kinds = session.valid_config(), all_kinds()
    if kind is not None:
        if kind not in kinds:
            raise UnknownName("kind", kind, kinds)
        rows = read_list(session, file, kinds[kind], district)
        begin_entries(session, kinds[kind], rows, auto_approve=auto_approve, force=force)
        return
    if district:
        raise Problem(
            "--district is for a list (--kind)", Exit.USAGE, "a workbook says itself which district each row is of"
        )
    try:
        result = read_workbook_of_setup(read_tables(file, hidden=True), config, kinds)
    except TableError as error:
        raise Problem(str(error), Exit.INVALID, error.what_next) from None
    _tell(session, result, file)
    if result.conflicts and on_conflict is None:
        _refuse_conflicts(session, result.conflicts, file)
    edits = [*result.edits, *(c.edit for c in result.conflicts if on_conflict == "workbook")]
    placer = Placer(
        config,
        kinds,
        read_documents(session.root),
        Why(reason=reason, owner=owner),
        source="the workbook",
        instead="change it in every district's row, or leave it as it was",
    )
    results = placer.place(new_values(edits, config, kinds))
    check_explained(results)
    left = {entry.address for entry in results.left}
    try:
        files = results.files(session.root)
        after = tried(session.root, files)
        _refuse_invalid(session, edits, after, file)
        if wrong := differs_from([e for e in edits if e.address not in left], config, sound(after), kinds):
            raise NotWritten(wrong)
    except NotWritten as error:
        raise Problem(f"it cannot be written: {error}", Exit.FAILED, "correct the cell, or write it by hand") from None
    if files:
        carry_out(session, files, auto_approve=auto_approve, force=force)
    report(session, results, files, "taken over", source="the workbook")


def _refuse_invalid(session: Session, edits: "list[Edit]", after: "Configuration", file: Path) -> None:
    """Tell at the cells what the config would break.

    Raises:
        Problem: If it would not be valid.
    """
    from websakctl.operations.config.write_back import at_fault

    blamed = {} if after.valid else at_fault(after, {edit.address for edit in edits})
    if not blamed:
        return
    errors = []
    for address, why in blamed.items():
        cells = ", ".join(edit.place for edit in edits if edit.address == address)
        errors.append({"cell": cells, "message": f"{address}: {why}", "help": ""})
    _complain(session, file, errors)


def _tell(session: Session, result: "WorkbookEdits", file: Path) -> None:
    """What the workbook is from, and what is wrong with it.

    Raises:
        Problem: If a cell cannot be taken; then nothing is.
    """
    from websakctl.report.formats.text import safe
    from websakctl.source.tables.report import group

    origin = result.origin
    session.terminal.say(
        f"Read {file.name}: made from {origin.commit[:10] or 'no commit'}, environment {origin.environment}."
    )
    for note in result.notes:
        session.terminal.warn(f"note: {safe(note)}")
    if not result.findings:
        return
    tables = {id(table): table for table, _ in result.findings}
    groups = [one for table in tables.values() for one in group(table, [f for t, f in result.findings if t is table])]
    _complain(session, file, [{"cell": one.place, "message": one.message, "help": one.help} for one in groups])


def _complain(session: Session, file: Path, errors: "list[dict[str, str]]") -> None:
    """Show what is wrong with cells, and end the command."""
    from websakctl.redaction import redact, redacted
    from websakctl.report.formats.text import safe

    for one in errors[:SHOWN]:
        session.terminal.error(redact(safe(f"{one['cell']}: {one['message']}")), redact(safe(one["help"])))
    if len(errors) > SHOWN:
        session.terminal.error(f"and {len(errors) - SHOWN} more; --format json has them all")
    if session.call.format == "json":
        data = redacted({"format_version": 1, "file": str(file), "files": [], "errors": errors, "conflicts": []})
        session.write(TableReport(headline="", columns=(), rows=(), data=data))
    raise Problem(
        f"{file.name} cannot be taken over; nothing was written", Exit.INVALID, "correct the cells, or put back what stood there"
    )  # fmt: skip


def _refuse_conflicts(session: Session, conflicts: "list[Conflict]", file: Path) -> None:
    from websakctl.redaction import redact, redacted
    from websakctl.report.formats.text import safe

    reported = [
        {
            "cell": one.edit.place,
            "address": str(one.edit.address),
            "field": one.edit.field,
            "before": one.edit.before,
            "workbook": one.edit.after,
            "config": one.config,
        }
        for one in conflicts
    ]
    for one in reported[:SHOWN]:
        message = f"conflict at {one['cell']}: {one['address']}: {one['field']} was {one['before']!r}; the workbook says {one['workbook']!r}, the config {one['config']!r}"  # fmt: skip
        session.terminal.warn(redact(safe(message)))
    if len(reported) > SHOWN:
        session.terminal.warn(f"and {len(reported) - SHOWN} more conflicts; --format json has them all")
    if session.call.format == "json":
        data = redacted({"format_version": 1, "file": str(file), "files": [], "errors": [], "conflicts": reported})
        session.write(TableReport(headline="", columns=(), rows=(), data=data))
    count = len(reported)
    raise Problem(
        f"{count} cell{'s' * (count != 1)} of {file.name} {'were' if count != 1 else 'was'} changed in the config too; nothing was written",
        Exit.REFUSED,
        "say what counts: --on-conflict workbook, or --on-conflict config",
    )
