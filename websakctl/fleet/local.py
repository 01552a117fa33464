"""Jobs as processes of this machine, a few at a time."""

from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed

from websakctl.fleet.job import Job, Observe, Result, run_job
from websakctl.fleet.process import Stop
from websakctl.live.runtime import Runtime


def carry_out(jobs: Sequence[Job], width: int, stop: Stop, runtime: Runtime, observe: Observe) -> Iterator[Result]:
    """Run jobs, ``width`` at a time; results come as they are ready.

    Threads only wait here: each job's commands are processes, so one that dies takes nothing with it.
    """
    with runtime.executor(width) as pool:
        for done in as_completed([pool.submit(run_job, job, stop, runtime.clock, observe) for job in jobs]):
            yield done.result()
