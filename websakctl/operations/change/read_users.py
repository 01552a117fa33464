"""Users of a live Websak: what reading them takes, and reading them all."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from websakctl.live.websak import Connection, WebsakReader
from websakctl.model.address import BASE
from websakctl.model.resource import State
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.operations.scopes import scope_of

if TYPE_CHECKING:
    from websakctl.live.user_rows import RowStore
    from websakctl.live.users import People

KIND, GROUP = "user", "access_group"


def people_of(inputs: ConfigInput, store: "RowStore | None" = None) -> "People | None":
    """What reading the users of the districts that list them takes; ``None`` where none does, and no user is read."""
    listed = inputs.config.with_users
    if not listed or KIND not in inputs.kinds:
        return None
    from websakctl.live.users import People

    return People(
        roles=roles_by_key(inputs),
        districts=frozenset(listed),
        desired=_desired(inputs),
        applied_roles={
            a.key: k.fields["role"] for a, k in inputs.known.items() if a.kind == KIND and "role" in k.fields
        },
        groups=frozenset(a.key for a in inputs.config.state if a.kind == GROUP and a.scope in {BASE, *listed}),
        zones=zones_of(inputs),
        providers=frozenset(
            login["provider"]
            for a, r in inputs.config.state.items()
            if a.kind == KIND
            for login in r.fields.get("logins") or ()
        ),
        given={a.key: frozenset(r.fields) for a, r in inputs.config.state.items() if a.kind == KIND},
        ahead={
            a.key: r.fields["valid_from"]
            for a, r in inputs.config.state.items()
            if a.kind == KIND and "valid_from" in r.fields
        },
        store=store,
    )


def read_users(
    connection: Connection, inputs: ConfigInput, store: "RowStore | None" = None, *, units: Collection[str] = ()
) -> State:
    """Read every live user of every district, listed in the config or not; the fields are those that a list tells.

    Args:
        connection: The Websak.
        inputs: Whose roles and districts users are told by.
        store: What was listed of users before.
        units: Keys of units; whatever else ties users to these is read, too.

    Raises:
        LiveError: If any part cannot be read or trusted; then nothing is known.
    """
    from websakctl.live.users import People

    people = People(roles=roles_by_key(inputs), store=store or connection.user_rows)
    scopes = scope_of([*inputs.known, *inputs.config.state], inputs.config.districts, inputs.kinds)
    with WebsakReader(connection, inputs.kinds, scopes, people) as reader:
        live = reader.read(only=("org_unit", KIND))
        users = {address: user for address, user in live.items() if address.kind == KIND}
        return reader.with_ties(users, units) if units else users


def roles_by_key(inputs: ConfigInput) -> dict[str, Mapping[str, Any]]:
    """Fields of the roles of users by key."""
    return {a.key: r.fields for a, r in inputs.config.own.items() if a.kind == "user_role"}


def zones_of(inputs: ConfigInput) -> frozenset[str]:
    """Names of zones that roles and users of the config have."""
    fields = [*roles_by_key(inputs).values(), *(r.fields for a, r in inputs.config.state.items() if a.kind == KIND)]
    return frozenset(name for each in fields for name in each.get("zones") or ())


def _desired(inputs: ConfigInput) -> dict[str, dict[str, Any]]:
    """Fields by user code: as last applied, and over that as the config says."""
    result: dict[str, dict[str, Any]] = {a.key: dict(k.fields) for a, k in inputs.known.items() if a.kind == KIND}
    for address, user in inputs.config.state.items():
        if address.kind == KIND:
            result.setdefault(address.key, {}).update(user.fields)
    return result
