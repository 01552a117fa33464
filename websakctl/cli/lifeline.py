"""What asks a command to stop: signals, and the end of its starter, whose stdin then ends too."""

import os
import signal
import sys
import threading

_FAREWELL = 60.0  # seconds for the writes under way


def stop_signals() -> list[signal.Signals]:
    """Ctrl-C, TERM, and HUP of a closed terminal, unless ``nohup`` said that it does not matter."""
    result = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        result.append(signal.SIGHUP)
    return result


def end_with_the_starter() -> None:
    """From now on, end when stdin does: a pipe that nobody writes to, and that ends when its other side dies."""
    threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_FAREWELL)
    os._exit(1)
