"""``suborgs``: every sub-org number and where its mail goes."""

from typing import Annotated, Literal

import typer

from websakctl.cli.options import Batch, Call, Districts, leading_command
from websakctl.cli.session import Session

FORMATS = ("text", "json", "csv", "markdown")
Arrives = Annotated[
    Literal["dokulink", "svarinn", "altinn", "paper", "unsaid"] | None,
    typer.Option("--arrives", help="Only numbers whose mail comes this way today; shows what each still needs."),
]
Holes = Annotated[bool, typer.Option("--holes", help="Only numbers whose route has a hole.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer()
    leading_command(group, example="websakctl suborgs --arrives dokulink", formats=FORMATS)(suborgs)
    app.add_typer(group, name="suborgs")


def suborgs(
    call: Call, arrives: Arrives = None, holes: Holes = False, district: Districts = None, batch: Batch = None
) -> None:
    """Show every sub-org number and where its mail goes, the holes first. Reads only the config.

    Also shows how many numbers come through SvarInn to the document centre, today and after each batch.
    """
    from datetime import date

    from websakctl.report.mail import routes_document, routes_rows
    from websakctl.rollout.routing import loads, routes

    session = Session(call)
    config = session.valid_config()
    session.selection(None, None, None, batch)  # ends the command if there is no such batch
    scopes = session.selection(district, None, None, None).scopes
    every = [
        route
        for route in routes(config.whole, date.today())
        if (not scopes or route.district in scopes) and batch in (None, route.batch)
    ]
    chosen = [
        route
        for route in every
        if (route.holes or not holes)
        and (arrives is None or (arrives == (route.arrives or "unsaid") and not route.ended))
    ]
    if call.format == "csv":
        session.write(routes_rows(chosen))
        return
    whole_picture = not holes and arrives is None
    session.write(
        routes_document(chosen, loads(config.whole, every) if whole_picture else (), still_needed=arrives is not None)
    )
