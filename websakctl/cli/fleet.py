"""``fleet``: the ordinary commands over many Websaks, as independent jobs."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from msgspec.structs import replace

from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.lifeline import stop_signals
from websakctl.cli.options import Call, OptionGroup, command
from websakctl.cli.session import Session, read_json, require_file, write_private

if TYPE_CHECKING:
    from websakctl.apply.events import Event
    from websakctl.fleet.job import Job, Observe, Result
    from websakctl.fleet.target import Fleet, Shard, Target
    from websakctl.live.runtime import Runtime

FORMATS = ("text", "json", "markdown", "html")
FLEET_FILE = "fleet.yaml"

FleetFile = Annotated[
    Path | None, typer.Option("--fleet", metavar="FILE", help="The fleet file (default: fleet.yaml, here or above).")
]
Only = Annotated[
    list[str] | None, typer.Option("--only", metavar="GLOB", help="Only targets whose name matches (repeatable).")
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", metavar="N", min=1, max=256, help="Jobs at a time on this machine.")
]
Scheduler = Annotated[
    str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Run on the workers of this Dask scheduler.")
]
Carry = Annotated[
    bool, typer.Option("--carry", help="Workers share no disk: send config and journal along, and bring it back.")
]
ShardOf = Annotated[
    str | None, typer.Option("--shard", metavar="I/N", help="Only the I-th of N parts; `fleet merge` joins results.")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Save the whole result.")]
DetailedExit = Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 when a target has changes.")]
PlanFile = Annotated[Path | None, typer.Argument(metavar="[FLEETPLAN]", help="Saved with `fleet plan --out`.")]
AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Do not ask.")]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="TARGET:GUARD=N",
        help="Allow a guard's finding in one target, by name and number (repeatable).",
    ),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for every journal.")]
Files = Annotated[list[Path], typer.Argument(metavar="RESULT...", help="Saved with --out.")]
MaybeFiles = Annotated[list[Path] | None, typer.Argument(metavar="[RESULT...]", help="Saved with --out.")]
TakeJournals = Annotated[
    bool, typer.Option("--take-journals", help="Put the journals that came along back where they belong.")
]


class FleetOptions(OptionGroup, frozen=True, kw_only=True):
    """Which targets a command is about, and where its jobs are run."""

    fleet: FleetFile = None
    only: Only = None
    jobs: Jobs = None
    scheduler: Scheduler = None
    carry: Carry = False
    shard: ShardOf = None

    def carry_out(
        self, jobs: "list[Job]", stop: "_Stopping", runtime: "Runtime", observe: "Observe"
    ) -> "Iterator[Result]":
        """Run the jobs where they are to be run."""
        if self.scheduler is None:
            from websakctl.fleet.local import carry_out

            return carry_out(jobs, self.jobs or min(16, 2 * (os.cpu_count() or 1)), stop.level, runtime, observe)
        from websakctl.fleet.cluster import carry_out as carry_out_there

        return carry_out_there(jobs, self.scheduler, stop.level, stop.say, runtime.clock)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Many Websaks: the ordinary commands as independent jobs, one for each target.", no_args_is_help=True
    )
    for name, function, example in (
        ("validate", validate, "websakctl fleet validate --jobs 4"),
        ("plan", plan, "websakctl fleet plan --out fleet.plan.json"),
        ("apply", apply, 'websakctl fleet apply fleet.plan.json --reason "Sak 27/1234"'),
        ("drift", drift, "websakctl fleet drift --only 'north-*' --detailed-exitcode"),
        ("report", report, "websakctl fleet report --format html > fleet.html"),
        ("merge", merge, "websakctl fleet merge shard-*.json --out fleet.plan.json"),
    ):
        command(group, name, example=example, formats=FORMATS)(function)
    app.add_typer(group, name="fleet")


def validate(
    call: Call,
    options: FleetOptions,
    out: Out = None,
) -> None:
    """Check the fleet file and the config of every target. Reads no Websak."""
    run = _Run.of(call, "validate", options)
    _finish(run, run.carry_out([("validate",)]), out)


def plan(
    call: Call,
    options: FleetOptions,
    out: Out = None,
    detailed_exitcode: DetailedExit = False,
) -> None:
    """Show what apply would change in every target. Writes nothing; --out keeps the plans for `fleet apply`."""
    run = _Run.of(call, "plan", options)
    _finish(run, run.carry_out([("plan",)]), out, detailed_exitcode)


def drift(
    call: Call,
    options: FleetOptions,
    out: Out = None,
    detailed_exitcode: DetailedExit = False,
) -> None:
    """Show what somebody changed by hand in every target. Writes nothing."""
    run = _Run.of(call, "drift", options)
    _finish(run, run.carry_out([("drift",)]), out, detailed_exitcode)


def apply(
    call: Call,
    options: FleetOptions,
    planfile: PlanFile = None,
    auto_approve: AutoApprove = False,
    allow: Allow = None,
    reason: Reason = "",
    out: Out = None,
) -> None:
    """Carry out saved plans, or with --auto-approve what each config asks for. One target's failure stops no other."""
    run = _Run.of(call, "apply", options)
    allowed = _allowed(allow or [], run.fleet)
    words = ("--auto-approve", *(("--reason", reason) if reason else ()))
    if planfile is None:
        if not auto_approve:
            raise Problem(
                "nobody has seen what this would do; nothing was written",
                Exit.REFUSED,
                "websakctl fleet plan --out FILE, then websakctl fleet apply FILE",
            )
        document = run.carry_out([("apply", *words)], allowed=allowed)
    else:
        plans, planned = _saved_plans(planfile, run)
        if not options.only:
            run = replace(run, targets=tuple(target for target in run.targets if target.name in planned))
        _confirm(run, plans, auto_approve)
        document = run.carry_out([("apply", *words)], allowed=allowed, plans=plans)
    _finish(run, document, out)


