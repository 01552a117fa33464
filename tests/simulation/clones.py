"""A clone with its state directory, and the processes in it: the product's own code on everything that is simulated."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tests.seams import Inline
from websakctl import redaction
from websakctl.apply.attempt import Outcome, Status
from websakctl.apply.entries import JournalError
from websakctl.apply.shared import SharedJournal, SharedState
from websakctl.live.runtime import Runtime
from websakctl.live.websak import Connection
from websakctl.operations.change.read_setup import LiveSetup
from websakctl.plan.change import Change, Plan
from websakctl.plan.stale import Stale
from websakctl.redaction import Secret
from websakctl.state.branch import Push, StateBranch
from websakctl.state.people import StateKey

from .config import Config
from .network import Transport, way_to_the_remote
from .remote import Clone as GitClone
from .remote import MemoryGit
from .scheduler import Killed
from .together import Together

if TYPE_CHECKING:
    from .world import World

ENVIRONMENT = "prod"
BRANCH = f"websakctl-state/{ENVIRONMENT}"
KEY = StateKey("0f" * 32)
CLIENT_SECRET = "geheim-des-clients"  # made up
DAY = datetime(2027, 1, 4, 8, tzinfo=UTC)


@dataclass
class Machine:
    """What outlives a process: the clone, and the journal as of its last commit."""

    name: str
    git: GitClone = field(default_factory=GitClone)
    journal: bytes = b""
    turns: int = 0
    ahead: float = 0.0  # seconds that its clock is ahead of the others'
    processes: int = 0


class Process:
    """One command. When it is dead, nothing that it still does has an effect."""

    def __init__(self, world: "World", machine: Machine) -> None:
        self.world, self.machine = world, machine
        machine.processes += 1
        self.name = f"{machine.name}/{machine.processes}"
        self.dead = False
        self.config: Config | None = None  # what it plans from, where nothing else gives its changes
        self.approved: tuple[Change, ...] | None = None  # what somebody approved before; nothing else may be done
        self._identifiers = 0
        redaction._secrets = self._secrets = {}  # a process knows of its own only
        self.runtime = Runtime(
            clock=self,
            identifier=self.identifier,
            random=lambda: 0.5,
            executor=self._executor,
            transport=self._transport,
        )
        self.journal = MemoryJournal(self)
        git = MemoryGit(world.remote, machine.git, way_to_the_remote(world.faults, machine.name, self.turn), self.live)
        branch = WatchedBranch(world, git)
        self.state = SharedState(self.journal, branch, key=KEY, clone=machine.name, runtime=self.runtime)
        self.connection = Connection(
            base_url="http://websak",
            setup_url="http://websak/api/setup" if world.script.setup else "",
            token_url="http://websak/connect/token",
            client_id="websakctl",
            client_secret=Secret(CLIENT_SECRET),
            root_unit="OSLO",
            api_version=world.websak.version,
            concurrency=world.script.at_once,
            runtime=self.runtime,
        )

    # --- death

    def live(self) -> None:
        """Go on only if the process has not been killed."""
        if self.dead:
            raise Killed

    def turn(self, what: str, seconds: float = 0.0) -> None:
        """Hand back the turn; this is where the process may be killed."""
        self.live()
        machine = self.machine
        machine.turns += 1
        machine.ahead += self.world.jumps.pop((machine.name, machine.turns), 0.0)
        if (machine.name, machine.turns) in self.world.kills:
            self.kill()
        stall = self.world.stalls.pop((machine.name, machine.turns), 0.0)
        if stall and what.startswith("sends"):  # between its last look and the request nothing can hold it back
            self.world.stalls[machine.name, machine.turns + 1] = stall
        else:
            seconds += stall
        self._secrets = redaction._secrets
        self.world.scheduler.turn(what, seconds)
        redaction._secrets = self._secrets
        self.live()

    def kill(self) -> NoReturn:
        """Be gone: of the journal, what was committed last is left."""
        self.world.scheduler.note("is killed")
        self.world.killed += 1
        self.dead = True
        self.journal.save()
        raise Killed

    def end(self) -> None:
        """End in peace, or tidy up after a death."""
        if not self.dead:
            self.journal.save()
        self.dead = True
        self.journal.close()

    # --- what a process takes from its surroundings

    def now(self) -> datetime:
        return DAY + timedelta(seconds=self.world.scheduler.time + self.machine.ahead)

    def monotonic(self) -> float:
        return self.world.scheduler.time

    def sleep(self, seconds: float) -> None:
        self.turn(f"sleeps {seconds:g} s", seconds)

    def call_later(self, seconds: float, act: Callable[[], None]) -> Callable[[], None]:
        """As a timer's thread: an actor of its own, unless it was cancelled or the process is gone."""
        cancelled: list[bool] = []

        def begin() -> None:
            if not cancelled and not self.dead:
                self.world.scheduler.spawn(f"{self.name} timer", act)

        self.world.scheduler.later(seconds, begin)
        return lambda: cancelled.append(True)

    def identifier(self) -> str:
        self._identifiers += 1
        number = self.world.identifiers = self.world.identifiers + 1
        return f"{number:06x}{self._identifiers:026x}"

    def _executor(self, width: int) -> Executor:
        return Together(width, self.name) if width > 1 and self.world.script.at_once > 1 else Inline(width)

    def _transport(self, url: str, connections: int) -> Transport:
        return Transport(self.world.wire, self.machine.name, self.turn, self._epoch, self.kill)

    def _epoch(self) -> tuple[int, str]:
        lock = self.state._lock
        mine = lock._mine if lock is not None else None
        return (mine.epoch if mine is not None else 0), self.name


