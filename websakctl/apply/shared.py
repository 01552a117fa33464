"""A journal that is shared: what is written here waits to be pushed, what others pushed is taken in, and intents go first.

The local journal stays the record that a write is judged by; the branch holds a copy without people's data. ``SharedState``
pushes an announcement of the changes that are about to be sent before any of them is, so that another machine can resume a
run whose machine is lost.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from websakctl.apply.entries import JournalError
from websakctl.apply.journal import Journal
from websakctl.live.clock import Clock
from websakctl.live.runtime import Runtime
from websakctl.model.address import Address
from websakctl.state.branch import ENTRIES, Rewritten, StateBranch, StateError
from websakctl.state.entries import AcceptedRow, Batch, Entry, KnownRow, Transaction, decode, encode
from websakctl.state.lock import PAUSE, Header, Holder, LockLost, StateLock, create, read_header, read_holder
from websakctl.state.people import KIND, Sharing, StateKey, is_digest, reveal, subject_of, without_people

WINDOW = 50  # changes that one push announces
RENEW = 10.0  # seconds at the most after which a push shows that the run is alive
_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batches (path TEXT PRIMARY KEY, blob TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS not_shared_yet (environment TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_TOO_OLD = "the last accepted push of the shared state is too old to send anything"
Gate = Callable[[str, Address], None]


class SharedJournal(Journal):
    """One environment's journal, with an outbox of what the others have not got yet."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        environment: str,
        key: StateKey | None,
        gate: "Gate | None" = None,
        read_only: str = "",
    ) -> None:
        super().__init__(path, clock, read_only=read_only)
        self.environment, self._key = environment, key
        first = not self._db.execute("SELECT * FROM sqlite_master WHERE name = 'outbox'").fetchone()
        self._db.executescript(_SCHEMA)
        if first and self.unshared():
            self._db.execute("INSERT OR IGNORE INTO not_shared_yet VALUES (?)", (environment,))
        self.gate: Gate = gate or _closed  # asked before each intent: may this run send a write about this address?
        self.may_send: Callable[[], bool] = lambda: False  # asked right before a write leaves
        self.order: tuple[str, ...] = ()  # addresses of the newest run, in the order of its changes

    def settle(
        self,
        run: str,
        entries: Sequence[tuple[str, Mapping[str, Any], Address | None]],
        *,
        environment: str = "",
        applied: Iterable[tuple[Address, Mapping[str, Any], bool]] = (),
        gone: Iterable[Address] = (),
    ) -> None:
        """Add entries and change what is known; an intent only once the others can know of it.

        Raises:
            JournalError: If it cannot be written, or the intent cannot be pushed; then nothing of it is, and nothing is sent.
        """
        for what, body, address in entries:
            if what == "intent" and address is not None:
                self.gate(run, address)
            elif what in ("start", "resumed"):
                self.order = tuple(body.get("addresses") or (change["address"] for change in body.get("changes", ())))
        super().settle(run, entries, environment=environment, applied=applied, gone=gone)

    def see_that_it_may_send(self) -> None:
        """Ask once more whether nobody else can have the lock: since the intent, a look or a token may have taken long.

        Raises:
            JournalError: If somebody can.
        """
        if not self.may_send():
            raise JournalError(_TOO_OLD)

    def announce(self, run: str, addresses: Sequence[str]) -> None:
        """Record which changes are about to be sent; not yet pushed."""
        super().settle(run, [("announced", {"addresses": list(addresses)}, None)])

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
        transaction = Transaction(
            entries=tuple(
                Entry(run=run, at=at, what=what, address=where, body=json.loads(text))
                for at, run, what, where, text in rows
            ),
            applied=tuple(KnownRow(address=a, fields=json.loads(f), protected=p) for a, f, p in applied),
            gone=tuple(map(str, gone)),
            accepted=tuple(
                AcceptedRow(address=a, path=path, wanted=json.loads(desired), made=json.loads(created))
                for a, path, desired, created in accepted
            ),
            plan=plan,
        )
        if transaction == Transaction():
            return
        db.execute("INSERT INTO outbox (body) VALUES (?)", (msgspec.json.encode(transaction).decode(),))
        self._drop_digests(db, [*(row.address for row in transaction.applied), *transaction.gone])

    def _drop_digests(self, db: sqlite3.Connection, addresses: Iterable[str]) -> None:
        """What is known of a user under a digest is known under the code from now on."""
        if self._key is None:
            return
        key = self._key
        people = [Address.parse(a) for a in addresses if a.startswith(f"{KIND}/")]
        stand_ins = [(self.environment, str(key.address(a))) for a in people if not is_digest(a.key)]
        db.executemany("DELETE FROM known WHERE environment = ? AND address = ?", stand_ins)
        db.executemany("DELETE FROM accepted WHERE environment = ? AND address = ?", stand_ins)

    # --- out

    def waiting(self, most: int = 2000) -> list[Transaction]:
        """What is to be pushed, oldest first."""
        rows = self._rows("SELECT number, body FROM outbox ORDER BY number LIMIT ?", str(most))
        return [
            msgspec.structs.replace(msgspec.json.decode(body, type=Transaction), number=number) for number, body in rows
        ]

    def pushed(self, numbers: Sequence[int], path: str = "", blob: str = "") -> None:
        """Record that others can have it: under which path, unless nothing of it was to be shared."""
        with self._transaction() as db:
            db.executemany("DELETE FROM outbox WHERE number = ?", [(number,) for number in numbers])
            if path:
                db.execute("INSERT OR REPLACE INTO batches VALUES (?,?)", (path, blob))

    @property
    def to_be_migrated(self) -> bool:
        """Whether it holds runs from before the state was shared."""
        return bool(self._rows("SELECT 1 FROM not_shared_yet WHERE environment = ?", self.environment))

    def unshared(self) -> list[Transaction]:
        """All that it holds of this environment: what ``migrate`` shares where it was written before."""
        runs = {e.run for e in self.entries() if e.what == "start" and e.body.get("environment") == self.environment}
        entries = [e for e in self.entries() if e.run in runs]
        accepted = self.accepted(self.environment).items()
        result = [
            *(
                Transaction(entries=(Entry(run=e.run, at=e.at, what=e.what, address=e.address, body=e.body),))
                for e in entries
            ),
            Transaction(
                applied=tuple(
                    KnownRow(address=str(a), fields=dict(known.fields), protected=known.protected)
                    for a, known in self.known(self.environment).items()
                ),
                accepted=tuple(
                    AcceptedRow(address=str(a), path=path, wanted=desired, made=created)
                    for (a, path), (desired, created) in accepted
                ),
            ),
        ]
        return [t for t in result if t != Transaction()]

    def migrate(self, transactions: Iterable[Transaction]) -> None:
        """Let these wait to be pushed in place of all that waits; from then on it is a shared journal like any other."""
        rows = [(msgspec.json.encode(t).decode(),) for t in transactions]
        with self._transaction() as db:
            db.execute("DELETE FROM outbox")
            db.executemany("INSERT INTO outbox (body) VALUES (?)", rows)
            db.execute("DELETE FROM not_shared_yet WHERE environment = ?", (self.environment,))

    # --- in

    def batches(self) -> dict[str, str]:
        """Blob ids by path of every batch that was pushed or taken in."""
        return dict(self._rows("SELECT path, blob FROM batches"))

    def take_in(self, path: str, blob: str, batch: Batch, *, own: bool) -> None:
        """Add what a batch says, once. ``own``: this state directory pushed it."""
        with self._transaction() as db:
            if db.execute("SELECT 1 FROM batches WHERE path = ?", (path,)).fetchone():
                return
            newest = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
            for transaction in batch.transactions:
                if own and newest is not None and transaction.number <= newest[0]:  # it was written here
                    db.execute("DELETE FROM outbox WHERE number = ?", (transaction.number,))
                else:
                    self._give_way(db, transaction)
                    self._take(db, transaction)
            db.execute("INSERT INTO batches VALUES (?,?)", (path, blob))

    def _give_way(self, db: sqlite3.Connection, later: Transaction) -> None:
        """Take out of what waits here, left by a run that lost its lock, what the holder of a later lock has decided since."""
        known = {*(row.address for row in later.applied), *later.gone}
        accepted = {(row.address, row.path) for row in later.accepted}
        ended = {entry.run for entry in later.entries if entry.what == "end"}

        def stands(address: str) -> bool:
            return self._shared_as(address) not in known

        for number, body in db.execute("SELECT number, body FROM outbox").fetchall():
            waiting = msgspec.json.decode(body, type=Transaction)
            left = msgspec.structs.replace(
                waiting,
                entries=tuple(e for e in waiting.entries if e.what != "resumed" or e.run not in ended),
                applied=tuple(row for row in waiting.applied if stands(row.address)),
                gone=tuple(filter(stands, waiting.gone)),
                accepted=tuple(r for r in waiting.accepted if (self._shared_as(r.address), r.path) not in accepted),
            )
            if left == Transaction():
                db.execute("DELETE FROM outbox WHERE number = ?", (number,))
            elif left != waiting:
                db.execute("UPDATE outbox SET body = ? WHERE number = ?", (msgspec.json.encode(left).decode(), number))

    def _shared_as(self, address: str) -> str:
        """The address under which others know a resource."""
        return str(self._key.address(Address.parse(address))) if self._key is not None else address

    def _take(self, db: sqlite3.Connection, t: Transaction) -> None:
        self._append(
            db,
            [
                (e.at, e.run, e.what, e.address, json.dumps(e.body, ensure_ascii=False, sort_keys=True))
                for e in t.entries
            ],
        )
        codes = self._codes(db) if any(KIND in a for a in (*(r.address for r in t.applied), *t.gone)) else {}
        applied = [self._here(db, row, codes) for row in t.applied]
        gone = [a for address in t.gone for a in {address, self._named(address, codes)}]
        self._know(db, self.environment, applied, map(Address.parse, gone))
        db.executemany(
            "INSERT INTO accepted VALUES (?,?,?,?,?) ON CONFLICT DO UPDATE SET wanted = excluded.wanted, made = excluded.made",
            [
                (
                    self.environment,
                    self._named(row.address, codes),
                    row.path,
                    json.dumps(row.wanted, sort_keys=True),
                    json.dumps(row.made, sort_keys=True),
                )
                for row in t.accepted
            ],
        )
        if t.plan is not None:
            digest, run, at = t.plan
            db.execute(
                "INSERT INTO plans VALUES (?,?,?) ON CONFLICT DO UPDATE SET run = excluded.run, at = excluded.at",
                (digest, run, at),
            )

    def _codes(self, db: sqlite3.Connection) -> dict[str, str]:
        """Codes of the users that are known here, by their digests."""
        if self._key is None:
            return {}
        rows = db.execute(
            "SELECT address FROM known WHERE environment = ? AND address LIKE ?", (self.environment, f"{KIND}/%")
        )
        keys = [Address.parse(address).key for (address,) in rows]
        return {self._key.code(key): key for key in keys if not is_digest(key)}

    @staticmethod
    def _named(address: str, codes: Mapping[str, str]) -> str:
        kind, scope, key = Address.parse(address)
        return str(Address(kind, scope, codes.get(key, key))) if kind == KIND else address

    def _here(
        self, db: sqlite3.Connection, row: KnownRow, codes: Mapping[str, str]
    ) -> tuple[Address, dict[str, Any], bool]:
        """A row as it is kept here: a user that is known here keeps its code, and values about people that are still the same stay."""
        address = Address.parse(self._named(row.address, codes))
        if self._key is None or is_digest(address.key) or not any(map(is_digest, row.fields.values())):
            return address, row.fields, row.protected
        key = self._key
        was = db.execute(
            "SELECT fields FROM known WHERE environment = ? AND address = ?", (self.environment, str(address))
        ).fetchone()
        before = json.loads(was[0]) if was else {}
        fields = {
            name: reveal(key, subject_of(address, name) or "", name, value, [before.get(name)])
            for name, value in row.fields.items()
        }
        return address, fields, row.protected


