"""A running sandbox of either version, freshly seeded for each test, and a client that speaks to it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select

from websakctl.sandbox import seed
from websakctl.sandbox.app import create_app
from websakctl.sandbox.database import effect
from websakctl.sandbox.settings import ApiVersion, Settings


@dataclass
class Api:
    """One running server, as a test sees it."""

    app: FastAPI
    http: httpx.Client  # carries a token for the User API
    version: ApiVersion

    def get(self, path: str, **arguments: Any) -> Any:
        """The JSON that a GET that works answers."""
        response = self.http.get(path, **arguments)
        assert response.status_code == 200, response.text
        return response.json()

    def department(self, external_id: str) -> dict[str, Any]:
        result: dict[str, Any] = self.get(f"/api/Departments/external/{external_id}")
        return result

    def new_department(self, external_id: str, parent: str = "1001", **fields: Any) -> dict[str, Any]:
        body = {"externalID": external_id, "departmentParentId": parent, "departmentName": "Enhet"} | fields
        response = self.http.post("/api/Departments", json=body)
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()
        return created

    def new_user(self, code: str, **fields: Any) -> dict[str, Any]:
        response = self.http.post("/api/Users", json={"code": code, "username": code.lower()} | fields)
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()
        return created

    def effects(self) -> list[tuple[str, str, str]]:
        with self.app.state.database.read() as connection:
            rows = connection.execute(select(effect).order_by(effect.c.seq)).all()
        return [(row.operation, row.kind, row.key) for row in rows]


@contextmanager
def serving(version: ApiVersion, database_url: str, **settings: Any) -> Iterator[Api]:
    """Run the sandbox on a port of the system's choice."""
    app = create_app(Settings(database_url=database_url, api_version=version, **settings))
    # The protocol is named because asyncio turns Nagle's algorithm off only on what is plainly TCP.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        token = app.state.tokens.issue(frozenset({"userapi"}))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as http:
                yield Api(app, http, version)
        finally:
            server.should_exit = True
            thread.join()
            app.state.database.close()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[ApiVersion, Api]]:
    folder = tmp_path_factory.mktemp("sandbox")
    with serving("3.0", f"sqlite:///{folder}/old.db") as old, serving("3.3", f"sqlite:///{folder}/new.db") as new:
        yield {"3.0": old, "3.3": new}


@pytest.fixture
def start(tmp_path: Path) -> Any:
    """Start a server of one's own, for what must not be shared."""

    def start_server(version: ApiVersion = "3.3", **settings: Any) -> Any:
        return serving(version, f"sqlite:///{tmp_path}/own.db", **settings)

    return start_server


def fresh(api: Api) -> Api:
    seed.reset(api.app.state.database, "standard")
    return api


@pytest.fixture
def old(running: dict[ApiVersion, Api]) -> Api:
    return fresh(running["3.0"])


@pytest.fixture
def new(running: dict[ApiVersion, Api]) -> Api:
    return fresh(running["3.3"])


@pytest.fixture(params=["3.0", "3.3"])
def api(request: pytest.FixtureRequest, running: dict[ApiVersion, Api]) -> Api:
    return fresh(running[request.param])
