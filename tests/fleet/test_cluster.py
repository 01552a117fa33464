"""Many Websaks over a Dask cluster of three worker processes, one of which is killed in the middle."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.summary import EVERYTHING
from websakctl.apply.journal import Journal
from websakctl.live.clock import SystemClock

from .cluster import Cluster, cluster
from .world import WRITES, World, until, world

TARGETS = 40 if EVERYTHING else 12  # twice as many as there are at a time


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("many"), TARGETS) as result:
        yield result


@pytest.fixture(scope="module")
def dask(many: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), 3, many.cli.env) as result:
        yield result


def test_a_worker_is_killed_and_nothing_is_done_twice(many: World, dask: Cluster, tmp_path: Path) -> None:
    plans = str(tmp_path / "plans.json")
    planned = many.fleet("plan", "--out", plans)
    assert planned["summary"]["create"] == TARGETS * WRITES
    for websak in many.websaks:
        websak.slow(60 if EVERYTHING else 150)  # so that there is a middle
    # A cluster's workers have the secrets; who gives out the jobs needs none.
    many.cli.env = {}
    applying = many.cli.start(
        "fleet", "apply", plans, "--auto-approve", "--scheduler", dask.address, "--format", "json"
    )
    victim = dask.workers["worker-1"]
    half_way = until(lambda: _busy(many, victim.pid))
    victim.send_signal(signal.SIGKILL)
    out, err = applying.communicate(timeout=240)
    assert applying.returncode == 0, (out[-3000:], err)
    targets = json.loads(out)["targets"]
    assert 2 in {target["attempts"] for target in targets.values()}, "some were given to another worker"
    done = [websak.effects() for websak in many.websaks]
    assert [sum(effects.values()) for effects in done] == [WRITES] * TARGETS, half_way
    assert all(set(effects.values()) == {1} for effects in done), half_way
    for name in many.names:
        with Journal(many.journal(name), SystemClock()) as journal:
            assert journal.broken_link() is None
            assert journal.open_runs("test") == []


def test_workers_that_share_no_disk_get_the_config_and_send_the_journal_back(many: World, dask: Cluster) -> None:
    names = ("by-3", "by-7")
    for websak in many.websaks:
        websak.slow(0)
    for name in names:
        file = many.folder / name / "config/units.yaml"
        file.write_text(file.read_text(encoding="utf-8").replace("Oppvekst", "Oppvekst og læring"), encoding="utf-8")
    live = ("--only", names[0], "--only", names[1], "--scheduler", dask.address, "--carry")
    before = {name: _entries(many, name) for name in names}
    assert many.fleet("plan", *live)["summary"]["update"] == 2
    assert many.fleet("apply", "--auto-approve", *live)["summary"]["done"] == 2
    for name in names:
        after = _entries(many, name)
        assert after[: len(before[name])] == before[name]
        assert len(after) > len(before[name])
        assert many.journal(name).stat().st_mode & 0o077 == 0
    assert many.fleet("drift", *live)["summary"]["drifted"] == 0


def _entries(many: World, name: str) -> list[tuple[int, str]]:
    with Journal(many.journal(name), SystemClock()) as journal:
        assert journal.broken_link() is None
        return [(entry.seq, entry.what) for entry in journal.entries()]


def test_a_worker_without_the_folder_says_so(many: World, dask: Cluster) -> None:
    (many.folder / "by-5").rename(many.folder / "elsewhere")
    result = many.fleet("plan", "--only", "by-[56]", "--scheduler", dask.address, code=1)
    (many.folder / "elsewhere").rename(many.folder / "by-5")
    assert "--carry" in result["targets"]["by-5"]["message"]
    assert result["targets"]["by-6"]["exit_code"] == 0


def _busy(many: World, worker: int) -> list[str]:
    """The targets that a worker's commands have under way, with writes that are done."""
    mine = []
    for name, websak in zip(many.names, many.websaks, strict=True):
        owner = many.folder / name / ".websakctl" / "apply-test.owner"
        try:
            pid = int(owner.read_text(encoding="utf-8").partition("process ")[2].partition(",")[0])
        except (OSError, ValueError):
            continue
        if worker in _ancestors(pid) and websak.effects():
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
