"""What ``apply``, ``rehearse`` and ``rollout run`` have in common: options, and the parts of an ``ApplyRequest``."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from websakctl import EVENTS
from websakctl.cli.change.plan import make_config_input
from websakctl.cli.exits import Exit, Problem, Stopped
from websakctl.cli.options import SelectionOptions
from websakctl.cli.session import Session

if TYPE_CHECKING:
    from websakctl.operations.apply.observer import ApplyObserver
    from websakctl.operations.apply.saved import SavedPlan
    from websakctl.operations.change.make_plan import ConfigInput

AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Do not ask.")]
Allow = Annotated[
    list[str] | None,
    typer.Option("--allow", metavar="GUARD=NUMBER", help="Allow a guard's finding, by name and number (repeatable)."),
]
BreakLease = Annotated[
    str | None, typer.Option("--break-lease", metavar="OWNER", help="Take the lease away from an owner who is gone.")
]
Concurrency = Annotated[
    int | None, typer.Option("--concurrency", metavar="N", min=1, max=32, help="Requests at a time.")
]
Rate = Annotated[
    float | None, typer.Option("--rate", metavar="N", min=0.1, max=1000, help="Writes a second at the most.")
]


def check_allow(allow: list[str] | None) -> None:
    """End the command where a finding is not allowed by name and number."""
    for each in allow or ():
        name, equals, number = each.rpartition("=")
        if not equals or not name or not number.isdigit():
            raise Problem(
                f"--allow {each} is not GUARD=NUMBER",
                Exit.USAGE,
                "the plan says what to write, such as --allow deactivate:org_unit=3",
            )


def inputs_of(
    session: Session, saved: "SavedPlan", export: list[str] | None = None, believe_empty: list[str] | None = None
) -> "ConfigInput":
    """What a saved plan is made again from. What was kept of a list never decides a write: all is read."""
    origin = saved.plan.origin
    options = SelectionOptions(district=list(origin.districts), kind=list(origin.kinds), target=list(origin.targets))
    return make_config_input(
        session,
        options.selection(session.config),
        list(origin.prune),
        "full",
        export,
        believe_empty,
        keep_manual=origin.keep_manual,
        access=origin.access,
    )


def what_and_who(session: Session, inputs: "ConfigInput", reason: str, typed: str | None = None) -> dict[str, Any]:
    """The parts of an ``ApplyRequest`` that the session has; ``typed``: what of the reason somebody typed, if not all."""
    from websakctl.operations.rollout.work_list import left_to_people

    return {
        "inputs": inputs,
        "connection": session.connection,
        "journal": session.journal,
        "actor": session.actor(reason, reason if typed is None else typed),
        "left_to_people": left_to_people(inputs),
        "own_user": session.target.described.own_user,
        "shared_lock_held": session.shared_state is not None,
    }


@contextmanager
def nothing_written_if_interrupted() -> Iterator[None]:
    """Ctrl-C before somebody has agreed; from then on the observer takes it."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped("interrupted; nothing was written", Exit.REFUSED) from None


def told_elsewhere(observer: "ApplyObserver") -> "ApplyObserver":
    """The observer; where the process that started this one wants to know what it is told, one that writes that down too."""
    path = os.environ.pop(EVENTS, "")
    from websakctl.operations.apply.told_elsewhere import WrittenDown

    try:
        return WrittenDown(observer, partial(os.write, os.open(path, os.O_WRONLY | os.O_APPEND))) if path else observer
    except OSError:  # the starter has died, and its folder with it
        return observer
