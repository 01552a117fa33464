"""``apply``: show the plan, ask, do it; or go on with a run that was interrupted."""

import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli.change.by_hand import make_folder
from websakctl.cli.change.outcome import summarise
from websakctl.cli.change.plan import (
    Expand,
    Prune,
    Refresh,
    announce_interrupted,
    read_live,
    say_how_long,
    say_if_nothing,
    scene_of,
)
from websakctl.cli.exits import Exit, Problem, Stopped
from websakctl.cli.options import Batch, Call, Districts, Exports, KindNames, Targets, command
from websakctl.cli.session import Session, read_json, user_name
from websakctl.report.subjects import TableReport

if TYPE_CHECKING:
    from websakctl.apply.attempt import Outcome
    from websakctl.cli.change.by_hand import Written
    from websakctl.model.address import Address
    from websakctl.model.resource import State
    from websakctl.operations.apply.carry_out import Applied, Run
    from websakctl.operations.apply.recovery import Interrupted
    from websakctl.operations.change.make_plan import Scene
    from websakctl.operations.change.read_setup import LiveSetup
    from websakctl.plan.change import Change, Plan
    from websakctl.plan.stale import Holding, Stale

PlanFile = Annotated[Path | None, typer.Argument(metavar="[PLANFILE]", help="A plan saved with `plan --out`.")]
AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Do not ask.")]
Allow = Annotated[
    list[str] | None,
    typer.Option("--allow", metavar="GUARD=NUMBER", help="Allow a guard's finding, by name and number (repeatable)."),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the journal.")]
FailFast = Annotated[bool, typer.Option("--fail-fast", help="Begin nothing new after the first failure.")]
AllOrNothing = Annotated[bool, typer.Option("--all-or-nothing", help="Refuse a saved plan if any part of it is stale.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run that was interrupted.")]
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
    planfile: PlanFile = None,
    auto_approve: AutoApprove = False,
    allow: Allow = None,
    reason: Reason = "",
    resume: Resume = False,
    expand: Expand = False,
    fail_fast: FailFast = False,
    all_or_nothing: AllOrNothing = False,
    break_lease: BreakLease = None,
    concurrency: Concurrency = None,
    rate: Rate = None,
    district: Districts = None,
    kind: KindNames = None,
    target: Targets = None,
    batch: Batch = None,
    prune: Prune = None,
    refresh: Refresh = None,
    export: Exports = None,
    worklist: WorkListDir = None,
) -> None:
    """Show the plan, ask, and carry it out. What no API can do is put on a work list."""
    session = Session(call)
    session.valid_config()
    session.pace(concurrency, rate)
    selected = any((district, kind, target, batch, prune))
    for said in allow or ():
        name, equals, number = said.rpartition("=")
        if not equals or not name or not number.isdigit():
            raise Problem(
                f"--allow {said} is not GUARD=NUMBER",
                Exit.USAGE,
                "the plan says what to write, such as --allow deactivate:org_unit=3",
            )
    if resume and (planfile is not None or selected):
        raise Problem("--resume goes on with the run as it was planned", Exit.USAGE, "websakctl apply --resume")
    if planfile is not None and selected:
        raise Problem("a saved plan is applied as it is, whole", Exit.USAGE, "select with `plan --out`")
    saved, digest = _saved_plan(session, planfile) if planfile is not None else (None, "")
    # what was kept of a list never decides a write
    scene = scene_of(session, session.selection(district, kind, target, batch), prune, refresh or "full", export)
    if worklist is not None:
        make_folder(worklist)  # before anything is sent
    with session.alone(), nothing_written_if_interrupted():
        dialogue = Dialogue(session, scene, auto_approve, allow or [], reason, fail_fast, break_lease, worklist)
        if resume:
            dialogue.resume()
        elif saved is not None:
            dialogue.apply_saved(saved, digest, str(planfile), all_or_nothing, expand)
        else:
            dialogue.apply_config(expand)


