"""Several requests at once in one process: its threads are actors of their own, and its locks are waited for in turns."""

import importlib
import pkgutil
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any

from websakctl import apply, live, state
from websakctl.apply import execute

from .scheduler import Scheduler


class TurnLock:
    """A lock: who cannot have it hands back the turn. ``again``: whether its holder may take it once more."""

    def __init__(self, *, again: bool = False) -> None:
        self._again, self._holder, self._times = again, 0, 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it."""
        me = threading.get_ident()
        if not (self._again and self._holder == me):
            while self._holder:
                if not blocking:
                    return False
                Scheduler.running.turn("waits for another thread", until=lambda: not self._holder)
        self._holder, self._times = me, self._times + 1
        return True

    def release(self) -> None:
        """Give it back."""
        self._times -= 1
        if not self._times:
            self._holder = 0

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class _Result(futures.Future[Any]):
    """What a thread comes to; who asks for it before hands back the turn."""

    def result(self, timeout: float | None = None) -> Any:
        if not self.done():
            Scheduler.running.turn("waits for an answer", until=self.done)
        return super().result(0)


class Together(futures.Executor):
    """Up to ``width`` calls at once, each an actor of its own."""

    def __init__(self, width: int, name: str) -> None:
        self._width, self._name = width, name
        self._waiting: deque[tuple[_Result, Callable[[], Any]]] = deque()
        self._running = self._begun = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> _Result:
        future = _Result()
        self._waiting.append((future, lambda: fn(*args, **kwargs)))
        if self._running < self._width:
            self._running += 1
            self._begun += 1
            Scheduler.running.spawn(f"{self._name}.{self._begun}", self._work)
        return future

    def _work(self) -> None:
        while self._waiting:
            future, call = self._waiting.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # of a process that was killed, all threads are
                future.set_exception(error)
        self._running -= 1

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if cancel_futures:
            for future, _ in self._waiting:
                future.cancel()
        if wait and self._running:
            Scheduler.running.turn("waits for its threads", until=lambda: not self._running)


def _wait(running: Iterable[futures.Future[Any]], **_: Any) -> futures._base.DoneAndNotDoneFutures[Any]:
    """As ``concurrent.futures.wait`` for the first that is completed."""
    if not any(future.done() for future in running):
        Scheduler.running.turn("waits for a change", until=lambda: any(future.done() for future in running))
    done = {future for future in running if future.done()}
    return futures._base.DoneAndNotDoneFutures(done, set(running) - done)


_THREADING = SimpleNamespace(**{name: getattr(threading, name) for name in threading.__all__})
_THREADING.Lock, _THREADING.RLock = TurnLock, lambda: TurnLock(again=True)


@cache
def _modules() -> tuple[Any, ...]:
    """The product's modules that make locks; all are loaded, since some are otherwise when they are first needed."""
    found = [
        m for package in (apply, live, state) for m in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    ]
    loaded = [importlib.import_module(module.name) for module in found]
    return tuple(module for module in loaded if getattr(module, "threading", None) is threading)


@contextmanager
def in_turns() -> Iterator[None]:
    """While this is entered, the product's locks and its waiting for threads hand back the turn."""
    waits = execute.wait
    execute.wait = _wait  # type: ignore[assignment]
    for module in _modules():
        module.threading = _THREADING
    try:
        yield
    finally:
        execute.wait = waits
        for module in _modules():
            module.threading = threading
