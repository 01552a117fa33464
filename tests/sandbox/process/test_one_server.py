"""One server per state directory, whatever happened to the one before."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from websakctl.sandbox import process


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    process.stop_server(tmp_path)


def _ends(pid: int, within: float = 10.0) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            os.waitpid(pid, os.WNOHANG)
            os.kill(pid, 0)
        except (ChildProcessError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


def _secret(server: process.Server) -> dict[str, str]:
    return {"X-Sandbox-Secret": server.client_secret}


def test_started_found_used_and_stopped(home: Path) -> None:
    assert process.find_server(home) is None
    started = process.ensure_server(home)
    assert process.find_server(home) == started == process.ensure_server(home)
    assert started.running
    assert (started.setup_url, started.token_url) == (
        f"{started.base_url}/api/setup",
        f"{started.base_url}/connect/token",
    )
    assert (started.client_id, started.api_version) == ("websakctl", "3.3")
    assert started.database == f"sqlite:///{home / 'sandbox' / 'websak.db'}"
    health = httpx.get(f"{started.base_url}/_sandbox/health").json()
    assert (health["status"], health["pid"], health["api_version"]) == ("ok", started.pid, "3.3")
    form = {"grant_type": "client_credentials", "client_id": started.client_id, "client_secret": started.client_secret}
    assert httpx.post(started.token_url, data=form).status_code == 200

    assert process.stop_server(home) is True
    assert process.find_server(home) is None
    assert process.stop_server(home) is False
    assert _ends(started.pid)


def test_what_lets_one_in_is_readable_by_its_owner_alone(home: Path) -> None:
    process.ensure_server(home)
    for name in ("server.json", "credentials.json"):
        assert stat.S_IMODE((home / "sandbox" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "sandbox").stat().st_mode) == 0o700


def test_commands_at_once_share_one_server(home: Path) -> None:
    script = (
        "import sys, json; from pathlib import Path; from websakctl.sandbox.process import ensure_server;"
        "print(ensure_server(Path(sys.argv[1])).pid)"
    )
    command = [sys.executable, "-c", script, str(home)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    pids = {int(child.communicate(timeout=30)[0]) for child in started}
    assert len(pids) == 1


def test_threads_at_once_share_one_server(home: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        servers = set(pool.map(lambda _: process.ensure_server(home), range(4)))
    assert len(servers) == 1


def test_a_killed_server_is_followed_by_another_with_the_same_data(home: Path) -> None:
    first = process.ensure_server(home)
    httpx.post(f"{first.base_url}/_sandbox/reset", json={"seed": "empty"}, headers=_secret(first)).raise_for_status()
    os.kill(first.pid, signal.SIGKILL)
    assert _ends(first.pid)
    assert (home / "sandbox" / "server.json").exists()
    assert process.find_server(home) is None
    second = process.ensure_server(home)
    assert second.pid != first.pid
    # The same address and secret: whoever still holds them goes on.
    assert (second.base_url, second.client_secret) == (first.base_url, first.client_secret)
    form = {"grant_type": "client_credentials", "client_id": second.client_id, "client_secret": second.client_secret}
    bearer = httpx.post(second.token_url, data=form).json()["access_token"]
    codes = httpx.get(f"{second.setup_url}/access-codes", headers={"Authorization": f"Bearer {bearer}"}).json()
    assert codes["items"] == []


@pytest.mark.parametrize(
    "left",
    [b"", b"{", b"[]", b'{"pid": 1}', b"\xff\xfe"],
    ids=["empty", "cut", "list", "other fields", "not text"],
)
def test_a_file_that_means_nothing_is_no_server(home: Path, left: bytes) -> None:
    (home / "sandbox").mkdir()
    (home / "sandbox" / "server.json").write_bytes(left)
    assert process.find_server(home) is None
    assert process.stop_server(home) is False


def test_a_file_of_another_time_is_no_server(home: Path) -> None:
    running = process.ensure_server(home)
    path = home / "sandbox" / "server.json"
    kept = json.loads(path.read_text())
    for lie in ({"instance": "another"}, {"pid": 2**22 + 1}, {"base_url": "http://127.0.0.1:9"}, {"pid": os.getpid()}):
        path.write_text(json.dumps({**kept, **lie}))
        result = process.find_server(home)
        assert result is None or lie == {"pid": os.getpid()}
    path.write_text(json.dumps(kept))
    assert process.find_server(home) == running


def test_left_over_files_block_nothing(home: Path) -> None:
    directory = home / "sandbox"
    directory.mkdir()
    for name in ("start.lock", "server.lock", "server.log", "port"):
        (directory / name).write_text("99999999")
    (directory / "server.json").write_text('{"pid": 1}')
    assert process.ensure_server(home).running


def test_a_taken_port_is_no_hindrance(home: Path) -> None:
    first = process.ensure_server(home)
    port = int(first.base_url.rpartition(":")[2])
    process.stop_server(home)
    import socket

    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        second = process.ensure_server(home)
        assert second.base_url != first.base_url
        assert process.find_server(home) == second


def test_it_ends_by_itself_when_nobody_asks(home: Path) -> None:
    server = process.ensure_server(home, idle_timeout=0.8)
    until = time.monotonic() + 1.6
    while time.monotonic() < until:  # used, it stays
        process.ensure_server(home)
        time.sleep(0.1)
    assert process.find_server(home) is not None
    until = time.monotonic() + 5
    while process.find_server(home):  # looked at only, it goes
        assert time.monotonic() < until
        time.sleep(0.1)
    assert _ends(server.pid)
    assert not (home / "sandbox" / "server.json").exists()
    assert process.ensure_server(home).base_url == server.base_url


def test_it_waits_for_a_request_that_takes_long(home: Path) -> None:
    server = process.ensure_server(home, idle_timeout=0.5)
    fault = {"fault": "delay", "params": {"seconds": 1.5}}
    httpx.post(f"{server.base_url}/_sandbox/faults", json=fault, headers=_secret(server)).raise_for_status()
    assert httpx.get(f"{server.base_url}/api/info").status_code == 200


def test_another_database_than_the_running_ones_is_refused(home: Path) -> None:
    server = process.ensure_server(home, database=f"sqlite:///{home}/mine.db", api_version="3.0")
    assert (server.database, server.api_version) == (f"sqlite:///{home}/mine.db", "3.0")
    assert process.ensure_server(home) == server
    assert process.ensure_server(home, database=server.database) == server
    with pytest.raises(process.SandboxRunning, match=r"mine\.db"):
        process.ensure_server(home, database="sqlite:///other.db")


def test_a_file_named_from_here_is_meant_from_here(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    server = process.ensure_server(home, database="sqlite:///here.db")
    assert server.database == f"sqlite:///{home / 'here.db'}"
    assert (home / "here.db").exists()
    assert process.ensure_server(home, database="sqlite:///here.db") == server


def test_why_it_did_not_start_is_told(home: Path) -> None:
    for url, reason in (
        ("sqlite:////no/such/folder/x.db", "unable to open database file"),
        ("no url", "Could not parse"),
        ("oracle://x", "No module named"),
    ):
        with pytest.raises(process.SandboxError, match=reason):
            process.ensure_server(home, database=url)
    assert process.ensure_server(home).running


def test_a_password_is_neither_kept_nor_shown(home: Path) -> None:
    url = "postgresql+psycopg://kari:hemmelig@127.0.0.1:9/websak"
    with pytest.raises(process.SandboxError) as caught:
        process.ensure_server(home, database=url)
    assert "hemmelig" not in str(caught.value)
    kept = b"".join(path.read_bytes() for path in (home / "sandbox").iterdir())
    assert b"hemmelig" not in kept


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("running", [False, True])
def test_reset_brings_the_seed_back(home: Path, running: bool, empty: bool) -> None:
    server = process.ensure_server(home)
    body = {"kind": "access_code", "key": "U", "set": {"name": "Endret"}}
    httpx.post(f"{server.base_url}/_sandbox/edit", json=body, headers=_secret(server)).raise_for_status()
    if not running:
        process.stop_server(home)
    process.reset(home, empty)
    server = process.ensure_server(home)
    form = {"grant_type": "client_credentials", "client_id": server.client_id, "client_secret": server.client_secret}
    bearer = httpx.post(server.token_url, data=form).json()["access_token"]
    codes = httpx.get(f"{server.setup_url}/access-codes", headers={"Authorization": f"Bearer {bearer}"}).json()
    names = [item["name"] for item in codes["items"]]
    assert names == ([] if empty else ["Unntatt offentlighet", "Midlertidig unntatt", "Gammel kode"])


def test_looking_for_it_needs_none_of_its_libraries() -> None:
    script = (
        "import sys, websakctl.sandbox.process;"
        "print([n for n in ('fastapi', 'starlette', 'sqlalchemy', 'uvicorn', 'pydantic', 'httpx') if n in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "[]"
