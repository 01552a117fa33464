"""Read and write a file's text exactly: its byte order mark and its line ends are part of it."""

import os
import stat
from pathlib import Path

from websakctl.files import write_whole


def read_exactly(path: Path) -> str:
    """Read a file's text.

    Raises:
        UnicodeDecodeError: If it is not UTF-8.
    """
    return path.read_bytes().decode()


def write_exactly(path: Path, text: str) -> None:
    """Write a file, so that at any moment it is the old one or the new one; it keeps its permissions."""
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
    else:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    write_whole(path, text.encode(), mode=mode)
