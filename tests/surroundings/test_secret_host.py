"""A file of the config, alone, sends the secret to no new host; http:// beyond this machine must be allowed by name."""

import json
from pathlib import Path

import pytest

from tests.cli.command_line import SMALL, Cli, write_files
from tests.cli.test_doctor_and_auth import KEYRING

from .servers import answer, serving

SECRET = "the-secret-of-a-client"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """A repository whose environment ``test`` is what the config says it is, and a keyring in a file."""
    result = Cli(write_files(tmp_path / "repo", SMALL))
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / "file_keyring.py").write_text(KEYRING, encoding="utf-8")
    result.env |= {
        "PYTHONPATH": str(tmp_path / "backend"),
        "PYTHON_KEYRING_BACKEND": "file_keyring.Backend",
        "KEYRING_FILE": str(tmp_path / "keyring.json"),
    }
    return result


def settings(cli: Cli, text: str) -> None:
    (cli.root / "config" / "websak.yaml").write_text(
        f'organisation: {{name: Oslo kommune, orgnr: "958935420"}}\nenvironments:\n  test: {text}\n', encoding="utf-8"
    )


def plan(cli: Cli, code: int, **variables: str) -> str:
    return cli("plan", "--environment", "test", code=code, env=variables).err


def test_a_secret_goes_to_the_host_it_was_stored_for_and_no_other(cli: Cli) -> None:
    taken = answer("401 Unauthorized", b'{"error": "invalid_client"}')
    give = lambda _, connection: connection.sendall(taken)  # noqa: E731
    with serving(give) as (ours, asked), serving(give) as (theirs, stolen):
        settings(cli, f'{{base_url: "http://127.0.0.1:{ours}", client_id: me}}')
        cli("auth", "login", "--environment", "test", "--client-id", "me", stdin=f"{SECRET}\n")
        assert "refused the client" in plan(cli, 6)
        assert len(asked) == 1
        for change in (
            f'{{base_url: "http://127.0.0.1:{theirs}", client_id: me}}',
            f'{{base_url: "http://127.0.0.1:{ours}", token_url: "http://127.0.0.1:{theirs}/t", client_id: me}}',
            f'{{base_url: "http://127.0.0.1:{ours}", token_url: "http://localhost:{ours}/t", client_id: me}}',
        ):
            settings(cli, change)
            given = plan(cli, 6)
            assert f"was stored for 127.0.0.1:{ours}" in given and "nothing was sent" in given
            assert SECRET not in given
            login = cli("auth", "login", "--environment", "test", "--client-id", "me", stdin=f"{SECRET}\n", code=6)
            assert "nothing was stored" in login.err and f"127.0.0.1:{ours}" in login.err
        assert (len(asked), stolen) == (1, [])
        settings(cli, f'{{base_url: "http://127.0.0.1:{theirs}", client_id: me}}')
        plan(cli, 6, WEBSAKCTL_TOKEN_URL=f"http://127.0.0.1:{theirs}/connect/token")
        assert len(stolen) == 1  # whoever sets the variable means it


def test_a_secret_of_a_variable_goes_where_a_variable_says(cli: Cli) -> None:
    give = lambda _, connection: connection.sendall(answer("401 Unauthorized", b"{}"))  # noqa: E731
    with serving(give) as (port, asked):
        settings(cli, f'{{base_url: "http://127.0.0.1:{port}", client_id: me}}')
        given = plan(cli, 6, WEBSAKCTL_CLIENT_SECRET=SECRET)
        assert f"only config/websak.yaml says that it goes to 127.0.0.1:{port}; nothing was sent" in given
        assert f"WEBSAKCTL_TOKEN_URL=http://127.0.0.1:{port}/connect/token" in given
        assert asked == []
        given = plan(
            cli, 6, WEBSAKCTL_CLIENT_SECRET=SECRET, WEBSAKCTL_TOKEN_URL=f"http://127.0.0.1:{port}/connect/token"
        )
        assert "refused the client" in given
        assert len(asked) == 1
        plan(cli, 6, WEBSAKCTL_CLIENT_SECRET=SECRET, WEBSAKCTL_BASE_URL=f"http://127.0.0.1:{port}")
        assert len(asked) == 2


