"""The command line run inside this process: as good as a process of its own where nobody kills it, and much quicker."""

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from websakctl import redaction
from websakctl.apply import attempt
from websakctl.apply.journal import Journal
from websakctl.cli import app
from websakctl.live import transport
from websakctl.operations.apply import carry_out, recovery

PAUSE = 0.3  # seconds, instead of transport.PAUSE


@contextlib.contextmanager
def _journals_closed() -> Iterator[None]:
    """Close what the command opened: SQLite tidies up by name when a connection is closed, and would later hit another file."""
    opened: list[Journal] = []
    begin = Journal.__init__

    def noted(journal: Journal, *args: Any, **kwargs: Any) -> None:
        begin(journal, *args, **kwargs)
        opened.append(journal)

    with mock.patch.object(Journal, "__init__", noted):
        try:
            yield
        finally:
            for journal in opened:
                journal.close()


def run(folder: Path, arguments: tuple[str, ...], variables: Mapping[str, str]) -> tuple[int, str, str]:
    """Run one command line; gives exit code, stdout and stderr. Only in the main thread."""
    out, err = io.StringIO(), io.StringIO()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    redaction._secrets = {}  # a process that lives as long as this one has seen many tokens
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            mock.patch.dict(os.environ, variables, clear=True),
            mock.patch.object(sys, "argv", ["websakctl", *arguments]),
            mock.patch.object(recovery, "SETTLING", 0.0),
            mock.patch.object(transport, "PAUSE", PAUSE),
            mock.patch.object(attempt, "LOOKS", (0.0, 0.05, 0.1)),
            mock.patch.object(carry_out, "READ_BACKS", (0.0, 0.05, 0.1)),
            _journals_closed(),
            contextlib.chdir(folder),
        ):
            code = app.run(list(arguments))
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return int(code), out.getvalue(), err.getvalue()
