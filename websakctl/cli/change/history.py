"""``history``: who changed what, when and why. ``rollback``: the plan that takes a run back."""

from typing import Annotated

import typer

from websakctl.cli import completion
from websakctl.cli.change.plan import Expand, Out, make_config_input, read_live, save_plan
from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.options import Call, address_of, command
from websakctl.cli.session import Session
from websakctl.cli.today import time_in_oslo
from websakctl.report.view_models import TableReport

LAST = "last"

RunArgument = Annotated[
    str | None,
    typer.Argument(metavar="[RUN]", help="A run's name, `last`, or `verify`.", autocompletion=completion.runs),
]
RunNeeded = Annotated[
    str,
    typer.Argument(metavar="RUN", help="The run to take back; `last` is the newest.", autocompletion=completion.runs),
]
OfAddress = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="ADDRESS",
        help="Everything that was done to one resource.",
        autocompletion=completion.addresses,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "history", example="websakctl history --address org_unit/frogner/FR-OPPV")(history)
    command(app, "rollback", example="websakctl rollback last --out back.plan.json")(rollback)


def history(call: Call, run: RunArgument = None, address: OfAddress = None) -> None:
    """Show who changed what, when and why: all runs, one run, or one resource. `history verify` checks that nothing was altered."""
    from websakctl.operations.change.history import events, history_entries, runs
    from websakctl.report.formats.text import shown

    session = Session(call)
    if run == "verify":
        verify(session)
        return
    session.pull_state()
    if run is None and address is None:
        views = runs(session.journal)
        rows = [
            (v.run, time_in_oslo(v.at), v.environment, v.user, v.state, _counted(dict(v.counts)), v.reason)
            for v in views
        ]
        data = [
            {
                "run": v.run,
                "at": v.at,
                "environment": v.environment,
                "user": v.user,
                "client_id": v.client_id,
                "reason": v.reason,
                "ci": v.ci,
                "state": v.state,
                "counts": dict(v.counts),
            }
            for v in views
        ]
        session.write(
            TableReport(
                headline="" if rows else "Nothing has been applied from here yet.",
                columns=("run", "time (Oslo)", "environment", "who", "state", "changes", "why"),
                rows=rows,
                data=data,
                first_to_go=("environment", "state", "who"),
            )
        )
        return
    run = _named(session, run) if run is not None else None
    if address is not None:
        address_of(address)
    result = history_entries(session.journal, run=run, address=address)
    if address is not None and not result:
        known = {str(entry.address) for entry in history_entries(session.journal)}
        raise UnknownName(
            f"the journal has nothing of {address}", address, sorted(known), "`websakctl history` lists the runs"
        )
    rows2: list[tuple[str, ...]] = []
    for d in result:
        rows2.append(
            (
                time_in_oslo(d.at, seconds=True),
                d.user,
                d.run if address else "",
                str(d.address),
                d.action,
                d.status,
                d.detail or d.reason,
            )
        )
        rows2.extend(
            ("", "", "", f"    {f.path}", "", "", f"{shown(f.before)} -> {shown(f.after)}")
            for f in d.fields
            if f.path != "active"
        )
    columns = ("time (Oslo)", "who", "run", "address", "action", "outcome", "why")
    data2 = [
        {
            "run": d.run,
            "at": d.at,
            "user": d.user,
            "reason": d.reason,
            "address": str(d.address),
            "action": d.action,
            "status": d.status,
            "detail": d.detail,
            "fields": [{"path": f.path, "before": f.before, "after": f.after} for f in d.fields],
        }
        for d in result
    ]
    also = [f"{time_in_oslo(at, seconds=True)}  {words}" for at, words in events(session.journal, run)] if run else []
    notes = ("\n".join(also),) if also else ()
    session.write(
        TableReport(
            headline="" if rows2 else "Nothing was done to it from here.",
            columns=columns,
            rows=rows2,
            data=data2,
            notes=notes,
            first_to_go=("run", "who", "time (Oslo)"),
        )
    )


def _counted(counts: dict[str, int]) -> str:
    planned = counts.pop("planned", 0)
    return f"{counts.pop('done', 0)} of {planned}" + "".join(f", {n} {what}" for what, n in counts.items())


def verify(session: Session) -> None:
    """Check the chain of the journal's entries, and where it is shared, that it says what the branch says."""
    if session.shared_state is not None:
        from websakctl.cli.system.state import verify_shared

        verify_shared(session, session.shared_state)
        return
    broken = session.journal.broken_link()
    count = session.journal.count()
    data = {"entries": count, "intact": broken is None, "first_broken": broken}
    if broken is None:
        session.write(
            TableReport(
                headline=f"The journal is whole: {count} entries, each chained to the one before it.",
                columns=(),
                rows=(),
                data=data,
            )
        )
        return
    session.write(
        TableReport(
            headline=f"The journal was altered: entry {broken} is missing or is not what was written.",
            columns=(),
            rows=(),
            data=data,
        )
    )
    raise Problem(
        f"the journal {session.journal.path} is not whole",
        Exit.FAILED,
        "compare it with a backup; entries before that one are as they were written",
    )


def _named(session: Session, run: str) -> str:
    """The run of that name; ``last`` is the newest of the environment.

    Raises:
        UnknownName: If the journal has no run of that name.
    """
    from websakctl.operations.change.history import runs

    views = runs(session.journal)
    if run != LAST:
        if all(view.run != run for view in views):
            raise UnknownName("run", run, [view.run for view in views], "`websakctl history` lists them")
        return run
    newest = next((view.run for view in views if view.environment == session.target.name), None)
    if newest is None:
        raise Problem(f"nothing has been applied to {session.target.name} from here yet", Exit.FAILED)
    return newest


def rollback(call: Call, run: RunNeeded, out: Out = None, expand: Expand = False) -> None:
    """Show the plan that takes a run back, against live as it is now; save it with --out and apply that. Writes nothing."""
    from websakctl.operations.change.history import ElsewhereError, plan_rollback
    from websakctl.operations.change.read_setup import guarded

    session = Session(call)
    session.valid_config()
    run = _named(session, run)
    inputs = make_config_input(session)
    live = read_live(session, inputs)
    try:
        plan = guarded(
            session.connection,
            inputs,
            plan_rollback(session.journal, run, live.tell(inputs), live.state),
            live.state,
            session.target.described.own_user,
        )
    except ElsewhereError as error:
        raise Problem(
            f"{error}, and this is {session.target.name}", Exit.REFUSED, f"--environment {error.environment}"
        ) from None
    report = session.plan_report(plan, live)
    if out is not None:
        save_plan(session, out, report)
    session.write(report, expand=expand)
    if plan.changes:
        session.terminal.say(
            "The config still asks for what this takes back: change it too, or the next apply does it again."
        )
