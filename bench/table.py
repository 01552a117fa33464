"""Measure every promised ratio in one run, and write them down: docs/benchmarks.md and bench/latest.json.

    python bench/table.py [--repeat N] [--sizes 10000,100000] [--peers FILE]

The commands that start up are those of a wheel, installed into an environment of its own; what grows is measured in a
process of its own each time (bench/run.py). CPU seconds count, since the machine may have other work, with wall time beside
them; each is the least and the median of the repetitions, in turns with what it is compared with. Nothing is asserted.
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
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import run

ROOT = run.ROOT
PAGE = ROOT / "docs" / "benchmarks.md"
LATEST = ROOT / "bench" / "latest.json"
LATENCY = 20  # milliseconds


class Spent(NamedTuple):
    """Seconds of one run."""

    cpu: float
    wall: float


class Pair(NamedTuple):
    """A ratio by the least and by the median of the repetitions; twice the same where it is a count."""

    least: float
    median: float

    def __str__(self) -> str:
        if self.least == self.median:
            return f"{self.least:.3g}" if self.least < 1000 else at(int(self.least))
        return f"{self.least:.3g} · {self.median:.3g}"


@dataclass(frozen=True)
class Row:
    """One ratio: what was promised, what came of it, and the same by the other clock."""

    what: str
    promised: float
    measured: Pair
    by: str = ""  # the clock: CPU or wall; none: it is a count
    beside: Pair | None = None
    note: str = ""
    at_least: bool = False  # the ratio should be this or more

    @property
    def reached(self) -> bool:
        """Whether the promise is kept, by the least."""
        least = self.measured.least
        return least >= self.promised if self.at_least else least <= self.promised


def ratio(
    what: str,
    promised: float,
    over: Sequence[Spent],
    under: Sequence[Spent],
    note: str = "",
    *,
    by: str = "CPU",
    at_least: bool = False,
    times: float = 1,
) -> Row:
    """``over`` to ``under`` by both clocks, ``times`` as much; ``by`` says which of them counts."""

    def pair(clock: int) -> Pair:
        one, other = ([spent[clock] for spent in each] for each in (over, under))
        return Pair(times * min(one) / min(other), times * statistics.median(one) / statistics.median(other))

    cpu, wall = pair(0), pair(1)
    counts, alongside = (cpu, wall) if by == "CPU" else (wall, cpu)
    return Row(what, promised, counts, by, alongside, note, at_least)


def counted(what: str, promised: float, found: float, note: str = "") -> Row:
    """Something that is counted: no clock comes into it."""
    return Row(what, promised, Pair(found, found), note=note)


def spent_on(found: Iterable[run.Measured]) -> list[Spent]:
    """The times of some measurements."""
    return [Spent(one.cpu, one.wall) for one in found]


def spent(command: list[str], cwd: Path, env: dict[str, str]) -> Spent:
    """What a command takes, whatever it says."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Spent(used.ru_utime + used.ru_stime, time.perf_counter() - began)


def least(found: Iterable[Spent]) -> float:
    """The least CPU seconds."""
    return min(one.cpu for one in found)


def at(size: int) -> str:
    """A size as it is written."""
    return f"{size:,}".replace(",", " ")


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
        spent([program, "apply", "--auto-approve"], repository, env)
        commands: dict[str, tuple[list[str], dict[str, str], float]] = {
            "`validate` of the shipped repository": ([program, "validate"], env, 12),
            "no-op `plan` of it, sandbox running": ([program, "plan"], env, 20),
            "no-op `plan` of it, one `WEBSAKCTL_*` set": ([program, "plan"], {**env, "WEBSAKCTL_CONCURRENCY": "4"}, 23),
        }
        bare: list[Spent] = []
        result: dict[str, list[Spent]] = {}
        for turn in range(repeat + 1):
            python = spent([str(where / "python"), "-c", "pass"], repository, env)
            taken = {what: spent(command, repository, more) for what, (command, more, _) in commands.items()}
            if turn:  # the first one compiles and fills caches
                bare.append(python)
                for what, one in taken.items():
                    result.setdefault(what, []).append(one)
        subprocess.run([program, "sandbox", "stop"], cwd=repository, env=env, capture_output=True, check=False)
    return [
        ratio(f"§1 {what}, to `python -c pass`", promised, result[what], bare,
              f"{least(result[what]) * 1000:.0f} ms to {least(bare) * 1000:.0f} ms")
        for what, (_, _, promised) in commands.items()
    ]  # fmt: skip


