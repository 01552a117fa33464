"""``consistency``: one ledger of what the config, Websak, the business register and KS Fiks have of units and numbers."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli.change.plan import DetailedExit, Expand
from websakctl.cli.exits import Exit, Problem, UnknownChoice
from websakctl.cli.options import Batch, Call, Districts, Lang, SelectionOptions, command, language_of
from websakctl.cli.rollout.suborgs import Files, fiks_connection, in_register
from websakctl.cli.session import Session, require_file, require_xlsx, write_workbook
from websakctl.cli.today import today_in_oslo
from websakctl.model.address import BASE

if TYPE_CHECKING:
    from websakctl.consistency.ledger import Desired, Ledger
    from websakctl.consistency.sources import InFiks, InRegister, InWebsak
    from websakctl.live.errors import LiveError
    from websakctl.report.texts import Language

FORMATS = ("text", "json", "markdown", "html", "csv")
UNITS, NUMBERS, REGISTRATIONS = "org_unit", "sub_org", "fiks"
Exported = Annotated[
    list[str] | None,
    typer.Option(
        "--export",
        metavar="KIND=FILE",
        help="What Websak has, as exported from it: org_unit=FILE or sub_org=FILE, CSV or XLSX (repeatable); Websak is not asked.",
    ),
]
SnapshotName = Annotated[
    str | None,
    typer.Option("--snapshot", metavar="NAME", help="What Websak had, from a snapshot; Websak is not asked."),
]
FiksFile = Annotated[
    Path | None,
    typer.Option("--fiks", metavar="FILE", help="What is registered at KS Fiks, CSV or XLSX; KS Fiks is not asked."),
]
Whole = Annotated[
    list[str] | None,
    typer.Option(
        "--whole",
        metavar="org_unit|sub_org|fiks",
        help="This file holds all there is: what it does not name is not there (repeatable). Otherwise that is unknown.",
    ),
]
Offline = Annotated[bool, typer.Option("--offline", help="Ask no server; what no file tells is unknown.")]
Letters = Annotated[
    Path | None,
    typer.Option(
        "--letters", metavar="DIR", help="Also write the letters to those who correct what is not ours, as DOCX."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Write over letters that are there.")]
Workbook = Annotated[
    Path | None, typer.Option("--xlsx", metavar="FILE", help="Also write the ledger as a workbook, a row for each.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "consistency", example="websakctl consistency --district frogner --letters letters", formats=FORMATS)(
        consistency
    )


def consistency(
    call: Call,
    district: Districts = None,
    batch: Batch = None,
    export: Exported = None,
    snapshot: SnapshotName = None,
    file: Files = None,
    fiks: FiksFile = None,
    whole: Whole = None,
    offline: Offline = False,
    letters: Letters = None,
    force: Force = False,
    xlsx: Workbook = None,
    lang: Lang = "nb",
    expand: Expand = False,
    detailed_exitcode: DetailedExit = False,
) -> None:
    """Show every unit and number as the config, Websak, the business register and KS Fiks have it; who is wrong, and who mends it.

    Writes nothing there, and never fetches mail. Exit 0, also with disagreements; with --detailed-exitcode exit 2 when there
    are some. Exit 7 when a server that was asked did not answer or cannot be believed, 6 when it let us not in: what it has
    is then unknown, and the rest is shown all the same.
    """
    from websakctl.consistency.ledger import ledger
    from websakctl.operations.review.consistency import desired_of, numbers_in
    from websakctl.report.consistency import consistency_document, consistency_rows

    language = language_of(lang)
    if xlsx is not None:
        require_xlsx(xlsx)
    session = Session(call)
    config = session.valid_config()
    chosen = SelectionOptions(district=district, batch=batch).selection(config).scopes
    for name in whole or ():
        if name not in (UNITS, NUMBERS, REGISTRATIONS):
            raise UnknownChoice("--whole", name, (UNITS, NUMBERS, REGISTRATIONS))
    exports = _exports(export)
    _require_use(exports, fiks, whole, snapshot)
    today = today_in_oslo()
    desired = desired_of(
        config,
        chosen or frozenset({*config.districts, BASE}),
        today,
        owners=session.target.described.owners,
        setup_api=session.has_setup_api,
    )
    failures: list[LiveError] = []
    websak = _websak(session, exports, snapshot, frozenset(whole or ()), today, failures, offline=offline)
    more = numbers_in(websak) if not chosen else numbers_in(websak) & _numbers_of(desired)
    in_registry = _register(session, desired, file, more, failures, offline=offline)
    listed = {unit.orgnr for units in in_registry.below.values() for unit in units}
    in_fiks = _fiks(session, desired, fiks, {*more, *listed}, REGISTRATIONS in (whole or ()), failures, offline=offline)
    result = ledger(desired, websak, in_registry, in_fiks, today)
    written = _letters(session, result, letters, language, today, force=force) if letters is not None else []
    if xlsx is not None:
        _workbook(result, xlsx)
        session.terminal.say(f"Written to {xlsx}.")
    if call.format == "csv":
        session.write(consistency_rows(result))
    else:
        session.write(
            consistency_document(result, websak, in_registry, in_fiks, written), expand=expand, language=language
        )
    _raise_if_any(failures)
    raise typer.Exit(Exit.CHANGES if detailed_exitcode and result.findings else Exit.OK)


def _numbers_of(desired: "Desired") -> set[str]:
    return {route.orgnr for route in desired.routes if route.district in desired.scopes}


def _raise_if_any(failures: "list[LiveError]") -> None:
    """End with what did not answer: it weighs more than what was found, since the ledger is not whole.

    Raises:
        Problem: If anything did not.
    """
    from websakctl.live.errors import NotPermitted

    if failures:
        let_out = all(isinstance(one, NotPermitted) for one in failures)
        raise Problem(
            f"not everything could be compared: {'; '.join(map(str, failures))}",
            Exit.NOT_PERMITTED if let_out else Exit.UNREACHABLE,
            failures[0].what_next,
        )


def _exports(given: list[str] | None) -> dict[str, Path]:
    result = {}
    for one in given or ():
        kind, equals, name = one.partition("=")
        if not equals or kind not in (UNITS, NUMBERS) or not name:
            raise Problem(
                f"--export {one} is not {UNITS}=FILE or {NUMBERS}=FILE",
                Exit.USAGE,
                f"such as --export {UNITS}=units.xlsx",
            )
        require_file(Path(name), f"name the file with --export {kind}=FILE")
        result[kind] = Path(name)
    return result


def _require_use(exports: dict[str, Path], fiks: Path | None, whole: list[str] | None, snapshot: str | None) -> None:
    """End the command if an option would do nothing."""
    if fiks is not None:
        require_file(fiks, "name the file with --fiks FILE")
    given = {*exports, *([REGISTRATIONS] if fiks is not None else [])}
    for name in whole or ():
        if name not in given:
            what = "--fiks FILE" if name == REGISTRATIONS else f"--export {name}=FILE"
            raise Problem(f"--whole {name} is about a file that is not given", Exit.USAGE, f"give it with {what}")
    if snapshot is not None and exports:
        raise Problem("--snapshot and --export are two sources of what Websak has", Exit.USAGE, "leave one out")


def _websak(
    session: Session,
    exports: dict[str, Path],
    snapshot: str | None,
    whole: frozenset[str],
    today: date,
    failures: "list[LiveError]",
    *,
    offline: bool,
) -> "InWebsak":
    """What Websak has: from files where there are some, else as it is asked."""
    from websakctl.consistency.sources import InWebsak
    from websakctl.kinds import all_kinds
    from websakctl.operations.review.consistency import ask_websak, from_state

    if snapshot is not None:
        from websakctl.cli.change.snapshot import read_snapshot

        state, _ = read_snapshot(session, snapshot)
        return from_state(state, f"snapshot {snapshot}", today)
    if exports:
        return _exported(session, exports, whole, today)
    if offline:
        return InWebsak(no_units="not asked (--offline)", no_routes="not asked (--offline)")
    connection = session.connection
    session.terminal.say(f"Asking {connection.base_url} …")
    stated, failed = ask_websak(connection, session.config, all_kinds(), today)
    failures.extend([failed] if failed is not None else [])
    return stated


def _exported(session: Session, exports: dict[str, Path], whole: frozenset[str], today: date) -> "InWebsak":
    """What Websak has by its exports; of what is not exported nothing is known."""
    from websakctl.consistency.sources import InWebsak
    from websakctl.consistency.websak import below_root, desired_units
    from websakctl.source.export_file import ExportError
    from websakctl.source.side_tables import read_routes, read_units

    units = routes = None
    whole_units = UNITS in whole
    try:
        if UNITS in exports:
            units, read = read_units(exports[UNITS], today)
            _say(session, read.note)
            desired, root = desired_units(session.config.state), session.target.described.root_unit
            units, lost = below_root(units, desired.keys(), root)
            if lost and whole_units:
                _say(session, f"{read.name} is not whole, though --whole says so: units hang under {', '.join(lost[:5])}, and it does not hold that")  # fmt: skip
                whole_units = False
        if NUMBERS in exports:
            routes, read = read_routes(exports[NUMBERS], session.config.districts, today)
            _say(session, read.note)
    except ExportError as error:
        raise Problem(
            f"the export cannot be used; nothing was compared\n  {error}",
            what_next="correct the file or export it again",
        ) from None
    return InWebsak(
        asked=", ".join(map(str, exports.values())),
        units=units,
        routes=routes,
        no_units="" if units is not None else f"not exported: --export {UNITS}=FILE",
        no_routes="" if routes is not None else f"not exported: --export {NUMBERS}=FILE",
        whole_units=whole_units,
        whole_routes=NUMBERS in whole,
    )


def _register(
    session: Session,
    desired: "Desired",
    file: list[Path] | None,
    more: set[str],
    failures: "list[LiveError]",
    *,
    offline: bool,
) -> "InRegister":
    """What the business register has: from its bulk files where they are given, else as it is asked."""
    from websakctl.consistency.sources import InRegister
    from websakctl.operations.review.consistency import unless_it_fails

    if offline and not file:
        return InRegister(why_not="not asked (--offline)")
    result, failed = unless_it_fails(
        lambda: in_register(session, desired, file, more), lambda why: InRegister(why_not=why)
    )
    failures.extend([failed] if failed is not None else [])
    return result


def _fiks(
    session: Session,
    desired: "Desired",
    file: Path | None,
    more: set[str],
    whole: bool,
    failures: "list[LiveError]",
    *,
    offline: bool,
) -> "InFiks":
    """What KS Fiks has: from a file where it is given, else as it is asked where there are credentials."""
    from websakctl.consistency.sources import InFiks
    from websakctl.operations.review.consistency import ask_fiks, unless_it_fails
    from websakctl.source.export_file import ExportError
    from websakctl.source.side_tables import read_registrations

    if file is not None:
        try:
            registered, read = read_registrations(file)
        except ExportError as error:
            raise Problem(
                f"the list of registrations cannot be used; nothing was compared\n  {error}",
                what_next="correct the file or export it again",
            ) from None
        _say(session, read.note)
        if whole:
            registered = {**dict.fromkeys({*_numbers_of(desired), *more}, ()), **registered}
        return InFiks(asked=str(file), registered=registered)
    if offline:
        return InFiks(why_not="not asked (--offline)")
    connection, why_not = fiks_connection(session)
    if connection is None:
        return InFiks(why_not=f"not asked: {why_not}")
    session.terminal.say(f"Asking {connection.url} …")
    result, failed = unless_it_fails(
        lambda: ask_fiks(connection, desired, sorted(more), session.runtime), lambda why: InFiks(why_not=why)
    )
    failures.extend([failed] if failed is not None else [])
    return result


def _say(session: Session, note: str) -> None:
    if note:
        session.terminal.warn(f"note: {note}")


def _letters(
    session: Session, result: "Ledger", folder: Path, language: "Language", today: date, *, force: bool
) -> list[str]:
    """Write a letter to each district about what the register has of it, and one to KS about registrations."""
    from websakctl.cli.rollout.documents import write_documents
    from websakctl.operations.config.scaffold import shipped
    from websakctl.report.consistency import letter_rows, letters_of
    from websakctl.report.documents.markdown import CannotWrite, known, render_markdown
    from websakctl.report.documents.word import word
    from websakctl.report.texts import text

    about = session.config.settings.organisation
    folders = [session.root / "templates" / "documents", shipped() / "documents"]
    files: dict[Path, bytes] = {}
    for (letter, slug), findings in letters_of(result).items():
        district = session.config.districts.get(slug)
        title = (
            text("Units in the business register, {district}", language, district=district.name if district else slug)
            if letter == "register"
            else text("Registrations of the receiving system", language)
        )
        values = {
            "today": today,
            "organisation": known({"name": about.name if about else None}),
            "district": known({"name": district.name, "orgnr": district.orgnr} if district else {}),
            "numbers": letter_rows(findings, language),
        }
        try:
            markdown = render_markdown(folders, f"{language}/{letter}.md", values, language)
        except CannotWrite as error:
            raise Problem(
                f"a letter cannot be written: {error}", Exit.REFUSED, "add what has no value to the config"
            ) from None
        name = f"{slug}-register.docx" if letter == "register" else "receiving.docx"
        files[folder / name] = word(
            markdown, title=title, author=about.name if about else "", language=language, today=today
        )
    write_documents(files, "--letters DIR", force=force)
    return [str(path) for path in files]


def _workbook(result: "Ledger", path: Path) -> None:
    from websakctl.redaction import redact
    from websakctl.report.consistency import consistency_rows
    from websakctl.report.workbook import PlainSheet, plain_workbook

    table = consistency_rows(result)
    rows = [[redact(cell) if isinstance(cell, str) else cell for cell in row] for row in table.rows]
    sheet = PlainSheet(name="consistency", title="Consistency", columns=table.columns, rows=rows)
    write_workbook(path, plain_workbook(sheet))
