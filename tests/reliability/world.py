"""One server, one repository on the way from one config to the next, and the way back to where it all began."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from websakctl.apply.journal import Journal
from websakctl.kinds import all_kinds
from websakctl.live.clock import SystemClock
from websakctl.live.websak import Connection
from websakctl.operations.change.find_drift import find_drift
from websakctl.operations.change.make_plan import ConfigInput, make_plan
from websakctl.operations.change.read_setup import read_setup
from websakctl.plan.change import Plan
from websakctl.redaction import Secret
from websakctl.sandbox.process import Server, ensure_server, stop_server
from websakctl.source.load import load_configuration

from . import inside
from .configs import AFTER, BEFORE, RETIRED_BY_HAND
from .proxy import BEFORE as BEFORE_IT
from .proxy import PASSED, Crossing, Drop, Proxy
from .summary import EVERYTHING, note

ENVIRONMENT = "environment"
QUICK_PROGRAM = (sys.executable, str(Path(__file__).with_name("program.py")))
_OF_NO_CONCERN = {"effect", "lease", "idempotency"}  # tables that keep how it came, not what it came to


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Place:
    """A config repository with its own state directory, and the command run in it."""

    root: Path
    variables: dict[str, str]
    program: tuple[str, ...] = QUICK_PROGRAM

    @property
    def state(self) -> Path:
        return self.root / ".websakctl"

    def write(self, files: Mapping[str, str]) -> None:
        """Make the config these files and nothing else."""
        for name in ("config", "districts", "users"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text, encoding="utf-8")
            if name.startswith("users/"):
                (self.root / name).chmod(0o600)

    def environment(self, **variables: str) -> dict[str, str]:
        plain = {"PATH": os.environ["PATH"], "HOME": str(self.root), "LANG": "C.UTF-8", "USER": "tester"}
        return {**plain, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", **self.variables, **variables}

    def start(self, *args: str, **variables: str) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        return subprocess.Popen(
            [*self.program, *args],
            cwd=self.root,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def __call__(self, *args: str, code: int | None = 0, **variables: str) -> Outcome:
        """Run a command to its end and expect its exit code.

        In the everyday sample this is done inside this process where it can be, which is much quicker.
        """
        if EVERYTHING or self.program != QUICK_PROGRAM or threading.current_thread() is not threading.main_thread():
            return ended(self.start(*args, **variables), code)
        around = self.environment(**variables)
        return as_expected(Outcome(*inside.run(self.root, args, around)), code)

    def apply(self, *args: str, code: int | None = 0, **variables: str) -> Outcome:
        return self("apply", "--auto-approve", *args, code=code, **variables)

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        with Journal(self.state / "journal.db", SystemClock()) as journal:
            yield journal


def ended(process: subprocess.Popen[str], code: int | None = 0, timeout: float = 90) -> Outcome:
    """Wait for a command's end and expect its exit code."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"it did not end\n{out[-2000:]}\n{err[-2000:]}") from None
    return as_expected(Outcome(process.returncode, out, err), code)


def as_expected(outcome: Outcome, code: int | None) -> Outcome:
    """Expect an exit code, and no sign of a mistake in the program."""
    out, err = outcome.out, outcome.err
    assert "Traceback" not in err, err
    assert "internal error" not in err, err
    assert "Exception in thread" not in err, err
    if code is not None:
        assert outcome.code == code, f"exit {outcome.code}, not {code}\n{out[-3000:]}\n{err[-3000:]}"
    return outcome


