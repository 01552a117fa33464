"""Live users that may administer, over the User API. Read only when a plan could lock somebody out."""

from collections.abc import Mapping
from typing import Any

from websakctl.live.adapter import rows_of
from websakctl.live.errors import NotAsAgreed
from websakctl.live.transport import Reading
from websakctl.live.user_rows import PATH, WITH_FUNCTIONS, functions_of
from websakctl.model.address import Address
from websakctl.model.administrator import ADMINISTRATION, Administrator

PAGE = 1000


def read_administrators(reading: Reading, units: Mapping[str, Address]) -> list[Administrator]:
    """List active administrators.

    Args:
        reading: The User API.
        units: Addresses of org units by the server's id.

    Raises:
        LiveError: If they cannot be read; a page that comes twice is one that always comes.

    A page may be shorter than asked for without being the last; only an empty one (204) is.
    """
    result: dict[str, Administrator] = {}
    reported = False
    before: list[dict[str, Any]] = []
    offset = 0
    while True:
        answer = reading.get(PATH, {"limit": PAGE, "offset": offset, **WITH_FUNCTIONS})
        rows = [] if answer.status == 204 else rows_of(answer.body, f"GET {PATH}", ("gidId",))
        if not rows:
            if not reported:
                raise NotAsAgreed(
                    f"GET {PATH}: no user's access functions are reported, so nobody knows who administers"
                )
            return list(result.values())
        if rows == before:  # it does not know the offset
            raise NotAsAgreed(f"GET {PATH}: the pages do not go on")
        before = rows
        offset += len(rows)
        reported = reported or any(_reports(row) for row in rows)
        for row in rows:
            if row.get("active") is True and _administers(row):
                code = str(row.get("code") or row["gidId"])
                result[str(row["gidId"])] = Administrator(code=code, unit=units.get(str(row.get("departmentId") or "")))


def _reports(row: Mapping[str, Any]) -> bool:
    return functions_of(row) is not None or isinstance(row.get("isSystemAdministrator"), bool)


def _administers(row: Mapping[str, Any]) -> bool:
    """3.3 says so itself; on 3.0 it is among the user's access codes."""
    if isinstance(row.get("isSystemAdministrator"), bool):
        return bool(row["isSystemAdministrator"])
    return ADMINISTRATION in (functions_of(row) or ())
