"""What a department's fields are called, in answers and in requests of either version, and what a whole request holds."""

from collections.abc import Callable, Mapping
from typing import Any

from websakctl.live.adapter import text_or_none
from websakctl.live.decoding import Projection

# our field -> (name in answers and in v2 requests, name in v1 requests)
TEXTS = {
    "external_id": ("externalId", "externalID"),
    "name": ("name", "departmentName"),
    "abbreviation": ("abbreviation", "departmentShortName"),
    "unit_type": ("unit", "enhetstype"),
    "address": ("addr", "addr"),
    "address2": ("addr2", "addr2"),
    "postal_no": ("postalNo", "postalNo"),
    "contact": ("contact", "contact"),
    "phone": ("phone", "phone"),
    "visiting_address": ("visitingAddress", "visitingAddress"),
}
GROUPS = {"mail_group": "mailDistributionGroup", "admin_group": "localAdminAccessGroup"}  # ids of access groups
EMAILS = ("emails", "emails")
PARENT = ("parentDepartmentId", "departmentParentId")
MANAGER = ("managerUserId", "departmentHeadId")
NUMBER = "personalOrOrganizationNumber"
NEWER = frozenset({"visiting_address", "emails", *GROUPS})  # what only 3.3 takes
ONLY_READ = frozenset({"mail_group"})  # of these, what 3.0 reports all the same
LOOKED_AT = Projection(
    {
        "id",
        "code",
        "parentDepartmentId",
        "validToDate",
        "managerUserId",
        NUMBER,
        EMAILS[0],
        *GROUPS.values(),
        *(theirs for theirs, _ in TEXTS.values()),
    }
)
_ANSWERED = tuple((ours, names[0]) for ours, names in TEXTS.items())
_ANSWER_ONLY = frozenset(
    {
        "id",
        "validFromDate",
        "validToDate",
        "journalUnitId",
        "archiveUnit",
        "group",
        "level",
        "gidId",
        "intralink",
        "addr3",
        "addr4",
    }
)
_V1_TEXTS = {ours: names for ours, names in TEXTS.items() if ours not in NEWER}
_V1_ANSWER = _ANSWER_ONLY - {"addr3", "addr4"} | {
    *(new for new, _ in (*_V1_TEXTS.values(), PARENT, MANAGER)),
    "code",
    "mailDistributionGroup",
    "div2",
}  # what version 3.0 answers; anything more comes from a newer server
_NEVER_V1 = _ANSWER_ONLY | {"code", "unit", "emailAddr", "emailAddr2"}  # in no v1 request of any version
_V1_REQUEST = frozenset({"postalNo", "contact", "addr", "addr2", "phone"})  # the same name both ways, besides TEXTS


def reported(row: Any, group_name: Callable[[str], str]) -> dict[str, Any]:
    """What a row says in our fields, but for the parent.

    Args:
        row: As ``LOOKED_AT`` gives it.
        group_name: Gives the name of the access group with an id.
    """
    fields: dict[str, Any] = {
        ours: (value or None) if (value := getattr(row, theirs)) is None or type(value) is str else text_or_none(value)
        for ours, theirs in _ANSWERED
    }
    for ours, theirs in GROUPS.items():
        id_ = getattr(row, theirs)
        fields[ours] = group_name(str(id_)) if id_ not in (None, "", "0", 0) else None
    emails = row.emails
    fields["emails"] = [str(address) for address in emails if address] if isinstance(emails, list) else []
    return fields


def whole_request(
    raw: Mapping[str, Any],
    fields: Mapping[str, Any],
    *,
    version: str,
    id_of: Callable[[str, str | None], str],
    code: str | None = None,
) -> dict[str, Any]:
    """A whole department: as it was read, with the given fields put in. What is cleared is sent empty, not left out.

    Args:
        raw: What was read right before; empty for a new one.
        fields: Values by our names; ``manager`` is a user's id.
        version: Of the User API.
        id_of: Gives the server's id of the key that a field refers to.
        code: Of a new one.
    """
    new = version == "3.3"
    if new:
        body = {name: value for name, value in raw.items() if name not in _ANSWER_ONLY and value is not None}
        if code is not None:
            body["code"] = code
    else:
        body = {name: raw[name] for name in _V1_REQUEST if raw.get(name) is not None}
        body.update({v1: raw[v2] for v2, v1 in (*TEXTS.values(), PARENT, MANAGER) if raw.get(v2) is not None})
        if raw.keys() - _V1_ANSWER:  # a newer server would clear what a request of the old one does not name
            newer = (raw.keys() - _V1_ANSWER - _NEVER_V1) | {"mailDistributionGroup", "div2"}
            body.update({name: raw[name] for name in sorted(newer) if raw.get(name) is not None})
    for ours, value in fields.items():
        name = _name(ours, new)
        if ours == "parent" or (ours in GROUPS and value is not None):
            body[name] = id_of(ours, value)
        elif value is not None:
            body[name] = value
        elif raw.get(_name(ours, new=True)) not in (None, ""):
            body[name] = [] if ours == "emails" else ""
    return body


def _name(ours: str, new: bool) -> str:
    if ours in GROUPS:
        return GROUPS[ours]
    named = {"parent": PARENT, "manager": MANAGER, "emails": EMAILS}
    return (named.get(ours) or TEXTS[ours])[0 if new else 1]
