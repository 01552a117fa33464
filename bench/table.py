"""Measure every promised ratio in one run, and write them down: docs/benchmarks.md and bench/latest.json.

    python bench/table.py [--repeat N] [--sizes 10000,100000] [--peers FILE]

The commands that start up are those of a wheel, installed into an environment of its own; what grows is measured in a
process of its own each time (bench/run.py). CPU seconds count, since the machine may have other work; each is the least
and the median of the repetitions, in turns with what it is compared with. Nothing is asserted.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import run

ROOT = run.ROOT
PAGE = ROOT / "docs" / "benchmarks.md"
LATEST = ROOT / "bench" / "latest.json"
LATENCY = 20  # milliseconds


@dataclass(frozen=True)
class Row:
    """One ratio: what was promised, and what came of it by the least and by the median."""

    what: str
    promised: float
    least: float
    median: float
    note: str = ""
    at_least: bool = False  # the ratio should be this or more

    @property
    def reached(self) -> bool:
        """Whether the promise is kept, by the least."""
        return self.least >= self.promised if self.at_least else self.least <= self.promised


def cpu_of(command: list[str], cwd: Path, env: dict[str, str]) -> float:
    """CPU seconds of a command, whatever it says."""
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime


def installed(folder: Path) -> Path:
    """The commands of a wheel in an environment of its own, compiled."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    # An older pip writes scripts that load `re` before they begin.
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--upgrade", "pip"], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", ROOT / "constraints.txt"]
    subprocess.run([*pip, f"{ROOT}[sandbox]"], check=True)
    return python.parent


