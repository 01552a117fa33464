"""``explain``: a rule, a kind, a field, a word, or what made each value of a resource."""

from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli import completion
from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.options import Call, address_of, command
from websakctl.cli.session import Session
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from websakctl.model.address import Address
    from websakctl.operations.config.explain import Explanation
    from websakctl.operations.config.made_by import Commit, PutBy

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
        if explained is None and (address := _named(session, what)) is not None:
            explained = _resource(session, address)
        if explained is None:
            message, hint = f"there is nothing to explain by the name {what}", operation.near(what, kinds)
            raise Problem(message, Exit.USAGE, hint, code="unknown-name")
        result = explained
    session.write(
        TableReport(
            headline=result.headline, columns=result.columns, rows=result.rows, data=result.data, notes=result.notes
        )
    )


def _named(session: Session, text: str) -> str | None:
    """The only address that ends so, where there is a config."""
    from websakctl.operations.config.find import ending_in

    if not (session.root / "config").is_dir():
        return None
    result = ending_in(text, session.config.whole)
    return str(result[0]) if len(result) == 1 else None


def _resource(session: Session, text: str) -> "Explanation":
    from websakctl.kinds import all_kinds
    from websakctl.operations.config.explain import explain_resource, places_of

    config, kinds = session.config, all_kinds()
    address, earlier = _now_and_before(session, address_of(text))
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
    kind = kinds[address.kind]
    commits, why_not = _commits(session, places_of(config, address, kind))
    runs = _runs(session, address)
    if why_not:
        session.terminal.say(f"note: which commits made these lines cannot be told ({why_not})")
    return explain_resource(config, address, kind, earlier, commits=commits, runs=runs)


def _commits(session: Session, files: "list[str]") -> "tuple[dict[tuple[str, int], Commit] | None, str]":
    """The commit of each line, or why git cannot tell."""
    from websakctl.cli.write_back import in_repository
    from websakctl.operations.config.made_by import commits_of
    from websakctl.state.git import Git, GitError

    if not in_repository(session.root):
        return None, "the config is in no git repository"
    try:
        return commits_of(Git(session.root), files), ""
    except GitError as error:
        return None, str(error).splitlines()[0]


def _runs(session: Session, address: "Address") -> "dict[str, PutBy] | None":
    """The run that put each value into the environment's Websak, as far as the journal here knows."""
    if not (session.state_dir / "journal.db").is_file():
        return None
    from websakctl.operations.config.made_by import runs_of

    return runs_of(session.journal, address, session.target.name)


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
