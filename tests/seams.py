"""What tests put in the place of the process's own clock and threads."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

from websakctl.live.clock import SystemClock


@dataclass
class NoWaiting(SystemClock):
    """Notes every wait instead of waiting."""

    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class NotedWaiting(NoWaiting):
    """Notes every wait, and waits."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        SystemClock.sleep(self, seconds)


class Inline(Executor):
    """Runs each call when it is submitted, in the thread that submits it."""

    def __init__(self, width: int) -> None:
        self.width = width

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future