@contextmanager
def made_up(size: int) -> Iterator[tuple[Path, Path]]:
    """A config of that size and the state of a sandbox that runs and holds just that."""
    with tempfile.TemporaryDirectory(prefix="websakctl-bench-") as name:
        root, state = Path(name) / "repository", Path(name) / "state"
        run.write_config(root, size)
        run.fill_sandbox(root, state)
        with run.serving(state, "3.3"):
            yield root, state


def growth(sizes: list[int], repeat: int) -> list[Row]:
    """Validate and plan beside bare parsing and fetching, at each size."""
    rows: list[Row] = []
    for size in sizes:
        result: dict[str, list[run.Measured]] = {}
        with made_up(size) as (root, state):
            for _ in range(repeat):
                for phase in ("bare_parse", "bare_fetch", "validate", "plan"):
                    result.setdefault(phase, []).append(run.measured(phase, root, state))
        spent = {phase: spent_on(ones) for phase, ones in result.items()}
        spent["bare"] = [Spent(p.cpu + f.cpu, p.wall + f.wall) for p, f in zip(spent["bare_parse"], spent["bare_fetch"], strict=True)]  # fmt: skip
        events = result["bare_parse"][0].count / size
        micro = {phase: least(ones) / size * 1e6 for phase, ones in spent.items()}
        rows += [
            ratio(f"§2 `validate` at {at(size)}, to the bare C events", 1.8, spent["validate"], spent["bare_parse"],
                  f"{micro['validate']:.1f} to {micro['bare_parse']:.1f} µs a resource of {events:.0f} events"),
            ratio(f"§2 no-op `plan` at {at(size)}, to bare events and pages", 1.8, spent["plan"], spent["bare"],
                  f"{micro['plan']:.1f} to {micro['bare']:.1f} µs a resource"),
        ]  # fmt: skip
        if size == max(sizes):
            memory = max(one.memory for one in result["plan"])
            rows.append(counted(f"§2 peak memory of that `plan` at {at(size)}, MB", 300, round(memory)))
    return rows


def reading(repeat: int) -> list[Row]:
    """Reads of the fifteen districts, one at a time and eight at a time over a slow line."""
    import msgspec

    from websakctl.kinds import all_kinds
    from websakctl.live.websak import WebsakReader
    from websakctl.operations.scopes import scope_of
    from websakctl.sandbox.process import _ask
    from websakctl.source.load import load_configuration

    with tempfile.TemporaryDirectory(prefix="websakctl-bench-") as name:
        state = Path(name)
        config = load_configuration(ROOT)
        taken: dict[int, list[Spent]] = {1: [], 8: []}
        with run.serving(state, "3.3"):
            server = run.connection_to(state)
            _ask(server.base_url, "POST", "/_sandbox/settings", server.client_secret.reveal(), {"latency_ms": LATENCY})
            for _ in range(repeat):
                for concurrency in taken:
                    connection = msgspec.structs.replace(server, concurrency=concurrency)
                    with WebsakReader(
                        connection, all_kinds(), scope_of(config.state, config.districts, all_kinds())
                    ) as reader:
                        reader.token()
                        with run.clock() as clock:
                            reader.read()
                        taken[concurrency].append(Spent(clock["cpu"], clock["wall"]))
    walls = [min(one.wall for one in ones) * 1000 for ones in taken.values()]
    return [
        ratio(f"§4 reads at {LATENCY} ms latency: 8 at a time, times faster than 1", 5, taken[1], taken[8],
              f"{walls[0]:.0f} ms to {walls[1]:.0f} ms", by="wall", at_least=True),
    ]  # fmt: skip


