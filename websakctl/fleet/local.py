"""Jobs as processes of this machine, a few at a time."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from websakctl.fleet.job import Job, Result, run_job
from websakctl.fleet.process import Stop


def carry_out(jobs: Sequence[Job], width: int, stop: Stop) -> Iterator[Result]:
    """Run jobs, ``width`` at a time; results come as they are ready.

    Threads only wait here: each job's commands are processes, so one that dies takes nothing with it.
    """
    with ThreadPoolExecutor(width, thread_name_prefix="job") as pool:
        for done in as_completed([pool.submit(run_job, job, stop) for job in jobs]):
            yield done.result()
