"""A small repository under git, applied to a fresh sandbox; commands run in this process, over real HTTP."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from websakctl.cli.app import run

SMALL = {
    "config/org_units.yaml": """\
# What every district has.

each_district:
  org_units:
    BYDEL: {name: "{district.name}", abbreviation: "{district.short_name}", unit_type: Bydel}
    OPPV: {name: Oppvekst} # children
    BHG: {name: Barnehager, parent: OPPV}
    HELSE:
      name: 'Helse og mestring'   # health
""",
    "config/access.yaml": """\
access_groups:
  BYARKIVET: {}

access_codes:
  # the general one
  U: {name: Unntatt offentlighet, basis_chosen_per_case: true}
  P:
    name: Personalsaker
    legal_basis: [{reference: offl. § 13, valid_from: 2009-01-01}] # the act
""",
    "config/case_types.yaml": """\
case_types:
  TILS: {name: Tilsetting, series: SAK, ordering_principle: emne, access_code: P, retention: B, retention_basis: § 7-26}
""",
    "config/rollout.yaml": """\
licences:
  WEBSAK-PLUS: {product: Websak+, bought: 100, allotments: {frogner: 40, sagene: 50}}
""",
    "config/sub_orgs.yaml": """\
each_district:
  sub_orgs:
    "{district.orgnr}": {name: "{district.name}", unit: BYDEL, channel: svarinn}
""",
    "districts/frogner/district.yaml": """\
district: {name: Bydel Frogner, number: "05", orgnr: "874778702", short_name: BFR, prefix: FR}
""",
    "districts/sagene/district.yaml": """\
district: {name: Bydel Sagene, number: "03", orgnr: "974778726", short_name: BSA, prefix: SA}

overrides:
  org_units:
    BHG:
      name: Barnehagene
      reason: Slik heter det her
      owner: Bydel Sagene, stab
""",
    "districts/sagene/org_units.yaml": """\
defaults:
  org_units: {parent: BHG, unit_type: Tjenestested}

org_units:
  BH-LILLO: {name: Lillo gård barnehage}
""",
}


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Repository:
    """A config repository, and the commands in it."""

    root: Path
    capture: Any

    def __call__(self, *arguments: str, code: int = 0) -> Result:
        self.capture.readouterr()
        result = run(["--root", str(self.root), *arguments])
        out, err = self.capture.readouterr()
        assert result == code, f"{arguments}: exit {result}\n{out[-2000:]}\n{err[-3000:]}"
        return Result(result, out, err)

    def text(self, name: str) -> str:
        return (self.root / name).read_bytes().decode()

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_bytes(text.encode())

    def texts(self) -> dict[str, str]:
        result = [p for folder in ("config", "districts") for p in (self.root / folder).rglob("*.yaml")]
        return {p.relative_to(self.root).as_posix(): p.read_bytes().decode() for p in sorted(result)}

    def changed_from(self, before: dict[str, str]) -> dict[str, list[str]]:
        """The lines that went and came, by file."""
        result = {}
        for name, text in self.texts().items():
            old, new = before.get(name, "").splitlines(), text.splitlines()
            lines = [f"-{line}" for line in old if line not in new] + [f"+{line}" for line in new if line not in old]
            if text != before.get(name, ""):
                result[name] = lines
        return result

    def commit(self) -> None:
        git = ["git", "-C", str(self.root), "-c", "user.name=x", "-c", "user.email=x@example.invalid"]
        subprocess.run([*git, "add", "config", "districts"], check=True)
        subprocess.run([*git, "commit", "-qm", "x"], check=True)

    def plan(self) -> Any:
        return self("plan", "--format", "json").json


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Callable[[dict[str, str]], Repository]:
    """Makes repositories; the environment is the sandbox that ``at`` is called with."""
    for name in [n for n in os.environ if n.startswith("WEBSAKCTL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")

    def make(files: dict[str, str], name: str = "repo") -> Repository:
        result = Repository(tmp_path / name, capsys)
        result.root.mkdir()
        for file, text in files.items():
            result.write(file, text)
        return result

    return make


@pytest.fixture
def environment(sandbox33: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A fresh sandbox that the commands talk to."""
    for name, value in sandbox33.fresh("empty").variables.items():
        monkeypatch.setenv(name, value)
    return sandbox33


@pytest.fixture
def applied(repository: Any, environment: Any) -> Repository:
    """The small repository, applied and committed."""
    result: Repository = repository(SMALL)
    result("apply", "--auto-approve")
    subprocess.run(["git", "init", "-q", str(result.root)], check=True)
    result.commit()
    return result
