"""``users``: who works in the districts, from files of HR."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from websakctl.cli.change.plan import Expand, Out, Refresh, make_config_input, read_live, save_plan
from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Batch, Call, Districts, SelectionOptions, command
from websakctl.cli.session import Session, require_file
from websakctl.cli.today import today_in_oslo
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from websakctl.operations.rollout.import_users import Import
    from websakctl.source.configuration import Configuration

group = typer.Typer(name="users", help="Users of the districts, from files of HR.", no_args_is_help=True)
SHOWN = 50  # findings that are written out; JSON has them all

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX.", show_default=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan, and write no file.")]
Add = Annotated[bool, typer.Option("--add", help="The file only adds: people who are not in it stay.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(group, "import", example="websakctl users import ansatte.xlsx --district frogner --dry-run")(import_)
    command(group, "list", example="websakctl users list --district frogner", formats=("text", "json", "csv"))(list_)
    app.add_typer(group)


def import_(
    call: Call,
    file: File,
    dry_run: DryRun = False,
    add: Add = False,
    out: Out = None,
    expand: Expand = False,
    district: Districts = None,
    batch: Batch = None,
    refresh: Refresh = None,
) -> None:
    """Read a file of HR into the districts' users, and show the plan. It is taken whole, or not at all.

    Whoever is no longer in the file leaves the district's users, and is deactivated by the next apply.
    """
    from websakctl.operations.change.make_plan import make_plan
    from websakctl.operations.change.read_setup import guarded

    if dry_run and out is not None:
        raise Problem("--dry-run writes nothing, so there is nothing to save a plan for", Exit.USAGE, "leave one out")
    session = Session(call)
    set_aside = put_aside(session)
    scopes = SelectionOptions(district=district, batch=batch).selection(session.config).scopes
    result, files = prepare(session, file, scopes, add=add, set_aside=set_aside)
    selection = SelectionOptions(district=list(result.districts), kind=["user"]).selection(session.config)
    inputs = make_config_input(session, selection, None, refresh)
    live = read_live(session, inputs)
    plan = guarded(
        session.connection,
        inputs,
        make_plan(live.tell(inputs), live.state),
        live.state,
        session.target.described.own_user,
    )
    report = session.plan_report(plan, live)
    if not dry_run:
        write(session, files)
        if out is not None:
            save_plan(session, out, report)
    if call.format == "json":
        session.write(
            TableReport(
                headline="",
                columns=(),
                rows=(),
                data={**_as_json(result, written=not dry_run), "plan": report.document},
            )
        )
    else:
        session.write(report, expand=expand)
        if not dry_run and out is None and plan.changes:
            session.terminal.say("To carry it out:\n  websakctl apply --kind user")


def put_aside(session: Session) -> tuple[str, ...]:
    """Where the config is not valid, go on with one that lacks the files of users: what an import replaces is not judged.

    An import that was killed between two files leaves people in both or in none.

    Returns:
        The files that were left out; none where the config is valid.

    Raises:
        Problem: If it is not valid without them either.
    """
    from websakctl.source.load import load_configuration

    if session.config.valid:
        return ()
    names = (f"users/{slug}.yaml" for slug in session.config.described)
    set_aside = tuple(sorted(name for name in names if (session.root / name).exists()))
    session.config = load_configuration(session.root, today_in_oslo(), dict.fromkeys(set_aside))
    session.valid_config()
    return set_aside


def prepare(
    session: Session, file: Path, only: frozenset[str], *, add: bool = False, set_aside: tuple[str, ...] = ()
) -> "tuple[Import, dict[str, str]]":
    """Understand a file, and make it part of the session's config without writing it.

    Args:
        session: Whose config it is.
        file: From HR.
        only: Slugs of districts; see ``read_people``.
        add: Whether people who are not in the file stay.
        aside: Files of users that the session's config lacks; those of districts that are not in the file count again.

    Returns:
        What was understood, and the texts of the districts' files of users, for ``write_all``.

    Raises:
        Problem: If any row is not in order; all that is wrong has been shown.
    """
    from websakctl.operations.rollout.import_users import UnreadableError, files_of, listed_in_files, read_people
    from websakctl.source.load import load_configuration
    from websakctl.source.tables.read import read_tables
    from websakctl.source.tables.table import TableError

    if (owner := session.target.described.owners.get("user")) is not None:
        raise Problem(
            f"{owner} owns users in {session.target.name}, and they are not written from here",
            Exit.REFUSED,
            "have the people changed there; `owners:` in config/websak.yaml says who owns what",
        )
    require_file(file, "name the file from HR")
    try:
        tables = read_tables(file)
        result = read_people(tables, session.config, only=only, add=add)
        if set_aside and not result.findings:
            replaced = [f"users/{slug}.yaml" for slug in result.districts]
            listed = listed_in_files(session.root, replaced)
            session.config = load_configuration(session.root, today_in_oslo(), dict.fromkeys(replaced))
            session.valid_config()
            result = read_people(tables, session.config, only=only, add=add, listed=listed)
    except TableError as error:
        raise Problem(str(error), Exit.INVALID, error.what_next) from None
    except UnreadableError as error:
        raise Problem(
            f"{error}, so what HR does not tell of its users would be lost; nothing was written",
            Exit.INVALID,
            "correct the file, or move it away; `websakctl validate` says what is wrong",
            findings=error.findings,
        ) from None
    _tell(session, result)
    if result.findings:
        _complain(session, result)
    files = files_of(result, add=add)
    session.config = load_configuration(session.root, today_in_oslo(), files)
    session.valid_config()
    return result, files


def write(session: Session, files: dict[str, str]) -> None:
    """Write what was prepared, every file or none."""
    from websakctl.operations.rollout.import_users import write_all

    try:
        write_all(session.root, files)
    except OSError as error:
        raise Problem(f"cannot write {error.filename}: {error.strerror}; nothing was written") from None
    session.terminal.say(f"Wrote {', '.join(files)}.")


def _tell(session: Session, result: "Import") -> None:
    """How the file was read, and what was made of it."""
    from websakctl.report.formats.text import safe

    say = session.terminal.say
    columns = ", ".join(f"{name}: {safe(header)}" for name, header in result.columns.items())
    say(f"Read {safe(result.table.file)} ({safe(result.table.about)}).")
    if columns:
        say(f"Columns: {columns}.")
    if result.passed_over:
        say(f"Passed over: {', '.join(map(safe, result.passed_over))}.")
    for note in result.notes:
        session.terminal.warn(f"note: {safe(note)}")
    if not result.findings:
        for slug in result.districts:
            count = sum(1 for person in result.people if person.district == slug)
            left = f", {len(result.left[slug])} no longer" if result.left.get(slug) else ""
            say(f"  {slug}: {count} user{'s' * (count != 1)}{left}{_elsewhen(result, slug)}")


def _elsewhen(result: "Import", slug: str) -> str:
    """How many of a district start later, and how many have left."""
    day = today_in_oslo().isoformat()
    fields = [person.fields for person in result.people if person.district == slug]
    later = sum(1 for each in fields if each.get("valid_from", day) > day)
    ended = sum(1 for each in fields if each.get("valid_to", day) < day)
    return f", {later} start{'s' * (later == 1)} later" * bool(
        later
    ) + f", {ended} ha{'s' if ended == 1 else 've'} left" * bool(ended)


def _complain(session: Session, result: "Import") -> None:
    """Show every finding with its cells, and end the command."""
    from websakctl.redaction import redact
    from websakctl.report.formats.text import safe
    from websakctl.source.tables.report import group

    groups = group(result.table, result.findings)
    for one in groups[:SHOWN]:
        session.terminal.error(redact(safe(f"{one.place}: {one.message}")), redact(safe(one.help)))
    if len(groups) > SHOWN:
        session.terminal.error(f"and {len(groups) - SHOWN} more; --format json has them all")
    if session.call.format == "json":
        session.write(TableReport(headline="", columns=(), rows=(), data=_as_json(result, written=False)))
    rows = len({one.row for one in result.findings})
    raise Problem(
        f"{rows} row{'s' * (rows != 1)} of {safe(result.table.file)} cannot be taken; nothing was written",
        Exit.INVALID,
        "fix the file, or the rules under user_import: in config/websak.yaml; docs/users.md tells more",
    )


def _as_json(result: "Import", *, written: bool) -> dict[str, Any]:
    from websakctl.redaction import redacted

    document: dict[str, Any] = redacted(
        {
            "format_version": 1,
            "file": result.table.file,
            "read_as": result.table.about,
            "columns": result.columns,
            "passed_over": list(result.passed_over),
            "written": written,
            "districts": {
                slug: {
                    "users": sum(1 for p in result.people if p.district == slug),
                    "left": result.left.get(slug, []),
                }
                for slug in result.districts
            },
            "errors": [
                {
                    "row": f.row,
                    "column": f.column,
                    "cell": result.table.reference(f.row, f.column),
                    "message": f.message,
                    "help": f.help,
                }
                for f in result.findings
            ],
        }
    )
    return document


def list_(call: Call, district: Districts = None, batch: Batch = None) -> None:
    """List the users in the config, district by district. No network."""
    session = Session(call)
    config = session.valid_config()
    scopes = SelectionOptions(district=district, batch=batch).selection(session.config).scopes
    rows = list(_rows(config, scopes))
    columns = ("district", "code", "name", "role", "unit", "e-mail")
    data = [dict(zip(("district", "code", "name", "role", "unit", "email"), row, strict=True)) for row in rows]
    users, districts = len(rows), len({row[0] for row in rows})
    reported = f"{users} user{'s' * (users != 1)} in {districts} district{'s' * (districts != 1)}."
    if not rows:
        reported = "No district lists its users; `websakctl users import FILE` reads them from HR."
    session.write(
        TableReport(headline=reported, columns=columns if rows or call.format == "csv" else (), rows=rows, data=data)
    )


def _rows(config: "Configuration", scopes: frozenset[str]) -> "list[tuple[str, ...]]":
    return [
        (a.scope, a.key, u.fields["name"], u.fields["role"], u.fields["unit"], u.fields.get("email") or "")
        for a, u in sorted(config.state.items())
        if a.kind == "user" and (not scopes or a.scope in scopes)
    ]
