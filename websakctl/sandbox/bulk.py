"""Many rows at once, for measuring: written past the rules, in seconds."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from websakctl.sandbox.database import Database, department, next_id, now, user
from websakctl.sandbox.setupapi import store
from websakctl.sandbox.setupapi.kinds import BY_NAME
from websakctl.sandbox.setupapi.models import check_digit

_SLUGS: Final = ("gamle-oslo", "gruenerloekka", "sagene", "frogner", "alna", "soendre-nordstrand")
_CHILDREN: Final = 100  # units right under the root; the others hang under these
_CHUNK: Final = 5_000  # rows in one statement's parameters


class BadLoad(ValueError):
    """A load that cannot be carried out; the text says why."""


def load(database: Database, desired: dict[str, Any]) -> dict[str, int]:
    """Add as many rows of each kind as ``desired`` says, numbered from 1; load a kind once between two resets.

    Units get the external id, code and abbreviation ``B-<i>``. The first hundred hang under the root, ``B-<i>`` after them
    under ``B-<1 + (i - 1) % 100>``. Everything else refers to what is loaded in the same call, if anything.

    Raises:
        BadLoad: A kind is not known, or a number is not one.
    """
    for kind, count in desired.items():
        if kind not in _LOADERS:
            raise BadLoad(f"cannot load {kind}; there are {', '.join(_LOADERS)}")
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise BadLoad(f"{kind} is how many, from 0")
    with database.write() as connection:
        for kind, loader in _LOADERS.items():
            if count := desired.get(kind, 0):
                loader(connection, count, desired)
    return {kind: desired.get(kind, 0) for kind in _LOADERS}


def organisation_numbers() -> Iterator[str]:
    """Go through valid organisation numbers that no real body has, from the range of the register's test environment."""
    for number in range(31_000_000, 40_000_000):
        digit = check_digit(str(number))
        if digit is not None:
            yield f"{number}{digit}"


def _departments(connection: Connection, count: int, _request: dict[str, Any]) -> None:
    first = next_id(connection, department)
    root = connection.execute(
        select(department.c.id).where(department.c.parent_department_id.is_(None)).order_by(department.c.id).limit(1)
    ).scalar()
    moment = now()
    rows = (
        {
            "id": first + i,
            "external_id": f"B-{i + 1}",
            "code": f"B-{i + 1}",
            "abbreviation": f"B-{i + 1}",
            "name": f"Enhet {i + 1}",
            "parent_department_id": root if i < _CHILDREN else first + i % _CHILDREN,
            "unit": "Avd",
            "level": "2" if i < _CHILDREN else "3",
            "journal_unit_id": "1",
            "archive_unit": "1",
            "valid_from_date": moment,
        }
        for i in range(count)
    )
    _insert(connection, department, rows)


def _users(connection: Connection, count: int, _request: dict[str, Any]) -> None:
    first = next_id(connection, user)
    homes = list(connection.execute(select(department.c.id).order_by(department.c.id)).scalars())
    moment = now()
    rows = (
        {
            "id": first + i,
            "code": f"B-{i + 1}",
            "username": f"b-{i + 1}",
            "user_type": "B",
            "is_secondary_user": False,
            "external_id": f"00000000-0000-4000-8000-{first + i:012}",
            "access_template_id": "-1",
            "department_id": homes[i % len(homes)],
            "name": f"Bruker {i + 1}",
            "mail_addresses": "[]",
            "access_to_zones": "[]",
            "user_accesses": "[]",
            "access_codes": "[]",
            "changed_at": moment,
        }
        for i in range(count)
    )
    _insert(connection, user, rows)


def _setup(name: str, rows: Callable[[int, dict[str, Any]], Iterator[dict[str, Any]]]) -> Any:
    kind = BY_NAME[name]

    def load_kind(connection: Connection, count: int, desired: dict[str, Any]) -> None:
        created = (store.new_row(kind.model.model_validate(row).model_dump()) for row in rows(count, desired))
        _insert(connection, kind.table, created)

    return load_kind


def _access_codes(count: int, _request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return ({"code": f"B-{i}", "name": f"Kode {i}"} for i in range(1, count + 1))


def _rollout_batches(count: int, _request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return ({"code": f"B-{i}", "name": f"Pulje {i}", "districts": [_slug(i)]} for i in range(1, count + 1))


def _licences(count: int, _request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (
        {"code": f"B-{i}", "product": f"Produkt {i}", "bought": 150, "allotments": dict.fromkeys(_SLUGS, 10)}
        for i in range(1, count + 1)
    )


def _case_types(count: int, desired: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (
        {
            "code": f"B-{i}",
            "name": f"Sakstype {i}",
            "series": "SAK",
            "ordering_principle": "emne",
            "retention": "B",
            "access_code": _one_of("access_codes", desired, i),
        }
        for i in range(1, count + 1)
    )


def _sub_orgs(count: int, desired: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (
        {
            "orgnr": number,
            "name": f"Underenhet {i}",
            "district": _slug(i),
            "channel": "svarinn",
            "unit": _one_of("departments", desired, i),
            "batch": _one_of("rollout_batches", desired, i),
        }
        for i, number in enumerate(islice(organisation_numbers(), count), 1)
    )


def _slug(i: int) -> str:
    return _SLUGS[i % len(_SLUGS)]


def _one_of(loaded: str, desired: dict[str, Any], i: int) -> str | None:
    count = desired.get(loaded, 0)
    return f"B-{1 + (i - 1) % count}" if count else None


# In the order in which they refer to each other.
_LOADERS: Final[dict[str, Callable[[Connection, int, dict[str, Any]], None]]] = {
    "departments": _departments,
    "users": _users,
    "access_codes": _setup("access_code", _access_codes),
    "rollout_batches": _setup("rollout_batch", _rollout_batches),
    "licences": _setup("licence", _licences),
    "case_types": _setup("case_type", _case_types),
    "sub_orgs": _setup("sub_org", _sub_orgs),
}


def _insert(connection: Connection, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    while chunk := list(islice(rows, _CHUNK)):
        connection.execute(insert(table), chunk)
