"""``apply``: show the plan, ask, do it; or go on with a run that was interrupted."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from msgspec.structs import replace

from websakctl.cli.change.by_hand import make_folder
from websakctl.cli.change.outcome import summarise
from websakctl.cli.change.plan import (
    BelieveEmpty,
    Expand,
    KeepManual,
    Prune,
    Refresh,
    announce_interrupted,
    check_targets,
    make_config_input,
    say_if_nothing,
)
from websakctl.cli.change.rehearsed import see_rehearsal
from websakctl.cli.exits import Exit, Problem, Stopped
from websakctl.cli.options import Call, Exports, SelectionOptions, command
from websakctl.cli.session import Session, read_json, user_name
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from websakctl.apply.attempt import Outcome
    from websakctl.cli.change.by_hand import Written
    from websakctl.cli.terminal import Ticker
    from websakctl.operations.apply.saved import SavedPlan
    from websakctl.operations.change.make_plan import ConfigInput
    from websakctl.operations.change.read_setup import LiveSetup
    from websakctl.plan.change import Change, Plan
    from websakctl.plan.stale import Stale

PlanFile = Annotated[Path | None, typer.Argument(metavar="[PLANFILE]", help="A plan saved with `plan --out`.")]
AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Do not ask.")]
Allow = Annotated[
    list[str] | None,
    typer.Option("--allow", metavar="GUARD=NUMBER", help="Allow a guard's finding, by name and number (repeatable)."),
]
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
BreakLease = Annotated[
    str | None, typer.Option("--break-lease", metavar="OWNER", help="Take the lease away from an owner who is gone.")
]
Concurrency = Annotated[
    int | None, typer.Option("--concurrency", metavar="N", min=1, max=32, help="Requests at a time.")
]
WorkListDir = Annotated[
    Path | None,
    typer.Option("--worklist", metavar="DIR", help="Write the work list for people here too (Markdown and CSV)."),
]
Rate = Annotated[
    float | None, typer.Option("--rate", metavar="N", min=0.1, max=1000, help="Writes a second at the most.")
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
    refresh: Refresh = None,
    believe_empty: BelieveEmpty = None,
    export: Exports = None,
    worklist: WorkListDir = None,
    rehearsal: RehearsalFile = None,
) -> None:
    """Show the plan, ask, and carry it out. What no API can do is put on a work list."""
    session = Session(call)
    session.valid_config()
    session.pace(concurrency, rate)
    selected = any((*msgspec.structs.astuple(options), prune, keep_manual))
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
    if saved is not None:  # it is made again from what it was made from
        see_signature(session, saved)
        see_rehearsal(session, saved, rehearsal)
        origin = saved.plan.origin
        options = SelectionOptions(
            district=list(origin.districts), kind=list(origin.kinds), target=list(origin.targets)
        )
        prune = list(origin.prune)
        keep_manual = origin.keep_manual
    elif not resume:
        see_rehearsal(session, None, None)
    if worklist is not None:
        make_folder(worklist)  # before anything is sent
    stop = threading.Event()
    with session.alone("apply", break_lease, reason), nothing_written_if_interrupted():
        # what was kept of a list never decides a write
        inputs = make_config_input(
            session,
            options.selection(session.config),
            prune,
            refresh or "full",
            export,
            believe_empty,
            keep_manual=keep_manual,
        )
        observer = TerminalObserver(session, inputs, stop, auto_approve=auto_approve, expand=expand, resume=resume)
        request = operation.ApplyRequest(
            **what_and_who(session, inputs, reason),
            observer=observer,
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


def check_allow(allow: list[str] | None) -> None:
    """End the command where a finding is not allowed by name and number."""
    for each in allow or ():
        name, equals, number = each.rpartition("=")
        if not equals or not name or not number.isdigit():
            raise Problem(
                f"--allow {each} is not GUARD=NUMBER",
                Exit.USAGE,
                "the plan says what to write, such as --allow deactivate:org_unit=3",
            )


def see_signature(session: Session, saved: "SavedPlan") -> None:
    """Refuse a plan that is not signed with the state key, where the environment asks for that."""
    from websakctl.plan.document import signed_text

    name = session.target.name
    if not session.target.described.require_signature:
        return
    signature, again = saved.document.get("signature"), "plan again, on a machine that has the state key"
    if not isinstance(signature, str):
        raise Problem(f"{saved.name} is not signed, and {name} takes signed plans only", Exit.REFUSED, again)
    if not session.required_state_key().signed(signed_text(saved.document), signature):
        raise Problem(f"{saved.name} is not signed with the state key of {name}", Exit.REFUSED, again)


def what_and_who(session: Session, inputs: "ConfigInput", reason: str, typed: str | None = None) -> dict[str, Any]:
    """The parts of an ``ApplyRequest`` that the session has; ``typed``: what of the reason somebody typed, if not all."""
    from websakctl.operations.apply.run import Actor
    from websakctl.operations.rollout.work_list import work_list

    pipelines = ("GITHUB_RUN_ID", "CI_JOB_URL", "BUILD_URL")
    ci = next((f"{name}={os.environ[name]}" for name in pipelines if os.environ.get(name)), None)
    left = (item.address for item in work_list(inputs).items) if inputs.done_by_hand else ()
    return {
        "inputs": inputs,
        "connection": session.connection,
        "journal": session.journal,
        "actor": Actor(
            user=user_name(), owner=session.owner, ci=ci, reason=reason, typed=reason if typed is None else typed
        ),
        "left_to_people": frozenset(left),
        "own_user": session.target.described.own_user,
        "shared_lock_held": session.shared_state is not None,
    }


@contextmanager
def nothing_written_if_interrupted() -> Iterator[None]:
    """Ctrl-C before somebody has agreed; from then on the observer takes it."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped("interrupted; nothing was written", Exit.REFUSED) from None


