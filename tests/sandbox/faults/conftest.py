"""A sandbox whose faults are cleared before each test."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from websakctl.sandbox import process


@dataclass
class Sandbox:
    """A client that may use both APIs, and the controls."""

    http: httpx.Client
    control: httpx.Client

    def fault(self, fault: str, times: int | None = 1, match: dict[str, Any] | None = None, **params: Any) -> None:
        rule = {"fault": fault, "times": times, "match": match or {}, "params": params}
        self.control.post("/_sandbox/faults", json=rule).raise_for_status()

    def effects(self) -> list[str]:
        return [item["operation"] for item in self.control.get("/_sandbox/effects").json()]

    def make(self, code: str = "P", **headers: str) -> httpx.Response:
        body = {"code": code, "name": "Personalsaker"}
        return self.http.post("/api/setup/access-codes", json=body, headers={"Idempotency-Key": code, **headers})

    def authorise(self) -> None:
        server_secret = self.control.headers["X-Sandbox-Secret"]
        form = {"grant_type": "client_credentials", "client_id": "websakctl", "client_secret": server_secret}
        self.http.headers["Authorization"] = f"Bearer {self._token(form)}"

    def _token(self, form: dict[str, str]) -> str:
        return str(self.control.post("/connect/token", data=form).raise_for_status().json()["access_token"])


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    home = tmp_path_factory.mktemp("faults")
    server = process.ensure_server(home, idle_timeout=3600)
    secret = {"X-Sandbox-Secret": server.client_secret}
    with (
        httpx.Client(base_url=server.base_url, timeout=10) as http,
        httpx.Client(base_url=server.base_url, headers=secret) as control,
    ):
        yield Sandbox(http, control)
    process.stop_server(home)


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.control.delete("/_sandbox/faults").raise_for_status()
    usual = {"latency_ms": 0, "rate_limit_per_second": None, "token_lifetime": None}
    running.control.post("/_sandbox/settings", json=usual).raise_for_status()
    running.control.post("/_sandbox/reset").raise_for_status()
    running.authorise()
    return running
