"""The register of users: how one is found, what may be written, and how it reads."""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from websakctl.sandbox.database import department, next_id, now, record_effect, user, user_role
from websakctl.sandbox.settings import ApiVersion, Settings
from websakctl.sandbox.userapi import payload, zones
from websakctl.sandbox.userapi.answers import Refused
from websakctl.sandbox.userapi.department_fields import column, words
from websakctl.sandbox.userapi.payload import Reader, Shape

NO_TEMPLATE: Final = "-1"
ORDINARY: Final = "B"
TEMPLATE: Final = "P"

# Kept and answered under the same name, and written by every POST and PUT: what a request leaves out is cleared.
_PROFILE: Final = words(
    "nationalNo code name title countryId postalNo contact addr addr2 addr3 addr4 phone phone2 mobile emailAddr "
    "emailAddr2 languageId accountNumber note place municipalityNo visitingAddress misc1 misc2 misc3 misc4 misc5 "
    "leaveFrom leaveTo categoryId"
)
_PROFILE_NEW: Final = ("defaultArchiveSectionId", "defaultDepartmentId", "defaultJournalUnit", "validFrom")
PROFILE: Final[dict[ApiVersion, tuple[str, ...]]] = {"3.0": _PROFILE, "3.3": _PROFILE + _PROFILE_NEW}

ACCESS_SHAPE: Final[Shape] = {
    "id": payload.integer,  # the server's own: read, and passed over
    "domain": payload.text,
    "provider": payload.text,
    "key": payload.text,
    "isPrimary": payload.flag,
}
_FUNCTION_SHAPE: Final[Shape] = {
    "id": payload.integer,
    "code": payload.text,
    "name": payload.text,
    "description": payload.text,
}
_ROLE_SHAPE: Final[Shape] = dict.fromkeys(
    words("roleId roleUserId departmentList archiveList journalUnitList gradeList id description"), payload.text
)
_MOMENTS: Final = frozenset({"leaveFrom", "leaveTo", "validFrom"})
_REST: Final[dict[str, Reader]] = {
    "username": payload.text,
    "externalDepartmentId": payload.text,
    "departmentCode": payload.text,
    "departmentId": payload.text,
    "mailAddresses": payload.list_of(payload.required_text),
    "id": payload.text,
    "lookupField": payload.text,
    "userType": payload.text,
    "userAccesses": payload.list_of(payload.object_of(ACCESS_SHAPE)),
    "accessToZones": payload.list_of(payload.integer),
    "accessTemplateId": payload.text,
    # These are read and passed over: each has routes of its own.
    "userAccessCodes": payload.text,
    "userAccessFunctions": payload.list_of(payload.object_of(_FUNCTION_SHAPE)),
    "userRoles": payload.list_of(payload.object_of(_ROLE_SHAPE)),
}


def _shape(version: ApiVersion) -> Shape:
    profile = {name: payload.moment if name in _MOMENTS else payload.text for name in PROFILE[version]}
    newer: dict[str, Reader] = {"isSecondaryUser": payload.flag} if version == "3.3" else {}
    return profile | _REST | newer


SHAPE: Final[dict[ApiVersion, Shape]] = {"3.0": _shape("3.0"), "3.3": _shape("3.3")}

Values = Mapping[str, Any]


def find_user(connection: Connection, given: str, lookup: str) -> Row[Any]:
    """Find a user by ``Code``, by ``gidid``, or (``Id``, and anything else) by GID id or login.

    Raises:
        Refused: 404, there is none.
    """
    result = look_up(connection, given, lookup)
    if result is None:
        raise Refused(404, "There is no such user.")
    return result


def look_up(connection: Connection, given: str | None, lookup: str | None) -> Row[Any] | None:
    """Find a user like ``find_user``, or None."""
    requested = payload.key(given)
    if requested is None:
        return None
    field = (lookup or "").lower()
    if field == "code":
        return connection.execute(select(user).where(user.c.code == requested).order_by(user.c.id)).first()
    number = payload.internal_id(requested)
    result = connection.execute(select(user).where(user.c.id == number)).first() if number is not None else None
    if result is None and field != "gidid":
        result = connection.execute(select(user).where(user.c.username == requested).order_by(user.c.id)).first()
    return result


def user_key(result: Row[Any]) -> str:
    """Give a user's code, else the GID id."""
    return result.code or str(result.id)


def create(connection: Connection, settings: Settings, values: Values) -> int:
    """Make a user of ``values``, with the roles and access functions of the template.

    Raises:
        Refused: The template does not exist (400), or the code or login is taken (409).
    """
    number = next_id(connection, user)
    template = _template(connection, values.get("accessTemplateId"))
    new = _profile(settings, values) | _zones(values) | _logins(values)
    new["is_secondary_user"] = values.get("isSecondaryUser", False)
    new["code"] = new["code"] or _code(settings, new["username"]) or f"B{number}"
    _require_unused(connection, new, number, status=409)
    new |= {
        "id": number,
        "external_id": str(uuid.uuid4()),
        "access_template_id": payload.key(values.get("accessTemplateId")) or NO_TEMPLATE,
        "department_id": _department(connection, values, template),
        "access_codes": template.access_codes if template else "[]",
        "changed_at": now(),
    }
    connection.execute(insert(user).values(new))
    if template:
        _copy_roles(connection, template.id, number)
    record_effect(connection, "user.create", "user", new["code"])
    return number


