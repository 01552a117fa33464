"""Can I reach it, may I; and the client's secret in the keyring or nowhere."""

import json
import stat
import subprocess
import sys
from typing import Any

import pytest

from .command_line import Cli

KEYRING = """
import json, os, pathlib
import keyring.backend, keyring.errors

class Backend(keyring.backend.KeyringBackend):
    priority = 1
    path = pathlib.Path(os.environ["KEYRING_FILE"])

    def _all(self):
        return json.loads(self.path.read_text()) if self.path.exists() else {}

    def get_password(self, service, username):
        return self._all().get(f"{service}/{username}")

    def set_password(self, service, username, password):
        self.path.write_text(json.dumps({**self._all(), f"{service}/{username}": password}))

    def delete_password(self, service, username):
        rest = self._all()
        if rest.pop(f"{service}/{username}", None) is None:
            raise keyring.errors.PasswordDeleteError("nothing there")
        self.path.write_text(json.dumps(rest))
"""


@pytest.fixture
def with_keyring(cli: Cli) -> Cli:
    """The sandbox as environment ``test`` whose secret no variable tells, and a keyring in a file."""
    (cli.root / "backend").mkdir()
    (cli.root / "backend" / "file_keyring.py").write_text(KEYRING, encoding="utf-8")
    cli.env |= {
        "PYTHONPATH": str(cli.root / "backend"),
        "PYTHON_KEYRING_BACKEND": "file_keyring.Backend",
        "KEYRING_FILE": str(cli.root / "keyring.json"),
        "WEBSAKCTL_ENVIRONMENT": "test",
    }
    del cli.env["WEBSAKCTL_CLIENT_SECRET"], cli.env["WEBSAKCTL_CLIENT_ID"]
    return cli


def test_login_from_a_pipe_status_and_logout(with_keyring: Cli, websak: Any) -> None:
    cli, secret = with_keyring, websak.server.client_secret
    assert cli("auth", "status", code=6).out.count("nowhere") == 1
    login = cli("auth", "login", "--client-id", "websakctl", "--format", "json", stdin=f"{secret}\n")
    assert login.json == {"format_version": 1, "environment": "test", "client_id": "websakctl", "stored": True}
    cli.edit("config/websak.yaml", ", client_id: from-yaml}\n  prod", "}\n  prod")
    status = cli("auth", "status", "--format", "json")
    assert status.json == {
        "format_version": 1,
        "environment": "test",
        "client_id": "websakctl",
        "secret_from": "the OS keyring",
    }
    assert cli.plan("--kind", "access_code").changed == ["access_code/base/P", "access_code/base/U"]
    reported = login.out + login.err + status.out + status.err + cli("doctor").out
    assert secret not in reported
    other = cli("auth", "status", "--environment", "production", code=6)  # each environment has its own
    assert "nowhere" in other.out
    assert "Forgotten for test" in cli("auth", "logout").out
    assert "Nothing was stored for test" in cli("auth", "logout").out
    cli("plan", code=6)


def test_login_on_a_terminal_does_not_show_the_secret(with_keyring: Cli, websak: Any) -> None:
    child = with_keyring.terminal("auth", "login")
    child.expect_exact("Client id: ")
    child.sendline("websakctl")
    child.expect_exact("Client secret (not shown): ")
    child.sendline(websak.server.client_secret)
    rest = child.read()
    child.close()
    assert child.exitstatus == 0, rest
    assert websak.server.client_secret not in rest
    assert "Stored for test" in rest
    again = with_keyring.terminal("auth", "login", "--client-id", "x")
    again.expect_exact("Client secret (not shown): ")
    again.sendcontrol("d")
    rest = again.read()
    again.close()
    assert again.exitstatus == 4 and "Traceback" not in rest


@pytest.mark.parametrize("backend", ["keyring.backends.fail.Keyring", "no.such.Backend"])
def test_without_a_keyring_variables_do_and_login_says_so(with_keyring: Cli, websak: Any, backend: str) -> None:
    cli = with_keyring
    cli.env["PYTHON_KEYRING_BACKEND"] = backend
    assert "WEBSAKCTL_CLIENT_SECRET" in cli("auth", "login", "--client-id", "x", stdin="secret-words\n", code=1).err
    assert "WEBSAKCTL_CLIENT_SECRET" in cli("plan", code=6).err
    variables = {"WEBSAKCTL_CLIENT_ID": "websakctl", "WEBSAKCTL_CLIENT_SECRET": websak.server.client_secret}
    cli("plan", "--kind", "access_code", env=variables)
    assert "WEBSAKCTL_CLIENT_SECRET" in cli("auth", "status", env=variables).out


