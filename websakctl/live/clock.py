"""Time, as a value that is handed on: the machine's, or another that a test lets pass."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
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


class HurriedClock(SystemClock):
    """The machine's clock, put forward instead of waiting: for a Websak to practise on, which needs no patience."""

    LONGEST = 0.1  # seconds that a wait really takes at the most

    def __init__(self) -> None:
        self._ahead = 0.0  # seconds

    def now(self) -> datetime:
        """The time of day, with what was not waited for."""
        return super().now() + timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        """Seconds, with those that were not waited for."""
        return super().monotonic() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Let a moment pass, and put the clock forward by the rest."""
        really = min(seconds, self.LONGEST)
        super().sleep(really)
        self._ahead += seconds - really
