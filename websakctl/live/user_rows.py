"""How all users are listed: the pages, what has changed since a day, and what is kept of each."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Protocol

import msgspec

from websakctl.live.adapter import rows_of, text_or_none
from websakctl.live.days import day_in
from websakctl.live.errors import NotAsAgreed
from websakctl.live.transport import Reading

PATH = "/api/Users"
PAGES = (10_000, 1_000, 100)  # the largest page that the server takes; it may give less, and an empty one is the last
OVERLAP = timedelta(days=1)  # a server's day is not ours, nor need its clock be
PASSES = 3
# Nothing of these is filled in unless it is asked for (User API, parameters of GET /api/Users).
WITH_MAIL = {"includeEmailAddresses": "true"}
WITH_FUNCTIONS = {"includeUserAccess": "true"}
TEXTS = {"name": "name", "title": "title", "phone": "phone", "mobile": "mobile"}  # our field -> theirs

_LEAVE = ("leaveFrom", "leaveTo")

Row = Mapping[str, Any]  # what is kept of a listed user: JSON, without numbers and addresses of persons


class KeptRows(msgspec.Struct, frozen=True, kw_only=True):
    """All users as they were listed on a day, by the server's id."""

    day: date
    rows: dict[str, Row]


class RowStore(Protocol):
    """Keeps what was listed from one command to the next."""

    @property
    def today(self) -> date:
        """The day in UTC."""

    def load(self) -> KeptRows | None:
        """What was kept, if it can be gone on from."""

    def save(self, kept: KeptRows) -> None:
        """Keep it."""


class UserRows:
    """Lists all users: from what was kept and what has changed since, where that surely is all; else from the pages.

    Args:
        reading: The User API.
        store: What was kept of an earlier command.
        functions: Whether access functions are compared, and so asked for.
        mail: Whether e-mail addresses are.
    """

    def __init__(
        self, reading: Reading, store: RowStore | None, *, functions: bool, mail: bool, concurrency: int
    ) -> None:
        self._reading = reading
        self._store = store
        self._functions = functions
        self._asked = {**(WITH_FUNCTIONS if functions else {}), **(WITH_MAIL if mail else {})}
        self._concurrency = concurrency

    def read(self) -> dict[str, Row]:
        """All users by id.

        What was kept lasts for its day: a user's last day passes without anybody changing anything. Users changed since
        the day before are read again, and the number of users must be right in the end.
        """
        store = self._store
        kept = store.load() if store is not None else None
        if store is not None and kept is not None and kept.day == store.today and self._enough(kept):
            merged = {**kept.rows, **self._changed_since(kept.day - OVERLAP)}
            if self._are_all(len(merged)):
                store.save(KeptRows(day=kept.day, rows=merged))
                return merged
        rows = self._listed()
        if store is not None:
            store.save(KeptRows(day=store.today, rows=rows))
        return rows

    def _enough(self, kept: KeptRows) -> bool:
        """Whether what was kept was asked for the same; rows without functions tell nothing of them."""
        return not self._functions or all(row.get("functions") is not None for row in kept.rows.values())

    def _listed(self) -> dict[str, Row]:
        """All pages. Rows may repeat or be skipped while others write, so a pass in which one came twice is done again."""
        result: dict[str, Row] = {}
        for _ in range(PASSES):
            before = set(result)
            rows = list(self._pages())
            if not rows:
                raise NotAsAgreed(f"GET {PATH}: no user at all, not even a template")
            result.update((row["id"], row) for row in rows)
            if len({row["id"] for row in rows}) == len(rows) and before <= {row["id"] for row in rows}:
                return {row["id"]: row for row in rows}
        raise NotAsAgreed(f"GET {PATH}: the list of users is another each time it is read")

    def _pages(self) -> Iterable[Row]:
        offset = 0
        before: list[dict[str, Any]] = []
        limit = PAGES[0]
        while True:
            rows = self._page(limit, offset)
            while rows is None:  # it takes no page that large
                limit = next((p for p in PAGES if p < limit), 0)
                if not limit:
                    raise NotAsAgreed(f"GET {PATH}: no page size is taken")
                rows = self._page(limit, offset)
            if not rows:
                return
            if rows == before:
                if len(before) == offset and self._knows_no_pages(len(before)):
                    return
                raise NotAsAgreed(f"GET {PATH}: the pages do not go on")
            before = rows
            offset += len(rows)
            yield from map(kept_of, rows)

    def _knows_no_pages(self, count: int) -> bool:
        """Whether the server answers all that it has whatever is asked for, as files of 3.0.0 before June 2021 did."""
        return count > 1 and len(self._page(1, 0) or []) == count

    def _page(self, limit: int, offset: int) -> list[dict[str, Any]] | None:
        answer = self._reading.get(PATH, {"limit": limit, "offset": offset, **self._asked}, absent=(400,))
        if answer.status == 400:
            return None
        return [] if answer.status == 204 else rows_of(answer.body, f"GET {PATH}", ("gidId",))

    def _changed_since(self, day: date) -> dict[str, Row]:
        """Users changed since a day; that list has no parameters, so each is read by itself where more is asked for."""
        path = f"{PATH}/changes/{day.isoformat()}"
        answer = self._reading.get(path, absent=(404,))
        rows = rows_of(answer.body, f"GET {path}", ("gidId",)) if answer.status == 200 else []
        if not self._asked:
            return {row["id"]: row for row in map(kept_of, rows)}
        with self._reading.runtime.executor(self._concurrency) as pool:
            return {row["id"]: row for row in pool.map(lambda row: self._alone(str(row["gidId"])), rows)}

    def _alone(self, id_: str) -> Row:
        path = f"{PATH}/{id_}"
        answer = self._reading.get(path, {"lookupField": "Id", **self._asked})
        raw = rows_of([answer.body], f"GET {path}", ("gidId",))[0]
        if str(raw["gidId"]) != id_:
            raise NotAsAgreed(f"GET {path}: answered with another user")
        return kept_of(raw)

    def _are_all(self, count: int) -> bool:
        """Whether there are so many users: there is a last one, and none after it."""
        return count > 0 and bool(self._page(1, count - 1)) and self._page(1, count) == []


