"""Settings: command line over variables over config/websak.yaml over defaults."""

import stat
from typing import Any

import pytest

from .command_line import Cli


def test_flag_over_variable_over_file_over_default(small: Cli) -> None:
    def environment(*args: str, **env: str) -> dict[str, Any]:
        outcome = small("auth", "status", "--format", "json", *args, env=env, code=None)
        status: dict[str, Any] = outcome.json
        return status

    assert environment()["environment"] == "sandbox"
    assert environment(WEBSAKCTL_ENVIRONMENT="test")["environment"] == "test"
    both = environment("--environment", "production", WEBSAKCTL_ENVIRONMENT="test")
    assert both == {"format_version": 1, "environment": "production", "client_id": "from-yaml", "secret_from": None}
    assert environment("-e", "test", WEBSAKCTL_CLIENT_ID="from-variable")["client_id"] == "from-variable"


def test_a_base_url_is_an_environment_by_itself_whatever_its_name(cli: Cli) -> None:
    for name in ("mars", "sandbox", "a/b"):
        outcome = cli.plan("--environment", name, "--kind", "access_code")
        assert outcome.json["environment"] == name
        assert outcome.json["summary"]["create"] == 1
    cli.apply("--environment", "a/b", "--kind", "access_code")
    assert cli.plan("--kind", "access_code").changed == []
    assert not (cli.root / ".websakctl" / "sandbox").exists()  # the embedded one was not started


def test_the_base_url_of_a_variable_goes_before_that_of_the_file(cli: Cli, websak: Any) -> None:
    assert websak.server.base_url in cli("plan", "--environment", "test").out.splitlines()[0]


def test_a_base_url_of_a_variable_takes_no_other_address_of_the_file(cli: Cli, websak: Any) -> None:
    cli.edit(
        "config/websak.yaml",
        '  test: {base_url: "http://127.0.0.1:9",',
        '  test: {base_url: "http://127.0.0.1:9", setup_url: "http://127.0.0.1:9/setup", token_url: "http://127.0.0.1:9/t",',
    )
    other = {"WEBSAKCTL_SETUP_URL": None, "WEBSAKCTL_TOKEN_URL": None}
    plan = cli.plan("--environment", "test", env=other).json
    assert any("no Setup API" in warning for warning in plan["warnings"])  # not that of another Websak


@pytest.mark.parametrize("name", ["BASE_URL", "SETUP_URL", "TOKEN_URL"])
def test_a_password_in_an_address_is_refused_and_not_shown(cli: Cli, name: str) -> None:
    given = cli("plan", env={f"WEBSAKCTL_{name}": "http://user:hunter2secret@127.0.0.1:1"}, code=64)
    assert f"WEBSAKCTL_{name}" in given.err
    assert "hunter2secret" not in given.err + given.out


def test_without_a_setup_api_its_kinds_are_manual(cli: Cli, websak: Any) -> None:
    none = {"WEBSAKCTL_SETUP_URL": ""}
    plan = cli.plan(env=none).json
    assert plan["summary"]["manual"] == len(plan["manual"]) == 8
    assert {change["kind"] for change in plan["changes"]} == {"org_unit", "access_group"}
    assert any("no Setup API" in warning for warning in plan["warnings"])
    assert " 8 manual steps." in " ".join(cli("plan", env=none).out.splitlines()[-2:])
    assert "  - case_type/base/PERS: " in cli("plan", "--expand", env=none).out
    cli.apply(env=none)
    assert {operation.partition(".")[0] for operation, _ in websak.effects()} == {"department", "access_group"}
    assert cli.plan(env=none).json["summary"]["manual"] == 8
    assert "none here" in cli("doctor", env=none).out


def test_an_empty_variable_is_an_omitted_one(cli: Cli) -> None:
    names = ["ROOT", "ENVIRONMENT", "STATE_DIR", "API_VERSION", "CONCURRENCY"]
    cli("plan", "--kind", "access_code", env={f"WEBSAKCTL_{name}": "" for name in names})
    assert (cli.root / ".websakctl" / "journal.db").exists()
    assert not (cli.root / "journal.db").exists()
    assert "no client credentials" in cli("plan", env={"WEBSAKCTL_CLIENT_SECRET": ""}, code=6).err


def test_the_root_by_flag_by_variable_and_by_place(small: Cli) -> None:
    elsewhere = small.root.parent
    small("validate", cwd=elsewhere, code=3)
    small("validate", cwd=elsewhere, env={"WEBSAKCTL_ROOT": "repo"})
    small("validate", "--root", "repo", cwd=elsewhere, env={"WEBSAKCTL_ROOT": "nowhere"})
    small("validate", cwd=elsewhere, env={"WEBSAKCTL_ROOT": "nowhere"}, code=64)


def test_the_state_directory_by_variable_and_owner_only(cli: Cli) -> None:
    cli.apply("--kind", "access_code", env={"WEBSAKCTL_STATE_DIR": "kept/here"})
    kept = cli.root / "kept" / "here"
    assert not (cli.root / ".websakctl").exists()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept.glob("journal*")} == {0o600}
    # what was applied is known only there
    assert " (2 checked)." in cli("drift", env={"WEBSAKCTL_STATE_DIR": "kept/here"}).out
    assert "Nothing has been applied" in cli("drift").err


def test_what_does_not_hang_under_the_root_unit_is_not_ours(cli: Cli) -> None:
    def unmanaged(root: str) -> set[str]:
        plan = cli.plan("--kind", "org_unit", "--prune", "org_unit", env={"WEBSAKCTL_ROOT_UNIT": root}).json
        return {change["key"] for change in plan["changes"] if change["action"] == "deactivate"}

    assert unmanaged("OSLO") == {"PROSJ", "FR-GAMMEL"}
    assert unmanaged("FR-BYDEL") == {"FR-GAMMEL"}
    assert "OSLO" not in unmanaged("PROSJ")  # else --prune would close the city down


def test_a_secret_in_yaml_is_an_error(small: Cli) -> None:
    small.edit("config/websak.yaml", "client_id: from-yaml}", "client_id: from-yaml, client_secret: hunter22222}")
    outcome = small("validate", code=3)
    assert "config/websak.yaml:3:" in outcome.err
    assert "hunter22222" not in outcome.err
