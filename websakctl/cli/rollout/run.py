"""``rollout run|pause|resume``: bring a batch in, one district first; hold it back, and take it up again."""

import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import msgspec
import typer
from msgspec.structs import replace

from websakctl.cli import completion
from websakctl.cli.change.apply_request import (
    Allow,
    AutoApprove,
    BreakLease,
    Concurrency,
    Rate,
    nothing_written_if_interrupted,
    what_and_who,
)
from websakctl.cli.change.by_hand import work_list_for
from websakctl.cli.change.observer import TerminalObserver
from websakctl.cli.change.plan import announce_interrupted, make_config_input
from websakctl.cli.change.rehearsed import see_rehearsal
from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.options import Call, SelectionOptions, command
from websakctl.cli.rollout.status import BatchName, Users, group, import_for, look, refuse_unknown
from websakctl.cli.session import Session
from websakctl.cli.today import today_in_oslo
from websakctl.report.view_models import DocumentReport, Section, TableReport

if TYPE_CHECKING:
    from websakctl.apply.attempt import Outcome
    from websakctl.model.resource import State
    from websakctl.operations.apply.run import ApplyRequest, ApplyResult
    from websakctl.operations.change.make_plan import ConfigInput
    from websakctl.operations.change.read_setup import LiveSetup
    from websakctl.plan.change import Change, Plan

Canary = Annotated[
    str | None,
    typer.Option(
        "--canary",
        metavar="SLUG",
        help="The district that goes first (default: the batch's first).",
        autocompletion=completion.districts,
    ),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the journal.")]
Why = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why: it stands in the config and is told to whoever asks.")
]


def register(app: typer.Typer) -> None:  # noqa: ARG001  # the group is registered with `rollout`
    """Add the commands."""
    command(group, "run", example="websakctl rollout run PULJE-1 --users users.xlsx --canary frogner")(run)
    command(group, "pause", example='websakctl rollout pause PULJE-1 --reason "Decided by the owners, sak 27/12"')(
        pause
    )
    command(group, "resume", example="websakctl rollout resume PULJE-1")(resume)


def run(
    call: Call,
    batch: BatchName,
    users: Users = None,
    canary: Canary = None,
    auto_approve: AutoApprove = False,
    allow: Allow = None,
    reason: Reason = "",
    break_lease: BreakLease = None,
    concurrency: Concurrency = None,
    rate: Rate = None,
) -> None:
    """Bring a batch in: gates, one plan for its districts, one district first, then the rest. Exit 4 while a gate is not passed.

    After the first district the plan is made again: the rest is done only if it is
    still what was approved, and the batch was not paused meanwhile. Run it again to go on where it stopped.
    """
    session = Session(call)
    session.valid_config()
    refuse_unknown(session, batch)
    see_rehearsal(session, None, None)
    session.pace(concurrency, rate)
    rollout = Rollout(
        session=session,
        batch=batch,
        canary=_first_to_go(session, batch, canary),
        auto_approve=auto_approve,
        allow=tuple(allow or ()),
        reason=f"rollout {batch}" + (f": {reason}" if reason else ""),
        typed=reason,
        break_lease=break_lease,
    )
    with session.alone(f"rollout {batch}", break_lease, reason), nothing_written_if_interrupted():
        rollout.run(users)


def _first_to_go(session: Session, batch: str, desired: str | None) -> str:
    districts = _fields(session, batch)["districts"]
    if not districts:
        raise Problem(f"{batch} has no districts", Exit.REFUSED, "name them under rollout_batches: in config/")
    if desired is not None and desired not in districts:
        raise UnknownName(f"{desired} is not in {batch}", desired, districts)
    return str(desired or districts[0])


