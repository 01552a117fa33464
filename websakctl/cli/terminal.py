"""The terminal: what goes to stdout, what to stderr, colours, progress and questions."""

import codecs
import io
import json
import os
import select
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, TextIO

import msgspec

from websakctl.files import write_whole
from websakctl.redaction import redact, redact_json
from websakctl.report.layout import wrapped
from websakctl.report.view_models import Look, Paint, plain

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_CODES = {
    "create": "32",
    "update": "33",
    "remove": "31",
    "error": "1;31",
    "warning": "1;33",
    "strong": "1",
    "faint": "2",
}
_HEARTBEAT = 5.0  # seconds between lines where there is no terminal
_MOMENT = 0.7  # seconds after which somebody at a terminal wants to know what goes on


def _ansi(style: str, text: str) -> str:
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def make_streams_ready() -> None:
    """Let a terminal with few letters show the others as JSON escapes, which are right in JSON too; a closed stream is nobody."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # started with <&- or 2>&-
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  # until the end
    codecs.register_error("websakctl-escape", _escaped)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="websakctl-escape")
    if sys.platform == "win32":  # where a pipe has the code page of the country, and who reads it expects UTF-8
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding="utf-8")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _tell(text: str) -> None:
    """Write to people; where nobody is there to read it any more, what is under way goes on without."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # until the end


class Ticker(Protocol):
    """Counts work that is done."""

    def tick(self, what: str) -> None:  # a count needs no name
        """One more is done."""


