"""What an apply tells its observer, as lines in a file: for a process that started it, and watches several."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from websakctl.apply.attempt import Status


class Planned(msgspec.Struct, frozen=True, kw_only=True, tag="planned"):
    """The plan was made, or read; nothing is written yet."""

    changes: int
    findings: int


class Stale(msgspec.Struct, frozen=True, kw_only=True, tag="stale"):
    """These changes no longer hold, and are left out."""

    addresses: tuple[str, ...]


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """So many changes are now tried."""

    changes: int


class Tried(msgspec.Struct, frozen=True, kw_only=True, tag="outcome"):
    """A change was tried. ``fault``: a person should know of it."""

    address: str
    status: Status
    detail: str
    fault: bool


class Noted(msgspec.Struct, frozen=True, kw_only=True, tag="note"):
    """One sentence for people."""

    text: str
    urgent: bool


Event = Planned | Stale | Begun | Tried | Noted

_DECODER = msgspec.json.Decoder(Event)


def line(event: Event) -> bytes:
    """Write an event as one line."""
    return msgspec.json.encode(event) + b"\n"


class EventFile:
    """A file that another process writes events to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._rest = b""  # of a line that is being written

    def new(self) -> Iterator[Event]:
        """What was written since it was asked the last time; half a line waits for its end."""
        if self._file is None:
            self._file = self._path.open("rb")
        *whole, self._rest = (self._rest + self._file.read()).split(b"\n")
        for each in whole:
            yield _DECODER.decode(each)

    def close(self) -> None:
        """Read it no more."""
        if self._file is not None:
            self._file.close()
