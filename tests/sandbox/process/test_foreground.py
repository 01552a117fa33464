"""``python -m websakctl.sandbox``: a server somebody watches."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from websakctl.sandbox import process


@contextmanager
def served(home: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "websakctl.sandbox", "--state-dir", str(home), *options]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout
    assert child.stderr
    try:
        yield child, child.stdout.readline().strip()
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        child.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_served_and_ended_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with served(tmp_path, "--port", "0", "--api-version", "3.0") as (child, url):
        result = process.find_server(tmp_path)
        assert result
        assert (result.base_url, result.pid, result.api_version) == (url, child.pid, "3.0")
        assert httpx.get(f"{url}/_sandbox/health").json()["api_version"] == "3.0"
        assert process.ensure_server(tmp_path) == result
        with httpx.Client() as kept_open:
            kept_open.get(f"{url}/_sandbox/health")
            os.kill(child.pid, number)
            assert child.wait(timeout=10) == 0
        assert child.stderr
        assert child.stderr.read() == ""
        assert not (tmp_path / "sandbox" / "server.json").exists()


def test_stopped_from_elsewhere(tmp_path: Path) -> None:
    with served(tmp_path) as (child, _):
        assert process.stop_server(tmp_path)
        assert child.wait(timeout=5) == 0


def test_a_second_one_is_refused(tmp_path: Path) -> None:
    with served(tmp_path) as (_, url), served(tmp_path) as (second, nothing):
        assert second.wait(timeout=10) == 1
        assert nothing == ""
        assert second.stderr
        assert f"already runs here: {url}" in second.stderr.read()
        assert httpx.get(f"{url}/_sandbox/health").status_code == 200


def test_started_both_ways_at_once_there_is_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "websakctl.sandbox", "--state-dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            server = process.ensure_server(tmp_path)
            assert process.find_server(tmp_path) == server
            process.stop_server(tmp_path)
            for _ in range(100):  # it may have waited for the other's lock, and serve only now
                process.stop_server(tmp_path)
                if child.poll() is not None:
                    break
                time.sleep(0.1)
            assert child.poll() in (0, 1)
        finally:
            child.kill()  # a test that fails must not wait for it


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with served(tmp_path / "one") as (_, url), served(tmp_path / "two", "--port", url.rpartition(":")[2]) as (child, _):
        assert child.wait(timeout=10) == 1
        assert child.stderr
        assert child.stderr.read().startswith("cannot listen on 127.0.0.1 port")


def test_a_database_of_ones_own(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'mine.db'}"
    with served(tmp_path, "--database", database):
        result = process.find_server(tmp_path)
        assert result
        assert result.database == database
        assert (tmp_path / "mine.db").exists()
        assert not (tmp_path / "sandbox" / "websak.db").exists()
