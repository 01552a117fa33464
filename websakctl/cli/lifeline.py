"""A command whose starter may die: when stdin ends, the command ends too, as gently as TERM would end it."""

import os
import signal
import threading

_FAREWELL = 60.0  # seconds for the writes under way


def end_with_the_starter() -> None:
    """From now on, end when stdin does: a pipe that nobody writes to, and that ends when its other side dies."""
    threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_FAREWELL)
    os._exit(1)
