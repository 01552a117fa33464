"""Whom an apply tells what happens, and asks: a person at a terminal, or whatever reads stderr."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from websakctl.cli.change.plan import check_targets, say_if_nothing
from websakctl.cli.exits import Exit
from websakctl.cli.session import Session

if TYPE_CHECKING:
    from websakctl.apply.attempt import Outcome
    from websakctl.cli.terminal import Ticker
    from websakctl.operations.change.make_plan import ConfigInput
    from websakctl.operations.change.read_setup import LiveSetup
    from websakctl.plan.change import Change, Plan
    from websakctl.plan.stale import Stale


class TerminalObserver:
    """A person at a terminal, or whatever reads stderr."""

    def __init__(
        self,
        session: Session,
        inputs: "ConfigInput",
        stop: threading.Event,
        *,
        auto_approve: bool,
        expand: bool = False,
        resume: bool = False,
    ) -> None:
        self.session, self.inputs, self.stop = session, inputs, stop
        self.auto_approve, self.expand, self.resume = auto_approve, expand, resume
        self._bar: Ticker | None = None
        self._asked_to_stop = 0
        self.seconds = 0.0  # from the first write to the last

    def planned(self, plan: "Plan", live: "LiveSetup") -> None:
        """Show the plan, before anybody is asked.

        Raises:
            UnknownName: If a ``--target`` matches nothing.
        """
        check_targets(self.inputs, live.state)
        if self.session.call.verbose:
            self.session.terminal.say(live.summary)
        report = self.session.plan_report(plan, live)
        if self.session.call.format == "text":
            self.session.write(report, expand=self.expand)
        else:  # stdout is kept for the one document, which tells how it went
            self.session.say_plan(report, expand=self.expand)
        say_if_nothing(self.session, self.inputs, plan)

    def confirm(self, changes: "tuple[Change, ...]", live: "LiveSetup", *, reviewed: bool) -> None:
        """Ask, unless that was said. Of a resumed run, show first what is left."""
        from websakctl.operations.apply.approval import question
        from websakctl.operations.apply.recovery import plan_of_rest

        session, protected = self.session, self.session.target.described.protected
        if self.resume:
            report = session.plan_report(plan_of_rest(self.inputs, changes), live)
            session.say_plan(replace(report, resumed=True), expand=self.expand)
        asked = question(
            session.target.name, len(changes), protected=protected, auto_approve=self.auto_approve, reviewed=reviewed
        )
        if asked is not None:
            asked.check(session.terminal.ask(asked.text))
        self.stop_gently()

    def stale(self, stale: "tuple[Stale, ...]") -> None:
        """Each dropped change three ways: planned from, now, wanted."""
        from websakctl.report.formats.text import stale_lines

        for line in stale_lines(stale):
            self.session.terminal.warn(line)

    @contextmanager
    def progress(self, total: int) -> Iterator[None]:
        """A bar, or a line now and then."""
        self.stop_gently()
        began = time.monotonic()
        with self.session.terminal.progress(f"Applying to {self.session.target.name}", total) as self._bar:
            yield
        self.seconds = time.monotonic() - began

    def outcome(self, outcome: "Outcome") -> None:
        """One more is done; what is not done is said at once."""
        from websakctl.apply.attempt import Status
        from websakctl.report.formats.text import safe

        address = str(outcome.change.address)
        if self._bar is not None:
            self._bar.tick(address)
        if outcome.status not in (Status.DONE, Status.BLOCKED, Status.NOT_STARTED) or outcome.exit_hint:
            self.session.terminal.error(f"{safe(address)}: {safe(outcome.detail)}")

    def note(self, text: str, *, urgent: bool = False) -> None:
        """One sentence."""
        (self.session.terminal.error if urgent else self.session.terminal.say)(text)

    def stop_gently(self) -> None:
        """From here to the end of the process: first Ctrl-C (or TERM, HUP), finish what is under way; second, stop at once."""
        from websakctl.cli.lifeline import stop_signals

        for number in stop_signals():
            signal.signal(number, self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # what a handler gets
        self._asked_to_stop += 1  # not the same as stop, which a lost lease sets too
        if self._asked_to_stop > 1:
            self.session.terminal.last_words("Stopped at once. `websakctl apply --resume` goes on.")
            os._exit(Exit.INCOMPLETE)
        self.stop.set()
        if not self.session.terminal.quiet:
            with suppress(OSError):  # the terminal may be what is gone
                self.session.terminal.to_stderr(
                    "Stopping when the writes under way are finished. Ctrl-C again stops at once."
                )
