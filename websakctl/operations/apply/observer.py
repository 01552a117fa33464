"""Whom an apply tells what happens, and asks: a person at a terminal, another command, a test."""

from contextlib import AbstractContextManager
from typing import Protocol

from websakctl.apply.attempt import Outcome
from websakctl.operations.change.read_setup import LiveSetup
from websakctl.plan.change import Change, Plan
from websakctl.plan.stale import Stale


class ApplyRefused(Exception):
    """An apply that does not go on; ``what_next`` tells the person at the keyboard what to do."""

    def __init__(self, message: str, what_next: str = "") -> None:
        super().__init__(message)
        self.what_next = what_next


class ApplyObserver(Protocol):
    """Told what an apply is about to do and what came of it, in this order. Any method may raise ``ApplyRefused``."""

    def planned(self, plan: Plan, live: LiveSetup) -> None:
        """The plan was made, or read from a file; nothing is written yet."""

    def confirm(self, changes: tuple[Change, ...], live: LiveSetup, *, reviewed: bool) -> None:
        """Agree to the changes. ``reviewed``: somebody has seen them before, in a file or when the run began.

        Raises:
            ApplyRefused: Otherwise; then nothing is written.
        """

    def stale(self, stale: tuple[Stale, ...]) -> None:
        """These changes no longer hold, and are left out."""

    def progress(self, total: int) -> AbstractContextManager[None]:
        """Entered before the first of ``total`` changes, left after the last."""

    def outcome(self, outcome: Outcome) -> None:
        """A change was tried. Called in the thread that began the apply."""

    def note(self, text: str, *, urgent: bool = False) -> None:
        """One sentence for people. ``urgent``: also for those who want it quiet; may come from another thread."""
