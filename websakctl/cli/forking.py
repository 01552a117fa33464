"""Commands as forks of one process that has the program loaded: two thirds of what a short command costs is loading.

``python -m websakctl.cli.forking``, with a SEQPACKET socket as stdin. Each message on it is a command as JSON
(``arguments``, ``cwd``, ``env``) with four descriptors: its stdin, stdout and stderr, and a socket that is told the
command's process id and then its exit code (below 0: the signal that ended it). It ends when its socket does.
"""

import gc
import json
import os
import socket
import struct
import sys
from importlib import import_module
from typing import Any, NoReturn

LONGEST = 1 << 17  # bytes of a message
NUMBER = struct.Struct("=i")

_LOADED = (
    "pydantic_settings",
    "websakctl.cli.app",
    "websakctl.cli.change.apply",
    "websakctl.cli.change.drift",
    "websakctl.cli.config.validate",
    "websakctl.live.websak",
    "websakctl.operations.apply.carry_out",
    "websakctl.operations.change.find_drift",
    "websakctl.operations.change.make_plan",
    "websakctl.operations.change.read_setup",
    "websakctl.plan.document",
    "websakctl.report.formats.json",
    "websakctl.report.formats.text",
    "websakctl.settings",
    "websakctl.source.building",
    "websakctl.source.load",
)


def main() -> None:
    """Serve until the socket ends."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for name in _LOADED:
        import_module(name)
    gc.freeze()  # so that the children share what is loaded
    control = socket.socket(fileno=0)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, LONGEST, 4)
        _reap(block=not message)
        if not message:
            return
        if os.fork() == 0:
            control.detach()  # descriptor 0 is replaced below
            _watch(json.loads(message), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _reap(*, block: bool) -> None:
    """Let go of those that have ended; what they took is counted as ours then."""
    try:
        while os.waitpid(-1, 0 if block else os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        pass


def _watch(wish: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """Be the one that waits for the command and tells how it ended."""
    *streams, answer = descriptors
    pid = os.fork()
    if pid == 0:
        os.close(answer)
        _become(wish, streams)
    for descriptor in (0, *streams):
        os.close(descriptor)
    os.setpgid(pid, pid)
    with socket.socket(fileno=answer) as told:
        told.send(NUMBER.pack(pid))
        _, status = os.waitpid(pid, 0)
        told.send(NUMBER.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _become(wish: dict[str, Any], streams: list[int]) -> NoReturn:
    """Be the command."""
    from websakctl.cli.lifeline import run_program

    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(wish["cwd"])
    os.environ.clear()
    os.environ.update(wish["env"])
    sys.argv = ["websakctl", *wish["arguments"]]
    code: Any = 1
    try:
        run_program()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        import traceback

        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    main()