@dataclass
class World:
    """A server with everything at the beginning of the way, and a proxy in front of it."""

    server: Server
    home: Path
    place: Place
    proxy: Proxy
    control: httpx.Client
    before: Mapping[str, str] = field(default_factory=lambda: BEFORE)
    after: Mapping[str, str] = field(default_factory=lambda: AFTER)
    by_hand: Iterable[tuple[str, str, Mapping[str, Any]]] = RETIRED_BY_HAND
    reference: "Reference | None" = None
    _saved: list[Path] = field(default_factory=list)

    # --- beginnings

    def to_the_beginning(self) -> None:
        """Server and journal as they were after BEFORE was applied and some things were switched off by hand."""
        self.proxy.begin()
        self.proxy.upstream = self.server.base_url
        self.control.delete("/_sandbox/faults").raise_for_status()
        self.settings(latency_ms=0, token_lifetime=None, rate_limit_per_second=None)
        if not self._saved:
            self._prepare()
        with closing(sqlite3.connect(self._saved[0])) as saved, closing(sqlite3.connect(self.database)) as live:
            saved.backup(live)
        shutil.rmtree(self.place.state)
        self.place.state.mkdir(mode=0o700)
        shutil.copy(self._saved[1], self.place.state / "journal.db")
        self.place.write(self.after)
        self.proxy.begin()

    def _prepare(self) -> None:
        self.control.post("/_sandbox/reset", json={"seed": "empty"}).raise_for_status()
        shutil.rmtree(self.place.state, ignore_errors=True)
        self.place.write(self.before)
        self.place.apply()
        for kind, key, values in self.by_hand:
            self.edit(kind, key, **values)
        self.control.delete("/_sandbox/effects").raise_for_status()
        folder = self.home / "saved"
        folder.mkdir()
        with closing(sqlite3.connect(self.database)) as live, closing(sqlite3.connect(folder / "websak.db")) as saved:
            live.backup(saved)
        shutil.copy(self.place.state / "journal.db", folder / "journal.db")
        self._saved = [folder / "websak.db", folder / "journal.db"]

    @property
    def database(self) -> Path:
        return Path(self.server.database.removeprefix("sqlite:///"))

    def kill_at_write(self, number: int, phase: str, by: int = signal.SIGKILL) -> "Killer":
        """From now on, strike the ``number``-th request that writes."""
        return self._kill(lambda crossing: crossing.writes, number, phase, by)

    def kill_at_request(self, path: str, phase: str, number: int = 1, by: int = signal.SIGKILL) -> "Killer":
        """From now on, strike the ``number``-th request whose path holds ``path``."""
        return self._kill(lambda crossing: path in crossing.path, number, phase, by)

    def kill_when(self, concerns: Callable[[Crossing], bool], phase: str, by: int = signal.SIGKILL) -> "Killer":
        """From now on, strike the first request that ``concerns`` accepts."""
        return self._kill(concerns, 1, phase, by)

    def _kill(self, concerns: Callable[[Crossing], bool], number: int, phase: str, by: int) -> "Killer":
        killer = Killer(concerns, number, phase, by)
        self.proxy.begin(killer)
        return killer

    # --- the server behind the client's back

    def edit(self, kind: str, key: str, **values: Any) -> None:
        """A hand edit, as somebody in the Websak client would make it."""
        self.control.post("/_sandbox/edit", json={"kind": kind, "key": key, "set": values}).raise_for_status()

    def setup(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the Setup API that is not the client's under test."""
        form = {"grant_type": "client_credentials", "scope": "userapi setup"}
        form |= {"client_id": self.server.client_id, "client_secret": self.server.client_secret}
        token = self.control.post("/connect/token", data=form).raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = self.control.request(method, f"/api/setup{path}", json=body, headers=headers).raise_for_status()
        return answer.json() if answer.content else None

    def settings(self, **values: Any) -> None:
        self.control.post("/_sandbox/settings", json=values).raise_for_status()

    def fault(self, fault: str, path: str | None = None, **rule: Any) -> None:
        """Schedule a fault; ``method``, ``nth`` and ``times`` are the rule's, anything else the fault's parameters."""
        match = {"path": path, "method": rule.pop("method", None), "nth": rule.pop("nth", None)}
        body = {"match": match, "fault": fault, "times": rule.pop("times", 1), "params": rule}
        self.control.post("/_sandbox/faults", json=body).raise_for_status()

    def clear_faults(self) -> None:
        self.control.delete("/_sandbox/faults").raise_for_status()

    @property
    def effects(self) -> list[dict[str, Any]]:
        """Every committed write since the beginning, in order."""
        result: list[dict[str, Any]] = self.control.get("/_sandbox/effects").raise_for_status().json()
        return result

    @property
    def counted(self) -> Counter[tuple[str, str]]:
        """How often each effect was had."""
        return Counter((effect["operation"], effect["key"]) for effect in self.effects)

    def contents(self) -> dict[str, list[dict[str, Any]]]:
        """What the server's database holds, without what differs from run to run: its own ids and times."""
        with closing(sqlite3.connect(self.database)) as db:
            db.row_factory = sqlite3.Row
            tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            rows = {
                table: [dict(row) for row in db.execute(f'SELECT * FROM "{table}"')]
                for table in tables
                if not table.startswith("sqlite_") and not any(word in table for word in _OF_NO_CONCERN)
            }
        names = {str(row["id"]): row["external_id"] or row["code"] for row in rows["department"]}
        for row in rows["department"]:
            row["parent_department_id"] = names.get(str(row["parent_department_id"]))
        self._name_what_is_referred_to(rows, names)
        own = {"id", "etag", "updated_at", "valid_from_date", "from_date", "created_at", "changed_at"}
        return {
            table: sorted(({name: value for name, value in row.items() if name not in own} for row in result), key=repr)
            for table, result in rows.items()
        }

    @staticmethod
    def _name_what_is_referred_to(rows: dict[str, list[dict[str, Any]]], units: Mapping[str, Any]) -> None:
        """Put natural keys in the place of the server's own ids, which differ from run to run."""
        users = {row["id"]: row["code"] for row in rows["websak_user"]}
        groups = {row["id"]: row["name"] for row in rows["access_group"]}
        for row in rows["department"]:
            row["manager_user_id"] = users.get(int(row["manager_user_id"] or 0))
            row["mail_distribution_group"] = groups.get(int(row["mail_distribution_group"] or 0))
        for row in rows["websak_user"]:
            row["external_id"], row["department_id"] = None, units.get(str(row["department_id"]))
        for row in rows["access_group_member"]:
            row["user_id"], row["group_id"] = users[row["user_id"]], groups[row["group_id"]]
            row["to_date"] = row["to_date"] is not None
        for row in rows["user_role"]:
            row["user_id"], row["role_id"] = users[row["user_id"]], None
            row["department_list"] = ",".join(str(units.get(n)) for n in row["department_list"].split(","))

    # --- clients of ours

    @property
    def connection(self) -> Connection:
        server = self.server
        return Connection(
            base_url=server.base_url,
            setup_url=server.setup_url,
            token_url=server.token_url,
            client_id=server.client_id,
            client_secret=Secret(server.client_secret),
            root_unit="OSLO",
        )

    def inputs(self, place: Place | None = None) -> ConfigInput:
        place = place or self.place
        config = load_configuration(place.root, date.today())
        assert config.valid, config.findings
        with place.journal() as journal:
            return ConfigInput(
                config=config,
                known=journal.known(ENVIRONMENT),
                accepted=journal.accepted(ENVIRONMENT),
                kinds=self.connection.kinds(all_kinds()),
                environment=ENVIRONMENT,
            )

    def plan(self, place: Place | None = None) -> Plan:
        """What is still to do."""
        inputs = self.inputs(place)
        return make_plan(inputs, read_setup(self.connection, inputs).state)

    def drift(self, place: Place | None = None) -> Plan:
        inputs = self.inputs(place)
        return find_drift(inputs, read_setup(self.connection, inputs).state).plan

    # --- what must hold

    @property
    def the_way(self) -> "Reference":
        """What it is like without any trouble."""
        assert self.reference is not None, "nobody has walked it yet"
        return self.reference

    def walk_the_way_once(self) -> "Reference":
        """Apply without any trouble, one request at a time, and remember what that looks like."""
        if self.reference is None:
            self.to_the_beginning()
            self.place.apply("--concurrency", "1")
            assert self.plan().changes == ()
            with self.place.journal() as journal:
                known = {str(a): dict(k.fields) for a, k in journal.known(ENVIRONMENT).items()}
            self.reference = Reference(self.counted, self.contents(), tuple(self.proxy.crossings), known)
        return self.reference

    def tally(self, tried: str) -> None:
        """Count for docs/reliability.md what came of a trial."""
        reference, counted = self.the_way.effects, self.counted
        lost, doubled = (reference - counted).total(), (counted - reference).total()
        note("trial", tried=tried, version=self.server.api_version, lost=lost, doubled=doubled)

    def has_arrived(self, tried: str = "") -> None:
        """The server is as desired, every effect was had once, and the journal says the same.

        ``tried``: how the trial is called in docs/reliability.md.
        """
        if tried:
            self.tally(tried)
        reference, counted = self.the_way, self.counted
        assert counted - reference.effects == Counter(), "had more than once, or never asked for"
        assert reference.effects - counted == Counter(), "lost"
        assert self.contents() == reference.contents
        self.is_at_rest()
        with self.place.journal() as journal:
            assert {str(a): dict(k.fields) for a, k in journal.known(ENVIRONMENT).items()} == reference.known

    def is_at_rest(self, place: Place | None = None) -> None:
        """Nothing is left to do or to explain, and the journal is whole."""
        place = place or self.place
        with place.journal() as journal:
            assert journal.broken_link() is None
            assert journal.open_runs(ENVIRONMENT) == []
        assert self.plan(place).changes == ()
        assert self.drift(place).changes == ()


@dataclass(frozen=True)
class Reference:
    """The way as it is without trouble."""

    effects: Counter[tuple[str, str]]
    contents: dict[str, list[dict[str, Any]]]
    crossings: tuple[Crossing, ...]
    known: dict[str, dict[str, Any]]

    @property
    def writes(self) -> list[int]:
        """The numbers of the requests that write."""
        return [crossing.number for crossing in self.crossings if crossing.writes]


@contextmanager
def world(home: Path, version: str) -> Iterator[World]:
    """A running server of one version with a repository."""
    server = ensure_server(home, api_version=version, idle_timeout=3600)
    try:
        secret = {"X-Sandbox-Secret": server.client_secret}
        with (
            httpx.Client(base_url=server.base_url, headers=secret, timeout=30, trust_env=False) as control,
            Proxy(server.base_url) as proxy,
        ):
            root = home / "repository"
            root.mkdir()
            yield World(server, home, Place(root, variables(server, proxy.url)), proxy, control)
    finally:
        stop_server(home)


def variables(server: Server, url: str) -> dict[str, str]:
    """What makes a server, seen at ``url``, an environment by itself."""
    return {
        "WEBSAKCTL_BASE_URL": url,
        "WEBSAKCTL_SETUP_URL": f"{url}/api/setup",
        "WEBSAKCTL_TOKEN_URL": f"{url}/connect/token",
        "WEBSAKCTL_CLIENT_ID": server.client_id,
        "WEBSAKCTL_CLIENT_SECRET": server.client_secret,
        "WEBSAKCTL_ROOT_UNIT": "OSLO",
    }


@dataclass
class Killer:
    """A strike that sends the client a signal at one request, before it goes on or after it was answered."""

    concerns: Callable[[Crossing], bool]
    number: int  # from 1, among the requests of concern
    phase: str
    by: int = signal.SIGKILL
    times: int = 1
    later: float = 0.0  # seconds
    process: "subprocess.Popen[str] | None" = None
    struck: Crossing | None = None
    _met: list[int] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, crossing: Crossing, phase: str) -> None:
        with self._lock:
            if phase == BEFORE_IT and self.concerns(crossing):
                self._met.append(crossing.number)
            due = self.struck is None and phase == self.phase and self._met[self.number - 1 :][:1] == [crossing.number]
            if due:
                self.struck = crossing
        if not due:
            return
        deadline = time.monotonic() + 10
        while self.process is None and time.monotonic() < deadline:
            time.sleep(0.001)  # whoever started it has not told us yet
        assert self.process is not None
        time.sleep(self.later)
        for _ in range(self.times):
            self.process.send_signal(self.by)
            time.sleep(0.02)
        if self.by == signal.SIGKILL:
            self.process.wait(timeout=30)
            if phase != PASSED:
                raise Drop
