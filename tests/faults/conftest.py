"""What the fault matrix has in common: operations on two sandboxes, carried out with a fault in the way."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from tests.faults.people import PEOPLE, TEMPLATE
from tests.planning import planned
from tests.seams import NoWaiting
from websakctl.apply import attempt
from websakctl.apply.attempt import Outcome
from websakctl.apply.journal import Journal
from websakctl.kinds import all_kinds
from websakctl.live.clock import SystemClock
from websakctl.live.runtime import Runtime
from websakctl.live.transport import RateLimiter
from websakctl.live.users_writer import UsersWriter
from websakctl.live.websak import Connection, WebsakReader, WebsakWriter
from websakctl.model.address import Address
from websakctl.model.resource import State
from websakctl.operations.apply.carry_out import Run, apply_changes, new_run_name
from websakctl.plan.change import Change, Plan
from websakctl.plan.diff import LastApplied
from websakctl.redaction import Secret

SUMMARY = "RELIABILITY_SUMMARY"  # names the file that docs/reliability.md is made of: a line of JSON for each trial
PATIENT, IMPATIENT = 10.0, 0.5  # seconds that a client waits for an answer


@dataclass(frozen=True)
class Row:
    """One line of the table in docs/reliability.md."""

    operation: str
    api: str
    fault: str
    promised: str
    outcome: str
    effects: int  # as the server counts them
    part: str = "write"


@dataclass
class Stage:
    """One sandbox, with a client of ours for it that keeps its connections and its token."""

    sandbox: Any
    api: str
    reader: WebsakReader
    writer: WebsakWriter
    impatient: WebsakWriter  # for an answer that is held back longer than it waits
    journal: Journal

    def prepared(self, edits: tuple[tuple[str, str, Mapping[str, Any]], ...] = (), **load: int) -> "Stage":
        self.sandbox.fresh()
        units = self.reader.units
        for kept in (units.ids, units.scopes, units.managers, units.mail_groups):
            kept.clear()  # else a unit that was renamed keeps its new key
        for writer in (self.writer, self.impatient):
            writer._clients.auth.token()  # a fault before this one may have left it without
        if load:
            self.sandbox.ask("POST", "load", load)
        for kind, key, values in edits:
            self.sandbox.edit(kind, key, **values)
        return self

    def plan(
        self,
        kind: str,
        wanted: Callable[[State], State],
        gone: tuple[Address, ...] = (),
        previously: Mapping[Address, tuple[Address, ...]] | None = None,
        applied: Mapping[Address, Mapping[str, Any]] | None = None,
    ) -> tuple[Plan, State]:
        live = self.reader.read([kind] if kind != "user" else ["org_unit", kind])  # users are in units
        return self.planned(wanted(live), live, gone, previously, applied), live

    def planned(
        self,
        desired: State,
        live: State,
        gone: tuple[Address, ...] = (),
        previously: Mapping[Address, tuple[Address, ...]] | None = None,
        applied: Mapping[Address, Mapping[str, Any]] | None = None,
    ) -> Plan:
        known = {address: LastApplied(live[address].fields) for address in gone}
        known |= {
            address: LastApplied({**live[address].fields, **fields}) for address, fields in (applied or {}).items()
        }
        return planned(desired, live, kinds=all_kinds(), known=known, previously=previously)

    def note(self, operation: str, fault: str, promised: str, outcome: str, effects: int, part: str = "write") -> None:
        """Say what a trial came to; lines of several processes do not mix."""
        if path := os.environ.get(SUMMARY):
            row = Row(operation, self.api, fault, promised, outcome, effects, part)
            line = json.dumps({"what": "fault", **asdict(row)}, ensure_ascii=False, sort_keys=True) + "\n"
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(handle, line.encode())
            finally:
                os.close(handle)

    def carry_out(self, changes: tuple[Change, ...], live: State, *, patient: bool = True) -> tuple[Outcome, ...]:
        run = Run(
            environment="sandbox", journal=self.journal, runtime=Runtime(), name=new_run_name(Runtime()), concurrency=2
        )
        writer = self.writer if patient else self.impatient
        applied = apply_changes(run, changes, live, writer, desired={}, protected=set(), known={})
        return applied.execution.outcomes

    def effects(self) -> list[str]:
        return [f"{operation} {key}" for operation, key in self.sandbox.effects()]

    def schedule(self, rules: list[dict[str, Any]]) -> None:
        self.sandbox.ask("POST", "faults", rules)

    def hits(self) -> list[int]:
        return [rule["hits"] for rule in self.sandbox.ask("GET", "faults")]


def _scope(kind: str, key: str) -> str | None:
    prefixes = {"FR-": "frogner", "SA-": "sagene"}
    return prefixes.get(key[:3]) if kind in ("org_unit", "access_group") else None


@pytest.fixture(scope="module")
def stages(sandbox30: Any, sandbox33: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stage]]:
    """Both versions."""
    folder = tmp_path_factory.mktemp("journal")
    result: dict[str, Stage] = {}
    with Journal(folder / "journal.db", SystemClock()) as journal:
        for api, sandbox in (("3.0", sandbox30), ("3.3", sandbox33)):
            server = sandbox.server
            connection = Connection(
                base_url=server.base_url,
                setup_url=server.setup_url,
                token_url=server.token_url,
                client_id=server.client_id,
                client_secret=Secret(server.client_secret),
                root_unit="OSLO",
                api_version=api,
                answer_timeout=PATIENT,
                runtime=Runtime(clock=NoWaiting()),
            )
            reader = WebsakReader(connection, all_kinds(), _scope, PEOPLE)
            pace = RateLimiter(stop_after=1000, clock=NoWaiting())  # the server is to fail again and again here
            writers = [
                WebsakWriter(
                    replace(connection, answer_timeout=wait), all_kinds(), _scope, reader.units, api, pace, PEOPLE
                )
                for wait in (PATIENT, IMPATIENT)
            ]
            for (
                writer
            ) in writers:  # asked once for all: else the first look at a user's access would be another than later ones
                users = writer.of("user")
                assert isinstance(users, UsersWriter)
                users.without_route(TEMPLATE)
            result[api] = Stage(sandbox, api, reader, *writers, journal)
        yield result
        for stage in result.values():
            stage.sandbox.fresh()
            stage.reader.close()
            for writer in (stage.writer, stage.impatient):
                writer.__exit__(None, None, None)
        assert journal.broken_link() is None


@pytest.fixture(autouse=True)
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many looks as ever, with next to no time between them."""
    monkeypatch.setattr(attempt, "LOOKS", (0.0, 0.02, 0.2))
