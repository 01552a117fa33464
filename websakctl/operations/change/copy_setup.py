"""A live setup as a document that a sandbox makes a copy of."""

from collections.abc import Callable, Collection, Mapping
from itertools import count
from typing import Any

from msgspec.structs import replace

from websakctl.model.kind import Api, Kind, Scoping
from websakctl.model.resource import Resource, State
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.operations.change.read_users import KIND as USER
from websakctl.operations.change.read_users import roles_by_key, zones_of

UNIT, GROUP = "org_unit", "access_group"
ROOT = "1"  # id of the copy's root where the real one's is not known
FREE = 900_000  # ids from here on are given to what has none
ADMINISTRATION = "0"  # the access function that makes an administrator


def setup_document(
    inputs: ConfigInput, live: State, users: State, administrators: Collection[str], *, root_unit: str, root_id: str
) -> dict[str, Any]:
    """All that the tool knows of a Websak.

    Args:
        inputs: The config, for the template users and zones that roles name.
        live: The setup as it was read, or as a snapshot has it; what has no id gets one.
        users: All users, those that are in ``live`` included or not.
        administrators: Codes of users that administer.
        root_unit: External id of the root.
        root_id: The root's own id; empty: not known.
    """
    root = root_id or ROOT
    units = [r for a, r in live.items() if a.kind == UNIT]
    groups = [r for a, r in live.items() if a.kind == GROUP]
    people = {a.key: r for a, r in users.items()}
    for address, user in live.items():
        if address.kind == USER:
            tied = people[address.key].fields if address.key in people else {}
            people[address.key] = replace(user, fields={**tied, **user.fields})
    roles = roles_by_key(inputs)
    id_of = _numbered([*units, *groups, *people.values()])
    unit_ids = {r.address.key: id_of(r) for r in units}

    def place(key: str | None) -> str:
        """The id of a unit; empty: somebody put it under no unit at all, which the reader writes ``#``."""
        return root if key is None else unit_ids.get(key) or key.removeprefix("#")

    heads = {key: id_of(r) for r in people.values() for key in r.fields.get("manages") or ()}
    mail_groups = {r.address.key: r.fields.get("mail_group") for r in units}
    departments = [
        {**_department(r, id_of(r), place(r.fields.get("parent")) or None), "manager_user_id": heads.get(r.address.key)}
        for r in units
    ]
    secondary = {a.key for a, r in inputs.config.state.items() if a.kind == USER and r.fields.get("primary")}
    written = [
        {
            **_user(r, id_of(r), place, roles, administrators),
            "groups": _groups(r, mail_groups),
            "secondary": key in secondary,
        }
        for key, r in people.items()
    ]
    known = {root, *unit_ids.values()}
    outside = {row[n] for row in departments for n in ("parent",)} | {row["department"] for row in written}
    return {
        "departments": [
            {
                "id": root,
                "parent": None,
                "active": True,
                "external_id": root_unit,
                "code": root_unit,
                "name": root_unit,
            },
            *departments,
            *(
                {"id": id_, "parent": None, "active": True, "name": f"#{id_}"}
                for id_ in sorted(outside - known - {None})
            ),
        ],
        "zones": sorted(zones_of(inputs)),
        "groups": [{"id": id_of(r), "name": r.address.key, "active": r.active} for r in groups],
        "templates": [_template(id_, several, root) for id_, several in sorted(_by_template(roles).items())],
        "users": written,
        "setup": {
            name: [_setup_row(kind, r) for a, r in live.items() if a.kind == name]
            for name, kind in inputs.kinds.items()
            if kind.api is Api.SETUP
        },
    }


def _numbered(resources: list[Resource]) -> Callable[[Resource], str]:
    """The server's own ids where they are numbers, others where they are not known."""
    free = map(str, count(FREE))
    result: dict[int, str] = {}
    for resource in resources:
        own = resource.handle.id if resource.handle is not None else resource.address.key.removeprefix("#")
        result[id(resource)] = own if own.isascii() and own.isdigit() else next(free)
    return lambda resource: result[id(resource)]


def _department(unit: Resource, id_: str, parent: str | None) -> dict[str, Any]:
    key, external = unit.address.key, unit.fields.get("external_id")
    fields = {name: value for name, value in unit.fields.items() if name != "parent"}
    code = key if external is None and not key.startswith("#") else None
    return {**fields, "id": id_, "parent": parent, "active": unit.active, "code": code or external}


def _user(
    user: Resource,
    id_: str,
    place: Callable[[str | None], str],
    roles: Mapping[str, Mapping[str, Any]],
    administrators: Collection[str],
) -> dict[str, Any]:
    fields, key = user.fields, user.address.key
    functions = fields.get("access_functions")
    role = roles.get(fields.get("role") or "")
    return {
        "id": id_,
        "code": None if key.startswith("#") else key,
        "active": user.active,
        "department": place(fields.get("unit")) or None,
        "template": str(role["template_id"]) if role is not None else None,
        "functions": functions if functions is not None else [ADMINISTRATION] if key in administrators else [],
        "roles": [_role(name, scope, place) for name, scope in (fields.get("roles") or {}).items()],
        **{name: fields.get(name) for name in ("name", "title", "phone", "mobile", "email", "leave", "valid_from")},
    }


def _groups(user: Resource, mail_groups: Mapping[str, str | None]) -> list[str]:
    """The groups that a user is in, those that distribute a unit's mail among them."""
    fields = user.fields
    mail = (mail_groups.get(key) for key in fields.get("distributes") or ())
    return list(
        dict.fromkeys((*(fields.get("groups") or ()), *(fields.get("district_groups") or ()), *filter(None, mail)))
    )


def _role(name: str, scope: Mapping[str, Any], place: Callable[[str | None], str]) -> dict[str, str]:
    return {
        "id": name,
        "department_list": ",".join(place(key) for key in scope["units"]),
        "archive_list": ",".join(scope["archives"]),
        "journal_unit_list": ",".join(scope["journal_units"]),
        "grade_list": ",".join(scope["grades"]),
    }


def _by_template(roles: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    result: dict[str, list[Mapping[str, Any]]] = {}
    for fields in roles.values():
        result.setdefault(str(fields["template_id"]), []).append(fields)
    return result


def _template(id_: str, roles: list[Mapping[str, Any]], root: str) -> dict[str, Any]:
    """A template user as its role says it is: what Websak's own gives besides is not known."""
    functions = roles[0].get("access_functions") or []
    return {
        "id": id_,
        "code": f"MAL-{id_}"[:10],
        "name": f"Mal {id_}",
        "active": True,
        "department": root,
        "functions": functions,
    }


def _setup_row(kind: Kind, resource: Resource) -> dict[str, Any]:
    district = {"district": resource.address.scope} if kind.scoping is Scoping.DISTRICT else {}
    return {**resource.fields, kind.key_field: resource.address.key, "active": resource.active, **district}
