"""Writes docs/reliability.md: tries everything, and tables what came of it.

make reliability                                    tries everything (an hour on two cores), then writes the page
python docs/generate_reliability.py --from FILE     writes the page from what a run left behind
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tabulate import tabulate

HOME = Path(__file__).parents[1]
PAGE = HOME / "docs" / "reliability.md"
Trial = dict[str, Any]


def run_everything(summary: Path) -> int:
    """Run both suites with every point; gives pytest's exit code."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "worksteal",
        "-o",
        "faulthandler_timeout=7200",
    ]
    command += ["tests/reliability", "tests/faults", "tests/state", "tests/simulation"]
    around = {**os.environ, "RELIABILITY": "all", "RELIABILITY_SUMMARY": str(summary)}
    return subprocess.run(command, cwd=HOME, env=around, check=False).returncode


def page(trials: Iterable[Trial]) -> str:
    """Render the page."""
    result = list(trials)
    disturbed = [trial for trial in result if trial["what"] == "trial"]
    faults = [trial for trial in result if trial["what"] == "fault"]
    histories = sum(1 for trial in result if trial["what"] == "history" and trial["part"] == "whole")
    writes = [trial for trial in faults if trial["part"] == "write" and not trial["operation"].startswith("lease ")]
    lost = sum(t["lost"] for t in disturbed) + sum(map(_lost, writes))
    doubled = sum(t["doubled"] for t in disturbed) + sum(map(_doubled, writes))
    crashes = sum(1 for t in disturbed if t["tried"].startswith("kill -9"))
    rows = [
        ("faults tried, each at one request of one operation", len(faults)),
        ("crash points tried", crashes),
        ("other disturbances of a whole run", len(disturbed) - crashes),
        ("histories of edits, faults, crashes and rollbacks, made up by hypothesis", histories),
        ("**effects lost**", f"**{lost}**"),
        ("**effects doubled**", f"**{doubled}**"),
    ]
    return TEXT.format(
        totals=_table(("", "number"), rows),
        disturbed=_table(("what was done to a run", "User API", "times", "lost", "doubled"), _by_kind(disturbed)),
        writing=_table(("fault", "trials", "what was said of the write", "lost", "doubled"), _by_fault(writes)),
        reading=_table(
            ("fault", "trials", "what was made of the answer"), _by_outcome(t for t in faults if t["part"] == "read")
        ),
        lease=_table(
            ("fault", "trials", "what became of the lease"),
            _by_outcome(t for t in faults if t["operation"].startswith("lease ")),
        ),
        operations=", ".join(f"{name} ({', '.join(sorted(apis))})" for name, apis in _operations(writes)),
    )


def _lost(trial: Trial) -> int:
    return int(trial["outcome"] == "done" and trial["effects"] == 0)


def _doubled(trial: Trial) -> int:
    return max(0, int(trial["effects"]) - 1)


def _by_kind(trials: Iterable[Trial]) -> list[tuple[object, ...]]:
    groups: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[trial["tried"], trial["version"]].append(trial)
    return [
        (tried, version, len(group), sum(t["lost"] for t in group), sum(t["doubled"] for t in group))
        for (tried, version), group in sorted(groups.items())
    ]


def _by_fault(trials: Iterable[Trial]) -> list[tuple[object, ...]]:
    groups: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[trial["fault"]].append(trial)
    return [
        (fault, len(group), _outcomes(group), sum(map(_lost, group)), sum(map(_doubled, group)))
        for fault, group in sorted(groups.items())
    ]


def _by_outcome(trials: Iterable[Trial]) -> list[tuple[object, ...]]:
    groups: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[trial["fault"]].append(trial)
    return [(fault, len(group), _outcomes(group)) for fault, group in sorted(groups.items())]


def _outcomes(group: Iterable[Trial]) -> str:
    counts = Counter(trial["outcome"] for trial in group)
    return ", ".join(f"{outcome} {count}" if len(counts) > 1 else outcome for outcome, count in sorted(counts.items()))


def _operations(trials: Iterable[Trial]) -> list[tuple[str, set[str]]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for trial in trials:
        groups[trial["operation"]].add(trial["api"])
    return sorted(groups.items())


def _table(columns: tuple[str, ...], rows: list[Any]) -> str:
    return tabulate(rows, columns, tablefmt="github", disable_numparse=True)


TEXT = """\
# What was done to it, and what came of it

Made by the tests (`make reliability`); do not edit. An *effect* is a write that the server committed, counted by the
server itself. Lost: the journal or the summary says that it is done, and the server never did it. Doubled: the server did
it twice.

{totals}

To try it all again, about an hour on two cores:

    make reliability

A sample of it is part of `make test`.

## Runs that were disturbed

Runs with writes of every sort (creations with their parents, updates, moves, renames, reactivations that take two requests,
retirements, a deletion; and, in a run of its own, users: made with roles, access functions, groups and zones, moved to another
role and unit, put at the head of a unit, retired), over a real server. A proxy between the two kills the client, or strikes in another way,
exactly at one request. Then `websakctl apply --resume`, or a plain `apply`; then the server's database is compared with
that of a run that nobody disturbed, row by row, and its count of effects with one each. A plan and a drift must be empty,
and the journal whole.

On 3.0 the run sends one request at a time, so that every boundary is met; on 3.3 four, so that others are under way.

{disturbed}

Rivals, crashes and faults in whole histories: [simulation.md](simulation.md).

Besides: `strace` sees that no write leaves before what the journal says of it is synchronised to the disk; two applies are
refused or follow one another, with the owner's name; what a server makes of names is told once.

## Faults in the answer to a write

Injected by the server at the HTTP layer. Each operation is tried with each fault: {operations}.
*Done* is said only of what the server did once; *failed*, of what it did not do; *unknown*, where it could not be
looked up.

{writing}

## Faults in the answer to a read

Nothing is concluded from an answer that cannot be trusted: no list is taken for empty, and nothing is planned.

{reading}

## Faults around the lease

{lease}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--from", dest="summary", type=Path, action="append", help="what a run left behind (repeatable)"
    )
    summaries = parser.parse_args().summary
    code = 0
    if summaries is None:
        summaries = [Path(tempfile.mkdtemp()) / "trials.jsonl"]
        code = run_everything(summaries[0])
        print(f"what was tried: {summaries[0]}")
    trials = [json.loads(line) for path in summaries for line in path.read_text(encoding="utf-8").splitlines()]
    if code == 0:
        PAGE.write_text(page(trials), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
