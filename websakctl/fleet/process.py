"""One command as a process of its own that does not outlive who started it."""

import atexit
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

from websakctl.record import record

GOING_ON, STOPPING, AT_ONCE = 0, 1, 2
Stop = Callable[[], int]  # asked now and then: go on, finish what is under way, or stop at once

_LOOK = 0.25  # seconds between looks at ``Stop``
_LONGEST_FAREWELL = 120.0  # seconds that a command may take to finish what it is at
_NUMBER = struct.Struct("=i")
_CAN_FORK = sys.platform == "linux"  # elsewhere a fork without exec may not use the system's own libraries


@record
class Ended:
    """How a command ended. ``killed``: something else than us ended it."""

    code: int  # below 0: the signal that ended it
    out: str
    err: str
    killed: bool


class _Running(Protocol):
    pid: int

    def wait(self, seconds: float) -> int | None:
        """The exit code, below 0 for a signal; ``None`` while it runs."""


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
            running = _start(arguments, cwd, env, (lifeline, out, err))
        told, code = _wait(running, stop)
        out.seek(0)
        err.seek(0)
        texts = (out.read().decode("utf-8", "replace"), err.read().decode("utf-8", "replace"))
    return Ended(code, *texts, killed=code < 0 and told == GOING_ON)


@contextmanager
def _closing(descriptor: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(descriptor)


def _wait(running: _Running, stop: Stop) -> tuple[int, int]:
    """Wait for the end, passing on what ``stop`` says; gives the most that was passed on, and the exit code."""
    told, waited = GOING_ON, 0.0
    while (code := running.wait(_LOOK)) is None:
        waited += _LOOK if told else 0.0
        wanted = max(stop(), AT_ONCE if waited > _LONGEST_FAREWELL else GOING_ON)
        if wanted > told:
            told = wanted
            with suppress(ProcessLookupError):
                os.kill(running.pid, signal.SIGTERM if wanted == STOPPING else signal.SIGKILL)
    return told, code


# --- starting


_Streams = tuple[int, IO[bytes], IO[bytes]]


def _start(arguments: list[str], cwd: Path, env: Mapping[str, str], streams: _Streams) -> _Running:
    if _CAN_FORK:
        with suppress(OSError):  # such as surroundings that are too large for a message
            return _FORKING.start(arguments, cwd, env, streams)
    return _Fresh(arguments, cwd, env, streams)


class _Fresh:
    """A command in an interpreter of its own."""

    def __init__(self, arguments: list[str], cwd: Path, env: Mapping[str, str], streams: _Streams) -> None:
        self._child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "websakctl.cli.lifeline", *arguments],
            cwd=cwd,
            env=dict(env),
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            process_group=0,  # Ctrl-C is told by us, once
        )
        self.pid = self._child.pid

    def wait(self, seconds: float) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            return self._child.wait(seconds)
        return None


class _Forked:
    """A command that a process with the program loaded has forked."""

    def __init__(self, answer: socket.socket) -> None:
        self._answer = answer
        first = answer.recv(_NUMBER.size)
        if not first:
            answer.close()
            raise OSError("the process that forks commands has ended")
        self.pid = int(_NUMBER.unpack(first)[0])

    def wait(self, seconds: float) -> int | None:
        ready, _, _ = select.select([self._answer], [], [], seconds)
        if not ready:
            return None
        with closing(self._answer):
            last = self._answer.recv(_NUMBER.size)
        if last:
            return int(_NUMBER.unpack(last)[0])
        with suppress(ProcessLookupError):  # whoever waited for it was killed; so that nobody is in the next one's way
            os.kill(self.pid, signal.SIGKILL)
        return -signal.SIGKILL


class _Forking:
    """The process that has the program loaded; started when first needed, ends with us."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self, arguments: list[str], cwd: Path, env: Mapping[str, str], streams: _Streams) -> _Forked:
        """Start a command.

        Raises:
            OSError: If it cannot be.
        """
        wish = json.dumps({"arguments": arguments, "cwd": str(cwd), "env": dict(env)}).encode()
        answer, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with closing(theirs):
                descriptors = [streams[0], streams[1].fileno(), streams[2].fileno(), theirs.fileno()]
                with self._lock:
                    socket.send_fds(self._serving(), [wish], descriptors)
            return _Forked(answer)
        except OSError:
            answer.close()
            raise

    def _serving(self) -> socket.socket:
        if self._process is not None and self._control is not None and self._process.poll() is None:
            return self._control
        self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with closing(theirs):
            self._process = subprocess.Popen(
                [sys.executable, "-m", "websakctl.cli.forking"], stdin=theirs.fileno(), process_group=0
            )
        self._control = ours
        return ours

    def close(self) -> None:
        """Let it end; commands that run go on without it."""
        if self._control is not None and self._process is not None:
            self._control.close()
            self._process.wait()
        self._control = self._process = None


_FORKING = _Forking()
atexit.register(_FORKING.close)
