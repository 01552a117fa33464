"""What several folders of tests share: one running sandbox per version of the User API, and a handle on it."""

import gc
import os
import signal
import sqlite3
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings

from websakctl.sandbox.process import Server, ensure_server, stop_server

os.environ.pop("COLUMNS", None)  # a command would wrap what it writes into a pipe
gc.disable()  # while thousands of tests are collected, all of which stay: see pytest_collection_finish

# A shell's background jobs ignore Ctrl-C, `nohup` the end of its terminal, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class _OwnedConnection(sqlite3.Connection):
    """A connection that warns when it is collected unclosed, as every one does from Python 3.13 on."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._unclosed = True
        self._opened_in = os.environ.get("PYTEST_CURRENT_TEST")  # it may be collected in quite another

    def close(self) -> None:
        super().close()
        self._unclosed = False

    def __del__(self) -> None:
        if getattr(self, "_unclosed", False):
            warnings.warn(f"unclosed database opened in {self._opened_in}", ResourceWarning, stacklevel=1, source=self)


if sys.version_info < (3, 13):  # so that the oldest interpreter finds what the newest does

    def _connect(*args: Any, **options: Any) -> sqlite3.Connection:
        return _plain_connect(*args, **{"factory": _OwnedConnection, **options})

    _plain_connect = sqlite3.connect
    sqlite3.connect = sqlite3.dbapi2.connect = _connect  # type: ignore[assignment]

_BUSY = [HealthCheck.too_slow]  # says more about the machine than about the test
settings.register_profile("dev", max_examples=25, deadline=None, suppress_health_check=_BUSY)
settings.register_profile(
    "ci",
    max_examples=50,
    deadline=None,
    suppress_health_check=_BUSY,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # a smaller example takes minutes to find: that is for whoever mends it
)
settings.register_profile("long", max_examples=1000, deadline=None, suppress_health_check=_BUSY)  # make properties
settings.load_profile(os.environ.get("PROPERTIES") or ("ci" if os.environ.get("CI") else "dev"))


# What takes long or waits for other processes begins first, so that nothing is waited for alone at the end.
_FIRST = (
    "fleet", "state", "contract", "reliability", "simulation", "faults", "reform", "terminal", "properties", "repository",
    "cli", "looking_back", "rollout", "sandbox", "users",
)  # fmt: skip


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: every other test waits for a process of its own."""
    return min(4, (os.cpu_count() or 1) + 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow folders first, each as it was."""
    root = Path(__file__).parent
    order = {name: place for place, name in enumerate(_FIRST)}
    items.sort(key=lambda item: order.get(item.path.relative_to(root).parts[0], len(_FIRST)))


def pytest_collection_finish() -> None:
    """Look for garbage from here on, and only among what the tests make."""
    gc.freeze()
    gc.enable()


@dataclass
class Sandbox:
    """A running sandbox and its control plane."""

    server: Server
    control: httpx.Client

    @property
    def variables(self) -> dict[str, str]:
        """What makes this sandbox an environment by itself."""
        return {
            "WEBSAKCTL_BASE_URL": self.server.base_url,
            "WEBSAKCTL_SETUP_URL": self.server.setup_url,
            "WEBSAKCTL_TOKEN_URL": self.server.token_url,
            "WEBSAKCTL_CLIENT_ID": self.server.client_id,
            "WEBSAKCTL_CLIENT_SECRET": self.server.client_secret,
            "WEBSAKCTL_ROOT_UNIT": "OSLO",
        }

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        response = self.control.request(method, f"/_sandbox/{path}", json=body)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def effects(self) -> list[tuple[str, str]]:
        """Every committed write: operation and natural key."""
        return [(e["operation"], e["key"]) for e in self.ask("GET", "effects")]

    def edit(self, kind: str, key: str, **values: Any) -> None:
        """Change something by hand, as somebody in the Websak client would."""
        self.ask("POST", "edit", {"kind": kind, "key": key, "set": values})

    def fault(
        self,
        fault: str,
        *,
        method: str | None = None,
        path: str | None = None,
        nth: int | None = None,
        times: int = 1,
        **params: Any,
    ) -> None:
        match = {"method": method, "path": path, "nth": nth}
        self.ask("POST", "faults", [{"match": match, "times": times, "fault": fault, "params": params}])

    def fresh(self, seed: str = "standard") -> "Sandbox":
        """Bring the seed back, and take every fault and setting away."""
        self.ask("DELETE", "faults")
        self.ask(
            "POST", "settings", {"latency_ms": 0, "token_lifetime": None, "rate_limit_per_second": None, "quirks": []}
        )
        self.ask("POST", "reset", {"seed": seed})
        return self


def sandbox(tmp_path_factory: pytest.TempPathFactory, version: str) -> Iterator[Sandbox]:
    """Start a sandbox that plays ``version``, and stop it afterwards."""
    home = tmp_path_factory.mktemp(f"sandbox-{version.replace('@', '-')}")
    server = ensure_server(home, api_version=version, idle_timeout=3600)
    headers = {"X-Sandbox-Secret": server.client_secret}
    with httpx.Client(base_url=server.base_url, headers=headers, trust_env=False) as control:
        yield Sandbox(server, control)
    stop_server(home)


@pytest.fixture(scope="session")
def sandbox33(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with User API 3.3, as the last test left it: call ``fresh()``."""
    yield from sandbox(tmp_path_factory, "3.3")


@pytest.fixture(scope="session")
def sandbox30(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with User API 3.0, as the last test left it: call ``fresh()``."""
    yield from sandbox(tmp_path_factory, "3.0")
