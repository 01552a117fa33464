"""The command line as a user has it: a repository in a folder of its own, real processes, real HTTP."""

import atexit
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import termios
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pexpect
import pyte

PROGRAM = str(Path(sys.executable).with_name("websakctl"))

SMALL = {
    "config/websak.yaml": """\
organisation: {name: Oslo kommune, orgnr: "958935420"}
environments:
  test: {base_url: "http://127.0.0.1:9", client_id: from-yaml}
  production: {base_url: "http://127.0.0.1:9", client_id: from-yaml, protected: true}
""",
    "config/org_units.yaml": """\
each_district:
  org_units:
    BYDEL: {name: "{district.name}", abbreviation: "{district.short_name}", unit_type: Bydel}
    OPPV: {name: Oppvekst}
    BHG: {name: Barnehager, parent: OPPV}
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
    "config/rollout.yaml": """\
rollout_batches:
  PULJE-1: {name: Første pulje, districts: [frogner]}
  PULJE-2: {name: Andre pulje, districts: [sagene]}
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
""",
}


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
    def changed(self) -> list[str]:
        """The addresses that a plan in JSON changes."""
        return [change["address"] for change in self.json["changes"]]


def _in_a_fresh_interpreter(argv: list[str], cwd: str, env: dict[str, str], stdin: str | None) -> Outcome:
    process = subprocess.run(
        argv,
        cwd=cwd,
        env=env,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=60,
    )
    return Outcome(process.returncode, process.stdout, process.stderr)


def _in_a_fork(argv: list[str], cwd: str, env: dict[str, str], stdin: str | None, *, hurried: bool) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        streams = {name: Path(folder, name) for name in ("stdin", "stdout", "stderr")}
        for name, path in streams.items():
            path.write_text(stdin or "" if name == "stdin" else "", encoding="utf-8")
        code = _forked(argv, cwd, env, {name: str(path) for name, path in streams.items()}, hurried=hurried)
        out, err = (streams[name].read_text(encoding="utf-8", errors="replace") for name in ("stdout", "stderr"))
    return Outcome(code, out, err)


def _forked(
    argv: list[str], cwd: str, env: dict[str, str], streams: Mapping[str, str], *, hurried: bool = False
) -> int:
    """Run a command whose streams are files, or a terminal, by their paths; gives its exit code."""
    loaded = _loaded()
    assert loaded.stdin is not None and loaded.stdout is not None
    loaded.stdin.write(json.dumps({"argv": argv, "cwd": cwd, "env": env, "hurried": hurried, **streams}) + "\n")
    loaded.stdin.flush()
    return int(loaded.stdout.readline())


@cache
def _loaded() -> "subprocess.Popen[str]":
    plain = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("preloaded.py"))],
        env=plain,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    atexit.register(process.communicate)  # the end of its input ends it
    return process


@dataclass
class Cli:
    """Runs the installed command in a repository."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    fresh: bool = False  # start each command with an interpreter of its own, as users do
    hurried: bool = False  # put the clock forward instead of waiting, where only what comes after the wait is looked at

    def surroundings(self, env: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """Variables of the process; ``None`` takes one away."""
        plain = {"PATH": os.environ["PATH"], "HOME": str(self.root), "LANG": "C.UTF-8", "USER": "tester"}
        no_keyring = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        merged: dict[str, str | None] = {**plain, **no_keyring, **self.env, **(env or {})}
        return {name: value for name, value in merged.items() if value is not None}

    def __call__(
        self,
        *args: str,
        code: int | None = 0,
        env: Mapping[str, str | None] | None = None,
        stdin: str | None = None,
        cwd: Path | None = None,
    ) -> Outcome:
        """Run one command line without a terminal and expect its exit code."""
        around = self.surroundings(env)
        starts_otherwise = any(n.startswith("PYTHON") and n != "PYTHON_KEYRING_BACKEND" for n in around)
        if self.fresh or starts_otherwise:
            outcome = _in_a_fresh_interpreter([PROGRAM, *args], str(cwd or self.root), around, stdin)
        else:
            outcome = _in_a_fork([PROGRAM, *args], str(cwd or self.root), around, stdin, hurried=self.hurried)
        if "--verbose" not in args:
            assert "Traceback" not in outcome.err
        assert "internal error" not in outcome.err
        if code is not None:
            assert outcome.code == code, f"{args}: exit {outcome.code}\n{outcome.out[-3000:]}\n{outcome.err[-3000:]}"
        return outcome

    def plan(self, *args: str, **kwargs: Any) -> Outcome:
        """Plan as JSON."""
        return self("plan", "--format", "json", *args, **kwargs)

    def apply(self, *args: str, **kwargs: Any) -> Outcome:
        """Apply without being asked."""
        return self("apply", "--auto-approve", *args, **kwargs)

    def start(self, *args: str, env: Mapping[str, str | None] | None = None) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        return subprocess.Popen(
            [PROGRAM, *args],
            cwd=self.root,
            env=self.surroundings(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def terminal(
        self, *args: str, columns: int = 80, rows: int = 24, env: Mapping[str, str | None] | None = None
    ) -> "pexpect.spawn[str]":
        """Start a command on a terminal of its own."""
        around = self.surroundings({"TERM": "xterm-256color", **(env or {})})
        return pexpect.spawn(
            PROGRAM,
            list(args),
            cwd=str(self.root),
            env=around,
            dimensions=(rows, columns),
            encoding="utf-8",
            timeout=20,
        )

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a file of the config; ``old`` must be there."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")


def write_files(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@dataclass
class Screen:
    """What a command left on a terminal."""

    raw: str
    code: int | None
    columns: int

    def __post_init__(self) -> None:
        self._screen = pyte.Screen(self.columns, 300)
        pyte.Stream(self._screen).feed(self.raw)

    def text(self) -> str:
        """The lines that can be read, without the blanks at their ends."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    @property
    def cursor_hidden(self) -> bool:
        return bool(self._screen.cursor.hidden)


def on_a_terminal(cli: Cli, *args: str, columns: int = 80, env: Mapping[str, str | None] | None = None) -> Screen:
    """Run a command that asks nothing on a terminal to its end; one that asks takes ``Cli.terminal``."""
    shown, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (24, columns))
    read: list[bytes] = []
    reader = threading.Thread(target=_read_all, args=(shown, read))
    reader.start()
    try:
        around = cli.surroundings({"TERM": "xterm-256color", **(env or {})})
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), os.ttyname(terminal))
        code = _forked([PROGRAM, *args], str(cli.root), around, streams)
    finally:
        os.close(terminal)  # nobody has it open any more, which the reader takes for the end
        reader.join()
        os.close(shown)
    return Screen(b"".join(read).decode("utf-8", "replace"), code, columns)


def _read_all(terminal: int, into: list[bytes]) -> None:
    with contextlib.suppress(OSError):  # how Linux says that it is the end
        while part := os.read(terminal, 65_536):
            into.append(part)
