"""``attest``: what is otherwise typed into a district's `attestations:` by hand."""

from typing import Annotated, Any

import typer

from websakctl.cli import completion
from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.options import Call, command, given_text, past_day
from websakctl.cli.rollout.worklist import Shown
from websakctl.cli.session import Session
from websakctl.cli.today import today_in_oslo
from websakctl.cli.write_back import AutoApprove, Force, carry_out
from websakctl.report.view_models import TableReport

GateName = Annotated[str, typer.Argument(metavar="GATE", help="A readiness gate.", autocompletion=completion.gates)]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so: a role, or who can be asked.")]
On = Annotated[
    str | None, typer.Option("--on", metavar="DATE", help="When it was passed, YYYY-MM-DD (default: today).")
]
Slug = Annotated[str, typer.Argument(metavar="DISTRICT", help="The district.", autocompletion=completion.districts)]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "attest",
        example='websakctl attest OPPLAERING-LEDERE frogner --by Opplæringsansvarlig --evidence "sak 26/4711"',
    )(attest)


def attest(
    call: Call,
    gate: GateName,
    district: Slug,
    by: By,
    evidence: Shown,
    on: On = None,
    auto_approve: AutoApprove = False,
    force: Force = False,
) -> None:
    """Write into the config that a district has passed a gate: who says so, when, and on what evidence.

    Shows the difference and asks first. What the tool can judge itself, an attestation does not settle.
    """
    from websakctl.kinds.attestation import KIND
    from websakctl.model.address import BASE, Address
    from websakctl.operations.config.edit_entry import add_entries, put_fields
    from websakctl.operations.config.write_back import NotWritten, sound, tried
    from websakctl.source.documents import read_documents

    session = Session(call)
    config = session.valid_config()
    gates = {a.key: r.fields for a, r in config.own.items() if a.kind == "gate" and a.scope == BASE}
    if gate not in gates:
        raise UnknownName("gate", gate, gates)
    if district not in config.districts:
        raise UnknownName("district", district, config.districts)
    fields: dict[str, Any] = {
        "by": given_text("--by", by),
        "on": past_day("--on", on, today_in_oslo()),
        "evidence": given_text("--evidence", evidence),
    }
    address = Address(KIND.name, district, gate)
    if address in config.origins:
        changes = put_fields(config, KIND, address, fields)
    else:
        changes, _ = add_entries(
            read_documents(session.root), KIND, district, {gate: fields}, config.districts[district]
        )
    try:
        files = changes.files(session.root)
        sound(tried(session.root, files))
    except NotWritten as error:
        raise Problem(f"{error}; nothing was written", Exit.FAILED, "correct what it names, or write the entry by hand") from None  # fmt: skip
    if gates[gate].get("check") or gates[gate].get("match"):
        session.terminal.warn(f"note: websakctl judges {gate} itself; this settles only what it cannot tell")
    if files:
        carry_out(session, files, auto_approve=auto_approve, force=force)
    reported = (
        f"{gate} is attested for {district}." if files else f"{gate} was attested for {district} just so already."
    )
    data = {"address": str(address), **fields, "files": list(files)}
    session.write(TableReport(headline=reported, columns=(), rows=(), data=data))
    if files:
        session.terminal.say(f"Written into {', '.join(files)}: commit it.")
