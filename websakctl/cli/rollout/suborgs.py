"""``suborgs``: every sub-org number and where its mail goes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import (
    Batch,
    Call,
    Districts,
    SelectionOptions,
    command,
    given_text,
    leading_command,
    past_day,
)
from websakctl.cli.session import Session, require_file
from websakctl.cli.today import today_in_oslo
from websakctl.cli.write_back import AutoApprove, Force
from websakctl.model.address import BASE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from websakctl.consistency.discrepancy import Discrepancy
    from websakctl.consistency.ledger import Desired
    from websakctl.consistency.sources import InRegister
    from websakctl.live.fiks import FiksConnection
    from websakctl.redaction import Secret

FORMATS = ("text", "json", "csv", "markdown")
CHECK_FORMATS = ("text", "json", "markdown")
Arrives = Annotated[
    Literal["dokulink", "svarinn", "altinn", "paper", "unsaid"] | None,
    typer.Option("--arrives", help="Only numbers whose mail comes this way today; shows what each still needs."),
]
Holes = Annotated[bool, typer.Option("--holes", help="Only numbers whose route has a gap.")]
Files = Annotated[
    list[Path] | None,
    typer.Option(
        "--file",
        metavar="FILE",
        help="Compare with the register's bulk file instead, JSON or CSV, packed or not (repeatable); no network.",
    ),
]
OwnList = Annotated[
    Path | None,
    typer.Argument(metavar="[LIST]", help="A list of one's own, CSV or XLSX; else the business register is asked."),
]
Channel = Annotated[
    Literal["svarinn", "altinn"] | None, typer.Option("--channel", help="Where the mail of these numbers arrives.")
]
Readers = Annotated[
    list[str] | None, typer.Option("--reader", metavar="ROLE", help="Who reads Altinn every day (repeatable).")
]
Unit = Annotated[
    str | None, typer.Option("--unit", metavar="KEY", help="The unit that gets the mail, by its local key.")
]
Export = Annotated[
    Path, typer.Option("--file", metavar="EXPORT", help="Who holds the access packages, from Altinn: CSV or XLSX.")
]
TakenOn = Annotated[
    str | None, typer.Option("--on", metavar="DATE", help="The day on which the export was taken, YYYY-MM-DD.")
]
TakenBy = Annotated[str | None, typer.Option("--by", metavar="ROLE", help="Who took it: a role, or who can be asked.")]
Record = Annotated[
    bool, typer.Option("--record", help="Keep it as evidence for the gates, in users/, which is outside git.")
]
Replace = Annotated[
    bool, typer.Option("--force", help="Record an export that is not complete in place of one that is.")
]
Names = Annotated[bool, typer.Option("--names", help="Name the persons, not only how many they are.")]
DetailedExit = Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are findings.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer()
    leading_command(group, example="websakctl suborgs --arrives dokulink", formats=FORMATS)(suborgs)
    registers = typer.Typer()
    leading_command(registers, example="websakctl suborgs check --district frogner", formats=CHECK_FORMATS)(check)
    command(registers, "altinn", example="websakctl suborgs check altinn --file tilganger.xlsx", formats=CHECK_FORMATS)(
        altinn
    )
    group.add_typer(registers, name="check")
    command(group, "import", example="websakctl suborgs import --district frogner --channel altinn --reader Styrer")(
        import_
    )
    app.add_typer(group, name="suborgs")


def suborgs(
    call: Call, arrives: Arrives = None, unrouted: Holes = False, district: Districts = None, batch: Batch = None
) -> None:
    """Show every sub-org number and where its mail goes, the gaps first. Reads only the config.

    Also shows how many numbers come through SvarInn to the document centre, today and after each batch.
    """

    from websakctl.report.mail import routes_document, routes_rows
    from websakctl.rollout.routing import loads, routes

    session = Session(call)
    config = session.valid_config()
    SelectionOptions(batch=batch).selection(session.config)  # ends the command if there is no such batch
    scopes = SelectionOptions(district=district).selection(session.config).scopes
    every = [
        route
        for route in routes(config.whole, today_in_oslo(), config.examples, config.config_only)
        if (not scopes or route.district in scopes) and batch in (None, route.batch)
    ]
    chosen = [
        route
        for route in every
        if (route.gaps or not unrouted)
        and (arrives is None or (arrives == (route.arrives or "unsaid") and not route.ended))
    ]
    if call.format == "csv":
        session.write(routes_rows(chosen))
        return
    whole_picture = not unrouted and arrives is None
    session.write(
        routes_document(chosen, loads(config.whole, every) if whole_picture else (), still_needed=arrives is not None)
    )


def check(
    call: Call,
    file: Files = None,
    detailed_exitcode: DetailedExit = False,
    district: Districts = None,
    batch: Batch = None,
) -> None:
    """Compare the numbers with the business register, and with KS Fiks where there are credentials. Writes nothing.

    Tells what exists and is not in the config, is closed, renamed, unknown or somebody else's; and what is registered to
    fetch mail before its batch is ready, or not at all. Never fetches mail.
    """

    from websakctl.consistency.ledger import compare
    from websakctl.consistency.sources import InFiks
    from websakctl.operations.review.consistency import ask_fiks, desired_of
    from websakctl.report.register import check_document

    session = Session(call)
    config = session.valid_config()
    scopes = SelectionOptions(district=district, batch=batch).selection(session.config).scopes or frozenset(
        config.districts
    )
    today = today_in_oslo()
    desired = desired_of(config, scopes, today)
    register = in_register(session, desired, file)
    connection, why_not = (None, "--file works without a network") if file else fiks_connection(session)
    fiks = InFiks(why_not=why_not)
    if connection is not None:
        session.terminal.say(f"Asking {connection.url} …")
        fiks = ask_fiks(connection, desired, (), session.runtime)
    result = compare(desired, register, fiks, today)
    checked = sum(1 for route in desired.routes if route.district in scopes and route.orgnr not in register.unseen)
    session.write(check_document(result, checked, register, fiks))
    raise typer.Exit(Exit.CHANGES if detailed_exitcode and (result.register or result.fiks) else Exit.OK)


def in_register(
    session: Session, desired: "Desired", file: list[Path] | None, more: "Iterable[str]" = ()
) -> "InRegister":
    """What the business register has, by its files or as it is asked.

    Args:
        session: Of the command.
        desired: The districts that are looked at, and their numbers.
        file: Bulk files of the register; none: it is asked.
        more: Further numbers to look up.

    Raises:
        LiveError: If it does not answer, or not as agreed.
        Problem: If a file is not there, or none of the register's.
    """
    from websakctl.operations.review.consistency import ask_register, read_register
    from websakctl.source.register_file import RegisterFileError

    for one in file or ():
        require_file(one, "name what was fetched of the register: enheter, underenheter")
    if file:
        try:
            return read_register(file, desired, more)
        except RegisterFileError as error:
            raise Problem(str(error), Exit.FAILED, "fetch it again: underenheter/lastned of the register") from None
    url = session.secure(session.around.register_url or session.config.settings.registers.business).rstrip("/")
    count, scopes = sum(route.district in desired.scopes for route in desired.routes), desired.scopes - {BASE}
    session.terminal.say(f"Asking {url} about {count} numbers of {len(scopes)} district{'s' * (len(scopes) != 1)} …")
    return ask_register(url, desired, more, session.runtime)


def altinn(
    call: Call,
    file: Export,
    on: TakenOn = None,
    by: TakenBy = None,
    record: Record = False,
    force: Replace = False,
    names: Names = False,
    detailed_exitcode: DetailedExit = False,
    district: Districts = None,
    batch: Batch = None,
) -> None:
    """Show who can read each number's mail in Altinn, by access package, as an export of its access management has it.

    Each number needs two holders of each package who are at work. With --record the export is the evidence that the gate
    `altinn-access` asks for; of the file nothing else is kept, and national identity numbers never are.
    """
    from websakctl.operations.rollout.altinn_evidence import complete_before, proof_of, with_users
    from websakctl.operations.rollout.altinn_evidence import record as record_evidence
    from websakctl.operations.rollout.altinn_export import read_export
    from websakctl.report.altinn import altinn_document
    from websakctl.rollout.altinn import Evidence, age_problem, incomplete
    from websakctl.source.tables.read import read_tables
    from websakctl.source.tables.report import group as grouped
    from websakctl.source.tables.table import TableError

    if record and (on is None or by is None):
        raise Problem("evidence needs the day and somebody who took the export", Exit.USAGE, "--on DATE --by ROLE")
    today = today_in_oslo()
    taken_on = past_day("--on", on, today)
    session = Session(call)
    config = session.valid_config()
    scopes = SelectionOptions(district=district, batch=batch).selection(session.config).scopes
    require_file(file, "name the export from Altinn")
    try:
        export = read_export(read_tables(file), config)
    except TableError as error:
        raise Problem(f"{error}; nothing was taken", Exit.INVALID, error.what_next) from None
    if export.wrong:
        reported = "".join(
            f"\n  {f.place}: {f.message}" + (f"\n    help: {f.help}" if f.help else "")
            for f in grouped(export.table, export.wrong)
        )
        raise Problem(f"{file.name} cannot be used; nothing was taken{reported}", Exit.INVALID, "export it again")
    evidence = with_users(
        Evidence(
            taken_on=taken_on,
            taken_by=given_text("--by", by) if by is not None else "",
            rows=export.rows,
            unread=len(export.unread),
            holdings=tuple(export.holdings),
        ),
        config,
    )
    flaw = age_problem(evidence, today, config.settings.altinn.max_age_days) if on is not None else None
    proof = proof_of(evidence, flaw, config, today)
    access = [each for each in proof.access if not scopes or each.district in scopes]
    recorded = None
    if record:
        if not force and (kept := complete_before(session.root, evidence)) is not None:
            raise Problem(
                f"{incomplete(evidence)}, and the export of {kept.taken_on} that is recorded is complete; nothing was recorded",
                Exit.REFUSED,
                "leave out --record to see which rows, and export it again; or record it all the same with --force",
            )
        try:
            recorded = record_evidence(session.root, evidence)
        except OSError as error:
            raise Problem(f"the evidence cannot be written: {error.strerror}", Exit.FAILED) from None
        session.terminal.say(f"Recorded in {recorded}: it names persons, so it stays out of git.")
    main = config.settings.organisation.orgnr if config.settings.organisation else None
    gates = (a.key for a, g in config.own.items() if a.kind == "gate" and g.fields.get("check") == "altinn-access")
    report = altinn_document(
        export, evidence, msgspec.structs.replace(proof, access=tuple(access)), config.districts, main,
        known={a.key for a in config.state if a.kind == "sub_org"},
        gate=next(gates, None), dated=on is not None, recorded=recorded, names=names,
    )  # fmt: skip
    session.write(report)
    raise typer.Exit(Exit.CHANGES if detailed_exitcode and not report.ok else Exit.OK)


def import_(
    call: Call,
    list_: OwnList = None,
    file: Files = None,
    channel: Channel = None,
    reader: Readers = None,
    unit: Unit = None,
    district: Districts = None,
    batch: Batch = None,
    auto_approve: AutoApprove = False,
    force: Force = False,
) -> None:
    """Write entries for numbers that the config lacks: those that `suborgs check` finds missing, or those of a list of one's own.

    Shows the difference and asks first. What the config has already is left as it is. The register knows no route, so
    --channel says where the mail of all of them goes, with --reader for Altinn and --unit for SvarInn.
    """
    from websakctl.cli.begin import begin_entries, read_list
    from websakctl.kinds.sub_org import KIND

    session = Session(call)
    config = session.valid_config()
    scopes = SelectionOptions(district=district, batch=batch).selection(session.config).scopes or frozenset(
        config.districts
    )
    route: dict[str, object] = {"channel": channel, "readers": list(reader or []) or None}
    if list_ is not None:
        if file:
            raise Problem("a list of one's own and --file are two sources", Exit.USAGE, "leave one out")
        rows = read_list(session, list_, KIND, district)
    else:
        _refuse_half_a_route(channel, reader, unit)
        rows = {(result.district, result.key): {"name": result.name} for result in _missing(session, file, scopes)}
    filled = {}
    for (slug, orgnr), fields in rows.items():
        local = {"unit": config.districts[slug].full_key(config.districts[slug].local_key(unit))} if unit else {}
        given = {name: value for name, value in fields.items() if value not in (None, [])}
        filled[slug, orgnr] = {**{n: v for n, v in route.items() if v is not None}, **local, **given}
    begin_entries(session, KIND, filled, auto_approve=auto_approve, force=force)


def _refuse_half_a_route(channel: str | None, reader: list[str] | None, unit: str | None) -> None:
    """The register says that a number exists, and nothing of its mail.

    Raises:
        Problem: If the command line does not say where the mail ends.
    """
    if channel is None:
        raise Problem("the register does not say where mail goes", Exit.USAGE, "say so for all: --channel altinn --reader ROLE, or --channel svarinn --unit KEY")  # fmt: skip
    if channel == "altinn" and not reader:
        raise Problem("mail in Altinn needs somebody who reads it", Exit.USAGE, "name a role: --reader Styrer")
    if channel == "svarinn" and not unit:
        raise Problem("mail through SvarInn needs a unit", Exit.USAGE, "name it by its local key: --unit OPPV")


def _missing(session: Session, file: list[Path] | None, scopes: frozenset[str]) -> "list[Discrepancy]":
    """What the business register has below the districts and the config does not."""
    from websakctl.consistency.business_register import Lookup
    from websakctl.consistency.ledger import compare
    from websakctl.consistency.sources import InFiks
    from websakctl.operations.review.consistency import desired_of

    today = today_in_oslo()
    desired = desired_of(session.config, scopes, today)
    register = in_register(session, desired, file)
    for note in register.notes:
        session.terminal.warn(f"note: {note}")
    result = compare(desired, register, InFiks(why_not="not asked"), today)
    return [found for found in result.register if found.what is Lookup.MISSING]


def fiks_connection(session: Session) -> "tuple[FiksConnection | None, str]":
    """Who we are at KS Fiks; without any of it nothing is asked, and the second part says why."""
    from importlib.util import find_spec

    from websakctl.live.fiks import FIKS_HOSTS, FiksConnection
    from websakctl.urls import parse_url

    around, given = session.around, session.config.settings.registers.fiks
    client_id = around.fiks_client_id or given.client_id
    key_id = around.fiks_key_id or given.key_id
    integration_id = around.fiks_integration_id or given.integration_id
    password, private_key, unasked = around.fiks_password, around.fiks_private_key, ""
    if client_id and password is None:
        password, unasked = _stored("fiks-password")
    if client_id and private_key is None:
        private_key, unasked = _stored("fiks-private-key")
    if not (client_id and key_id and integration_id and password and private_key):
        parts = {
            "client id": client_id, "key id": key_id, "integration id": integration_id,
            "integration password": password, "private key": private_key,
        }  # fmt: skip
        missing = [name for name, value in parts.items() if not value]
        return None, f"no {' and no '.join(missing)} (docs/mail-routes.md){unasked}"
    if find_spec("jwt") is None:
        raise Problem(
            "the look-up at KS Fiks needs a library that is not here", what_next="pip install 'websakctl[fiks]'"
        )
    url, issuer = session.secure(around.fiks_url or given.url), session.secure(around.fiks_issuer or given.issuer)
    if not around.fiks_url and parse_url(given.url).authority not in FIKS_HOSTS:
        raise Problem(
            f"registers.fiks.url in config/websak.yaml would send the integration's password to {given.url}; nothing was sent",
            Exit.NOT_PERMITTED,
            f"if that is right, set WEBSAKCTL_FIKS_URL={given.url}",
        )
    connection = FiksConnection(
        url=url.rstrip("/"),
        issuer=issuer,
        client_id=client_id,
        key_id=key_id,
        integration_id=integration_id,
        integration_password=password,
        private_key=private_key,
    )
    return connection, ""


def _stored(name: str) -> "tuple[Secret | None, str]":
    """A secret of the keyring, and why it could not be asked."""
    from websakctl.secrets import KeyringUnavailable, stored_secret

    try:
        return stored_secret(name), ""
    except KeyringUnavailable as error:
        return None, f"; the keyring cannot be asked ({error})"
