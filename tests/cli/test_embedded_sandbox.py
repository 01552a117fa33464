"""The sandbox that commands start by themselves: one for all of them, whatever happens to it."""

import json
import os
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .command_line import Cli


@pytest.fixture
def home(small: Cli) -> Iterator[Cli]:
    yield small
    small("sandbox", "stop", code=None)


def _status(cli: Cli) -> dict[str, Any]:
    status: dict[str, Any] = cli("sandbox", "status", "--format", "json").json
    return status


def test_two_commands_at_once_share_one_and_a_killed_one_is_replaced(home: Cli) -> None:
    nothing = _status(home)
    keys = {
        "running", "base_url", "setup_url", "token_url", "client_id", "client_secret", "database", "pid", "api_version",
        "quirks", "format_version",
    }  # fmt: skip
    assert nothing == {**dict.fromkeys(keys), "running": False, "format_version": 1}

    plans = [home.start("plan", "--format", "json", "--kind", "access_code") for _ in range(2)]
    answers = [plan.communicate(timeout=30) for plan in plans]
    assert [plan.returncode for plan in plans] == [0, 0], answers
    assert json.loads(answers[0][0])["changes"] == json.loads(answers[1][0])["changes"]
    first = _status(home)
    assert set(first) == keys and first["running"] is True
    assert httpx.get(f"{first['base_url']}/_sandbox/health", trust_env=False).json()["pid"] == first["pid"]

    home.apply("--kind", "access_code")
    os.kill(first["pid"], signal.SIGKILL)
    assert home.plan("--kind", "access_code").changed == []  # a new server with the same database
    second = _status(home)
    assert second["pid"] != first["pid"]

    reported = home("sandbox", "status").out
    assert "True" not in reported and "()" not in reported and "yes" in reported.split("running")[1].split("\n")[0]
    assert second["base_url"] in reported and second["client_secret"] not in reported

    home("sandbox", "reset")
    assert home.plan("--kind", "access_code").changed == ["access_code/base/P", "access_code/base/U"]
    assert "Nothing has been applied" in home("drift").err
    home("sandbox", "reset", "--empty")
    assert home.plan().json["summary"]["unmanaged"] == 2  # two groups that every Websak has

    assert home("sandbox", "stop", "--format", "json").json == {"format_version": 1, "was_running": True}
    assert home("sandbox", "stop", "--format", "json").json == {"format_version": 1, "was_running": False}
    assert home("sandbox", "reset", "--format", "json").json == {"format_version": 1, "seed": "standard"}
    for path in (home.root / ".websakctl").rglob("*"):
        if path.is_dir() or path.suffix in (".json", ".db"):
            readable = stat.S_IMODE(path.stat().st_mode) & 0o077
            assert not readable or path.name == "websak.db", path  # its folder is closed


def test_serve_stays_in_the_foreground_and_commands_find_it(home: Cli) -> None:
    server = home.start("sandbox", "serve", "--api-version", "3.0", "--format", "json")
    try:
        assert server.stdout is not None
        lines = [server.stdout.readline()]
        while lines[-1].rstrip() != "}":
            lines.append(server.stdout.readline())
        reported = json.loads("".join(lines))
        assert reported == _status(home)
        assert reported["api_version"] == "3.0" and reported["pid"] == server.pid
        plan = home("plan", "--kind", "org_unit", "--verbose")
        assert reported["base_url"] in plan.out and "User API 3.0" in plan.err
        refused = home("sandbox", "serve", code=4)
        assert "already runs" in refused.err
    finally:
        server.send_signal(signal.SIGINT)
        rest = server.communicate(timeout=15)
    assert server.returncode == 0
    assert "Traceback" not in rest[1]
    assert _status(home)["running"] is False


def test_serve_on_a_port_that_is_taken_says_so(home: Cli, websak: Any) -> None:
    port = websak.server.base_url.rpartition(":")[2]
    outcome = home("sandbox", "serve", "--port", port, code=1)
    assert f"port {port}" in outcome.err


def test_without_the_servers_libraries_it_says_how_to_get_them(home: Cli) -> None:
    hidden = home.root / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "from importlib.machinery import PathFinder\n"
        "find = PathFinder.find_spec\n"
        "hidden = ('fastapi', 'uvicorn', 'sqlalchemy')\n"
        "PathFinder.find_spec = lambda name, *rest: None if name in hidden else find(name, *rest)\n",
        encoding="utf-8",
    )
    outcome = home("plan", env={"PYTHONPATH": str(hidden)}, code=1)
    assert "websakctl[sandbox]" in outcome.err
    assert home("validate", env={"PYTHONPATH": str(hidden)}).code == 0


def test_an_ended_server_is_waited_for(home: Cli) -> None:
    server = home.start("sandbox", "serve")
    until = time.monotonic() + 15
    while not _status(home)["running"] and time.monotonic() < until:
        time.sleep(0.05)
    server.terminate()
    home("plan", "--kind", "access_code")  # as it is about to end
    try:
        server.communicate(timeout=15)
    except subprocess.TimeoutExpired:
        server.kill()
        raise
