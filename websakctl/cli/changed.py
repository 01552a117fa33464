"""``--changed-since``: the entries that the change at hand adds, edits or removes."""

from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.session import Session
from websakctl.cli.write_back import in_repository

if TYPE_CHECKING:
    from websakctl.model.address import Address

Since = Annotated[
    str | None,
    typer.Option(
        "--changed-since",
        metavar="COMMIT",
        help="The commit or branch that the change at hand is compared with (default: the last commit).",
    ),
]


def entries_changed(session: Session, since: str | None) -> "frozenset[Address] | None":
    """The entries that changed since a commit, or the last one; ``None`` where nobody asked, and git cannot tell.

    Raises:
        Problem: If somebody asked, and it cannot be told.
    """
    from websakctl.operations.review.changed import NoSuchCommit, NothingInCommon, changed_entries, is_shallow
    from websakctl.state.git import GitError

    if since is not None and not in_repository(session.root):
        raise Problem(f"{session.root} is no git repository, so that nothing can have changed since {since}", Exit.USAGE, "run it in a clone, or leave --changed-since out")  # fmt: skip
    try:
        return changed_entries(session.root, session.config, "HEAD" if since is None else since)
    except NoSuchCommit:
        if since is None:
            return frozenset()  # nothing is committed yet: there is no change to speak of
        cut = is_shallow(session.root)
        raise Problem(f"--changed-since {since} is no commit of this repository{', whose history is cut off (a shallow clone)' if cut else ''}", Exit.USAGE, "git fetch --unshallow; in a pipeline fetch-depth: 0 or GIT_DEPTH: 0" if cut else "name a commit or a branch, such as origin/main") from None  # fmt: skip
    except NothingInCommon:
        raise Problem(f"{since} and this branch have no commit in common, as far as this clone goes back", Exit.FAILED, "fetch the whole history: git fetch --unshallow; in a pipeline fetch-depth: 0 or GIT_DEPTH: 0") from None  # fmt: skip
    except GitError as error:
        if since is not None:
            raise Problem(f"cannot tell what has changed since {since} ({error})", Exit.FAILED) from None
        session.terminal.warn(
            f"cannot tell which entries were edited ({error}): legal bases that ended are only warnings"
        )
        return None


def judge_the_change(session: Session, since: str | None) -> "frozenset[Address] | None":
    """Make errors of what the law no longer supports in the entries that the change at hand adds or edits; give these.

    ``None`` where nobody asked, and nothing is to be judged.
    """
    from websakctl.operations.review.changed import ERRORS_IN_A_CHANGE, as_of_this_change

    config = session.config
    if since is None and not (
        in_repository(session.root) and any(f.code in ERRORS_IN_A_CHANGE for f in config.findings)
    ):
        return None
    if (changed := entries_changed(session, since)) is not None:
        config.findings[:] = as_of_this_change(config.findings, changed, config.settings.rules)
    return changed


def valid_config_of_change(session: Session, since: str | None = None) -> "frozenset[Address] | None":
    """See that the config is valid, as `validate` has it on the change at hand; give the entries of that change, if asked.

    Raises:
        Problem: If it is not.
    """
    session.valid_config()
    changed = judge_the_change(session, since)
    session.valid_config()
    return changed if since is not None else None
