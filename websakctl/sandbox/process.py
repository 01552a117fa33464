"""The sandbox as a process: find it, start it, wait for it, stop it. Needs none of the server's own libraries to import."""

import contextlib
import http.client
import importlib.util
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import urlsplit, urlunsplit

import msgspec

from websakctl.files import make_state_dir
from websakctl.sandbox.quirks import PUBLISHED, QUIRKS, Published, Quirk

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

CLIENT_ID: Final = "websakctl"
DATABASE_VARIABLE: Final = (
    "WEBSAKCTL_SANDBOX_DATABASE"  # how a child is told: a URL with a password is no argument to show
)
MISSING_EXIT: Final = 69  # what the child exits with when the server's libraries are not there

_EXTRA: Final = ("fastapi", "uvicorn", "sqlalchemy", "python_multipart")
_DRIVERS: Final = ("psycopg", "psycopg2")
_ANSWER_TIME: Final = 5.0  # seconds a live server may take to say so
_LEAVING_TIME: Final = 10.0  # seconds a server may take to put its things away
_POLL: Final = 0.02  # seconds

# A Ctrl-C in the terminal is not for the server: a session of its own elsewhere, and on Windows a group without a console.
_DETACHED: Final = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "DETACHED_PROCESS", 0)

_children: set[int] = set()  # processes started from here, to be reaped if they end before we do


class SandboxError(Exception):
    """The embedded server cannot be started, found or stopped; the text says why."""


class SandboxMissing(SandboxError):
    """The libraries of the server are not installed."""


class SandboxRunning(SandboxError):
    """A server already runs for this state directory."""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Where a running server is and how to get in. ``database`` never shows a password."""

    running: bool
    base_url: str
    setup_url: str
    token_url: str
    client_id: str
    client_secret: str
    database: str
    pid: int
    api_version: str
    quirks: tuple[str, ...] = ()


def find_server(state_dir: Path) -> Server | None:
    """Find the server that runs for ``state_dir``: alive, answering, and the one its file speaks of."""
    result = _found(state_dir)
    return result[0] if result else None


def ensure_server(
    state_dir: Path,
    *,
    api_version: str = "3.3",
    quirks: Iterable[str] = (),
    database: str | None = None,
    idle_timeout: float = 600.0,
    wait: float = 20.0,
) -> Server:
    """Find the server of ``state_dir``, or start one that ends by itself.

    A server that runs is taken as it is, also when it pretends to be another ``api_version`` than asked for.

    Args:
        state_dir: Where the server keeps its things, under ``sandbox/``.
        api_version: What a server started here pretends to be, one of ``PUBLISHED``.
        quirks: Names of ``QUIRKS`` that it plays.
        database: URL of the database; without it a SQLite file in the state directory.
        idle_timeout: Seconds without a request after which the server started here ends.
        wait: Seconds to wait for an answer.

    Raises:
        SandboxMissing: The libraries of the server are not installed.
        SandboxRunning: A server runs, with another database than asked for.
        SandboxError: The server did not start; the text holds its last words.
    """
    from filelock import FileLock, Timeout  # finding a server needs no lock, and loading this takes longer

    _reap()
    database = _absolute(database)
    if result := kept_alive(state_dir, database):
        return result
    directory = _directory(state_dir)
    deadline = time.monotonic() + wait
    lock = FileLock(directory / "start.lock", timeout=wait)
    try:
        with lock:
            if result := kept_alive(state_dir, database):
                return result
            _require_extra()
            return _start(state_dir, api_version, quirks, database, idle_timeout, deadline)
    except Timeout:
        raise SandboxError("another command has been starting the sandbox for too long; try again") from None


def stop_server(state_dir: Path) -> bool:
    """Ask the server of ``state_dir`` to end and wait until it has; tell whether there was one."""
    result = _found(state_dir)
    if result is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(result[0].pid, signal.SIGTERM)
    deadline = time.monotonic() + _LEAVING_TIME
    while not _left(state_dir, result[0].pid):
        if time.monotonic() > deadline:
            raise SandboxError(f"the sandbox (process {result[0].pid}) was asked to end but has not")
        time.sleep(_POLL)
    _reap(result[0].pid)
    return True


def _left(state_dir: Path, pid: int) -> bool:
    """Whether the server has ended: nobody holds its lock, or one that waited for the lock has taken over."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(_directory(state_dir) / "server.lock", timeout=0):
            return True
    except Timeout:
        _reap()
        return not _alive(pid)


