"""Rows of the Setup API: written, read back, and looked for by what refers to them."""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from websakctl.sandbox.database import department
from websakctl.sandbox.setupapi.kinds import BY_NAME, KINDS, SetupKind
from websakctl.sandbox.setupapi.models import Strict

Object = dict[str, Any]  # an object as it stands in an answer


def fetch(connection: Connection, kind: SetupKind, key: str) -> Object | None:
    """Find one object."""
    column = kind.table.c[kind.key]
    row = connection.execute(select(kind.table).where(column == key)).mappings().first()
    return None if row is None else as_object(kind, row)


def page(connection: Connection, kind: SetupKind, after: str | None, limit: int) -> list[Object]:
    """List at most ``limit`` objects whose keys come after ``after``."""
    column = kind.table.c[kind.key]
    query = select(kind.table).order_by(column).limit(limit)
    if after is not None:
        query = query.where(column > after)
    return [as_object(kind, row) for row in connection.execute(query).mappings()]


def create(connection: Connection, kind: SetupKind, content: Strict) -> Object:
    """Write a new object."""
    row = new_row(content.model_dump())
    connection.execute(insert(kind.table).values(row))
    return as_object(kind, row)


def replace(connection: Connection, kind: SetupKind, key: str, values: dict[str, Any]) -> Object:
    """Write ``values`` over the object that has ``key``."""
    row = new_row(values)
    connection.execute(update(kind.table).where(kind.table.c[kind.key] == key).values(row))
    return as_object(kind, row)


def follow(connection: Connection, kind: SetupKind, key: str, renamed: str) -> None:
    """Let whatever refers to ``key`` refer to ``renamed``; each gets a new ETag, since it is not what it was."""
    for other in KINDS:
        for field, target in other.references:
            if target != kind.name:
                continue
            table = other.table
            query = select(table.c[other.key]).where(table.c[field] == key)
            for name in connection.execute(query).scalars().all():
                row = new_row({field: renamed})
                connection.execute(update(table).where(table.c[other.key] == name).values(row))


def remove(connection: Connection, kind: SetupKind, key: str) -> None:
    """Take an object away."""
    connection.execute(delete(kind.table).where(kind.table.c[kind.key] == key))


def new_row(values: dict[str, Any]) -> dict[str, Any]:
    """Give ``values`` the marks of a write that happens now."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**values, "etag": f'"{secrets.token_hex(8)}"', "updated_at": moment}


def as_object(kind: SetupKind, row: RowMapping | dict[str, Any]) -> Object:
    """Show a row as it stands in an answer."""
    return {name: row[name] for name in (*kind.fields, "etag", "updated_at")}


def dangling(connection: Connection, kind: SetupKind, content: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """Name the fields of ``content`` that refer to nothing, or, unless it is retired itself, to something retired."""
    retired = content.get("active") is False
    for field, target in kind.references:
        key = content.get(field)
        if not isinstance(key, str):
            continue  # nothing, or wrong in a way that is told elsewhere
        active = _is_active(connection, target, key)
        if active is None:
            yield field, f"there is no {target} {key}"
        elif not active and not retired:
            yield field, f"{target} {key} is not active"


def referrers(connection: Connection, kind: SetupKind, key: str, *, active_only: bool) -> list[dict[str, str]]:
    """List what refers to an object."""
    result = []
    for other in KINDS:
        for field, target in other.references:
            if target != kind.name:
                continue
            table = other.table
            query = select(table.c[other.key]).where(table.c[field] == key).order_by(table.c[other.key])
            if active_only:
                query = query.where(table.c.active)
            result += [{"kind": other.name, "key": str(name)} for name in connection.execute(query).scalars()]
    return result


def _is_active(connection: Connection, target: str, key: str) -> bool | None:
    """Tell whether what ``key`` names is in use; None when it is not there."""
    if target == "department":
        return _department_is_active(connection, key)
    kind = BY_NAME[target]
    result: bool | None = connection.execute(select(kind.table.c.active).where(kind.table.c[kind.key] == key)).scalar()
    return result


def _department_is_active(connection: Connection, external_id: str) -> bool | None:
    # External ids are not unique in the User API: one active department is enough.
    ends = connection.execute(
        select(department.c.valid_to_date).where(department.c.external_id == external_id)
    ).scalars()
    today = datetime.now(UTC).date().isoformat()
    states = [end is None or end[:10] > today for end in ends]
    return any(states) if states else None
