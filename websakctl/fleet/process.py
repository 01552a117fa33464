"""One command as a process of its own that does not outlive who started it."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

GOING_ON, STOPPING, AT_ONCE = 0, 1, 2
Stop = Callable[[], int]  # asked now and then: go on, finish what is under way, or stop at once

_LOOK = 0.25  # seconds between looks at ``Stop``
_LONGEST_FAREWELL = 120.0  # seconds that a command may take to finish what it is at
_PROGRAM = "websakctl.cli.lifeline"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. ``killed``: something else than us ended it."""

    code: int  # below 0: the signal that ended it
    out: str
    err: str
    killed: bool


def run_command(arguments: list[str], *, cwd: Path, env: Mapping[str, str], stop: Stop) -> Ended:
    """Run a command line of this program to its end.

    Its output goes to files without a name: a pipe would break under a command whose starter has died, in mid-apply.
    Its stdin is a pipe that nobody writes to: the end of it says that the starter has died, however it died.

    Raises:
        OSError: If it cannot be started.
    """
    lifeline, ours = os.pipe()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, _closing(ours):
        with _closing(lifeline):
            child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", _PROGRAM, *arguments],
                cwd=cwd,
                env=dict(env),
                stdin=lifeline,
                stdout=out,
                stderr=err,
                process_group=0,  # Ctrl-C is told by us, once
            )
        try:
            told = _wait(child, stop)
        except BaseException:
            child.kill()
            child.wait()
            raise
        out.seek(0)
        err.seek(0)
        texts = (out.read().decode("utf-8", "replace"), err.read().decode("utf-8", "replace"))
    return Ended(child.returncode, *texts, killed=child.returncode < 0 and told == GOING_ON)


@contextmanager
def _closing(descriptor: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(descriptor)


def _wait(child: "subprocess.Popen[bytes]", stop: Stop) -> int:
    """Wait for the end, passing on what ``stop`` says; gives the most that was passed on."""
    told, waited = GOING_ON, 0.0
    while True:
        with suppress(subprocess.TimeoutExpired):
            child.wait(_LOOK)
            return told
        waited += _LOOK if told else 0.0
        wanted = max(stop(), AT_ONCE if waited > _LONGEST_FAREWELL else GOING_ON)
        if wanted > told:
            told = wanted
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGTERM if wanted == STOPPING else signal.SIGKILL)