class TerminalObserver:
    """A person at a terminal, or whatever reads stderr."""

    def __init__(
        self,
        session: Session,
        inputs: "ConfigInput",
        stop: threading.Event,
        *,
        auto_approve: bool,
        expand: bool = False,
        resume: bool = False,
    ) -> None:
        self.session, self.inputs, self.stop = session, inputs, stop
        self.auto_approve, self.expand, self.resume = auto_approve, expand, resume
        self._bar: Ticker | None = None
        self._asked_to_stop = 0
        self.seconds = 0.0  # from the first write to the last

    def planned(self, plan: "Plan", live: "LiveSetup") -> None:
        """Show the plan, before anybody is asked.

        Raises:
            UnknownName: If a ``--target`` matches nothing.
        """
        check_targets(self.inputs, live.state)
        if self.session.call.verbose:
            self.session.terminal.say(live.told)
        report = self.session.plan_report(plan, live)
        if self.session.call.format == "text":
            self.session.write(report, expand=self.expand)
        else:  # stdout is kept for the one document, which tells how it went
            self.session.say_plan(report, expand=self.expand)
        say_if_nothing(self.session, self.inputs, plan)

    def confirm(self, changes: "tuple[Change, ...]", live: "LiveSetup", *, reviewed: bool) -> None:
        """Ask, unless that was said; production takes a saved plan or its own name. Of a resumed run, show first what is left."""
        if self.resume:
            self._show_what_is_left(changes, live)
        self.ask(len(changes), reviewed=reviewed)
        self.stop_gently()

    def _show_what_is_left(self, changes: "tuple[Change, ...]", live: "LiveSetup") -> None:
        from websakctl.plan.change import Plan
        from websakctl.plan.groups import grouped

        target, districts = self.session.target, self.session.config.districts
        left = Plan(
            environment=target.name,
            changes=changes,
            groups=grouped(changes, districts),
            unchanged=0,
            unmanaged=(),
            manual=(),
            findings=(),
            warnings=(),
            digests=lambda: ("", ""),
            protected=target.described.protected,
            scopes=tuple(districts),
        )
        report = replace(self.session.plan_report(left, live), resumed=True)
        self.session.say_plan(report, expand=self.expand)

    def ask(self, count: int, *, reviewed: bool) -> None:
        """Ask for ``count`` changes.

        Raises:
            ApplyRefused: If the answer is not yes.
        """
        from websakctl.operations.apply.observer import ApplyRefused

        name = self.session.target.name
        protected = self.session.target.described.protected
        if self.auto_approve and (reviewed or not protected):
            return
        if self.auto_approve:
            raise ApplyRefused(
                f"{name} is protected: --auto-approve alone is not enough",
                f"save a plan and apply it: websakctl plan --environment {name} --out FILE",
            )
        these = f"these {count} changes" if count != 1 else "this change"
        if protected:
            question, expected = f"{name} is protected. Type its name to apply {these}: ", name
        else:
            question, expected = f"Apply {these} to {name}? Type 'yes' to confirm: ", "yes"
        answer = self.session.terminal.ask(question)
        if answer is None:
            raise ApplyRefused(
                "cannot ask for confirmation (stdin is not a terminal); nothing was written",
                "--auto-approve, or run it in a terminal",
            )
        if answer != expected:
            raise ApplyRefused("not confirmed; nothing was written")

    def stale(self, stale: "tuple[Stale, ...]") -> None:
        """Each dropped change three ways: planned from, now, wanted."""
        from websakctl.report.formats.text import safe, shown

        say = self.session.terminal.warn
        say(
            f"{len(stale)} change{'s' * (len(stale) != 1)} of the plan no longer hold{'s' * (len(stale) == 1)} and will not be done:"
        )
        for dropped in stale:
            why = f"  (waits for {safe(str(dropped.because_of))})" if dropped.because_of else ""
            say(f"  {safe(str(dropped.change.address))}{why}")
            for path, before, now, expected in dropped.conflicts:
                say(f"      {safe(path)}: planned from {shown(before)}, now {shown(now)}, wanted {shown(expected)}")

    @contextmanager
    def progress(self, total: int) -> Iterator[None]:
        """A bar, or a line now and then."""
        self.stop_gently()
        began = time.monotonic()
        with self.session.terminal.progress(f"Applying to {self.session.target.name}", total) as self._bar:
            yield
        self.seconds = time.monotonic() - began

    def outcome(self, outcome: "Outcome") -> None:
        """One more is done; what is not done is said at once."""
        from websakctl.apply.attempt import Status
        from websakctl.report.formats.text import safe

        address = str(outcome.change.address)
        if self._bar is not None:
            self._bar.tick(address)
        if outcome.status not in (Status.DONE, Status.BLOCKED, Status.NOT_STARTED) or outcome.exit_hint:
            self.session.terminal.error(f"{safe(address)}: {safe(outcome.detail)}")

    def note(self, text: str, *, urgent: bool = False) -> None:
        """One sentence."""
        (self.session.terminal.error if urgent else self.session.terminal.say)(text)

    def stop_gently(self) -> None:
        """From here to the end of the process: first Ctrl-C (or TERM, HUP), finish what is under way; second, stop at once."""
        from websakctl.cli.lifeline import stop_signals

        for number in stop_signals():
            signal.signal(number, self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # what a handler gets
        self._asked_to_stop += 1  # not the same as stop, which a lost lease sets too
        if self._asked_to_stop > 1:
            self.session.terminal.last_words("Stopped at once. `websakctl apply --resume` goes on.")
            os._exit(Exit.INCOMPLETE)
        self.stop.set()
        if not self.session.terminal.quiet:
            with suppress(OSError):  # the terminal may be what is gone
                self.session.terminal.aside(
                    "Stopping when the writes under way are finished. Ctrl-C again stops at once."
                )


def work_list_for(
    session: Session, inputs: "ConfigInput", plan: "Plan | None", folder: Path | None = None
) -> "Written":
    """Put what is left for people into files, for the environment as a whole."""
    from websakctl.cli.change.by_hand import Written, write_work_list
    from websakctl.operations.rollout.work_list import work_list

    try:
        return write_work_list(session, work_list(inputs, plan.manual if plan is not None else ()), folder)
    except (OSError, Problem) as error:  # what was applied is still to be told
        session.terminal.error(
            f"the work list cannot be written: {error}", "`websakctl worklist show --out DIR` writes it"
        )
        return Written(items=0, files=())
