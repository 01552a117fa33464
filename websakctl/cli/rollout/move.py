"""``rollout move``: a batch on another day, with every date that depends on it shown before anything is written."""

from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, command, day_of
from websakctl.cli.rollout.status import FORMATS, BatchName, group, refuse_unknown
from websakctl.cli.session import Session
from websakctl.cli.today import today_in_oslo
from websakctl.cli.write_back import AutoApprove, Force, carry_out

if TYPE_CHECKING:
    from websakctl.operations.rollout.move_batch import Move

GoLive = Annotated[str, typer.Option("--go-live", metavar="DATE", help="The new day, YYYY-MM-DD.")]


def register(app: typer.Typer) -> None:  # noqa: ARG001  # the group is registered with `rollout`
    """Add the command."""
    command(group, "move", example="websakctl rollout move PULJE-2 --go-live 2027-05-03", formats=FORMATS[:3])(move)


def move(
    call: Call, batch: BatchName, go_live: GoLive, auto_approve: AutoApprove = False, force: Force = False
) -> None:
    """Move a batch to another day. Shows every date that depends on it first, then the difference in the config, and asks.

    Only the batch's own day is written; dates that no longer fit are named, for somebody to decide. A day in the past, a Saturday,
    a Sunday or a public holiday is written only where somebody is asked.
    """
    from websakctl.operations.config.write_back import NotWritten, sound, tried
    from websakctl.operations.rollout.move_batch import move_batch
    from websakctl.report.readiness import move_document

    session = Session(call)
    config = session.valid_config()
    refuse_unknown(session, batch)
    result = move_batch(config, batch, day_of("--go-live", go_live), today_in_oslo())
    try:
        files = result.changes.files(session.root)
        sound(tried(session.root, files))
    except NotWritten as error:
        raise Problem(f"{error}; nothing was written", Exit.FAILED, "name another day") from None
    if call.format == "json":
        _write(session, result, files, auto_approve=auto_approve, force=force)
    session.write(move_document(result, files))
    if call.format != "json":
        _write(session, result, files, auto_approve=auto_approve, force=force)


def _write(session: Session, result: "Move", files: dict[str, str], *, auto_approve: bool, force: bool) -> None:
    for note in (*result.unfit, *result.notes):
        session.terminal.warn(f"note: {note}")
    if not files:
        session.terminal.say(f"{result.batch.key} goes live on {result.go_live} already; nothing was written.")
        return
    if auto_approve and result.unfit:
        raise Problem(
            f"{'; '.join(result.unfit)}; nothing was written",
            Exit.REFUSED,
            "name a working day to come; if that day is meant, run it without --auto-approve, and it asks",
        )
    carry_out(session, files, auto_approve=auto_approve, force=force)
    session.terminal.say(f"Written into {', '.join(files)}: commit it. Websak learns of it with the next apply.")
