"""What this client uses of the User API: operations, query parameters, and fields that it sends and reads, by version."""

import re
from collections.abc import Iterable, Mapping

import msgspec

from websakctl.live.department_fields import EMAILS, GROUPS, MANAGER, NEWER, PARENT, TEXTS

Types = Mapping[str, str]  # JSON types by field


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """One operation; ``values``: what is sent where a document may list the values that it takes."""

    operation: str
    query: tuple[str, ...] = ()
    sends: Types = {}
    reads: Types = {}
    values: Mapping[str, tuple[str, ...]] = {}


def _texts(names: Iterable[str] | str) -> dict[str, str]:
    """Fields that are texts: a list, or names with blanks between them."""
    return dict.fromkeys(names.split() if isinstance(names, str) else names, "string")


_USER = _texts(
    "nationalNo code name title countryId postalNo contact addr addr2 addr3 addr4 phone phone2 mobile emailAddr emailAddr2 "
    "languageId accountNumber note place municipalityNo visitingAddress misc1 misc2 misc3 misc4 misc5 leaveFrom leaveTo "
    "categoryId username userType externalDepartmentId accessTemplateId lookupField"
) | {"mailAddresses": "array", "userAccesses": "array", "accessToZones": "array"}
_USER_33 = _USER | {
    **_texts(("defaultArchiveSectionId", "defaultDepartmentId", "defaultJournalUnit", "validFrom")),
    "isSecondaryUser": "boolean",
}
_USER_ROW = _texts(
    "gidId code name title phone mobile departmentId accessTemplateId userAccessCodes emailAddr emailAddr2 leaveFrom leaveTo"
) | {"active": "boolean", "userAccessFunctions": "array"}
_USER_ROW_33 = _USER_ROW | {"validFrom": "string", "availableZones": "array", "isSystemAdministrator": "boolean"}
_UNIT_ROW = _texts(
    ["id", "code", "validToDate", PARENT[0], MANAGER[0], GROUPS["mail_group"]]
    + [theirs for ours, (theirs, _) in TEXTS.items() if ours not in NEWER]
)
_UNIT_ROW_33 = _UNIT_ROW | {
    **_texts([*GROUPS.values(), *(theirs for theirs, _ in TEXTS.values()), "personalOrOrganizationNumber"]),
    EMAILS[0]: "array",
}
_UNIT = _texts([PARENT[1], MANAGER[1], *(v1 for ours, (_, v1) in TEXTS.items() if ours not in NEWER)])
_UNIT_33 = _texts([PARENT[0], MANAGER[0], *GROUPS.values(), *(v2 for v2, _ in TEXTS.values())]) | {EMAILS[0]: "array"}
_GROUP_ROW = _texts(("groupId", "groupName", "toDate"))
_ROLE = _texts(("id", "departmentList", "archiveList", "journalUnitList", "gradeList"))
_ASKED = ("includeEmailAddresses", "includeUserAccess")
_BY_ID = ("lookupField",)

