"""Measure how cost grows, from 1 000 to 100 000 resources and from one Websak to forty, and write docs/scale.md.

    python bench/scale.py [--resources N ...] [--targets N ...] [--write]

Each measurement is one run in processes of its own; what counts is CPU time, which does not depend on what else runs.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

import run  # noqa: E402  # found by the line above

from tests.fleet.world import WRITES, World, world  # noqa: E402  # the same

PAGE = run.ROOT / "docs" / "scale.md"
MUNICIPALITIES = 357
READS, LATENCY = 8, 0.05  # requests of a plan that finds nothing, and seconds that a Websak takes to answer one
SIZES = (600, 5_000, 20_000)  # resources: these fifteen districts, a large city, all that a country's largest may have
CORES = (2, 8, 32)


@dataclass(frozen=True)
class Taken:
    """What one command took; CPU time and memory are those of the command and all its children."""

    wall: float
    cpu: float
    memory: float  # MB, of the largest process
    size: int = 0  # bytes of the result file


def taken_by(command: list[str], cwd: Path, env: dict[str, str]) -> Taken:
    """Run a command in a process that measures it."""
    measuring = (
        "import json, resource, subprocess, sys, time; began = time.perf_counter();"
        "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode;"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(json.dumps([code, time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", measuring, *command], cwd=cwd, env=env, capture_output=True, text=True, check=True
    )
    code, wall, cpu, memory = json.loads(answer.stdout)
    if code:
        raise SystemExit(f"{' '.join(command)} ended with {code}:\n{answer.stderr}")
    return Taken(wall, cpu, memory)


def by_resources(size: int) -> dict[str, run.Measured]:
    """Validate and a plan that finds nothing, for one config of ``size`` resources."""
    with tempfile.TemporaryDirectory(prefix="websakctl-scale-") as folder:
        root, state_dir = Path(folder) / "repository", Path(folder) / "state"
        run.write_config(root, size)
        run.fill_sandbox(root, state_dir)
        with run.serving(state_dir, "3.3"):
            return {phase: run.measured(phase, root, state_dir) for phase in ("validate", "plan")}


def by_targets(fleet: World, count: int) -> dict[str, Taken]:
    """A plan of everything, its apply, and a plan that finds nothing, over ``count`` Websaks."""
    only = [word for name in fleet.names[:count] for word in ("--only", name)]
    program = [str(Path(sys.executable).with_name("websakctl")), "fleet"]
    env = fleet.cli.surroundings({"HOME": str(fleet.folder)})
    result = {}
    for name, words in (
        ("plan", ["plan", "--out", "plans.json"]),
        ("apply", ["apply", "plans.json", "--auto-approve"]),
        ("no-op plan", ["plan", "--out", "empty.json"]),
    ):
        result[name] = taken_by([*program, *words, *only, "--quiet"], fleet.folder, env)
    sizes = {"plan": "plans.json", "no-op plan": "empty.json"}
    return {
        name: replace(taken, size=(fleet.folder / sizes[name]).stat().st_size if name in sizes else 0)
        for name, taken in result.items()
    }


def line(points: dict[int, float]) -> tuple[float, float]:
    """Slope and start of the straight line through points, by least squares."""
    fit = statistics.linear_regression(list(points), list(points.values()))
    return fit.slope, fit.intercept


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    from tabulate import tabulate

    return tabulate([tuple(map(str, row)) for row in rows], head, tablefmt="github", disable_numparse=True)


def spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def page(resources: dict[int, dict[str, run.Measured]], targets: dict[int, dict[str, Taken]]) -> str:
    """The page, with every number measured or computed from those that were."""
    per_resource, _ = line({size: results["plan"].cpu for size, results in resources.items()})
    per_target, start = line({count: results["no-op plan"].cpu for count, results in targets.items()})
    largest, most = max(resources), max(targets)
    memory_per_resource, memory_start = line({size: results["plan"].memory for size, results in resources.items()})
    per_apply, _ = line({count: results["apply"].cpu for count, results in targets.items()})
    first = table(
        ("resources", "validate, CPU s", "no-op plan, CPU s", "µs a resource", "peak MB"),
        [
            (spaced(size), f"{f['validate'].cpu:.2f}", f"{f['plan'].cpu:.2f}", f"{f['plan'].cpu / size * 1e6:.0f}", f"{f['plan'].memory:.0f}")
            for size, f in sorted(resources.items())
        ],
    )  # fmt: skip
    second = table(
        ("targets", *(f"{name}, CPU s" for name in next(iter(targets.values()))), "no-op plan, CPU s a target", "result file, kB"),
        [
            (count, *(f"{t.cpu:.2f}" for t in f.values()), f"{f['no-op plan'].cpu / count:.2f}", f"{f['no-op plan'].size / 1000:.0f}")
            for count, f in sorted(targets.items())
        ],
    )  # fmt: skip

    def cpu_of(size: int) -> float:
        return start + MUNICIPALITIES * (per_target + size * per_resource)

    third = table(
        ("resources in each", "CPU in all", *(f"{cores} cores" for cores in CORES), "peak MB of each job"),
        [
            (spaced(size), minutes(cpu_of(size)), *(minutes(wall_of(cpu_of(size), cores)) for cores in CORES), f"{memory_start + size * memory_per_resource:.0f}")
            for size in SIZES
        ],
    )  # fmt: skip
    result = targets[most]["no-op plan"].size / most
    change = (targets[most]["plan"].size - targets[most]["no-op plan"].size) / most / WRITES
    grows = resources[largest]["plan"].cpu / largest / (resources[min(resources)]["plan"].cpu / min(resources))
    return TEXT.format(
        machine=f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        first=first,
        second=second,
        third=third,
        grows=f"{grows:.2f}",
        largest=spaced(largest),
        smallest=spaced(min(resources)),
        most=most,
        writes=WRITES,
        per_target=f"{per_target:.2f}",
        start=f"{start:.1f}",
        per_resource=f"{per_resource * 1e6:.0f}",
        per_apply=f"{per_apply:.2f}",
        count=MUNICIPALITIES,
        reads=READS,
        requests=spaced(MUNICIPALITIES * READS),
        waiting=f"{READS * LATENCY:.1f}",
        all_waiting=minutes(MUNICIPALITIES * READS * LATENCY / 16),
        change=f"{change / 1000:.1f}",
        first_day=f"{change * MUNICIPALITIES * SIZES[0] / 1e6:.0f}",
        result=f"{result / 1000:.0f}",
        all_results=f"{result * MUNICIPALITIES / 1e6:.1f}",
        memory=f"{memory_start + 20_000 * memory_per_resource:.0f}",
        sixteen=f"{16 * (memory_start + 20_000 * memory_per_resource) / 1000:.1f}",
    )


def wall_of(cpu: float, cores: int) -> float:
    """Seconds: either the cores or the Websaks' answers are what one waits for; twice the cores run at a time."""
    return max(cpu / cores, MUNICIPALITIES * READS * LATENCY / (2 * cores))


def minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


TEXT = """\
# How far it goes

Made by `make scale`; do not edit. Measured on {machine}, sandboxes on the same machine. CPU time, since wall time depends on
what else a machine does; each number is one run. How fast one command is beside its peers: `make bench`.

## One Websak, more resources

A made-up config (units and sub-org numbers of fifteen districts, case types), a sandbox that holds just that, a plan that finds
nothing.

{first}

At {largest} a resource costs {grows} times what it costs at {smallest}, where starting weighs more; about {per_resource} µs in all: reading its YAML, fetching it,
comparing it. Nothing in a plan looks at a resource more often when there are more of them.

## More Websaks

Small ones (five resources), so that what is left is what each target costs by itself: a process, its imports (shared on
Linux), a token, the requests, a journal. The apply makes {writes} resources in each.

{second}

The command itself takes {start} s, and each target {per_target} s more; an apply of {writes} writes {per_apply} s. Targets share nothing,
so forty cost forty times one.

## Every municipality in the country

Norway has {count}. What a plan of all of them costs is `start + {count} × (target + resources × resource)`, with the numbers above.
Times are for a fleet on one machine with `--jobs` twice the cores. That each Websak answers in 50 ms is assumed, not measured.

{third}

- **Requests**: {count} × {reads} = {requests} for a plan that finds nothing, on {count} servers. Each waits {waiting} s for its own;
  sixteen at a time make that {all_waiting} in all, which work on other targets fills.
- **Results**: {result} kB for each target, {all_results} MB for all, in one JSON document.
- **More machines**: `--shard I/8` or `--scheduler` divide the times by the machines, since no job waits for another.

## What breaks first beyond

1. **Memory of one machine.** A job of 20 000 resources takes {memory} MB at its peak, sixteen of them {sixteen} GB. `--jobs` says fewer;
   shards and clusters spread them.
2. **The person.** {count} plans cannot be read one by one. The report tells first what several targets have in common, and only what
   failed is listed by name; reviewing by group is what scales, not reading faster.
3. **The result document.** It is built and written whole, with {change} kB for each change: a first day for all, 600 changes each, is
   {first_day} MB. Plan such a day in shards, and apply each shard's file by itself.
4. **One Websak's own limits.** Its `rate` and `concurrency` are settings of its environment; a fleet adds none, and one slow server holds one
   job, not the fleet.
5. **The keyring.** A machine's keyring asks its user; {count} credentials belong in the surroundings of a runner or in a secret store that
   fills them.
6. **Journals on a network disk.** One machine at a time for each target is what SQLite's log allows; a file system without locks is no place
   for them.
7. **A Dask scheduler** holds every job and result in memory. With `--carry` that is every config and journal too.
"""


def main() -> None:
    """Measure and print, or write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--resources", nargs="+", type=int, default=[1_000, 10_000, 100_000], metavar="N")
    parser.add_argument("--targets", nargs="+", type=int, default=[1, 10, 40], metavar="N")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(run.ROOT)}")
    asked = parser.parse_args()
    if len(set(asked.resources)) < 2 or len(set(asked.targets)) < 2 or min(asked.resources) < 100:
        parser.error("growth is between two sizes at least, the smallest of a hundred resources")
    resources = {}
    for size in asked.resources:
        run.say(f"{size} resources")
        resources[size] = by_resources(size)
    targets = {}
    with (
        tempfile.TemporaryDirectory(prefix="websakctl-scale-") as folder,
        world(Path(folder), max(asked.targets)) as fleet,
    ):
        for count in asked.targets:
            run.say(f"{count} targets")
            targets[count] = by_targets(fleet.fresh(), count)
    run.say("")
    text = page(resources, targets)
    if asked.write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
