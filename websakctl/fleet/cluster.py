"""Jobs on the workers of a Dask cluster that runs already."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from websakctl.fleet.job import Job, Result, not_begun, run_job
from websakctl.fleet.process import GOING_ON, Stop
from websakctl.live.clock import Clock, SystemClock

_ANSWER_TIME = 15.0  # seconds that a scheduler may take to answer
_LOOK = 0.1  # seconds between looks for what is done
_STOP, _BEGUN = "stop", "begun"


class ClusterError(Exception):
    """The cluster cannot be used; the text says why."""


class ClusterMissing(ClusterError):
    """The library is not installed."""


def carry_out(
    jobs: Sequence[Job], address: str, stop: Stop, tell: Callable[[str], None], clock: Clock
) -> Iterator[Result]:
    """Run jobs on the workers behind a scheduler; results come as they are ready.

    A job whose worker dies is given to another by the scheduler, which knows by then that it had begun.

    Raises:
        ClusterMissing: If Dask is not installed.
        ClusterError: If the scheduler does not answer.
    """
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise ClusterMissing(f"{error.name} is not installed") from None
    dask: Any = distributed  # half of it is not typed
    try:
        client = dask.Client(address, timeout=_ANSWER_TIME, name="websakctl")
    except (OSError, ValueError) as error:
        raise ClusterError(f"the scheduler {address} does not answer: {error}") from None
    with client:
        if not client.nthreads():
            tell("note: the scheduler has no workers yet; jobs wait for one")
        submitted = {
            client.submit(run_on_worker, job, key=f"websakctl-{job.fleet}-{job.target}", pure=False): job
            for job in jobs
        }
        following = dask.as_completed(submitted, raise_errors=False)
        reported, fleet = GOING_ON, jobs[0].fleet if jobs else ""
        while following.count():
            if (desired := stop()) > reported:
                reported = desired
                client.set_metadata([fleet, _STOP], reported)
            ready = following.next_batch(block=False)
            yield from (_result(future, submitted[future]) for future in ready)
            if not ready:
                clock.sleep(_LOOK)


def _result(future: Any, job: Job) -> Result:
    if future.status == "finished":
        result = future.result()
        return result if isinstance(result, Result) else not_begun(job, "the worker answered with something else", 1)
    if future.status == "error":
        error = future.exception()
        if type(error).__name__ == "KilledWorker":
            code = 5 if job.writes else 1
            return not_begun(
                job, "every worker that it was given to died; `websakctl apply --resume` there goes on", code
            )
        return not_begun(job, f"{type(error).__name__} on the worker: {error}", 1)
    return not_begun(job, f"the cluster lost it ({future.status})", 5 if job.writes else 1)


def run_on_worker(job: Job) -> Result:
    """What a worker does; the scheduler remembers for it that it has begun."""
    from distributed import get_client

    client: Any = get_client()
    if client.get_metadata([job.fleet, _BEGUN, job.target], default=None):
        job = replace(job, again=True)
    client.set_metadata([job.fleet, _BEGUN, job.target], True)
    return run_job(job, lambda: int(client.get_metadata([job.fleet, _STOP], default=GOING_ON)), SystemClock())
