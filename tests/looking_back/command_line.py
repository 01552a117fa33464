"""The command line in a repository of its own: each command is a process, forked from one that has the program loaded."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FORKING = """
import importlib, json, os, pkgutil, sys
import websakctl, websakctl.cli.app
for found in pkgutil.walk_packages(websakctl.__path__, "websakctl."):
    if not found.name.startswith(("websakctl.sandbox", "websakctl.__main__")):
        importlib.import_module(found.name)
import websakctl.sandbox.process, tabulate, keyring, filelock
import gc; gc.collect(); gc.freeze(); gc.disable()
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if child == 0:
        os.environ.clear()
        os.environ.update(asked["env"])
        os.chdir(asked["cwd"])
        for number, name in ((0, os.devnull), (1, asked["out"]), (2, asked["err"])):
            os.dup2(os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        code = 70
        try:
            code = int(websakctl.cli.app.run(asked["argv"]))
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

SMALL = {
    "config/websak.yaml": """\
organisation: {name: Oslo kommune, orgnr: "958935420"}
""",
    "config/org_units.yaml": """\
each_district:
  org_units:
    BYDEL: {name: "{district.name}", abbreviation: "{district.short_name}", unit_type: Bydel}
    OPPV: {name: Oppvekst}
    HELSE: {name: Helse og mestring}
""",
    "config/access.yaml": """\
access_groups:
  BYARKIVET: {}
access_codes:
  U: {name: Unntatt offentlighet, basis_chosen_per_case: true}
  P:
    name: Personalsaker
    legal_basis: [{reference: offl. § 13, valid_from: 2009-01-01}]
""",
    "config/case_types.yaml": """\
case_types:
  PERS: {name: Personalmappe, series: PERS, ordering_principle: emne, access_code: P, retention: B}
""",
    "config/licences.yaml": """\
licences:
  WEBSAK-PLUS: {product: Websak+, bought: 100, allotments: {frogner: 40, sagene: 50}}
  WEBSAK-LES: {product: Websak lesetilgang, bought: 9}
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
""",
}


class Commands:
    """A process that has the program loaded, and forks for every command."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _FORKING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )

    def run(self, argv: list[str], cwd: Path, env: Mapping[str, str], out: Path, err: Path) -> int:
        """Run one command line to its end and give its exit code."""
        asked = {"argv": argv, "cwd": str(cwd), "env": dict(env), "out": str(out), "err": str(err)}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


@dataclass
class Outcome:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def changed(self) -> dict[str, str]:
        """Action by address of a plan in JSON."""
        return {change["address"]: change["action"] for change in self.json["changes"]}

    @property
    def manual(self) -> dict[str, str]:
        """Steps for a person by address of a plan in JSON."""
        return {step["address"]: step["what"] for step in self.json["manual"]}


@dataclass
class Cli:
    """Runs commands in a repository."""

    commands: Commands
    root: Path
    env: dict[str, str] = field(default_factory=dict)
    told: list[Outcome] = field(default_factory=list)

    def __call__(self, *args: str, code: int | None = 0, env: Mapping[str, str] | None = None) -> Outcome:
        """Run one command line without a terminal and expect its exit code."""
        plain = {"PATH": os.environ["PATH"], "HOME": str(self.root), "LANG": "C.UTF-8", "USER": "tester"}
        no_keyring = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        out, err = self.root.parent / "out", self.root.parent / "err"
        got = self.commands.run(list(args), self.root, {**plain, **no_keyring, **self.env, **(env or {})}, out, err)
        outcome = Outcome(got, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))
        self.told.append(outcome)
        if "--verbose" not in args:
            assert "Traceback" not in outcome.err
        assert "internal error" not in outcome.err, outcome.err
        if code is not None:
            assert got == code, f"{args}: exit {got}\n{outcome.out[-3000:]}\n{outcome.err[-3000:]}"
        return outcome

    def plan(self, *args: str, **kwargs: Any) -> Outcome:
        """Plan as JSON."""
        return self("plan", "--format", "json", *args, **kwargs)

    def apply(self, *args: str, **kwargs: Any) -> Outcome:
        """Apply without being asked."""
        return self("apply", "--auto-approve", *args, **kwargs)

    def last_run(self) -> str:
        """The name of the latest run."""
        return str(self("history", "--format", "json").json["items"][0]["run"])

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a file of the config; ``old`` must be there."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    @property
    def state(self) -> Path:
        """The tool's own folder."""
        return self.root / ".websakctl"


def write_files(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root
