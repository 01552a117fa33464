"""The journal as it was by a moment, from this machine's database or from a commit of the state branch; and what is missing in it."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from websakctl.apply.entries import Entry
from websakctl.apply.journal import Journal
from websakctl.apply.shared import SharedJournal
from websakctl.model.address import Address
from websakctl.operations.change.history import RunView, runs
from websakctl.state.branch import ENTRIES, StateBranch, StateError
from websakctl.state.entries import decode
from websakctl.state.git import Git, GitError


class NoSuchState(Exception):
    """The commit of the state branch that was named is not one. ``what_next``: what to do about it."""

    def __init__(self, message: str, what_next: str) -> None:
        super().__init__(message)
        self.what_next = what_next


class JournalAt(msgspec.Struct, frozen=True, kw_only=True):
    """One environment's entries by a moment, in order.

    ``branch`` and ``commit``: of the state branch, where it is shared. ``digest``: of the entries, the same wherever they are
    the same. ``gaps``: what is missing or cannot be read, in sentences.
    """

    all_entries: tuple[Entry, ...] = ()
    branch: str = ""
    commit: str = ""
    gaps: tuple[str, ...] = ()

    def entries(self, run: str | None = None) -> list[Entry]:
        """The entries in order, of one run or of all."""
        return [entry for entry in self.all_entries if run is None or entry.run == run]

    @property
    def digest(self) -> str:
        """The SHA-256 of all entries."""
        rows = [[e.at, e.run, e.what, e.address, e.body] for e in self.all_entries]
        text = json.dumps(rows, ensure_ascii=False, sort_keys=True)
        return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"

    def runs(self) -> list[RunView]:
        """The runs, oldest first."""
        return runs(self)[::-1]


def local_journal(journal: Journal | None, environment: str, until: datetime) -> JournalAt:
    """The entries of this machine's journal; ``None``: there is no such file."""
    if journal is None:
        return JournalAt(gaps=("there is no journal on this machine, so no run is known",))
    gaps = []
    if (broken := journal.broken_link()) is not None:
        gaps.append(f"the journal was altered: entry {broken} is missing or is not what was written")
    entries = journal.entries()
    here = {e.run for e in entries if e.body.get("environment") == environment}
    begun = {e.run for e in entries if e.what == "start"}  # of what has no start nobody knows where it was done
    return _by(until, [entry for entry in entries if entry.run in here or entry.run not in begun], gaps)


def shared_journal(
    branch: StateBranch,
    environment: str,
    until: datetime,
    *,
    commit: str | None,
    local: Journal | None,
    with_local_texts: bool,
) -> JournalAt:
    """The entries of the state branch, as this clone saw it last or at one of its commits. Nothing is fetched.

    Args:
        branch: The environment's.
        environment: Whose entries they are.
        until: Later entries are left out.
        commit: The commit of the branch; ``None``: the newest that this clone has.
        local: This machine's journal, which may hold what is not pushed yet.
        with_local_texts: Take reasons, which are not shared in full, from this machine's journal where it has them.

    Raises:
        NoSuchState: If the commit is none of the branch's.
    """
    git = branch.git
    head = _newest(branch)
    if commit is not None:
        commit = _of_the_branch(git, commit, head, branch.branch)
    head = commit or head
    gaps: list[str] = []
    if isinstance(local, SharedJournal) and (local.to_be_migrated or local.waiting(1)):
        gaps.append("this machine's journal holds entries that are not pushed to the state branch yet")
    if head is None:
        gaps.append(f"the state branch {branch.branch} was never fetched here, so no run is known")
        return JournalAt(branch=branch.branch, gaps=tuple(gaps))
    tree = git.tree(head)
    paths = sorted(path for path in tree if path.startswith(ENTRIES))
    entries: list[Entry] = []
    for path, content in zip(paths, git.blobs([tree[path] for path in paths]), strict=True):
        try:
            batch = decode(content, path, environment)
        except StateError as error:
            gaps.append(str(error))
            continue
        entries += (
            Entry(seq=len(entries) + n, at=e.at, run=e.run, what=e.what, address=e.address, body=e.body)
            for n, e in enumerate((e for t in batch.transactions for e in t.entries), 1)
        )
    gaps += [f"{path} was changed or removed after it was pushed" for path in _altered(git, head)]
    if with_local_texts and local is not None:
        entries = list(_with_texts(entries, local.entries()))
    return msgspec.structs.replace(_by(until, entries, gaps), branch=branch.branch, commit=head)


def _newest(branch: StateBranch) -> str | None:
    """The newest commit of the branch that this clone has, by our own record or as git fetched it."""
    tracked = branch.git.ref(f"refs/remotes/{branch.remote}/{branch.branch}")
    seen = branch.seen
    if seen is None or tracked is None:
        return seen or tracked
    return tracked if branch.git.is_ancestor(seen, tracked) else seen


def _of_the_branch(git: Git, commit: str, head: str | None, branch: str) -> str:
    try:
        found = git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
    except GitError:
        found = ""
    if not found or head is None or not git.is_ancestor(found, head):
        raise NoSuchState(
            f"{commit} is no commit of the state branch {branch}, as far as this clone has it",
            "`git log` of the branch lists them; `websakctl state pull` fetches it",
        )
    return found


def _altered(git: Git, head: str) -> list[str]:
    """Files of entries that a later commit changed or removed; in an honest branch there is none."""
    out = git.run("log", "-z", "--format=", "--name-only", "--no-renames", "--diff-filter=DMT", head, "--", ENTRIES)
    return sorted({path for path in out.decode("utf-8", "replace").split("\0") if path})


def _with_texts(entries: Iterable[Entry], local: Sequence[Entry]) -> Iterable[Entry]:
    """The same entries, with the reasons that this machine has in full."""
    reasons = {e.run: e.body.get("reason") for e in local if e.what == "start"}
    for entry in entries:
        known = reasons.get(entry.run) if entry.what == "start" else None
        yield entry if known is None else msgspec.structs.replace(entry, body={**entry.body, "reason": known})


def _by(until: datetime, entries: Iterable[Entry], gaps: Iterable[str]) -> JournalAt:
    """The entries before a moment that are whole; what is not is counted and named."""
    sound, unsound = [], 0
    for entry in entries:
        at = _moment(entry.at)
        if at is None or not _is_sound(entry):
            unsound += 1
        elif at < until:
            sound.append(entry)
    begun = {entry.run for entry in sound if entry.what == "start"}
    headless = sorted({entry.run for entry in sound if entry.what in ("result", "end")} - begun)
    found = list(gaps)
    if unsound:
        found.append(f"entries of the journal that cannot be read: {unsound}")
    if headless:
        found.append(f"runs whose start is missing in the journal: {', '.join(headless)}")
    return JournalAt(all_entries=tuple(sound), gaps=tuple(found))


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _is_sound(entry: Entry) -> bool:
    """Whether an entry has the shape that looking back relies on."""
    body: dict[str, Any] = entry.body
    try:
        if entry.address is not None:
            Address.parse(entry.address)
        for path, _, _ in body.get("fields") or ():
            path.partition(".")
        for change in body.get("changes") or ():
            Address.parse(change["address"])
            for field in change.get("fields") or ():
                _ = field["path"], field["before"], field["after"]
        return isinstance(body.get("counts") or {}, dict)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
