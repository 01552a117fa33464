"""``districts documents``: the local project plan, the letters and the hand-over note, to be sent to districts."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from websakctl.cli import completion
from websakctl.cli.exits import Exit, Problem, UnknownChoice
from websakctl.cli.options import Batch, Call, Lang, SelectionOptions, language_of
from websakctl.cli.session import Session
from websakctl.cli.today import today_in_oslo
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from websakctl.report.texts import Language
    from websakctl.rollout.batches import Batch as RolloutBatch

PAPERS = ("plan", "letters", "handover")
TYPES = ("docx", "md")

Slugs = Annotated[
    list[str] | None,
    typer.Argument(metavar="SLUG", help="The districts.", autocompletion=completion.districts),
]
What = Annotated[
    list[str] | None,
    typer.Option(
        "--what", metavar="|".join(PAPERS), help="Only this document (repeatable; default: plan and letters)."
    ),
]
Types = Annotated[
    list[str] | None, typer.Option("--as", metavar="|".join(TYPES), help="The files' type (repeatable; default: docx).")
]
Folder = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Where they are written (default: documents/ in the root).")
]
Force = Annotated[bool, typer.Option("--force", help="Write over documents that are there.")]


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """One document, before it is a file."""

    what: str
    stem: str
    title: str
    markdown: str


def documents(
    call: Call,
    slugs: Slugs = None,
    what: What = None,
    batch: Batch = None,
    types: Types = None,
    lang: Lang = "nb",
    out: Folder = None,
    force: Force = False,
) -> None:
    """Write what districts get on paper: local project plan, letters to units that read Altinn, hand-over note.

    All or none is written. A value that the config lacks is an error that names it; a file that is there already stays.
    """
    language = language_of(lang)
    requested = _chosen("--what", what, PAPERS, ("plan", "letters"))
    suffixes = _chosen("--as", types, TYPES, ("docx",))
    session = Session(call)
    session.valid_config()
    if not slugs and batch is None:
        raise Problem("no district is named", Exit.USAGE, "name districts, or a whole batch with --batch NAME")
    chosen = sorted(SelectionOptions(district=slugs, batch=batch).selection(session.config).scopes)
    today = today_in_oslo()
    files: dict[Path, bytes] = {}
    rows = []
    for slug in chosen:
        for paper in _papers(session, slug, requested, language, today):
            for suffix in suffixes:
                path = (out or session.root / "documents") / slug / f"{paper.stem}.{suffix}"
                files[path] = _written(session, paper, suffix, language, today)
                rows.append((slug, paper.what, str(path)))
    write_documents(files, "--out DIR", force=force)
    data = [dict(zip(("district", "what", "file"), row, strict=True)) for row in rows]
    headline = f"{len(rows)} document{'s' * (len(rows) != 1)} written." if rows else "There is nothing to write."
    session.write(TableReport(headline=headline, columns=("district", "what", "file"), rows=rows, data=data))


def _chosen(option: str, given: list[str] | None, known: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
    for name in given or ():
        if name not in known:
            raise UnknownChoice(option, name, known)
    return tuple(name for name in known if name in given) if given else default


def _papers(session: Session, slug: str, desired: tuple[str, ...], language: "Language", today: date) -> list[Paper]:
    from websakctl.operations.config.scaffold import shipped
    from websakctl.operations.rollout.altinn_evidence import read_proof
    from websakctl.operations.rollout.calendar import holidays_around
    from websakctl.report.documents.markdown import CannotWrite, render_markdown
    from websakctl.report.documents.values import letter_values, values_of
    from websakctl.report.texts import text
    from websakctl.rollout.batches import batch_of, in_order
    from websakctl.rollout.schedule import preparations, schedule

    batch = batch_of(in_order(session.config.whole)).get(slug)
    declared = preparations(session.config.whole)
    activities = schedule([batch], holidays_around([batch.go_live]), declared) if batch and batch.go_live else ()
    values = values_of(
        session.config, slug, today=today, language=language, activities=activities,
        altinn=read_proof(session.root, session.config, today),
    )  # fmt: skip
    folders = [session.root / "templates" / "documents", shipped() / "documents"]
    name = values["district"]["name"]
    result: list[tuple[str, str, str, str, dict[str, Any]]] = []
    if "plan" in desired:
        title = text("Local project plan, {district}", language, district=name)
        result.append(("plan", "project-plan", f"{slug}-plan", title, values))
    if "letters" in desired:
        for orgnr, about in letter_values(values):
            title = text("Reading mail in Altinn, {unit}", language, unit=about["number"]["name"])
            result.append(("letter", "letter", f"{slug}-letter-{orgnr}", title, about))
    if "handover" in desired:
        title = text("Hand-over to operations, {district}", language, district=name)
        result.append(("handover", "handover", f"{slug}-handover", title, values))
    papers, missing = [], []
    if "handover" in desired and (why := _not_yet(batch, today)):
        result = [one for one in result if one[0] != "handover"]
        missing.append(f"{slug}-handover: {why}")
    for what, template, stem, title, about in result:
        try:
            markdown = render_markdown(folders, f"{language}/{template}.md", about, language)
        except CannotWrite as error:
            missing.append(f"{stem}: {error}")
        else:
            papers.append(Paper(what=what, stem=stem, title=title, markdown=markdown))
    if missing:
        raise Problem(
            f"documents for {slug} cannot be written:\n  " + "\n  ".join(missing) + "\nNothing was written.",
            Exit.REFUSED,
            "what has no value: add it to the config, or change the template (your own may stand in templates/documents/); "
            "what has not happened: write that document when it has",
        )
    return papers


def _not_yet(batch: "RolloutBatch | None", today: date) -> str:
    """Why nothing can be handed over on this day; empty: it can."""
    if batch is None:
        return "the district is in no batch"
    if batch.paused:
        return f"{batch.key} is paused"
    if batch.go_live and batch.go_live > today.isoformat():
        return f"{batch.key} goes live on {batch.go_live}, which has not come; a hand-over tells what has happened"
    return ""


def _written(session: Session, paper: Paper, suffix: str, language: "Language", today: date) -> bytes:
    if suffix == "md":
        return paper.markdown.encode()
    from websakctl.report.documents.word import word

    about = session.config.settings.organisation
    return word(paper.markdown, title=paper.title, author=about.name if about else "", language=language, today=today)


def write_documents(files: dict[Path, bytes], option: str, *, force: bool) -> None:
    """Write all or nothing: one that is there is never written over without being asked to.

    Args:
        files: What is written, by path.
        option: How the command line names the folder.
        force: Whether those that are there are written over.

    Raises:
        Problem: If one is there and must not be written over, or a folder cannot be written.
    """
    existing = [path for path in files if path.exists()]
    if existing and not force:
        raise Problem(
            f"{', '.join(map(str, existing[:3]))}{' …' if len(existing) > 3 else ''} "
            f"{'are' if len(existing) > 1 else 'is'} there already; nothing was written",
            Exit.REFUSED,
            f"name another folder with {option}, or write over them with --force",
        )
    from websakctl.files import write_all_whole

    try:
        for path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
        write_all_whole(files)  # their owner's only: the hand-over note names who attested
    except OSError as error:
        raise Problem(
            f"cannot write {error.filename}: {error.strerror}", Exit.FAILED, "name a folder that can be written"
        ) from None
