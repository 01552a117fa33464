"""What effective access is judged from: Websak as it is, or the config."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from websakctl.access import EffectiveAccess
from websakctl.kinds.access_code import KIND as ACCESS_CODE
from websakctl.kinds.case_type import KIND as CASE_TYPE
from websakctl.kinds.org_unit import KIND as ORG_UNIT
from websakctl.kinds.user import KIND as USER
from websakctl.live.users import People
from websakctl.live.websak import Connection, WebsakReader
from websakctl.model.address import BASE, Address
from websakctl.model.resource import Resource, State
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.operations.change.read_users import GROUP, roles_by_key
from websakctl.operations.scopes import scope_of
from websakctl.source.configuration import Configuration

_READ = ("org_unit", GROUP, USER.name, ACCESS_CODE.name, CASE_TYPE.name)


def access_of_config(config: Configuration) -> EffectiveAccess:
    """What the config lets people read: the users of the districts that list theirs."""
    return EffectiveAccess(config.whole, config.settings.access_model, config.districts)


def read_access(connection: Connection, inputs: ConfigInput, codes: frozenset[str] = frozenset()) -> EffectiveAccess:
    """What Websak lets people read. Takes a request for each active user, and a second one where the settings name zones.

    Access codes and case types are the config's where this Websak has no API for them.

    Args:
        connection: The Websak.
        inputs: Whose roles, settings and districts users are told by.
        codes: Of the users whose access is read; none: of all. Of the others it is not known.

    Raises:
        LiveError: If any part cannot be read or trusted; then nothing is known.
    """
    config = inputs.config
    model = config.settings.access_model
    people = People(
        roles=roles_by_key(inputs),
        access=True,
        access_of=codes,
        access_zones=bool(model.zones),
        store=connection.user_rows,
    )
    scopes = scope_of([*inputs.known, *config.state], config.districts, inputs.kinds)
    with WebsakReader(connection, inputs.kinds, scopes, people) as reader:
        traffic = reader.traffic
        with connection.runtime.reading(lambda: traffic.requests):
            live = reader.read(only=_READ)
        live = _below_root(live, reader.units.root_id, connection.root_unit)
    return EffectiveAccess(with_what_is_not_told(live, inputs), model, config.districts)


def _below_root(live: State, root_id: str, key: str) -> State:
    """The same state with the environment's root unit in it, under which the districts hang: roles may be for it, too."""
    root = Address(ORG_UNIT.name, BASE, key or f"#{root_id}")
    result: State = {root: Resource(address=root, fields={"parent": None})}
    for address, resource in live.items():
        fields = resource.fields
        if address.kind == ORG_UNIT.name and fields.get("parent") is None:
            fields = {**fields, "parent": root.key}
        elif address.kind == USER.name and fields.get("roles"):
            named = {name: _at_root(scope, f"#{root_id}", root.key) for name, scope in fields["roles"].items()}
            fields = {**fields, "roles": named}
        result[address] = resource if fields is resource.fields else replace(resource, fields=fields)
    return result


def _at_root(scope: Mapping[str, Any], number: str, key: str) -> Mapping[str, Any]:
    return {**scope, "units": [key if unit == number else unit for unit in scope["units"]]}


def with_what_is_not_told(live: State, inputs: ConfigInput) -> State:
    """Add what no answer holds: the registers of a Websak without a Setup API, and whose second user somebody is."""
    config = inputs.config
    by_hand = {a: r for a, r in config.state.items() if a.kind in _READ and a.kind not in inputs.kinds}
    primaries = {
        a.key: code for a, u in config.state.items() if a.kind == USER.name and (code := u.fields.get("primary"))
    }

    second = {
        a: replace(user, fields={**user.fields, "primary": primaries[a.key]})
        for a, user in live.items()
        if a.kind == USER.name and a.key in primaries
    }
    return {**by_hand, **live, **second}
