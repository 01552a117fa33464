"""Whatever people, faults and crashes do to it in whatever order: the journal agrees with the server, and all ends right."""

import contextlib
import os
import re
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from websakctl.apply.journal import Journal
from websakctl.live import retry
from websakctl.live.clock import SystemClock
from websakctl.live.transport import RateLimiter, Writing
from websakctl.operations.change.read_setup import read_setup
from websakctl.plan.diff import same

from . import inside
from .configs import BEFORE as SMALL
from .summary import EVERYTHING, note
from .world import ENVIRONMENT, World

NAMES = ["Oppvekst", "Oppvekst og læring", "Barnehager", "Helse og mestring", "Kultur", "Arkiv"]
KEYS = ["OPPV", "HELSE", "BHG", "KULT", "ARK"]
CODES = ["U", "P", "FV"]
FAULTS: dict[str, dict[str, Any]] = {
    "refuse": {},
    "reset_before": {},
    "reset_after": {},
    "cut_body": {},
    "truncated_json": {},
    "wrong_content_type": {},
    "expire_tokens": {},
    "html": {"phase": "after"},
    "empty_200": {"phase": "before"},
    "status": {"code": 500, "phase": "after"},
    "status ": {"code": 503, "phase": "before"},
    "status  ": {"code": 429, "headers": {"Retry-After": "0"}},
}


class Crash(BaseException):
    """The process is gone: nothing after this reaches the server or the disk."""


