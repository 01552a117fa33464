"""What a department's fields are called: in the database, in an answer, in a request of either version."""

import re
from typing import Final

from websakctl.sandbox.settings import ApiVersion
from websakctl.sandbox.userapi import payload
from websakctl.sandbox.userapi.payload import Reader, Shape


def column(field: str) -> str:
    """Name the column that keeps the answer's ``field``."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", field).lower()


def words(text: str) -> tuple[str, ...]:
    """Take a long list of names apart."""
    return tuple(text.split())


# In an answer, in the order of the published models.
_OLD: Final = words(
    "id externalId code parentDepartmentId abbreviation name unit group validFromDate validToDate journalUnitId "
    "archiveUnit managerUserId level gidId mailDistributionGroup intralink div2 postalNo contact addr addr2 phone"
)
_NEW: Final = words(
    "div3 div4 div5 addr3 addr4 phone2 mobile place countryId emailAddr emailAddr2 emails title url visitingAddress "
    "personalOrOrganizationNumber localAdminAccessGroup distributionCase canPerformDisclosureReview "
    "textTemplateFromGidId"
)
ANSWER: Final[dict[ApiVersion, tuple[str, ...]]] = {"3.0": _OLD, "3.3": _OLD + _NEW}

# In a request of the first department routes: their own names, and fewer fields.
_V1_OLD: Final = {
    "departmentName": "name",
    "departmentShortName": "abbreviation",
    "departmentParentId": "parentDepartmentId",
    "departmentHeadId": "managerUserId",
    "externalID": "externalId",
    "enhetstype": "unit",
    **{field: field for field in ("postalNo", "contact", "addr", "addr2", "phone")},
}
# parentDepartmentId comes after its alias departmentParentId, and so wins over it.
_V1_NEW: Final = {
    field: field
    for field in words(
        "parentDepartmentId mailDistributionGroup div2 div3 div4 div5 phone2 mobile place countryId emails title url "
        "visitingAddress personalOrOrganizationNumber localAdminAccessGroup distributionCase "
        "canPerformDisclosureReview textTemplateFromGidId"
    )
}
V1_REQUEST: Final[dict[ApiVersion, dict[str, str]]] = {"3.0": _V1_OLD, "3.3": _V1_OLD | _V1_NEW}

# In a request of the second routes, where one model serves both ways.
_SERVERS_OWN: Final = words(
    "id validFromDate validToDate journalUnitId archiveUnit group level gidId intralink addr3 addr4"
)
_ONCE: Final = frozenset({"code", "unit"})
V2_CREATE: Final = tuple(field for field in ANSWER["3.3"] if field not in _SERVERS_OWN)
V2_UPDATE: Final = tuple(field for field in V2_CREATE if field not in _ONCE)

_READERS: Final[dict[str, Reader]] = {
    "emails": payload.list_of(payload.required_text),
    "canPerformDisclosureReview": payload.flag_or_null,
    "validFromDate": payload.moment,
    "validToDate": payload.moment,
}


def _reader(field: str) -> Reader:
    return _READERS.get(field, payload.text)


V1_SHAPE: Final[dict[ApiVersion, Shape]] = {
    version: {"departmentId": payload.text} | {name: _reader(field) for name, field in names.items()}
    for version, names in V1_REQUEST.items()
}
V2_SHAPE: Final[Shape] = {field: _reader(field) for field in ANSWER["3.3"]}