def reset(state_dir: Path, empty: bool = False) -> None:
    """Bring the seed back, all of it or with ``empty`` only the root.

    A running server does it itself; else the database file goes, and the next start makes a new one.
    """
    from filelock import FileLock, Timeout

    seed = "empty" if empty else "standard"
    directory = _directory(state_dir)
    (directory / "seed").write_text(seed, encoding="utf-8")
    try:
        # Holding the server's own lock means that there is none, and that none starts meanwhile.
        with FileLock(directory / "server.lock", timeout=0):
            for name in ("websak.db", "websak.db-wal", "websak.db-shm"):
                (directory / name).unlink(missing_ok=True)
            return
    except Timeout:
        pass
    result = _wait_for_answer(state_dir, time.monotonic() + _LEAVING_TIME)
    if result is None:
        raise SandboxError("a sandbox runs here but does not answer; end it and try again")
    status, _ = _ask(result.base_url, "POST", "/_sandbox/reset", result.client_secret, {"seed": seed}, timeout=60.0)
    if status != 200:
        raise SandboxError(f"the sandbox refused to be reset (status {status})")


def control(server: Server, method: str, path: str, body: object = None, timeout: float = 60.0) -> Any:
    """Ask the control plane of a running server for something under ``/_sandbox/``.

    Raises:
        SandboxError: If it does not do it.
    """
    status, answer = _ask(server.base_url, method, f"/_sandbox/{path}", server.client_secret, body, timeout)
    if not 200 <= status < 300:
        why = answer.get("error") if isinstance(answer, dict) else None
        raise SandboxError(f"the sandbox refused {path}: {why or f'status {status}'}")
    return answer


