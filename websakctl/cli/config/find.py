"""``find``: where a text stands, in the config and in Websak."""

from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli.change.plan import make_config_input, read_live
from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Batch, Call, Districts, KindNames, SelectionOptions, command
from websakctl.cli.session import Session
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from websakctl.model.resource import State
    from websakctl.operations.config.find import Match
    from websakctl.plan.selection import Selection

FORMATS = ("text", "json", "csv")
SHOWN = 50  # matches that people see; machines get them all
Text = Annotated[str, typer.Argument(metavar="TEXT", help="A name, key, number, code or user, or a part of one.")]
Offline = Annotated[bool, typer.Option("--offline", help="Only the config; no network.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "find", example="websakctl find oppvekst --district frogner", formats=FORMATS)(find)


def find(
    call: Call,
    text: Text,
    offline: Offline = False,
    district: Districts = None,
    kind: KindNames = None,
    batch: Batch = None,
) -> None:
    """Find a name, key, number, code or user, in the config and in Websak. Writes nothing.

    Parts of words are enough. Numbers may be written with blanks. What starts later or has left, and what was retired in Websak, is found too.
    """
    from websakctl.kinds import all_kinds
    from websakctl.operations.config.find import find as find_in

    if not text.strip():
        raise Problem("TEXT is empty", Exit.USAGE, "say what to look for: websakctl find oppvekst")
    session = Session(call)
    config = session.valid_config()
    selection = SelectionOptions(district=district, kind=kind, batch=batch).selection(session.config)
    states = {"config": {**config.whole, **config.dormant}}
    if not offline:
        states["Websak"] = _live(session, selection)
    states = {place: {a: r for a, r in state.items() if a in selection} for place, state in states.items()}
    matches = find_in(text, states, all_kinds())
    shown = matches if call.format == "csv" else matches[:SHOWN]
    rows = [(str(m.address), m.name, _found_in(m), ", ".join(m.places), _at(session, m)) for m in shown]  # fmt: skip
    where = "in the config" if offline else "in the config or in Websak"
    headline = (
        f"{len(matches)} match{'es' * (len(matches) != 1)} for {text!r}."
        if matches
        else f"Nothing {where} has {text!r}."
    )
    more = len(matches) - len(shown)
    session.write(
        TableReport(
            headline=headline,
            columns=("address", "name", "found in", "where", "written at") if rows or call.format == "csv" else (),
            rows=rows,
            data=[_data(session, match) for match in matches],
            notes=[f"and {more} more: say more of the text, or narrow it with --kind or --district"] if more else [],
        )
    )


def _live(session: Session, selection: "Selection") -> "State":
    """What Websak has; users only where some are looked for, those of districts that do not list theirs too."""
    from msgspec.structs import replace

    from websakctl.operations.change.read_users import KIND, read_users

    inputs = make_config_input(session)
    with_users = not selection.kinds or KIND in selection.kinds
    if not with_users:
        inputs = replace(inputs, kinds={name: kind for name, kind in inputs.kinds.items() if name != KIND})
    state = inputs.with_by_hand(read_live(session, inputs).state)
    listed = bool(selection.scopes) and selection.scopes <= session.config.with_users  # and so read already
    if not with_users or listed:
        return state
    return {**read_users(session.connection, inputs), **state}


def _found_in(match: "Match") -> str:
    if match.field == "name":
        return ""
    return f"{match.field}: {match.value if len(match.value) <= 60 else match.value[:59] + '…'}"


def _at(session: Session, match: "Match") -> str:
    return str(session.config.position_of(match.address) or "")


def _data(session: Session, match: "Match") -> dict[str, object]:
    at = session.config.position_of(match.address)
    return {
        "address": str(match.address),
        "name": match.name,
        "field": match.field,
        "value": match.value,
        "places": list(match.places),
        "source": {"file": at.file, "line": at.line, "column": at.column} if at else None,
    }
