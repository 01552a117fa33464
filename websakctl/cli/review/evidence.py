"""``evidence``: a folder for an inspection, made of commits and the journal; the same day and commits give the same bytes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from websakctl import __version__
from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, Lang, command, day_of, language_of
from websakctl.cli.session import Session
from websakctl.cli.today import end_of_day_in_oslo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from websakctl.operations.review.config_at import ConfigAt
    from websakctl.operations.review.journal_at import JournalAt

AsOf = Annotated[str, typer.Option("--as-of", metavar="YYYY-MM-DD", help="The day, until its end in Oslo.")]
Folder = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where it is written: a new or an empty folder.")]
Names = Annotated[bool, typer.Option("--names", help="Name persons, and show reasons in full.")]
StateCommit = Annotated[
    str | None,
    typer.Option(
        "--state-commit",
        metavar="COMMIT",
        help="Take the state branch as it was at this commit (default: the newest that this clone has).",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "evidence", example="websakctl evidence --as-of 2027-03-01 --out evidence/")(evidence)


def evidence(
    call: Call, as_of: AsOf, out: Folder, names: Names = False, state_commit: StateCommit = None, lang: Lang = "nb"
) -> None:
    """Write what an inspection asks for into a folder: an index, CSV files, and a list of their digests.

    It is made of commits and of the journal; no Websak is asked, and what is not committed is no part of it. Where something
    is missing, the first line says so, and the exit code is 1.
    """
    from websakctl.operations.review.evidence import gather
    from websakctl.report.evidence import evidence_files, evidence_table

    language, day = language_of(lang), day_of("--as-of", as_of)
    _refuse_what_is_there(out)
    session, until = Session(call), end_of_day_in_oslo(day)
    config = _config(session, day, until)
    session.config = config.config  # where the journal is, the config of that day says
    gathered = gather(
        config,
        _journal(session, until, state_commit, names=names),
        as_of=day,
        environment=session.target.name,
        names=names,
    )
    files = evidence_files(gathered, language, tool=f"websakctl {__version__}")
    _write(out, files)
    session.write(evidence_table(gathered, str(out), files))
    if not gathered.complete:
        raise typer.Exit(Exit.FAILED)


def _refuse_what_is_there(out: Path) -> None:
    """End the command before anything is done if the folder holds something, or is no folder."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise Problem(f"{out} is there and is no folder; nothing was written", Exit.REFUSED, "name a new folder")
    try:
        is_empty = not out.exists() or not any(out.iterdir())
    except OSError as error:
        raise Problem(f"cannot read {out}: {error.strerror}", Exit.FAILED, "name a new folder", code="file") from None
    if not is_empty:
        raise Problem(f"{out} is not empty; nothing was written", Exit.REFUSED, "name a new folder, or empty this one")


def _config(session: Session, day: "date", until: "datetime") -> "ConfigAt":
    from websakctl.operations.review.config_at import ConfigUnknown, config_at

    try:
        found = config_at(session.root, day, until)
    except ConfigUnknown as error:
        code = Exit.USAGE if error.day_is_wrong else Exit.REFUSED
        raise Problem(f"{error}; nothing was written", code, error.what_next) from None
    if found.uncommitted:
        session.terminal.warn("the config has changes that are not committed; they are no part of the evidence")
    return found


def _journal(session: Session, until: "datetime", commit: str | None, *, names: bool) -> "JournalAt":
    from websakctl.operations.review.journal_at import NoSuchState, local_journal, shared_journal
    from websakctl.state.git import GitError

    environment = session.target.name
    local = session.journal if (session.state_dir / "journal.db").exists() else None
    if session.state_branch is None:
        if commit is not None:
            raise Problem(
                f"the state of {environment} is on this machine alone: it has no commits",
                Exit.USAGE,
                "leave --state-commit out",
            )
        return local_journal(local, environment, until)
    try:
        return shared_journal(
            session.state_branch, environment, until, commit=commit, local=local, with_local_texts=names
        )
    except NoSuchState as error:
        raise Problem(str(error), Exit.USAGE, error.what_next) from None
    except GitError as error:
        raise Problem(
            f"the state branch cannot be read: {error}; nothing was written", Exit.FAILED, "websakctl state verify"
        ) from None


def _write(out: Path, files: "Mapping[str, bytes]") -> None:
    """Write the folder beside its place, readable by its owner only, then move it there whole."""
    from websakctl.files import temporary_folder, write_all_whole

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with temporary_folder(out.parent) as alongside:
            folder = alongside / "evidence"
            folder.mkdir(mode=0o700)
            write_all_whole({folder / name: content for name, content in files.items()})
            if out.exists():
                out.rmdir()  # it is empty; on Windows nothing is moved onto a folder
            folder.rename(out)
    except OSError as error:
        raise Problem(
            f"cannot write {out}: {error.strerror}", Exit.FAILED, "name a folder that can be written", code="file"
        ) from None
