"""The same server over a real PostgreSQL, where there is one to start."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from websakctl.sandbox import process

pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a PostgreSQL of this test's own and name its database; it listens on loopback only."""
    initdb, postgres = shutil.which("initdb"), shutil.which("postgres")
    if not initdb or not postgres:
        pytest.skip("PostgreSQL's own programs, initdb and postgres, are not on the path")
    as_other: dict[str, int] = {}
    home = tmp_path_factory.mktemp("postgresql")
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        try:
            other = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres to run it as")
        as_other = {"user": other.pw_uid, "group": other.pw_gid}
        home = Path(tempfile_of(other.pw_uid, other.pw_gid))
    data = home / "data"
    try:
        created = subprocess.run(
            [initdb, "-D", data, "-U", "sandbox", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            capture_output=True,
            text=True,
            cwd=home,
            **as_other,  # type: ignore[call-overload]  # user and group only
        )
        if created.returncode:
            pytest.skip(f"initdb does not work here: {created.stderr.strip().splitlines()[-1]}")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "port": port}
        command = [
            postgres,
            "-D",
            data,
            *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
        ]
        with (home / "log").open("wb") as log:
            child = subprocess.Popen(command, stdout=log, stderr=log, cwd=home, **as_other)  # type: ignore[call-overload]
        try:
            _wait_for(port)
            yield f"postgresql+psycopg://sandbox@127.0.0.1:{port}/postgres"
        finally:
            child.send_signal(signal.SIGINT)  # fast: do not wait for clients
            child.wait(timeout=20)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def tempfile_of(uid: int, gid: int) -> str:
    import tempfile

    path = tempfile.mkdtemp(prefix="websak-pg-")
    os.chown(path, uid, gid)
    return path


def _wait_for(port: int) -> None:
    import psycopg

    until = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user=sandbox dbname=postgres").close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def test_everything_works_there_too(database: str, tmp_path: Path) -> None:
    server = process.ensure_server(tmp_path, database=database)
    try:
        assert server.database == database
        _use(server)
        os.kill(server.pid, signal.SIGKILL)
        os.waitpid(server.pid, 0)
        again = process.ensure_server(tmp_path, database=database)
        with _client(again) as http:
            assert http.get("/api/setup/access-codes/Ø").json()["name"] == "Økonomi"
            process.reset(tmp_path, empty=True)
            assert http.get("/api/setup/access-codes").json() == {"items": [], "next": None}
    finally:
        process.stop_server(tmp_path)


def _client(server: process.Server) -> httpx.Client:
    form = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "scope": "userapi setup",
    }
    bearer = httpx.post(server.token_url, data=form).json()["access_token"]
    return httpx.Client(base_url=server.base_url, headers={"Authorization": f"Bearer {bearer}"}, timeout=30)


def _use(server: process.Server) -> None:
    http = _client(server)
    control = httpx.Client(base_url=server.base_url, headers={"X-Sandbox-Secret": server.client_secret}, timeout=60)
    with http, control:
        codes = "/api/setup/access-codes"
        assert [item["code"] for item in http.get(codes).json()["items"]] == ["U", "XX", "Z9"]
        for key in ("Ø", "a", "B", "Æ"):
            body = {"code": key, "name": "Økonomi", "legal_basis": [{"reference": "§ 23"}]}
            assert http.post(codes, json=body, headers={"Idempotency-Key": quote(key)}).status_code == 201
        walked, after = [], None
        while True:
            page = http.get(codes, params={"limit": 2, **({"after": after} if after else {})}).json()
            walked += [item["code"] for item in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert walked == ["B", "U", "XX", "Z9", "a", "Æ", "Ø"]  # by code point, not by the database's language

        now = http.get(f"{codes}/U").json()
        assert http.put(f"{codes}/U", json=now, headers={"If-Match": '"x"'}).status_code == 412
        assert http.put(f"{codes}/U", json=now, headers={"If-Match": now["etag"]}).status_code == 200
        case_type = {"code": "PERS", "name": "x", "series": "S", "ordering_principle": "e", "retention": "B"}
        created = http.post(
            "/api/setup/case-types", json={**case_type, "access_code": "Ø"}, headers={"Idempotency-Key": "k"}
        )
        assert created.status_code == 201
        assert http.delete(f"{codes}/Ø", headers={"If-Match": "*"}).status_code == 409
        bad = http.post("/api/setup/case-types", json={"class_code": "\x00"}, headers={"Idempotency-Key": "l"})
        assert bad.status_code == 422
        lease = http.post("/api/setup/lease", json={"owner": "o", "purpose": "p", "ttl_seconds": 60}).json()
        assert http.delete(f"{codes}/B", headers={"If-Match": "*"}).status_code == 423
        assert http.delete(f"/api/setup/lease/{lease['id']}").status_code == 204

        effects = control.get("/_sandbox/effects").json()
        assert [item["operation"] for item in effects] == ["setup.create"] * 4 + ["setup.update", "setup.create"]
        loaded = control.post("/_sandbox/load", json={"departments": 3000, "sub_orgs": 3000})
        assert loaded.status_code == 200
        assert len(http.get("/api/Departments/flat").json()) > 3000

        fault = {"fault": "stale_read", "match": {"path": "access-codes/B$", "nth": 1}}
        assert control.post("/_sandbox/faults", json=fault).status_code == 201
        etag = http.get(f"{codes}/U").json()["etag"]
        assert http.delete(f"{codes}/U", headers={"If-Match": etag}).status_code == 204
        assert http.delete(f"{codes}/B", headers={"If-Match": "*"}).status_code == 204
        assert http.get(f"{codes}/B").status_code == 200
        assert http.get(f"{codes}/B").status_code == 404
        assert control.post("/_sandbox/faults", json=fault).status_code == 201
        assert http.delete(f"{codes}/XX", headers={"If-Match": "*"}).status_code == 204
        assert control.post("/_sandbox/reset", json={"seed": "standard"}).status_code == 200
        assert (
            http.post(codes, json={"code": "Ø", "name": "Økonomi"}, headers={"Idempotency-Key": "m"}).status_code == 201
        )
