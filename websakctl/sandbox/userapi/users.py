"""The routes of users: lists and reads, create and replace, activation."""

import re
from datetime import date
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import Connection, Row, select
from starlette.responses import Response

from websakctl.sandbox.database import user
from websakctl.sandbox.settings import ApiVersion
from websakctl.sandbox.userapi import user_register as register
from websakctl.sandbox.userapi.access_groups import default_lookup
from websakctl.sandbox.userapi.answers import Refused, Unreadable, answer, nothing
from websakctl.sandbox.userapi.payload import key, read_object
from websakctl.sandbox.userapi.routing import Call, Operation

CAP: Final = 3  # rows of a page, for the quirk that caps them


def operations(version: ApiVersion) -> list[Operation]:
    """List the routes."""
    base, one, v2 = "/api/Users", "/api/Users/{id}", "/api/v2/users/{userGidId}/activation"
    successor = "/api/v2/users/{id}/activation" if version == "3.3" else None
    listed = [
        Operation(method="GET", path=base, handler=list_page),
        Operation(
            method="POST",
            path=base,
            handler=create_or_replace,
            body=True,
            problems=False,
            refuses=(400, 409) if version == "3.3" else (),
        ),
        Operation(method="GET", path=f"{base}/changes/{{fromDate}}", handler=list_changed),
        Operation(method="GET", path=one, handler=read),
        Operation(method="PUT", path=one, handler=write_over, body=True, problems=False),
        Operation(method="GET", path=f"{one}/Activate", handler=activate, problems=False, successor=successor),
        Operation(method="GET", path=f"{one}/Deactivate", handler=deactivate, problems=False, successor=successor),
    ]
    if version == "3.3":
        listed.append(Operation(method="PUT", path=v2, handler=activate, problems=False))
        listed.append(Operation(method="DELETE", path=v2, handler=deactivate, problems=False))
    return listed


def list_page(call: Call) -> Response:
    """List users from ``offset`` on; an empty page has no body."""
    limit, offset = call.whole_number("limit", 100), call.whole_number("offset", 0)
    for name, value in (("limit", limit), ("offset", offset)):
        if value < 0:
            raise Unreadable(name, "This cannot be less than nothing.")
    filled = _filled(call)
    if call.plays("capped-pages"):
        limit = min(limit, CAP)
    order = user.c.id.desc() if call.plays("any-order") else user.c.id
    with call.database.read() as connection:
        rows = connection.execute(register.USERS.order_by(None).order_by(order).limit(limit).offset(offset)).all()
        result = [register.answered(connection, row, call.version, filled) for row in rows]
    return answer(result) if result else nothing(204)


def _filled(call: Call) -> register.Filled:
    """Say which parts of a user the request asks for; nothing that is not asked for is filled in."""
    return register.Filled(
        mail=call.flag("includeEmailAddresses", default=False),
        functions=call.flag("includeUserAccess", default=False) or call.plays("functions-told"),
        roles=call.flag("includeRoles", default=False),
        asleep=call.plays("starts-inactive"),
    )


def list_changed(call: Call) -> Response:
    """List users changed on a day or after it.

    Raises:
        Refused: 400 for no date, 404 for no changes.
    """
    given = call.path["fromDate"]
    try:
        day = date.fromisoformat(given) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given) else None
    except ValueError:
        day = None
    if day is None:
        raise Refused(400, "A date is expected, as YYYY-MM-DD.")
    with call.database.read() as connection:
        rows = connection.execute(register.USERS.where(user.c.changed_at >= given)).all()
        if not rows:
            raise Refused(404, "No user has changed since then.")
        result = [register.answered(connection, row, call.version, _unasked(call)) for row in rows]
    return answer(call.listed(result))


def _unasked(call: Call) -> register.Filled:
    """Say what is filled in where the request has no way to ask."""
    return register.Filled(functions=call.plays("functions-told"), asleep=call.plays("starts-inactive"))


