"""Repeating what cannot have happened, or has no effect: the waits and their limits are a library's."""

from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def repeated(
    act: Callable[[], Result],
    on: type[Exception] | Callable[[Exception], bool | float],
    *,
    attempts: int,
    seconds: float,
) -> Result:
    """Do it; again, after a growing wait, as long as it fails with what is worth it.

    Args:
        act: What to do.
        on: The exception that is worth it, or what says so (seconds: wait for exactly so long).
        attempts: How often at the most.
        seconds: How long at the most, all waits together.

    Raises:
        Exception: The last one, once it gives up.
    """
    try:
        return act()
    except Exception as error:
        first: Exception | None = error
    import stamina  # takes longer to load than a read does, and nearly every run does without
    import stamina.instrumentation

    stamina.instrumentation.set_on_retry_hooks([])  # what is shown of a retry is for cli to decide
    for attempt in stamina.retry_context(on=on, attempts=attempts, timeout=seconds, wait_initial=0.2, wait_max=5):
        with attempt:
            if first is not None:
                failed, first = first, None
                raise failed
            return act()
    raise AssertionError("unreachable: the loop returns or raises")
