"""Writes docs/reliability.md: tries everything, and tables what came of it.

make reliability                                    tries everything (two hours on two cores), then writes the page
make simulation                                     plays the histories only, and writes their part of the page
python docs/generate_reliability.py --from FILE     writes the page from what a run left behind

What a run did not try stays on the page as the run before left it.
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
SIMULATION = "tests/simulation"
SAMPLED = (
    "tests/reliability",
    "tests/faults",
    "tests/state",
    "tests/fleet/test_cluster.py",
    "tests/reform/test_three_reforms.py",
    "tests/terminal",
)  # what takes a sample in `make test`
BEGINS, ENDS = "<!-- histories from a seed -->", "<!-- end of histories from a seed -->"
Trial = dict[str, Any]


def run_everything(summary: Path, folders: tuple[str, ...]) -> int:
    """Run suites with every point; gives pytest's exit code."""
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
    command += folders
    around = {**os.environ, "RELIABILITY": "all", "RELIABILITY_SUMMARY": str(summary)}
    return subprocess.run(command, cwd=HOME, env=around, check=False).returncode


def renewed(before: str, trials: list[Trial], commit: str) -> str:
    """The page with what was tried now in the place of what was tried before."""
    part, rest = [t for t in trials if t["what"] in ("simulation", "bite")], [t for t in trials if t["what"] == "trial"]
    histories = before[before.index(BEGINS) : before.index(ENDS)] + ENDS if BEGINS in before else f"{BEGINS}\n{ENDS}"
    if part:
        histories = f"{BEGINS}\n{simulated(part, commit)}{ENDS}"
    whole = page(trials) if rest else before
    if BEGINS in whole:
        whole = whole[: whole.index(BEGINS)] + histories + whole[whole.index(ENDS) + len(ENDS) :]
    return whole


def simulated(trials: list[Trial], commit: str) -> str:
    """The part about histories: how many, what was tried on whom, and which broken guards were found."""
    played = [trial for trial in trials if trial["what"] == "simulation"]
    found = [trial for trial in trials if trial["what"] == "bite"]
    histories = sum(trial["histories"] for trial in played)
    text = ""
    if played:
        means = {
            name: sum(t["means"][name] * t["histories"] for t in played) / histories for name in played[0]["means"]
        }
        covered: Counter[tuple[str, str, str]] = Counter()
        for trial in played:
            for operation, fault, actor, count in trial["covered"]:
                covered[operation, fault, actor] += count
        text += PLAYED.format(
            commit=commit,
            histories=f"{histories:,}".replace(",", " "),
            counted=f"{sum(t['counted'] for t in played):,}".replace(",", " "),
            means=", ".join(f"{value:.1f} {name}" for name, value in means.items()),
        )
        for actor in sorted({actor for *_, actor in covered}):
            text += f"### By {'an' if actor[0] in 'aeiou' else 'a'} {actor}\n\n{_matrix(covered, actor)}\n\n"
    if found:
        rows = [(t["guard"], t["after"], t["how"].partition(":")[0]) for t in sorted(found, key=lambda t: t["guard"])]
        columns = ("guard that was broken", "found in history number", "what did not hold")
        text += f"{FOUND.format(count=len(rows), commit=commit)}{_table(columns, rows)}\n"
    return text


def _matrix(covered: Counter[tuple[str, str, str]], actor: str) -> str:
    """How often each operation met each fault; an empty cell: never."""
    operations = sorted({operation for operation, _, who in covered if who == actor})
    faults = sorted({fault for *_, fault, who in covered if who == actor})
    rows = [(fault, *(covered[operation, fault, actor] or "" for operation in operations)) for fault in faults]
    return _table(("fault", *operations), rows)


def page(trials: Iterable[Trial]) -> str:
    """Render the page but for the histories."""
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
        BEGINS=BEGINS,
        ENDS=ENDS,
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


PLAYED = """\
{histories} histories were played at commit `{commit}`, and none broke an invariant; {counted} of them count: at least two actors,
four operations, one fault and one write that landed. On average: {means}.

How often each operation met each fault (*none*: nothing went wrong on the way; empty: never):

"""
FOUND = """\
### Guards that are broken on purpose

{count} of those in `tests/simulation/broken.py` were looked for among histories from the first on, and found, at commit `{commit}`:

"""
TEXT = """\
# What was done to it, and what came of it

Made by the tests (`make reliability`); do not edit. An *effect* is a write that the server committed, counted by the
server itself. Lost: the journal or the summary says that it is done, and the server never did it. Doubled: the server did
it twice.

{totals}

To try it all again, about two hours on two cores:

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

## Histories from a seed

Rivals, crashes and faults in whole histories, in memory; what is played and assumed: [simulation.md](simulation.md).

{BEGINS}
{ENDS}

## Besides

`strace` sees that no write leaves before what the journal says of it is synchronised to the disk; two applies are
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
    parser.add_argument("--simulation", action="store_true", help="play the histories only")
    parser.add_argument("--commit", help="what a run that left FILE behind was made at; by default this one")
    arguments = parser.parse_args()
    summaries, code = arguments.summary, 0
    commit = arguments.commit or _commit()
    if summaries is None:
        summaries = [Path(tempfile.mkdtemp()) / "trials.jsonl"]
        others = () if arguments.simulation else SAMPLED
        code = run_everything(summaries[0], (*others, SIMULATION))
        print(f"what was tried: {summaries[0]}")
    trials = [json.loads(line) for path in summaries for line in path.read_text(encoding="utf-8").splitlines()]
    if code == 0:
        PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), trials, commit), encoding="utf-8")
    return code


def _commit() -> str:
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, cwd=HOME, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
