"""``rollout report``: the status page, one HTML file for project owners."""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, Lang, command, language_of
from websakctl.cli.rollout.status import Offline, group, look
from websakctl.cli.session import Session, write_private
from websakctl.report.view_models import TableReport

_WEEK = timedelta(days=7)

Html = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Where the page is written (also: --format html --out FILE)."),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="YYYY-MM-DD", help="Tell what changed since that day (default: a week ago)."),
]


def register(app: typer.Typer) -> None:  # noqa: ARG001  # the group is registered with `rollout`
    """Add the command."""
    command(group, "report", example="websakctl rollout report --html status.html", formats=("text", "json", "html"))(
        report
    )


def report(call: Call, html: Html = None, since: Since = None, lang: Lang = "nb", offline: Offline = False) -> None:
    """Write the status page: batches, readiness, licences, mail routes, schedule, what changed. Writes nothing to Websak."""
    from websakctl.operations.rollout.calendar import holidays_around
    from websakctl.operations.rollout.timeline import timeline_events
    from websakctl.report.pages.status import StatusPage
    from websakctl.report.texts import text
    from websakctl.rollout.schedule import preparations, schedule

    language = language_of(lang)
    if html is None and call.format != "html":
        raise Problem("no file is named for the page", Exit.USAGE, "websakctl rollout report --html FILE")
    session = Session(call)
    first = _day(since) if since else session.today - _WEEK
    config = session.valid_config()
    view = look(session, offline=offline)
    batches = [b.batch for b in view.batches]
    organisation = config.settings.organisation
    page = StatusPage(
        view=view,
        owner=organisation.name if organisation else "",
        environment=session.target.name,
        names={slug: district.name for slug, district in config.districts.items()},
        since=first,
        called={
            a.key: str(r.fields["name"]) for a, r in config.state.items() if _is_a_key(a.key) and "name" in r.fields
        },
        head=[fact for fact in session.page_head(language) if fact[0] != text("Environment", language)],
        timeline_events=timeline_events(session.journal, config, session.target.name, first),
        activities=schedule(
            batches, holidays_around([b.go_live for b in batches if b.go_live]), preparations(config.whole)
        ),
    )
    if html is not None:
        write_private(html, page.render(language))
    if html is None or call.format == "html":
        session.terminal.result(page.render(language).rstrip("\n"))
        return
    ready = sum(1 for batch in view.batches for district in batch.districts if not district.in_the_way)
    data = {"file": str(html), "language": language, "since": first.isoformat(), "districts_ready": ready}
    session.write(TableReport(headline=f"Written to {html}.", columns=(), rows=(), data=data))


def _is_a_key(key: str) -> bool:
    """Whether a key is no word that stands in sentences too, such as HR and NAV, and no number."""
    return ("-" in key or len(key) > 3) and not key.isdigit()


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise Problem(f"--since {given} is not a day", Exit.USAGE, "write it as 2027-02-01") from None
