"""``pull``: live state into the config."""

from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli.change.plan import make_config_input, read_live
from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, SelectionOptions, command
from websakctl.cli.session import Session
from websakctl.cli.write_back import (
    AutoApprove,
    Force,
    Owner,
    Reason,
    carry_out,
    check_explained,
    report,
    without_users,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from websakctl.model.address import Address
    from websakctl.operations.config.write_back import WriteBack
    from websakctl.plan.selection import Selection

All = Annotated[bool, typer.Option("--all", help="Also what is not in the config yet; where there is none, all.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "pull",
        example='websakctl pull --district frogner --reason "Decided in March" --owner "Bydel Frogner, stab"',
    )(pull)


def pull(
    call: Call,
    options: SelectionOptions,
    all_: All = False,
    reason: Reason = None,
    owner: Owner = None,
    auto_approve: AutoApprove = False,
    force: Force = False,
) -> None:
    """Write what Websak has into the config, where the config says otherwise. Shows the difference and asks first."""
    session = Session(call)
    if all_:
        from websakctl.cli.config.infer_config import is_empty, pull_everything

        if is_empty(session):
            pull_everything(session, reason, owner, auto_approve=auto_approve, force=force)
            return
    session.valid_config()
    if all_ and not session.config.districts:
        from websakctl.cli.config.infer_config import add_recognised

        add_recognised(session, auto_approve=auto_approve, force=force)
    result, files = _found(
        session,
        options.selection(session.config),
        reason,
        owner,
        everything=all_,
    )
    if files:
        carry_out(session, files, auto_approve=auto_approve, force=force)
    report(session, result, files, "pulled")


def _found(
    session: Session, selection: "Selection", reason: str | None, owner: str | None, *, everything: bool
) -> "tuple[WriteBack, dict[str, str]]":
    from websakctl.operations.config.adopt import adopt, unmanaged
    from websakctl.operations.config.placing import Why
    from websakctl.operations.config.pull import check_pulled
    from websakctl.operations.config.pull import pull as pull_live
    from websakctl.operations.config.write_back import NotWritten, tried
    from websakctl.source.documents import read_documents

    inputs = without_users(make_config_input(session, selection))
    live = read_live(session, inputs).state
    documents, why = read_documents(session.root), Why(reason=reason, owner=owner)

    def pulled(refused: "Mapping[Address, str]") -> "WriteBack":
        result = pull_live(inputs, live, documents, why, refused)
        check_explained(result)
        return result

    desired = [a for a in unmanaged(inputs, live) if a in selection] if everything else []
    try:
        result, files = adopt(session.root, inputs, live, desired, pulled)
        check_pulled(inputs, live, tried(session.root, files), result.written)
    except NotWritten as error:
        raise Problem(
            f"it cannot be written: {error}", Exit.FAILED, "narrow it with --target, or write it by hand"
        ) from None
    return result, files