def test_login_on_a_terminal_names_both_hosts_and_asks_once(cli: Cli) -> None:
    settings(cli, '{base_url: "http://127.0.0.1:9", token_url: "http://localhost:9/t", client_id: me}')
    declined = cli.terminal("auth", "login", "--environment", "test", "--client-id", "me")
    declined.expect_exact("localhost:9, not to 127.0.0.1:9. Type 'yes' to store it for localhost:9: ")
    declined.sendline("y")
    declined.read()
    declined.close()
    assert declined.exitstatus == 4
    for question in (True, False):
        child = cli.terminal("auth", "login", "--environment", "test", "--client-id", "me")
        if question:
            child.expect_exact("Type 'yes'")
            child.sendline("yes")
        child.expect_exact("Client secret (not shown): ")
        child.sendline(SECRET)
        child.read()
        child.close()
        assert child.exitstatus == 0
    kept = json.loads(json.loads(Path(cli.env["KEYRING_FILE"]).read_text())["websakctl/test"])
    assert kept["token_host"] == "localhost:9"


def test_a_keyring_that_keeps_nothing_is_an_error(cli: Cli) -> None:
    settings(cli, '{base_url: "http://127.0.0.1:9", client_id: me}')
    cli.env["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    given = cli("auth", "login", "--environment", "test", "--client-id", "me", stdin=f"{SECRET}\n", code=1).err
    assert "keyring.backends.null does not keep what it is given" in given


FAR = "http://websak.example.invalid"


@pytest.mark.parametrize(
    ("text", "validate", "code", "variables"),
    [
        (f'{{base_url: "{FAR}", client_id: me}}', 0, 64, {}),
        (f'{{base_url: "{FAR}", client_id: me, allow_insecure: true}}', 0, 6, {}),
        (f'{{base_url: "{FAR}", client_id: me}}', 0, 6, {"WEBSAKCTL_ALLOW_INSECURE": "1"}),
        (f'{{base_url: "{FAR}", client_id: me}}', 0, 64, {"WEBSAKCTL_ALLOW_INSECURE": "0"}),
        (f'{{base_url: "{FAR}", client_id: me, protected: true}}', 3, 3, {"WEBSAKCTL_ALLOW_INSECURE": "1"}),
        (f'{{base_url: "{FAR}", client_id: me, protected: true, allow_insecure: true}}', 3, 3, {}),
        (f'{{base_url: "https://w.example.invalid", setup_url: "{FAR}/s", client_id: me}}', 0, 64, {}),
        (f'{{base_url: "https://w.example.invalid", token_url: "{FAR}/t", client_id: me}}', 0, 64, {}),
    ],
)
def test_http_beyond_this_machine_must_be_allowed(
    cli: Cli, text: str, validate: int, code: int, variables: dict[str, str]
) -> None:
    settings(cli, text)
    result = cli("validate", "--format", "json", code=validate)
    insecure = [f for f in result.json["diagnostics"] if f["rule"] == "insecure-address"]
    assert bool(insecure) == ("allow_insecure" not in text or "protected" in text)
    given = plan(cli, code, **variables)
    if code == 64:
        assert "http:// beyond this machine" in given and "WEBSAKCTL_ALLOW_INSECURE=1" in given


def test_no_variable_makes_a_protected_environment_insecure(cli: Cli) -> None:
    settings(cli, '{base_url: "https://w.example.invalid", client_id: me, protected: true, allow_insecure: false}')
    given = plan(cli, 64, WEBSAKCTL_SETUP_URL=f"{FAR}/s", WEBSAKCTL_ALLOW_INSECURE="1")
    assert "the environment is protected" in given


@pytest.mark.parametrize("field", ["base_url", "setup_url", "token_url", "openapi_url"])
@pytest.mark.parametrize("url", ["websak.example.no", "https://h:port", "https://u:p@h", "https://h\\r"])
def test_validate_finds_a_wrong_address_where_it_stands(cli: Cli, field: str, url: str) -> None:
    others = "" if field == "base_url" else 'base_url: "https://w.example.invalid", '
    settings(cli, f'{{{others}{field}: "{url}"}}')
    (finding,) = [f for f in cli("validate", "--format", "json", code=3).json["diagnostics"] if f["line"] == 3]
    assert finding["rule"] in ("bad-settings", "secret-in-config")
    assert "p@h" not in finding["message"]


@pytest.mark.parametrize("name", ["BASE_URL", "SETUP_URL", "TOKEN_URL", "REGISTER_URL", "FIKS_URL", "FIKS_ISSUER"])
def test_a_wrong_address_in_a_variable_is_exit_64_and_names_it(cli: Cli, name: str) -> None:
    given = plan(cli, 64, **{f"WEBSAKCTL_{name}": "https://h\r"})
    assert f"WEBSAKCTL_{name}: " in given and "carriage return" in given


def test_openapi_of_another_host_is_not_sent_a_token(cli: Cli) -> None:
    settings(cli, '{base_url: "http://127.0.0.1:9", client_id: me, openapi_url: "http://localhost:9/openapi.json"}')
    assert "openapi_url of test is on another host" in plan(cli, 64)
