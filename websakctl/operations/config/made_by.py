"""Which commit wrote a line of the config, and which run put a value into Websak."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from websakctl.apply.attempt import Status
from websakctl.apply.collaborators import RunJournal
from websakctl.model.address import Address
from websakctl.operations.change.history import history_entries, runs
from websakctl.plan.diff import same
from websakctl.state.git import Git, GitError

NOT_COMMITTED = "not committed"
_HEADER = re.compile(r"([0-9a-f]{40,64}) [0-9]+ ([0-9]+)(?: [0-9]+)?")
_SHOWN = 10  # characters of a commit that people see


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """The commit that wrote a line; ``sha`` is empty where the line is in none yet."""

    sha: str
    on: str = ""  # ISO day
    author: str = ""
    summary: str = ""

    def __str__(self) -> str:
        return f"{self.sha[:_SHOWN]} ({self.on}, {self.author})" if self.sha else NOT_COMMITTED


class PutBy(msgspec.Struct, frozen=True, kw_only=True):
    """The last run that set a field, and what it set."""

    run: str
    at: str
    value: Any


def commits_of(git: Git, files: Iterable[str]) -> dict[tuple[str, int], Commit]:
    """The commit of every line of some files, by file and line.

    Raises:
        GitError: If git cannot tell, which is not the same as "not committed".
    """
    result: dict[tuple[str, int], Commit] = {}
    if git.line("rev-parse", "--is-inside-work-tree") != "true":
        raise GitError("there is no working tree")
    if git.ref("HEAD") is None:
        return result
    tracked = set(git.run("ls-tree", "-r", "-z", "--name-only", "HEAD").decode("utf-8", "replace").split("\0"))
    for file in dict.fromkeys(files):
        if file in tracked:
            result |= {(file, line): commit for line, commit in _blamed(git, file).items()}
    return result


def _blamed(git: Git, file: str) -> dict[int, Commit]:
    facts: dict[str, dict[str, str]] = {}
    lines: dict[int, str] = {}
    sha = ""
    for row in git.run("blame", "--porcelain", "--", file).decode("utf-8", "replace").split("\n"):
        if row.startswith("\t"):
            continue
        if header := _HEADER.fullmatch(row):
            sha = header[1]
            lines[int(header[2])] = sha
        elif sha:
            name, _, value = row.partition(" ")
            facts.setdefault(sha, {})[name] = value
    return {line: _commit(sha, facts.get(sha, {})) for line, sha in lines.items()}


def _commit(sha: str, facts: Mapping[str, str]) -> Commit:
    if not sha.strip("0"):
        return Commit(sha="")
    seconds = facts.get("author-time", "")
    on = datetime.fromtimestamp(int(seconds), UTC).date().isoformat() if seconds.isdigit() else ""
    return Commit(sha=sha, on=on, author=facts.get("author", ""), summary=facts.get("summary", ""))


def runs_of(journal: RunJournal, address: Address, environment: str) -> dict[str, PutBy]:
    """By field, the last run in an environment that set it."""
    here = {view.run for view in runs(journal) if view.environment == environment}
    result: dict[str, PutBy] = {}
    for entry in history_entries(journal, address=str(address)):
        if entry.run in here and entry.status == Status.DONE.value:
            for field in entry.fields:
                name = field.path.partition(".")[0]
                result[name] = PutBy(run=entry.run, at=entry.at, value=field.after if field.path == name else None)
    return result


def run_in_words(put: PutBy | None, value: Any) -> str:
    """The run in words: which one set the value, or that Websak last got another."""
    if put is None:
        return ""
    if put.value is None or same(put.value, value):
        return put.run
    return f"{put.run} set another value"
