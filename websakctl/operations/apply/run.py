"""The apply verb: plan and apply, apply a saved plan, go on with a run that was interrupted."""

import threading
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from websakctl.apply.collaborators import RunJournal
from websakctl.apply.entries import JournalError
from websakctl.live.websak import Connection
from websakctl.model.address import Address
from websakctl.model.resource import State
from websakctl.operations.apply.carry_out import Applied, Run, adopt_unchanged, apply_changes, new_run_name
from websakctl.operations.apply.lease import alone
from websakctl.operations.apply.observer import ApplyObserver, ApplyRefused
from websakctl.operations.apply.recovery import (
    Unfinished,
    incomplete_run,
    interrupted_runs,
    judge,
    record_verdicts,
    with_interrupted,
    with_people,
)
from websakctl.operations.apply.saved import SavedPlan, plan_again, refuse_what_is_owned
from websakctl.operations.change.make_plan import ConfigInput, knowing_people, make_plan, people_of_journal
from websakctl.operations.change.read_setup import LiveSetup, guarded, read_setup, writer_for
from websakctl.plan.change import Change, Finding, Plan
from websakctl.plan.decide import digest
from websakctl.plan.deviations import deviations
from websakctl.plan.guards import not_allowed
from websakctl.plan.stale import Holding, Stale, restored, still_holding


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who applies, for the journal and for others who want to."""

    user: str
    owner: str  # the same for every run of this state directory
    ci: str | None = None  # the pipeline's run, where one applies
    reason: str = ""
    typed: str = ""  # what of the reason somebody typed: people may be named in it


class ApplyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be applied where, by whom, and what is allowed.

    ``left_to_people``: what somebody still has to set by hand. ``own_user``: the user that the guards must not lock out. ``allow``: findings by name and number; ``allowed_guards``: by
    name alone. ``shared_lock_held``: other machines wait for a lock that the caller holds, besides the Setup API's lease.
    ``stop``: once set, nothing new is begun.
    """

    inputs: ConfigInput
    connection: Connection
    journal: RunJournal
    observer: ApplyObserver
    actor: Actor
    left_to_people: frozenset[Address] = frozenset()
    own_user: str = ""
    allow: tuple[str, ...] = ()
    allowed_guards: frozenset[str] = frozenset()
    fail_fast: bool = False
    all_or_nothing: bool = False
    break_lease: str | None = None
    shared_lock_held: bool = False
    stop: threading.Event = msgspec.field(default_factory=threading.Event)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The changes of a plan that one run is to do, and why."""

    changes: tuple[Change, ...]
    reason: str


class ApplyResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an apply came to. ``applied``: ``None`` where nothing was left to do; ``plan``: ``None`` for a resumed run.

    ``not_needed``: changes of a saved plan that are so already; they were refused, and the rest was done.
    """

    run: str
    planned: tuple[Change, ...]
    plan: Plan | None = None
    applied: Applied | None = None
    stale: tuple[Stale, ...] = ()
    not_needed: tuple[Address, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all that was planned is done, read back and recorded."""
        applied = self.applied
        return not (self.stale or self.not_needed) and (
            applied is None or (applied.execution.complete and not applied.unread and not applied.unrecorded)
        )


class _Carried(msgspec.Struct, frozen=True, kw_only=True):
    """What carrying out came to, what of the plan still held when it began, and live as it was then."""

    applied: Applied
    holding: Holding
    state: State


def plan_changes(request: ApplyRequest) -> tuple[LiveSetup, Plan]:
    """Read live, and plan from the config with all that the guards object to. Writes nothing.

    Raises:
        LiveError: If live cannot be read or trusted.
    """
    inputs = request.inputs
    named = inputs.selection.kinds & inputs.owners.keys()
    if named and named == inputs.selection.kinds:
        refuse_what_is_owned(inputs, named, "this")
    refuse_what_is_owned(inputs, inputs.prune, "--prune")
    live = _read_live(request)
    inputs = _with_interrupted(request, live.state).inputs
    plan = make_plan(live.tell(inputs), live.state)
    return live, guarded(request.connection, inputs, plan, live.state, request.own_user)


def plan_and_apply(
    request: ApplyRequest, choose: Callable[[Plan], Part] | None = None, *, reviewed: bool = False
) -> ApplyResult:
    """Plan from the config and do it; interrupted runs that this one covers are then over.

    Args:
        request: What, where, by whom.
        choose: Gives the part of the plan that this run is to do; by default all of it.
        reviewed: Somebody approved every change that ``choose`` lets through.

    Raises:
        ApplyRefused: Before anything was written.
        LiveError: If live cannot be read or trusted.
        JournalError: If the run's start cannot be recorded; then nothing is sent.
    """
    live, plan = plan_changes(request)
    request = _with_interrupted(request, live.state)
    request.observer.planned(plan, live)
    _refuse_unless_allowed(request, plan.findings)
    part = choose(plan) if choose is not None else Part(changes=plan.changes, reason=request.actor.reason)
    merged = choose is None and request.inputs.selection.everything
    run = _new_run(request, plan, "", part.reason, _taken_over(request, part.changes, live.state, whole=merged))
    if not part.changes:
        _supersede(run)
        _adopt(request, run, live.state, {change.address for change in plan.changes})
        return ApplyResult(run=run.name, planned=(), plan=plan)
    request.observer.confirm(part.changes, live, reviewed=reviewed)
    carried = _carry_out(request, run, part.changes, live, request.inputs.config.state)
    applied = carried.applied
    already = {change.address for change in carried.holding.already}
    try:
        _adopt(request, run, carried.state, {change.address for change in plan.changes} - already)
    except JournalError as error:
        applied = replace(applied, unrecorded=str(error))
    return ApplyResult(run=run.name, planned=part.changes, plan=plan, applied=applied, stale=carried.holding.stale)


def apply_saved(request: ApplyRequest, saved: SavedPlan) -> ApplyResult:
    """Do what still holds of a saved plan, once.

    Raises:
        ApplyRefused: Before anything was written; also if it was applied before.
        LiveError: If live cannot be read or trusted.
        JournalError: If the run's start cannot be recorded; then nothing is sent.
    """
    inputs, journal = request.inputs, request.journal
    saved.see_that_it_fits(inputs)
    live = _read_live(request)
    request = _with_interrupted(request, live.state)
    inputs = request.inputs
    again = plan_again(
        saved, live.tell(inputs), live.state, connection=request.connection, journal=journal, own_user=request.own_user
    )
    plan, stale = again.plan, again.stale
    request.observer.planned(plan, live)
    _refuse_unless_allowed(request, plan.findings)
    supersedes = _taken_over(request, plan.changes, live.state, whole=False)
    run = _new_run(request, plan, saved.digest, request.actor.reason, supersedes)
    not_needed = again.already
    if not_needed:
        are, them = ("are", "they are") if len(not_needed) > 1 else ("is", "it is")
        named = ", ".join(map(str, not_needed))
        request.observer.note(
            f"{len(not_needed)} of the plan's changes {are} already so, and {them} refused: {named}", urgent=True
        )
    if stale:
        request.observer.stale(stale)
    if request.all_or_nothing and (stale or not_needed):
        raise ApplyRefused(
            f"{len(stale) + len(not_needed)} of {len(saved.plan.changes)} changes are stale; nothing was written",
            "plan again, or leave --all-or-nothing out to apply the rest",
        )
    if plan.changes:
        request.observer.confirm(plan.changes, live, reviewed=True)
    if (before := journal.claim_plan(saved.digest, run.name)) is not None:
        raise ApplyRefused(f"{saved.name} was applied before, in run {before}", "plan again: websakctl plan --out FILE")
    if not plan.changes:  # it was applied all the same, and is not applied again
        start = {**run.about, "environment": run.environment, "changes": []}
        left_out = ("stale", {"left": len(stale) + len(not_needed)}, None)
        journal.settle(run.name, [("start", start, None), left_out, ("end", {"counts": {}}, None)])
        _supersede(run)
        return ApplyResult(run=run.name, planned=(), plan=plan, stale=stale, not_needed=not_needed)
    carried = _carry_out(request, run, plan.changes, live, inputs.config.state)
    applied, dropped = carried.applied, (*stale, *carried.holding.stale)
    if dropped or not_needed:
        try:
            journal.write(run.name, "stale", {"left": len(dropped) + len(not_needed)})
        except JournalError as error:
            applied = replace(applied, unrecorded=str(error))
    return ApplyResult(
        run=run.name, planned=plan.changes, plan=plan, applied=applied, stale=dropped, not_needed=not_needed
    )


def apply_approved(request: ApplyRequest, approved: SavedPlan) -> ApplyResult:
    """Plan from the config as it is now, and do it if every change is one that ``approved`` holds.

    What others have merged and applied since may have made the saved plan stale as a file, not as a decision.

    Raises:
        ApplyRefused: Before anything was written; every change that nobody approved is named.
        LiveError: If live cannot be read or trusted.
        JournalError: If the run's start cannot be recorded; then nothing is sent.
    """
    if approved.plan.environment != request.inputs.environment:
        raise ApplyRefused(
            f"{approved.name} was made for environment {approved.plan.environment}, and this is {request.inputs.environment}",
            f"--environment {approved.plan.environment}, or plan again",
        )
    if approved.plan.origin.run:
        raise ApplyRefused(f"{approved.name} takes back run {approved.plan.origin.run}", "apply it without --replan")

    def choose(plan: Plan) -> Part:
        result = [d for d in deviations(approved.plan.changes, plan.changes) if d.how != "gone"]
        if result:
            listed = "".join(f"\n  {d.address}: {d.why}" for d in result)
            raise ApplyRefused(
                f"{len(result)} change{'s' * (len(result) != 1)} of the plan as it is now {'were' if len(result) != 1 else 'was'} "
                f"not approved; nothing was written{listed}",
                "review the plan as it is now: websakctl plan --out FILE",
            )
        return Part(changes=plan.changes, reason=request.actor.reason)

    return plan_and_apply(request, choose, reviewed=True)


def resume(request: ApplyRequest) -> ApplyResult | None:
    """Judge the writes in doubt of the newest unfinished run, and do what is left; ``None`` if there is no such run.

    One that was interrupted goes before one that ended with changes that failed.

    Raises:
        ApplyRefused: Before anything was written; also if all that is left of the run no longer held when it began.
        LiveError: If live cannot be read or trusted.
        JournalError: If what was found cannot be recorded.
    """
    inputs, observer = request.inputs, request.observer
    interrupted = interrupted_runs(request.journal, inputs.environment)
    unfinished = interrupted[-1] if interrupted else incomplete_run(request.journal, inputs.environment)
    live = _read_live(request, *([unfinished] if unfinished is not None else []))
    if unfinished is None:
        return None
    if unfinished.ended and len(unfinished.done) == len(unfinished.changes):
        raise ApplyRefused(
            f"{unfinished.summary}; {unfinished.stale} more no longer held when it began, and there is nothing to resume",
            "plan again: websakctl plan",
        )
    run = with_people(unfinished, people_of_journal(inputs, live.state))
    run = replace(run, changes=restored(run.changes, inputs.config.state))
    same_config = run.about.get("config_digest") == digest(inputs.config.state)
    desired = inputs.config.state if same_config else {}
    judged = judge(run, live.state)
    observer.note(f"{run.summary[0].upper()}{run.summary[1:]}.")
    if not same_config:
        observer.note("The config has changed since. This goes on with the run as it was planned; plan again after it.")
    for address, verdict in sorted(judged.verdicts.items()):
        observer.note(f"  in doubt: {address}: it {verdict}")
    if judged.holding.stale:
        observer.stale(judged.holding.stale)
    refuse_what_is_owned(inputs, {change.address.kind for change in judged.holding.changes}, f"run {run.run}")
    if judged.holding.changes:
        observer.confirm(judged.holding.changes, live, reviewed=True)
    going_on = Run(
        environment=inputs.environment,
        journal=request.journal,
        runtime=request.connection.runtime,
        concurrency=request.connection.concurrency,
        fail_fast=request.fail_fast,
        stop=request.stop,
        name=run.run,
        resumed=True,
    )
    done = {*run.done, *(change.address for change in judged.holding.already)}
    carried = _carry_out(
        request,
        going_on,
        judged.holding.changes,
        live,
        desired,
        interrupted=run,
        shown=judged.holding.stale,
        done_before=tuple(change for change in run.changes if change.address in done),
    )
    return ApplyResult(
        run=run.run, planned=judged.holding.changes, applied=carried.applied, stale=carried.holding.stale
    )


# --- steps


def _with_interrupted(request: ApplyRequest, live: State) -> ApplyRequest:
    """The request, knowing as managed what interrupted runs did."""
    people = people_of_journal(request.inputs, live)
    return replace(request, inputs=with_interrupted(request.journal, request.inputs, live, people))


def _read_live(request: ApplyRequest, *besides: Unfinished) -> LiveSetup:
    """Read live; a write that may have been under way when a run died, or ended, is given time to show."""
    clock = request.connection.runtime.clock
    runs = [*interrupted_runs(request.journal, request.inputs.environment), *besides]
    wait = max((run.settling(clock.now()) for run in runs), default=0.0)
    if wait > 0:
        request.observer.note(f"Waiting {wait:.0f} s: a write of the earlier run may still be under way.")
        clock.sleep(wait)
    return read_setup(request.connection, request.inputs)


def _refuse_unless_allowed(request: ApplyRequest, findings: tuple[Finding, ...]) -> None:
    """Every finding must be allowed by name and number, or its guard by name."""
    others = tuple(finding for finding in findings if finding.guard not in request.allowed_guards)
    if refused := not_allowed(others, request.allow):
        several = "s are" if len(refused) > 1 else " is"
        raise ApplyRefused(
            f"{len(refused)} guard finding{several} not allowed; nothing was written",
            "if it is meant: " + " ".join(f"--allow {finding.allowance}" for finding in refused),
        )


def _new_run(request: ApplyRequest, plan: Plan, plan_digest: str, reason: str, supersedes: list[str]) -> Run:
    """A run with who, why and what in its start, and the interrupted runs that need no resuming once it has begun."""
    about: dict[str, Any] = {
        "user": request.actor.user,
        "owner": request.actor.owner,
        "client_id": request.connection.client_id,
        "reason": reason,
        "typed": request.actor.typed,
        "ci": request.actor.ci,
        "plan": plan_digest or None,
        "config_digest": plan.config_digest,
        "allowed": list(request.allow),
        "summary": plan.summary,
        "supersedes": supersedes,
    }
    return Run(
        environment=request.inputs.environment,
        journal=request.journal,
        runtime=request.connection.runtime,
        name=new_run_name(request.connection.runtime),
        about=about,
        concurrency=request.connection.concurrency,
        fail_fast=request.fail_fast,
        stop=request.stop,
    )


def _taken_over(request: ApplyRequest, changes: tuple[Change, ...], live: State, *, whole: bool) -> list[str]:
    """Unfinished runs that leave nothing to do besides these changes; ``whole``: this is all that the config asks for."""
    addresses = {change.address for change in changes}

    def left(holding: Holding) -> set[Address]:
        return {change.address for change in (*holding.changes, *(stale.change for stale in holding.stale))}

    people = people_of_journal(request.inputs, live)
    runs = [with_people(run, people) for run in interrupted_runs(request.journal, request.inputs.environment)]
    result = [run.run for run in runs if whole or left(judge(run, live).holding) <= addresses]
    if whole and not changes and (ended := incomplete_run(request.journal, request.inputs.environment)) is not None:
        result.append(ended.run)  # what it left is not wanted any more, and no later run will say so
    return result


def _supersede(run: Run) -> None:
    """End the runs that this one took over."""
    for old in run.about.get("supersedes", ()):
        run.journal.write(old, "end", {"superseded_by": run.name})


def _adopt(request: ApplyRequest, run: Run, live: State, changing: set[Address]) -> None:
    """Take over what already is as the config says."""
    inputs = knowing_people(request.inputs, live)
    kinds = {**inputs.by_hand, **inputs.kinds}
    desired = {a: r for a, r in inputs.config.state.items() if a.kind in kinds and a in inputs.selection}
    known = {a: last for a, last in inputs.known.items() if a.kind in kinds and a in inputs.selection}
    adopt_unchanged(
        run, desired, inputs.with_by_hand(live), changing | request.left_to_people, inputs.config.protected, known
    )


def _carry_out(
    request: ApplyRequest,
    run: Run,
    changes: tuple[Change, ...],
    live: LiveSetup,
    desired: State,
    *,
    interrupted: Unfinished | None = None,
    shown: tuple[Stale, ...] = (),
    done_before: tuple[Change, ...] = (),
) -> _Carried:
    """Hold the lease, see whether all still holds, do the changes, read them back.

    Live is read again once the lease is ours: while somebody else had it, or while a person thought about the plan,
    anything may have been done, and a second POST makes a second unit.

    Args:
        request: Where, by whom.
        run: Under which name.
        changes: What is left to do, as live was when it was read.
        live: What was read.
        desired: The config's state where the changes were planned from it; empty otherwise.
        interrupted: The run that is resumed.
        shown: Stale changes that were told already.
        done_before: What the same run did before it was interrupted.
    """
    inputs, observer = knowing_people(request.inputs, live.state), request.observer

    def lost(why: str) -> None:
        request.stop.set()
        observer.note(why, urgent=True)

    may_send = request.journal.see_that_it_may_send if request.shared_lock_held else None
    with writer_for(request.connection, inputs, live, may_send=may_send) as writer:
        if request.shared_lock_held:
            writer.keep_others_out()
        purpose = run.about.get("reason") or request.actor.reason or f"run {run.name}"
        with alone(
            (writer.lease,),
            run.journal,
            run.name,
            owner=request.actor.owner,
            purpose=purpose,
            lost=lost,
            break_held=request.break_lease,
        ):
            state = writer.read()
            holding = (
                still_holding(changes, state)
                if interrupted is None
                else _judged_again(request, interrupted, state, desired)
            )
            if request.stop.is_set():
                raise ApplyRefused("stopped; nothing was written")
            _tell_what_passed(request, holding, len(changes), shown)
            with observer.progress(len(holding.changes)):
                applied = apply_changes(
                    replace(run, watch=observer.outcome),
                    holding.changes,
                    state,
                    writer,
                    desired=desired,
                    protected=inputs.config.protected,
                    read_again=writer.read,
                    done_before=done_before,
                    known=inputs.known,
                )
        try:
            _supersede(run)
            for note in sorted(writer.traffic.notes):
                observer.note(f"note: {note}")
                run.journal.write(run.name, "deprecated", {"note": note})
        except JournalError as error:
            applied = replace(applied, unrecorded=str(error))
    return _Carried(applied=applied, holding=holding, state=state)


def _judged_again(request: ApplyRequest, interrupted: Unfinished, state: State, desired: State) -> Holding:
    judged = judge(interrupted, state)
    record_verdicts(
        request.journal,
        interrupted,
        judged,
        environment=request.inputs.environment,
        desired=desired,
        live=state,
        protected=request.inputs.config.protected,
        known=knowing_people(request.inputs, state).known,
    )
    return judged.holding


def _tell_what_passed(request: ApplyRequest, holding: Holding, planned: int, shown: tuple[Stale, ...]) -> None:
    """What became of the plan between its making and our turn."""
    known = {stale.change.address for stale in shown}
    if new := tuple(stale for stale in holding.stale if stale.change.address not in known):
        request.observer.stale(new)
        if request.all_or_nothing:
            raise ApplyRefused(f"{len(new)} of {planned} changes no longer hold; nothing was written", "plan again")
    if (passed := planned - len(holding.changes) - len(new)) > 0:
        request.observer.note(f"{passed} of the plan's changes were done by somebody else meanwhile.")
