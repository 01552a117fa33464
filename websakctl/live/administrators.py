"""Live users that may administer, over the User API. Read only when a plan could lock somebody out."""

from collections.abc import Mapping
from typing import Any

from websakctl.live.adapter import rows_of
from websakctl.live.errors import NotAsAgreed
from websakctl.live.transport import Reading
from websakctl.model.address import Address
from websakctl.model.administrator import Administrator

PATH = "/api/Users"
PAGE = 1000
ADMINISTRATION = "0"  # the access function that isSystemAdministrator stands for


def read_administrators(reading: Reading, units: Mapping[str, Address]) -> list[Administrator]:
    """List active administrators.

    Args:
        reading: The User API.
        units: Addresses of org units by the server's id.

    Raises:
        LiveError: If they cannot be read; a page that comes twice is one that always comes.

    A page may be shorter than asked for without being the last; only an empty one (204) is.
    """
    found: dict[str, Administrator] = {}
    before: list[dict[str, Any]] = []
    offset = 0
    while True:
        answer = reading.get(PATH, {"limit": PAGE, "offset": offset})
        rows = [] if answer.status == 204 else rows_of(answer.body, f"GET {PATH}", ("gidId",))
        if not rows:
            return list(found.values())
        if rows == before:  # it does not know the offset
            raise NotAsAgreed(f"GET {PATH}: the pages do not go on")
        before = rows
        offset += len(rows)
        for row in rows:
            if row.get("active") is True and _administers(row):
                code = str(row.get("code") or row["gidId"])
                found[str(row["gidId"])] = Administrator(code=code, unit=units.get(str(row.get("departmentId") or "")))


def _administers(row: Mapping[str, Any]) -> bool:
    """3.3 says so itself; on 3.0 it is among the user's access codes."""
    if isinstance(row.get("isSystemAdministrator"), bool):
        return bool(row["isSystemAdministrator"])
    codes = str(row.get("userAccessCodes") or "").replace(";", ",").split(",")
    functions = row.get("userAccessFunctions") or []
    return ADMINISTRATION in (c.strip() for c in codes) or any(
        isinstance(f, Mapping) and str(f.get("code")) == ADMINISTRATION for f in functions
    )
