"""``auth``: client credentials in the OS keyring; environment variables in CI."""

import sys
from typing import Annotated

import typer

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, command
from websakctl.cli.session import Session
from websakctl.redaction import Secret
from websakctl.report.view_models import TableReport

ClientId = Annotated[
    str | None, typer.Option("--client-id", metavar="ID", help="The client id (asked for when omitted).")
]
_NO_KEYRING = "set WEBSAKCTL_CLIENT_ID and WEBSAKCTL_CLIENT_SECRET instead"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Client credentials: kept in the OS keyring.", no_args_is_help=True)
    command(group, "login", example="websakctl auth login --environment test")(login)
    command(group, "logout", example="websakctl auth logout --environment test")(logout)
    command(group, "status", example="websakctl auth status --environment test")(status)
    app.add_typer(group, name="auth")


def _external(session: Session) -> str:
    if session.target.embedded:
        raise Problem(
            "the embedded sandbox keeps its own credentials", Exit.USAGE, "name an environment: --environment NAME"
        )
    return session.target.name


def _agreed_host(session: Session) -> str:
    """The host that the secret may be sent to; asked for where only the config says that it is another one than before, or than Websak's own.

    Raises:
        Problem: If nobody can be asked, or the answer is no.
    """
    from websakctl.secrets import EntryDamaged, KeyringUnavailable, stored
    from websakctl.settings import host_of

    target = session.target
    host = host_of(target.described.token_url)
    try:
        before = stored(session.keyring_entry)
    except EntryDamaged:  # it is replaced
        before = None
    except KeyringUnavailable as error:
        raise Problem(f"there is no keyring here ({error})", Exit.FAILED, _NO_KEYRING) from None
    other = (before.token_host if before else "") or host_of(target.described.base_url)
    if host in (other, target.token_host):
        return host
    reported = f"{target.name}: the secret would be sent to {host}, not to {other}"
    if not sys.stdin.isatty():
        raise Problem(
            f"{reported}; nothing was stored",
            Exit.NOT_PERMITTED,
            f"log in on a terminal, or set WEBSAKCTL_TOKEN_URL={target.described.token_url}",
        )
    if session.terminal.ask(f"{reported}. Type 'yes' to store it for {host}: ") != "yes":
        raise Problem("declined; nothing was stored", Exit.REFUSED)
    return host


def login(call: Call, client_id: ClientId = None) -> None:
    """Store a client id and secret in the OS keyring. The secret is read from the terminal, or from stdin."""
    from websakctl.secrets import Credentials, KeyringUnavailable, store

    session = Session(call)
    name = _external(session)
    host = _agreed_host(session)
    if sys.stdin.isatty():
        import getpass

        client = client_id or session.terminal.ask("Client id: ") or ""
        secret = getpass.getpass("Client secret (not shown): ")
    else:
        lines = sys.stdin.read().splitlines()
        client, secret = client_id or session.target.described.client_id, lines[0].strip() if lines else ""
    if not client or not secret:
        raise Problem(
            "a client id and a secret are needed; nothing was stored",
            Exit.USAGE,
            "websakctl auth login --client-id ID < FILE, or run it in a terminal",
        )
    try:
        store(session.keyring_entry, Credentials(client_id=client, client_secret=Secret(secret), token_host=host))
    except KeyringUnavailable as error:
        raise Problem(f"there is no keyring here ({error})", Exit.FAILED, _NO_KEYRING) from None
    reported = f"Stored for {name}. `websakctl doctor --environment {name}` tries it."
    session.write(
        TableReport(
            headline=reported, columns=(), rows=(), data={"environment": name, "client_id": client, "stored": True}
        )
    )


def logout(call: Call) -> None:
    """Forget what is stored for an environment."""
    from websakctl.secrets import KeyringUnavailable, forget

    session = Session(call)
    name = _external(session)
    try:
        gone = forget(session.keyring_entry)
    except KeyringUnavailable as error:
        raise Problem(f"there is no keyring here ({error})", Exit.FAILED, _NO_KEYRING) from None
    reported = f"Forgotten for {name}." if gone else f"Nothing was stored for {name}."
    session.write(TableReport(headline=reported, columns=(), rows=(), data={"environment": name, "forgotten": gone}))


def status(call: Call) -> None:
    """Show where the credentials come from; never the secret."""
    from websakctl.secrets import KeyringUnavailable, stored

    session = Session(call)
    target = session.target
    source, client = "nowhere", target.described.client_id
    if target.embedded:
        source, client = "the embedded sandbox", "websakctl"
    elif target.client_secret is not None:
        source = "WEBSAKCTL_CLIENT_SECRET"
    else:
        try:
            result = stored(session.keyring_entry)
        except KeyringUnavailable as error:
            result = None
            session.terminal.warn(f"the keyring cannot be asked ({error})")
        if result is not None:
            source, client = "the OS keyring", client or result.client_id
    data = {
        "environment": target.name,
        "client_id": client or None,
        "secret_from": None if source == "nowhere" else source,
    }
    rows = [("environment", target.name), ("client id", client or "(none)"), ("secret from", source)]
    session.write(TableReport(headline="", columns=("", ""), rows=rows, data=data))
    raise typer.Exit(Exit.NOT_PERMITTED if source == "nowhere" or not client else Exit.OK)
