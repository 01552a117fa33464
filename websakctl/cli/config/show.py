"""``show``: one resource, as the config has it and as it is."""

from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli import completion
from websakctl.cli.change.plan import make_config_input, read_live
from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.options import Call, command
from websakctl.cli.session import Session
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from websakctl.model.address import Address
    from websakctl.model.resource import State

AddressArgument = Annotated[
    str,
    typer.Argument(
        metavar="ADDRESS",
        help="KIND/SCOPE/KEY, or its end where only one ends so: FR-OPPV.",
        autocompletion=completion.addresses,
    ),
]
Offline = Annotated[bool, typer.Option("--offline", help="Only the config; no network.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "show", example="websakctl show org_unit/frogner/FR-OPPV")(show)


def _whole(text: str) -> "Address | None":
    """The address, where the text is a whole one.

    Raises:
        UnknownName: If there is no such kind.
    """
    from websakctl.kinds import all_kinds
    from websakctl.model.address import Address

    try:
        address = Address.parse(text)
    except ValueError:
        return None
    if address.kind not in all_kinds():
        raise UnknownName("kind", address.kind, all_kinds())
    return address


def _by_end(text: str, known: "State") -> "Address":
    """The only address that ends so.

    Raises:
        Problem: If none does, or several.
    """
    from websakctl.operations.config.find import ending_in

    result = ending_in(text, known)
    if len(result) > 1:
        named = ", ".join(map(str, result[:5])) + (" …" if len(result) > 5 else "")
        raise Problem(f"{text} is {len(result)} resources: {named}", Exit.USAGE, "write one of these addresses")
    if not result:
        keys = {address.key for address in known}
        raise UnknownName("resource", text, keys, f"`websakctl find {text}` looks in names and values too")
    return result[0]


def show(call: Call, address: AddressArgument, offline: Offline = False) -> None:
    """Show one resource: as the config has it, as it is in Websak, and where it was written."""
    from websakctl.kinds import all_kinds
    from websakctl.plan.diff import same
    from websakctl.report.formats.text import shown

    session = Session(call)
    config = session.valid_config()
    whole = _whole(address)  # a kind that does not exist is told before anything is read
    every: State = {}
    if not offline:
        inputs = make_config_input(session)
        every = inputs.with_by_hand(read_live(session, inputs).state)
    expected = whole or _by_end(address, {**every, **config.whole})
    desired, live = config.whole.get(expected), every.get(expected)
    if desired is None and live is None:
        raise UnknownName("resource", address, map(str, config.whole), "`websakctl plan --expand` lists addresses")
    in_config, in_websak = dict(desired.fields) if desired else {}, dict(live.fields) if live else {}
    at = config.position_of(expected)
    origin = config.origins.get(expected)
    names = list(dict.fromkeys([*in_config, *(n for n, v in in_websak.items() if v is not None)]))
    rows = []
    write_only = all_kinds()[expected.kind].write_only
    for name in names:
        existing = shown(in_websak.get(name)) if live else "" if offline else "(not there)"
        differs = "differs" if live and name in in_config and not same(in_config[name], in_websak.get(name)) else ""
        if live and name in write_only and name not in in_websak:
            existing, differs = "(never told)", ""
        rows.append((name, shown(in_config[name]) if name in in_config else "(not managed)", existing, differs))
    data = {
        "address": str(expected),
        "kind": expected.kind,
        "scope": expected.scope,
        "key": expected.key,
        "config": in_config if desired else None,
        "live": in_websak if live else None,
        "active": live.active if live else None,
        "source": {"file": at.file, "line": at.line, "column": at.column} if at else None,
    }
    notes = [f"Written at {at}." if at else "Not in the config."]
    if origin is not None and origin.made_for is not None:
        notes.append(f"Made for the district described at {origin.made_for}.")
    if origin is not None and origin.override is not None:
        document, section, key = origin.override
        notes.append(f"Overridden at {document.key_position(section.spans, key)}.")
    if live is not None and not live.active:
        notes.append("Retired in Websak.")
    session.write(
        TableReport(
            headline=f"{expected}: {all_kinds()[expected.kind].title}",
            columns=("field", "config", "Websak", ""),
            rows=rows,
            data=data,
            notes=("\n".join(notes),),
        )
    )