class SharedState:
    """Ties one environment's journal to its branch."""

    def __init__(
        self,
        journal: SharedJournal,
        branch: StateBranch,
        *,
        key: StateKey | None,
        clone: str,
        runtime: Runtime,
        pause: float = PAUSE,
    ) -> None:
        self.journal, self.branch, self.environment = journal, branch, journal.environment
        self._key, self._clone, self._runtime, self._pause = key, clone, runtime, pause
        self._clock = runtime.clock
        self._sharing, self._renew = Sharing(key), min(RENEW, pause / 3)
        self._lock: StateLock | None = None
        self._mutex = threading.RLock()
        self._announced: set[tuple[str, str]] = set()
        self._under_way: list[int] = []  # what a push of unknown outcome holds
        self._unrecorded: tuple[list[int], str, str] | None = None  # what a push brought over, and is not recorded yet
        self._note: Callable[[str], None] = lambda _: None

    # --- reading

    def pull(self) -> str:
        """Take in what others have pushed; gives the newest commit.

        Raises:
            StateError: If the branch cannot be reached, is not there, or is not what was seen of it.
        """
        head = self.branch.fetch()
        if head is None:
            raise StateError(
                f"{self.branch.remote} has no branch {self.branch.branch} yet: the state of {self.environment} is not shared",
                f"begin it, once: websakctl state migrate --environment {self.environment}",
            )
        self._take_in(head)
        return head

    def _take_in(self, head: str) -> None:
        if self.journal.to_be_migrated:
            raise StateError(
                f"this state directory holds runs to {self.environment} that are not shared yet",
                f"share them, once: websakctl state migrate --environment {self.environment}",
            )
        self._see_that_the_key_fits(read_header(self.branch, head, self.environment))
        tree, have = self.branch.git.tree(head), self.journal.batches()
        for path, blob in have.items():
            if tree.get(path) != blob:
                raise Rewritten(
                    f"{path} of the branch {self.branch.branch} is not what this journal took in",
                    "websakctl state verify",
                )
        new = sorted(path for path in tree if path.startswith(ENTRIES) and path not in have)
        for path, content in zip(new, self.branch.git.blobs([tree[path] for path in new]), strict=True):
            batch = decode(content, path, self.environment)
            self.journal.take_in(path, tree[path], batch, own=batch.clone == self._clone)

    def _see_that_the_key_fits(self, header: Header) -> None:
        if self._key is not None and header.key_check and header.key_check != self._key.check:
            raise StateError(
                f"the state key on this machine is not the one that the state of {self.environment} was begun with",
                "ask a colleague for the right one",
            )

    def holder(self) -> Holder | None:
        """Who holds the lock, by what was fetched last; ``None``: nobody, or this state directory."""
        head = self.branch.seen
        holder = read_holder(self.branch, head) if head is not None else None
        return holder if holder is not None and holder.clone != self._clone else None

    # --- writing

    @contextmanager
    def hold(
        self,
        *,
        owner: str,
        machine: str,
        purpose: str,
        note: Callable[[str], None],
        break_held: str = "",
        reason: str = "",
    ) -> Iterator[None]:
        """Hold the lock: within, everything that others wrote is here, and intents are pushed before they are sent.

        Args:
            owner: Who we are to others.
            machine: The machine's name.
            purpose: What for.
            note: Told, in one sentence, what people should know.
            break_held: The owner whose lock is taken away, if they hold it.
            reason: Why, as somebody typed it; others see of it what names nobody.

        Raises:
            LockHeld: If another holds it.
            StateError: If it cannot be had.
        """
        lock = StateLock(
            self.branch,
            self.environment,
            owner=owner,
            machine=machine,
            purpose=f"{purpose} ({without_people(reason)})" if reason else purpose,
            clone=self._clone,
            clock=self._clock,
            identifier=self._runtime.identifier,
            pause=self._pause,
        )
        broken = None
        if break_held:
            note(f"Waiting at least {self._pause:.0f} s to see whether {break_held} still pushes.")
            broken = lock.break_held(break_held)
        if broken is None:
            lock.take()
        self._lock, self._note = lock, note
        up_to_date = False
        try:
            self._take_in(lock.head)
            up_to_date = True
            if broken is not None:
                about = {"owner": broken.owner, "by": owner, "reason": reason}
                self.journal.write(f"lock-{broken.epoch}", "lock broken", about)
            self._sync()
            self.journal.gate, self.journal.may_send = self._admit, lock.may_send
            yield
        finally:
            self.journal.gate, self.journal.may_send = _closed, lambda: False
            self._give_back(lock, push=up_to_date)

    def _give_back(self, lock: StateLock, *, push: bool) -> None:
        """Release the lock. ``push``: what waits goes first; where the branch was not taken in, some of it may be there already."""
        try:
            if push:
                self._sync()
            lock.release()
        except (StateError, JournalError) as error:
            self._note(
                f"what was done is recorded here, and could not be pushed ({error});"
                f" until it is, others wait: websakctl state push --environment {self.environment}"
            )
        finally:
            self._lock = None

    def _admit(self, run: str, address: Address) -> None:
        """Let a write go on once it is announced, and while the last accepted push is young enough.

        Raises:
            JournalError: If it may not be sent.
        """
        lock, this = self._lock, (run, str(address))
        if lock is None:
            _closed(run, address)
            return
        if this in self._announced and lock.age() < self._renew:
            return
        if not self._mutex.acquire(blocking=False):
            if this in self._announced and lock.may_send():
                return  # another thread is pushing
            self._mutex.acquire()
        try:
            if this in self._announced and lock.age() < self._renew:
                return
            if this not in self._announced:
                window = self._window(run, str(address))
                self.journal.announce(run, window)
            else:
                window = []
            self._push_patiently(lock, this)
            self._announced.update((run, other) for other in window)
            if not lock.may_send():
                raise JournalError(_TOO_OLD)
        finally:
            self._mutex.release()

    def _window(self, run: str, address: str) -> list[str]:
        order = self.journal.order
        begin = order.index(address) if address in order else 0
        following = [a for a in order[begin:] if (run, a) not in self._announced] if address in order else []
        return list(dict.fromkeys([address, *following]))[:WINDOW]

    def _push_patiently(self, lock: StateLock, this: tuple[str, str]) -> None:
        """Push; while it does not work, wait: as long as writes that were announced may be sent, and no longer."""
        deadline, reported = self._clock.monotonic() + self._pause, False
        while True:
            try:
                self._sync(alive=True)
                return
            except LockLost as error:
                raise JournalError(str(error)) from None
            except StateError as error:
                if this in self._announced and lock.may_send():
                    return
                if self._clock.monotonic() >= deadline:
                    raise JournalError(f"the shared state cannot be pushed: {error}") from None
                if not reported:
                    self._note(f"new writes wait: the shared state cannot be pushed ({error})")
                    reported = True
            self._clock.sleep(min(1.0, self._pause / 10))

    def _sync(self, *, alive: bool = False) -> None:
        """Push what waits; ``alive``: push in any case, to show that the run is."""
        lock = self._lock
        if lock is None:
            raise LockLost("the lock of the shared state is not held")
        with self._mutex:
            self._record_push()
            if lock.unsettled:
                self._push_under_way(lock.resolve())
            while transactions := self.journal.waiting():
                shared = [s for t in transactions if (s := self._sharing.transaction(t)) is not None]
                numbers = [t.number for t in transactions]
                if not shared:
                    self.journal.pushed(numbers)
                    continue
                batch = Batch(environment=self.environment, clone=self._clone, transactions=tuple(shared))
                self._under_way = numbers
                self._push_under_way(lock.push(encode(batch)))
                alive = False
            if alive:
                self._under_way = []
                lock.push(None)

    def _push_under_way(self, path: str | None) -> None:
        if self._under_way and path is not None and self._lock is not None:
            self._unrecorded = (self._under_way, path, self.branch.git.tree(self._lock.head)[path])
        self._under_way = []
        self._record_push()

    def _record_push(self) -> None:
        """Record what a push brought over; until that is done nothing else is pushed, or it would be there twice."""
        if self._unrecorded is not None:
            self.journal.pushed(*self._unrecorded)
            self._unrecorded = None

    def migrate(self, *, owner: str, machine: str, note: Callable[[str], None]) -> tuple[bool, int]:
        """Begin the branch where there is none, and share what was written here before.

        Returns:
            Whether the branch was begun, and how many entries were added to it.

        Raises:
            StateError: If it cannot be pushed, or there is no state key.
        """
        if self._key is None:
            raise StateError("the state key is not here", "see docs/operations.md, the state key")
        head = self.branch.fetch()
        begun = head is None
        if head is None:
            head = create(self.branch, Header(environment=self.environment, key_check=self._key.check))
        count = 0
        if self.journal.to_be_migrated:
            transactions = self._without(self._addresses_at(head))
            self.journal.migrate(transactions)
            count = sum(len(t.entries) for t in transactions)
        with self.hold(owner=owner, machine=machine, purpose="state migrate", note=note):
            pass
        return begun, count

    def _addresses_at(self, head: str) -> set[str]:
        """Addresses of what the branch knows to be managed."""
        tree = self.branch.git.tree(head)
        paths = [path for path in tree if path.startswith(ENTRIES)]
        contents = self.branch.git.blobs([tree[path] for path in paths])
        batches = [decode(content, path, self.environment) for path, content in zip(paths, contents, strict=True)]
        return {row.address for batch in batches for t in batch.transactions for row in t.applied}

    def _without(self, addresses: set[str]) -> list[Transaction]:
        """What was written here before the state was shared; of what the branch knows, the branch's word stands."""

        def shared(row: KnownRow) -> str:
            address = Address.parse(row.address)
            return str(self._key.address(address) if self._key is not None else address)

        return [
            msgspec.structs.replace(t, applied=tuple(row for row in t.applied if shared(row) not in addresses))
            for t in self.journal.unshared()
        ]

    # --- checking

    def verify(self) -> list[str]:
        """What of the local journal and the branch does not fit together; nothing where all does.

        Raises:
            StateError: If the branch cannot be read, or no longer holds what was seen.
        """
        head = self.pull()
        tree, have = self.branch.git.tree(head), self.journal.batches()
        paths = sorted(path for path in have if path in tree)
        kept: dict[tuple[str, str, str, str | None], int] = {}
        for e in self.journal.entries():
            merged = Entry(run=e.run, at=e.at, what=e.what, address=e.address, body=e.body)
            shared = self._sharing.transaction(Transaction(entries=(merged,)))
            if shared is not None:
                for entry in shared.entries:
                    kept[_fingerprint(entry)] = kept.get(_fingerprint(entry), 0) + 1
        problems = []
        for path, content in zip(paths, self.branch.git.blobs([tree[path] for path in paths]), strict=True):
            for transaction in decode(content, path, self.environment).transactions:
                for entry in transaction.entries:
                    result = _fingerprint(entry)
                    if not kept.get(result):
                        problems.append(
                            f"{path}: {entry.what} of run {entry.run} is not in the local journal as it is there"
                        )
                    else:
                        kept[result] -= 1
        return problems


def _fingerprint(entry: Entry) -> tuple[str, str, str, str | None]:
    body = json.dumps(entry.body, ensure_ascii=False, sort_keys=True)
    return entry.run, f"{entry.at} {entry.what}", body, entry.address


def _closed(run: str, address: Address) -> None:  # noqa: ARG001  # what a gate gets
    raise JournalError("the lock of the shared state is not held")
