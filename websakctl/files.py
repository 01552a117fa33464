"""Files that are whole or not there: written under a name of their own, then renamed; what a killed command left is removed.

A file that is being written is locked, so that whoever finds it can tell whether its writer is still there. On Windows a
file that somebody has open cannot be removed in the first place.
"""

import errno
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

STATE_DIR = ".websakctl"  # the state directory where nothing else is set
UNFINISHED = ".websakctl-tmp"  # how the names of files end that are being written
_FOLDER_PREFIX = "websakctl-"
_FOLDER_LOCK = ".lock"
_RENAME_TRIES = 20  # on Windows a file that somebody reads cannot be replaced; 50 ms apart


def make_state_dir(folder: Path) -> None:
    """Make a state directory that only its owner reads, with a ``.gitignore`` that keeps all of it out of git.

    One that somebody else made under a name of their own, such as a home folder, gets no such file.

    Raises:
        OSError: If it cannot be made.
    """
    ours = folder.name == STATE_DIR or not folder.exists()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if ours:
        with suppress(OSError):  # it is there, or nothing can be written here
            handle = os.open(folder / ".gitignore", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(b"*\n")


def write_whole(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write a file, so that at any moment it is the old one or the new one.

    Args:
        path: Where; its folder exists.
        content: What it is to hold.
        mode: Its permissions; ``None``: readable and writable by its owner only.

    Raises:
        OSError: If it cannot be written; then it is what it was.
    """
    write_all_whole({path: content}, mode=mode)


def write_all_whole(files: Mapping[Path, bytes], *, mode: int | None = None) -> None:
    """Write several files, or leave each as it was. Only a killed process can end between two of them.

    Raises:
        OSError: If one cannot be written.
    """
    for folder in {path.parent for path in files}:
        remove_unfinished(folder)
    drafts: list[_Draft] = []
    replaced: list[tuple[Path, bytes | None]] = []
    try:
        drafts.extend(_Draft(path, content, mode) for path, content in files.items())
        for draft in drafts:
            before = draft.path.read_bytes() if len(drafts) > 1 and draft.path.exists() else None
            draft.rename()
            replaced.append((draft.path, before))
    except BaseException:
        for path, content in replaced:
            if content is None:
                path.unlink(missing_ok=True)
            else:
                drafts.append(_Draft(path, content, mode))
                drafts[-1].rename()
        raise
    finally:
        for draft in drafts:
            draft.discard()


class _Draft:
    """A file beside its place, whole and on disk, and locked until it is renamed or discarded."""

    def __init__(self, path: Path, content: bytes, mode: int | None) -> None:
        self.path = path
        if path.exists() and not path.is_file():  # a folder, or a device that everybody needs
            raise OSError(errno.EEXIST, "it is there and is no file", str(path))
        with _naming(path):
            self._write(content, mode)

    def _write(self, content: bytes, mode: int | None) -> None:
        import tempfile  # most commands write nothing

        path = self.path
        while True:
            self._handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED)
            if not _lock(self._handle, wait=True) or os.fstat(self._handle).st_nlink:
                break
            os.close(self._handle)  # somebody took it for one that was left, just before it was locked
        self._temporary = Path(name)
        try:
            with os.fdopen(os.dup(self._handle), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if mode is not None:
                self._temporary.chmod(mode)
        except BaseException:
            self.discard()
            raise

    def rename(self) -> None:
        """Put it in its place; on Windows neither of the two may be open for that."""
        if sys.platform == "win32":
            os.close(self._handle)
            for _ in range(_RENAME_TRIES):
                with suppress(PermissionError):
                    self._temporary.replace(self.path)
                    return
                time.sleep(0.05)
        with _naming(self.path):
            self._temporary.replace(self.path)

    def discard(self) -> None:
        """Remove it, unless it was renamed."""
        with suppress(OSError):
            os.close(self._handle)
        self._handle = -1
        with suppress(OSError):
            self._temporary.unlink()


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let an error name the file that is to be written, not the one beside it."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def _lock(handle: int, *, wait: bool = False) -> bool:
    """Lock a file for as long as it is open; false where that is not to be had."""
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            return False
    return True


def remove_unfinished(*folders: Path) -> None:
    """Remove files in these folders that a killed command was writing; they can hold people's data."""
    for folder in folders:
        with suppress(OSError):
            for path in folder.glob(f".*{UNFINISHED}"):
                with suppress(OSError):
                    _remove_unlocked(path, partial(path.unlink, missing_ok=True))


def _remove_unlocked(locked: Path, remove: Callable[[], object]) -> None:
    """Call ``remove`` if no writer holds a file.

    Raises:
        OSError: If it cannot be opened.
    """
    if sys.platform == "win32":
        locked.unlink()  # fails while it is open
        remove()
    else:
        handle = os.open(locked, os.O_RDWR | os.O_NOFOLLOW)
        try:
            if _lock(handle):
                remove()
        finally:
            os.close(handle)


@contextmanager
def temporary_folder(parent: Path | None = None) -> Iterator[Path]:
    """A folder that only its owner can read, until it is left; those of killed commands are removed."""
    import tempfile

    remove_abandoned_folders(parent or Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=_FOLDER_PREFIX, dir=parent) as name:
        handle = -1
        while handle < 0:
            handle = os.open(Path(name, _FOLDER_LOCK), os.O_CREAT | os.O_RDWR, 0o600)
            if _lock(handle, wait=True) and not os.fstat(handle).st_nlink:
                os.close(handle)  # somebody took it for one that was left, just before it was locked
                Path(name).mkdir(mode=0o700, exist_ok=True)
                handle = -1
        try:
            yield Path(name)
        finally:
            os.close(handle)


def remove_abandoned_folders(parent: Path) -> None:
    """Remove folders in this one that killed commands worked in, such as a rehearsal's copy of live."""
    for left in _folders_of_ours(parent):
        with suppress(OSError):
            _remove_unlocked(left / _FOLDER_LOCK, partial(shutil.rmtree, left, ignore_errors=True))


def _folders_of_ours(parent: Path) -> Iterable[Path]:
    with suppress(OSError):
        for path in parent.glob(f"{_FOLDER_PREFIX}*"):
            if sys.platform == "win32" or (path.lstat().st_uid == os.getuid() and not path.is_symlink()):
                yield path