@contextmanager
def nothing_written_if_interrupted() -> Iterator[None]:
    """Ctrl-C before the first write; from then on ``_stop_gently`` takes it."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped("interrupted; nothing was written", Exit.REFUSED) from None


def _saved_plan(session: Session, planfile: Path) -> "tuple[Plan, str]":
    from websakctl.plan.decide import digest as digest_of_state
    from websakctl.plan.document import PlanFileError, from_document, identity
    from websakctl.plan.stale import restored

    document = read_json(planfile)
    again = "plan again: websakctl plan --out FILE"
    try:
        saved = from_document(document)
    except PlanFileError as error:
        raise Problem(f"{planfile}: {error}", Exit.REFUSED, again) from None
    if saved.environment != session.target.name:
        raise Problem(
            f"{planfile} was made for environment {saved.environment}, and this is {session.target.name}",
            Exit.REFUSED,
            f"--environment {saved.environment}, or plan again",
        )
    if saved.config_digest != digest_of_state(session.config.state):
        raise Problem(f"{planfile} was made from another version of the config", Exit.REFUSED, again)
    saved = replace(saved, changes=restored(saved.changes, session.config.state))
    return saved, identity(document) if isinstance(document, dict) else ""


class Dialogue:
    """One apply, from what was read to the last word."""

    def __init__(
        self,
        session: Session,
        scene: "Scene",
        auto_approve: bool,
        allow: list[str],
        reason: str,
        fail_fast: bool,
        break_lease: str | None,
        worklist: Path | None = None,
    ) -> None:
        self.session, self.scene = session, scene
        self.auto_approve, self.allow = auto_approve, allow
        self.reason, self.fail_fast, self.break_lease = reason, fail_fast, break_lease
        self.worklist = worklist
        self.tell: Callable[[Outcome], None] = lambda _: None  # told of every outcome as it comes

    # --- the three ways to begin

    def apply_config(self, expand: bool) -> None:
        """Plan from the config and do it; runs that were interrupted are then of the past."""
        from websakctl.apply.journal import JournalError
        from websakctl.operations.change.make_plan import make_plan
        from websakctl.operations.change.read_setup import guarded

        announce_interrupted(self.session, alone=True)
        live = self.read_live()
        plan = guarded(
            self.session.connection,
            self.scene,
            make_plan(self.scene, live.state),
            live.state,
            self.session.target.described.own_user,
        )
        self.show(plan, expand)
        say_if_nothing(self.session, self.scene, plan)
        self.guard(plan)
        run = self.new_run(plan, "", self.taken_over(plan.changes, live.state, whole=self.scene.selection.everything))
        if not plan.changes:
            self.supersede(run)
            self.adopt(run, live.state, ())
            summarise(self.session, plan.environment, None, (), run.name, self.write_work_list(plan))
        say_how_long(self.session, live, plan.changes)
        self.confirm(len(plan.changes), from_file=False)
        carried = self.carry_out(run, plan.changes, live, self.scene.config.state)
        already = {change.address for change in carried.holding.already}
        try:
            self.adopt(run, carried.state, {c.address for c in plan.changes} - already)
        except JournalError as error:
            carried.applied = replace(carried.applied, unrecorded=str(error))
        by_hand = self.write_work_list(plan)
        summarise(self.session, plan.environment, carried.applied, carried.holding.stale, run.name, by_hand)

    def apply_saved(self, saved: "Plan", digest: str, name: str, all_or_nothing: bool, expand: bool) -> None:
        """Do what still holds of a saved plan, once."""
        from websakctl.apply.journal import JournalError
        from websakctl.operations.change.read_setup import within_seats

        if missing := {change.address.kind for change in saved.changes} - set(self.scene.kinds):
            raise Problem(
                f"{name} changes {', '.join(sorted(missing))}, and this Websak now has no API for that",
                Exit.REFUSED,
                "check WEBSAKCTL_SETUP_URL and setup_url in config/websak.yaml, or plan again",
            )
        live = self.read_live()
        saved = within_seats(self.session.connection, self.scene, saved)
        self.show(saved, expand)
        self.guard(saved)
        run = self.new_run(saved, digest, self.taken_over(saved.changes, live.state, whole=False))
        changes, stale = self.still_holding(saved, live.state, all_or_nothing)
        if changes:
            say_how_long(self.session, live, changes)
            self.confirm(len(changes), from_file=True)
        if (before := self.session.journal.claim_plan(digest, run.name)) is not None:
            raise Problem(
                f"{name} was applied before, in run {before}", Exit.REFUSED, "plan again: websakctl plan --out FILE"
            )
        if not changes:  # it was applied all the same, and is not applied again
            start = {**run.about, "environment": run.environment, "changes": []}
            left_out = ("stale", {"left": len(stale)}, None)
            self.session.journal.settle(run.name, [("start", start, None), left_out, ("end", {"counts": {}}, None)])
            self.supersede(run)
            summarise(self.session, saved.environment, None, stale, run.name, self.write_work_list(saved))
        carried = self.carry_out(run, changes, live, self.scene.config.state, all_or_nothing=all_or_nothing)
        if dropped := (*stale, *carried.holding.stale):
            try:
                self.session.journal.write(run.name, "stale", {"left": len(dropped)})
            except JournalError as error:
                carried.applied = replace(carried.applied, unrecorded=str(error))
        by_hand = self.write_work_list(saved)
        summarise(self.session, saved.environment, carried.applied, dropped, run.name, by_hand)

    def resume(self) -> None:
        """Judge the writes in doubt, and do what is left."""
        from websakctl.operations.apply.carry_out import Run
        from websakctl.operations.apply.recovery import judge, record_verdicts
        from websakctl.plan.stale import restored

        session = self.session
        run, live = self._interrupted()
        if run is None:
            told = f"No run to {session.target.name} was interrupted; there is nothing to resume."
            session.write(TableReport(told, (), (), {"format_version": 1, "run": None, "outcomes": []}))
            return
        run = replace(run, changes=restored(run.changes, self.scene.config.state))
        judged = judge(run, live.state)
        same_config = run.about.get("config_digest") == self.config_digest()
        desired = self.scene.config.state if same_config else {}
        session.terminal.say(f"{run.told[0].upper()}{run.told[1:]}.")
        if not same_config:
            session.terminal.say(
                "The config has changed since. This goes on with the run as it was planned; plan again after it."
            )
        for address, verdict in sorted(judged.verdicts.items()):
            session.terminal.say(f"  in doubt: {address}: it {verdict}")
        if judged.holding.stale:
            self.show_stale(judged.holding.stale)
        if judged.holding.changes:
            self.confirm(len(judged.holding.changes), from_file=True)

        def judged_again(state: "State") -> "Holding":
            again = judge(run, state)
            record_verdicts(
                session.journal,
                run,
                again,
                environment=session.target.name,
                desired=desired,
                live=state,
                protected=self.scene.config.protected,
                known=self.scene.known,
            )
            return again.holding

        going_on = Run(
            environment=session.target.name,
            journal=session.journal,
            runtime=session.runtime,
            concurrency=session.connection.concurrency,
            fail_fast=self.fail_fast,
            name=run.run,
            resumed=True,
        )
        done = {*run.done, *(change.address for change in judged.holding.already)}
        carried = self.carry_out(
            going_on,
            judged.holding.changes,
            live,
            desired,
            judge_again=judged_again,
            shown=judged.holding.stale,
            done_before=tuple(change for change in run.changes if change.address in done),
        )
        by_hand = self.write_work_list()
        summarise(session, session.target.name, carried.applied, carried.holding.stale, run.run, by_hand)

    def _interrupted(self) -> "tuple[Interrupted | None, LiveSetup]":
        from websakctl.operations.apply.recovery import interrupted_runs

        runs = interrupted_runs(self.session.journal, self.session.target.name)
        return (runs[-1] if runs else None), self.read_live()

    # --- steps

    def read_live(self) -> "LiveSetup":
        """Read live; a write that may have been under way when a run died is given time to show."""
        from websakctl.operations.apply.recovery import interrupted_runs

        runs = interrupted_runs(self.session.journal, self.session.target.name)
        clock = self.session.runtime.clock
        wait = max((run.settling(clock.now()) for run in runs), default=0.0)
        if wait > 0:
            self.session.terminal.say(f"Waiting {wait:.0f} s: a write of the interrupted run may still be under way.")
            clock.sleep(wait)
        return read_live(self.session, self.scene)

    def config_digest(self) -> str:
        """Fingerprint of the config's state."""
        from websakctl.plan.decide import digest

        return digest(self.scene.config.state)

    def show(self, plan: "Plan", expand: bool) -> None:
        """The plan, before anybody is asked."""
        if self.session.call.format == "text":
            self.session.write(self.session.plan_report(plan), expand=expand)
        else:  # stdout is kept for the one document, which tells how it went
            self.session.say_plan(plan, expand=expand)

    def guard(self, plan: "Plan") -> None:
        """Refuse unless every finding is allowed by name and number."""
        from websakctl.plan.guards import not_allowed

        refused = not_allowed(plan.findings, self.allow)
        if refused:
            several = "s are" if len(refused) > 1 else " is"
            raise Problem(
                f"{len(refused)} guard finding{several} not allowed; nothing was written",
                Exit.REFUSED,
                "if it is meant: " + " ".join(f"--allow {f.allowance}" for f in refused),
            )

    def new_run(self, plan: "Plan", digest: str, supersedes: list[str]) -> "Run":
        """A run with who, why and what in its start, and the interrupted runs that need no resuming once it has begun."""
        from websakctl.operations.apply.carry_out import Run, new_run_name

        ci = next(
            (
                f"{name}={os.environ[name]}"
                for name in ("GITHUB_RUN_ID", "CI_JOB_URL", "BUILD_URL")
                if os.environ.get(name)
            ),
            None,
        )
        about = {
            "user": user_name(),
            "owner": self.session.owner,
            "client_id": self.session.connection.client_id,
            "reason": self.reason,
            "ci": ci,
            "plan": digest or None,
            "config_digest": plan.config_digest,
            "allowed": self.allow,
            "summary": plan.summary,
            "supersedes": supersedes,
        }
        return Run(
            environment=self.session.target.name,
            journal=self.session.journal,
            runtime=self.session.runtime,
            name=new_run_name(self.session.runtime),
            about=about,
            concurrency=self.session.connection.concurrency,
            fail_fast=self.fail_fast,
        )

    def confirm(self, count: int, *, from_file: bool) -> None:
        """Ask, unless that was said; production takes a saved plan or its own name."""
        name = self.session.target.name
        protected = self.session.target.described.protected
        if self.auto_approve and (from_file or not protected):
            return
        if self.auto_approve:
            raise Problem(
                f"{name} is protected: --auto-approve alone is not enough",
                Exit.REFUSED,
                f"save a plan and apply it: websakctl plan --environment {name} --out FILE",
            )
        these = f"these {count} changes" if count != 1 else "this change"
        if protected:
            question, wanted = f"{name} is protected. Type its name to do {these}: ", name
        else:
            question, wanted = f"Do {these} in {name}? Only yes is a yes: ", "yes"
        answer = self.session.terminal.ask(question)
        if answer is None:
            raise Problem(
                "nobody is here to say yes; nothing was written",
                Exit.REFUSED,
                "--auto-approve, or run it in a terminal",
            )
        if answer != wanted:
            raise Problem("not confirmed; nothing was written", Exit.REFUSED)

    def taken_over(self, changes: "tuple[Change, ...]", live: "State", *, whole: bool) -> list[str]:
        """Interrupted runs that leave nothing to do besides these changes; ``whole``: this is all that the config asks for."""
        from websakctl.operations.apply.recovery import interrupted_runs, judge

        addresses = {change.address for change in changes}

        def left(holding: "Holding") -> "set[Address]":
            return {change.address for change in (*holding.changes, *(stale.change for stale in holding.stale))}

        runs = interrupted_runs(self.session.journal, self.session.target.name)
        return [run.run for run in runs if whole or left(judge(run, live).holding) <= addresses]

    def supersede(self, run: "Run") -> None:
        """End the runs that this one took over."""
        for old in run.about.get("supersedes", ()):
            self.session.journal.write(old, "end", {"superseded_by": run.name})

    def still_holding(
        self, saved: "Plan", live: "State", all_or_nothing: bool
    ) -> "tuple[tuple[Change, ...], tuple[Stale, ...]]":
        """The changes of a saved plan that still hold; the others are shown three ways."""
        from websakctl.plan.stale import still_holding

        holding = still_holding(saved.changes, live)
        if holding.already:
            self.session.terminal.say(f"{len(holding.already)} of the plan's changes are already so.")
        if holding.stale:
            self.show_stale(holding.stale)
            if all_or_nothing:
                raise Problem(
                    f"{len(holding.stale)} of {len(saved.changes)} changes are stale; nothing was written",
                    Exit.REFUSED,
                    "plan again, or leave --all-or-nothing out to apply the rest",
                )
        return holding.changes, holding.stale

    def show_stale(self, stale: "tuple[Stale, ...]") -> None:
        """Each dropped change three ways: planned from, now, wanted."""
        from websakctl.report.formats.text import safe, shown

        say = self.session.terminal.warn
        say(
            f"{len(stale)} change{'s' * (len(stale) != 1)} of the plan no longer hold{'s' * (len(stale) == 1)} and will not be done:"
        )
        for dropped in stale:
            why = f"  (waits for {safe(str(dropped.because_of))})" if dropped.because_of else ""
            say(f"  {safe(str(dropped.change.address))}{why}")
            for path, before, now, wanted in dropped.conflicts:
                say(f"      {safe(path)}: planned from {shown(before)}, now {shown(now)}, wanted {shown(wanted)}")

    def carry_out(
        self,
        run: "Run",
        changes: "tuple[Change, ...]",
        live: "LiveSetup",
        desired: "State",
        *,
        judge_again: "Callable[[State], Holding] | None" = None,
        shown: "tuple[Stale, ...]" = (),
        done_before: "tuple[Change, ...]" = (),
        all_or_nothing: bool = False,
    ) -> "Carried":
        """Hold the lease, see whether all still holds, do the changes, read them back.

        Live is read again once the lease is ours: while somebody else had it, or while a person thought about the
        plan, anything may have been done, and a second POST makes a second unit.
        """
        from websakctl.apply.attempt import Status
        from websakctl.apply.journal import JournalError
        from websakctl.operations.apply.carry_out import apply_changes
        from websakctl.operations.change.read_setup import writer_for
        from websakctl.plan.stale import still_holding
        from websakctl.report.formats.text import safe

        session, scene = self.session, self.scene
        with writer_for(session.connection, scene, live) as writer:

            def lost(why: str) -> None:
                run.stop.set()
                session.terminal.error(why)

            lease = writer.lease(owner=session.owner, purpose=self.reason or f"run {run.name}", lost=lost)
            if lease is not None and self.break_lease is not None:
                about = {"owner": self.break_lease, "by": session.owner}
                session.journal.write(run.name, "breaking lease", about)
                broken = lease.break_held(self.break_lease)
                session.journal.write(run.name, "lease broken" if broken else "lease not held", about)
            with _held(lease):
                _stop_gently(run.stop, session)
                state = writer.read()
                holding = judge_again(state) if judge_again is not None else still_holding(changes, state)
                if run.stop.is_set():
                    raise Problem("stopped; nothing was written", Exit.REFUSED)
                self._say_what_passed(holding, len(changes), shown, all_or_nothing)
                with session.terminal.progress(f"Applying to {session.target.name}", len(holding.changes)) as bar:

                    def watch(outcome: "Outcome") -> None:
                        bar.tick(str(outcome.change.address))
                        self.tell(outcome)
                        if outcome.status is not Status.DONE:
                            session.terminal.error(f"{safe(str(outcome.change.address))}: {safe(outcome.detail)}")

                    applied = apply_changes(
                        replace(run, watch=watch),
                        holding.changes,
                        state,
                        writer,
                        desired=desired,
                        protected=scene.config.protected,
                        read_again=writer.read,
                        done_before=done_before,
                        known=scene.known,
                    )
            try:
                self.supersede(run)
                for note in sorted(writer.traffic.notes):
                    session.terminal.say(f"note: {note}")
                    session.journal.write(run.name, "deprecated", {"note": note})
            except JournalError as error:
                applied = replace(applied, unrecorded=str(error))
        return Carried(applied, holding, state)

    def _say_what_passed(
        self, holding: "Holding", planned: int, shown: "tuple[Stale, ...]", all_or_nothing: bool
    ) -> None:
        """What became of the plan between its making and our turn."""
        known = {stale.change.address for stale in shown}
        if new := tuple(stale for stale in holding.stale if stale.change.address not in known):
            self.show_stale(new)
            if all_or_nothing:
                raise Problem(
                    f"{len(new)} of {planned} changes no longer hold; nothing was written", Exit.REFUSED, "plan again"
                )
        if (passed := planned - len(holding.changes) - len(new)) > 0:
            self.session.terminal.say(f"{passed} of the plan's changes were done by somebody else meanwhile.")

    def write_work_list(self, plan: "Plan | None" = None) -> "Written":
        """Put what is left for people into files, for the environment as a whole."""
        from websakctl.cli.change.by_hand import Written, write_work_list
        from websakctl.operations.rollout.work_list import work_list

        others = plan.manual if plan is not None else ()
        try:
            return write_work_list(self.session, work_list(self.scene, others), self.worklist)
        except (OSError, Problem) as error:  # what was applied is still to be told
            self.session.terminal.error(
                f"the work list cannot be written: {error}", "`websakctl worklist show --out DIR` writes it"
            )
            return Written(0, ())

    def adopt(self, run: "Run", live: "State", changing: "Collection[Address]") -> None:
        """Take over what already is as the config says."""
        from websakctl.operations.apply.carry_out import adopt_unchanged
        from websakctl.operations.rollout.work_list import work_list

        scene = self.scene
        kinds = {**scene.by_hand, **scene.kinds}
        by_hand = {item.address for item in work_list(scene).items} if scene.done_by_hand else set()
        desired = {a: r for a, r in scene.config.state.items() if a.kind in kinds and a in scene.selection}
        known = {a: last for a, last in scene.known.items() if a.kind in kinds and a in scene.selection}
        adopt_unchanged(run, desired, scene.with_by_hand(live), {*changing, *by_hand}, scene.config.protected, known)