def end_at_ctrl_c(stop: threading.Event) -> None:
    """Between two runs nothing is under way, and Ctrl-C need not wait for anything; nor did one that came too late."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if stop.is_set():
        raise KeyboardInterrupt


def write_users(session: Session, files: Mapping[str, str]) -> None:
    """Write the districts' files of users, all or none."""
    from websakctl.operations.rollout.import_users import write_all

    if not files:
        return
    try:
        write_all(session.root, files)
    except OSError as error:
        raise Problem(f"cannot write {error.filename}: {error.strerror}; nothing was written") from None
    session.terminal.say(f"Wrote {', '.join(files)}.")


def _fields(session: Session, batch: str) -> dict[str, Any]:
    from websakctl.model.address import BASE, Address

    return dict(session.config.state[Address("rollout_batch", BASE, batch)].fields)


class _Done(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two runs, and what became of it."""

    name: str
    result: "ApplyResult"

    @property
    def outcomes(self) -> "tuple[Outcome, ...]":
        """What became of each change that was tried."""
        return self.result.applied.execution.outcomes if self.result.applied is not None else ()

    @property
    def shortage(self) -> str:
        """What is not done of it."""
        from websakctl.apply.attempt import Status

        left = sum(1 for outcome in self.outcomes if outcome.status is not Status.DONE) + len(self.result.stale)
        if left or self.result.applied is None:
            return f"{left} changes are not done"
        return self.result.applied.unread or self.result.applied.unrecorded


class BatchObserver(TerminalObserver):
    """The first run of a batch: one plan for all of it is shown and agreed to, one district goes first."""

    def __init__(self, rollout: "Rollout", inputs: "ConfigInput", agreed: Callable[[], None]) -> None:
        super().__init__(rollout.session, inputs, threading.Event(), auto_approve=rollout.auto_approve)
        self._agreed = agreed
        self._whole: tuple[Change, ...] = ()
        self.live: State = {}  # as it was when the plan was made
        self._left, self._total, self._done = Counter[str](), Counter[str](), Counter[str]()

    def planned(self, plan: "Plan", live: "LiveSetup") -> None:
        """Show the plan."""
        super().planned(plan, live)
        self._whole, self.live = plan.changes, live.state

    def confirm(self, changes: "tuple[Change, ...]", live: "LiveSetup", *, reviewed: bool) -> None:
        """Ask for the whole plan, whichever part of it goes first."""
        super().confirm(self._whole, live, reviewed=reviewed)
        self._agreed()
        self.expect(changes)

    def expect(self, changes: "tuple[Change, ...]") -> None:
        """These are now tried."""
        self._left = Counter(change.address.scope for change in changes)
        self._total = self._left.copy()

    def outcome(self, outcome: "Outcome") -> None:
        """Say of each district how much of it is done, when the last of its changes has been tried."""
        from websakctl.apply.attempt import Status

        super().outcome(outcome)
        scope = outcome.change.address.scope
        self._left[scope] -= 1
        self._done[scope] += outcome.status is Status.DONE
        if not self._left[scope]:
            self.session.terminal.say(f"{scope}: {self._done[scope]} of {self._total[scope]} changes done")


class RestObserver(BatchObserver):
    """The second run: it must do what is left of the approved plan, and nothing else."""

    def __init__(self, rollout: "Rollout", inputs: "ConfigInput", check: "Callable[[Plan, LiveSetup], None]") -> None:
        super().__init__(rollout, inputs, lambda: None)
        self._check = check

    def planned(self, plan: "Plan", live: "LiveSetup") -> None:
        """See that the plan still is what was approved."""
        self._check(plan, live)

    def confirm(self, changes: "tuple[Change, ...]", live: "LiveSetup", *, reviewed: bool) -> None:  # noqa: ARG002  # approved with the whole plan
        """Go on: this was agreed to before."""
        self.stop_gently()
        self.expect(changes)


@dataclass
class Rollout:
    """One batch on its way in."""

    session: Session
    batch: str
    canary: str
    auto_approve: bool
    allow: tuple[str, ...]
    reason: str
    typed: str
    break_lease: str | None
    parts: list[_Done] = field(default_factory=list)

    def run(self, users: Path | None) -> None:
        """Gates, plan, the canary, a look, and the rest."""
        from websakctl.operations.apply.run import Part, plan_and_apply
        from websakctl.plan.selection import CanarySplit, split_canary

        session = self.session
        self.refuse_if_paused()
        files = import_for(session, self.batch, users) if users is not None else {}
        self.refuse_if_not_ready()
        announce_interrupted(session, alone=True)
        inputs = self.inputs()
        split = CanarySplit()

        def first(plan: "Plan") -> Part:
            nonlocal split
            split = split_canary(plan.changes, self.canary)
            if split.first:
                return Part(changes=split.first, reason=f"{self.reason} ({self.canary} first)")
            return Part(changes=split.rest, reason=f"{self.reason} (the rest)" if split.rest else self.reason)

        observer = BatchObserver(self, inputs, lambda: write_users(session, files))  # what is listed is what is wanted
        result = plan_and_apply(self.request(inputs, observer), first)
        if not result.planned:
            write_users(session, files)
            self.end(inputs, result.plan)
        self.keep(f"{self.canary} first" if split.first else "the rest", result)  # else it went first before
        if split.first and split.rest and result.plan is not None:
            with self.incomplete_from_here():
                end_at_ctrl_c(observer.stop)
                self.rest(result.plan, split.rest, paused_before=self.paused_in(observer.live))
        self.end(inputs, result.plan)

    def rest(self, approved: "Plan", rest: "tuple[Change, ...]", *, paused_before: bool) -> None:
        """Plan again and do what is left, which must be what was approved."""
        from websakctl.operations.apply.run import Part, plan_and_apply, plan_changes

        inputs = self.inputs()

        def check(plan: "Plan", live: "LiveSetup") -> None:
            self.end_if_paused(live.state, paused_before)
            self.end_unless_approved(rest, plan.changes)

        request = self.request(inputs, RestObserver(self, inputs, check))
        request = replace(request, allowed_guards=frozenset(finding.guard for finding in approved.findings))
        if not self.auto_approve:
            live, plan = plan_changes(request)
            check(plan, live)
            self.ask_to_go_on(len(plan.changes))  # the answer may take days, so the second run looks again
        result = plan_and_apply(request, lambda plan: Part(changes=plan.changes, reason=f"{self.reason} (the rest)"))
        self.keep("the rest", result)

    def request(self, inputs: "ConfigInput", observer: BatchObserver) -> "ApplyRequest":
        """What both runs have in common."""
        from websakctl.operations.apply.run import ApplyRequest

        return ApplyRequest(
            **what_and_who(self.session, inputs, self.reason, self.typed),
            observer=observer,
            stop=observer.stop,
            allow=self.allow,
            break_lease=self.break_lease,
        )

    def keep(self, name: str, result: "ApplyResult") -> None:
        """Remember what a run came to; end the command if it is not complete."""
        done = _Done(name=name, result=result)
        self.parts.append(done)
        if not result.complete:
            self.end_incomplete(done.shortage, "fix the cause and run it again: it does what is left")

    @contextmanager
    def incomplete_from_here(self) -> Iterator[None]:
        """The first district is written: whatever ends the command now leaves the batch half in, and says so."""
        from websakctl.apply.entries import JournalError
        from websakctl.live.errors import LiveError
        from websakctl.operations.apply.observer import ApplyRefused

        again = f"fix the cause; then: websakctl rollout run {self.batch}"
        try:
            yield
        except KeyboardInterrupt:
            self.end_incomplete("interrupted", f"websakctl rollout run {self.batch} goes on")
        except LiveError as error:
            self.end_incomplete(str(error), error.what_next or again)
        except JournalError as error:
            self.end_incomplete(str(error), again)
        except ApplyRefused as refused:
            self.end_incomplete(str(refused).removesuffix("; nothing was written"), refused.what_next or again)
        except Problem as problem:
            if problem.exit_code is Exit.INCOMPLETE:
                raise
            self.end_incomplete(str(problem).removesuffix("; nothing was written"), problem.what_next or again)

    # --- before anything is written

    def refuse_if_paused(self) -> None:
        """A paused batch runs nothing, and loses nothing."""
        fields = _fields(self.session, self.batch)
        if fields["paused"]:
            raise Problem(
                f"{self.batch} is paused: {fields['pause_reason'] or 'no reason is given'}; nothing was written",
                Exit.REFUSED,
                f"websakctl rollout resume {self.batch}",
            )

    def refuse_if_not_ready(self) -> None:
        """Every gate of every district lets it through, or nothing is written."""
        from websakctl.report.readiness import check_document

        view = look(self.session, access_of=self.batch)
        one = view.of(self.batch)
        if one.ready:
            return
        self.session.write(check_document(view, one))
        closed = sorted({v.gate for d in one.districts for v in d.in_the_way})
        named = (
            f"{len(closed)} gate{'s' * (len(closed) != 1)} not passed ({', '.join(closed)})"
            if closed
            else "no gate is declared"
        )
        raise Problem(
            f"{self.batch} is not ready: {named}; nothing was written in Websak",
            Exit.REFUSED,
            f"see to what stands above; `websakctl rollout check {self.batch}` looks again",
        )

    # --- between the two runs

    def inputs(self) -> "ConfigInput":
        """The batch's districts, and what of the base they need."""
        return make_config_input(
            self.session, SelectionOptions(batch=self.batch).selection(self.session.config), refresh="full"
        )

    def end_unless_approved(self, approved: "tuple[Change, ...]", now: "tuple[Change, ...]") -> None:
        """What is left must be what was approved, and nothing more."""
        from websakctl.plan.deviations import deviations

        if result := deviations(approved, now):
            for deviation in result[:20]:
                self.session.terminal.warn(f"  {deviation.address}: {deviation.why}")
            self.end_incomplete(
                f"the rest of the plan is no longer what was approved ({len(result)} changes differ)",
                "look at what is listed above; run it again to see and approve the plan as it is now",
            )

    def ask_to_go_on(self, count: int) -> None:
        """This is the time to look at the first district."""
        self.session.terminal.say(f"{self.canary} is done, and the rest of the plan is what was approved.")
        answer = self.session.terminal.ask(f"Apply {count} changes to the other districts? Type 'yes' to confirm: ")
        if answer != "yes":
            self.end_incomplete("not continued", f"websakctl rollout run {self.batch} goes on")

    def end_if_paused(self, live: "State", paused_before: bool) -> None:
        """Whether somebody paused the batch meanwhile: in the files here, or in Websak from elsewhere."""
        from websakctl.model.address import BASE, Address
        from websakctl.source.load import load_configuration

        again = load_configuration(self.session.root, today_in_oslo())
        now = again.state.get(Address("rollout_batch", BASE, self.batch)) if again.valid else None
        fields = now.fields if now else _fields(self.session, self.batch)
        if fields["paused"] or (self.paused_in(live) and not paused_before):
            why = fields["pause_reason"] or self.reason_in(live) or "no reason is given"
            self.end_incomplete(
                f"{self.batch} was paused meanwhile: {why}",
                f"websakctl rollout resume {self.batch}, then run it again: it does what is left",
            )

    def paused_in(self, live: "State") -> bool:
        """Whether Websak has the batch as paused."""
        return bool(self._live_fields(live).get("paused"))

    def reason_in(self, live: "State") -> str:
        """Why, as Websak has it."""
        return str(self._live_fields(live).get("pause_reason") or "")

    def _live_fields(self, live: "State") -> dict[str, Any]:
        from websakctl.model.address import BASE, Address

        existing = live.get(Address("rollout_batch", BASE, self.batch))
        return dict(existing.fields) if existing else {}

    # --- the last word

    def end(self, inputs: "ConfigInput", plan: "Plan | None") -> NoReturn:
        """The report of a batch that is in; what is left for people is on the work list."""
        work_list_for(self.session, inputs, plan)
        self.session.write(self.report(plan, f"{self.batch} is in: every change of its districts is done.", ok=True))
        raise typer.Exit(Exit.OK)

    def end_incomplete(self, why: str, what_next: str) -> NoReturn:
        """What was done and what was not; the exit code says that it goes on."""
        self.session.write(self.report(None, f"{self.batch} is not in yet: {why}", ok=False))
        raise Problem(why, Exit.INCOMPLETE, what_next)

    def report(self, plan: "Plan | None", verdict: str, *, ok: bool) -> DocumentReport:
        """What each run came to in each district."""
        rows, data = [], []
        for part in self.parts:
            for scope, counts in sorted(_counted(part.outcomes).items()):
                rows.append((part.name, scope, counts["done"], sum(counts.values()) - counts["done"]))
            data.append(
                {
                    "part": part.name,
                    "run": part.result.run,
                    "planned": len(part.result.planned),
                    "complete": part.result.complete,
                    "districts": {scope: dict(c) for scope, c in sorted(_counted(part.outcomes).items())},
                }
            )
        manual = len(plan.manual) if plan else 0
        lines = [f"{manual} steps are left for people: websakctl worklist list"] if manual else []
        return DocumentReport(
            title=f"Rollout of {self.batch}",
            ok=ok,
            verdict=verdict,
            facts=[(f"run ({part.name})", part.result.run) for part in self.parts],
            sections=[
                section
                for section in (
                    Section(title="Districts", columns=("part", "district", "done", "not done"), rows=rows),
                    Section(title="Left to do", lines=lines),
                )
                if section.rows or section.lines
            ],
            data={
                "format_version": 1,
                "batch": self.batch,
                "canary": self.canary,
                "complete": ok,
                "verdict": verdict,
                "runs": data,
                "manual": manual,
            },
        )


def _counted(outcomes: "tuple[Outcome, ...]") -> dict[str, Counter[str]]:
    result: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        result.setdefault(outcome.change.address.scope, Counter())[outcome.status.value] += 1
    return result


# --- pause and resume


def pause(call: Call, batch: BatchName, reason: Why) -> None:
    """Hold a batch back, and lose nothing. It refuses to run, and a run under way stops after its first district.

    Writes `paused` and the reason into the batch's entry in the config, and leaves every other byte alone.
    """
    _set(call, batch, {"paused": True, "pause_reason": reason}, f"{batch} is paused.")


def resume(call: Call, batch: BatchName) -> None:
    """Take a paused batch up again. Takes the pause out of the config; `rollout run` goes on from where it was."""
    _set(
        call,
        batch,
        {"paused": None, "pause_reason": None},
        f"{batch} is no longer paused. `websakctl rollout run {batch}` goes on.",
    )


def _set(call: Call, batch: str, values: dict[str, Any], reported: str) -> None:
    from websakctl.cli.write_back import carry_out
    from websakctl.kinds.rollout_batch import KIND
    from websakctl.model.address import BASE, Address
    from websakctl.operations.config.edit_entry import put_fields
    from websakctl.operations.config.write_back import NotWritten, sound, tried

    session = Session(call)
    config = session.valid_config()
    refuse_unknown(session, batch)
    result = put_fields(config, KIND, Address(KIND.name, BASE, batch), values)
    try:
        files = result.files(session.root)
        sound(tried(session.root, files))
    except NotWritten as error:
        raise Problem(
            f"{error}; nothing was written", Exit.FAILED, "see to --reason, or to the batch's entry"
        ) from None
    carry_out(session, files, auto_approve=True, force=True)
    fields = _fields(session, batch)
    data = {
        "batch": batch,
        "paused": bool(values["paused"]),
        "was_paused": bool(fields["paused"]),
        "files": list(files),
    }
    notes = [] if files else ["It was so already."]
    session.write(TableReport(headline=reported, columns=(), rows=(), data=data, notes=notes))
    if files:
        session.terminal.say(f"Written into {', '.join(files)}: commit it. Websak learns of it with the next apply.")
