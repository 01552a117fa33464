"""``sandbox``: a Websak to practise on."""

from typing import Annotated

import msgspec
import typer

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, command
from websakctl.cli.session import Session
from websakctl.report.view_models import TableReport
from websakctl.sandbox.quirks import PUBLISHED, QUIRKS

Host = Annotated[str, typer.Option("--host", metavar="H", help="Address to listen on.")]
Port = Annotated[
    int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
]
ApiVersion = Annotated[
    str,
    typer.Option(
        "--api-version", metavar="|".join(PUBLISHED), help="Which published User API it pretends to be; @: the year."
    ),
]
Quirks = Annotated[
    list[str] | None,
    typer.Option(
        "--quirk",
        metavar="NAME",
        help="Play a doubtful point the other way; may be repeated. "
        + "; ".join(f"{name}: {reading}" for name, reading in QUIRKS.items())
        + ".",
    ),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database", metavar="URL", help="SQLAlchemy URL (default: a SQLite file under the state directory)."
    ),
]
Empty = Annotated[bool, typer.Option("--empty", help="Only the root unit.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="A Websak to practise on: a real server with a real database.", no_args_is_help=True)
    command(group, "serve", example="websakctl sandbox serve --port 8080 --api-version 3.0")(serve)
    command(group, "status", example="websakctl sandbox status --format json")(status)
    command(group, "reset", example="websakctl sandbox reset --empty")(reset)
    command(group, "stop", example="websakctl sandbox stop")(stop)
    app.add_typer(group, name="sandbox")


def serve(
    call: Call,
    host: Host = "127.0.0.1",
    port: Port = 0,
    api_version: ApiVersion = "3.3",
    quirk: Quirks = None,
    database: Database = None,
) -> None:
    """Serve in the foreground until Ctrl-C; commands of this repository find it by themselves."""
    from websakctl.sandbox.process import SandboxError, SandboxMissing, SandboxRunning, Server
    from websakctl.sandbox.process import serve as serve_here

    if api_version not in PUBLISHED:
        reported = f"--api-version {api_version} is none of {', '.join(PUBLISHED)}"
        raise Problem(reported, Exit.USAGE, "websakctl sandbox serve --help")
    if unknown := sorted(set(quirk or ()) - QUIRKS.keys()):
        reported = f"unknown quirk {', '.join(unknown)}; there are {', '.join(QUIRKS)}"
        raise Problem(reported, Exit.USAGE, "websakctl sandbox serve --help")
    session = Session(call)

    def ready(server: Server) -> None:
        reported = f"Serving on {server.base_url} (User API {server.api_version}, Setup API {server.setup_url}). Ctrl-C stops it."
        session.write(
            TableReport(headline=reported, columns=(), rows=(), data=msgspec.to_builtins(server)), secrets_allowed=True
        )

    try:
        serve_here(
            session.state_dir,
            host=host,
            port=port,
            api_version=api_version,
            quirks=quirk or (),
            database=database,
            on_ready=ready,
        )
    except SandboxMissing as error:
        raise Problem(str(error), what_next="pip install 'websakctl[sandbox]'") from None
    except SandboxRunning as error:
        raise Problem(str(error), Exit.REFUSED, "websakctl sandbox stop") from None
    except SandboxError as error:
        raise Problem(str(error), what_next=f"see {session.state_dir}/sandbox/server.log") from None


def status(call: Call) -> None:
    """Show whether it runs, where, and how to get in."""
    from websakctl.sandbox.process import find_server

    session = Session(call)
    server = find_server(session.state_dir)
    if server is None:
        names = (
            "base_url",
            "setup_url",
            "token_url",
            "client_id",
            "client_secret",
            "database",
            "pid",
            "api_version",
            "quirks",
        )
        data: dict[str, object] = {"running": False, **dict.fromkeys(names)}
    else:
        data = msgspec.to_builtins(server)
    shown = {**data, "client_secret": "(in --format json)" if server else None}
    session.write(
        TableReport(
            headline="",
            columns=("", ""),
            rows=[(name, _in_words(value)) for name, value in shown.items() if value not in (None, ())],
            data=data,
        ),
        secrets_allowed=True,
    )


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def reset(call: Call, empty: Empty = False) -> None:
    """Bring the seed back; all that was applied is forgotten."""
    from websakctl.operations.apply.recovery import forget_environment
    from websakctl.sandbox.process import SandboxError
    from websakctl.sandbox.process import reset as reset_here
    from websakctl.settings import SANDBOX

    session = Session(call)
    try:
        reset_here(session.state_dir, empty=empty)
    except SandboxError as error:
        raise Problem(str(error), what_next="websakctl sandbox stop, then reset again") from None
    forget_environment(session.journal, SANDBOX)
    reported = "The sandbox holds " + ("only its root unit." if empty else "its seed again.")
    session.write(TableReport(headline=reported, columns=(), rows=(), data={"seed": "empty" if empty else "standard"}))


def stop(call: Call) -> None:
    """Stop the embedded server; its database stays."""
    from websakctl.sandbox.process import SandboxError, stop_server

    session = Session(call)
    try:
        was_running = stop_server(session.state_dir)
    except SandboxError as error:
        raise Problem(str(error)) from None
    session.write(
        TableReport(
            headline="Stopped." if was_running else "It does not run.",
            columns=(),
            rows=(),
            data={"was_running": was_running},
        )
    )
