"""What people have set in an environment: the journal, and the exported files that a command or the settings name."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.session import Session, require_file
from websakctl.cli.today import today_in_oslo
from websakctl.files import write_whole

if TYPE_CHECKING:
    from websakctl.model.address import Address
    from websakctl.model.kind import Kind
    from websakctl.operations.change.make_plan import ConfigInput
    from websakctl.operations.rollout.by_hand import ByHand
    from websakctl.operations.rollout.work_list import WorkList
    from websakctl.plan.change import Plan
    from websakctl.plan.diff import LastApplied
    from websakctl.report.texts import Language
    from websakctl.source.export_file import Export


def read_by_hand(
    session: Session, by_hand: "Mapping[str, Kind]", known: "Mapping[Address, LastApplied]", given: list[str] | None
) -> "ByHand":
    """Read the journal and the files.

    Raises:
        Problem: If a file cannot be used, or one that the command line names is not there.
    """
    from msgspec.structs import replace

    from websakctl.operations.rollout.by_hand import done_by_hand
    from websakctl.source.documents import leads_out

    named = {kind: session.root / path for kind, path in session.target.described.exports.items()}
    for path in named.values():
        if leads_out(session.root, path):
            raise Problem(
                f"exports: in config/websak.yaml names {path.name}, a link that leads out of the repository",
                Exit.REFUSED,
                "put the file itself there, or name it with --export",
            )
    asked = dict(_asked(one) for one in given or ())
    for kind in {**named, **asked}:
        _check(kind, by_hand, "--export" if kind in asked else "exports: in config/websak.yaml")
    for path in asked.values():
        require_file(path, "name the file with --export KIND=FILE")
    missing = [
        f"{path} is not there: what is recorded counts for {kind}"
        for kind, path in named.items()
        if not (kind in asked or path.is_file())
    ]
    files = {kind: path for kind, path in {**named, **asked}.items() if kind in asked or path.is_file()}
    exports = [_read(session, by_hand[kind], path) for kind, path in files.items()]
    name = session.target.name
    result = done_by_hand(
        known,
        by_hand,
        exports,
        desired=session.config.state if exports else {},
        recorded_at=session.journal.recorded_at(name) if exports or _once_through_an_api(known, by_hand) else {},
    )
    return replace(result, warnings=(*missing, *result.warnings))


def _once_through_an_api(known: "Mapping[Address, LastApplied]", by_hand: "Mapping[str, Kind]") -> bool:
    from websakctl.model.kind import Api

    others = {name for name, kind in by_hand.items() if kind.api is not Api.MANUAL}
    return bool(others) and any(address.kind in others for address in known)


def _asked(text: str) -> tuple[str, Path]:
    kind, equals, file = text.partition("=")
    if not equals or not kind or not file:
        raise Problem(f"--export {text} is not KIND=FILE", Exit.USAGE, "such as --export form=forms.xlsx")
    return kind, Path(file)


def _check(kind: str, by_hand: "Mapping[str, Kind]", where: str) -> None:
    from websakctl.kinds import all_kinds

    if kind not in all_kinds():
        raise UnknownName(f"{where}: there is no kind {kind}", kind, by_hand)
    if kind not in by_hand:
        raise Problem(
            f"{where}: {kind} is read through an API here, not from a file",
            Exit.USAGE,
            f"the kinds that people set are {', '.join(sorted(by_hand))}",
        )


def _read(session: Session, kind: "Kind", path: Path) -> "Export":
    from websakctl.source.export_file import ExportError, read_export

    try:
        export = read_export(path, kind, session.config.districts)
    except ExportError as error:
        raise Problem(
            f"the export of {kind.name} cannot be used; nothing was done\n  {error}",
            Exit.FAILED,
            "correct the file or export it again; `websakctl explain " + kind.name + "` names the fields",
        ) from None
    except OSError as error:
        raise Problem(
            f"cannot read {path}: {error.strerror}", Exit.FAILED, "name the file with --export KIND=FILE"
        ) from None
    if export.ignored:
        session.terminal.say(f"note: {path.name}: not a field of {kind.name}, left out: {', '.join(export.ignored)}")
    if session.call.verbose:
        session.terminal.say(
            f"{path.name}: {len(export.rows)} of kind {kind.name} as of {export.made_at:%Y-%m-%d %H:%M} (UTC); fields {', '.join(sorted(export.columns))}."
        )
    return export


def known_here(session: Session) -> "dict[Address, LastApplied]":
    """What is managed, with the values that the config tells in place of digests of a shared journal."""
    from websakctl.operations.change.make_plan import with_people

    known = session.journal.known(session.target.name)
    people_in = session.people_in
    return with_people(known, people_in([session.config.state])) if people_in is not None else known


def manual_config_input(session: Session, export: list[str] | None = None) -> "ConfigInput":
    """What is known of the kinds that people set; Websak itself is not asked."""
    from websakctl.kinds import all_kinds
    from websakctl.model.kind import set_by_people
    from websakctl.operations.change.make_plan import ConfigInput

    config, name = session.valid_config(), session.target.name
    by_hand = set_by_people(all_kinds(), setup_api=session.has_setup_api)
    known = known_here(session)
    done = read_by_hand(session, by_hand, known, export)
    for warning in done.warnings:
        session.terminal.warn(f"warning: {warning}")
    return ConfigInput(config=config, known=known, kinds={}, by_hand=by_hand, done_by_hand=done.state, environment=name)


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A work list that was written: its items, and its files."""

    items: int
    files: tuple[str, ...]


