"""``explain``: a rule, a kind, a field, a word, or what made each value of a resource."""

from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli import completion
from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.options import Call, command
from websakctl.cli.session import Session
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from websakctl.model.address import Address
    from websakctl.operations.config.explain import Explanation

What = Annotated[
    str,
    typer.Argument(
        metavar="RULE|KIND[.FIELD]|ADDRESS",
        help="A rule of validate, a kind or one of its fields, or KIND/SCOPE/KEY.",
        autocompletion=completion.explainable,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "explain", example="websakctl explain org_unit/frogner/FR-OPPV")(explain)


def explain(call: Call, what: What) -> None:
    """Explain a rule, a kind or its field, a Norwegian word, or which lines made each value of a resource.

    No network. Rules, kinds, fields and words need no config.
    """
    from websakctl.kinds import all_kinds
    from websakctl.operations.config import explain as operation

    session, kinds = Session(call), all_kinds()
    if "/" in what:
        result = _resource(session, what)
    else:
        explained = operation.explain(what, kinds)
        if explained is None:
            message, hint = f"there is nothing to explain by the name {what}", operation.near(what, kinds)
            raise Problem(message, Exit.USAGE, hint, code="unknown-name")
        result = explained
    session.write(
        TableReport(
            headline=result.headline, columns=result.columns, rows=result.rows, data=result.data, notes=result.notes
        )
    )


def _resource(session: Session, text: str) -> "Explanation":
    from websakctl.kinds import all_kinds
    from websakctl.model.address import Address
    from websakctl.operations.config.explain import explain_resource

    try:
        address = Address.parse(text)
    except ValueError as error:
        raise Problem(str(error), Exit.USAGE, "`websakctl plan --expand` shows addresses") from None
    kinds = all_kinds()
    if address.kind not in kinds:
        raise UnknownName("kind", address.kind, kinds)
    config = session.config
    address, earlier = _now_and_before(session, address)
    if address not in config.whole:
        if not config.valid:
            first = "the config is not valid: fix first what `websakctl validate` reports"
            raise Problem(f"{text} is not defined in the config", Exit.INVALID, first)
        raise UnknownName(
            f"{text} is not defined in the config",
            text,
            map(str, config.whole),
            "`websakctl plan --expand` lists addresses",
        )
    return explain_resource(config, address, kinds[address.kind], earlier)


def _now_and_before(session: Session, address: "Address") -> "tuple[Address, list[Address]]":
    """The address that an object has in the config, and those that it had: as declared there, and as renamed from here."""
    config = session.config
    if address not in config.whole:
        address = next((new for new, olds in config.previously.items() if address in olds), address)
    had = [address]
    if (session.state_dir / "journal.db").is_file():
        from websakctl.operations.change.history import addresses_of

        had = addresses_of(session.journal, address)
        address = next((a for a in reversed(had) if a in config.whole), address)
    declared = [old for old in config.previously.get(address, ()) if old not in had]
    return address, [old for old in (*declared, *had) if old != address]
