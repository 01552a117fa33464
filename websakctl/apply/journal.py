"""The record of every run: what was about to be sent, what came of it, and what is now known to be managed.

A local SQLite database, written durably (``synchronous=FULL``) before a write is sent and after its outcome is known.
Entries are chained: each holds the hash of the one before it, so that a changed or missing one shows; ``head`` holds the
last one's, so that it shows too when the latest are missing.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from websakctl.apply.entries import Entry, JournalError
from websakctl.files import make_state_dir, temporary_folder
from websakctl.live.clock import Clock
from websakctl.model.address import Address
from websakctl.plan.diff import LastApplied
from websakctl.redaction import redact, redacted

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, run TEXT NOT NULL, what TEXT NOT NULL, address TEXT,
  body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS entries_by_run ON entries (run);
CREATE TABLE IF NOT EXISTS known (
  environment TEXT NOT NULL, address TEXT NOT NULL, fields TEXT NOT NULL, protected INTEGER NOT NULL,
  PRIMARY KEY (environment, address)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accepted (
  environment TEXT NOT NULL, address TEXT NOT NULL, path TEXT NOT NULL, wanted TEXT NOT NULL, made TEXT NOT NULL,
  PRIMARY KEY (environment, address, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS plans (digest TEXT PRIMARY KEY, run TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
"""
_HEAD = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL);
INSERT INTO head SELECT 1, coalesce(max(seq), 0), coalesce((SELECT hash FROM entries ORDER BY seq DESC LIMIT 1), '')
  FROM entries WHERE NOT EXISTS (SELECT * FROM head);
