"""Who goes on when: one actor at a time, chosen by a seed, in a time that passes only where somebody waits."""

import hashlib
import heapq
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

TICK = 0.005  # seconds that pass with every turn
MOST_TURNS = 60_000  # a history that takes more goes round in circles


class Killed(BaseException):
    """The process has been killed: nothing that it does from here on has an effect."""


class Endless(AssertionError):
    """A history does not come to an end."""


@dataclass(eq=False)
class Actor:
    """A thread that runs only while it has the turn."""

    name: str
    program: Callable[[], None]
    turns: int = 0
    wake: float = 0.0  # when it wants to go on
    until: Callable[[], bool] | None = None  # what it waits for, where that is no time
    ended: bool = False
    go: threading.Lock = field(default_factory=threading.Lock)


class Scheduler:
    """Gives the turn to one actor at a time, and hands out the time.

    Args:
        seed: Decides which of those who could go on does.
    """

    running: "Scheduler"  # the one that plays just now

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.time = 0.0  # seconds since the history began
        self.turns = 0
        self.current: Actor | None = None
        self._actors: list[Actor] = []
        self._threads: list[threading.Thread] = []
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._put_off = 0
        self._failure: BaseException | None = None
        self._done = threading.Lock()
        self._trace = hashlib.sha256()
        self.log: list[str] | None = None  # every event in words, where somebody wants to read them

    @property
    def trace(self) -> str:
        """A digest of all that happened, in order."""
        return self._trace.hexdigest()

    def note(self, what: str) -> None:
        """Record an event."""
        line = f"{self.time:.3f} {self.current.name if self.current else '-'}: {what}"
        self._trace.update(line.encode("utf-8", "surrogatepass"))
        if self.log is not None:
            self.log.append(line)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Let something happen ``seconds`` from now, whoever then has the turn."""
        self._put_off += 1
        heapq.heappush(self._later, (self.time + seconds, self._put_off, act))

    def run(self, programs: dict[str, Callable[[], None]]) -> None:
        """Run every program to its end.

        Raises:
            BaseException: The first that a program let out; the others are ended.
        """
        Scheduler.running = self
        self._actors, self._threads = [], []
        self._failure = None
        self._done.acquire()
        for name, program in programs.items():
            self.spawn(name, program)
        self._pass_on()
        self._done.acquire()
        self._done.release()
        for thread in self._threads:
            thread.join()
        self.current = None
        if self._failure is not None:
            raise self._failure

    def spawn(self, name: str, program: Callable[[], None]) -> None:
        """Let one more go on from now, when it is chosen."""
        actor = Actor(name, program)
        thread = threading.Thread(target=self._begin, args=(actor,), daemon=True)
        actor.go.acquire()
        self._actors.append(actor)
        self._threads.append(thread)
        thread.start()

    def _begin(self, actor: Actor) -> None:
        actor.go.acquire()
        try:
            if self._failure is None:
                actor.program()
        except Killed:
            pass
        except BaseException as error:
            self._failure = self._failure or error
        actor.ended = True
        self._pass_on()

    def _pass_on(self) -> None:
        """Give the turn to somebody else, for good."""
        following = self._choose()
        if following is None:
            self._done.release()
        else:
            following.go.release()

    def turn(self, what: str, seconds: float = 0.0, until: Callable[[], bool] | None = None) -> None:
        """Hand back the turn, and come back when it is given again, at least ``seconds`` later, or once ``until`` holds.

        Raises:
            Killed: If the history has failed meanwhile.
        """
        actor = self.current
        assert actor is not None
        self.note(what)
        self.turns += 1
        actor.turns += 1
        if self.turns > MOST_TURNS:
            raise Endless(f"{self.turns} turns, the last of {actor.name}: {what}")
        self.time += TICK
        actor.wake = self.time + seconds if seconds > 0 else 0.0
        actor.until = until
        following = self._choose()
        if following is not actor:
            assert following is not None
            following.go.release()
            actor.go.acquire()
        if self._failure is not None:
            raise Killed

    def _choose(self) -> Actor | None:
        """Whose turn is next; time passes until somebody can go on."""
        left = [actor for actor in self._actors if not actor.ended]
        if not left:
            return None
        if self._failure is not None:
            self.current = left[0]
            return left[0]
        self._happen()
        left = [actor for actor in self._actors if not actor.ended]
        while not (ready := [actor for actor in left if self._ready(actor)]):
            times = [actor.wake for actor in left if actor.wake > self.time] + [act[0] for act in self._later[:1]]
            if not times:
                self._failure = Endless(f"everybody waits: {[actor.name for actor in left]}")
                ready = left[:1]
                break
            self.time = min(times)
            self._happen()
            left = [actor for actor in self._actors if not actor.ended]
        self.current = ready[0] if len(ready) == 1 else self.chance.choice(ready)
        return self.current

    def _ready(self, actor: Actor) -> bool:
        return actor.wake <= self.time and (actor.until is None or actor.until())

    def _happen(self) -> None:
        while self._later and self._later[0][0] <= self.time:
            heapq.heappop(self._later)[2]()