def replace(connection: Connection, settings: Settings, old: Row[Any], values: Values, *, all_of_it: bool) -> None:
    """Write ``values`` over a user; what they leave out is cleared.

    Args:
        connection: The writing transaction.
        settings: The server's.
        old: The user as it stands.
        values: The request.
        all_of_it: Write the login mappings too, as a POST does; a PUT does so on 3.0 only.

    Raises:
        Refused: 400, the template does not exist, or the code or login is another user's.
    """
    template = _template(connection, values.get("accessTemplateId"))
    new = _profile(settings, values)
    if all_of_it or "zones-kept" not in settings.quirks or values.get("accessToZones"):
        new |= _zones(values)
    erasing = settings.api_version == "3.0" and ("logins-kept" not in settings.quirks or values.get("userAccesses"))
    if all_of_it or erasing:
        new |= _logins(values)
    _require_unused(connection, new, old.id, status=400)
    new |= {
        "access_template_id": payload.key(values.get("accessTemplateId")),
        "department_id": _department(connection, values, template),
        "changed_at": now(),
    }
    moved = new["department_id"] != old.department_id or new["access_template_id"] != old.access_template_id
    if template and moved:
        new["access_codes"] = template.access_codes
        connection.execute(delete(user_role).where(user_role.c.user_id == old.id))
        _copy_roles(connection, template.id, old.id)
    connection.execute(update(user).where(user.c.id == old.id).values(new))
    record_effect(connection, "user.update", "user", new["code"] or user_key(old))


def set_active(connection: Connection, result: Row[Any], *, active: bool) -> None:
    """Take the end date away, or set it to yesterday."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d")
    change = {"expires_on": None if active else yesterday, "changed_at": now()}
    connection.execute(update(user).where(user.c.id == result.id).values(change))
    operation = "user.activate" if active else "user.deactivate"
    record_effect(connection, operation, "user", user_key(result))


def change(connection: Connection, result: Row[Any], operation: str, values: Mapping[str, Any]) -> None:
    """Write columns of a user and note ``operation``."""
    connection.execute(update(user).where(user.c.id == result.id).values(**values, changed_at=now()))
    record_effect(connection, operation, "user", user_key(result))


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of an answered user that are filled in only on demand."""

    mail: bool = False
    functions: bool = False
    roles: bool = False
    asleep: bool = False  # who starts later is answered as not active


def answered(connection: Connection, result: Row[Any], version: ApiVersion, filled: Filled) -> dict[str, Any]:
    """Give a user as it is answered: without all that can only be written, and without what was not asked for.

    Args:
        connection: A transaction, to read the roles in.
        result: A row of ``USERS``.
        version: The version that answers.
        filled: What to fill in.
    """
    row, mail = result._mapping, filled.mail
    codes: list[str] = json.loads(row["access_codes"])
    fields: dict[str, Any] = {name: row[column(name)] for name in PROFILE[version]}
    addresses: list[str] = json.loads(row["mail_addresses"]) if mail else []
    fields |= {
        "gidId": str(row["id"]),
        "externalUsername": None,
        "active": is_active(result) and not (filled.asleep and (row["valid_from"] or "")[:10] > now()[:10]),
        "orgUnitId": row["department_external_id"],
        "userRequestJsonString": None,
        "accessTemplateId": row["access_template_id"],
        "emailAddr": (addresses[0] if addresses else row["email_addr"]) if mail else None,
        "emailAddr2": (addresses[1] if len(addresses) > 1 else row["email_addr2"]) if mail else None,
        "departmentId": None if row["department_id"] is None else str(row["department_id"]),
        "departmentCode": row["department_abbreviation"],
        "userAccessCodes": ",".join(codes) if filled.functions else None,
        "userAccessFunctions": _functions(codes) if filled.functions else None,
        # The newer version returns no roles at all, though it takes the parameter.
        "userRoles": _roles(connection, row["id"]) if filled.roles and version == "3.0" else None,
    }
    if version == "3.3":
        administers = filled.functions and "0" in codes  # made from the functions, and so as empty as they are
        fields |= {"externalId": row["external_id"], "isSystemAdministrator": administers, "availableZones": None}
    return fields


def _functions(codes: list[str]) -> list[dict[str, Any]]:
    return [{"id": number, "code": code, "name": code, "description": None} for number, code in enumerate(codes, 1)]