def read(call: Call) -> Response:
    """Answer one user."""
    filled = _filled(call)
    if call.plays("mail-withheld"):
        filled = replace(filled, mail=False)
    with call.database.read() as connection:
        result = register.find_user(connection, call.path["id"], call.query.get("lookupField", "Id"))
        return answer(register.answered_alone(connection, result.id, call.version, filled))


def create_or_replace(call: Call) -> Response:
    """Make a user, or write over the one that is there already.

    Raises:
        Refused: 409 for one that is there already, in the newer version, unless the caller has asked for the update.
    """
    values = read_object(call.body, register.SHAPE[call.version])
    refuse_existing = call.flag("feilVedEksisterende", default=True) if call.version == "3.3" else False
    with call.database.write() as connection:
        secondary = bool(values.get("isSecondaryUser"))
        if secondary:
            _require_one_primary(connection, values)
        old = _existing(connection, values)
        if old is not None and refuse_existing:
            raise Refused(409, "The user is there already.")
        if old is not None:
            register.replace(connection, call.settings, old, values, all_of_it=True)
            number, status = old.id, 200
        else:
            if call.version == "3.3" and not secondary:
                _require_login(values)
            number, status = register.create(connection, call.settings, values), 201
        created = register.answered_alone(connection, number, call.version, _unasked(call))
    return answer(created, status, {"Location": f"/api/Users/{number}"})


def write_over(call: Call) -> Response:
    """Write the whole request over a user; the body says how the id in the path is meant."""
    values = read_object(call.body, register.SHAPE[call.version])
    with call.database.write() as connection:
        old = register.find_user(connection, call.path["id"], values.get("lookupField") or "Id")
        register.replace(connection, call.settings, old, values, all_of_it=False)
        return answer(register.answered_alone(connection, old.id, call.version, _unasked(call)))


def activate(call: Call) -> Response:
    """Take the end date away."""
    return _set_active(call, active=True)


def deactivate(call: Call) -> Response:
    """Set the end date to yesterday."""
    return _set_active(call, active=False)


def _set_active(call: Call, *, active: bool) -> Response:
    with call.database.write() as connection:
        if "userGidId" in call.path:
            result = register.find_user(connection, call.path["userGidId"], "gidid")
        else:
            lookup = call.query.get("lookupField", default_lookup(call.version))
            result = register.find_user(connection, call.path["id"], lookup)
        register.set_active(connection, result, active=active)
    return answer(f"{register.user_key(result)} is {'active' if active else 'no longer active'}.")


def _existing(connection: Connection, values: dict[str, Any]) -> Row[Any] | None:
    """Find the user that a POST is about: by code if it says so, else by id, else by login."""
    lookup = values.get("lookupField") or "Id"
    if lookup.lower() == "code":
        return register.look_up(connection, values.get("code"), "Code")
    return register.look_up(connection, values.get("id") or values.get("username"), "Id")


def _require_login(values: dict[str, Any]) -> None:
    if values.get("userType") != register.TEMPLATE and not (key(values.get("username")) or values.get("userAccesses")):
        raise Refused(400, "A user needs a way to log in: username or userAccesses.")


def _require_one_primary(connection: Connection, values: dict[str, Any]) -> None:
    """Let a secondary user in only beside one active primary user with the same mail address."""
    addresses: list[str] = values.get("mailAddresses") or []
    if not addresses or key(values.get("username")) or values.get("userAccesses"):
        raise Refused(400, "A secondary user has a mail address and no way to log in.")
    same = (user.c.primary_mail == register.fold_mail(addresses[0])) & user.c.is_secondary_user.is_(False)
    primary = [row for row in connection.execute(select(user).where(same)) if register.is_active(row)]
    if not primary:
        raise Refused(400, "No active user has this as first mail address.")
    if len(primary) > 1:
        raise Refused(409, f"{len(primary)} active users have this as first mail address.")
