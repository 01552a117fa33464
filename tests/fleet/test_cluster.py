"""Forty Websaks over a Dask cluster of three worker processes, one of which is killed in the middle."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from websakctl.apply.journal import Journal

from .cluster import Cluster, cluster
from .world import WRITES, World, until, world

TARGETS = 40


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("forty"), TARGETS) as found:
        yield found


@pytest.fixture(scope="module")
def dask(forty: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), 3, forty.cli.env) as found:
        yield found


def test_a_worker_is_killed_and_nothing_is_done_twice(forty: World, dask: Cluster, tmp_path: Path) -> None:
    plans = str(tmp_path / "plans.json")
    planned = forty.fleet("plan", "--out", plans)
    assert planned["summary"]["create"] == TARGETS * WRITES
    for websak in forty.websaks:
        websak.slow(30)  # so that there is a middle
    # A cluster's workers have the secrets; who gives out the jobs needs none.
    forty.cli.env = {}
    applying = forty.cli.start(
        "fleet", "apply", plans, "--auto-approve", "--scheduler", dask.address, "--format", "json", "--verbose"
    )
    victim = dask.workers["worker-1"]
    half_way = until(lambda: _busy(forty, victim.pid))
    victim.send_signal(signal.SIGKILL)
    out, err = applying.communicate(timeout=240)
    assert applying.returncode == 0, (out[-3000:], err)
    done = [websak.effects() for websak in forty.websaks]
    assert [sum(effects.values()) for effects in done] == [WRITES] * TARGETS, half_way
    assert all(set(effects.values()) == {1} for effects in done), half_way
    for name in forty.names:
        with Journal(forty.journal(name)) as journal:
            assert journal.broken_link() is None
            assert journal.open_runs("test") == []


def _busy(forty: World, worker: int) -> list[str]:
    """The targets that a worker's commands have under way, some of their writes done and some not."""
    mine = []
    for name, websak in zip(forty.names, forty.websaks, strict=True):
        owner = forty.folder / name / ".websakctl" / "apply-test.owner"
        try:
            pid = int(owner.read_text(encoding="utf-8").partition("process ")[2].partition(",")[0])
        except (OSError, ValueError):
            continue
        if worker in _ancestors(pid) and 0 < sum(websak.effects().values()) < WRITES:
            mine.append(name)
    return mine


def _ancestors(pid: int) -> Iterator[int]:
    while pid > 1:
        try:
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        except OSError:
            return
        pid = int(status.partition("PPid:")[2].split()[0])
        yield pid
