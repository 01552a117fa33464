"""Which operations of the User API each kind needs, and which of them a server has, found out without reading a list.

The same version number stood on files with 23, 25 and 34 operations (2021 to 2026), so none is taken for granted.
"""

from collections.abc import Mapping

import httpx
import msgspec

from websakctl.live.errors import NotPermitted, Unreachable
from websakctl.live.transport import cause_of, what_next_of


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. ``without``: what its absence means; a kind that has no such operation is managed with what is left."""

    operation: str
    without: str
    version: str = ""  # the only version that is asked for it; empty: each

    @property
    def probe(self) -> str:
        """The path that is asked for, with an id that nothing has."""
        path = self.operation.partition(" ")[2]
        return "/".join("0" if part.startswith("{") else part for part in path.split("/"))


_ONE_BY_ONE = "the whole list is read for each look-up"
NEEDED: Mapping[str, tuple[Route, ...]] = {
    "org_unit": (
        Route(operation="GET /api/v2/departments/flat", without="it is not User API 3.3", version="3.3"),
        Route(operation="GET /api/Departments/external/{externalId}", without=_ONE_BY_ONE, version="3.0"),
        Route(operation="PUT /api/Departments/{id}", without="units cannot be written", version="3.0"),
    ),
    "access_group": (Route(operation="GET /api/AccessGroups", without="groups cannot be managed"),),
    "user": (
        Route(operation="GET /api/Users/{id}", without="users cannot be managed"),
        Route(operation="GET /api/Zones", without="zones cannot be managed"),
        Route(operation="POST /api/Users/{userId}/roles", without="roles are steps for a person"),
        Route(operation="PUT /api/Users/{userId}/accesscodes", without="access functions are steps for a person"),
        Route(operation="GET /api/Users/{id}/AccessGroupMembership", without="membership is not known", version="3.0"),
        Route(operation="GET /api/Users/{id}/useraccesses", without="logins cannot be changed", version="3.3"),
    ),
}


def missing_routes(client: httpx.Client, kind: str, version: str) -> list[Route]:
    """The operations that a kind needs and the server lacks.

    HEAD fits no operation: a path that is there answers 405, whatever its methods, and one that is not 404. Nothing is
    sent to the paths of GETs that write.

    Raises:
        NotPermitted, Unreachable: As their names say.
    """
    result = []
    for route in NEEDED.get(kind, ()):
        if route.version not in ("", version):
            continue
        try:
            status = client.head(route.probe).status_code
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise Unreachable(f"HEAD {route.probe}: {cause_of(error)}", what_next_of(error)) from None
        if status in (401, 403):
            raise NotPermitted(f"HEAD {route.probe}: this client may not ask for it ({status})")
        if status == 404:
            result.append(route)
    return result