def kept_of(row: Mapping[str, Any]) -> Row:
    """What is kept of an answered user; ``None`` for what was not filled in.

    Raises:
        NotAsAgreed: If it does not say whether the user is active.
    """
    if not isinstance(row.get("active"), bool):
        raise NotAsAgreed(f"a user (id {row.get('gidId')}) does not say whether it is active")
    return {
        "id": str(row["gidId"]),
        "code": text_or_none(row.get("code")),
        "active": row["active"],
        "department": text_or_none(row.get("departmentId")),
        "template": text_or_none(row.get("accessTemplateId")) or "",
        "functions": functions_of(row),
        "administrator": row.get("isSystemAdministrator") is True,
        "email": text_or_none(row.get("emailAddr")),
        "email2": text_or_none(row.get("emailAddr2")),
        "leave": [day_in(row.get(name), f"a user's {name}") for name in _LEAVE] if row.keys() & set(_LEAVE) else None,
        "starts": day_in(row.get("validFrom"), "a user's validFrom"),
        **{ours: text_or_none(row.get(theirs)) for ours, theirs in TEXTS.items()},
    }


def functions_of(row: Mapping[str, Any]) -> list[str] | None:
    """Codes of a user's access functions, a list on some servers and a text with commas on others; ``None``: not reported."""
    listed, text = row.get("userAccessFunctions"), row.get("userAccessCodes")
    if isinstance(listed, list):
        codes = [str(f["code"]) for f in listed if isinstance(f, Mapping) and f.get("code") is not None]  # 0 is a code
    elif isinstance(text, str):
        codes = text.replace(";", ",").split(",")
    else:
        return None
    return sorted({code.strip() for code in codes if code.strip()})
