"""The register of departments: what may be written into it, and how it reads."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Row, String, cast, insert, select, update
from sqlalchemy.sql import ColumnElement

from websakctl.sandbox.database import department, next_id, now, record_effect
from websakctl.sandbox.settings import ApiVersion, Settings
from websakctl.sandbox.userapi import payload
from websakctl.sandbox.userapi.answers import Refused, encode
from websakctl.sandbox.userapi.department_fields import ANSWER, column

# A department is also an identity among the users'; its number there is made from its own.
GID_OFFSET: Final = 500_000
DEFAULT_UNIT: Final = "Avd"
_KEYS: Final = frozenset({"external_id", "code", "abbreviation"})

NOT_RETIRED: Final = department.c.valid_to_date.is_(None)

Values = Mapping[str, Any]


def _answered(field: str) -> ColumnElement[Any]:
    if field == "gidId":
        return cast(department.c.id + GID_OFFSET, String)
    if field in ("id", "parentDepartmentId"):
        return cast(department.c[column(field)], String)
    return department.c[column(field)]


_SELECT: Final = {version: select(*(_answered(field) for field in fields)) for version, fields in ANSWER.items()}
_EMAILS: Final = ANSWER["3.3"].index("emails")


def read_departments(connection: Connection, version: ApiVersion, *where: ColumnElement[bool]) -> list[dict[str, Any]]:
    """List departments as they are answered, in the order they were made; deactivated ones are among them."""
    names = ANSWER[version]
    rows = connection.execute(_SELECT[version].where(*where).order_by(department.c.id)).all()
    result = [dict(zip(names, row, strict=True)) for row in rows]
    if version == "3.3":
        for each, row in zip(result, rows, strict=True):
            if row[_EMAILS] is not None:
                each["emails"] = json.loads(row[_EMAILS])
    return result


def by_id(connection: Connection, version: ApiVersion, given: str) -> dict[str, Any] | None:
    """Find the department with the server's own id ``given``."""
    number = payload.internal_id(given)
    result = read_departments(connection, version, department.c.id == number) if number is not None else []
    return result[0] if result else None


def by_external_id(connection: Connection, version: ApiVersion, given: str) -> dict[str, Any] | None:
    """Find the oldest department with the external id ``given``; nothing keeps two from sharing one."""
    result = read_departments(connection, version, department.c.external_id == payload.key(given))
    return result[0] if result else None


def create(connection: Connection, settings: Settings, values: Values) -> str:
    """Make a department of ``values`` (by answer name) and give its id.

    Raises:
        Refused: 422, for a parent that is not there or an abbreviation that is taken.
    """
    new = _columns(settings, values)
    number = next_id(connection, department)
    parent = _parent(connection, new["parent_department_id"])
    if parent is None:
        raise Refused(422, "The parent department does not exist; a new root cannot be made.")
    new["code"] = new.get("code") or new.get("abbreviation") or f"AVD{number}"
    new["abbreviation"] = new.get("abbreviation") or new["code"]
    _require_free_abbreviation(connection, new["abbreviation"], number, status=422)
    made_here = {
        "id": number,
        "parent_department_id": parent.id,
        "unit": new.get("unit") or DEFAULT_UNIT,
        "valid_from_date": now()[:10] + "T00:00:00Z",
        "journal_unit_id": parent.journal_unit_id,
        "archive_unit": parent.archive_unit,
        "level": _level_below(parent),
    }
    row = new | made_here
    connection.execute(insert(department).values(row))
    record_effect(connection, "department.create", "department", row.get("external_id") or row["code"])
    return str(number)


def replace(connection: Connection, settings: Settings, given: str, values: Values) -> None:
    """Write ``values`` (by answer name; a field that is None is cleared) over the department ``given``.

    Neither cycles nor a second use of an external id are looked for.

    Raises:
        Refused: The department or the new parent is not there, or the abbreviation is taken.
    """
    status = 400  # the older version documents no refusal here, so it says 500 for any
    number = payload.internal_id(given)
    if number is None or connection.execute(select(department.c.id).where(department.c.id == number)).first() is None:
        raise Refused(400, "There is no such department.")
    new = _columns(settings, values)
    if (parent_id := new["parent_department_id"]) is not None:
        parent = _parent(connection, parent_id)
        if parent is None:
            raise Refused(status, "The parent department does not exist.")
        new |= {"parent_department_id": parent.id, "level": _level_below(parent)}
    else:
        new["level"] = "1"
    _require_free_abbreviation(connection, new["abbreviation"], number, status=status)
    connection.execute(update(department).where(department.c.id == number).values(new))
    record_effect(connection, "department.update", "department", natural_key(connection, number))