def serve(
    state_dir: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    api_version: str = "3.3",
    quirks: Iterable[str] = (),
    database: str | None = None,
    idle_timeout: float | None = None,
    on_ready: Callable[[Server], None] | None = None,
) -> None:
    """Be the server, in the foreground, until SIGTERM, Ctrl-C or ``idle_timeout`` seconds without a request.

    Args:
        state_dir: Where the server keeps its things, under ``sandbox/``.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one, and one that ends by itself first tries the port it had last time.
        api_version: What it pretends to be, one of ``PUBLISHED``.
        quirks: Names of ``QUIRKS`` that it plays.
        database: URL of the database; without it a SQLite file in the state directory.
        idle_timeout: Seconds without a request after which it ends; None never.
        on_ready: Called once with the server when it answers.

    Raises:
        SandboxMissing: The libraries of the server are not installed.
        SandboxRunning: A server already runs for this state directory.
        SandboxError: The address cannot be listened on.
    """
    from filelock import FileLock, Timeout

    played = _played(api_version, quirks)
    directory = _directory(state_dir)
    database = _absolute(database)
    if result := find_server(state_dir):
        raise SandboxRunning(f"a sandbox already runs here: {result.base_url} (process {result.pid})")
    previous = {signal.SIGINT: signal.getsignal(signal.SIGINT), signal.SIGTERM: signal.signal(signal.SIGTERM, _leave)}
    try:
        # One that is just ending still holds the lock for a moment.
        lock = FileLock(directory / "server.lock", timeout=_LEAVING_TIME if idle_timeout else 2.0)
        with lock, contextlib.suppress(SystemExit, KeyboardInterrupt):
            _run(directory, host, port, played, database, idle_timeout, on_ready)
    except Timeout:
        result = find_server(state_dir)
        where = f"{result.base_url} (process {result.pid})" if result else "it does not answer"
        raise SandboxRunning(f"a sandbox already runs here: {where}") from None
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _run(
    directory: Path,
    host: str,
    port: int,
    played: "tuple[Published, frozenset[Quirk]]",
    database: str | None,
    idle_timeout: float | None,
    on_ready: Callable[[Server], None] | None,
) -> None:
    listener = _listen(directory, host, port, reuse=idle_timeout is not None)
    try:
        import asyncio

        app, server = _build(directory, played, database)
    except ModuleNotFoundError as error:
        listener.close()
        _explain_missing(error)
    bound = listener.getsockname()[1]
    url = _url(host, bound)
    about = Server(
        running=True,
        base_url=url,
        setup_url=f"{url}/api/setup",
        token_url=f"{url}/connect/token",
        client_id=app.state.settings.client_id,
        client_secret=app.state.settings.client_secret,
        database=_without_password(app.state.settings.database_url),
        pid=os.getpid(),
        api_version=played[0],
        quirks=tuple(sorted(played[1])),
    )
    activity = app.state.activity
    end = server.handle_exit

    def closing(sig: int, frame: FrameType | None) -> None:
        activity.closing = True  # who turns to it now is told to wait for another
        end(sig, frame)

    server.handle_exit = closing  # type: ignore[method-assign]  # uvicorn looks it up as it starts

    async def live() -> None:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not server.started and not serving.done():
                await asyncio.sleep(0.002)
            if server.started:
                _write_private(
                    directory / "server.json", {**msgspec.to_builtins(about), "instance": app.state.instance}
                )
                _write_private(directory / "port", bound)
                if on_ready:
                    on_ready(about)
            while not serving.done():
                if idle_timeout is not None and activity.idle_for() > idle_timeout:
                    activity.closing = True
                    server.should_exit = True
                await asyncio.wait({serving}, timeout=min(1.0, idle_timeout / 4 if idle_timeout else 1.0))
        finally:
            _withdraw(directory, app.state.instance)
        await serving

    # From here on uvicorn takes the signals; it raises them once more when it has ended, which should do nothing.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ended)
    try:
        asyncio.run(live())
    finally:
        _withdraw(directory, app.state.instance)
        app.state.database.close()


def _build(
    directory: Path, played: tuple[Published, frozenset[Quirk]], database: str | None
) -> "tuple[FastAPI, uvicorn.Server]":
    import uvicorn
    from sqlalchemy.exc import SQLAlchemyError

    from websakctl.sandbox.app import create_app
    from websakctl.sandbox.faults import HttpProtocol
    from websakctl.sandbox.settings import Settings

    seed_file = directory / "seed"
    empty = seed_file.is_file() and seed_file.read_text(encoding="utf-8").strip() == "empty"
    settings = Settings(
        database_url=database or os.environ.get(DATABASE_VARIABLE) or f"sqlite:///{directory / 'websak.db'}",
        api_version="3.3" if played[0] == "3.3" else "3.0",
        published=played[0].partition("@")[2],
        quirks=played[1],
        client_id=CLIENT_ID,
        client_secret=_client_secret(directory),
        seed="empty" if empty else "standard",
    )
    try:
        app = create_app(settings)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise SandboxError(f"cannot use the database {_without_password(settings.database_url)}: {reason}") from error
    config = uvicorn.Config(
        app,
        http=HttpProtocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=120,  # so that a client's pooled connection is not closed just as it is used again
        timeout_graceful_shutdown=2,
        backlog=1024,
    )
    return app, uvicorn.Server(config)


