"""One history: who does what on which machine, and what must hold after every step and at the end."""

import copy
import pickle
import random
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec

from websakctl import redaction
from websakctl.apply.attempt import Outcome
from websakctl.apply.entries import JournalError
from websakctl.cli.app import problem_of
from websakctl.kinds import all_kinds
from websakctl.live.errors import LiveError
from websakctl.model.address import Address
from websakctl.model.resource import State
from websakctl.operations.apply.observer import ApplyRefused
from websakctl.operations.apply.run import (
    Actor,
    ApplyRequest,
    ApplyResult,
    Part,
    apply_approved,
    apply_saved,
    plan_and_apply,
    resume,
)
from websakctl.operations.apply.saved import SavedPlan
from websakctl.operations.change.find_drift import find_drift
from websakctl.operations.change.history import ElsewhereError, NoSuchRun, plan_rollback, runs
from websakctl.operations.change.make_plan import ConfigInput, make_plan
from websakctl.operations.change.read_setup import guarded, read_setup
from websakctl.plan.change import Action, Change, Plan
from websakctl.plan.deviations import deviations
from websakctl.plan.diff import same
from websakctl.plan.document import to_document
from websakctl.state.branch import ENTRIES, Result, StateError, Unreachable
from websakctl.state.lock import Header, LockHeld, create
from websakctl.state.people import People

from .client import light
from .clones import BRANCH, CLIENT_SECRET, ENVIRONMENT, KEY, Machine, Process, Watcher
from .config import DISTRICT, Config, beginning
from .network import Faults, Sent, Wire
from .remote import Remote
from .scheduler import Killed, Scheduler
from .script import EDITS, OF_THE_SETUP, Script, Step
from .setup import KINDS as SETUP_KINDS
from .setup import Setup
from .together import in_turns
from .websak import Effect, Websak

NOT_OURS = ("by hand", "other writer")  # who works in Websak itself
_FIELDS = {"name": "name", "abbreviation": "abbreviation", "phone": "phone", "externalId": "key"}
_FIELDS |= {"parentDepartmentId": "parent", "unit": "unit_type"}
_COLLECTIONS = {kind: name for name, kind in SETUP_KINDS.items()}
_USER_FIELDS = {"name": "name", "title": "title", "phone": "phone", "mobile": "mobile"}


class Broken(AssertionError):
    """Something that must always hold does not."""

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant


class _Every(frozenset[str]):
    """Allows what guards object to: whether a guard objects is tested elsewhere."""

    def __contains__(self, _: object) -> bool:
        return True


@dataclass
class Told:
    """What one command came to."""

    code: int
    result: ApplyResult | None = None
    refusal: str = ""
    held: LockHeld | None = None


@dataclass
class Report:
    """What a history consisted of, for the figures."""

    actors: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    covered: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # operation, fault, actor
    writes: int = 0
    races: int = 0  # edits between our reading and our writing, which no client of this API can see
    turns: int = 0
    trace: str = ""
    log: list[str] | None = None

    @property
    def counts(self) -> bool:
        """Whether it is worth counting: two actors, four operations, one fault, and a write that landed."""
        return self.actors >= 2 and self.operations.total() >= 4 and self.faults.total() >= 1 and self.writes >= 1

    def add(self, other: "Report") -> None:
        """Count another history's figures too."""
        self.actors += other.actors
        self.operations += other.operations
        self.faults += other.faults
        self.covered += other.covered
        self.writes += other.writes
        self.races += other.races
        self.turns += other.turns

    def means(self, histories: int) -> dict[str, float]:
        """Of each history, on average."""
        sums = {
            "actors": self.actors,
            "operations": self.operations.total(),
            "faults": self.faults.total(),
            "writes": self.writes,
            "turns": self.turns,
        }
        return {name: round(number / histories, 2) for name, number in sums.items()}


