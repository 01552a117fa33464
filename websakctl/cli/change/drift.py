"""``drift``: live against what was last applied."""

from typing import TYPE_CHECKING

import typer
from msgspec.structs import replace

from websakctl.cli.change.plan import (
    BelieveEmpty,
    DetailedExit,
    Expand,
    Refresh,
    announce_interrupted,
    make_config_input,
    read_live,
)
from websakctl.cli.exits import Exit
from websakctl.cli.options import (
    PLAN_FORMATS,
    Call,
    Exports,
    Lang,
    SelectionOptions,
    command,
    language_of,
)
from websakctl.cli.session import Session
from websakctl.redaction import redacted
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from websakctl.operations.change.find_drift import Drift


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "drift", example="websakctl drift --detailed-exitcode", formats=PLAN_FORMATS)(drift)


def drift(
    call: Call,
    options: SelectionOptions,
    detailed_exitcode: DetailedExit = False,
    expand: Expand = False,
    refresh: Refresh = None,
    believe_empty: BelieveEmpty = None,
    export: Exports = None,
    lang: Lang = "en",
) -> None:
    """Show what somebody changed by hand: live against what was last applied. Writes nothing."""

    from websakctl.operations.change.find_drift import Cause, find_drift

    language = language_of(lang)
    session = Session(call)
    session.valid_config()
    announce_interrupted(session)
    inputs = make_config_input(
        session,
        options.selection(session.config),
        refresh=refresh,
        export=export,
        believe_empty=believe_empty,
    )
    result = find_drift(inputs, read_live(session, inputs).state)
    report = session.plan_report(result.plan, drift=True)
    causes = {cause.name.lower(): result.count(cause) for cause in Cause}
    ways = [
        {
            "address": str(w.address),
            "path": w.path,
            "applied": w.applied,
            "live": w.live,
            "config": w.config,
            "cause": w.cause.name.lower(),
        }
        for w in result.fields
    ]
    document = redacted({**report.document, "causes": causes, "drift": ways})
    counts = [f"{cause.value}: {result.count(cause)}" for cause in Cause if result.count(cause)]
    notes = ("Fields by cause: " + "; ".join(counts) + ".",) if counts else ()
    session.write(replace(report, made=lambda: document, notes=notes), expand=expand, language=language)
    if call.format == "text":
        _tell(session, result)
    if not inputs.known:
        session.terminal.say(
            f"Nothing has been applied to {inputs.environment} from here yet, so there is nothing to drift from."
        )
    raise typer.Exit(Exit.CHANGES if detailed_exitcode and result.plan.changes else Exit.OK)


def _tell(session: Session, result: "Drift") -> None:
    """Show what both sides changed, three ways."""
    from websakctl.operations.change.find_drift import Cause
    from websakctl.report.formats.text import shown

    rows = [
        (str(w.address), w.path, shown(w.applied), shown(w.live), shown(w.config))
        for w in result.fields
        if w.cause is Cause.BOTH
    ]
    if rows:
        session.write(
            TableReport(
                headline="Changed on both sides:",
                columns=("address", "field", "last applied", "Websak now", "config now"),
                rows=rows,
            )
        )