BROKEN = """
import file_keyring

class Dead(file_keyring.Backend):
    def get_password(self, service, username):
        raise RuntimeError("the service is away\\nand more")

class Forgetful(file_keyring.Backend):
    def set_password(self, service, username, password):
        pass
"""


@pytest.mark.parametrize(
    ("backend", "entry", "why"),
    [
        ("keyring.backends.fail.Keyring", None, "No recommended backend was available"),
        ("broken_keyring.Dead", None, "the service is away"),
        ("file_keyring.Backend", "not JSON", "its entry websakctl test is damaged"),
        ("file_keyring.Backend", "[]", "its entry websakctl test is damaged"),
    ],
)
def test_a_keyring_that_cannot_be_asked_is_not_one_that_holds_nothing(
    with_keyring: Cli, backend: str, entry: str | None, why: str
) -> None:
    cli = with_keyring
    (cli.root / "backend" / "broken_keyring.py").write_text(BROKEN, encoding="utf-8")
    if entry is not None:
        (cli.root / "keyring.json").write_text(json.dumps({"websakctl/test": entry}), encoding="utf-8")
    cli.env["PYTHON_KEYRING_BACKEND"] = backend
    for command in (("auth", "status"), ("plan",)):
        err = cli(*command, code=6).err
        assert f"the keyring cannot be asked ({why}" in err
        assert "and more" not in err
    login = cli("auth", "login", "--client-id", "websakctl", stdin="words\n", code=1 if entry is None else 0)
    assert entry is not None or why in login.err


def test_a_keyring_that_keeps_nothing_is_an_error(with_keyring: Cli) -> None:
    cli = with_keyring
    (cli.root / "backend" / "broken_keyring.py").write_text(BROKEN, encoding="utf-8")
    cli.env["PYTHON_KEYRING_BACKEND"] = "broken_keyring.Forgetful"
    login = cli("auth", "login", "--client-id", "x", stdin="words\n", code=1)
    assert "broken_keyring does not keep what it is given" in login.err
    program = (
        "from websakctl import secrets; from websakctl.redaction import Secret; secrets.store_secret('k', Secret('s'))"
    )
    kept = subprocess.run(
        [sys.executable, "-c", program], env=cli.surroundings(), capture_output=True, encoding="utf-8", timeout=30
    )
    assert "KeyringUnavailable: broken_keyring does not keep what it is given" in kept.stderr


def test_login_without_a_secret_stores_nothing(with_keyring: Cli) -> None:
    with_keyring("auth", "login", "--client-id", "x", stdin="", code=64)
    with_keyring("auth", "login", "--client-id", "x", stdin="\n", code=64)
    assert not (with_keyring.root / "keyring.json").exists()


def test_doctor_finds_all_well(cli: Cli) -> None:
    checks = {check["check"]: check for check in cli("doctor", "--format", "json").json["items"]}
    assert list(checks) == [
        "config", "state directory", "journal", "environment", "network", "token", "User API", "departments",
        "operations of org_unit", "operations of access_group", "operations of user", "Setup API",
    ]  # fmt: skip
    assert all(check["ok"] for check in checks.values())
    assert "version 3.3" in checks["departments"]["detail"]
    assert stat.S_IMODE((cli.root / ".websakctl").stat().st_mode) == 0o700


def test_doctor_goes_on_after_a_failure_and_exits_with_the_first(cli: Cli, websak: Any) -> None:
    cli.hurried = True
    websak.fault("status", path="/api/setup/", code=404, times=50)
    websak.fault("html", path="/flat", times=50)
    outcome = cli("doctor", "--format", "json", code=7)
    assert {check["check"] for check in outcome.json["items"] if not check["ok"]} == {"departments", "Setup API"}
    cli.edit("config/case_types.yaml", "access_code: P", "access_code: PP")
    outcome = cli("doctor", code=3)
    assert "FAILED" in outcome.out
    assert "token" in outcome.out
