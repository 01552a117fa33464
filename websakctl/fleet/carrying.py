"""A target's config and journal as bytes, for workers that share no disk with us; and the journal's way back."""

import hashlib
import io
import os
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock, Timeout

from websakctl.apply.journal import Journal
from websakctl.apply.lock import lock_path
from websakctl.files import make_state_dir, temporary_folder
from websakctl.live.clock import Clock

JOURNAL = "journal.db"
_PLACE = "place"  # who we are to the lease: the same wherever the state directory is carried
_FOLDERS = ("config", "districts", "users")
_MOST = 256 * 1024 * 1024  # bytes of one config, unpacked


class CarryError(Exception):
    """A journal cannot be taken back; the text says why."""


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A config repository and what its state directory needs for a command."""

    config: bytes  # zip
    journal: bytes = b""  # zlib of the database; empty where there is none
    place: str = ""


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """A journal as it comes back from where a job ran."""

    packed: bytes  # zlib of the database

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        digest = f"sha256:{hashlib.sha256(self.packed).hexdigest()}"
        return {"sha256": digest, "zlib_base64": b64encode(self.packed).decode()}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Carried":
        """Read it again.

        Raises:
            CarryError: If it is not as it was written.
        """
        try:
            packed = b64decode(document["zlib_base64"], validate=True)
            merged = document["sha256"] == f"sha256:{hashlib.sha256(packed).hexdigest()}"
        except (KeyError, TypeError, ValueError):
            merged = False
        if not merged:
            raise CarryError("the journal in the file is not as it was written")
        return cls(packed=packed)


def pack(root: Path, state_dir: Path, clock: Clock) -> Parcel:
    """Make a parcel of a target.

    Raises:
        OSError: If a file cannot be read.
        JournalError: If the journal cannot be read.
    """
    config = io.BytesIO()
    with zipfile.ZipFile(config, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in _FOLDERS:
            for path in sorted((root / folder).rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(root).as_posix())
    place = state_dir / _PLACE
    return Parcel(
        config=config.getvalue(),
        journal=packed_journal(state_dir, clock),
        place=place.read_text(encoding="utf-8") if place.is_file() else "",
    )


@contextmanager
def unpacked(parcel: Parcel) -> Iterator[tuple[Path, Path]]:
    """A root and a state directory made from a parcel, for as long as they are needed; only we can read them."""
    with temporary_folder() as folder:
        root, state_dir = folder / "root", folder / "state"
        state_dir.mkdir(mode=0o700)
        with zipfile.ZipFile(io.BytesIO(parcel.config)) as archive:
            if sum(info.file_size for info in archive.infolist()) > _MOST:
                raise CarryError("the config is larger than a parcel may be")
            archive.extractall(root)  # it takes `..` and drive letters out of names
        root.mkdir(exist_ok=True)
        if parcel.journal:
            _write_private(state_dir / JOURNAL, zlib.decompress(parcel.journal))
        if parcel.place:
            _write_private(state_dir / _PLACE, parcel.place.encode())
        yield root, state_dir


def packed_journal(state_dir: Path, clock: Clock) -> bytes:
    """The journal of a state directory, compressed; empty where there is none.

    Raises:
        JournalError: If it cannot be read.
    """
    if not (state_dir / JOURNAL).is_file():
        return b""
    with temporary_folder() as folder:
        copy = folder / JOURNAL
        with Journal(state_dir / JOURNAL, clock) as journal:
            journal.copy_to(copy)
        return zlib.compress(copy.read_bytes())


def head_of(state_dir: Path, clock: Clock) -> tuple[int, str]:
    """Number and hash of the newest entry of a state directory's journal."""
    if not (state_dir / JOURNAL).is_file():
        return (0, "")
    with Journal(state_dir / JOURNAL, clock) as journal:
        return journal.head()


def store_journal(carried: Carried, state_dir: Path, environment: str, clock: Clock) -> None:
    """Put a journal in the place of the one it went out from.

    Raises:
        CarryError: If the one that is there has entries that the carried one has not, or an apply is under way.
        JournalError: If one of them cannot be read.
        OSError: If it cannot be written.
    """
    make_state_dir(state_dir)
    try:
        with FileLock(lock_path(state_dir, environment), timeout=0.2), temporary_folder(state_dir) as folder:
            _replace(carried, state_dir / JOURNAL, folder / JOURNAL, clock)
    except Timeout:
        raise CarryError(f"an apply from {state_dir} is under way") from None


def _replace(carried: Carried, kept: Path, arriving: Path, clock: Clock) -> None:
    try:
        _write_private(arriving, zlib.decompress(carried.packed))
    except zlib.error:
        raise CarryError("the journal in the file is not as it was written") from None
    here = head_of(kept.parent, clock)
    with Journal(arriving, clock) as journal:
        if (broken := journal.broken_link()) is not None:
            raise CarryError(f"entry {broken} of the journal in the file is not as it was written")
        if not journal.goes_on_from(*here):
            raise CarryError(f"{kept} has entries that the journal in the file does not have")
    with Journal(
        kept, clock
    ) as journal:  # what is in its log goes into the file, so that no log of the old one is left
        journal.fold()
    arriving.replace(kept)


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