def startup(repeat: int) -> list[Row]:
    """Commands on the shipped repository beside the bare interpreter."""
    env = {n: v for n, v in os.environ.items() if not n.startswith("WEBSAKCTL_") and n != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory(prefix="websakctl-bench-") as name:
        folder = Path(name)
        where = installed(folder)
        repository = folder / "repository"
        for part in ("config", "districts", "templates"):
            shutil.copytree(ROOT / part, repository / part)
        program = str(where / "websakctl")
        cpu_of([program, "apply", "--auto-approve"], repository, env)
        words = "websakctl show org_unit/frogner/FR-BH"
        completing = {**env, "_WEBSAKCTL_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "2"}
        commands: dict[str, tuple[list[str], dict[str, str], float]] = {
            "`--version`": ([program, "--version"], env, 1.5),
            "`--help`": ([program, "--help"], env, 9),
            "completion of an address": ([program], completing, 10),
            "`validate` of the shipped repository": ([program, "validate"], env, 16),
            "no-op `plan` of it, sandbox running": ([program, "plan"], env, 24),
        }
        bare: list[float] = []
        found: dict[str, list[float]] = {}
        for turn in range(repeat + 1):
            python = cpu_of([str(where / "python"), "-c", "pass"], repository, env)
            taken = {what: cpu_of(command, repository, more) for what, (command, more, _) in commands.items()}
            if turn:  # the first one compiles and fills caches
                bare.append(python)
                for what, seconds in taken.items():
                    found.setdefault(what, []).append(seconds)
        subprocess.run([program, "sandbox", "stop"], cwd=repository, env=env, capture_output=True, check=False)
    return [
        Row(
            what,
            promised,
            *_ratios(found[what], bare),
            note=f"{min(found[what]) * 1000:.0f} ms to {min(bare) * 1000:.0f} ms",
        )
        for what, (_, _, promised) in commands.items()
    ]


def _ratios(taken: list[float], bare: list[float]) -> tuple[float, float]:
    return min(taken) / min(bare), statistics.median(taken) / statistics.median(bare)


PYYAML = """
import sys, time, yaml
from pathlib import Path
texts = [file.read_text(encoding="utf-8") for file in sorted(Path(sys.argv[1]).rglob("*.yaml"))]
began = time.process_time()
for text in texts:
    yaml.load(text, yaml.CSafeLoader)
print(time.process_time() - began)
"""


def pyyaml(root: Path) -> float | None:
    """CPU seconds that PyYAML's C loader takes for the same files; nothing where it is not installed."""
    done = subprocess.run([sys.executable, "-c", PYYAML, root], capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None


def growth(sizes: list[int], repeat: int) -> list[Row]:
    """Validate and plan beside bare parsing and fetching, at each size."""
    rows: list[Row] = []
    each: dict[str, dict[int, float]] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="websakctl-bench-") as name:
            root, state = Path(name) / "repository", Path(name) / "state"
            run.write_config(root, size)
            run.fill_sandbox(root, state)
            found: dict[str, list[run.Measured]] = {}
            loads: list[float] = []
            with run.serving(state, "3.3"):
                for _ in range(repeat):
                    for phase in ("bare_parse", "validate", "bare_fetch", "plan"):
                        found.setdefault(phase, []).append(run.measured(phase, root, state))
                    loads += [taken] if (taken := pyyaml(root)) is not None else []
        cpu = {phase: [one.cpu for one in ones] for phase, ones in found.items()}
        both = [parse + fetch for parse, fetch in zip(cpu["bare_parse"], cpu["bare_fetch"], strict=True)]
        events = found["bare_parse"][0].count / size
        micro = {phase: min(ones) / size * 1e6 for phase, ones in cpu.items()}
        at = f"{size:,}".replace(",", " ")
        rows.append(Row(f"`validate` at {at}, to the bare C events", 2, *_ratios(cpu["validate"], cpu["bare_parse"]),
                        note=f"{micro['validate']:.1f} to {micro['bare_parse']:.1f} µs a resource of {events:.0f} events"))  # fmt: skip
        if loads:
            rows.append(Row(f"`validate` at {at}, to PyYAML's C loader", 0.4, *_ratios(cpu["validate"], loads)))
        rows.append(Row(f"no-op `plan` at {at}, to bare events and pages", 1.6, *_ratios(cpu["plan"], both),
                        note=f"{micro['plan']:.1f} to {micro['bare_parse'] + micro['bare_fetch']:.1f} µs a resource"))  # fmt: skip
        memory = max(one.memory for one in found["plan"])
        if size == max(sizes):
            rows.append(
                Row(
                    f"peak memory of that `plan` at {at}, MB",
                    400 * size / 100_000 if size < 100_000 else 400,
                    memory,
                    memory,
                )
            )
        for phase in ("validate", "plan"):
            each.setdefault(phase, {})[size] = micro[phase]
    for phase, costs in each.items():
        if len(costs) > 1:
            ratio = costs[max(costs)] / costs[min(costs)]
            rows.append(
                Row(f"`{phase}`: cost of a resource at {max(costs)} to that at {min(costs)}", 1.25, ratio, ratio)
            )
    return rows


def reading(repeat: int) -> list[Row]:
    """Requests of a plan of the fifteen districts, and the same one at a time and eight at a time over a slow line."""
    from websakctl.kinds import all_kinds
    from websakctl.live.websak import WebsakReader
    from websakctl.operations.scopes import scope_of
    from websakctl.sandbox.process import _ask
    from websakctl.source.load import load_configuration

    with tempfile.TemporaryDirectory(prefix="websakctl-bench-") as name:
        state = Path(name)
        config = load_configuration(ROOT)
        taken: dict[int, list[float]] = {1: [], 8: []}
        with run.serving(state, "3.3"):
            server = run.connection_to(state)
            _ask(server.base_url, "POST", "/_sandbox/settings", server.client_secret, {"latency_ms": LATENCY})
            requests = 0
            for _ in range(repeat):
                for concurrency in taken:
                    connection = run.replace(server, concurrency=concurrency)
                    with WebsakReader(
                        connection, all_kinds(), scope_of(config.state, config.districts, all_kinds())
                    ) as reader:
                        reader.token()
                        began = time.perf_counter()
                        reader.read()
                        taken[concurrency].append(time.perf_counter() - began)
                        requests = reader.traffic.requests
    times = min(taken[1]) / min(taken[8]), statistics.median(taken[1]) / statistics.median(taken[8])
    return [
        Row("requests of a no-op plan of the fifteen districts", 20, requests, requests),
        Row(f"reads at {LATENCY} ms latency: 8 at a time, times faster than 1", 5, *times, at_least=True,
            note=f"{min(taken[1]) * 1000:.0f} ms to {min(taken[8]) * 1000:.0f} ms, wall time"),
    ]  # fmt: skip


def applying(repeat: int) -> list[Row]:
    """An apply of 1 000 changes beside a bare loop of the same calls at the same concurrency."""
    size = 10_000
    os.environ["BENCH_CHANGED"] = "10"  # of the processes that carry it out
    run.CHANGED = 10
    with tempfile.TemporaryDirectory(prefix="websakctl-bench-") as name:
        root, state, changed = (Path(name) / part for part in ("repository", "state", "changed"))
        run.write_config(root, size)
        run.fill_sandbox(root, state)
        shutil.copytree(root, changed)
        run.change_config(changed)
        found: dict[str, list[run.Measured]] = {}
        with run.serving(state, "3.3"):
            for _ in range(repeat):
                found.setdefault("bare", []).append(run.measured("bare_write", root, state))
                found.setdefault("apply", []).append(run.measured("apply", changed, state))
                run.measured("apply", root, state)
    walls = {what: [one.wall for one in ones] for what, ones in found.items()}
    return [Row(f"`apply` of {found['apply'][0].count} changes to a bare loop of the same calls", 1.5, *_ratios(walls["apply"], walls["bare"]),
                note="wall time, the journal included")]  # fmt: skip


def page(rows: list[Row], peers: str, about: str) -> str:
    """The page."""
    lines = ["| ratio | promised | least | median | |", "|---|---:|---:|---:|---|"]
    for row in rows:
        sign = "≥" if row.at_least else "≤"
        kept = "" if row.reached else "**not reached** "
        lines.append(
            f"| {row.what} | {sign} {row.promised:g} | {row.least:.3g} | {row.median:.3g} | {kept}{row.note} |"
        )
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    table = "\n".join(lines)
    return f"{before}{BEGIN}\n\n{about}\n\n{table}\n{peers and f'{chr(10)}{peers}{chr(10)}'}\n{END}{after}"


BEGIN, END = "<!-- made by make bench -->", "<!-- end -->"


def about(repeat: int) -> str:
    """Machine, versions, commit."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    from importlib.metadata import version

    libraries = ", ".join(f"{name} {version(name)}" for name in ("typer", "pydantic", "ruamel.yaml", "httpx"))
    return (
        f"Commit {commit.stdout.strip()}, {time.strftime('%Y-%m-%d')}; {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}, {libraries}; {repeat} repetitions."
    )


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--sizes", default="10000,100000", help="resources, with commas between")
    parser.add_argument(
        "--peers", type=Path, nargs="*", default=[], help="what `make bench-peers` wrote, to be taken in"
    )
    parser.add_argument(
        "--only", default="", help="some of startup, growth, reading, applying; nothing is written then"
    )
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    parts = {
        "startup": lambda: startup(asked.repeat),
        "growth": lambda: growth(sizes, asked.repeat),
        "reading": lambda: reading(asked.repeat),
        "applying": lambda: applying(max(1, asked.repeat // 2)),
    }
    rows: list[Row] = []
    for name, measure in parts.items():
        if not asked.only or name in asked.only.split(","):
            print(f"{name} …", file=sys.stderr, flush=True)
            rows += measure()
            print(*(f"  {r.what}: {r.least:.3g} ({r.promised:g})" for r in rows), sep="\n", file=sys.stderr, flush=True)
    if asked.only:
        return
    sys.path.insert(0, str(ROOT / "bench" / "peers"))
    from compare import table

    found: list[dict[str, Any]] = [row for file in asked.peers for row in json.loads(file.read_text())]
    said = about(asked.repeat)
    PAGE.write_text(page(rows, table(found) if found else "", said), encoding="utf-8")
    measured = {"about": said, "rows": [{**vars(row), "reached": row.reached} for row in rows], "peers": found}
    LATEST.write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
