"""A plan that was saved: read, and made again, since nothing but what the config gives is ever done."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from websakctl.apply.collaborators import RunJournal
from websakctl.live.websak import Connection
from websakctl.model.address import Address
from websakctl.model.resource import State
from websakctl.operations.apply.observer import ApplyRefused
from websakctl.operations.change.history import ElsewhereError, NoSuchRun, plan_rollback
from websakctl.operations.change.make_plan import ConfigInput, make_plan
from websakctl.operations.change.match_units import find_matches, plan_matches
from websakctl.operations.change.read_setup import guarded
from websakctl.plan.change import Plan
from websakctl.plan.decide import digest
from websakctl.plan.document import PlanFileError, from_document, identity, signed_text, to_document
from websakctl.plan.saved import objections
from websakctl.plan.stale import Stale, restored, still_holding
from websakctl.state.people import StateKey

_AGAIN = "plan again: websakctl plan --out FILE"


class SavedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan and where it came from. ``digest`` is the file's identity: it is applied once."""

    name: str
    document: Mapping[str, Any]
    plan: Plan
    digest: str

    @classmethod
    def read(cls, name: str, document: Any) -> "SavedPlan":
        """Read a plan's document.

        Raises:
            ApplyRefused: If it is none.
        """
        try:
            plan = from_document(document)
        except PlanFileError as error:
            raise ApplyRefused(f"{name}: {error}", _AGAIN) from None
        return cls(name=name, document=document, plan=plan, digest=identity(document))

    def see_that_it_is_signed(self, environment: str, key: Callable[[], StateKey]) -> None:
        """See that it is signed with the state key, which ``key`` gives.

        Raises:
            ApplyRefused: If it is not.
        """
        signature, again = self.document.get("signature"), "plan again, on a machine that has the state key"
        if not isinstance(signature, str):
            raise ApplyRefused(f"{self.name} is not signed, and {environment} takes signed plans only", again)
        if not key().signed(signed_text(self.document), signature):
            raise ApplyRefused(f"{self.name} is not signed with the state key of {environment}", again)

    def see_that_it_fits(self, inputs: ConfigInput) -> None:
        """See that it was made for this environment from this config.

        Raises:
            ApplyRefused: If it was made for another environment, from another config, or for kinds without an API here.
        """
        if self.plan.environment != inputs.environment:
            raise ApplyRefused(
                f"{self.name} was made for environment {self.plan.environment}, and this is {inputs.environment}",
                f"--environment {self.plan.environment}, or plan again",
            )
        if self.plan.config_digest != digest(inputs.config.state):
            raise ApplyRefused(f"{self.name} was made from another version of the config", _AGAIN)
        refuse_what_is_owned(inputs, {change.address.kind for change in self.plan.changes}, self.name)
        if missing := {change.address.kind for change in self.plan.changes} - set(inputs.kinds):
            raise ApplyRefused(
                f"{self.name} changes {', '.join(sorted(missing))}, and this Websak now has no API for that",
                "check WEBSAKCTL_SETUP_URL and setup_url in config/websak.yaml, or plan again",
            )


def refuse_what_is_owned(inputs: ConfigInput, kinds: Iterable[str], what: str) -> None:
    """See that nothing is to be written of a kind that somebody else owns in this environment.

    Raises:
        ApplyRefused: If something is; each kind is named with its owner.
    """
    owned = [f"{kind} ({inputs.owners[kind]})" for kind in sorted(set(kinds) & inputs.owners.keys())]
    if owned:
        raise ApplyRefused(
            f"{what} would write {', '.join(owned)}, which others own in {inputs.environment}; nothing was written",
            "have it changed there, or take the kind out of `owners:` in config/websak.yaml",
        )


class PlannedAgain(msgspec.Struct, frozen=True, kw_only=True):
    """What a saved plan comes to now.

    ``plan`` holds what may be done: the changes that the file and the config agree on, with groups, findings and order made
    now. ``already``: the file's changes that somebody has made since.
    """

    plan: Plan
    already: tuple[Address, ...]
    stale: tuple[Stale, ...]


def plan_now(
    saved: SavedPlan, inputs: ConfigInput, live: State, journal: RunJournal, only: frozenset[Address] | None = None
) -> Plan:
    """Plan from what a saved plan says it was made from, without the guards that must see live users.

    Args:
        saved: The file.
        inputs: What plans are made from, with the selection and ``--prune`` that the file names.
        live: What is in Websak now.
        journal: The record of runs, in which a rollback plan names one.
        only: The changes that may be made; ``None``: all.

    Raises:
        NoSuchRun, ElsewhereError: If the run that it takes back is not in the journal, or of another environment.
    """
    if saved.plan.origin.matches:
        return plan_matches(inputs, live, find_matches(inputs, live), only)
    run = saved.plan.origin.run
    return plan_rollback(journal, run, inputs, live, only) if run else make_plan(inputs, live, only)


def plan_again(
    saved: SavedPlan, inputs: ConfigInput, live: State, *, connection: Connection, journal: RunJournal, own_user: str
) -> PlannedAgain:
    """Make a saved plan again from what it says it was made from, and compare.

    Args:
        saved: The file.
        inputs: What plans are made from, with the selection and ``--prune`` that the file names.
        live: What is in Websak now.
        connection: The Websak; the guards may have to read its users.
        journal: The record of runs, in which a rollback plan names one.
        own_user: The code of the user that the tool works as.

    Raises:
        ApplyRefused: If the file holds what the config does not give; it is named.
        LiveError: If the guards cannot read what they need.
    """

    def made(only: frozenset[Address] | None) -> Plan:
        return guarded(connection, inputs, plan_now(saved, inputs, live, journal, only), live, own_user)

    try:
        again = made(None)
    except (NoSuchRun, ElsewhereError) as error:
        raise ApplyRefused(f"{saved.name} takes back a run, and {error}", _AGAIN) from None
    holding = still_holding(restored(saved.plan.changes, inputs.config.state), live)
    document = to_document(again, tool_version="", created_at="")
    districts, seen = inputs.config.districts, inputs.with_by_hand(live)
    if result := objections(saved.document, saved.plan, holding, again, document, live=seen, districts=districts):
        reported = "".join(f"\n  {objection.subject}: {objection.why}" for objection in result)
        raise ApplyRefused(
            f"{saved.name} is not the plan that this config gives; nothing was written{reported}", _AGAIN
        )
    approved = frozenset(change.address for change in holding.changes)
    plan = again if approved == {change.address for change in again.changes} else made(approved)
    waiting = approved - {change.address for change in plan.changes}
    requires = {change.address: change.requires for change in again.changes}
    stale = [
        Stale(
            change=change,
            conflicts=(),
            because_of=next(a for a in requires[change.address] if a not in approved or a in waiting),
        )
        for change in holding.changes
        if change.address in waiting
    ]
    already = tuple(change.address for change in holding.already)
    return PlannedAgain(plan=plan, already=already, stale=(*holding.stale, *stale))
