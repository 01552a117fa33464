"""``apply``: show the plan, ask, do it; or go on with a run that was interrupted."""

import threading
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from websakctl.cli.change.apply_request import (
    Allow,
    AutoApprove,
    BreakLease,
    Concurrency,
    Rate,
    check_allow,
    inputs_of,
    nothing_written_if_interrupted,
    told_elsewhere,
    what_and_who,
)
from websakctl.cli.change.by_hand import make_folder, work_list_for
from websakctl.cli.change.observer import TerminalObserver
from websakctl.cli.change.outcome import summarise
from websakctl.cli.change.plan import (
    Access,
    BelieveEmpty,
    Expand,
    KeepManual,
    Prune,
    Refresh,
    announce_interrupted,
    make_config_input,
)
from websakctl.cli.change.rehearsed import see_rehearsal
from websakctl.cli.changed import valid_config_of_change
from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, Exports, SelectionOptions, command
from websakctl.cli.session import Session, read_json
from websakctl.report.view_models import TableReport

PlanFile = Annotated[Path | None, typer.Argument(metavar="[PLANFILE]", help="A plan saved with `plan --out`.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the journal.")]
FailFast = Annotated[bool, typer.Option("--fail-fast", help="Begin nothing new after the first failure.")]
AllOrNothing = Annotated[bool, typer.Option("--all-or-nothing", help="Refuse a saved plan if any part of it is stale.")]
Replan = Annotated[
    bool,
    typer.Option("--replan", help="Plan again from the config as it is now; apply if PLANFILE holds every change."),
]
RehearsalFile = Annotated[
    Path | None,
    typer.Option(
        "--rehearsal", metavar="FILE", help="The rehearsal report of PLANFILE, where another machine made it."
    ),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with the run that was interrupted, or that left changes undone.")
]
WorkListDir = Annotated[
    Path | None,
    typer.Option("--worklist", metavar="DIR", help="Write the work list for people here too (Markdown and CSV)."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "apply", example='websakctl apply --auto-approve --reason "Sak 27/1234"')(apply)


def apply(
    call: Call,
    options: SelectionOptions,
    planfile: PlanFile = None,
    auto_approve: AutoApprove = False,
    allow: Allow = None,
    reason: Reason = "",
    resume: Resume = False,
    expand: Expand = False,
    fail_fast: FailFast = False,
    all_or_nothing: AllOrNothing = False,
    replan: Replan = False,
    break_lease: BreakLease = None,
    concurrency: Concurrency = None,
    rate: Rate = None,
    prune: Prune = None,
    keep_manual: KeepManual = False,
    access: Access = False,
    refresh: Refresh = None,
    believe_empty: BelieveEmpty = None,
    export: Exports = None,
    worklist: WorkListDir = None,
    rehearsal: RehearsalFile = None,
) -> None:
    """Show the plan, ask, and carry it out. What no API can do is put on a work list."""
    session = Session(call)
    valid_config_of_change(session)
    session.pace(concurrency, rate)
    selected = any((*msgspec.structs.astuple(options), prune, keep_manual, access))
    check_allow(allow)
    if resume and (planfile is not None or selected):
        raise Problem("--resume goes on with the run as it was planned", Exit.USAGE, "websakctl apply --resume")
    if planfile is not None and selected:
        raise Problem("a saved plan is applied as it is, whole", Exit.USAGE, "select with `plan --out`")
    if replan and planfile is None:
        raise Problem("--replan needs the plan that was approved", Exit.USAGE, "websakctl apply PLANFILE --replan")
    from websakctl.operations.apply import run as operation
    from websakctl.operations.apply.saved import SavedPlan

    saved = SavedPlan.read(str(planfile), read_json(planfile)) if planfile is not None else None
    if saved is not None and session.target.described.require_signature:
        saved.see_that_it_is_signed(session.target.name, session.required_state_key)
    if not resume:
        see_rehearsal(session, saved, rehearsal)
    if worklist is not None:
        make_folder(worklist)  # before anything is sent
    stop = threading.Event()
    with session.alone("apply", break_lease, reason), nothing_written_if_interrupted():
        if saved is not None:
            inputs = inputs_of(session, saved, export, believe_empty)
        else:  # what was kept of a list never decides a write
            selection = options.selection(session.config)
            inputs = make_config_input(
                session,
                selection,
                prune,
                refresh or "full",
                export,
                believe_empty,
                keep_manual=keep_manual,
                access=access,
            )
        observer = TerminalObserver(session, inputs, stop, auto_approve=auto_approve, expand=expand, resume=resume)
        request = operation.ApplyRequest(
            **what_and_who(session, inputs, reason),
            observer=told_elsewhere(observer),
            stop=stop,
            allow=tuple(allow or ()),
            fail_fast=fail_fast,
            all_or_nothing=all_or_nothing,
            break_lease=break_lease,
        )
        if resume:
            result = operation.resume(request)
        elif saved is not None and replan:
            result = operation.apply_approved(request, saved)
        elif saved is not None:
            result = operation.apply_saved(request, saved)
        else:
            announce_interrupted(session, alone=True)
            result = operation.plan_and_apply(request)
        if result is None:
            reported = (
                f"No run to {session.target.name} was interrupted or left changes undone; there is nothing to resume."
            )
            session.write(
                TableReport(
                    headline=reported, columns=(), rows=(), data={"format_version": 1, "run": None, "outcomes": []}
                )
            )
            return
        by_hand = work_list_for(session, inputs, result.plan, worklist)
    summarise(session, result, by_hand, observer.seconds)