@dataclass
class Carried:
    """What carrying out came to, what of the plan still held when it began, and live as it was then."""

    applied: "Applied"
    holding: "Holding"
    state: "State"


@contextmanager
def _held(lease: object) -> Iterator[None]:
    """Hold a lease, where there is one."""
    from websakctl.live.lease import Lease, LeaseHeld

    if not isinstance(lease, Lease):
        yield
        return
    try:
        lease.__enter__()
    except LeaseHeld as held:
        raise Problem(str(held), Exit.REFUSED, held.what_next.replace("OWNER", f'"{held.holder.owner}"')) from None
    try:
        yield
    finally:
        lease.__exit__(None, None, None)


def _stop_gently(stop: threading.Event, session: Session) -> None:
    """From here to the end of the process: first Ctrl-C (or TERM), finish what is under way; second, stop at once."""

    asked: list[int] = []  # not the same as stop, which a lost lease sets too

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # what a handler gets
        asked.append(number)
        if len(asked) > 1:
            session.terminal.last_words("Stopped at once. `websakctl apply --resume` goes on.")
            os._exit(Exit.INCOMPLETE)
        stop.set()
        if not session.terminal.quiet:
            session.terminal.aside("Stopping when the writes under way are finished. Ctrl-C again stops at once.")

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