def applying(repeat: int) -> list[Row]:
    """An apply of 1 000 changes beside a bare loop of the same calls at the same concurrency, and of ten times as many."""
    os.environ["BENCH_CHANGED"] = "10"  # of the process that writes bare: one in so many
    bare: list[run.Measured] = []
    alongside = applies(10_000, 10, repeat, bare)
    small, large = applies(1_000, 1, repeat), applies(10_000, 1, 1)
    walls = [min(one.wall for one in ones) for ones in (alongside, bare, large, small)]
    return [
        ratio("§5 `apply` of 1 000 changes to a bare loop of the same calls", 1.5, spent_on(alongside), spent_on(bare),
              f"{walls[0]:.1f} s to {walls[1]:.1f} s of wall time, the journal included", by="wall"),
        ratio("§5 `apply` of 10 000 changes to that of 1 000", 11, spent_on(large), spent_on(small),
              f"{walls[2]:.1f} s to {walls[3]:.1f} s of wall time; there and back, as often as {len(large)} and {len(small)}"),
    ]  # fmt: skip


def applies(size: int, one_in: int, repeat: int, bare: list[run.Measured] | None = None) -> list[run.Measured]:
    """An apply to each side in turns: there and back are as many changes. ``bare`` takes the bare loop before each turn."""
    result = []
    with made_up(size) as (root, state):
        changed = root.with_name("changed")
        shutil.copytree(root, changed)
        run.change_config(changed, one_in)
        for _ in range(repeat):
            if bare is not None:
                bare.append(run.measured("bare_write", root, state))
            result += [run.measured("apply", each, state) for each in (changed, root)]
    return result


def output(repeat: int) -> list[Row]:
    """Long reports beside the plan that they tell of: where there are changes, files are new."""
    forms = {"text": 60_000, "markdown": 60_000, "html": 5_000_000}
    result: dict[str, list[run.Measured]] = {}
    with made_up(run.MANY) as (root, state):
        for _ in range(repeat):
            for phase in ("plan", *(f"many_as_{form}" for form in forms)):
                result.setdefault(phase, []).append(run.measured(phase, root, state))
    many = f"{at(run.MANY)} changes in {run.GROUPS} groups"
    plan = spent_on(result["plan"])
    rows = []
    for form, most in forms.items():
        written = result[f"many_as_{form}"]
        note = f"{least(spent_on(written)) * 1000:.0f} ms to {least(plan):.2f} s, of a plan that finds nothing"
        rows.append(ratio(f"§6 {many} as {form}, to the plan's time", 0.05, spent_on(written), plan, note))
        rows.append(counted(f"§6 … bytes of it as {form}", most, written[0].count))
    distinct: dict[str, list[run.Measured]] = {}
    with made_up(10_000) as (root, state):
        run.change_config(root, 1)
        for _ in range(repeat):
            for phase in ("plan", "distinct_as_text"):
                distinct.setdefault(phase, []).append(run.measured(phase, root, state))
    text, plan = (spent_on(distinct[phase]) for phase in ("distinct_as_text", "plan"))
    rows.append(ratio(f"§6 {at(distinct['plan'][0].count)} distinct changes as text, to the plan's time", 0.05, text, plan,
                      f"{least(text) * 1000:.0f} ms to {least(plan):.2f} s"))  # fmt: skip
    return rows


PEERS = (  # how many times faster than which peer, at which size
    ("octoDNS", 10_000, 8),
    ("octoDNS", 50_000, 12),
    ("script by hand", 10_000, 2),
    ("script by hand", 100_000, 3.5),
    ("Terraform", 1_000, 15),
)


def against(found: list[dict[str, Any]]) -> list[Row]:
    """What `make bench-peers` found, as ratios."""
    by = {(row["peer"], row["size"]): row for row in found if "left_out" not in row}
    rows = []
    for peer, size, promised in PEERS:
        if (peer, size) not in by or ("websakctl", size) not in by:
            continue
        theirs, ours = ([Spent(*one) for one in by[name, size]["runs"]] for name in (peer, "websakctl"))
        note = f"{least(ours):.2f} s to {least(theirs):.2f} s of CPU time; {len(ours)} runs each"
        what = f"§3 no-op plan at {at(size)}, times faster than {'the ' * (' ' in peer)}{peer}"
        rows.append(ratio(what, promised, theirs, ours, note, at_least=True))
    return rows


