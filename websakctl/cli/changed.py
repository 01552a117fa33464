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
    from websakctl.operations.review.changed import NoSuchCommit, NothingInCommon, changed_entries
    from websakctl.state.git import GitError

    if since is not None and not in_repository(session.root):
        raise Problem(f"{session.root} is no git repository, so that nothing can have changed since {since}", Exit.USAGE, "run it in a clone, or leave --changed-since out")  # fmt: skip
    try:
        return changed_entries(session.root, session.config, "HEAD" if since is None else since)
    except NoSuchCommit:
        if since is None:
            return frozenset()  # nothing is committed yet: there is no change to speak of
        raise Problem(f"--changed-since {since} is no commit of this repository", Exit.USAGE, "name a commit or a branch, such as origin/main") from None  # fmt: skip
    except NothingInCommon:
        raise Problem(f"{since} and this branch have no commit in common, as far as this clone goes back", Exit.FAILED, "fetch the whole history: git fetch --unshallow; in a pipeline fetch-depth: 0 or GIT_DEPTH: 0") from None  # fmt: skip
    except GitError as error:
        if since is not None:
            raise Problem(f"cannot tell what has changed since {since} ({error})", Exit.FAILED) from None
        session.terminal.warn(
            f"cannot tell which entries were edited ({error}): legal bases that ended are only warnings"
        )
        return None
