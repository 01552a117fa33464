"""A sandbox of these tests' own, brought back to its seed before each of them."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from websakctl.sandbox import process

_keys = itertools.count()


@dataclass
class Api:
    """The Setup API with a token, and the controls beside it."""

    server: process.Server
    http: httpx.Client
    control: httpx.Client
    lease: str | None = None

    def post(self, path: str, body: Any, key: str | None = None, **headers: str) -> httpx.Response:
        sent = {"Idempotency-Key": key or f"test-{next(_keys)}", **self._lease(), **headers}
        return self.http.post(path, json=body, headers=sent)

    def put(self, path: str, body: Any, etag: str, **headers: str) -> httpx.Response:
        return self.http.put(path, json=body, headers={"If-Match": etag, **self._lease(), **headers})

    def delete(self, path: str, etag: str, **headers: str) -> httpx.Response:
        return self.http.delete(path, headers={"If-Match": etag, **self._lease(), **headers})

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(path, params=params)

    def made(self, path: str, body: Any) -> dict[str, Any]:
        answer = self.post(path, body)
        assert answer.status_code == 201, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def effects(self) -> list[tuple[str, str, str]]:
        listed = self.control.get("/_sandbox/effects").json()
        return [(item["operation"], item["kind"], item["key"]) for item in listed]

    def _lease(self) -> dict[str, str]:
        return {"Lease": self.lease} if self.lease else {}


def token(server: process.Server, scope: str) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "scope": scope,
    }
    return str(httpx.post(server.token_url, data=form).raise_for_status().json()["access_token"])


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[process.Server]:
    home: Path = tmp_path_factory.mktemp("sandbox")
    yield process.ensure_server(home, idle_timeout=3600)
    process.stop_server(home)


@pytest.fixture(scope="package")
def api_of_all(server: process.Server) -> Iterator[Api]:
    authorised = {"Authorization": f"Bearer {token(server, 'setup')}"}
    secret = {"X-Sandbox-Secret": server.client_secret}
    with (
        httpx.Client(base_url=server.setup_url, headers=authorised) as http,
        httpx.Client(base_url=server.base_url, headers=secret) as control,
    ):
        yield Api(server, http, control)


@pytest.fixture
def api(api_of_all: Api) -> Api:
    api_of_all.control.post("/_sandbox/reset").raise_for_status()
    api_of_all.lease = None
    return api_of_all


CASE_TYPE = {"code": "PERS", "name": "Personalmappe", "series": "PERS", "ordering_principle": "fnr", "retention": "B"}
SUB_ORG = {"orgnr": "310000000", "name": "Solkroken barnehage", "district": "frogner", "channel": "svarinn"}