class World:
    """Everything that a history is about."""

    def __init__(self, script: Script, *, log: bool = False) -> None:
        self.script = script
        self.scheduler = Scheduler(script.seed)
        if log:
            self.scheduler.log = []
        self.websak = Websak.seeded(script.version, frozenset(script.quirks))
        self.remote = Remote()
        self.faults = Faults(script.faults, ended=True)
        self.setup = Setup(self.websak.effects)
        self.wire = Wire(self.scheduler, self.websak, self.setup, self.faults, accepted=self._accepted)
        self.config = beginning(users=script.users, setup=script.setup)
        self.kills: set[tuple[str, int]] = set()
        self.jumps: dict[tuple[str, int], float] = {}
        self.stalls: dict[tuple[str, int], float] = {}
        self.killed = self.identifiers = 0
        self.machines: dict[str, Machine] = {}
        self.saved: list[dict[str, Any]] = []
        self.said: list[str] = []
        self.report = Report()
        self._agreed: dict[str, dict[Address, Change]] = {}  # by process
        self._words = self.config.words()
        self._made_by_hand: set[str] = set()

    # --- a history from its beginning to its end

    def play(self) -> Report:
        """Play it.

        Raises:
            Broken: If something does not hold.
        """
        script = self.script
        self._begin_quietly()
        self.identifiers = 100  # others than those that the first apply has used
        redaction._secrets = {}
        begun_with = len(self.websak.effects)
        self.faults.ended = False
        self.kills = {(kill.actor, kill.turn) for kill in script.kills}
        self.jumps = {(jump.actor, jump.turn): jump.seconds for jump in script.jumps}
        self.stalls = {(stall.actor, stall.turn): stall.seconds for stall in script.stalls}
        for machine in self.machines.values():
            machine.turns = 0
        self.wire.slow = {slow.actor: slow.seconds for slow in script.slow}
        self.scheduler.run({part.actor: lambda part=part: self._act(part.actor, part.steps) for part in script.parts})
        self.faults.ended, self.kills, self.jumps, self.stalls, self.wire.slow = True, set(), {}, {}, {}
        self.report.faults.update(f"{f.on}: {f.what}" for f in self.faults.struck)
        self.report.faults["killed"] += self.killed
        self.report.faults += Counter()
        self.report.actors = len({part.actor for part in script.parts if part.steps})
        self.report.writes = len(self.websak.effects) - begun_with
        self.scheduler.run({"closing": self._close})
        self.report.turns, self.report.trace = self.scheduler.turns, self.scheduler.trace
        self.report.log = self.scheduler.log
        return self.report

    def _begin(self) -> None:
        """Machines and an empty branch; where the config was applied before, all as that left it."""
        script = self.script
        names = {part.actor for part in script.parts} - set(NOT_OURS) | {"ola", "kari"}
        self.machines = {name: Machine(name) for name in sorted(names)}
        if not script.begun:
            self._create_branch()
            return
        kept = _applied_once(script.version, script.quirks, users=script.users, setup=script.setup)
        websak, setup, remote, ola = pickle.loads(kept)  # what we have written ourselves
        for name, value in vars(setup).items():
            setattr(self.setup, name, value)
        for name, value in vars(websak).items():
            setattr(self.websak, name, value)
        for name, value in vars(remote).items():
            setattr(self.remote, name, value)
        self.machines["ola"] = ola

    def _begin_quietly(self) -> None:
        if self.script.begun:
            self._begin()
        else:
            self.scheduler.run({"first": self._begin})

    def _create_branch(self) -> None:
        process = Process(self, self.machines["ola"])
        create(process.state.branch, Header(environment=ENVIRONMENT, key_check=KEY.check))
        process.end()

    def apply_once(self) -> bytes:
        """Apply the first config undisturbed; gives what is left, to begin other histories with."""
        redaction._secrets = {}

        def begin() -> None:
            self._begin()
            told = self._command("ola", self._apply)
            self._hold(told.code == 0, "every actor can go on", f"the first apply: {told.code} {told.refusal}")

        self.scheduler.run({"first": begin})
        return pickle.dumps((self.websak, self.setup, self.remote, self.machines["ola"]))

    def _act(self, actor: str, steps: tuple[Step, ...]) -> None:
        for step in steps:
            self.scheduler.turn(f"begins: {step.what}", step.after)
            before = len(self.faults.struck)
            self.report.operations[step.what] += 1
            if step.what.startswith("by hand: "):
                self._by_hand(step.what.removeprefix("by hand: "), step.draw)
            elif step.what == "another writer of users":
                self._another_writer(step.draw)
            else:
                killed = self.killed
                self._operate(actor, step)
                faults = [f"{f.on}: {f.what}" for f in self.faults.struck[before:] if f.actor == actor]
                faults += ["killed"] if self.killed > killed else []
                for fault in faults or ["none"]:
                    self.report.covered[step.what, fault, _sort_of(actor)] += 1

    def _operate(self, actor: str, step: Step) -> None:
        chance = random.Random(step.draw)
        if step.what in ("apply", "save", "roll out"):
            users = self.script.users
            edits = [e for e in EDITS if users or "user" not in e]
            edits = [e for e in edits if self.script.setup or e.split()[-1] not in OF_THE_SETUP]
            for _ in range(chance.choice((0, 1, 1, 2, 3)) + step.more):
                self.config = self.config.edited(chance.choice(edits), chance.randrange(10**6))
                self._words |= self.config.words()
        if step.what == "users import" and self.script.users:
            self.config = self.config.imported(step.draw)
            self._words |= self.config.words()
        act = {
            "apply": self._apply,
            "users import": self._apply,
            "save": self._save,
            "apply saved": lambda p: self._apply_saved(p, chance, "as saved"),
            "apply forged": lambda p: self._apply_saved(p, chance, "forged"),
            "replan": lambda p: self._apply_saved(p, chance, "replan"),
            "resume": self._resume,
            "roll back": lambda p: self._roll_back(p, chance),
            "roll out": self._roll_out,
            "plan": self._plan,
            "drift": self._drift,
            "verify": self._verify,
        }[step.what]
        reads_only = step.what in ("plan", "drift", "verify", "save")
        told = self._command(actor, act, writes=not reads_only)
        if told.held is not None and chance.random() < 0.6:
            owner = told.held.holder.owner
            self._command(actor, act if chance.random() < 0.5 else self._resume, break_held=owner)

    # --- commands

    def _command(
        self,
        actor: str,
        act: Callable[[Process], ApplyResult | None],
        *,
        writes: bool = True,
        break_held: str = "",
    ) -> Told:
        """One command of the program from its start to its exit code."""
        machine = self.machines[actor]
        process = Process(self, machine)
        before = len(self.websak.effects)
        try:
            told = self._ended(process, act, writes=writes, break_held=break_held)
        except Killed:
            if not process.dead:
                raise
            told = Told(-9)
        finally:
            process.end()
        mine = [e for e in self.websak.effects[before:] if e.by == process.name]
        if told.code == 4:
            self._hold(not mine, "exit codes are true", f"exit 4, and {mine} was done: {told.refusal}")
        if told.refusal:
            self.say(told.refusal)
        self.scheduler.note(f"{process.name} ends: {told.code}")
        return told

    def _ended(
        self, process: Process, act: Callable[[Process], ApplyResult | None], *, writes: bool, break_held: str
    ) -> Told:
        try:
            if writes:
                with process.state.hold(
                    owner=f"{process.machine.name}@machine",
                    machine="machine",
                    purpose="apply",
                    note=self.say,
                    break_held=break_held,
                    reason="Sak 27/1234" if break_held else "",
                ):
                    result = act(process)
            else:
                process.state.pull()
                result = act(process)
        except LockHeld as error:
            return Told(4, refusal=str(error), held=error)
        except StateError as error:
            return Told(7 if isinstance(error, Unreachable) else 4, refusal=str(error))
        except (LiveError, ApplyRefused, JournalError) as error:
            return Told(int(problem_of(error).exit_code), refusal=str(error))
        if result is None or result.complete:
            return Told(0, result)
        return Told(4 if result.applied is None and not result.stale else 5, result)

    def inputs(self, process: Process) -> ConfigInput:
        known = process.journal.known(ENVIRONMENT)
        process.config = self.config
        configuration = self.config.configuration()
        return ConfigInput(
            config=configuration,
            kinds=process.connection.kinds(all_kinds()),
            known={a: k for a, k in known.items() if a.kind != "user" or a.scope in configuration.with_users},
            accepted=process.journal.accepted(ENVIRONMENT),
            people_in=lambda states: People(KEY, states),
            journal_empty=not known,
            environment=ENVIRONMENT,
        )

    def _request(self, process: Process, inputs: ConfigInput | None = None) -> ApplyRequest:
        watcher = Watcher(self, process)
        return ApplyRequest(
            inputs=inputs or self.inputs(process),
            connection=process.connection,
            journal=process.journal,
            observer=watcher,
            actor=Actor(user=process.machine.name, owner=f"{process.machine.name}@machine", reason="Sak 27/1234"),
            allowed_guards=_Every(),
            shared_lock_held=True,
        )

    def _resume(self, process: Process) -> ApplyResult | None:
        request = self._request(process)
        process.config = None  # it goes on with a plan of another time
        return resume(request)

    def _apply(self, process: Process) -> ApplyResult:
        return plan_and_apply(self._request(process))

    def _plan(self, process: Process) -> None:
        inputs = self.inputs(process)
        live = read_setup(process.connection, inputs)
        self._show(guarded(process.connection, inputs, make_plan(inputs, live.state), live.state, ""))

    def _drift(self, process: Process) -> None:
        inputs = self.inputs(process)
        self._show(find_drift(inputs, read_setup(process.connection, inputs).state).plan)

    def _verify(self, process: Process) -> None:
        problems = process.state.verify()
        self._hold(not problems, "history is one chain", f"{process.machine.name}: {problems[:3]}")
        self._hold(
            process.journal.broken_link() is None, "history is one chain", f"{process.machine.name}: a broken link"
        )

    def _save(self, process: Process) -> None:
        inputs = self.inputs(process)
        live = read_setup(process.connection, inputs)
        plan = guarded(process.connection, inputs, make_plan(inputs, live.state), live.state, "")
        if plan.changes:
            self._keep(process, plan)

    def _keep(self, process: Process, plan: Plan) -> SavedPlan:
        now = process.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        document = msgspec.json.decode(msgspec.json.encode(to_document(plan, tool_version="0", created_at=now)))
        self.saved.append(document)
        return SavedPlan.read("p.json", document)

    def _apply_saved(self, process: Process, chance: random.Random, how: str) -> ApplyResult | None:
        if not self.saved:
            return None
        document = chance.choice(self.saved)
        request = self._request(process)
        if how == "forged":
            document = _forged(document, chance)
        saved = SavedPlan.read("p.json", document)
        process.approved = saved.plan.changes
        if saved.plan.origin.run:
            process.config = None
        return (apply_approved if how == "replan" else apply_saved)(request, saved)

    def _roll_back(self, process: Process, chance: random.Random) -> ApplyResult | None:
        past = [view for view in runs(process.journal) if view.state in ("complete", "incomplete", "interrupted")]
        if not past:
            return None
        inputs = self.inputs(process)
        live = read_setup(process.connection, inputs)
        try:
            plan = plan_rollback(process.journal, chance.choice(past[:2]).run, inputs, live.state)
        except (NoSuchRun, ElsewhereError) as error:
            raise Broken("history is one chain", str(error)) from None
        if not plan.changes:
            return None
        saved = self._keep(process, plan)
        request = self._request(process, inputs)
        process.approved, process.config = (
            saved.plan.changes,
            None,
        )  # what a run had before, and not the config, gives them
        return apply_saved(request, saved)

    def _roll_out(self, process: Process) -> ApplyResult | None:
        """As ``rollout run`` does it: a first part, then the rest, which must be what was approved."""
        approved: list[Plan] = []

        def first(plan: Plan) -> Part:
            approved.append(plan)
            cut = plan.changes[: max(1, len(plan.changes) // 2)]
            return Part(changes=cut, reason="first")

        result = plan_and_apply(self._request(process), first)
        if not result.planned or not result.complete:
            return result
        rest = approved[0].changes[len(result.planned) :]

        def others(plan: Plan) -> Part:
            if deviations(rest, plan.changes):
                raise ApplyRefused("the rest of the plan is no longer what was approved")
            return Part(changes=plan.changes, reason="the rest")

        try:
            return plan_and_apply(self._request(process), others)
        except ApplyRefused as refused:
            self.say(str(refused))
            return msgspec.structs.replace(
                result, stale=result.stale, not_needed=(Address("org_unit", "base", "rest"),)
            )

    # --- somebody else

    def _by_hand(self, what: str, draw: int) -> None:
        chance = random.Random(draw)
        if what == "code":
            if codes := sorted(self.setup.rows["access-codes"]):
                code = chance.choice(codes)
                self.setup.edit("by hand", "access-codes", code, description=f"For hånd {draw % 31}")
                self.scheduler.note(f"by hand: {code}")
            return
        ids = [id_ for id_, row in self.websak.departments.items() if row["externalId"] != "OSLO"]
        if not ids:
            return
        id_ = chance.choice(ids)
        values: dict[str, Any] = {
            "rename": {"name": f"For hånd {draw % 31}"},
            "phone": {"phone": f"9{draw % 10**7:07}"},
            "end": {"validToDate": "2026-01-31T00:00:00Z"},
            "reopen": {"validToDate": None},
        }[what]
        self.websak.edit("by hand", "departments", id_, **values)
        self.scheduler.note(f"by hand: {id_} {values}")

    def _another_writer(self, draw: int) -> None:
        chance = random.Random(draw)
        ids = [id_ for id_, row in self.websak.users.items() if not row["template"] and row["code"] != "SYS-BYARK"]
        if ids:
            id_ = chance.choice(ids)
            values = {"mobile": f"9{draw % 10**7:07}"} if chance.random() < 0.7 else {"name": f"Navn {draw % 31}"}
            self.websak.edit("other writer", "users", id_, **values)
            self.scheduler.note(f"other writer: {id_} {values}")

    # --- what must hold at every step

    def _hold(self, holds: bool, invariant: str, detail: str) -> None:
        if not holds:
            raise Broken(invariant, detail)

    def say(self, text: str) -> None:
        """Remember what people are told."""
        self.said.append(text)

    def _show(self, plan: Plan) -> None:
        self.say(msgspec.json.encode(to_document(plan, tool_version="0", created_at="2027-01-04T08:00:00Z")).decode())

    def agreed(self, process: Process, changes: tuple[Change, ...], *, reviewed: bool) -> None:
        """Remember the changes that a process may make: those that the config gives, and of a saved plan no others."""
        for change in changes:
            if process.approved is not None and reviewed:
                self._hold(
                    any(_the_same(change, approved) for approved in process.approved),
                    "nothing is done that nobody approved",
                    f"{process.name}: {change}",
                )
            if process.config is not None:
                self._see_that_the_config_gives(process.name, process.config, change)
        self._agreed.setdefault(process.name, {}).update({change.address: change for change in changes})

    def see_that_it_is_done(self, process: Process, change: Change) -> None:
        """What is reported as done has been done, by us or by somebody else."""
        kind, _, key = change.address
        effects = [e for e in self.websak.effects if e.key == key]
        if kind == "org_unit":
            row = next((d for d in self.websak.departments.values() if d["externalId"] == key), None)
            done = row is not None
            if change.action is Action.DEACTIVATE:
                done = any(e.operation in ("department.deactivate", "edit") for e in effects) or not self._active(row)
            elif change.action is Action.CREATE:
                done = any(e.operation == "department.create" for e in effects)
            else:
                for f in change.fields:
                    theirs = next((t for t, ours in _FIELDS.items() if ours == f.path), None)
                    wanted = self._id_of(f.after) if f.path == "parent" else f.after
                    if theirs is not None and done:
                        history = [v or None for e in effects for n, _, v in e.fields if n == theirs]
                        now = row[theirs] if row is not None else wanted
                        done = (wanted or None) in (*history, now or None)
        elif kind == "access_group":
            done = any(group["groupName"] == key for group in self.websak.groups.values())
        elif kind in _COLLECTIONS:
            row = self.setup.rows[_COLLECTIONS[kind]].get(key)
            done = row is not None
            if change.action is Action.DEACTIVATE:
                done = any(("active", True, False) in e.fields for e in effects) or not (row and row["active"])
            for f in change.fields if change.action is Action.UPDATE else ():
                history = [v for e in effects for n, _, v in e.fields if n == f.path]
                done = done and (f.after in history or (row is not None and row[f.path] == f.after))
        else:
            done = any(user["code"] == key for user in self.websak.users.values())
        self._hold(done, "no effect is lost", f"{process.name} says that {change.action} {change.address} is done")

    def _see_that_the_config_gives(self, who: str, config: Config, change: Change) -> None:
        resource = config.configuration().state.get(change.address)
        goes = change.action in (Action.DEACTIVATE, Action.DELETE)
        fields = resource.fields if resource is not None else {}
        others = [f for f in change.fields if f.path in fields and not same(f.after, fields[f.path])]
        self._hold(
            (resource is None) == goes and not (others and not goes),
            "nothing is done that nobody approved",
            f"{who}: the config does not give {change}",
        )

    def see_that_it_has_not_happened(self, process: Process, outcome: Outcome) -> None:
        """What is reported as failed, and takes one request, has had no effect; unless somebody has undone it since."""
        kind, _, key = outcome.change.address
        verb = {Action.CREATE: "create", Action.UPDATE: "update", Action.DEACTIVATE: "deactivate"}
        if kind == "user" or outcome.change.action not in verb:
            return
        did = (
            "update"
            if kind in _COLLECTIONS and outcome.change.action is Action.DEACTIVATE
            else verb[outcome.change.action]
        )
        mine = [e for e in self.websak.effects if e.by == process.name and e.key == key and e.operation.endswith(did)]
        by_hand = any(e.by == "by hand" and e.key == key for e in self.websak.effects)
        self._hold(
            not mine or by_hand,
            "what is reported is true",
            f"{process.name} says that {outcome.change.action} {outcome.change.address} failed ({outcome.detail}): {mine}",
        )

    def see_what_a_push_came_to(self, ref: str, new: str, result: Result) -> None:
        """It moved the branch if it won, and did not if it lost or was refused."""
        there = new in self.remote.history(self.remote.refs.get(ref))
        self._hold(
            result is Result.UNKNOWN or there is (result is Result.WON),
            "what is reported is true",
            f"a push is said to have {result}, and {new} is {'there' if there else 'not there'}",
        )

    @staticmethod
    def _active(row: dict[str, Any] | None) -> bool:
        return row is not None and row["validToDate"] is None

    def _id_of(self, key: Any) -> str:
        if key is None:
            return "1001"  # the root
        now = (id_ for id_, d in self.websak.departments.items() if d["externalId"] == key)
        once = (e.id for e in self.websak.effects for n, before, _ in e.fields if n == "externalId" and before == key)
        return next(now, None) or next(once, f"no {key}")

    def _accepted(self, sent: Sent, effects: list[Effect]) -> None:
        """A write has had an effect: it must be one that a plan holds, over what its client has seen."""
        earlier = [s for s in self.wire.sent if s.epoch > sent.epoch and s.at < sent.at]
        self._hold(
            sent.epoch > 0 and not earlier,
            "two runs never send in one lock epoch",
            f"{sent.run} sent {sent.method} {sent.path} in epoch {sent.epoch}, after {earlier[-1:]}",
        )
        others = {s.by for s in self.wire.sent if s.epoch == sent.epoch}
        self._hold(others == {sent.by}, "two runs never send in one lock epoch", f"epoch {sent.epoch}: {others}")
        for effect in effects:
            address = self._address_of(effect)
            change = self._agreed.get(sent.run, {}).get(address)
            self._hold(change is not None, "nothing is done that no plan holds", f"{sent.run}: {effect}")
            assert change is not None
            verb = effect.operation.partition(".")[2]
            fits = {
                "create": (Action.CREATE,),
                "activate": (Action.ACTIVATE,),
                "deactivate": (Action.DEACTIVATE,),
                "update": (Action.UPDATE, Action.ACTIVATE),
            }.get(verb)
            if effect.operation == "setup.update" and [name for name, *_ in effect.fields] == ["active"]:
                fits = (Action.ACTIVATE, Action.DEACTIVATE)
            self._hold(
                fits is None or change.action in fits,
                "nothing is done that no plan holds",
                f"{change.action}: {effect}",
            )
            if verb == "create":
                self._see_that_it_is_new(effect)
            elif verb == "update":
                self._see_that_nothing_was_overwritten(sent, effect, change)

    def _address_of(self, effect: Effect) -> Address:
        register = effect.operation.partition(".")[0]
        kind = {"department": "org_unit", "access_group": "access_group", "user": "user"}.get(register)
        kind = kind or effect.id.partition("/")[0]
        return Address(kind, DISTRICT.slug if kind in ("org_unit", "user") else "base", effect.key)

    def _see_that_it_is_new(self, effect: Effect) -> None:
        if effect.operation == "setup.create":
            count = 1  # a key is there once
        elif effect.operation == "department.create":
            count = sum(d["externalId"] == effect.key for d in self.websak.departments.values())
        elif effect.operation == "access_group.create":
            count = sum(g["groupName"] == effect.key for g in self.websak.groups.values())
        else:
            count = sum(u["code"] == effect.key for u in self.websak.users.values())
        self._hold(count == 1, "no effect is doubled", f"{effect.key} is there {count} times")

    def _see_that_nothing_was_overwritten(self, sent: Sent, effect: Effect, change: Change) -> None:
        names = _FIELDS if effect.operation.startswith("department") else _USER_FIELDS
        if effect.operation.startswith("setup"):
            names = {name: name for name, *_ in effect.fields if name != "active"}
        seen = self.wire.read.get((sent.by, sent.path), {})
        planned = {f.path: f for f in change.fields}
        for name, before, after in effect.fields:
            path = names.get(name)
            if path is None:
                continue
            if seen and seen.get(name) != before:
                self.report.races += 1  # somebody wrote between our GET and our PUT
                continue
            f = planned.get(path)
            what = f"{sent.run} wrote {name} of {effect.key} from {before!r} to {after!r}"
            self._hold(f is not None, "nobody's edit is overwritten unseen", f"{what}, which no plan holds")
            assert f is not None
            from_plan = self._id_of(f.before) if path == "parent" else f.before
            agreed = same(from_plan or None, before or None) or path == "key" or redaction.withheld(f.before)
            self._hold(agreed, "nobody's edit is overwritten unseen", f"{what}, planned from {f.before!r}")

    # --- what must hold at the end

    def _close(self) -> None:
        """Whatever was left in whatever state: everybody can go on, and in the end all is as desired."""
        self.scheduler.turn("everybody goes home", 60.0)
        kept = self._ids()
        first, *others = self.machines
        for name, act in ((first, self._resume), *((n, self._apply) for n in self.machines)):
            told = self._command(name, act)
            if told.held is not None:
                told = self._command(name, act, break_held=told.held.holder.owner)
            fine = (0,) if act == self._apply else (0, 4, 5)  # 4: nothing can be resumed of a run that ended
            self._hold(told.code in fine, "every actor can go on", f"{name}: exit {told.code}: {self._why(told)}")
            if name in others and told.result is not None:
                left = [str(change.address) for change in told.result.planned]
                self._hold(not left, "second plan is empty", f"{name}: {left}")
        self._is_at_rest()
        for key, id_ in self._ids().items():
            before = [kept[k] for k in (key, *self.config.renamed.get(key, ())) if k in kept]
            same_unit = not before or id_ in before
            self._hold(same_unit, "every live id is kept", f"{key} has id {id_}, had {before}")
        self._nothing_is_left_behind()
        self._history_is_one_chain()
        self._nothing_about_people_or_secrets()

    def _nothing_is_left_behind(self) -> None:
        """A unit that we made, that nobody has touched, and that the config no longer says, is retired."""
        by_hand = {effect.id for effect in self.websak.effects if effect.operation == "edit"}
        for effect in self.websak.effects:
            row = self.websak.departments.get(effect.id)
            if effect.operation == "department.create" and effect.id not in by_hand and row is not None:
                key = row["externalId"]
                self._hold(
                    key in self.config.units or not self._active(row),
                    "nothing is left behind",
                    f"{key} was made by {effect.by}, and stays although the config does not say it",
                )

    def _why(self, told: Told) -> str:
        if told.result is not None and told.result.applied is not None:
            left = [o for o in told.result.applied.execution.outcomes if o.status != "done"]
            return f"{[(str(o.change.address), o.status.value, o.detail) for o in left]} {told.result.stale}"
        return told.refusal or str(told.result and told.result.stale)

    def _ids(self) -> dict[str, str]:
        return {d["externalId"]: id_ for id_, d in self.websak.departments.items() if d["externalId"]}

    def _is_at_rest(self) -> None:
        """No drift, no run under way, and every journal says what Websak says."""
        live: State = {}
        for name, machine in self.machines.items():
            process = Process(self, machine)
            try:
                process.state.pull()
                self._verify(process)
                inputs = self.inputs(process)
                live = live or read_setup(process.connection, inputs).state
                drift = find_drift(inputs, live)
                self._hold(not drift.plan.changes, "journal agrees with server", f"{name}: {drift.fields}")
                open_runs = process.journal.open_runs(ENVIRONMENT)
                self._hold(not open_runs, "every actor can go on", f"{name} has open runs {open_runs}")
                self._agrees(name, inputs, live)
            finally:
                process.end()

    def _agrees(self, name: str, inputs: ConfigInput, live: State) -> None:
        people = inputs.people_in([inputs.config.state, live]) if inputs.people_in is not None else None
        known = {people.address(a) if people else a: k for a, k in inputs.known.items()}
        desired = set(inputs.config.state)
        self._hold(
            known.keys() == desired,
            "journal agrees with server",
            f"{name} knows {sorted(map(str, known.keys() - desired))} more, {sorted(map(str, desired - known.keys()))} less",
        )
        kinds = all_kinds()
        for address, last in known.items():
            for field_name, value in last.fields.items():
                told = people.value(address, field_name, value) if people else value
                if field_name in live[address].fields and field_name not in kinds[address.kind].write_only:
                    there = live[address].fields[field_name]
                    self._hold(
                        same(there, told),
                        "journal agrees with server",
                        f"{name}: {address} {field_name}: {told!r}, {there!r}",
                    )

    def _history_is_one_chain(self) -> None:
        ref = f"refs/heads/{BRANCH}"
        moves = [(old, new) for moved, old, new in self.remote.moves if moved == ref]
        for (_, end), (begin, _) in pairwise(moves):
            self._hold(end == begin, "history is one chain", f"{end} is not {begin}")
        history = self.remote.history(self.remote.refs[ref])[::-1]
        entries: dict[str, str] = {}
        pushed: Counter[tuple[str, int]] = Counter()
        for blob in (b for p, b in self.remote.commits[history[-1]].tree.items() if p.startswith(ENTRIES)):
            batch = msgspec.json.decode(self.remote.blobs[blob])
            pushed.update((batch["clone"], transaction["number"]) for transaction in batch["transactions"])
        twice = [each for each, times in pushed.items() if times > 1]
        self._hold(not twice, "no effect is doubled", f"pushed more than once: {twice}")
        for commit in history:
            now = {p: b for p, b in self.remote.commits[commit].tree.items() if p.startswith(ENTRIES)}
            self._hold(entries.items() <= now.items(), "history is one chain", f"{commit} changes entries")
            entries = now

    def _nothing_about_people_or_secrets(self) -> None:
        head = self.remote.refs[f"refs/heads/{BRANCH}"]
        blobs = {b for commit in self.remote.history(head) for b in self.remote.commits[commit].tree.values()}
        shared = b"\n".join(self.remote.blobs[b] for b in sorted(blobs)).decode().lower()
        for word in self._words:
            self._hold(word not in shared, "no person's data in any output", f"{word} is in the branch")
        told = "\n".join(self.said)
        for secret in (CLIENT_SECRET, *self.wire.tokens):
            self._hold(secret not in told and secret not in shared, "no secret in any output", secret)


def _the_same(change: Change, approved: Change) -> bool:
    """Whether a change does what an approved one says."""
    theirs = {f.path: f for f in approved.fields}
    return (
        change.address == approved.address
        and change.action is approved.action
        and all(
            f.path in theirs and (redaction.withheld(theirs[f.path].after) or same(f.after, theirs[f.path].after))
            for f in change.fields
        )
    )


def _forged(document: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A plan's file in which somebody has changed a value."""
    forged = copy.deepcopy(document)
    fields = [f for change in forged["changes"] for f in change["fields"] if isinstance(f.get("after"), str)]
    if fields:
        chance.choice(fields)["after"] = f"Forfalsket {chance.randrange(100)}"
    return forged


def _sort_of(actor: str) -> str:
    return actor if actor == "pipeline" else "administrator"


@cache
def _applied_once(version: str, quirks: tuple[str, ...], *, users: bool, setup: bool) -> bytes:
    """Websak, the remote and ola's machine after the first apply."""
    return World(Script(seed=0, version=version, quirks=quirks, begun=False, users=users, setup=setup)).apply_once()


def prepare(script: Script) -> None:
    """Apply the config that a history begins with, before a guard is broken."""
    with in_turns(), light():
        _applied_once(script.version, script.quirks, users=script.users, setup=script.setup)


def play(script: Script, *, log: bool = False, with_httpx: bool = False) -> Report:
    """Play a history from its script.

    Raises:
        Broken: If something does not hold.
    """
    with in_turns(), nullcontext() if with_httpx else light():
        return World(script, log=log).play()
