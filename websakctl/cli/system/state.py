"""``state``: the journal and the lock that several machines share on a branch of the git remote."""

import socket
from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, command
from websakctl.cli.session import Session
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from websakctl.apply.shared import SharedState

Restore = Annotated[
    bool,
    typer.Option("--restore", help="Put the branch back as this clone has seen it, where it was deleted or reset."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="The journal and lock that several machines share on a branch of the git remote.", no_args_is_help=True
    )
    command(group, "status", example="websakctl state status --environment production")(status)
    command(group, "pull", example="websakctl state pull --environment production")(pull)
    command(group, "push", example="websakctl state push --environment production")(push)
    command(group, "verify", example="websakctl state verify --environment production")(verify)
    command(group, "migrate", example="websakctl state migrate --environment production")(migrate)
    app.add_typer(group, name="state")


def _shared(session: Session) -> "SharedState":
    if session.shared_state is None:
        raise Problem(
            f"the state of {session.target.name} is this machine's alone",
            Exit.USAGE,
            "share it with `state: git` in config/websak.yaml, then `websakctl state migrate`"
            if not session.target.embedded
            else "the sandbox's state is never shared; name an environment: --environment NAME",
        )
    return session.shared_state


def _written(session: Session, headline: str, **data: object) -> None:
    session.write(TableReport(headline=headline, columns=(), rows=(), data={"format_version": 1, **data}))


def status(call: Call) -> None:
    """Show where the state is, who holds the lock, and what is still to be pushed."""
    from websakctl.state.branch import Unreachable
    from websakctl.state.lock import read_holder

    session = Session(call)
    name = session.target.name
    if session.shared_state is None:
        entries = session.journal.count()
        _written(
            session,
            f"The state of {name} is in {session.state_dir}, on this machine alone: {entries} entries.",
            state="local",
            environment=name,
            entries=entries,
        )
        return
    shared = session.shared_state
    reachable = True
    try:
        with session.state_problems():
            shared.pull()
    except Problem as problem:
        if not isinstance(problem.__cause__, Unreachable):
            raise
        reachable = False
        session.terminal.warn(str(problem))
    head = shared.branch.seen
    holder = read_holder(shared.branch, head) if head is not None else None
    waiting = len(shared.journal.waiting(1_000_000))
    rows = [
        ("branch", f"{shared.branch.branch} of {shared.branch.remote}"),
        ("newest commit", (head or "none seen") + ("" if reachable else " (seen last)")),
        ("entries here", str(session.journal.count())),
        ("to be pushed", str(waiting)),
        ("state key", "here" if session.state_key is not None else session.no_state_key or "not here"),
        (
            "lock",
            f"{holder.owner} on {holder.machine}: {holder.purpose} (taken {holder.age(session.runtime.clock.now())} ago)"
            if holder is not None
            else "free",
        ),
    ]
    data = {
        "format_version": 1,
        "state": "git",
        "environment": name,
        "remote": shared.branch.remote,
        "branch": shared.branch.branch,
        "reachable": reachable,
        "head": head,
        "entries": session.journal.count(),
        "waiting": waiting,
        "state_key": session.state_key is not None,
        "lock": {
            "owner": holder.owner,
            "machine": holder.machine,
            "purpose": holder.purpose,
            "taken_at": holder.taken_at,
        }
        if holder is not None
        else None,
    }
    session.write(TableReport(headline="", columns=("what", "value"), rows=rows, data=data))


def pull(call: Call) -> None:
    """Take in what others have pushed. Writes nothing but the local journal."""
    session = Session(call)
    shared, before = _shared(session), session.journal.count()
    with session.state_problems():
        head = shared.pull()
    added = session.journal.count() - before
    _written(session, f"Took in {added} entries ({head[:12]}).", head=head, added=added)


def push(call: Call, restore: Restore = False) -> None:
    """Push what is recorded here and not there yet, such as the results of a run that lost its remote."""
    session = Session(call)
    shared = _shared(session)
    if restore:
        with session.state_problems():
            head = shared.branch.restore()
        session.terminal.say(f"Put {shared.branch.branch} back to {head[:12]}.")
    count = len(shared.journal.waiting(1_000_000))
    with session.alone("state push"):
        pass
    left = len(shared.journal.waiting(1_000_000))
    if left:
        raise Problem(
            f"{left} of {count} are still to be pushed", Exit.UNREACHABLE, "try again when the remote answers"
        )
    _written(session, f"Pushed {count}; nothing is left.", pushed=count, restored=restore)


def verify(call: Call) -> None:
    """Check the local journal's chain, and that it says what the branch says."""
    session = Session(call)
    verify_shared(session, _shared(session))


def verify_shared(session: Session, shared: "SharedState") -> None:
    """Compare the local journal with the branch."""
    with session.state_problems():
        problems = shared.verify()
    broken, count = session.journal.broken_link(), session.journal.count()
    if broken is not None:
        problems.insert(0, f"the local journal's entry {broken} is missing or is not what was written")
    data = {"entries": count, "intact": not problems, "first_broken": broken, "problems": problems}
    if not problems:
        _written(
            session,
            f"The journal is whole: {count} entries, chained to each other; it says what {shared.branch.branch} says.",
            **data,
        )
        return
    session.write(
        TableReport(headline="\n".join(problems[:20]), columns=(), rows=(), data={"format_version": 1, **data})
    )
    raise Problem(
        f"the journal and {shared.branch.branch} do not agree",
        Exit.FAILED,
        "move journal.db away and run `websakctl state pull`: a journal made from the branch says what was pushed",
    )


def migrate(call: Call) -> None:
    """Begin to share the state of an environment: make its key and its branch, and push what is recorded here."""
    session = Session(call)
    shared = _shared(session)
    created = _make_key(session)
    if created:
        del session.shared_state, session.journal  # they were made without it
        session.__dict__.pop("state_key", None)
        shared = _shared(session)
    with session.alone_here(), session.state_problems():
        begun, count = shared.migrate(owner=session.owner, machine=socket.gethostname(), note=session.terminal.warn)
    done = f"Began {shared.branch.branch}" if begun else f"{shared.branch.branch} was there already"
    reported = f"{done}, and added {count} entries of this state directory."
    if created:
        reported += (
            f"\nMade the state key of {session.target.name}, and put it into this machine's keyring. Whoever else plans or"
            f" applies needs it:\n  keyring get websakctl {session.state_key_name}\n"
            f"and on their machine:\n  keyring set websakctl {session.state_key_name}"
        )
    _written(session, reported, begun=begun, added=count, key_made=created)


def _make_key(session: Session) -> bool:
    """Make the state key where there is none; false if there is one."""
    from websakctl.redaction import Secret
    from websakctl.secrets import KeyringUnavailable, store_secret
    from websakctl.state.people import new_key

    if session.state_key is not None:
        return False
    shared = session.shared_state
    with session.state_problems():
        if shared is not None and shared.branch.remote_head() is not None:
            session.required_state_key()  # another has made it
    try:
        store_secret(session.state_key_name, Secret(new_key()))
    except KeyringUnavailable as error:
        raise Problem(
            f"there is no keyring here to keep a state key in ({error})",
            Exit.FAILED,
            "make one, keep it where your secrets are, and set WEBSAKCTL_STATE_KEY to it:\n"
            '  python -c "import secrets; print(secrets.token_hex(32))"',
        ) from None
    return True