def page(rows: list[Row], peers: str, about: str) -> str:
    """The page."""
    lines = ["| ratio | promised | measured | by the other clock | |", "|---|---:|---:|---:|---|"]
    for row in sorted(rows, key=lambda row: row.what[:2]):
        sign = "≥" if row.at_least else "≤"
        kept = "" if row.reached else "**not reached** "
        alongside = "" if row.beside is None else f"{row.beside} {'wall' if row.by == 'CPU' else 'CPU'}"
        lines.append(
            f"| {row.what} | {sign} {at(int(row.promised)) if row.promised > 999 else row.promised} | {row.measured} {row.by} | {alongside} | {kept}{row.note} |"
        )
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    table = "\n".join(lines)
    return f"{before}{BEGIN}\n\n{about}\n\n{table}\n{peers and f'{chr(10)}{peers}{chr(10)}'}\n{END}{after}"


BEGIN, END = "<!-- made by make bench -->", "<!-- end -->"


def commit() -> str:
    """The commit that is measured."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def about(repeat: int) -> str:
    """Machine, versions, commit."""
    from importlib.metadata import version

    libraries = ", ".join(f"{name} {version(name)}" for name in ("typer", "pydantic", "ruamel.yaml", "httpx"))
    return (
        f"Commit {commit()}, {time.strftime('%Y-%m-%d')}; {os.cpu_count()} cores, {platform.machine()}, "
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
        "--only",
        default="",
        help="some of startup, growth, reading: measured again, and put in their places; "
        "applying, output: printed, and no part of the page",
    )
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    parts = {
        "startup": lambda: startup(asked.repeat),
        "growth": lambda: growth(sizes, asked.repeat),
        "reading": lambda: reading(asked.repeat),
        "applying": lambda: applying(max(1, (asked.repeat + 1) // 2)),  # each is two
        "output": lambda: output(asked.repeat),
    }
    chosen = asked.only.split(",") if asked.only else ["startup", "growth", "reading"]
    rows: list[Row] = []
    for name, measure in parts.items():
        if name in chosen:
            print(f"{name} …", file=sys.stderr, flush=True)
            result = measure()
            print(
                *(f"  {r.what}: {r.measured} ({r.promised:g})" for r in result), sep="\n", file=sys.stderr, flush=True
            )
            rows += result
    if asked.only:
        take_in(rows, asked.only, asked.repeat)
        return
    peers: list[dict[str, Any]] = [row for file in asked.peers for row in json.loads(file.read_text())]
    rows += against(peers)
    write(rows, peers, about(asked.repeat))


def take_in(rows: list[Row], parts: str, repeat: int) -> None:
    """Put what was measured again in its place among the latest."""
    latest = json.loads(LATEST.read_text(encoding="utf-8"))
    again = {row.what: row for row in rows}
    kept = [
        again.get(old["what"])
        or Row(**{**old, "measured": Pair(*old["measured"]), "beside": old["beside"] and Pair(*old["beside"])})
        for old in ({n: v for n, v in row.items() if n != "reached"} for row in latest["rows"])
    ]
    later = f" Measured again at {commit()} with {repeat} repetitions: {parts}."
    write(kept, latest["peers"], latest["about"] + later)


def write(rows: list[Row], peers: list[dict[str, Any]], said: str) -> None:
    """Write the page, and the same as JSON."""
    sys.path.insert(0, str(ROOT / "bench" / "peers"))
    from compare import table

    PAGE.write_text(page(rows, table(peers) if peers else "", said), encoding="utf-8")
    measured = {"about": said, "rows": [{**vars(row), "reached": row.reached} for row in rows], "peers": peers}
    LATEST.write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
