"""A command whose starter may die: when stdin ends, the command ends too, as gently as TERM would end it.

``python -m websakctl.cli.lifeline ARGUMENTS``, with a pipe as stdin that nobody writes to. Fleet jobs are run so.
"""

import os
import runpy
import signal
import threading

_FAREWELL = 60.0  # seconds for the writes under way


def run_program() -> None:
    """Be the command that ``sys.argv`` says, for as long as the starter lives."""
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    runpy.run_module("websakctl", run_name="__main__")


def _end_with_the_starter() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_FAREWELL)
    os._exit(1)


if __name__ == "__main__":
    run_program()
