"""What older servers that call themselves 3.0.0 lack of users: look-up by code, roles, access functions."""

import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from websakctl.live.adapter import composed, rows_of
from websakctl.live.transport import Reading
from websakctl.live.user_rows import PATH

_ROUTES = {  # fields by the route that shows that they can be set; roles and access codes came in one publication
    "roles": ("roles", "access_functions"),
    "AccessGroupMembership": ("groups", "district_groups", "distributes"),
}
SAMPLE = 20  # users among which one is sought whose code cannot be taken for anything else


class Lookup:
    """Finds out once, by reading, what a server of version 3.0 takes."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._lock = threading.Lock()
        self._takes_codes: bool | None = None
        self._without_route: frozenset[str] | None = None

    def takes_codes(self) -> bool:
        """Whether ``lookupField=Code`` is heeded: files before 2024 do not have it, and such servers pass it over.

        Shown by a user that is found by its code and not by an id of the same letters; where none shows it, it is not trusted.
        """
        with self._lock:
            if self._takes_codes is None:
                self._takes_codes = next(filter(lambda shown: shown is not None, map(self._heeds, self._some())), False)
            return bool(self._takes_codes)

    def without_route(self, id_: str) -> frozenset[str]:
        """Fields without a route: what a user that is there has no answer for."""
        with self._lock:
            if self._without_route is None:
                self._without_route = frozenset(
                    name
                    for path, names in _ROUTES.items()
                    if self._reading.get(f"{PATH}/{id_}/{path}", absent=(204, 404)).status == 404
                    for name in names
                )
            return self._without_route

    def _some(self) -> Iterable[dict[str, Any]]:
        answer = self._reading.get(PATH, {"limit": SAMPLE, "offset": 0})
        rows = [] if answer.status == 204 else rows_of(answer.body, f"GET {PATH}", ("gidId",))
        return [row for row in rows if row.get("code")]

    def _heeds(self, row: dict[str, Any]) -> bool | None:
        path = f"{PATH}/{quote(composed(row['code']), safe='')}"
        if self._reading.get(path, {"lookupField": "Id"}, absent=(204, 404)).body is not None:
            return None
        return self._reading.get(path, {"lookupField": "Code"}, absent=(204, 404)).body is not None
