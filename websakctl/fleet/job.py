"""One target's command: how it is run, again if it was killed, and what it came to."""

import json
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from websakctl import __version__
from websakctl.apply.events import Begun, Event, Tried
from websakctl.files import temporary_folder
from websakctl.fleet.process import GOING_ON, Ended, Stop, run_command
from websakctl.fleet.target import variable_of
from websakctl.live.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websakctl.fleet.carrying import Carried, Parcel

ATTEMPTS = 3
SETTLING = 60.0  # seconds after which the lease of a lost apply has ended, and with it all that it had under way
LONGEST_FAREWELL = 120.0  # seconds that an apply whose starter died may take to finish what it was at
_REFUSED, _INCOMPLETE = 4, 5
_PREFIX = "WEBSAKCTL_"
_CREDENTIALS = ("CLIENT_ID", "CLIENT_SECRET", "TOKEN_URL")
_LONGEST = 4_000  # characters of what a command said on stderr


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done for one target. It holds no secret: the worker finds that in its own environment variables."""

    fleet: str  # one name for all jobs of a command
    target: str
    root: str
    environment: str
    state_dir: str
    steps: tuple[
        tuple[str, ...], ...
    ]  # command lines, without what all have in common; the first that fails is the last
    plan: str = ""  # a saved plan to apply, as JSON
    parcel: "Parcel | None" = None  # where the worker shares no disk with us
    again: bool = False  # a worker that had begun it has died
    version: str = __version__

    @property
    def writes(self) -> bool:
        """Whether it changes a Websak."""
        return any(step[0] == "apply" for step in self.steps)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a job came to."""

    target: str
    environment: str
    exit_code: int
    documents: Mapping[str, Any] = msgspec.field(default_factory=dict)  # by command: the JSON it wrote
    error_output: str = ""  # on stderr, the end of it
    seconds: float = 0.0
    attempts: int = 0  # 0: it was not begun
    where: str = ""  # host
    journal: "Carried | None" = None


Observe = Callable[[str, Event], None]  # told of a target what its apply tells its observer, from several threads


class Tally:
    """How far the apply of one target is, by what it tells."""

    def __init__(self, target: str, observe: Observe) -> None:
        self._target, self._observe = target, observe
        self._tried = self._planned = 0

    def begin(self) -> None:
        """A command begins."""
        self._tried = self._planned = 0

    def take(self, event: Event) -> None:
        """Take an event, and pass it on."""
        if isinstance(event, Begun):
            self._planned = event.changes
        elif isinstance(event, Tried):
            self._tried += 1
        self._observe(self._target, event)

    @property
    def how_far(self) -> str:
        """In words; empty where no change was begun."""
        return f" after {self._tried} of {self._planned} changes" if self._planned else ""


def not_begun(job: Job, why: str, exit_code: int) -> Result:
    """The result of a job that could not be run."""
    return Result(target=job.target, environment=job.environment, exit_code=exit_code, error_output=f"error: {why}")


def run_job(job: Job, stop: Stop, clock: Clock, observe: Observe = lambda _, __: None) -> Result:
    """Run a job to its end; whatever goes wrong is in the result.

    A command that was killed is run again, up to three times in all. For an apply that is as safe as the first time: what
    the journal has of a saved plan is resumed, and a plan from the config is made afresh from live (decision 16).
    """
    began, tally = clock.monotonic(), Tally(job.target, observe)
    if stop() != GOING_ON:
        return not_begun(job, "stopped before it began", 5 if job.writes else 1)
    if job.version != __version__:
        return not_begun(job, f"the worker has websakctl {__version__}, and this is {job.version}", 1)
    try:
        result = _run_parcel(job, job.parcel, stop, clock, tally) if job.parcel else _run(job, stop, clock, tally)
    except Exception as error:  # a job must not take the others with it
        reported = f"{error.strerror or error} {error.filename or ''}" if isinstance(error, OSError) else str(error)
        result = not_begun(job, reported.strip() or type(error).__name__, 1)
    if result.attempts and job.again:
        result = replace(result, attempts=result.attempts + 1)
    return replace(result, seconds=round(clock.monotonic() - began, 3), where=socket.gethostname())


def _run_parcel(job: Job, parcel: "Parcel", stop: Stop, clock: Clock, tally: Tally) -> Result:
    from websakctl.fleet.carrying import Carried, packed_journal, unpacked

    with unpacked(parcel) as (root, state_dir):
        if job.again and job.writes:
            _pause(
                SETTLING, stop, clock
            )  # its journal died with the worker; live says what it did, once nothing is under way
        result = _run(replace(job, root=str(root), state_dir=str(state_dir), again=False), stop, clock, tally)
        packed = packed_journal(state_dir, clock) if job.writes else b""
        return replace(result, journal=Carried(packed=packed) if packed else None)


def _pause(seconds: float, stop: Stop, clock: Clock) -> None:
    until = clock.monotonic() + seconds
    while clock.monotonic() < until and stop() == GOING_ON:
        clock.sleep(0.25)


