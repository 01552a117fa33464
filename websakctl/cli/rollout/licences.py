"""``licences``: bought, allotted, in use, and needed batch by batch."""

from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli.options import Batch, Call, Districts, SelectionOptions, command
from websakctl.cli.session import Session
from websakctl.cli.today import today_in_oslo

if TYPE_CHECKING:
    from websakctl.model.resource import State

FORMATS = ("text", "json", "csv", "markdown", "svg")
Offline = Annotated[bool, typer.Option("--offline", help="Only what the config says; no network.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "licences", example="websakctl licences --batch PULJE-1", formats=FORMATS)(licences)


def licences(call: Call, offline: Offline = False, district: Districts = None, batch: Batch = None) -> None:
    """Show licence seats: bought, allotted, in use, and needed by the next batches. Writes nothing.

    The high-water mark is the most that is in use once every planned batch is live.
    """

    from websakctl.report.charts import seats_chart
    from websakctl.report.seats import seats_document, seats_rows
    from websakctl.rollout.capacity import coming_and_going, seats

    session = Session(call)
    config = session.valid_config()
    scopes = SelectionOptions(district=district, batch=batch).selection(session.config).scopes
    pools = seats(config.whole, None if offline else live_users(session), today_in_oslo())
    if call.format == "svg":
        session.terminal.result(seats_chart(pools, "en"))
        return
    if call.format == "csv":
        session.write(seats_rows(pools, scopes=scopes, batch=batch))
        return
    about = {a: days for a, days in config.config_only.items() if not scopes or a.scope in scopes}
    months = coming_and_going(about, today_in_oslo())
    session.write(seats_document(pools, scopes=scopes, batch=batch, months=months))


def live_users(session: Session) -> "State":
    """All live users, of districts that list theirs and of those that do not."""
    from websakctl.cli.change.plan import make_config_input
    from websakctl.operations.change.read_users import read_users

    return read_users(session.connection, make_config_input(session))