def _start(
    state_dir: Path,
    api_version: str,
    quirks: Iterable[str],
    database: str | None,
    idle_timeout: float,
    deadline: float,
) -> Server:
    directory = _directory(state_dir)
    log = directory / "server.log"
    # What the parent is told about some real Websak is no business of this one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEBSAKCTL_")}
    package_home = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [environment.get("PYTHONPATH"), package_home]))
    if database is not None:
        environment[DATABASE_VARIABLE] = database
    command = [sys.executable, "-m", "websakctl.sandbox", "--state-dir", str(Path(state_dir).resolve())]
    command += ["--api-version", api_version, "--idle-timeout", str(idle_timeout)]
    for quirk in quirks:
        command += ["--quirk", quirk]
    with log.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=output,
            cwd=directory,
            env=environment,
            start_new_session=True,  # Windows takes no notice of it
            creationflags=_DETACHED,
        )
    while time.monotonic() < deadline:
        if result := _found(state_dir):
            if result[0].pid == child.pid:
                _children.add(child.pid)
                child.returncode = 0  # it is to outlive us, which Popen would otherwise warn about
                return result[0]
            try:
                other = kept_alive(state_dir, database)
            except SandboxRunning:
                _end(child)
                raise
            if other:  # somebody's own, in the foreground, came first; if it is just ending, the child waits for that
                _end(child)
                return other
        if (code := child.poll()) is not None:
            last_words = _last_line(log)
            if code == MISSING_EXIT:
                raise SandboxMissing(last_words)
            raise SandboxError(f"the sandbox did not start: {last_words or f'exit {code}'}\nIts log: {log}")
        time.sleep(_POLL)
    _end(child)
    raise SandboxError(f"the sandbox does not answer yet and was stopped: {_last_line(log)}\nIts log: {log}")


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()


def _reap(leaving: int | None = None) -> None:
    """Let the system forget the children that have ended; wait for the one that is just ``leaving``."""
    if sys.platform != "win32":  # which keeps no children that have ended
        for pid in list(_children):
            try:
                gone, _ = os.waitpid(pid, 0 if pid == leaving else os.WNOHANG)
            except ChildProcessError:
                gone = pid
            if gone:
                _children.discard(pid)


def kept_alive(state_dir: Path, database: str | None = None) -> Server | None:
    """Find the server and make it count its idle time from now, so that it does not end as we turn to it."""
    result = find_server(state_dir)
    if result is None:
        return None
    if database is not None and result.database != _without_password(database):
        raise SandboxRunning(
            f"the sandbox that runs here (process {result.pid}) uses another database: {result.database}"
        )
    status, _ = _ask(result.base_url, "POST", "/_sandbox/touch", result.client_secret)
    return result if status == 200 else None


def _found(state_dir: Path) -> tuple[Server, str] | None:
    """Read the server's file and see that it is true; the second value is the instance."""
    try:
        kept = json.loads((Path(state_dir) / "sandbox" / "server.json").read_text(encoding="utf-8"))
        instance = str(kept.pop("instance"))
        server = msgspec.convert(kept, Server)
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return None
    if not _alive(server.pid):
        return None
    status, answer = _ask(server.base_url, "GET", "/_sandbox/health")
    if status != 200 or not isinstance(answer, dict) or answer.get("instance") != instance:
        return None
    return server, instance


def _wait_for_answer(state_dir: Path, deadline: float) -> Server | None:
    while time.monotonic() < deadline:
        if result := find_server(state_dir):
            return result
        time.sleep(_POLL)
    return None