def _run(job: Job, stop: Stop, clock: Clock, tally: Tally) -> Result:
    if not Path(job.root).is_dir():
        why = f"{job.root} is not a folder on {socket.gethostname()}"
        return not_begun(job, f"{why}; put it on a disk that all workers share, or use --carry", 1)
    documents: dict[str, Any] = {}
    given, code, attempts = [], 0, 1
    for step in job.steps:
        ended, tried = _attempted(job, step, stop, clock, tally)
        attempts = max(attempts, tried)
        code = ended.code if ended.code >= 0 else 1
        given.append(_last_words(ended, tally))
        with suppress(ValueError):
            documents[step[0]] = json.loads(ended.out)
        if code != 0:
            break
    return Result(
        target=job.target,
        environment=job.environment,
        exit_code=code,
        documents=documents,
        error_output="\n".join(filter(None, given)),
        attempts=attempts,
    )


def _last_words(ended: Ended, tally: Tally) -> str:
    words = ended.err.strip()[-_LONGEST:]
    if ended.code >= 0:
        return words
    return f"{words}\nerror: ended by signal {-ended.code}{tally.how_far}".strip()


def _attempted(job: Job, step: tuple[str, ...], stop: Stop, clock: Clock, tally: Tally) -> tuple[Ended, int]:
    """Run a step until it is not killed."""
    again, attempt = job.again, 0
    while True:
        attempt += 1
        ended = (
            _apply(job, step, stop, clock, tally, again=again)
            if step[0] == "apply"
            else _command(job, step, stop, tally)
        )
        if not ended.killed or attempt == ATTEMPTS:
            return ended, attempt
        again = True


def _apply(job: Job, step: tuple[str, ...], stop: Stop, clock: Clock, tally: Tally, *, again: bool) -> Ended:
    if not again:
        return _apply_once(job, step, stop, clock, tally)
    _until_nobody_applies(job, stop, clock)
    ended = _apply_once(job, step, stop, clock, tally)
    if ended.code == _REFUSED:  # most likely for the lease of a machine that is gone; it ends by itself
        _pause(SETTLING, stop, clock)
        ended = _apply_once(job, step, stop, clock, tally)
    return ended


def _apply_once(job: Job, step: tuple[str, ...], stop: Stop, clock: Clock, tally: Tally) -> Ended:
    if not job.plan:
        return _command(job, step, stop, tally)
    begun = _run_of(job, clock)
    if begun is None:
        with _file_of(job.plan) as file:
            return _command(job, (step[0], file, *step[1:]), stop, tally)
    run, ended, merged = begun
    if not ended:
        return _command(job, ("apply", "--resume", "--auto-approve"), stop, tally)
    given = (
        f"run {run} had done it" if merged else f"error: run {run} ended before and did not do all of it: plan again"
    )
    reported = json.dumps({"format_version": 1, "run": run, "outcomes": []})
    return Ended(code=0 if merged else _INCOMPLETE, out=reported, err=given, killed=False)


def _run_of(job: Job, clock: Clock) -> tuple[str, bool, bool] | None:
    """The run that began to apply the job's plan, whether it has ended, and whether it did all of it."""
    from websakctl.apply.journal import Journal
    from websakctl.plan.document import identity

    path = Path(job.state_dir) / "journal.db"
    if not path.is_file():
        return None
    with Journal(path, clock) as journal:
        begun = journal.run_of_plan(identity(json.loads(job.plan)))
        if begun is None:
            return None
        entries = journal.entries(begun[0])
    last = {entry.address: entry.body.get("status") for entry in entries if entry.what == "result"}
    stale = any(entry.what == "stale" for entry in entries)
    return (*begun, not stale and set(last.values()) <= {"done"})


def _until_nobody_applies(job: Job, stop: Stop, clock: Clock) -> None:
    """A command whose starter died finishes the writes under way; two would be in each other's way."""
    from filelock import FileLock, Timeout

    from websakctl.apply.lock import lock_path

    lock = FileLock(lock_path(Path(job.state_dir), job.environment), timeout=0)
    until = clock.monotonic() + LONGEST_FAREWELL
    while clock.monotonic() < until and stop() == GOING_ON:
        with suppress(Timeout), lock:
            return
        clock.sleep(0.1)


@contextmanager
def _file_of(plan: str) -> "Iterator[str]":
    with temporary_folder() as folder:
        path = folder / "plan.json"
        path.write_text(plan, encoding="utf-8")
        yield str(path)


def _command(job: Job, step: tuple[str, ...], stop: Stop, tally: Tally) -> Ended:
    whose = ("--root", job.root, "--environment", job.environment, "--format", "json", "--no-color")
    tally.begin()
    return run_command(
        [*step, *whose], cwd=Path(job.root), env=environment_of(job, os.environ), stop=stop, watch=tally.take
    )


def environment_of(job: Job, around: Mapping[str, str]) -> dict[str, str]:
    """The variables of a job's commands: ours, but of the WEBSAKCTL_* ones only its own target's credentials."""
    plain = {name: value for name, value in around.items() if not name.upper().startswith(_PREFIX)}
    own = {f"{_PREFIX}{what}": value for what in _CREDENTIALS if (value := around.get(variable_of(job.target, what)))}
    return {
        **plain,
        **own,
        f"{_PREFIX}STATE_DIR": job.state_dir,
        f"{_PREFIX}CREDENTIALS": f"{job.target}/{job.environment}",
    }