def folder_of(session: Session) -> Path:
    """Where the work lists of this state directory are."""
    return session.state_dir / "worklists"


def write_work_list(
    session: Session,
    work: "WorkList",
    alongside: Path | None = None,
    language: "Language" = "nb",
    *,
    keep: bool = True,
    say: bool = True,
) -> "Written":
    """Write an environment's list as Markdown and CSV, readable by its owner only; beside them, where asked, for Excel too.

    Args:
        session: Whose state directory keeps it.
        work: The list; an empty one takes the place of one that was not.
        alongside: Another folder to write it to.
        language: What people read.
        keep: Whether the state directory gets it: it keeps whole lists only.
        say: Whether to tell where it is.

    Returns:
        How many items it has, and the files, those that were asked for rather than those that are kept.
    """
    from urllib.parse import quote

    kept = folder_of(session)
    name = quote(work.environment, safe="")
    folders = [*([kept] if keep else []), *([alongside] if alongside is not None else [])]
    if not (work.items or work.others or alongside or (kept / f"{name}.md").exists()):
        return Written(items=0, files=())
    written = files_of(session, work, language)
    for folder in folders:
        make_folder(folder)
        for suffix, text in written.items():
            _write(folder / f"{name}.{suffix}", text)
    suffixes = [*written, *(["xlsx"] if alongside is not None and work.items else [])]
    if alongside is not None and work.items:
        write_whole(alongside / f"{name}.xlsx", _for_excel(session, work, language))
    if say:
        count = f"{len(work.items)} item{'s' * (len(work.items) != 1)}"
        excel = ", for Excel .xlsx" if "xlsx" in suffixes else ""
        session.terminal.say(
            f"Work list for people: {count}, in {folders[-1] / name}.md and .csv{excel}; `websakctl worklist list` shows them."
        )
    return Written(items=len(work.items), files=tuple(str(folders[-1] / f"{name}.{suffix}") for suffix in suffixes))


def work_list_for(session: Session, inputs: "ConfigInput", plan: "Plan | None", folder: Path | None = None) -> Written:
    """Put what is left for people into files, for the environment as a whole."""
    from websakctl.operations.rollout.work_list import work_list

    try:
        return write_work_list(session, work_list(inputs, plan.manual if plan is not None else ()), folder)
    except (OSError, Problem) as error:  # what was applied is still to be told
        session.terminal.error(
            f"the work list cannot be written: {error}", "`websakctl worklist show --out DIR` writes it"
        )
        return Written(items=0, files=())


def _for_excel(session: Session, work: "WorkList", language: "Language") -> bytes:
    """The list as a workbook, in which what is done can be ticked off."""
    from websakctl.kinds import all_kinds
    from websakctl.redaction import redact
    from websakctl.report.texts import text
    from websakctl.report.work_list import Wording, rows
    from websakctl.report.workbook import PlainSheet, plain_workbook

    table = rows(work, Wording(all_kinds(), session.config.districts, language))
    cells = [["", *(redact(cell) if isinstance(cell, str) else cell for cell in row[1:])] for row in table.rows]
    title = text("Work list", language)
    return plain_workbook(
        PlainSheet(name="worklist", title=title, columns=table.columns, rows=cells, open_columns={0: ("x",)})
    )


def files_of(session: Session, work: "WorkList", language: "Language") -> dict[str, str]:
    """The list's files by suffix."""

    from websakctl.kinds import all_kinds
    from websakctl.report.formats.csv import for_excel
    from websakctl.report.work_list import Wording, markdown, rows

    wording = Wording(all_kinds(), session.config.districts, language)
    return {
        "md": markdown(work, wording, today=today_in_oslo().isoformat()),
        "csv": for_excel(rows(work, wording)),
    }


def make_folder(folder: Path) -> None:
    """Make a folder that only its owner reads, if it is not there.

    Raises:
        Problem: If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Problem(
            f"cannot make {folder}: {error.strerror}", what_next="name a folder that can be written"
        ) from None


def _write(path: Path, text: str) -> None:
    from websakctl.cli.session import write_private

    write_private(path, text)
