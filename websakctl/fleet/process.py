"""One command as a process of its own that does not outlive who started it."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from websakctl import EVENTS, LIFELINE
from websakctl.apply.events import Event, EventFile
from websakctl.files import temporary_folder

GOING_ON, STOPPING, AT_ONCE = 0, 1, 2
Stop = Callable[[], int]  # asked now and then: go on, finish what is under way, or stop at once

Watch = Callable[[Event], None]

_LOOK = 0.25  # seconds between looks at ``Stop``
_LONGEST_FAREWELL = 120.0  # seconds that a command may take to finish what it is at


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How a command ended. ``killed``: something else than us ended it."""

    code: int  # below 0: the signal that ended it
    out: str
    err: str
    killed: bool


def run_command(
    arguments: list[str], *, cwd: Path, env: Mapping[str, str], stop: Stop, watch: Watch = lambda _: None
) -> Ended:
    """Run a command line of this program to its end; ``watch`` is told what an apply tells its observer, as it comes.

    Its output goes to files without a name: a pipe would break under a command whose starter has died, in mid-apply.
    Its stdin is a pipe that nobody writes to: the end of it says that the starter has died, however it died.

    Raises:
        OSError: If it cannot be started.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, temporary_folder() as folder:
        path = folder / "events"
        path.touch(mode=0o600)
        events = EventFile(path)
        with subprocess.Popen(  # noqa: S603  # our own interpreter and module
            [sys.executable, "-m", "websakctl", *arguments],
            cwd=cwd,
            env={**env, LIFELINE: "1", EVENTS: str(path)},
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=err,
            process_group=0,  # Ctrl-C is told by us, once
        ) as child:
            reported = _wait(child, stop, lambda: _pass_on(events, watch))
        _pass_on(events, watch)
        events.close()
        out.seek(0)
        err.seek(0)
        texts = (out.read().decode("utf-8", "replace"), err.read().decode("utf-8", "replace"))
    code = child.returncode
    return Ended(code=code, out=texts[0], err=texts[1], killed=code < 0 and reported == GOING_ON)


def _pass_on(events: EventFile, watch: Watch) -> None:
    for event in events.new():
        watch(event)


def _wait(child: "subprocess.Popen[bytes]", stop: Stop, look: Callable[[], None]) -> int:
    """Wait for the end, looking now and then and passing on what ``stop`` says; gives the most that was passed on."""
    reported, waited = GOING_ON, 0.0
    while True:
        try:
            child.wait(_LOOK)
        except subprocess.TimeoutExpired:
            waited += _LOOK if reported else 0.0
        else:
            return reported
        look()
        desired = max(stop(), AT_ONCE if waited > _LONGEST_FAREWELL else GOING_ON)
        if desired > reported:
            reported = desired
            (child.terminate if desired == STOPPING else child.kill)()
