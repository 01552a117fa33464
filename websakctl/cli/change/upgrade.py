"""``upgrade check``: before and after a Websak upgrade, once for all districts."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from websakctl import __version__
from websakctl.cli.change.plan import Expand, make_config_input, read_live
from websakctl.cli.change.snapshot import read_snapshot, save_snapshot
from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, Lang, command, language_of
from websakctl.cli.session import Session, read_json, write_private
from websakctl.report.view_models import DocumentReport, Look, Section, TableReport

if TYPE_CHECKING:
    from websakctl.live.websak import WebsakReader
    from websakctl.model.resource import State
    from websakctl.operations.change.upgrade import Probes, UpgradeReport
    from websakctl.report.texts import Language

Stage = Annotated[
    str, typer.Argument(metavar="before|after", help="Before the upgrade a record is taken; after it, it is compared.")
]
Html = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Also write the report as HTML, to be filed with the change."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Around a Websak upgrade, once for all districts.", no_args_is_help=True)
    formats = ("text", "json", "html")
    command(group, "check", example="websakctl upgrade check after --html upgrade.html", formats=formats)(check)
    app.add_typer(group, name="upgrade")


def check(call: Call, stage: Stage, html: Html = None, lang: Lang = "nb", expand: Expand = False) -> None:
    """Record the setup and the server's capabilities before an upgrade; after it, report what became of them.

    Exit 0 when it is recorded, or nothing was lost. Exit 1 when the report names something to look at, or there is no
    record of before. Exit 4 when the record's snapshot was changed after it was taken.
    """
    language = language_of(lang)
    session = Session(call)
    if stage not in ("before", "after"):
        raise Problem(f"{stage} is neither before nor after", Exit.USAGE, "websakctl upgrade check before")
    if stage == "before" and call.format == "html":
        raise Problem("there is no report before the upgrade", Exit.USAGE, "websakctl upgrade check before")
    session.valid_config()
    record = session.state_dir / f"upgrade-{quote(session.target.name, safe='')}.json"
    if stage == "before":
        _before(session, record)
    else:
        _after(session, record, html, language, expand=expand)


def _read_each_list_once(session: Session) -> None:
    """Let the probes see the very answers that the setup was read from."""
    from msgspec.structs import replace

    from websakctl.live.caching import ListCache
    from websakctl.live.capabilities import USER_PATHS

    runtime = session.connection.runtime
    transport = ListCache(USER_PATHS).before(runtime.transport)
    session.connection = replace(session.connection, runtime=replace(runtime, transport=transport))


def _reader(session: Session) -> "WebsakReader":
    from websakctl.kinds import all_kinds
    from websakctl.live.websak import WebsakReader
    from websakctl.operations.scopes import scope_of

    connection = session.connection
    kinds = connection.kinds(all_kinds())
    return WebsakReader(connection, kinds, scope_of(session.config.state, session.config.districts, kinds))


def _probes(session: Session, reader: "WebsakReader", api_version: str) -> "Probes":
    from websakctl.live.errors import LiveError
    from websakctl.operations.change.upgrade import Probes, version_seen

    capabilities = reader.capabilities()
    try:
        setup = reader.setup_info() or {}
    except LiveError:
        setup = {}  # it shows among the capabilities
    required = reader.required_fields(session.target.described.openapi_url)
    return Probes(
        api_version=api_version or version_seen(capabilities), capabilities=capabilities, required=required, setup=setup
    )


def _before(session: Session, record: Path) -> None:
    from websakctl.redaction import redacted

    _read_each_list_once(session)
    inputs = make_config_input(session, refresh="full")
    live = read_live(session, inputs)
    with _reader(session) as reader:
        probes = _probes(session, reader, live.api_version)
    snapshot, count = save_snapshot(session, inputs, live, None)
    taken_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    write_private(
        record,
        json.dumps(
            redacted(
                {"format_version": 1, "taken_at": taken_at, "snapshot": snapshot.stem, "probes": probes.to_document()}
            ),
            ensure_ascii=False,
            indent=1,
        )
        + "\n",
        redacted_before=True,
    )
    data = {
        "snapshot": snapshot.stem,
        "taken_at": taken_at,
        "objects": count,
        "api_version": live.api_version,
    }
    session.write(
        TableReport(
            headline=f"Recorded: {count} objects (snapshot {snapshot.stem}), User API {live.api_version}, {len(probes.capabilities)} capabilities.\nAfter the upgrade: websakctl upgrade check after --html FILE",
            columns=(),
            rows=(),
            data=data,
        )
    )


def _after(session: Session, record: Path, html: Path | None, language: "Language", *, expand: bool) -> None:
    from websakctl.live.errors import LiveError
    from websakctl.operations.change.upgrade import Probes, compare_upgrade

    if not record.is_file():
        raise Problem(
            f"no upgrade of {session.target.name} was begun from here", Exit.FAILED, "websakctl upgrade check before"
        )
    document = read_json(record, "a record of an upgrade")
    try:
        if not isinstance(document, dict):
            raise TypeError
        taken_at, snapshot, before = (
            str(document["taken_at"]),
            str(document["snapshot"]),
            Probes.from_document(document["probes"]),
        )
    except (KeyError, TypeError):
        raise Problem(
            f"{record} is not a record of an upgrade", Exit.FAILED, "websakctl upgrade check before"
        ) from None
    _read_each_list_once(session)
    inputs = make_config_input(session, refresh="full")
    recorded, by_hand = read_snapshot(session, snapshot)
    live: State | LiveError
    try:
        result = read_live(session, inputs)
        live, version = result.state, result.api_version
    except LiveError as error:  # what it cannot do any more belongs in the report
        live, version = error, session.connection.api_version or ""
    with _reader(session) as reader:
        after = _probes(session, reader, version)
        if not isinstance(live, LiveError):
            reader.departments.read()
        report = compare_upgrade(
            inputs,
            snapshot=recorded,
            live=live,
            before=before,
            after=after,
            journal=session.journal,
            find=lambda address: reader.find(address.kind).find(address),
            taken_at=taken_at,
            by_hand=by_hand,
        )
    from websakctl.report.formats.html import FORMAT
    from websakctl.report.texts.filed import filed_in

    as_page = session.call.format == "html"
    page = filed_in(_filed(session, report, taken_at, language), language) if as_page or html is not None else None
    session.write(page if as_page and page is not None else _filed(session, report, taken_at, "en"), expand=expand)
    if html is not None and page is not None:
        write_private(html, FORMAT.render(page, Look()) + "\n")
        session.terminal.say(f"Written to {html}.")
    raise typer.Exit(Exit.OK if report.ok else Exit.FAILED)


def _filed(session: Session, report: "UpgradeReport", taken_at: str, language: "Language") -> DocumentReport:
    """The report: what is to be looked at first, and what is well in one line."""
    from websakctl.report.formats.text import FORMAT as TEXT
    from websakctl.report.texts.dates import moment

    plan = session.plan_report(report.setup, compared=True)
    changed = [line for line in TEXT.render(plan, Look(width=160, fit=False)).splitlines() if line][2:]
    if report.unread:
        changed = [f"FAILED: it could not be read, so nothing is known of it: {report.unread}"]
    checks = [("ok" if c.ok else "FAILED", c.what, c.detail) for c in report.capabilities]
    districts = [
        ("ok" if c.ok else "FAILED", slug, c.what, c.detail) for slug, result in report.districts for c in result
    ]
    kinds = sorted({*report.before, *report.after})
    failed = sum(1 for row in (*checks, *districts) if row[0] == "FAILED") + len(report.setup.changes)
    failed += bool(report.unread)
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    data: dict[str, Any] = {
        "format_version": 1,
        "ok": report.ok,
        "before": taken_at,
        "after": now,
        "objects": {"before": dict(report.before), "after": dict(report.after)},
        "setup": plan.document,
        "applied_between": [str(address) for address in report.applied],
        "unread": report.unread,
        "capabilities": [{"ok": c.ok, "what": c.what, "detail": c.detail} for c in report.capabilities],
        "deprecated": list(report.deprecated),
        "districts": {
            slug: [{"ok": c.ok, "what": c.what, "detail": c.detail} for c in result]
            for slug, result in report.districts
        },
    }
    bad_checks = [row for row in checks if row[0] == "FAILED"]
    bad_districts = [row for row in districts if row[0] == "FAILED"]
    well = [row for row in districts if row[0] == "ok"]
    own = f"{len(report.applied)} resources were changed by websakctl itself since the record, which is no doing of the upgrade."
    return DocumentReport(
        title=f"Upgrade of Websak {session.target.name}",
        ok=report.ok,
        verdict="Nothing was lost." if report.ok else f"{failed} thing{'s' * (failed != 1)} to look at.",
        facts=(
            ("Environment", f"{session.target.name} ({session.connection.base_url})"),
            ("Recorded before", moment(taken_at, language)),
            ("Compared", moment(now, language)),
            ("Tool", f"websakctl {__version__}"),
        ),
        sections=tuple(
            section
            for section in (
                Section(
                    title="Failed checks of the server", columns=("what", "found"), rows=[r[1:] for r in bad_checks]
                ),
                Section(
                    title="Failed checks in the districts",
                    columns=("district", "what", "found"),
                    rows=[r[1:] for r in bad_districts],
                ),
                Section(title="Setup", lines=[*changed, *([own] if report.applied else [])]),
                Section(title="Deprecated calls still in use", lines=report.deprecated or ("none",)),
                Section(
                    title="Objects by kind",
                    columns=("kind", "before", "after"),
                    rows=[(kind, report.before.get(kind, 0), report.after.get(kind, 0)) for kind in kinds],
                    folded=f"{sum(report.before.values())} objects before, {sum(report.after.values())} after (--expand lists the kinds)",
                ),
                Section(
                    title="Server as before",
                    columns=("what", "found"),
                    rows=[row[1:] for row in checks if row[0] == "ok"],
                    folded=f"{len(checks) - len(bad_checks)} findings that need nothing (--expand lists them)",
                ),
                Section(
                    title="Districts as before",
                    columns=("district", "what", "found"),
                    rows=[row[1:] for row in well],
                    folded=f"{len(well)} checks in {len({row[1] for row in well})} districts are well (--expand lists them)",
                ),
            )
            if section.rows or section.lines
        ),
        data=data,
    )