def _roles(connection: Connection, number: int) -> list[dict[str, Any]]:
    rows = connection.execute(select(user_role).where(user_role.c.user_id == number).order_by(user_role.c.role_id))
    own = {"roleId": "role_id", "roleUserId": "user_id", "id": "id", "description": "description"}
    lists = {name: column(name) for name in words("departmentList archiveList journalUnitList gradeList")}
    return [
        {name: None if (value := row[kept]) is None else str(value) for name, kept in (own | lists).items()}
        for row in rows.mappings()
    ]


def answered_alone(connection: Connection, number: int, version: ApiVersion, filled: Filled) -> dict[str, Any]:
    """Give one user as a single read answers it, zones and all."""
    row = connection.execute(USERS.where(user.c.id == number)).one()
    fields = answered(connection, row, version, filled)
    if version == "3.3":
        fields["availableZones"] = zones.zones_of(connection, json.loads(row.access_to_zones))
    return fields


def is_active(result: Row[Any]) -> bool:
    """Tell whether the last day of a user is still to come, or today."""
    last_day: str | None = result.expires_on
    return last_day is None or last_day >= now()[:10]


# Users with the department they are in.
USERS: Final = (
    select(
        user,
        department.c.external_id.label("department_external_id"),
        department.c.abbreviation.label("department_abbreviation"),
    )
    .join_from(user, department, department.c.id == user.c.department_id, isouter=True)
    .order_by(user.c.id)
)


def fold_mail(address: str) -> str:
    """Make addresses that mean the same box equal."""
    return address.strip().casefold()


def _profile(settings: Settings, values: Values) -> dict[str, Any]:
    """Give every column that a POST and a PUT write, None where the request is silent."""
    new: dict[str, Any] = {column(name): values.get(name) for name in PROFILE[settings.api_version]}
    addresses: list[str] = values.get("mailAddresses") or []
    new["name"] = payload.name(new["name"], settings.name_limit)
    new["code"] = _code(settings, new["code"])
    new |= {
        "username": payload.key(values.get("username")),
        "user_type": payload.key(values.get("userType")) or ORDINARY,
        "mail_addresses": json.dumps(addresses),
        "primary_mail": fold_mail(addresses[0]) if addresses else None,
    }
    return new


def _code(settings: Settings, given: str | None) -> str | None:
    """Read a user's code.

    Raises:
        Refused: 400, it is longer than the column.
    """
    code = payload.key(given)
    if code is None or len(code) <= settings.code_limit:
        return code
    if "codes-cut" in settings.quirks:
        return code[: settings.code_limit]
    raise Refused(400, f"The code of a user has at most {settings.code_limit} characters.")


def _zones(values: Values) -> dict[str, Any]:
    """Give the column of zones; none named is the database's default."""
    return {"access_to_zones": json.dumps(values.get("accessToZones") or [])}


def _logins(values: Values) -> dict[str, Any]:
    """Give the column of login mappings."""
    accesses = [with_access_defaults(access) for access in values.get("userAccesses") or []]
    return {"user_accesses": json.dumps(accesses)}


def with_access_defaults(access: Values) -> dict[str, Any]:
    """Complete a login mapping."""
    return {
        "domain": access.get("domain"),
        "provider": access.get("provider") or "AD",
        "key": access.get("key"),
        "isPrimary": access.get("isPrimary", True),
    }


def _template(connection: Connection, given: str | None) -> Row[Any] | None:
    requested = payload.key(given)
    if requested in (None, NO_TEMPLATE):
        return None
    result = look_up(connection, requested, "gidid")
    if result is None or result.user_type != TEMPLATE:
        raise Refused(400, "There is no such template user.")
    return result


def _department(connection: Connection, values: Values, template: Row[Any] | None) -> int | None:
    """Choose the department: the code wins over the external id; one that is unknown gives way to the template's."""
    code, external = payload.key(values.get("departmentCode")), payload.key(values.get("externalDepartmentId"))
    if code is not None:
        # Sources differ on which of the two codes is meant; most departments have the same in both.
        matches = [department.c.abbreviation == code, department.c.code == code]
    elif external is not None:
        matches = [department.c.external_id == external]
    else:
        number = payload.internal_id(values.get("departmentId"))
        matches = [department.c.id == number] if number is not None else []
    for match in matches:
        result = connection.execute(select(department.c.id).where(match).order_by(department.c.id)).scalar()
        if result is not None:
            return int(result)
    return template.department_id if template else None


def _require_unused(connection: Connection, new: Values, number: int, *, status: int) -> None:
    for name in ("code", "username"):
        taken = select(user.c.id).where(user.c[name] == new[name], user.c.id != number)
        if new[name] is not None and connection.execute(taken).first() is not None:
            raise Refused(status, f"Another user has this {name}.")


def _copy_roles(connection: Connection, source: int, target: int) -> None:
    roles = connection.execute(select(user_role).where(user_role.c.user_id == source).order_by(user_role.c.role_id))
    for role in roles.mappings().all():
        number = next_id(connection, user_role)
        connection.execute(insert(user_role).values({**role, "role_id": number, "user_id": target}))