COMMIT;
"""


class JournalUntrusted(JournalError):
    """A journal that is not what was written here, or that others can change. ``what_next`` says what to do."""

    def __init__(self, why: str, what_next: str) -> None:
        super().__init__(why)
        self.what_next = what_next


def _check_file(path: Path, clock: Clock) -> None:
    """See that a journal is its owner's own file, and not one that was emptied.

    Raises:
        JournalUntrusted: If it is not.
    """
    if path.is_symlink():
        raise JournalUntrusted(f"the journal {path} is a link", "put the file itself there, or set WEBSAKCTL_STATE_DIR")
    mode = path.parent.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX and sys.platform != "win32":
        raise JournalUntrusted(
            f"everybody can write in {path.parent}, where the journal is", f"chmod o-w {path.parent}"
        )
    for _ in range(10):  # another command may be making it just now
        if not path.exists() or path.stat().st_size:
            return
        clock.sleep(0.05)
    raise JournalUntrusted(
        f"the journal {path} is empty (0 bytes): what was applied is not in it",
        "restore it from a copy; where nothing was ever applied from here, delete it",
    )


class Journal:
    """One state directory's journal. Safe to use from several threads; several processes wait for each other.

    Args:
        path: The database.
        clock: Dates the entries.
        read_only: Why nothing can be written where it is: it is read as it is, and runs are refused.
    """

    def __init__(self, path: Path, clock: Clock, *, read_only: str = "") -> None:
        self._clock = clock
        self.path, self._read_only = path, read_only
        self._lock = threading.Lock()
        self._db = self._opened(path)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _opened(self, path: Path) -> sqlite3.Connection:
        if not self._read_only:
            make_state_dir(path.parent)
        if path.parent.is_dir():
            _check_file(path, self._clock)
        if self._read_only:
            return _in_memory(path)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        return _connect(path)

    def _refuse_if_read_only(self) -> None:
        """What is known in memory alone is not what others find in the file."""
        if self._read_only:
            raise JournalError(f"the journal {self.path} cannot be written: {self._read_only}")

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)
        if not self._db.execute("SELECT * FROM sqlite_master WHERE name = 'head'").fetchone():
            self._db.executescript(_HEAD)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def write(self, run: str, what: str, body: Mapping[str, Any], address: Address | None = None) -> None:
        """Add an entry; it is on disk when this returns.

        Raises:
            JournalError: If it cannot be written, as on a full disk.
        """
        self.settle(run, [(what, body, address)])

    def settle(
        self,
        run: str,
        entries: Sequence[tuple[str, Mapping[str, Any], Address | None]],
        *,
        environment: str = "",
        applied: Iterable[tuple[Address, Mapping[str, Any], bool]] = (),
        gone: Iterable[Address] = (),
    ) -> None:
        """Add entries and change what is known, all or nothing.

        Args:
            run: Whose entries these are.
            entries: What, body and address of each.
            environment: Whose resources ``applied`` and ``gone`` are.
            applied: Resources that are now managed, with fields and whether they are protected.
            gone: Resources that no longer are.

        Raises:
            JournalError: If it cannot be written; then nothing of it is.
        """
        self._refuse_if_read_only()
        at, gone = self._clock.now().isoformat(timespec="milliseconds"), list(gone)
        with self._transaction() as db:
            rows = [
                (
                    at,
                    run,
                    what,
                    redact(str(address)) if address else None,
                    json.dumps(redacted(body), ensure_ascii=False, sort_keys=True),
                )
                for what, body, address in entries
            ]
            self._append(db, rows)
            self._written(db, rows=rows, applied=self._know(db, environment, applied, gone), gone=gone)

    def see_that_it_may_send(self) -> None:
        """Whoever alone has the journal may always."""

    @staticmethod
    def _append(db: sqlite3.Connection, rows: Iterable[tuple[str, str, str, str | None, str]]) -> None:
        """Chain rows of time, run, sort, address and body to the newest entry."""
        seq, previous = db.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone() or (0, "")
        before = seq
        for at, run, what, where, text in rows:
            seq += 1
            link = _link(seq, at, run, what, where, text, previous)
            db.execute(
                "INSERT INTO entries VALUES (?,?,?,?,?,?,?,?)", (seq, at, run, what, where, text, previous, link)
            )
            previous = link
        if seq > before:
            db.execute("UPDATE head SET seq = ?, hash = ?", (seq, previous))

    def _written(
        self,
        db: sqlite3.Connection,
        *,
        rows: Sequence[tuple[str, str, str, str | None, str]] = (),
        applied: Iterable[tuple[str, str, bool]] = (),
        gone: Iterable[Address] = (),
        accepted: Iterable[tuple[str, str, str, str]] = (),
        plan: tuple[str, str, str] | None = None,
    ) -> None:
        """Told, inside the transaction, of all that it writes; a journal that is shared keeps it for the others."""

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise JournalError(f"the journal {self.path} cannot be written: {error}") from None
            except BaseException:
                if self._db.in_transaction:  # Ctrl-C can come right after it was committed
                    self._db.execute("ROLLBACK")
                raise

    def _rows(self, query: str, *values: str | None) -> list[Any]:
        try:
            with self._lock:
                return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise JournalError(f"the journal {self.path} cannot be read: {error}") from None

    def entries(self, run: str | None = None) -> list[Entry]:
        """List entries in order, of one run or of all.

        Raises:
            JournalError: If one is not as it was written.
        """
        query = "SELECT seq, at, run, what, address, body FROM entries WHERE ? IS NULL OR run = ? ORDER BY seq"
        return [
            Entry(seq=seq, at=at, run=name, what=what, address=address, body=self._body(seq, body))
            for seq, at, name, what, address, body in self._rows(query, run, run)
        ]

    def _body(self, seq: int, text: str) -> dict[str, Any]:
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise JournalError(f"the journal {self.path} cannot be read: entry {seq} is not as it was written")
        return body

    def count(self) -> int:
        """How many entries there are, readable or not."""
        return int(self._rows("SELECT count(*) FROM entries")[0][0])

    def open_runs(self, environment: str) -> list[str]:
        """Runs of an environment that began, or were resumed, and did not end since, and that no later run took over; oldest first."""
        rows = self._rows(
            "SELECT run FROM entries WHERE what = 'start' AND json_extract(body, '$.environment') = ?"
            " AND run NOT IN (SELECT run FROM entries WHERE what IN ('start', 'resumed', 'end') GROUP BY run"
            " HAVING max(CASE what WHEN 'end' THEN seq END) > max(CASE what WHEN 'end' THEN 0 ELSE seq END))"
            " AND run NOT IN (SELECT value"
            " FROM entries AS later, json_each(later.body, '$.supersedes') WHERE later.what = 'start') ORDER BY seq",
            environment,
        )
        return [row[0] for row in rows]

    def newest_run(self, environment: str) -> str | None:
        """The run of an environment that began last, of those that sent something rather than recorded what people did."""
        rows = self._rows(
            "SELECT run FROM entries WHERE what = 'start' AND json_extract(body, '$.environment') = ?"
            " AND json_extract(body, '$.by') IS NULL ORDER BY seq DESC LIMIT 1",
            environment,
        )
        return rows[0][0] if rows else None

    def broken_link(self) -> int | None:
        """The first entry that is missing, or whose hash does not fit what it says or what stood before it; ``None`` if all do."""
        rows = self._rows("SELECT seq, at, run, what, address, body, previous, hash FROM entries ORDER BY seq")
        expected, number = "", 1
        for seq, at, run, what, address, body, previous, digest in rows:
            if seq != number:
                return min(int(seq), number)
            if previous != expected or digest != _link(seq, at, run, what, address, body, previous):
                return int(seq)
            expected, number = digest, number + 1
        head = self._rows("SELECT seq, hash FROM head")
        if not head:
            return number
        last, digest = head[0]
        if last != number - 1:
            return min(int(last) + 1, number)
        return None if digest == expected else number - 1

    def noted(self, what: str, address: Address) -> list[dict[str, Any]]:
        """What entries of one sort say about an address, oldest first."""
        rows = self._rows("SELECT body FROM entries WHERE what = ? AND address = ? ORDER BY seq", what, str(address))
        return [json.loads(row[0]) for row in rows]

    def recorded_at(self, environment: str) -> dict[Address, datetime]:
        """When people last said of each resource that they have set it."""
        rows = self._rows(
            "SELECT address, max(at) FROM entries WHERE what = 'result' AND address IS NOT NULL"
            " AND json_extract(body, '$.by') IS NOT NULL AND json_extract(body, '$.environment') = ? GROUP BY address",
            environment,
        )
        return {Address.parse(address): datetime.fromisoformat(at) for address, at in rows}

    def applied_at(self, environment: str, addresses: Iterable[Address]) -> dict[Address, str]:
        """When a run last did something to each of a few resources, RFC 3339."""
        result: dict[Address, str] = {}
        for address in addresses:
            rows = self._rows(
                "SELECT max(at) FROM entries WHERE what = 'result' AND address = ? AND run IN"
                " (SELECT run FROM entries WHERE what = 'start' AND json_extract(body, '$.environment') = ?)",
                str(address),
                environment,
            )
            result.update((address, at) for (at,) in rows if at)
        return result

    # --- what is managed

    def known(self, environment: str) -> dict[Address, LastApplied]:
        """What was last applied to an environment."""
        with self._lock:
            rows = self._db.execute(
                "SELECT address, fields, protected FROM known WHERE environment = ?", (environment,)
            ).fetchall()
        return {
            Address(*address.split("/", 2)): LastApplied(fields, bool(protected)) for address, fields, protected in rows
        }

    def remember(
        self,
        environment: str,
        applied: Iterable[tuple[Address, Mapping[str, Any], bool]],
        gone: Iterable[Address] = (),
    ) -> None:
        """Record resources as applied, with their fields and whether they are protected; forget those that are gone."""
        self._refuse_if_read_only()
        gone = list(gone)
        with self._transaction() as db:
            self._written(db, applied=self._know(db, environment, applied, gone), gone=gone)

    @staticmethod
    def _know(
        db: sqlite3.Connection,
        environment: str,
        applied: Iterable[tuple[Address, Mapping[str, Any], bool]],
        gone: Iterable[Address],
    ) -> list[tuple[str, str, bool]]:
        """Change what is known; gives address, fields as JSON, and protection of what was applied."""
        rows = [(str(a), json.dumps(redacted(f), ensure_ascii=False, sort_keys=True), p) for a, f, p in applied]
        db.executemany(
            "INSERT INTO known VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET fields = excluded.fields, protected = excluded.protected",
            [(environment, *row) for row in rows],
        )
        left = [(environment, str(a)) for a in gone]
        db.executemany("DELETE FROM known WHERE environment = ? AND address = ?", left)
        db.executemany("DELETE FROM accepted WHERE environment = ? AND address = ?", left)
        return rows

    def environments(self) -> list[str]:
        """Environments that something was applied to from here."""
        with self._lock:
            return [row[0] for row in self._db.execute("SELECT DISTINCT environment FROM known ORDER BY environment")]

    # --- what the server makes of what is written

    def accept(self, environment: str, rows: Iterable[tuple[Address, str, Any, Any]]) -> None:
        """Record (address, field, wanted, made): as long as the config wants the one and live is the other, they do not differ."""
        self._refuse_if_read_only()
        values = [
            (
                environment,
                str(a),
                path,
                json.dumps(redacted(desired), sort_keys=True),
                json.dumps(redacted(created), sort_keys=True),
            )
            for a, path, desired, created in rows
        ]
        with self._transaction() as db:
            db.executemany(
                "INSERT INTO accepted VALUES (?,?,?,?,?) ON CONFLICT DO UPDATE SET wanted = excluded.wanted, made = excluded.made",
                values,
            )
            self._written(db, accepted=[value[1:] for value in values])

    def accepted(self, environment: str) -> dict[tuple[Address, str], tuple[Any, Any]]:
        """What was accepted: (wanted, made) by address and field."""
        with self._lock:
            rows = self._db.execute(
                "SELECT address, path, wanted, made FROM accepted WHERE environment = ?", (environment,)
            ).fetchall()
        return {
            (Address.parse(a), path): (json.loads(desired), json.loads(created)) for a, path, desired, created in rows
        }

    def forget_all(self, environment: str) -> None:
        """Record that nothing of an environment is managed any more."""
        self._refuse_if_read_only()
        with self._transaction() as db:
            db.execute("DELETE FROM known WHERE environment = ?", (environment,))
            db.execute("DELETE FROM accepted WHERE environment = ?", (environment,))

    # --- saved plans

    def run_of_plan(self, digest: str) -> tuple[str, bool] | None:
        """The run that applied a saved plan and began, and whether it has ended; ``None`` if there is none."""
        rows = self._rows(
            "SELECT run, EXISTS (SELECT * FROM entries WHERE what = 'end' AND run = plans.run) FROM plans"
            " WHERE digest = ? AND run IN (SELECT run FROM entries WHERE what = 'start')",
            digest,
        )
        return (rows[0][0], bool(rows[0][1])) if rows else None

    # --- another copy of it

    def head(self) -> tuple[int, str]:
        """Number and hash of the newest entry; 0 and nothing where there is none."""
        rows = self._rows("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1")
        return (int(rows[0][0]), str(rows[0][1])) if rows else (0, "")

    def goes_on_from(self, seq: int, digest: str) -> bool:
        """Whether this journal is the one whose newest entry that was, with more entries or none."""
        return seq == 0 or bool(self._rows("SELECT 1 FROM entries WHERE seq = ? AND hash = ?", str(seq), digest))

    def fold(self) -> None:
        """Put what is in the log beside the database into it, and the log away; the database is then one file.

        Raises:
            JournalError: If another has it open.
        """
        try:
            with self._lock:
                self._db.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:  # another command has it open
            raise JournalError(f"the journal {self.path} cannot be made one file: {error}") from None

    def copy_to(self, path: Path) -> None:
        """Write a whole copy into one new file, whatever is under way."""
        with self._lock, closing(sqlite3.connect(path)) as other:
            self._db.backup(other)

    def claim_plan(self, digest: str, run: str) -> str | None:
        """Mark a saved plan as applied; gives the run that applied it before, if there was one that began."""
        self._refuse_if_read_only()
        with self._transaction() as db:
            db.execute(
                "DELETE FROM plans WHERE digest = ? AND run NOT IN (SELECT run FROM entries WHERE what = 'start')",
                (digest,),
            )
            db.execute(
                "INSERT INTO plans VALUES (?,?,?) ON CONFLICT DO NOTHING",
                (digest, run, self._clock.now().isoformat(timespec="seconds")),
            )
            row = db.execute("SELECT run, at FROM plans WHERE digest = ?", (digest,)).fetchone()
            if row[0] == run:
                self._written(db, plan=(digest, run, row[1]))
        return None if row[0] == run else f"{row[0]} ({row[1]})"


def _connect(path: Path | str, *, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30, uri=uri)


def _in_memory(path: Path) -> sqlite3.Connection:
    """A journal as it is now, in memory: SQLite reads a file with a log beside it only where it can write.

    Raises:
        sqlite3.Error: If it cannot be read.
    """
    memory = _connect(":memory:")
    try:
        if path.exists():
            _copy(path, memory)
    except BaseException:
        memory.close()
        raise
    return memory


def _copy(path: Path, memory: sqlite3.Connection) -> None:
    log = path.with_name(f"{path.name}-wal")
    unfinished = log.exists() and log.stat().st_size
    mode = "ro" if unfinished else "ro&immutable=1"  # without a log the file says all
    try:
        with closing(_connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)) as db:
            db.backup(memory)
    except sqlite3.OperationalError:
        if not unfinished:
            raise
        with temporary_folder() as folder:  # what a killed command left in the log counts too
            for each in (path, log):
                shutil.copy(each, folder / each.name)
            with closing(_connect(folder / path.name)) as db:
                db.backup(memory)


def _link(*parts: object) -> str:
    return hashlib.sha256("\x1f".join("" if part is None else str(part) for part in parts).encode()).hexdigest()
