"""Repeating what cannot have happened, or has no effect, after growing waits."""

from collections.abc import Callable
from typing import TypeVar

from websakctl.live.runtime import Runtime

FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0  # seconds
JITTER = 1.0  # seconds at the most that chance adds, so that those who failed together do not come back together
WORTH_A_WORD = 2.0  # seconds; who waits for longer wants to know for what

Result = TypeVar("Result")


def retry(
    act: Callable[[], Result],
    worth_it: Callable[[Exception], bool | float],
    *,
    attempts: int,
    seconds: float,
    runtime: Runtime,
) -> Result:
    """Call ``act``; again, after a wait, while it fails with what is worth repeating.

    Args:
        act: What to do.
        worth_it: Says whether an exception is worth another attempt; a number is the seconds to wait before it.
        attempts: How many there are at the most.
        seconds: After so many since the first, no other follows.
        runtime: Whose clock the waits are by.

    Raises:
        Exception: The last one, once it gives up.
    """
    clock, number = runtime.clock, 0
    ends = clock.monotonic() + seconds
    while True:
        try:
            return act()
        except Exception as error:
            number += 1
            error_text = str(error)
            again = worth_it(error)
            if again is False or number == attempts or clock.monotonic() >= ends:
                raise
            wait = (
                min(LONGEST_WAIT, FIRST_WAIT * 2 ** (number - 1) + JITTER * runtime.random())
                if again is True
                else again
            )
        if wait >= WORTH_A_WORD:
            runtime.notify(f"{error_text}; waiting {wait:.0f} s (attempt {number + 1} of {attempts})")
        clock.sleep(wait)
