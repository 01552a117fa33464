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
    ended: bool = False
    go: threading.Lock = field(default_factory=threading.Lock)


class Scheduler:
    """Gives the turn to one actor at a time, and hands out the time.

    Args:
        seed: Decides which of those who could go on does.
    """

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.time = 0.0  # seconds since the history began
        self.turns = 0
        self.current: Actor | None = None
        self._actors: list[Actor] = []
        self._later: list[tuple[float, int, Callable[[], None]]] = []
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
        heapq.heappush(self._later, (self.time + seconds, len(self._later) + self.turns, act))

    def run(self, programs: dict[str, Callable[[], None]]) -> None:
        """Run every program to its end.

        Raises:
            BaseException: The first that a program let out; the others are ended.
        """
        self._actors = [Actor(name, program) for name, program in programs.items()]
        self._failure = None
        threads = [threading.Thread(target=self._begin, args=(actor,), daemon=True) for actor in self._actors]
        self._done.acquire()
        for actor, thread in zip(self._actors, threads, strict=True):
            actor.go.acquire()
            thread.start()
        self._pass_on()
        self._done.acquire()
        self._done.release()
        for thread in threads:
            thread.join()
        self.current = None
        if self._failure is not None:
            raise self._failure

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

    def turn(self, what: str, seconds: float = 0.0) -> None:
        """Hand back the turn, and come back when it is given again, at least ``seconds`` later.

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
        ready = [actor for actor in left if actor.wake <= self.time]
        while not ready:
            following = min(actor.wake for actor in left)
            self.time = min(following, self._later[0][0]) if self._later else following
            self._happen()
            ready = [actor for actor in left if actor.wake <= self.time]
        self.current = ready[0] if len(ready) == 1 else self.chance.choice(ready)
        return self.current

    def _happen(self) -> None:
        while self._later and self._later[0][0] <= self.time:
            heapq.heappop(self._later)[2]()