class Process:
    """The command line in this process, which can die at any write."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.countdown, self.phase, self.dead = 0, "", False
        self._lock = threading.Lock()

    def __call__(self, *args: str) -> tuple[int, str, str]:
        """Run one command; -9 if it died."""
        self.dead = False
        place = self.world.place
        try:
            result = inside.run(place.root, args, place.environment())
        except Crash:
            result = (-9, "", "")
        finally:
            self.countdown, self.dead = 0, False
        assert "internal error" not in result[2], result[2]
        return result

    def send(self, original: Callable[..., Any], writing: Writing, method: str, path: str, *rest: Any) -> Any:
        if self.dead:
            raise Crash
        mine = False
        if "/lease" not in path:
            with self._lock:
                self.countdown -= 1
                mine = self.countdown == 0
        if mine and self.phase == "before":
            self.dead = True
            raise Crash
        answer = original(writing, method, path, *rest)
        if mine:
            self.dead = True
        if self.dead:
            raise Crash
        return answer

    def settle(self, original: Callable[..., Any], journal: Journal, *args: Any, **kwargs: Any) -> Any:
        if self.dead:
            raise Crash
        return original(journal, *args, **kwargs)


class History(RuleBasedStateMachine):
    """Edits of the config, edits by hand, faults, crashes, applies, resumptions, drift and rollbacks."""

    world: ClassVar[World]
    process: ClassVar[Process]

    @initialize()
    def begin(self) -> None:
        world = self.world
        world.proxy.begin()
        world.clear_faults()
        world.control.post("/_sandbox/reset", json={"seed": "empty"}).raise_for_status()
        world.control.delete("/_sandbox/lease")
        shutil.rmtree(world.place.state, ignore_errors=True)
        self.units: dict[str, tuple[str, str]] = {"OPPV": ("Oppvekst", "BYDEL"), "BHG": ("Barnehager", "OPPV")}
        self.codes = {"U", "P"}
        self.bought: int | None = 100
        self.case_type = "P"
        self.applies = 0
        self._save()

    # --- what people do

    @rule(key=st.sampled_from(KEYS), name=st.sampled_from(NAMES), parent=st.sampled_from(["BYDEL", *KEYS]))
    def set_unit(self, key: str, name: str, parent: str) -> None:
        above = parent
        while above != "BYDEL":
            if above == key or above not in self.units:
                parent = "BYDEL"
                break
            above = self.units[above][1]
        self.units[key] = (name, parent)
        self._save()

    @rule(key=st.sampled_from(KEYS))
    def drop_unit(self, key: str) -> None:
        if any(parent == key for _, parent in self.units.values()):
            return
        self.units.pop(key, None)
        self._save()

    @rule(code=st.sampled_from(CODES), there=st.booleans())
    def set_code(self, code: str, there: bool) -> None:
        if there:
            self.codes.add(code)
        elif code != self.case_type:
            self.codes.discard(code)
        self._save()

    @rule(code=st.sampled_from(CODES))
    def set_case_type(self, code: str) -> None:
        if code in self.codes:
            self.case_type = code
            self._save()

    @rule(bought=st.sampled_from([None, 90, 100, 120]))
    def set_licence(self, bought: int | None) -> None:
        self.bought = bought
        self._save()

    @rule(
        key=st.sampled_from(KEYS),
        district=st.sampled_from(["FR", "SA"]),
        how=st.sampled_from(["rename", "retire", "reopen"]),
    )
    def edit_unit_by_hand(self, key: str, district: str, how: str) -> None:
        values = {
            "rename": {"name": "For hånd"},
            "retire": {"validToDate": "2026-01-01T00:00:00Z"},
            "reopen": {"validToDate": None},
        }
        self._edit("department", f"{district}-{key}", values[how])

    @rule(
        what=st.sampled_from(
            [
                ("licence", "WEBSAK-PLUS", {"bought": 7}),
                ("access_code", "P", {"name": "For hånd"}),
                ("case_type", "PERS", {"active": False}),
            ]
        )
    )
    def edit_register_by_hand(self, what: tuple[str, str, dict[str, Any]]) -> None:
        self._edit(*what)

    # --- what the tool does

    @rule(
        fault=st.sampled_from(sorted(FAULTS)),
        method=st.sampled_from(["POST", "PUT", "DELETE", "GET"]),
        nth=st.integers(1, 4),
    )
    def apply_with_a_fault(self, fault: str, method: str, nth: int) -> None:
        self.world.fault(
            fault.strip(), path="^/api/(setup/[a-z-]+s(/|$)|v2|AccessGroups)", method=method, nth=nth, **FAULTS[fault]
        )
        code, _, err = self._apply()
        assert code in (0, 5, 6, 7), err
        self.world.clear_faults()
        note("history", part="fault")

    @rule(number=st.integers(1, 8), phase=st.sampled_from(["before", "after"]))
    def crash_while_applying(self, number: int, phase: str) -> None:
        self.process.countdown, self.process.phase = number, phase
        code, _, err = self._apply()
        assert code in (0, -9), err
        note("history", part="crash")

    @rule(number=st.integers(1, 4), phase=st.sampled_from(["before", "after"]))
    def crash_while_resuming(self, number: int, phase: str) -> None:
        self.process.countdown, self.process.phase = number, phase
        code, _, err = self.process("apply", "--resume", "--auto-approve")
        assert code in (0, 5, -9), err

    @rule()
    def resume(self) -> None:
        code, out, err = self.process("apply", "--resume", "--auto-approve")
        assert code == 0 or (code == 5 and "no longer hold" in err), out + err
        assert self._open_runs() == []

    @rule()
    def apply(self) -> None:
        code, out, err = self._apply()
        assert code == 0, out + err
        self._is_at_rest()
        self.applies += 1

    @rule()
    def look(self) -> None:
        before = self.world.counted
        for command in ("drift", "plan", "history"):
            code, _, err = self.process(command)
            assert code == 0, err
        assert self.process("history", "verify")[0] == 0
        assert self.world.counted == before

    @precondition(lambda self: self.applies > 0)
    @rule()
    def take_the_last_run_back(self) -> None:
        with self._journal() as journal:
            runs = [e.run for e in journal.entries() if e.what == "start"]
        if not runs:
            return
        file = self.world.place.root / "back.json"
        code, _, err = self.process("rollback", runs[-1], "--out", str(file))
        assert code == 0, err
        code, _, err = self._with_allowances("apply", str(file), "--auto-approve")
        assert code in (0, 4, 5), err
        again = self.process("apply", str(file), "--auto-approve")
        assert again[0] == 4, again  # applied once

    # --- what must hold at any time

    @invariant()
    def the_journal_is_whole(self) -> None:
        with self._journal() as journal:
            assert journal.broken_link() is None

    @invariant()
    def nothing_was_made_twice(self) -> None:
        with closing(sqlite3.connect(self.world.database)) as db:
            for table, column in (("department", "external_id"), ("access_group", "name")):
                twice = db.execute(
                    f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL GROUP BY {column} HAVING count(*) > 1"
                ).fetchall()
                assert twice == []

    def teardown(self) -> None:
        """Whatever was left in whatever state: resumed and applied, it is as desired."""
        if not hasattr(self, "units"):
            return
        self.world.clear_faults()
        self.resume()
        self.apply()
        note("history", part="whole")

    # --- how

    def _save(self) -> None:
        basis = "legal_basis: [{reference: offl. § 13, valid_from: 2009-01-01}]"
        units = "".join(
            f"    {key}: {{name: {name}{'' if parent == 'BYDEL' else f', parent: {parent}'}}}\n"
            for key, (name, parent) in sorted(self.units.items())
        )
        codes = "".join(f"  {code}: {{name: Kode {code}, {basis}}}\n" for code in sorted(self.codes))
        licence = f"licences:\n  WEBSAK-PLUS: {{product: Websak+, bought: {self.bought}}}\n" if self.bought else ""
        self.world.place.write(
            {
                **{name: text for name, text in SMALL.items() if name.endswith("district.yaml")},
                "config/websak.yaml": SMALL["config/websak.yaml"]
                + "guards: {per_kind: 99, per_district: 99, in_all: 99}\n",
                "config/units.yaml": "each_district:\n  org_units:\n"
                '    BYDEL: {name: "{district.name}", abbreviation: "{district.short_name}", unit_type: Bydel}\n'
                + units,
                "config/registers.yaml": f"access_codes:\n{codes}access_groups:\n  ARKIVET: {{}}\n{licence}"
                "case_types:\n  PERS: {name: Personalmappe, series: PERS, ordering_principle: emne,"
                f" access_code: {self.case_type}, retention: B}}\n",
            }
        )

    def _edit(self, kind: str, key: str, values: dict[str, Any]) -> None:
        body = {"kind": kind, "key": key, "set": values}
        answer = self.world.control.post("/_sandbox/edit", json=body)
        assert answer.is_success or "no " in answer.text  # there may be no such thing yet

    def _apply(self) -> tuple[int, str, str]:
        return self._with_allowances("apply", "--auto-approve")

    def _with_allowances(self, *args: str) -> tuple[int, str, str]:
        countdown = self.process.countdown
        result = self.process(*args)
        if result[0] == 4 and (allowances := re.findall(r"--allow (\S+)", result[2].rpartition("if it is meant:")[2])):
            self.process.countdown = countdown
            result = self.process(*args, *(word for allowance in allowances for word in ("--allow", allowance)))
        return result

    @contextlib.contextmanager
    def _journal(self) -> Iterator[Journal]:
        with Journal(self.world.place.state / "journal.db", SystemClock()) as journal:
            yield journal

    def _open_runs(self) -> list[str]:
        with self._journal() as journal:
            return journal.open_runs(ENVIRONMENT)

    def _is_at_rest(self) -> None:
        world = self.world
        world.is_at_rest()
        inputs = world.inputs()
        live = read_setup(world.connection, inputs).state
        desired = {a: r for a, r in inputs.config.state.items() if a.kind in inputs.kinds}
        assert inputs.known.keys() == desired.keys()
        for address, known in inputs.known.items():
            assert live[address].active, address
            for name, value in known.fields.items():
                assert same(live[address].fields[name], value), (address, name)
        before = world.counted
        assert self.process("apply", "--auto-approve")[0] == 0
        assert world.counted == before


def test_any_history_ends_right(world33: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    process = Process(world33)
    send, settle = Writing._send, Journal.settle
    monkeypatch.setattr(Writing, "_send", lambda self, *args: process.send(send, self, *args))
    monkeypatch.setattr(Journal, "settle", lambda self, *args, **more: process.settle(settle, self, *args, **more))
    monkeypatch.setattr(RateLimiter, "wait", lambda self: None)
    monkeypatch.chdir(tmp_path)
    History.world, History.process = world33, process
    examples, steps = (200, 30) if EVERYTHING else (4, 10)
    examples = int(os.environ.get("RELIABILITY_EXAMPLES", examples))
    profile = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=not EVERYTHING,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    monkeypatch.setattr(retry, "LONGEST_WAIT", 0.0)
    run_state_machine_as_test(History, settings=profile)
