"""What ``apply``, ``rehearse`` and ``rollout run`` have in common: options, and the parts of an ``ApplyRequest``."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from websakctl.cli.exits import Exit, Problem, Stopped
from websakctl.cli.session import Session, user_name

if TYPE_CHECKING:
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


def see_signature(session: Session, saved: "SavedPlan") -> None:
    """Refuse a plan that is not signed with the state key, where the environment asks for that."""
    from websakctl.plan.document import signed_text

    name = session.target.name
    if not session.target.described.require_signature:
        return
    signature, again = saved.document.get("signature"), "plan again, on a machine that has the state key"
    if not isinstance(signature, str):
        raise Problem(f"{saved.name} is not signed, and {name} takes signed plans only", Exit.REFUSED, again)
    if not session.required_state_key().signed(signed_text(saved.document), signature):
        raise Problem(f"{saved.name} is not signed with the state key of {name}", Exit.REFUSED, again)


def what_and_who(session: Session, inputs: "ConfigInput", reason: str, typed: str | None = None) -> dict[str, Any]:
    """The parts of an ``ApplyRequest`` that the session has; ``typed``: what of the reason somebody typed, if not all."""
    from websakctl.operations.apply.run import Actor
    from websakctl.operations.rollout.work_list import work_list

    pipelines = ("GITHUB_RUN_ID", "CI_JOB_URL", "BUILD_URL")
    ci = next((f"{name}={os.environ[name]}" for name in pipelines if os.environ.get(name)), None)
    left = (item.address for item in work_list(inputs).items) if inputs.done_by_hand else ()
    return {
        "inputs": inputs,
        "connection": session.connection,
        "journal": session.journal,
        "actor": Actor(
            user=user_name(), owner=session.owner, ci=ci, reason=reason, typed=reason if typed is None else typed
        ),
        "left_to_people": frozenset(left),
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
