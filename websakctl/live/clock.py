"""Time, as a value that is handed on: the machine's, or another that a test lets pass."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Timer
from typing import Protocol


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now(self) -> datetime:
        """The time of day, with its offset, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some moment; they never go back, and only differences mean something."""

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""

    def call_later(self, seconds: float, act: Callable[[], None]) -> Callable[[], None]:
        """Call ``act`` once, ``seconds`` from now, whatever else goes on; returns a function that cancels it."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time of day, with its offset, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment; they never go back, and only differences mean something."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        time.sleep(seconds)

    def call_later(self, seconds: float, act: Callable[[], None]) -> Callable[[], None]:
        """Call ``act`` once in a thread, ``seconds`` from now; the process does not wait for it to end."""
        timer = Timer(seconds, act)
        timer.daemon = True
        timer.start()
        return timer.cancel
