"""``rollout``: which districts are ready to go live, and bringing them in, a batch at a time."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli import completion
from websakctl.cli.change.plan import make_config_input, read_live
from websakctl.cli.exits import Exit, UnknownName
from websakctl.cli.options import Batch, Call, Lang, SelectionOptions, command, language_of
from websakctl.cli.session import Session

if TYPE_CHECKING:
    from websakctl.operations.change.make_plan import ConfigInput
    from websakctl.operations.rollout.view import RolloutView
    from websakctl.rollout.reviews import SignedReviews

FORMATS = ("text", "json", "markdown", "html")
BatchName = Annotated[
    str, typer.Argument(metavar="BATCH", help="A rollout batch, such as PULJE-1.", autocompletion=completion.batches)
]
Users = Annotated[
    Path | None,
    typer.Option("--users", metavar="FILE", help="With the districts' users as this file of HR lists them."),
]
Offline = Annotated[bool, typer.Option("--offline", help="Only what the config says; no network.")]

group = typer.Typer(help="Readiness of the districts, and bringing them in batch by batch.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(group, "status", example="websakctl rollout status --batch PULJE-1", formats=(*FORMATS, "matrix"))(status)
    command(group, "check", example="websakctl rollout check PULJE-1", formats=FORMATS)(check)
    command(group, "schedule", example="websakctl rollout schedule --batch PULJE-1", formats=(*FORMATS, "svg"))(
        schedule
    )
    app.add_typer(group, name="rollout")


def status(call: Call, offline: Offline = False, batch: Batch = None, lang: Lang = "nb") -> None:
    """Show every gate of every district, batch by batch. Writes nothing."""
    from websakctl.report.readiness import status_document, status_grid

    language = language_of(lang)
    session = Session(call)
    session.valid_config()
    refuse_unknown(session, batch)
    view = look(session, offline=offline)
    chosen = [b for b in view.batches if batch in (None, b.batch.key)]
    session.write((status_grid if call.format == "matrix" else status_document)(view, chosen), language=language)


def check(call: Call, batch: BatchName, users: Users = None, offline: Offline = False, lang: Lang = "nb") -> None:
    """Show why a batch is not ready, and what to do next in each district. Exit 4 when it is not. Writes nothing."""
    from websakctl.report.readiness import check_document

    language = language_of(lang)
    session = Session(call)
    session.valid_config()
    refuse_unknown(session, batch)
    if users is not None:
        import_for(session, batch, users)
    view = look(session, offline=offline, access_of=batch)
    one = view.of(batch)
    session.write(check_document(view, one), language=language)
    raise typer.Exit(Exit.OK if one.ready else Exit.REFUSED)


def import_for(session: Session, batch: str, users: Path) -> dict[str, str]:
    """Make a file of HR part of the session's config, for the batch's districts only.

    Returns:
        The districts' files of users as they are to be written.
    """
    from websakctl.cli.rollout.users import prepare

    _, files = prepare(session, users, SelectionOptions(batch=batch).selection(session.config).scopes)
    return files


def schedule(call: Call, batch: Batch = None, lang: Lang = "nb") -> None:
    """Show when each preparation must be done, computed back from the day of each batch. Reads only the config.

    Dates skip weekends and Norwegian public holidays, and are told in ISO weeks too.
    """

    from websakctl.operations.rollout.calendar import holidays_around
    from websakctl.report.gantt import gantt
    from websakctl.report.pages.schedule import SchedulePage
    from websakctl.report.readiness import schedule_document
    from websakctl.rollout import schedule as calendar
    from websakctl.rollout.batches import in_order

    language = language_of(lang)
    session = Session(call)
    config = session.valid_config()
    refuse_unknown(session, batch)
    chosen = [b for b in in_order(config.whole) if batch in (None, b.key)]
    preparations = calendar.preparations(config.whole)
    activities = calendar.schedule(chosen, holidays_around([b.go_live for b in chosen if b.go_live]), preparations)
    if call.format == "svg":
        session.terminal.result(gantt(activities, "en", today=session.today))
    elif call.format == "html":
        names = {b.key: b.name for b in chosen}
        page = SchedulePage(activities=activities, names=names, today=session.today, head=session.page_head(language))
        session.terminal.result(page.render(language).rstrip("\n"))
    else:
        session.write(schedule_document(activities))


def refuse_unknown(session: Session, batch: str | None) -> None:
    """End the command if there is no such batch; one that has no districts yet is one."""
    batches = [a.key for a in session.config.state if a.kind == "rollout_batch"]
    if batch is not None and batch not in batches:
        raise UnknownName("rollout batch", batch, batches)


def look(session: Session, *, offline: bool = False, access_of: str | None = None) -> "RolloutView":
    """How the rollout stands, asked of Websak unless ``offline``.

    Args:
        session: Of which config and environment.
        offline: Websak is not asked.
        access_of: The batch in whose districts access is compared with what was signed: a request for each user.
    """

    from websakctl.operations.change.make_plan import make_plan
    from websakctl.operations.change.read_users import read_users
    from websakctl.operations.review.sign_access import signed_reviews
    from websakctl.operations.rollout.altinn_evidence import read_proof
    from websakctl.operations.rollout.view import view_rollout

    altinn = read_proof(session.root, session.config, session.today)
    reviews = signed_reviews(session.journal, session.target.name, session.config.districts)
    if offline:
        return view_rollout(session.config, session.today, altinn=altinn, reviews=reviews)
    inputs = make_config_input(session)
    if access_of is not None:
        reviews = _compared(session, inputs, reviews, access_of)
    setup = read_live(session, inputs)
    return view_rollout(
        session.config,
        session.today,
        live=inputs.with_by_hand(setup.state),
        users=read_users(session.connection, inputs),
        plan=make_plan(setup.tell(inputs), setup.state),
        altinn=altinn,
        reviews=reviews,
    )


def _compared(session: Session, inputs: "ConfigInput", reviews: "SignedReviews", batch: str) -> "SignedReviews":
    """The same with access as it is now, where a gate looks at a review that is signed."""
    from msgspec.structs import replace

    from websakctl.operations.change.read_access import read_access
    from websakctl.operations.review.sign_access import fingerprints
    from websakctl.rollout.batches import in_order
    from websakctl.rollout.gates import gates

    config = session.config
    signed = [s for b in in_order(config.whole) if b.key == batch for s in b.districts if s in reviews.by_district]
    if not signed or all(gate.check != "access-review" for gate in gates(config.whole)):
        return reviews
    access = read_access(session.connection, inputs)
    return replace(reviews, now=fingerprints(access, config, session.today, signed))