def _ask(
    base_url: str, method: str, path: str, secret: str = "", body: object = None, timeout: float = _ANSWER_TIME
) -> tuple[int, Any]:
    """Ask the server itself, past any proxy; status 0 when nothing sensible answers."""
    parts = urlsplit(base_url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=timeout)
    headers = {"X-Sandbox-Secret": secret} if secret else {}
    try:
        payload = None if body is None else json.dumps(body)
        connection.request(method, path, payload, headers | {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"null")
    except (OSError, http.client.HTTPException, ValueError):
        return 0, None
    finally:
        connection.close()


if sys.platform == "win32":  # where os.kill(pid, 0) is a Ctrl-C; never run there so far

    def _alive(pid: int) -> bool:
        """Whether a process can be opened and has no exit code yet."""
        import ctypes

        query_limited, still_active, denied = 0x1000, 259, 5
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        handle = kernel.OpenProcess(query_limited, False, pid)
        if not handle:
            return ctypes.get_last_error() == denied
        code = ctypes.c_ulong()
        known = kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return bool(known) and code.value == still_active

else:

    def _alive(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


def _listen(directory: Path, host: str, port: int, *, reuse: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for requested in _ports(directory, port, reuse=reuse):
        # Named as TCP, so that asyncio sends the parts of an answer without waiting (40 ms each) for the client's nod.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, requested))
        except (OSError, OverflowError) as error:
            listener.close()
            problem = (isinstance(error, OSError) and error.strerror) or str(error)
            continue
        listener.listen(1024)
        return listener
    raise SandboxError(f"cannot listen on {host} port {port}: {problem}")


def _ports(directory: Path, port: int, *, reuse: bool) -> Iterator[int]:
    if port == 0 and reuse:
        with contextlib.suppress(OSError, ValueError):
            yield int((directory / "port").read_text(encoding="utf-8"))
    yield port


def _url(host: str, port: int) -> str:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host)  # noqa: S104 - what to call it, not bind
    return f"http://{reachable or (f'[{host}]' if ':' in host else host)}:{port}"


def _client_secret(directory: Path) -> str:
    """Read the client's secret, or make one that stays."""
    path = directory / "credentials.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads(path.read_text(encoding="utf-8"))["client_secret"])
    secret = secrets.token_urlsafe(24)
    _write_private(path, {"client_id": CLIENT_ID, "client_secret": secret})
    return secret


def _write_private(path: Path, content: object) -> None:
    """Put ``content`` there in one move, readable by its owner alone."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file)
    draft.replace(path)


def _withdraw(directory: Path, instance: str) -> None:
    """Take the server's file away, if it is the one of this instance."""
    path = directory / "server.json"
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if json.loads(path.read_text(encoding="utf-8")).get("instance") == instance:
            path.unlink(missing_ok=True)


def _directory(state_dir: Path) -> Path:
    directory = Path(state_dir).resolve() / "sandbox"
    try:
        make_state_dir(directory.parent)
        directory.mkdir(exist_ok=True)
        directory.chmod(0o700)
    except OSError as error:
        raise SandboxError(f"cannot keep the sandbox in {directory}: {error.strerror}") from error
    return directory


def _absolute(database: str | None) -> str | None:
    """Tie a SQLite file to where the command was given, not to where the server runs."""
    scheme, _, path = (database or "").partition(":///")
    if scheme.partition("+")[0] != "sqlite" or not path or path.startswith((":memory:", "file:")):
        return database
    return f"{scheme}:///{Path(path).absolute()}"


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")))


def _played(api_version: str, quirks: Iterable[str]) -> tuple[Published, frozenset[Quirk]]:
    version = next((each for each in PUBLISHED if each == api_version), None)
    if version is None:
        raise SandboxError(f"the sandbox can be User API {', '.join(PUBLISHED)}, not {api_version}")
    asked = set(quirks)
    if unknown := asked - QUIRKS.keys():
        raise SandboxError(f"unknown quirk {', '.join(sorted(unknown))}; there are {', '.join(QUIRKS)}")
    return version, frozenset(quirk for quirk in QUIRKS if quirk in asked)


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _require_extra() -> None:
    for name in _EXTRA:
        if importlib.util.find_spec(name) is None:
            raise SandboxMissing(_missing(name))


def _explain_missing(error: ModuleNotFoundError) -> NoReturn:
    name = (error.name or "").partition(".")[0]
    if name in (*_EXTRA, *_DRIVERS):
        raise SandboxMissing(_missing(name)) from None
    raise error


def _missing(name: str) -> str:
    extra = "sandbox,postgresql" if name in _DRIVERS else "sandbox"
    return f"the sandbox needs {name.replace('_', '-')}, which is not installed: pip install 'websakctl[{extra}]'"


def _ended(_signal: int, _frame: FrameType | None) -> None:
    pass


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
