"""What a command takes from its process and a test can replace: time, identifiers, threads and connections."""

import random
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from uuid import uuid4

import httpx
import msgspec

from websakctl.live.clock import Clock, SystemClock
from websakctl.live.guarded import GuardedTransport
from websakctl.live.network import Network


def new_identifier() -> str:
    """A random identifier: 32 hexadecimal digits."""
    return uuid4().hex


def open_transport(network: Network, clock: Clock, url: str, connections: int) -> httpx.BaseTransport:
    """Open connections to the server of ``url`` by way of ``network``, ``connections`` at a time at the most.

    ``clock`` limits how long an answer may take: one that is put forward would call a quick answer late.
    """
    return GuardedTransport(url, connections, network, clock=clock)


def _say_nothing(_: str) -> None:
    """Nobody wants to know."""


def _not_watched(_: Callable[[], int]) -> AbstractContextManager[object]:
    """Nobody watches how far it gets."""
    return nullcontext()


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides when and in which order things happen; the defaults are the process's own.

    With another clock, another source of identifiers and random numbers, an executor that runs each call at once, and a
    transport that ends in this process, a command does the same every time.
    """

    clock: Clock = SystemClock()
    identifier: Callable[[], str] = new_identifier
    random: Callable[[], float] = random.random  # from 0 up to 1, for the waits between repetitions
    executor: Callable[[int], Executor] = ThreadPoolExecutor  # by how many calls may run at a time
    transport: Callable[[str, int], httpx.BaseTransport] = partial(
        open_transport, Network(), SystemClock()
    )  # by URL, connections
    notify: Callable[[str], None] = _say_nothing  # told why and how long a request waits before it is sent again
    # Entered while live is read, with what tells how many requests were sent.
    reading: Callable[[Callable[[], int]], AbstractContextManager[object]] = _not_watched
