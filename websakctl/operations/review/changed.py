"""Which entries a change adds or edits, compared with a commit; what only a day has made doubtful is an error in these alone."""

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from websakctl.diagnostics import Diagnostic, Severity
from websakctl.model.address import Address
from websakctl.source.configuration import Configuration
from websakctl.source.load import load_configuration
from websakctl.state.git import Git, GitError

ERRORS_IN_A_CHANGE = frozenset({"basis-ended", "basis-not-in-force", "legal-basis-ended", "legal-basis-unregistered"})


class NoSuchCommit(Exception):
    """Git knows no commit of that name."""


class NothingInCommon(Exception):
    """As far as this clone goes back, the two branches have no commit in common."""


def changed_entries(root: Path, config: Configuration, since: str) -> frozenset[Address]:
    """The resources that are not as they were where this branch left ``since``, and those that are gone.

    What could not be read then counts as changed.

    Raises:
        NoSuchCommit: If ``since`` names no commit.
        NothingInCommon: If this branch never left it.
        GitError: If git cannot say.
    """
    git = Git(root)
    if not since or since.startswith("-") or git.kept_ref(since) is None:
        raise NoSuchCommit(since)
    earlier = load_configuration(root, None, _texts_at(git, _where_it_left(git, since), config))
    before = earlier.whole
    return frozenset(before.keys() - config.whole.keys()) | frozenset(
        address
        for address, resource in config.whole.items()
        if address not in before
        or before[address].fields != resource.fields
        or earlier.config_only.get(address) != config.config_only.get(address)
    )


def is_shallow(root: Path) -> bool:
    """Whether a clone lacks older commits."""
    try:
        return Git(root).line("rev-parse", "--is-shallow-repository") == "true"
    except GitError:
        return False


def _where_it_left(git: Git, since: str) -> str:
    try:
        return git.line("merge-base", since, "HEAD")
    except GitError as error:
        if error.exit_code == 1:  # it ran, and found none
            raise NothingInCommon(since) from None
        raise


def _texts_at(git: Git, commit: str, config: Configuration) -> Mapping[str, str | None]:
    """The config's files as a commit has them, in place of those that stand there now."""
    blobs = {
        path: blob
        for path, blob in git.tree(commit).items()
        if path.startswith(("config/", "districts/")) and path.endswith((".yaml", ".yml"))
    }
    texts = dict(zip(blobs, git.blobs(list(blobs.values())), strict=True))
    now: dict[str, str | None] = dict.fromkeys(config.texts)
    return {**now, **{path: text.decode("utf-8", "replace") for path, text in texts.items()}}


def as_of_this_change(
    findings: list[Diagnostic], changed: frozenset[Address], settings: Mapping[str, str]
) -> list[Diagnostic]:
    """Make errors of the findings about entries that the change adds or edits, where the settings say nothing of the rule."""
    names = {str(address) for address in changed}
    return [
        replace(f, severity=Severity.ERROR, message=f"{f.message}; this change adds or edits {f.address}")
        if f.code in ERRORS_IN_A_CHANGE and f.code not in settings and f.address in names
        else f
        for f in findings
    ]
