"""The config as it was committed by a moment: which commit that is, what its files held, and which commits made it."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from websakctl.files import temporary_folder
from websakctl.source.building import build
from websakctl.source.configuration import Configuration
from websakctl.source.documents import read_documents
from websakctl.source.suppressions import Exemption, exemptions
from websakctl.state.git import Git, GitError

FOLDERS = ("config", "districts")


class ConfigUnknown(Exception):
    """Nobody can say what the config was. ``what_next``: what to do about it; ``day_is_wrong``: name another day."""

    def __init__(self, message: str, what_next: str, *, day_is_wrong: bool = False) -> None:
        super().__init__(message)
        self.what_next, self.day_is_wrong = what_next, day_is_wrong


class ConfigCommit(msgspec.Struct, frozen=True, kw_only=True):
    """One commit that changed the config. ``at`` is RFC 3339 in UTC: when it was committed, which a rebase moves."""

    sha: str
    at: str
    author: str
    committer: str
    subject: str


class ConfigFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the config: its id in git, and the SHA-256 of what it holds."""

    path: str
    blob: str
    digest: str


class ConfigAt(msgspec.Struct, frozen=True, kw_only=True):
    """The config of one commit.

    ``shallow``: the clone does not hold the whole history, so commits are missing. ``uncommitted``: the working tree has
    changes that are in no commit; they are no part of this.
    """

    sha: str
    at: str
    config: Configuration
    files: tuple[ConfigFile, ...]
    commits: tuple[ConfigCommit, ...]  # newest first
    exemptions: tuple[Exemption, ...]
    shallow: bool
    uncommitted: bool


def config_at(root: Path, day: date, until: datetime) -> ConfigAt:
    """Read the config of the newest commit that the current branch had before a moment.

    Merged branches count from their merge on. Nothing of the working tree is read.

    Args:
        root: The folder that holds ``config/`` and ``districts/``.
        day: The day on which periods are judged.
        until: The end of that day.

    Raises:
        ConfigUnknown: If there is no such commit, or git cannot say.
    """
    git = Git(root)
    try:
        return _read(git, day, until)
    except GitError as error:
        raise ConfigUnknown(
            f"git does not say what the config was: {error}",
            "evidence is made from commits: run it in a clone of the config's repository",
        ) from None


def _read(git: Git, day: date, until: datetime) -> ConfigAt:
    if git.kept_ref("HEAD") is None:
        raise ConfigUnknown(
            "nothing is committed here yet, and evidence is made from commits", "commit the config first"
        )
    shallow = git.line("rev-parse", "--is-shallow-repository") == "true"
    sha, seconds = _newest(git, day, until, shallow=shallow)
    blobs = {path: blob for path, blob in git.tree(sha).items() if path.split("/")[0] in FOLDERS}
    if not blobs:
        raise ConfigUnknown(
            f"commit {sha[:10]} of {_moment(seconds)[:10]}, the newest by {day}, holds neither config/ nor districts/",
            "name a later day with --as-of",
            day_is_wrong=True,
        )
    contents = dict(zip(blobs, git.blobs(list(blobs.values())), strict=True))
    config, found = _load(contents, day)
    return ConfigAt(
        sha=sha,
        at=_moment(seconds),
        config=config,
        files=tuple(
            ConfigFile(path=path, blob=blobs[path], digest=f"sha256:{hashlib.sha256(content).hexdigest()}")
            for path, content in sorted(contents.items())
        ),
        commits=tuple(_commits(git, sha)),
        exemptions=found,
        shallow=shallow,
        uncommitted=bool(git.line("status", "--porcelain", "--", *FOLDERS)),
    )


def _newest(git: Git, day: date, until: datetime, *, shallow: bool) -> tuple[str, int]:
    """The newest commit of the current branch before a moment, and its time."""
    rows = [row.split() for row in git.line(*_LOG, "--first-parent", "--format=%H %ct", "HEAD").splitlines()]
    end = until.timestamp()
    for sha, seconds in rows:
        if int(seconds) < end:
            return sha, int(seconds)
    first = _moment(int(rows[-1][1]))[:10]
    if shallow:
        raise ConfigUnknown(
            f"this clone is shallow: its oldest commit is of {first}, and {day} is before that",
            "git fetch --unshallow",
        )
    raise ConfigUnknown(
        f"{day} is before the first commit of the config, which is of {first}",
        "name a later day with --as-of",
        day_is_wrong=True,
    )


# Of settings that people have: no signatures, colours, renames or other encodings in between.
_LOG = ("-c", "log.showSignature=false", "log", "--no-color", "--no-decorate", "--no-mailmap", "--encoding=UTF-8")


def _commits(git: Git, sha: str) -> Iterable[ConfigCommit]:
    out = git.run(*_LOG, "-z", "--format=%H%n%ct%n%an%n%cn%n%s", sha, "--", *FOLDERS)
    for row in filter(None, out.decode("utf-8", "replace").split("\0")):
        name, seconds, author, committer, subject = row.split("\n", 4)
        yield ConfigCommit(
            sha=name, at=_moment(int(seconds)), author=author, committer=committer, subject=subject.strip()
        )


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _load(contents: Mapping[str, bytes], day: date) -> tuple[Configuration, tuple[Exemption, ...]]:
    """Read files as if they stood in a folder, which is gone afterwards."""
    with temporary_folder() as folder:
        for path, content in contents.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        documents = read_documents(folder)
    found = exemptions([*documents.base, *(d for own in documents.districts.values() for d in own)])
    return build(documents, day), tuple(found)
