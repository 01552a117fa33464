"""Two sandboxes, one of each API version, cleaned before each test; and what a test of the client needs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from websakctl.kinds import all_kinds
from websakctl.live.clock import SystemClock
from websakctl.live.websak import Connection, WebsakReader, WebsakWriter
from websakctl.model.address import Address
from websakctl.redaction import Secret
from websakctl.sandbox import process


@dataclass
class Websak:
    """A running sandbox, its controls, and clients of ours for it."""

    server: process.Server
    control: httpx.Client
    connection: Connection

    @property
    def version(self) -> str:
        return self.server.api_version

    @contextmanager
    def reader(self, **changes: Any) -> Iterator[WebsakReader]:
        with WebsakReader(replace(self.connection, **changes), all_kinds(), _frogner) as reader:
            yield reader

    @contextmanager
    def writer(self, reader: WebsakReader, **changes: Any) -> Iterator[WebsakWriter]:
        connection = replace(self.connection, **changes)
        version = reader.departments.version()
        with WebsakWriter(connection, all_kinds(), _frogner, reader.units, version) as writer:
            yield writer

    def fault(self, fault: str, path: str | None = None, **rule: Any) -> None:
        """Schedule a fault; ``method``, ``nth`` and ``times`` are the rule's, anything else the fault's parameters."""
        match = {"path": path, "method": rule.pop("method", None), "nth": rule.pop("nth", None)}
        body = {"match": match, "fault": fault, "times": rule.pop("times", 1), "params": rule}
        self.control.post("/_sandbox/faults", json=body).raise_for_status()

    def hits(self) -> list[int]:
        return [rule["hits"] for rule in self.control.get("/_sandbox/faults").raise_for_status().json()]

    def settings(self, **values: Any) -> None:
        self.control.post("/_sandbox/settings", json=values).raise_for_status()

    def edit(self, kind: str, key: str, **values: Any) -> None:
        body = {"kind": kind, "key": key, "set": values}
        self.control.post("/_sandbox/edit", content=json.dumps(body)).raise_for_status()

    def effects(self) -> list[tuple[str, str]]:
        """Every committed write since the test began."""
        result = self.control.get("/_sandbox/effects").raise_for_status().json()
        return [(each["operation"], each["key"]) for each in result]

    def row(self, external_id: str) -> dict[str, Any]:
        """A department as the server shows it, read past our client."""
        scopes = {"grant_type": "client_credentials", "scope": "userapi"}
        form = {**scopes, "client_id": self.server.client_id, "client_secret": self.server.client_secret}
        token = self.control.post("/connect/token", data=form).raise_for_status().json()["access_token"]
        rows = self.control.get("/api/Departments/flat", headers={"Authorization": f"Bearer {token}"}).json()
        return next(row for row in rows if row["externalId"] == external_id)


def _frogner(kind: str, key: str) -> str | None:
    return "frogner" if kind in ("org_unit", "access_group") and key.startswith("FR-") else None


def unit(key: str, scope: str = "frogner") -> Address:
    return Address("org_unit", scope, key)


@contextmanager
def _running(home: Path, version: str) -> Iterator[Websak]:
    server = process.ensure_server(home, api_version=version, idle_timeout=3600)
    connection = Connection(
        base_url=server.base_url,
        setup_url=server.setup_url,
        token_url=server.token_url,
        client_id=server.client_id,
        client_secret=Secret(server.client_secret),
        root_unit="OSLO",
        answer_timeout=5.0,
    )
    secret = {"X-Sandbox-Secret": server.client_secret}
    try:
        with httpx.Client(base_url=server.base_url, headers=secret, timeout=10, trust_env=False) as control:
            yield Websak(server, control, connection)
    finally:
        process.stop_server(home)


@pytest.fixture(scope="package")
def running33(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Websak]:
    with _running(tmp_path_factory.mktemp("new"), "3.3") as websak:
        yield websak


@pytest.fixture(scope="package")
def running30(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Websak]:
    with _running(tmp_path_factory.mktemp("old"), "3.0") as websak:
        yield websak


def _fresh(websak: Websak) -> Websak:
    websak.control.delete("/_sandbox/faults").raise_for_status()
    websak.settings(latency_ms=0, rate_limit_per_second=None, token_lifetime=None)
    websak.control.post("/_sandbox/reset").raise_for_status()
    return websak


@pytest.fixture
def websak33(running33: Websak) -> Websak:
    return _fresh(running33)


@pytest.fixture
def websak30(running30: Websak) -> Websak:
    return _fresh(running30)


@pytest.fixture(params=["3.0", "3.3"])
def websak(request: pytest.FixtureRequest) -> Websak:
    """Each of the two."""
    running: Websak = request.getfixturevalue("running30" if request.param == "3.0" else "running33")
    return _fresh(running)


@pytest.fixture
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many repetitions as ever, without the pauses between them."""
    monkeypatch.setattr(SystemClock, "sleep", lambda self, seconds: None)