_BOTH = (
    Use(operation="GET /api/info"),
    Use(operation="GET /api/AccessGroups", reads=_GROUP_ROW),
    Use(operation="POST /api/AccessGroups", sends={"groupName": "string"}, reads={"groupId": "string"}),
    Use(operation="GET /api/Zones", reads={"id": "integer", "zone": "object"}),
    Use(operation="GET /api/Users/{userId}/roles", reads=_ROLE | {"roleId": "string"}),
    Use(operation="POST /api/Users/{userId}/roles", sends=_ROLE),
    Use(operation="DELETE /api/Users/{userId}/roles/{roleId}"),
    Use(operation="PUT /api/Users/{userId}/accesscodes", sends={"codes": "array"}),
    Use(operation="GET /api/Users/{id}/AccessGroupMembership", query=_BY_ID, reads={"groupId": "string"}),
)
USED: Mapping[str, tuple[Use, ...]] = {
    "3.0": (
        *_BOTH,
        Use(operation="GET /api/Departments"),
        Use(operation="GET /api/Departments/flat", reads=_UNIT_ROW),
        Use(operation="GET /api/Departments/{id}", reads=_UNIT_ROW),
        Use(operation="GET /api/Departments/external/{externalId}", reads=_UNIT_ROW),
        Use(operation="POST /api/Departments", sends=_UNIT, reads={"id": "string"}),
        Use(operation="PUT /api/Departments/{id}", sends=_UNIT),
        Use(operation="GET /api/Departments/{id}/activate"),
        Use(operation="GET /api/Departments/{id}/deactivate"),
        Use(operation="GET /api/Users", query=("limit", "offset", *_ASKED), reads=_USER_ROW),
        Use(operation="GET /api/Users/changes/{fromDate}", reads={"gidId": "string"}),
        Use(operation="GET /api/Users/{id}", query=(*_BY_ID, *_ASKED), reads=_USER_ROW),
        Use(operation="POST /api/Users", sends=_USER, reads={"gidId": "string"}, values={"userType": ("B",)}),
        Use(operation="PUT /api/Users/{id}", sends=_USER, reads={"gidId": "string"}, values={"userType": ("B",)}),
        Use(operation="GET /api/Users/{id}/Activate", query=_BY_ID),
        Use(operation="GET /api/Users/{id}/Deactivate", query=_BY_ID),
        Use(operation="GET /api/Users/{id}/AddUserToAccessGroup/{accessGroupId}", query=_BY_ID),
        Use(operation="GET /api/Users/{id}/RemoveUserFromAccessGroup/{accessGroupId}", query=_BY_ID),
        Use(operation="GET /api/Users/{id}/AddUserAsPostDistributor/{orgUnitId}", query=_BY_ID),
        Use(operation="GET /api/Users/{id}/RemoveUserAsPostDistributor/{orgUnitId}", query=_BY_ID),
    ),
    "3.3": (
        *_BOTH,
        Use(operation="GET /api/v2/departments/flat", reads=_UNIT_ROW_33),
        Use(operation="GET /api/v2/departments/{id}", reads=_UNIT_ROW_33),
        Use(operation="GET /api/v2/departments/external/{externalId}", reads=_UNIT_ROW_33),
        Use(operation="POST /api/v2/departments", sends=_UNIT_33 | {"code": "string"}, reads={"id": "string"}),
        Use(operation="PUT /api/v2/departments/{id}", sends=_UNIT_33),
        Use(operation="PUT /api/v2/departments/{departmentId}/activation"),
        Use(operation="DELETE /api/v2/departments/{departmentId}/activation"),
        Use(operation="PUT /api/v2/departments/external/{orgUnitId}/post-distributors/{userGidId}"),
        Use(operation="DELETE /api/v2/departments/external/{orgUnitId}/post-distributors/{userGidId}"),
        Use(operation="GET /api/AccessGroups/members/{id}"),
        Use(operation="PUT /api/v2/accessgroups/{accessGroupId}/members/{userGidId}"),
        Use(operation="DELETE /api/v2/accessgroups/{accessGroupId}/members/{userGidId}"),
        Use(operation="GET /api/Users", query=("limit", "offset", *_ASKED), reads=_USER_ROW_33),
        Use(operation="GET /api/Users/changes/{fromDate}", reads={"gidId": "string"}),
        Use(operation="GET /api/Users/{id}", query=(*_BY_ID, *_ASKED), reads=_USER_ROW_33),
        Use(
            operation="POST /api/Users",
            query=("feilVedEksisterende",),
            sends=_USER_33,
            reads={"gidId": "string"},
            values={"userType": ("B",)},
        ),
        Use(operation="PUT /api/Users/{id}", sends=_USER_33, reads={"gidId": "string"}, values={"userType": ("B",)}),
        Use(operation="PUT /api/v2/users/{userGidId}/activation"),
        Use(operation="DELETE /api/v2/users/{userGidId}/activation"),
        Use(operation="GET /api/Users/{id}/useraccesses"),
        Use(operation="PUT /api/Users/{id}/useraccesses"),
        Use(operation="GET /api/Admin/availableidentityproviders", reads={"scheme": "string"}),
    ),
}
# Published operations that this client has no use for; what is neither used nor here is new.
_OTHERS = """
GET /api/AccessGroups/{id}|DELETE /api/AccessGroups/{groupId}/members/{userGidId}|GET /api/Admin/departmentcount
GET /api/Admin/generalaccessgroupcount|GET /api/Admin/usercount|GET /api/v2/departments
GET /api/Users/{id}/AddUserToAccessGroupByGroupName/{accessGroupName}
GET /api/Users/{id}/RemoveUserFromAccessGroupName/{accessGroupName}
DELETE /api/Users/{userId}/accesscodes|POST /api/Users/{userId}/accesscodes
DELETE /api/v2/accessgroups/by-name/{accessGroupName}/members/{userGidId}
PUT /api/v2/accessgroups/by-name/{accessGroupName}/members/{userGidId}
GET /api/v2/departments/{id}/activate|GET /api/v2/departments/{id}/deactivate
"""
# An alias of a whole route, and what the vendor's document holds for others than administrators.
_PASSED_OVER = re.compile(
    r"[A-Z]+ /api/(v2/DepartmentsV2|Identities|AccessGroups/.*/(cases|journals))\b", re.IGNORECASE
)


def normal(operation: str) -> str:
    """An operation without the names of its parameters, which may change at any time."""
    return re.sub(r"\{[^}]*\}", "{}", operation)


KNOWN = frozenset(
    map(normal, [*(use.operation for uses in USED.values() for use in uses), *re.split(r"[|\n]", _OTHERS.strip())])
)


def is_known(operation: str) -> bool:
    """Whether an operation is used, or is known not to be of use."""
    return normal(operation) in KNOWN or _PASSED_OVER.match(operation) is not None