def report(
    call: Call,
    options: FleetOptions,
    results: MaybeFiles = None,
    out: Out = None,
) -> None:
    """Show how every target stands: is its config valid, what would change, what has drifted, which batches are ready.

    With files: show saved results.
    """
    if results:
        _show_merged(Session(call), results, out)
    run = _Run.of(call, "report", options)
    _finish(run, run.carry_out([("validate",), ("plan",), ("drift",), ("rollout", "status")]), out)


def merge(
    call: Call, results: Files, out: Out = None, take_journals: TakeJournals = False, fleet: FleetFile = None
) -> None:
    """Join the results of several shards into one."""
    session = Session(call)
    if take_journals:
        _take_journals(session, _fleet(session, fleet), _merged(results))
    _show_merged(session, results, out)


# --- what is run


class _Run(msgspec.Struct, frozen=True, kw_only=True):
    """One fleet command: which targets, and how they are run."""

    session: Session
    name: str
    fleet: "Fleet"
    targets: "tuple[Target, ...]"
    shard: "Shard | None"
    options: FleetOptions

    @classmethod
    def of(cls, call: Call, name: str, options: FleetOptions) -> "_Run":
        from websakctl.fleet.target import Shard, chosen

        session = Session(call)
        if options.carry and options.scheduler is None:
            raise Problem("--carry is for workers elsewhere", Exit.USAGE, "name their --scheduler ADDRESS too")
        if options.jobs is not None and options.scheduler is not None:
            raise Problem("--jobs is for this machine", Exit.USAGE, "how many run at a time there, the workers decide")
        try:
            part = Shard.parse(options.shard) if options.shard else None
        except ValueError as error:
            raise Problem(f"--shard {error}", Exit.USAGE, "the first of four parts is --shard 1/4") from None
        fleet = _fleet(session, options.fleet)
        targets = chosen(fleet.targets, options.only or (), part)
        if options.carry and len({target.state_dir for target in targets}) < len(targets):
            raise Problem(
                "--carry cannot bring two journals back to one state directory",
                Exit.REFUSED,
                "give each target a state_dir of its own in the fleet file",
            )
        for glob in options.only or ():
            if not chosen(fleet.targets, [glob], None):
                raise UnknownName(f"no target matches {glob}", glob, [target.name for target in fleet.targets])
        return cls(session=session, name=name, fleet=fleet, targets=targets, shard=part, options=options)

    def carry_out(
        self,
        steps: list[tuple[str, ...]],
        *,
        allowed: dict[str, list[str]] | None = None,
        plans: dict[str, dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """Run the steps for every target; the results as a document."""
        results = [r for t in self.targets if (r := _needs_nothing(t, plans)) is not None]
        resolved = {r.target for r in results}
        id_ = self.session.runtime.identifier()[:16]
        jobs = [self._job(id_, t, steps, allowed or {}, plans) for t in self.targets if t.name not in resolved]
        with _stopping(self.session) as stop, self.session.terminal.progress(f"Fleet {self.name}", len(jobs)) as bar:
            for result in self._running(jobs, stop):
                kept = self._kept(result)
                results.append(kept)
                bar.tick(kept.target)
                self._tell(kept)
        return self._document(results)

    def _running(self, jobs: "list[Job]", stop: "_Stopping") -> "Iterator[Result]":
        from websakctl.fleet.cluster import ClusterError, ClusterMissing

        try:
            yield from self.options.carry_out(jobs, stop, self.session.runtime, self._observe) if jobs else ()
        except ClusterMissing as error:
            raise Problem(str(error), Exit.FAILED, "pip install 'websakctl[fleet]'") from None
        except ClusterError as error:
            raise Problem(str(error), Exit.UNREACHABLE, "is it running, and is the address right?") from None

    def _job(
        self,
        id_: str,
        target: "Target",
        steps: list[tuple[str, ...]],
        allowed: dict[str, list[str]],
        plans: dict[str, dict[str, Any]] | None,
    ) -> "Job":
        import json

        from websakctl.fleet.carrying import pack
        from websakctl.fleet.job import Job

        guards = tuple(word for guard in allowed.get(target.name, ()) for word in ("--allow", guard))
        return Job(
            fleet=id_,
            target=target.name,
            root=str(target.root),
            environment=target.environment,
            state_dir=str(target.state_dir),
            steps=tuple((*step, *guards) for step in steps),
            plan=json.dumps(plans[target.name], ensure_ascii=False) if plans else "",
            parcel=pack(target.root, target.state_dir, self.session.clock) if self.options.carry else None,
        )

    def _observe(self, target: str, event: "Event") -> None:
        """Say at once what goes wrong in a target; what came of all is told in the end."""
        from websakctl.apply.events import Noted, Tried
        from websakctl.report.formats.text import safe

        if isinstance(event, Tried) and event.fault:
            self.session.terminal.warn(safe(f"{target}: {event.address}: {event.detail}"))
        elif isinstance(event, Noted) and event.urgent:
            self.session.terminal.warn(safe(f"{target}: {event.text}"))

    def _kept(self, result: "Result") -> "Result":
        """The result, with its journal back where it belongs."""
        from websakctl.apply.entries import JournalError
        from websakctl.fleet.carrying import Carried, CarryError, packed_journal, store_journal

        target = next(t for t in self.targets if t.name == result.target)
        try:
            if result.journal is not None:
                store_journal(result.journal, target.state_dir, target.environment, self.session.clock)
            elif self.name == "apply" and (packed := packed_journal(target.state_dir, self.session.clock)):
                return replace(result, journal=Carried(packed=packed))
        except (CarryError, JournalError, OSError) as error:
            given = f"{result.error_output}\nerror: its journal is not back: {error}"
            return replace(result, exit_code=int(Exit.INCOMPLETE), error_output=given)
        return result

    def _tell(self, result: "Result") -> None:
        from websakctl.fleet.results import trouble_of
        from websakctl.report.formats.text import safe

        if result.exit_code:
            root = next(target.root for target in self.targets if target.name == result.target)
            why, what_next = trouble_of(result, os.path.relpath(root))
            self.session.terminal.error(f"{result.target}: {safe(why)}", safe(what_next))

    def _document(self, results: "list[Result]") -> dict[str, Any]:
        from websakctl import __version__
        from websakctl.fleet.results import to_document

        now = self.session.clock.now().isoformat(timespec="seconds").replace("+00:00", "Z")
        return to_document(self.name, self.fleet, self.shard, results, tool_version=__version__, created_at=now)


def _needs_nothing(target: "Target", plans: dict[str, dict[str, Any]] | None) -> "Result | None":
    """The result of a target that has no plan, or a plan without a change."""
    from websakctl.fleet.job import Result

    if plans is None or (target.name in plans and plans[target.name].get("changes")):
        return None
    if target.name in plans:
        return Result(
            target=target.name,
            environment=target.environment,
            exit_code=0,
            documents={"apply": {"format_version": 1, "run": None, "outcomes": []}},
            attempts=1,
        )
    why = "error: the file holds no plan of it; see what `fleet plan` said"
    return Result(target=target.name, environment=target.environment, exit_code=int(Exit.REFUSED), error_output=why)


def _fleet(session: Session, given: Path | None) -> "Fleet":
    """The fleet file's targets, or the end of the command with all that is wrong with it on stderr."""
    from websakctl.diagnostics import errors_in
    from websakctl.fleet.target import fleet_of
    from websakctl.report.formats.text import FORMAT
    from websakctl.report.view_models import FindingsReport
    from websakctl.source.fleet_file import read_fleet_file

    file = given or _found(session.call.root)
    otherwise = "name it with --fleet FILE; docs/fleet.md says what is in it"
    require_file(file, otherwise, ".yaml", what="fleet file")
    entries, findings, texts = read_fleet_file(file)
    if findings:
        shown = FORMAT.render(
            FindingsReport(findings=findings, texts=texts, headline="", valid=False), session.terminal.look(sys.stderr)
        )
        session.terminal.warn(shown)
    if errors_in(findings):
        raise Problem("the fleet file is not valid; nothing was done", Exit.INVALID, "fix the errors above")
    return fleet_of(file, entries, session.call.environment)


def _found(root: Path | None) -> Path:
    here = root or Path.cwd()
    places = (here,) if root else (here, *here.parents)
    return next((p / FLEET_FILE for p in places if (p / FLEET_FILE).is_file()), here / FLEET_FILE)


def _allowed(given: list[str], fleet: "Fleet") -> dict[str, list[str]]:
    """Guards by target."""
    names = {target.name for target in fleet.targets}
    result: dict[str, list[str]] = {}
    for each in given:
        target, colon, guard = each.partition(":")
        name, equals, number = guard.rpartition("=")
        if not (colon and equals and name and number.isdigit()):
            raise Problem(
                f"--allow {each} is not TARGET:GUARD=N", Exit.USAGE, "as in --allow oslo:deactivate:org_unit=3"
            )
        if target not in names:
            raise UnknownName(f"--allow {each}: there is no target {target}", target, names)
        result.setdefault(target, []).append(guard)
    return result


# --- saved results


def _saved_plans(file: Path, run: _Run) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """Every target's saved plan, and the targets that were to be planned."""
    from websakctl.fleet.results import missing_shards, plans

    document = _merged([file])
    if document["command"] != "plan":
        raise Problem(f"{file} is the result of fleet {document['command']}, not of fleet plan", Exit.REFUSED)
    if document["fleet"]["digest"] != run.fleet.digest:
        raise Problem(
            f"{file} was made for another fleet, or for other environments",
            Exit.REFUSED,
            "plan again: fleet plan --out FILE",
        )
    if (missing := missing_shards(document)) and run.shard is None:
        run.session.terminal.warn(f"warning: {file} lacks the shards {', '.join(missing)}; their targets are left out")
    return plans(document), set(document["targets"])


def _confirm(run: _Run, plans: dict[str, dict[str, Any]], auto_approve: bool) -> None:
    from websakctl.operations.apply.approval import Question

    mine = [plans[target.name] for target in run.targets if target.name in plans]
    count, reached = sum(len(plan["changes"]) for plan in mine), sum(1 for plan in mine if plan["changes"])
    if auto_approve or count == 0:
        return
    protected = sum(1 for plan in mine if plan["changes"] and plan.get("protected"))
    mark = f", {protected} of them PROTECTED" if protected else ""
    text = f"Apply {count} changes to {reached} targets{mark}? Type 'yes' to confirm: "
    Question(text=text, expected="yes").check(run.session.terminal.ask(text))


def _merged(files: list[Path]) -> dict[str, Any]:
    from websakctl.fleet.results import ResultFileError, merged, read_result

    try:
        parts = [(str(file), read_result(read_json(file, "a result of a fleet command"), str(file))) for file in files]
        return merged(parts)
    except ResultFileError as error:
        raise Problem(str(error), Exit.REFUSED, "they are made with `websakctl fleet … --out FILE`") from None


def _show_merged(session: Session, files: list[Path], out: Path | None) -> None:
    from websakctl.fleet.results import missing_shards, without_journals
    from websakctl.report.fleet import fleet_document

    document = _merged(files)
    missing = missing_shards(document)
    _save(document, out)
    session.write(fleet_document(without_journals(document), missing=missing))
    if missing:
        raise Problem(f"the shards {', '.join(missing)} are missing", Exit.FAILED, "run them, and merge again")
    raise typer.Exit(document["exit_code"])


def _take_journals(session: Session, fleet: "Fleet", document: dict[str, Any]) -> None:
    from websakctl.apply.entries import JournalError
    from websakctl.fleet.carrying import CarryError, store_journal
    from websakctl.fleet.results import journals

    troubles = []
    try:
        arrived = journals(document)
    except CarryError as error:
        raise Problem(str(error), Exit.REFUSED) from None
    homes = {target.name: target for target in fleet.targets}
    for name, carried in arrived.items():
        try:
            if name not in homes:
                raise CarryError("the fleet file does not name it")
            store_journal(carried, homes[name].state_dir, homes[name].environment, session.clock)
        except (CarryError, JournalError, OSError) as error:
            troubles.append(f"{name}: {error}")
        else:
            session.terminal.say(f"{name}: its journal is back")
    if troubles:
        raise Problem(
            "journals were not taken back: " + "; ".join(troubles), Exit.REFUSED, "see which of the two is to be kept"
        )


def _finish(run: _Run, document: dict[str, Any], out: Path | None, detailed_exitcode: bool = False) -> None:
    from websakctl.fleet.results import without_journals
    from websakctl.report.fleet import fleet_document

    session = run.session
    _save(document, out)
    if out is not None and run.name == "plan" and not run.shard:
        session.terminal.say(f"Saved. To apply it:\n  websakctl fleet apply {out}")
    session.write(fleet_document(without_journals(document)))
    code = document["exit_code"]
    changes = document["summary"].get("changes", 0) + document["summary"].get("drifted", 0)
    raise typer.Exit(Exit.CHANGES if code == 0 and detailed_exitcode and changes else code)


def _save(document: dict[str, Any], out: Path | None) -> None:
    import json

    if out is not None:
        write_private(out, json.dumps(document, ensure_ascii=False, indent=1) + "\n", redacted_before=True)


# --- Ctrl-C


class _Stopping:
    """How far a person has asked us to stop."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.asked, self.say = 0, say

    def level(self) -> int:
        """As ``websakctl.fleet.process`` has it."""
        return self.asked


@contextmanager
def _stopping(session: Session) -> Iterator[_Stopping]:
    """What a person says while jobs run. First Ctrl-C (or TERM): nothing new begins, and applies finish their writes under way. Second: all stop at once."""
    stop = _Stopping(session.terminal.say)

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # what a handler gets
        stop.asked = min(2, stop.asked + 1)
        if stop.asked == 1 and not session.terminal.quiet:
            session.terminal.to_stderr("Stopping: nothing new begins. Ctrl-C again stops what is under way at once.")

    before = {number: signal.signal(number, handle) for number in stop_signals()}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
