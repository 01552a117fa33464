"""Read and write a file's text exactly: its byte order mark and its line ends are part of it."""

import os
import shutil
import tempfile
from pathlib import Path


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
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        else:
            mask = os.umask(0)
            os.umask(mask)
            Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