class WatchedBranch(StateBranch):
    """Sees that what is said of a push is true."""

    def __init__(self, world: "World", git: MemoryGit) -> None:
        super().__init__(git, "origin", BRANCH)  # type: ignore[arg-type]  # in place of git
        self._world = world

    def push(self, new: str, old: str | None) -> Push:
        pushed = super().push(new, old)
        self._world.see_what_a_push_came_to(self.ref, new, pushed.result)
        return pushed


class MemoryJournal(SharedJournal):
    """The journal of a process, in memory; a commit is a turn, and what it leaves is what a crash leaves."""

    def __init__(self, process: Process) -> None:
        self._process = process
        super().__init__(Path("journal.db"), process, environment=ENVIRONMENT, key=KEY)

    def _opened(self, path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        if self._process.machine.journal:
            db.deserialize(self._process.machine.journal)
        return db

    def _prepare(self) -> None:
        if not self._process.machine.journal:
            super()._prepare()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        struck = self._process.world.faults.strikes(self._process.machine.name, "commit")
        self._process.turn(f"commits{f' ({struck})' if struck else ''}")
        if struck:
            raise JournalError("the journal cannot be written: disk full")
        with super()._transaction() as db:
            yield db
            self._process.live()

    def save(self) -> None:
        """Keep what was committed last."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._process.machine.journal = self._db.serialize()


@dataclass
class Watcher:
    """Agrees to everything, and remembers what was told and agreed to."""

    world: "World"
    process: Process
    confirmed: dict[tuple[str, str, str], Change] = field(default_factory=dict)
    plan: Plan | None = None
    outcomes: list[Outcome] = field(default_factory=list)

    def planned(self, plan: Plan, live: LiveSetup) -> None:
        self.plan = plan

    def confirm(self, changes: tuple[Change, ...], live: LiveSetup, *, reviewed: bool) -> None:
        self.process.turn("is asked", 0.2)
        self.world.agreed(self.process, changes, reviewed=reviewed)

    def stale(self, stale: tuple[Stale, ...]) -> None:
        self.world.say(f"{len(stale)} stale: {[str(s.change.address) for s in stale]}")

    def progress(self, total: int) -> "nullcontext[None]":
        return nullcontext()

    def outcome(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.world.scheduler.note(f"{outcome.change.action} {outcome.change.address}: {outcome.status}")
        if outcome.status is Status.DONE:
            self.world.see_that_it_is_done(self.process, outcome.change)
        elif outcome.status is Status.FAILED:
            self.world.see_that_it_has_not_happened(self.process, outcome)

    def note(self, text: str, *, urgent: bool = False) -> None:
        self.world.say(text)
