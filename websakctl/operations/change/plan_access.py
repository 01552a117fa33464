"""What a plan does to who can read documents: what is read for that, and what the guards object to."""

from collections.abc import Collection, Iterator

from msgspec.structs import replace

from websakctl.live.websak import Connection
from websakctl.model.resource import State
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.operations.change.read_access import read_access, with_what_is_not_told
from websakctl.plan.access import (
    KINDS,
    NOT_COMPUTED,
    effect_on_access,
    touches_everybody,
    touches_users,
    widening,
)
from websakctl.plan.change import AccessEffect, Action, Change, Plan

_CODE, _CASE_TYPE, _USER = "access_code", "case_type", "user"


def with_access(connection: Connection, inputs: ConfigInput, plan: Plan, live: State) -> Plan:
    """Say what a plan does to access, where it touches it; nothing is read that was not asked for or needed by a guard.

    Where somebody has confirmed the model, more people reading a code that is marked as sensitive is a guard's finding, and
    whatever it takes is read. Until then it is a warning.

    Raises:
        LiveError: If users that must be looked at cannot be read.
    """
    config = inputs.config
    model, sensitive = config.settings.access_model, _sensitive(inputs)
    guarding = model.confirmed and bool(sensitive)
    asked = inputs.access or guarding
    changes = (*plan.changes, *_asked_of_people(plan))
    users, everybody = touches_users(changes), touches_everybody(changes, new_codes=asked)
    if not users and not everybody:
        return replace(plan, access=AccessEffect()) if inputs.access else plan
    if everybody and not asked:
        return replace(plan, access=AccessEffect(why_not=NOT_COMPUTED))
    state = _state(inputs, plan, live)
    if asked:
        read = read_access(connection, inputs, frozenset() if everybody else users).state
        state = {**state, **_richer(read, state)}
    effect = effect_on_access(
        changes, state, {**inputs.by_hand, **inputs.kinds}, model, config.districts, sensitive, config.state
    )
    findings = tuple(widening(effect))
    if guarding:
        return replace(plan, access=effect, findings=(*plan.findings, *findings))
    hint = "access_model in config/websak.yaml is not confirmed, so this is no guard yet"
    return replace(plan, access=effect, warnings=(*plan.warnings, *(f"{f.message} ({hint})" for f in findings)))


def _asked_of_people(plan: Plan) -> Iterator[Change]:
    """What a plan has people change of what decides access. What they are to make need not be new: it may not be recorded."""
    for step in plan.manual:
        if step.change is not None and step.address.kind in KINDS and step.change.action is not Action.CREATE:
            yield step.change


def _sensitive(inputs: ConfigInput) -> Collection[str]:
    set_aside = inputs.config.config_only.items()
    return {address.key for address, fields in set_aside if address.kind == _CODE and fields.get("sensitive")}


def _state(inputs: ConfigInput, plan: Plan, live: State) -> State:
    """What access depends on as it is in Websak; what no API shows of access codes is as the config has it."""
    seen = inputs.with_by_hand(live)
    created = {change.address for change in plan.changes if change.action is Action.CREATE}
    by_config = {
        address: resource
        for address, resource in inputs.config.state.items()
        if address.kind in (_CODE, _CASE_TYPE) and address not in created
    }
    existing = {address: resource for address, resource in seen.items() if address.kind in KINDS}
    return with_what_is_not_told({**by_config, **existing}, inputs)


def _richer(read: State, state: State) -> State:
    """Users with what was read of their access, beside what is known of them otherwise."""
    return {
        address: replace(user, fields={**state[address].fields, **user.fields}) if address in state else user
        for address, user in read.items()
        if address.kind == _USER
    }
