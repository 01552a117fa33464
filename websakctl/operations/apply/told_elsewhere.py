"""An observer that also writes what it is told for the process that started this one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from websakctl.apply import events
from websakctl.apply.attempt import Outcome, Status
from websakctl.operations.apply.observer import ApplyObserver
from websakctl.operations.change.read_setup import LiveSetup
from websakctl.plan.change import Change, Plan
from websakctl.plan.stale import Stale
from websakctl.redaction import redact


class WrittenDown:
    """Tells ``observer`` everything, and ``write`` each event as a line. Nobody being there to read stops nothing."""

    def __init__(self, observer: ApplyObserver, write: Callable[[bytes], object]) -> None:
        self._observer, self._write = observer, write

    def _tell(self, event: events.Event) -> None:
        with suppress(OSError):
            self._write(events.line(event))

    def planned(self, plan: Plan, live: LiveSetup) -> None:
        """Tell how much there is to do."""
        self._tell(events.Planned(changes=len(plan.changes), findings=len(plan.findings)))
        self._observer.planned(plan, live)

    def confirm(self, changes: tuple[Change, ...], live: LiveSetup, *, reviewed: bool) -> None:
        """Nobody elsewhere is asked."""
        self._observer.confirm(changes, live, reviewed=reviewed)

    def stale(self, stale: tuple[Stale, ...]) -> None:
        """Tell what is left out."""
        self._tell(events.Stale(addresses=tuple(str(each.change.address) for each in stale)))
        self._observer.stale(stale)

    @contextmanager
    def progress(self, total: int) -> Iterator[None]:
        """Tell that it begins."""
        self._tell(events.Begun(changes=total))
        with self._observer.progress(total):
            yield

    def outcome(self, outcome: Outcome) -> None:
        """Tell what came of a change."""
        tried = outcome.status in (Status.FAILED, Status.UNKNOWN)
        self._tell(
            events.Tried(
                address=str(outcome.change.address),
                status=outcome.status,
                detail=redact(outcome.detail),
                fault=tried or bool(outcome.exit_hint),
            )
        )
        self._observer.outcome(outcome)

    def note(self, text: str, *, urgent: bool = False) -> None:
        """Tell one sentence."""
        self._tell(events.Noted(text=redact(text), urgent=urgent))
        self._observer.note(text, urgent=urgent)
