"""The state key: made once, kept in a keyring, the same for everybody who applies."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.command_line import Cli
from tests.cli.test_doctor_and_auth import KEYRING
from tests.conftest import Sandbox

from .clones import Machines, config, publish, state_of
from .conftest import Remote, git

NAME = "state-key:prod"


@pytest.fixture
def machines(remote: Remote, sandbox33: Sandbox) -> Machines:
    publish(remote, config(sandbox33))
    sandbox33.fresh("empty")
    return Machines(remote, sandbox33)


def with_keyring(cli: Cli) -> Cli:
    """A keyring in a file, loaded by the real library, and no state key in a variable."""
    folder = cli.root.parent / f"{cli.root.name}-keyring"
    folder.mkdir()
    (folder / "file_keyring.py").write_text(KEYRING, encoding="utf-8")
    cli.env |= {
        "PYTHONPATH": str(folder),
        "PYTHON_KEYRING_BACKEND": "file_keyring.Backend",
        "KEYRING_FILE": str(folder / "keyring.json"),
    }
    del cli.env["WEBSAKCTL_STATE_KEY"]
    return cli


def keyring_of(cli: Cli) -> Path:
    return Path(cli.env["KEYRING_FILE"])


def test_it_is_made_once_kept_in_the_keyring_and_handed_on(machines: Machines) -> None:
    ola, kari = (with_keyring(machines.machine(name)) for name in ("ola", "kari"))
    made = ola("state", "migrate")
    assert f"keyring get websakctl {NAME}" in made.out and f"keyring set websakctl {NAME}" in made.out
    key = json.loads(keyring_of(ola).read_text(encoding="utf-8"))[f"websakctl/{NAME}"]
    assert re.fullmatch("[0-9a-f]{64}", key)
    assert key not in made.out + made.err
    again = state_of(ola, "migrate")
    assert (again["begun"], again["key_made"]) == (False, False)
    ola.apply()

    before = machines.sandbox.effects()
    assert "the state key of prod is not on this machine" in kari.apply(code=6).err
    refused = kari("state", "migrate", code=6)  # another has made it, and a second one would fit nothing
    assert f"keyring set websakctl {NAME}" in refused.err
    assert not keyring_of(kari).exists()
    keyring_of(kari).write_text(json.dumps({f"websakctl/{NAME}": "1f" * 32}), encoding="utf-8")
    assert "is not the one that the state of prod was begun with" in kari.apply(code=4).err
    assert machines.sandbox.effects() == before
    keyring_of(kari).write_text(keyring_of(ola).read_text(encoding="utf-8"), encoding="utf-8")
    kari.apply()
    for cli in (ola, kari):
        cli("state", "verify")


def test_without_a_keyring_it_is_told_how_to_make_one(machines: Machines) -> None:
    ola = machines.machine("ola")
    refused = ola("state", "migrate", env={"WEBSAKCTL_STATE_KEY": None}, code=1)
    assert "there is no keyring here" in refused.err and "WEBSAKCTL_STATE_KEY" in refused.err
    assert git(machines.remote.folder, "branch", "--list", "websakctl-state/*") == ""


def test_init_keeps_the_state_with_the_remote_where_there_is_one_and_says_so(remote: Remote, tmp_path: Path) -> None:
    with_remote, alone = Cli(remote.clone("new")), Cli(tmp_path / "alone")
    (with_remote.root / "README.md").unlink()
    alone.root.mkdir()
    git(alone.root, "init", "--quiet")
    reported = with_remote("init").out
    assert "keep journal and lock there (state: git)" in reported and "websakctl state migrate" in reported
    assert "state: git" in (with_remote.root / "config/websak.yaml").read_text(encoding="utf-8")
    assert "remote" not in alone("init").out
    settings = (alone.root / "config/websak.yaml").read_text(encoding="utf-8")
    assert "state: local" in settings and "state: git" not in settings
    for cli in (with_remote, alone):
        cli("validate")
