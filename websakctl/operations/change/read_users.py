"""Users of a live Websak: what reading them takes, and reading them all."""

from collections.abc import Mapping
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


def people_of(scene: ConfigInput, store: "RowStore | None" = None) -> "People | None":
    """What reading the users of the districts that list them takes; ``None`` where none does, and no user is read."""
    listed = scene.config.with_users
    if not listed or KIND not in scene.kinds:
        return None
    from websakctl.live.users import People

    return People(
        roles=_roles(scene),
        districts=frozenset(listed),
        wanted=_wanted(scene),
        applied_roles={
            a.key: k.fields["role"] for a, k in scene.known.items() if a.kind == KIND and "role" in k.fields
        },
        groups=frozenset(a.key for a in scene.config.state if a.kind == GROUP and a.scope in {BASE, *listed}),
        zones=_zones(scene),
        store=store,
    )


def read_users(connection: Connection, scene: ConfigInput, store: "RowStore | None" = None) -> State:
    """Read every live user of every district, listed in the config or not; the fields are those that a list tells.

    Raises:
        LiveError: If any part cannot be read or trusted; then nothing is known.
    """
    from websakctl.live.users import People

    people = People(roles=_roles(scene), store=store or connection.user_rows)
    scopes = scope_of([*scene.known, *scene.config.state], scene.config.districts, scene.kinds)
    with WebsakReader(connection, scene.kinds, scopes, people) as reader:
        live = reader.read(only=("org_unit", KIND))
    return {address: user for address, user in live.items() if address.kind == KIND}


def _roles(scene: ConfigInput) -> dict[str, Mapping[str, Any]]:
    return {a.key: r.fields for a, r in scene.config.own.items() if a.kind == "user_role"}


def _zones(scene: ConfigInput) -> frozenset[str]:
    """Names of zones that roles and users of the config have."""
    fields = [*_roles(scene).values(), *(r.fields for a, r in scene.config.state.items() if a.kind == KIND)]
    return frozenset(name for each in fields for name in each.get("zones") or ())


def _wanted(scene: ConfigInput) -> dict[str, dict[str, Any]]:
    """Fields by user code: as last applied, and over that as the config says."""
    found: dict[str, dict[str, Any]] = {a.key: dict(k.fields) for a, k in scene.known.items() if a.kind == KIND}
    for address, user in scene.config.state.items():
        if address.kind == KIND:
            found.setdefault(address.key, {}).update(user.fields)
    return found
