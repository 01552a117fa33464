"""A fleet in a folder: sandboxes, a repository for each, a fleet file, and the command line over them."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.cli.command_line import Cli, write_files

from .websaks import SECRET

ROOT = Path(__file__).parents[2]
WAIT = 60.0  # seconds after which a test gives up

FILES = {
    "config/units.yaml": """\
each_district:
  org_units:
    BYDEL: {name: "{district.name}", abbreviation: "{district.short_name}", unit_type: Bydel}
    OPPV: {name: Oppvekst}
    HELSE: {name: Helse og mestring}
""",
    "config/registers.yaml": """\
access_codes:
  U: {name: Unntatt offentlighet, basis_chosen_per_case: true}
case_types:
  SAK: {name: Vanlig sak, series: SAK, ordering_principle: emne, retention: B}
""",
    "districts/frogner/district.yaml": """\
district: {name: Bydel Frogner, number: "05", orgnr: "874778702", short_name: BFR, prefix: FR}
""",
}
WRITES = 5  # that it takes to set one up


@dataclass
class Websak:
    """One of the sandboxes."""

    port: int
    secret: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(
            method, f"{self.url}/_sandbox/{path}", json=body, headers={"X-Sandbox-Secret": self.secret}, trust_env=False
        )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def effects(self) -> Counter[tuple[str, str]]:
        """Every committed write, and how many times it was done."""
        return Counter((e["operation"], e["key"]) for e in self.ask("GET", "effects"))

    def slow(self, milliseconds: int) -> None:
        self.ask("POST", "settings", {"latency_ms": milliseconds})


@dataclass
class World:
    """A fleet with its sandboxes. Targets are called ``by-0``, ``by-1``, …"""

    folder: Path
    websaks: list[Websak]
    cli: Cli

    @property
    def names(self) -> list[str]:
        return [f"by-{i}" for i in range(len(self.websaks))]

    def fleet(self, *args: str, code: int | None = 0, **more: Any) -> Any:
        """Run a fleet command as JSON; gives what it came to with its document."""
        outcome = self.cli("fleet", *args, "--format", "json", code=code, **more)
        return outcome.json

    def fresh(self) -> "World":
        """Bring every sandbox and every state directory back to its beginning."""
        for websak in self.websaks:
            websak.slow(0)
            websak.ask("DELETE", "faults")
            websak.ask("POST", "reset", {"seed": "empty"})
        write_repositories(self.folder, self.websaks)
        return self

    def journal(self, name: str) -> Path:
        return self.folder / name / ".websakctl" / "journal.db"


def write_repositories(folder: Path, websaks: list[Websak]) -> None:
    """Write a repository for each sandbox, without a state, and the fleet file."""
    import shutil

    lines = ["targets:"]
    for i, websak in enumerate(websaks):
        settings = f"""\
organisation: {{name: Prøve kommune, orgnr: "958935420"}}
environments:
  test: {{base_url: "{websak.url}", setup_url: "{websak.url}/api/setup", client_id: websakctl, root_unit: OSLO, api_version: "3.3"}}
"""
        shutil.rmtree(folder / f"by-{i}", ignore_errors=True)
        write_files(folder / f"by-{i}", {**FILES, "config/websak.yaml": settings})
        lines.append(f"  by-{i}: {{root: by-{i}, environment: test}}")
    (folder / "fleet.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


@contextmanager
def world(folder: Path, count: int) -> Iterator[World]:
    """A fleet of ``count`` Websaks that are not set up yet."""
    served = folder / "served"
    served.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.fleet.websaks", str(served), str(count)], cwd=ROOT, stdin=subprocess.PIPE
    ) as server:
        until(lambda: (served / "websaks.json").exists() or server.poll() is not None)
        ports = json.loads((served / "websaks.json").read_text(encoding="utf-8"))
        websaks = [Websak(port, f"{SECRET}-{i}") for i, port in enumerate(ports)]
        write_repositories(folder, websaks)
        secrets = {f"WEBSAKCTL_BY_{i}_CLIENT_SECRET": websak.secret for i, websak in enumerate(websaks)}
        secrets |= {f"WEBSAKCTL_BY_{i}_TOKEN_URL": f"{websak.url}/connect/token" for i, websak in enumerate(websaks)}
        try:
            yield World(folder, websaks, Cli(folder, secrets))
        finally:
            assert server.stdin is not None
            server.stdin.close()
            try:
                server.wait(timeout=15)
            except subprocess.TimeoutExpired:
                server.kill()


def until(holds: Callable[[], Any]) -> Any:
    """Wait until something holds; gives what it gave."""
    deadline = time.monotonic() + WAIT
    while not (result := holds()):
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)
    return result