def set_active(connection: Connection, given: str, *, active: bool) -> None:
    """Take the end date away, or set it to today. Children, users and groups are left as they are.

    Raises:
        Refused: 404, there is no such department.
    """
    number = payload.internal_id(given)
    end = None if active else now()[:10] + "T00:00:00Z"
    change = update(department).where(department.c.id == number).values(valid_to_date=end)
    if number is None or connection.execute(change).rowcount == 0:
        raise Refused(404, "There is no such department.")
    operation = "department.activate" if active else "department.deactivate"
    record_effect(connection, operation, "department", natural_key(connection, number))


def natural_key(connection: Connection, number: int) -> str:
    """Give the external id of a department, else its code, else its id."""
    columns = (department.c.external_id, department.c.code)
    row = connection.execute(select(*columns).where(department.c.id == number)).one()
    return row.external_id or row.code or str(number)


def _columns(settings: Settings, values: Values) -> dict[str, Any]:
    """Turn values by answer name into values by column, made into what the database keeps."""
    new = {column(field): value for field, value in values.items()}
    new["name"] = payload.name(new.get("name"), settings.name_limit)
    for key in _KEYS & new.keys():
        new[key] = payload.key(new[key])
    if "emails" in new:
        new["emails"] = None if new["emails"] is None else json.dumps(new["emails"])
    given = (new.get("parent_department_id") or "").strip()
    new["parent_department_id"] = None if given in {"", "0"} else given
    return new


def _parent(connection: Connection, given: str | None) -> Row[Any] | None:
    number = payload.internal_id(given)
    return None if number is None else connection.execute(select(department).where(department.c.id == number)).first()


def _level_below(parent: Row[Any]) -> str:
    return str(int(parent.level) + 1) if (parent.level or "").isdecimal() else "2"


def _require_free_abbreviation(connection: Connection, abbreviation: str | None, number: int, *, status: int) -> None:
    taken = select(department.c.id).where(department.c.abbreviation == abbreviation, department.c.id != number)
    if abbreviation is not None and connection.execute(taken).first() is not None:
        raise Refused(status, "Another department has this abbreviation.")


def in_tree_order(departments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put each department right after its parent's subtree begins, roots first."""
    return [each for each, _depth in _walk(departments)]


def encode_tree(departments: list[dict[str, Any]]) -> bytes:
    """Write the departments as nested organisations; several roots stand under one that has no department.

    Text is put together by hand: a tree may be deeper than the JSON writer can go.
    """
    text: list[bytes] = []
    roots, above = 0, -1
    for each, depth in _walk(departments):
        text.append(b"]}" * (above - depth + 1))
        if depth <= above:
            text.append(b",")
        roots += depth == 0
        text.append(b'{"department":' + encode(each) + b',"subdepartments":[')
        above = depth
    text.append(b"]}" * (above + 1))
    merged = b"".join(text)
    return merged if roots == 1 else b'{"subdepartments":[' + merged + b"]}"


def _walk(departments: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], int]]:
    """Go through the trees depth first, with the depth.

    What hangs in a loop has no root and is left out of the walk by nature; its oldest member is taken for a root, so
    that nobody is lost.
    """
    children: dict[str | None, list[dict[str, Any]]] = {}
    known = {each["id"] for each in departments}
    for each in departments:
        parent = each["parentDepartmentId"]
        children.setdefault(parent if parent in known else None, []).append(each)
    seen: set[str] = set()

    def below(root: dict[str, Any]) -> Iterator[tuple[dict[str, Any], int]]:
        stack = [(root, 0)]
        while stack:
            each, depth = stack.pop()
            if each["id"] in seen:
                continue
            seen.add(each["id"])
            yield each, depth
            stack.extend((child, depth + 1) for child in reversed(children.get(each["id"], [])))

    for starts in (children.get(None, []), departments):
        for root in _unseen(starts, seen):
            yield from below(root)


def _unseen(departments: Iterable[dict[str, Any]], seen: set[str]) -> Iterator[dict[str, Any]]:
    return (each for each in departments if each["id"] not in seen)
