"""A Dask scheduler and workers as processes on loopback."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .world import until


@dataclass
class Cluster:
    """A running scheduler, and its workers by name."""

    address: str
    workers: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)


@contextmanager
def cluster(folder: Path, workers: int, env: Mapping[str, str]) -> Iterator[Cluster]:
    """A cluster whose workers take two jobs at a time each, and find secrets in their own surroundings."""
    around = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **env}
    around |= {"DASK_DISTRIBUTED__WORKER__DEATH_TIMEOUT": "30", "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "30"}
    processes: list[subprocess.Popen[bytes]] = []

    def start(name: str, *words: str) -> "subprocess.Popen[bytes]":
        with (folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *words], cwd=folder, env=around, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        processes.append(process)
        return process

    log = folder / "scheduler.log"
    try:
        start("scheduler", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        result = until(lambda: re.search(r"Scheduler at: +(tcp://\S+)", log.read_text(encoding="utf-8")))
        running = Cluster(result[1])
        for i in range(workers):
            name = f"worker-{i}"
            words = ("--host", "127.0.0.1", "--no-nanny", "--no-dashboard", "--nthreads", "2", "--name", name)
            scratch = ("--local-directory", str(folder / name))
            running.workers[name] = start(name, "distributed.cli.dask_worker", running.address, *words, *scratch)
        for name in running.workers:
            until(lambda name=name: "Registered to" in (folder / f"{name}.log").read_text(encoding="utf-8"))
        yield running
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:  # a worker that has lost its scheduler may not hear it
                process.kill()
                process.wait()
