"""``adopt``: live objects that the config does not have, into it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli.change.plan import Out, make_config_input, read_live, save_plan
from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.options import Call, Districts, KindNames, SelectionOptions, command
from websakctl.cli.session import Session
from websakctl.cli.write_back import AutoApprove, Force, carry_out, report, without_users
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from websakctl.model.address import Address
    from websakctl.model.resource import State
    from websakctl.operations.change.make_plan import ConfigInput
    from websakctl.plan.selection import Selection

Addresses = Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="What to adopt; globs are fine.")]

MatchUnits = Annotated[
    bool,
    typer.Option("--match", help="Find live units without an external id that are the config's, by name and place."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "adopt", example="websakctl adopt org_unit/base/PROSJ 'access_code/*'")(adopt)


def adopt(
    call: Call,
    addresses: Addresses = None,
    district: Districts = None,
    kind: KindNames = None,
    match: MatchUnits = False,
    out: Out = None,
    auto_approve: AutoApprove = False,
    force: Force = False,
) -> None:
    """Write entries for live objects that are not in the config, so that a plan has nothing to do for them.

    `--match` is for live units without an external id: it shows which of them are the config's, and on what evidence, and saves
    the plan that gives them their external id and changes nothing else.
    """
    from websakctl.operations.config.adopt import adopt as adopt_live
    from websakctl.operations.config.pull import check_pulled
    from websakctl.operations.config.write_back import NotWritten, tried

    session = Session(call)
    if match:
        _match(session, SelectionOptions(district=district, kind=kind, target=addresses).selection(session.config), out)
        return
    if out is not None:
        raise Problem("--out is for --match", Exit.USAGE, "what is adopted is written into the config")
    if not (addresses or district or kind):
        raise Problem(
            "specify what to adopt: addresses, --kind or --district",
            Exit.USAGE,
            "`websakctl plan --format json` counts what is not managed; `websakctl pull --all` takes it all",
        )
    session.valid_config()
    selection = SelectionOptions(district=district, kind=kind, target=addresses).selection(session.config)
    inputs = without_users(make_config_input(session, selection))
    live = read_live(session, inputs).state
    chosen = _chosen(session, inputs, live, addresses)
    try:
        result, files = adopt_live(session.root, inputs, live, chosen)
        check_pulled(inputs, live, tried(session.root, files), result.written)
    except NotWritten as error:
        raise Problem(
            f"it cannot be written: {error}", Exit.FAILED, "adopt fewer at a time, or write it by hand"
        ) from None
    if files:
        carry_out(session, files, auto_approve=auto_approve, force=force)
    report(session, result, files, "adopted")


def _match(session: Session, selection: "Selection", out: Path | None) -> None:
    """Show which live units without an external id are the config's; save the plan that says so in Websak."""
    from websakctl.operations.change.match_units import find_matches, plan_matches

    session.valid_config()
    inputs = make_config_input(session, selection)
    live = read_live(session, inputs).state
    matches = find_matches(inputs, live)
    report = session.plan_report(plan_matches(inputs, live, matches))
    rows, data = [], []
    for one in matches:
        result = (
            "proposed" if one.proposed else "several: give all but one another name, or the right one its external id"
        )
        for number, (existing, evidence) in enumerate(one.candidates):
            id_ = existing.handle.id if existing.handle else ""
            name = str(existing.fields.get("name") or "")
            rows.append((str(one.address) if not number else "", id_, name, evidence, result if not number else ""))
            data.append(
                {"address": str(one.address), "id": id_, "name": name, "evidence": evidence, "proposed": one.proposed}
            )
    proposed = sum(one.proposed for one in matches)
    headline = (
        f"{proposed} of the config's units are in Websak without an external id, {len(matches) - proposed} more may be."
        if matches
        else "No unit that the config would make is in Websak under another key."
    )
    session.write(
        TableReport(headline=headline, columns=("unit", "id", "name in Websak", "evidence", ""), rows=rows, data=data)
    )
    if out is not None and proposed:
        save_plan(session, out, report)
    elif proposed:
        session.terminal.say("Save the plan that gives them their external id: --out FILE")


def _chosen(session: Session, inputs: "ConfigInput", live: "State", addresses: list[str] | None) -> "list[Address]":
    """What is live, unmanaged and meant; an address that means nothing ends the command."""
    from fnmatch import fnmatchcase

    from websakctl.operations.config.adopt import unmanaged

    every = unmanaged(inputs, live)
    for pattern in addresses or ():
        if any(fnmatchcase(str(a), pattern) for a in every):
            continue
        if any(fnmatchcase(str(a), pattern) for a in session.config.state):
            raise Problem(f"{pattern} is in the config already", Exit.USAGE, f"websakctl show {pattern}")
        raise UnknownName(f"nothing unmanaged in Websak matches {pattern}", pattern, map(str, every))
    return [a for a in every if a in inputs.selection]
