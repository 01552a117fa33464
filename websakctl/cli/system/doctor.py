"""``doctor``: can I reach it, may I, and is everything in place."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, command
from websakctl.cli.session import Session
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from websakctl.live.websak import WebsakReader


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "doctor", example="websakctl doctor --environment test")(doctor)


def doctor(call: Call) -> None:
    """Check config, environment, credentials, both APIs and the journal, one line each."""
    from websakctl.live.errors import LiveError, NotPermitted

    session = Session(call)
    result: list[tuple[str, str, str]] = []
    worst = Exit.OK

    def check(name: str, look: Callable[[], str]) -> bool:
        nonlocal worst
        try:
            result.append((name, "ok", look()))
            return True
        except Problem as error:
            result.append((name, "FAILED", f"{error} ({error.what_next})" if error.what_next else str(error)))
            worst = worst or error.exit_code
        except LiveError as error:
            result.append((name, "FAILED", f"{error}; {error.what_next}"))
            worst = worst or (Exit.NOT_PERMITTED if isinstance(error, NotPermitted) else Exit.UNREACHABLE)
        except Exception as error:  # whatever it is, the other checks go on
            result.append((name, "FAILED", f"{type(error).__name__}: {error}"))
            worst = worst or Exit.FAILED
        return False

    def config() -> str:
        if not session.config.valid:
            raise Problem(session.findings_headline(session.config), Exit.INVALID, "websakctl validate")
        return session.findings_headline(session.config)

    def state_directory() -> str:
        session.require_writable_state()
        return str(session.state_dir)

    _ = session.root  # without one there is nothing to check
    check("config", config)
    check("state directory", state_directory)
    check(
        "journal",
        lambda: (
            f"{len(session.journal.known(session.target.name))} resources applied to {session.target.name} from here"
        ),
    )
    if session.shared_state is not None:
        check("shared state", lambda: _shared_state(session))
    if check(
        "environment",
        lambda: (
            f"{session.target.name} at {session.connection.base_url}{' (protected)' if session.target.described.protected else ''}"
        ),
    ) and check("network", lambda: _network(session)):
        _live(session, check)
    session.write(
        TableReport(
            headline="",
            columns=("check", "state", "what"),
            rows=result,
            data=[{"check": n, "ok": s == "ok", "detail": d} for n, s, d in result],
        )
    )
    raise typer.Exit(worst)


def _network(session: Session) -> str:
    """How the Websak is reached and whom TLS trusts there."""
    from websakctl.live.tls import context_for
    from websakctl.urls import parse_url

    network, server = session.network, parse_url(session.connection.base_url)
    context_for(server, network)  # a file of authorities that is not there is told here
    proxy = network.proxy_for(server)
    unread = f"; not read: {', '.join(network.unread)}" if network.unread else ""
    past = f", past {', '.join(sorted({p.address for p in network.proxies.values()}))}" if network.proxies else ""
    way = f"by the proxy {proxy.address} ({proxy.variable})" if proxy else f"directly{past}"
    return f"{way}; trusts {network.trust}{unread}"


def _shared_state(session: Session) -> str:
    """Whether the shared state can be read and pushed, and whether its history is this user's to destroy."""
    shared = session.shared_state
    if shared is None:
        return "none"
    with session.state_problems():
        head = shared.pull()
    reported = f"{shared.branch.branch} of {shared.branch.remote} at {head[:12]}"
    if session.state_key is None:
        reported += f"; the state key is not here{f' ({why})' if (why := session.no_state_key) else ''}, so nothing about users can be applied"
    try:
        with session.state_problems():
            rewrite, delete = shared.branch.could_rewrite()
    except Problem as problem:
        return f"{reported}; apply is not possible from here, plan and drift are ({problem})"
    if not (rewrite or delete):
        return f"{reported}; this user can neither delete nor rewrite a branch beside it"
    could = " and ".join(word for word, can in (("rewrite", rewrite), ("delete", delete)) if can)
    return f"{reported}; this user could {could} a branch beside it: protect {shared.branch.branch.rpartition('/')[0]}/* at the host"


def _live(session: Session, check: Callable[[str, Callable[[], str]], bool]) -> None:
    from websakctl.kinds import all_kinds
    from websakctl.live.routes import NEEDED
    from websakctl.live.websak import WebsakReader

    connection = session.connection
    with WebsakReader(connection, connection.kinds(all_kinds()), lambda kind, key: None) as reader:  # noqa: ARG005  # no scopes needed
        if not check(
            "token", lambda: f"{connection.token_url} lets {connection.client_id} in" if reader.token() else ""
        ):
            return

        def alive() -> str:
            status = reader.info_status()
            if status not in (200, 404):
                raise Problem(f"/api/info answers {status}", Exit.UNREACHABLE)
            return "answers" if status == 200 else "has no /api/info, as before 2026"

        def units() -> str:
            count = len(reader.departments.read())
            reported = (
                f"version {reader.departments.version()}, {count} units below {connection.root_unit or 'the root'}"
            )
            return (
                f"{reported}; no GET /api/Departments/flat: the tree is read"
                if reader.departments.from_tree
                else reported
            )

        def routes(kind: str) -> str:
            missing = reader.missing_routes(kind)
            reported = "; ".join(f"no {route.operation}: {route.without}" for route in missing)
            return reported or "all that it needs is there"

        def setup() -> str:
            info = reader.setup_info()
            if info is None:
                return "none here: its kinds are steps for a person"
            contract = info.get("contract_version")
            suffix = f", contract {contract}" if contract else ", of no contract that it names"
            return f"{info.get('name')} {info.get('version')}{suffix}, kinds {', '.join(info.get('kinds', []))}"

        def others() -> str:
            return _other_writers(session, reader)

        check("User API", alive)
        if check("departments", units):
            for kind in NEEDED:
                check(f"operations of {kind}", functools.partial(routes, kind))
        check("Setup API", setup)
        if session.config.valid and session.config.with_users:
            check("other writers", others)


def _other_writers(session: Session, reader: "WebsakReader") -> str:
    """What hints of somebody else who writes users here, such as a directory or a system of HR."""
    from websakctl.operations.change.other_writers import signs_of_other_writers

    config, target = session.config, session.target
    owner = target.described.owners.get("user")
    reported = f"{owner} owns users (owners: in config/websak.yaml); " if owner else ""
    listed = {a.key for a in (*config.state, *config.dormant) if a.kind == "user"}
    digest = session.state_key.code if session.shared_state is not None and session.state_key is not None else None
    signs = signs_of_other_writers(session.journal.entries(), target.name, reader.changed_users, listed, digest)
    if signs is None:
        return f"{reported}not known: nothing was applied from here yet"
    count = len(signs.foreign)
    if not count:
        return f"{reported}no sign of one since {signs.since}"
    users = f"{count} user{'s' * (count != 1)} changed since {signs.since} that no run of ours wrote"
    advice = "" if owner else "; if another system writes them, say so under `owners:` in config/websak.yaml"
    return f"{reported}{users}, {signs.unlisted} of them with a code that no file names{advice}"
