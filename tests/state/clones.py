"""Clones of one config that share nothing but a bare remote, each a machine with a state directory of its own."""

import os
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.cli.command_line import SMALL, Cli, write_files
from tests.conftest import Sandbox

from .conftest import Remote, git

KEY = "0f" * 32
ENVIRONMENT = "prod"
BRANCH = f"websakctl-state/{ENVIRONMENT}"
EVERYTHING = os.environ.get("RELIABILITY") == "all"
LATE = 20 if EVERYTHING else 1  # seconds that a write is held whose sender is then gone


def config(sandbox: Sandbox, **more: str) -> dict[str, str]:
    """The small config, with an environment that has no Setup API and a shared state."""
    server = sandbox.server
    extra = "".join(f", {name}: {value}" for name, value in {"state_pause": "5", **more}.items())
    return {
        **SMALL,
        ".gitignore": ".websakctl/\nusers/\n",
        "config/websak.yaml": f"""\
organisation: {{name: Oslo kommune, orgnr: "958935420"}}
environments:
  {ENVIRONMENT}: {{base_url: "{server.base_url}", token_url: "{server.token_url}", root_unit: OSLO, state: git{extra}}}
""",
    }


@dataclass
class Machines:
    """The remote, the Websak, and the machines that work with both."""

    remote: Remote
    sandbox: Sandbox

    def machine(self, name: str, *options: str) -> Cli:
        """A clone, made with these options of git."""
        server = self.sandbox.server
        env = {
            "WEBSAKCTL_ENVIRONMENT": ENVIRONMENT,
            "WEBSAKCTL_TOKEN_URL": server.token_url,
            "WEBSAKCTL_CLIENT_ID": server.client_id,
            "WEBSAKCTL_CLIENT_SECRET": server.client_secret,
            "WEBSAKCTL_STATE_KEY": KEY,
            "USER": name,
        }
        return Cli(self.remote.clone(name, *options), env)

    def counted(self) -> Counter[tuple[str, str]]:
        return Counter(self.sandbox.effects())

    def head(self) -> str:
        return self.remote.head(BRANCH)


def after_what_may_come_late(cli: Cli) -> None:
    """Let the time of a held write pass, and put the clock forward from then on; `make reliability` lets the command wait."""
    if not EVERYTHING:
        time.sleep(LATE)
        cli.hurried = True


def publish(remote: Remote, files: dict[str, str]) -> None:
    """Push the config to main, as its first commit."""
    root = remote.home / "author"
    git(remote.home, "clone", "--quiet", remote.folder.as_uri(), str(root))
    write_files(root, files)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", "config")
    git(root, "push", "--quiet", "origin", "main")


def ended(process: "subprocess.Popen[str]", timeout: float = 120) -> tuple[int, str]:
    """Exit code and stderr of a command that was started."""
    _, err = process.communicate(timeout=timeout)
    assert "Traceback" not in err, err
    return process.returncode, err


def everything_in(remote: Remote, branch: str = BRANCH) -> bytes:
    """Every object, commit, author and path of a branch."""
    listed = git(remote.folder, "rev-list", "--objects", f"refs/heads/{branch}")
    objects = "".join(f"{line.split()[0]}\n" for line in listed.splitlines())
    result = subprocess.run(
        ["git", "cat-file", "--batch"], cwd=remote.folder, input=objects.encode(), capture_output=True, check=True
    )
    log = git(remote.folder, "log", "--format=raw", f"refs/heads/{branch}")
    return result.stdout + listed.encode() + log.encode()


def state_of(cli: Cli, *args: str, **more: Any) -> Any:
    return cli("state", *args, "--format", "json", **more).json
