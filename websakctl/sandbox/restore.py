"""A database made into a copy of another Websak: all rows at once, past the rules, with the ids that they have there."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, insert
from sqlalchemy.exc import SQLAlchemyError

from websakctl.sandbox.database import (
    FIRST_ID,
    METADATA,
    Database,
    access_group,
    department,
    environment,
    membership,
    now,
    user,
    user_role,
)
from websakctl.sandbox.setupapi import store
from websakctl.sandbox.setupapi.kinds import BY_NAME

Row = Mapping[str, Any]

_LONG_AGO: Final = "2019-01-01T00:00:00Z"
_DEPARTMENT: Final = {
    "address": "addr",
    "address2": "addr2",
    **{name: name for name in ("external_id", "code", "abbreviation", "name", "postal_no", "contact", "phone")},
    "visiting_address": "visiting_address",
    "manager_user_id": "manager_user_id",
    "unit_type": "unit",
    "number": "personal_or_organization_number",
}  # a name in the document -> the column
# a group's name in the document -> the column of its id
_GROUPS: Final = {"mail_group": "mail_distribution_group", "admin_group": "local_admin_access_group"}


class BadCopy(ValueError):
    """A document that no copy can be made of; the text says why."""


def restore(database: Database, document: Mapping[str, Any]) -> dict[str, int]:
    """Replace all that a database holds.

    Args:
        database: The database; nothing of it is left.
        document: ``departments`` (the first is the root; ``parent`` is an id, ``number`` an organisation number, ``mail_group`` and ``admin_group`` are names),
            ``templates`` and ``users`` (``department`` is an id, ``groups`` are names, ``roles`` have their lists as texts),
            ``groups``, ``zones`` by name, and ``setup``: rows by kind, each with ``active``.

    Returns:
        How many rows of each there are.

    Raises:
        BadCopy: If a part is missing, or the database cannot hold it; then it is as it was.
    """
    try:
        with database.write() as connection:
            for table in reversed(METADATA.sorted_tables):
                connection.execute(delete(table))
            return {
                "departments": _departments(connection, document),
                "zones": _zones(connection, document["zones"]),
                "groups": _insert(connection, access_group, map(_group, document["groups"])),
                "users": _users(connection, document),
                **{name: _setup(connection, name, rows) for name, rows in document["setup"].items()},
            }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadCopy(f"a part is missing or malformed ({error})") from error
    except SQLAlchemyError as error:
        raise BadCopy(str(getattr(error, "orig", None) or error)) from error


def _departments(connection: Connection, document: Mapping[str, Any]) -> int:
    group_ids = {row["name"]: str(row["id"]) for row in document["groups"]}

    def columns(row: Row) -> dict[str, Any]:
        named = {column: row.get(name) for name, column in _DEPARTMENT.items()}
        groups = {column: group_ids.get(row.get(name) or "") for name, column in _GROUPS.items()}
        return (
            named
            | groups
            | {
                "emails": json.dumps(row["emails"]) if row.get("emails") else None,
                "id": int(row["id"]),
                "parent_department_id": None if row["parent"] is None else int(row["parent"]),
                "valid_from_date": _LONG_AGO,
                "valid_to_date": None if row["active"] else f"{_yesterday()}T00:00:00Z",
                "journal_unit_id": "1",
                "archive_unit": "1",
                "level": "1" if row["parent"] is None else "2",
            }
        )

    return _insert(connection, department, map(columns, document["departments"]))


def _zones(connection: Connection, names: Iterable[str]) -> int:
    return _insert(
        connection,
        environment,
        (
            {
                "id": number,
                "reference_id": f"MILJO-{number}",
                "name": name,
                "zone_id": number,
                "zone_name": name,
                "zone_write_protected": False,
                "zone_is_sensitive": False,
                "zone_priority": number,
            }
            for number, name in enumerate(names, 1)
        ),
    )


def _group(row: Row) -> dict[str, Any]:
    end = None if row["active"] else f"{_yesterday()}T00:00:00Z"
    return {"id": int(row["id"]), "name": row["name"], "general": True, "from_date": _LONG_AGO, "to_date": end}


def _users(connection: Connection, document: Mapping[str, Any]) -> int:
    people = [("P", row) for row in document["templates"]] + [("B", row) for row in document["users"]]
    written = _insert(connection, user, (_user(kind, row) for kind, row in people))
    numbers = count(FIRST_ID["user_role"])
    roles = (
        {"role_id": next(numbers), "user_id": int(row["id"]), **role}
        for _, row in people
        for role in row.get("roles", ())
    )
    _insert(connection, user_role, roles)
    ids = {row["name"]: int(row["id"]) for row in document["groups"]}
    members = (
        {"group_id": ids[name], "user_id": int(row["id"]), "from_date": _LONG_AGO, "to_date": None}
        for _, row in people
        for name in row.get("groups", ())
    )
    _insert(connection, membership, members)
    return written


def _user(kind: str, row: Row) -> dict[str, Any]:
    mail, leave = row.get("email"), row.get("leave") or {}
    return {
        "id": int(row["id"]),
        "code": row.get("code"),
        "user_type": kind,
        "is_secondary_user": bool(row.get("secondary")),
        "external_id": f"00000000-0000-4000-8000-{int(row['id']):012}",
        "access_template_id": row.get("template") or "-1",
        "department_id": None if row["department"] is None else int(row["department"]),
        **{name: row.get(name) for name in ("name", "title", "phone", "mobile", "username")},
        "email_addr": mail,
        "leave_from": leave.get("first_day"),
        "leave_to": leave.get("last_day"),
        "valid_from": row.get("valid_from"),
        "mail_addresses": json.dumps([mail] if mail else []),
        "primary_mail": mail.strip().casefold() if mail else None,
        "access_to_zones": "[]",
        "user_accesses": "[]",
        "access_codes": json.dumps(list(row.get("functions") or ())),
        "expires_on": None if row["active"] else _yesterday(),
        "changed_at": now(),
    }


def _setup(connection: Connection, name: str, rows: Iterable[Row]) -> int:
    if name not in BY_NAME:
        raise ValueError(f"no kind {name}")
    kind = BY_NAME[name]
    known = {*kind.fields, "active"}
    omitted = {
        field: info.get_default(call_default_factory=True)
        for field, info in kind.model.model_fields.items()
        if not info.is_required()
    }
    created = (
        store.new_row({**omitted, **{field: value for field, value in row.items() if field in known}}) for row in rows
    )
    return _insert(connection, kind.table, created)


def _insert(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> int:
    listed = list(rows)
    for chunk in _chunks(listed):
        connection.execute(insert(table), chunk)
    return len(listed)


def _chunks(rows: list[dict[str, Any]], size: int = 5_000) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _yesterday() -> str:
    return (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d")
