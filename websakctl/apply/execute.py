"""Carry out changes several at a time, in an order that holds; a failure blocks what waits for it and nothing else."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from graphlib import TopologicalSorter

import msgspec

from websakctl.apply.attempt import Outcome, Status
from websakctl.model.address import Address
from websakctl.plan.change import Change

Watch = Callable[[Outcome], None]


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """What came of every change, in the order of the plan."""

    outcomes: tuple[Outcome, ...]
    stopped: bool = False

    @property
    def complete(self) -> bool:
        """Whether all is done."""
        return all(outcome.status is Status.DONE for outcome in self.outcomes)


def execute(
    changes: Sequence[Change],
    attempt: Callable[[Change], Outcome],
    *,
    concurrency: int,
    executor: Callable[[int], Executor],
    stop: threading.Event,
    watch: Watch = lambda _: None,
    fail_fast: bool = False,
) -> Execution:
    """Do each change once all it requires is done.

    Args:
        changes: What to do; ``requires`` may only name changes among these.
        attempt: Does one; called from several threads.
        concurrency: How many at a time.
        executor: Runs them; is told how many.
        stop: When set, nothing new is begun; what is under way is finished.
        watch: Told of each outcome as it comes; of several at a time, in the order in which they were begun.
        fail_fast: Begin nothing new after the first failure.
    """
    by_address = {change.address: change for change in changes}
    order = TopologicalSorter({change.address: [a for a in change.requires if a in by_address] for change in changes})
    order.prepare()
    outcomes: dict[Address, Outcome] = {}
    running: dict[Future[Outcome], Address] = {}
    waiting: list[Address] = list(order.get_ready())
    ended_early = False
    with executor(concurrency) as pool:
        while waiting or running:
            ended_early = ended_early or stop.is_set()
            while waiting and len(running) < concurrency and not ended_early:
                address = waiting.pop(0)
                running[pool.submit(attempt, by_address[address])] = address
            if not running:
                break
            finished, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in [each for each in running if each in finished]:  # a set has no order of its own
                address = running.pop(future)
                outcome = future.result()
                outcomes[address] = outcome
                watch(outcome)
                if outcome.status is Status.DONE:
                    order.done(address)  # frees whatever waited for it; never called for a failure
                elif fail_fast:
                    ended_early = True
            waiting.extend(order.get_ready() if finished else ())
    return Execution(
        outcomes=tuple(_rest(change, outcomes) for change in changes), stopped=ended_early or stop.is_set()
    )


def _rest(change: Change, outcomes: dict[Address, Outcome]) -> Outcome:
    """What a change came to that was never tried: blocked by the first failure that it waited for, or not started."""
    outcome = outcomes.get(change.address)
    if outcome is None:
        failed = (Status.FAILED, Status.UNKNOWN, Status.BLOCKED)
        culprit = next((a for a in change.requires if a in outcomes and outcomes[a].status in failed), None)
        if culprit is None:
            outcome = Outcome(change=change, status=Status.NOT_STARTED, detail="the run was stopped before it")
        else:
            root = outcomes[culprit].blocked_by or culprit
            outcome = Outcome(change=change, status=Status.BLOCKED, detail=f"waits for {root}", blocked_by=root)
        outcomes[change.address] = outcome  # changes come in order: what waits for this one finds it
    return outcome
