"""What stands in a Websak before anybody brings configuration to it."""

import json
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from websakctl.sandbox import setupapi
from websakctl.sandbox.database import (
    METADATA,
    Database,
    access_group,
    department,
    environment,
    next_id,
    user,
    user_role,
)
from websakctl.sandbox.settings import Seed

_LONG_AGO: Final = "2019-01-01T00:00:00Z"
_ENDED: Final = "2021-12-31T00:00:00Z"

_ROOT: Final = {
    "code": "OSLO",
    "external_id": "OSLO",
    "abbreviation": "OSLO",
    "name": "Oslo kommune",
    "unit": "Kommune",
    "level": "1",
    "journal_unit_id": "1",
    "archive_unit": "1",
}

# Made by hand, some of them before anybody thought of keys: parent's code, then the columns.
_BY_HAND: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("OSLO", {"code": "FR-BYDEL", "abbreviation": "BFR", "name": "Frogner bydel", "unit": "Bydel"}),
    ("FR-BYDEL", {"code": "FR-OPPV", "external_id": "FR-OPPV", "abbreviation": "FR-OPPV", "name": "Oppvekst"}),
    (
        "FR-BYDEL",
        {
            "code": "FR-HELSE",
            "external_id": "FR-HELSE",
            "abbreviation": "FR-HELSE",
            "name": "Helse og mestring",
            # Fields that no configuration manages, and that must therefore survive every change.
            "addr": "Sommerrogata 1",
            "phone": "21802180",
            "postal_no": "0255",
            "mail_distribution_group": "302",
        },
    ),
    ("FR-BYDEL", {"code": "FR-GAMMEL", "abbreviation": "FR-GAMMEL", "name": "Gammel prosjektenhet"}),
    ("OSLO", {"code": "PROSJ", "abbreviation": "PROSJ", "name": "Prosjekt felles Websak"}),
    ("OSLO", {"code": "TEST", "abbreviation": "TEST", "name": "Testenhet", "valid_to_date": _ENDED}),
)

# Template users: code, name, access functions, then the kind of role they hold.
_TEMPLATES: Final = (
    ("MAL-SAKSB", "Mal saksbehandler", ("10", "20"), "SB"),
    ("MAL-LEDER", "Mal leder", ("10", "20", "30"), "LD"),
    ("MAL-ARKIV", "Mal arkivar", ("10", "40"), "AR"),
    ("MAL-UTVALG", "Mal utvalgssekretær", ("10", "50"), "US"),
)

_GROUPS: Final = ({"name": "Alle brukere"}, {"name": "Postmottak"})

_ZONES: Final = (
    ("Åpen sone", "For det som alle ansatte kan se", False),
    ("Intern sone", "For arbeid innenfor virksomheten", False),
    ("Sikker sone", "For sensitive personopplysninger", True),
)


def seed_if_empty(database: Database, seed: Seed) -> None:
    """Fill a database that holds no department yet; leave any other as it is."""
    with database.write() as connection:
        if connection.execute(select(department.c.id).limit(1)).first() is None:
            fill(connection, seed)


def reset(database: Database, seed: Seed) -> None:
    """Empty every table, effects included, and fill it again."""
    with database.write() as connection:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(delete(table))
        fill(connection, seed)


def fill(connection: Connection, seed: Seed) -> None:
    """Write the rows of ``seed`` into empty tables."""
    root = _add_department(connection, None, _ROOT)
    if seed == "standard":
        by_code = {"OSLO": root}
        for parent, columns in _BY_HAND:
            by_code[columns["code"]] = _add_department(connection, by_code[parent], columns)
    for code, name, access_codes, role in _TEMPLATES:
        number = _add_user(connection, root, code, name, "P", access_codes)
        role_id = next_id(connection, user_role)
        empty = dict.fromkeys(("archive_list", "journal_unit_list", "grade_list"), "")
        own = {"role_id": role_id, "user_id": number, "id": role, "department_list": str(root)}
        connection.execute(insert(user_role).values({**own, **empty}))
    _add_user(connection, root, "SYS-BYARK", "Byarkivet systembruker", "B", ("0",))
    for group in _GROUPS:
        number = next_id(connection, access_group)
        connection.execute(insert(access_group).values(id=number, general=True, from_date=_LONG_AGO, **group))
    for number, (name, description, sensitive) in enumerate(_ZONES, 1):
        zone = {"zone_id": number, "zone_name": name, "zone_description": description, "zone_priority": number}
        own = {"id": number, "reference_id": f"MILJO-{number}", "name": f"Websak {name.lower()}"}
        flags = {"zone_write_protected": False, "zone_is_sensitive": sensitive}
        connection.execute(insert(environment).values(own | zone | flags))
    setupapi.fill(connection, seed)


def _add_department(connection: Connection, parent: int | None, columns: dict[str, str]) -> int:
    number = next_id(connection, department)
    above = connection.execute(select(department.c.level).where(department.c.id == parent)).scalar()
    level = str(int(above) + 1) if above else "1"
    defaults = {"unit": "Avd", "level": level, "journal_unit_id": "1", "archive_unit": "1"}
    row: dict[str, Any] = defaults | columns
    row |= {"id": number, "parent_department_id": parent, "valid_from_date": _LONG_AGO}
    connection.execute(insert(department).values(row))
    return number


def _add_user(
    connection: Connection, home: int, code: str, name: str, user_type: str, access_codes: tuple[str, ...]
) -> int:
    number = next_id(connection, user)
    row = {
        "id": number,
        "code": code,
        "username": code.lower(),
        "user_type": user_type,
        "is_secondary_user": False,
        "external_id": f"00000000-0000-4000-8000-{number:012}",
        "access_template_id": "-1",
        "department_id": home,
        "name": name,
        "mail_addresses": "[]",
        "access_to_zones": "[]",
        "user_accesses": "[]",
        "access_codes": json.dumps(access_codes),
        "changed_at": _LONG_AGO,
    }
    connection.execute(insert(user).values(row))
    return number