class Terminal(msgspec.Struct, frozen=True, kw_only=True):
    """Where text goes, and how it looks there."""

    quiet: bool = False
    no_color: bool = False
    out: Path | None = None  # gets the result, instead of stdout
    result_written: ClassVar[bool] = False  # one process answers one command line
    kept_back: ClassVar["tuple[Terminal, str] | None"] = None  # a JSON document, and where it goes

    def _coloured(self, stream: TextIO) -> bool:
        return (
            stream.isatty()
            and not self.no_color
            and not os.environ.get("NO_COLOR")
            and os.environ.get("TERM") != "dumb"
        )

    def paint(self, stream: TextIO) -> Paint:
        """Colours for a stream: none where they would not be seen or are not wanted."""
        return _ansi if self._coloured(stream) else plain

    @property
    def width(self) -> int:
        """Columns; 100 where there is no terminal."""
        return shutil.get_terminal_size((100, 24)).columns

    def look(self, stream: TextIO, *, expand: bool = False) -> Look:
        """How text is to look on a stream: where it is no terminal and COLUMNS says nothing, as wide as it is."""
        fit = stream.isatty() or os.environ.get("COLUMNS", "").isdigit()
        return Look(width=self.width, fit=fit, paint=self.paint(stream), expand=expand)

    def look_of_result(self, *, expand: bool = False) -> Look:
        """How a result is to look where it goes; in a file as on no terminal."""
        return (
            Look(width=100, fit=False, expand=expand) if self.out is not None else self.look(sys.stdout, expand=expand)
        )

    def _fitted(self, text: str) -> str:
        """Words for stderr, wrapped where they would run over a terminal's edge."""
        return wrapped(text, self.width) if sys.stderr.isatty() else text

    def result(self, text: str, *, secrets_allowed: bool = False, is_json: bool = False) -> None:
        """Write a result; secrets only where showing them is what was asked for."""
        if not secrets_allowed:
            text = redact_json(text) if is_json else redact(text)
        if self.out is not None:
            before = self.out.read_bytes() if Terminal.result_written else b""
            write_whole(self.out, before + f"{text}\n".encode())
        else:
            try:
                sys.stdout.write(text + "\n")
                sys.stdout.flush()
            except OSError:  # nobody reads any more: what is buffered would be in the way of the exit code
                sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # until the end
                raise
        Terminal.result_written = True

    def keep_back(self, document: str) -> None:
        """Write a JSON document when the command ends: a problem that ends it is written into the same document."""
        self.finish()
        Terminal.kept_back = self, document

    @staticmethod
    def finish(add: Callable[[str], str] = str) -> bool:
        """Write the document that was kept back, with what ``add`` puts into it; gives whether there was one."""
        if Terminal.kept_back is None:
            return False
        (terminal, document), Terminal.kept_back = Terminal.kept_back, None
        terminal.result(add(document), is_json=True)
        return True

    def say(self, text: str) -> None:
        """Write what a person may like to know, unless they want it quiet."""
        if not self.quiet:
            self.warn(text)

    def warn(self, text: str) -> None:
        """Write what must be known, also by those who want it quiet."""
        _tell(f"{self._fitted(redact(text))}\n")

    def to_stderr(self, text: str) -> None:
        """Write a line from a signal handler, whatever the process was writing when the signal came.

        It goes past Python's streams (one that is being written to may not be entered again, and raises) and past the
        locks of a progress bar, whose line it takes. A terminal that takes nothing just now goes without it.
        """
        stream = sys.stderr
        try:
            to = stream.fileno()
        except (OSError, ValueError):  # not a file: nothing is held up by it
            stream.write(f"{text}\n")
            return
        over_a_bar = "\r\x1b[2K" if os.isatty(to) and os.environ.get("TERM") != "dumb" else ""
        line = f"{over_a_bar}{redact(text)}\n"
        with suppress(OSError):  # nobody reads any more
            if sys.platform == "win32" or select.select([], [to], [], 0.2)[1]:  # there only sockets can be asked
                os.write(to, line.encode(stream.encoding or "utf-8", "backslashreplace"))

    def last_words(self, text: str) -> None:
        """Write one line as the process ends in mid-air; a progress bar has hidden the cursor, which must come back."""
        self.to_stderr(("\x1b[?25h" if sys.stderr.isatty() else "") + text)

    def error(self, message: str, what_next: str = "") -> None:
        """Write what is wrong and what to do."""
        paint = self.paint(sys.stderr)
        help_ = f"  help: {redact(what_next)}\n" if what_next else ""
        _tell(self._fitted(f"{paint('error', 'error:')} {redact(message)}\n{help_}"))

    def ask(self, question: str) -> str | None:
        """Ask; ``None`` where nobody can answer."""
        if not sys.stdin.isatty():
            return None
        sys.stderr.write(question)
        sys.stderr.flush()
        try:
            return sys.stdin.readline().strip()
        except KeyboardInterrupt:
            sys.stderr.write("\n")
            raise

    @contextmanager
    def progress(self, title: str, total: int) -> Iterator[Ticker]:
        """Show how far long work is: a bar on a terminal, a line now and then elsewhere."""
        if self.quiet or total == 0:
            yield _Silent()
        elif sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            console = Console(stderr=True, no_color=not self._coloured(sys.stderr))
            with Progress(console=console, transient=True) as bar:
                yield _Bar(bar, bar.add_task(title, total=total))
        else:
            yield _Heartbeat(self, title, total)

    @contextmanager
    def reading(self, requests: Callable[[], int]) -> Iterator[None]:
        """Say that Websak is being read, with how many requests so far, where that takes longer than a moment."""
        if self.quiet:
            yield
            return
        done = threading.Event()
        watch = threading.Thread(target=self._watch, args=(requests, done), daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()

    def _watch(self, requests: Callable[[], int], done: threading.Event) -> None:
        began, line = time.monotonic(), sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        if done.wait(_MOMENT if line else _HEARTBEAT):
            return
        while True:
            sent = requests()
            reported = f"Reading Websak: {sent} request{'s' if sent != 1 else ''}, {time.monotonic() - began:.0f} s"
            _tell(f"\r\x1b[2K{reported}" if line else f"{reported}\n")
            if done.wait(_MOMENT if line else _HEARTBEAT):
                break
        if line:
            _tell("\r\x1b[2K")


class _Silent:
    def tick(self, what: str) -> None:  # a count needs no name
        pass


class _Bar:
    def __init__(self, bar: "RichProgress", task: "TaskID") -> None:
        self._bar, self._task = bar, task

    def tick(self, what: str) -> None:  # noqa: ARG002  # a count needs no name
        self._bar.update(self._task, advance=1)


class _Heartbeat:
    def __init__(self, terminal: Terminal, title: str, total: int) -> None:
        self._terminal, self._title, self._total = terminal, title, total
        self._done, self._last = 0, time.monotonic()

    def tick(self, what: str) -> None:  # noqa: ARG002  # a count needs no name
        self._done += 1
        now = time.monotonic()
        if now - self._last >= _HEARTBEAT or self._done == self._total:
            self._last = now
            self._terminal.say(f"{self._title}: {self._done} of {self._total}")
