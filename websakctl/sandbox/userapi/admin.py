"""Counts, and the ways to log in: what the newer version tells an administrator."""

from typing import Final

from sqlalchemy import Select, func, select
from starlette.responses import Response

from websakctl.sandbox.database import access_group, department, user
from websakctl.sandbox.settings import ApiVersion
from websakctl.sandbox.userapi.answers import answer
from websakctl.sandbox.userapi.routing import Call, Handler, Operation

IDENTITY_PROVIDERS: Final = (
    {"scheme": "AD", "displayName": "Active Directory", "identityClaim": "sid", "type": "Windows"},
    {"scheme": "EntraId", "displayName": "Entra ID", "identityClaim": "oid", "type": "OpenIdConnect"},
)


def operations(version: ApiVersion) -> list[Operation]:
    """List the routes; the older version has none."""
    if version == "3.0":
        return []
    counts = {
        "usercount": select(func.count()).select_from(user),
        "departmentcount": select(func.count()).select_from(department),
        "generalaccessgroupcount": select(func.count()).select_from(access_group).where(access_group.c.general),
    }
    handlers = {name: _count(query) for name, query in counts.items()}
    handlers["availableidentityproviders"] = list_identity_providers
    return [Operation(method="GET", path=f"/api/Admin/{name}", handler=handler) for name, handler in handlers.items()]


def list_identity_providers(_call: Call) -> Response:
    """List the schemes a login mapping may name."""
    return answer(IDENTITY_PROVIDERS)


def _count(query: Select[int]) -> Handler:
    def count(call: Call) -> Response:
        with call.database.read() as connection:
            return answer(connection.execute(query).scalar_one())

    return count
