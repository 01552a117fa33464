"""Who administers, read over the User API, on both versions; and a reading that never ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

from websakctl.live import administrators
from websakctl.live.errors import NotAsAgreed
from websakctl.live.transport import Answer
from websakctl.model.address import Address
from websakctl.model.administrator import Administrator

UNIT = Address("org_unit", "frogner", "FR-OPPV")


@dataclass
class Pages:
    """A User API that has these users, a few on a page."""

    users: list[dict[str, Any]]
    size: int = 2
    ends: bool = True
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    def get(self, path: str, params: Mapping[str, Any]) -> Answer:
        assert path == "/api/Users"
        assert params["limit"] == 1000
        self.asked.append(params)
        assert len(self.asked) < 20
        start = params["offset"] if self.ends else 0
        rows = self.users[start : start + self.size]
        return Answer(status=200, body=rows, headers={}) if rows else Answer(status=204, body=None, headers={})


def user(number: int, **fields: Any) -> dict[str, Any]:
    return {"gidId": number, "code": f"U{number}", "active": True, "departmentId": "7", **fields}


def read(module: ModuleType, *users: dict[str, Any], **kwargs: Any) -> list[Administrator]:
    return list(module.read_administrators(Pages(list(users), **kwargs), {"7": UNIT}))


def as_the_new_version_says(module: ModuleType) -> None:
    yes, no = {"isSystemAdministrator": True}, {"isSystemAdministrator": False, "userAccessCodes": "0"}
    assert read(module, user(1, **yes), user(2, **no)) == [Administrator(code="U1", unit=UNIT)]
    assert read(module, user(1, **yes, active=False), user(2, **yes, active=None), user(3, **yes, active="true")) == []


def as_the_old_version_says(module: ModuleType) -> None:
    for codes in ("0", "10,0", "0,10", " 0 ,3", "10;0"):
        assert read(module, user(1, userAccessCodes=codes)) == [Administrator(code="U1", unit=UNIT)]
    for codes in ("", "10", "00", "10,20", None, "-0"):
        assert read(module, user(1, userAccessCodes=codes), user(2, userAccessCodes="10")) == []
    for functions in ([{"code": "0"}], [{"code": "3"}, {"code": 0}]):
        assert read(module, user(1, userAccessCodes="", userAccessFunctions=functions)) == [
            Administrator(code="U1", unit=UNIT)
        ]
    for functions in ([{"code": "1"}], [{}], None, ["0"]):
        assert read(module, user(1, userAccessFunctions=functions), user(2, userAccessCodes="10")) == []
    first_page = (user(1, userAccessCodes="0"), user(2, userAccessCodes="10"))
    assert read(module, *first_page, user(3)) == [Administrator(code="U1", unit=UNIT)]  # reported once is reported
    assert read(module, user(1, isSystemAdministrator=None, userAccessCodes="0")) == [
        Administrator(code="U1", unit=UNIT)
    ]


def where_they_belong(module: ModuleType) -> None:
    yes = {"isSystemAdministrator": True}
    assert read(module, user(1, **yes, departmentId=None)) == [Administrator(code="U1", unit=None)]
    assert read(module, user(1, **yes, departmentId="8")) == [Administrator(code="U1", unit=None)]
    assert read(module, user(1, **yes, departmentId=7)) == [Administrator(code="U1", unit=UNIT)]
    assert read(module, user(1, **yes, code=None)) == [Administrator(code="1", unit=UNIT)]


def page_after_page(module: ModuleType) -> None:
    users = [user(n, isSystemAdministrator=True) for n in range(1, 6)]
    result = read(module, *users, size=2)
    assert [a.code for a in result] == ["U1", "U2", "U3", "U4", "U5"]
    pages = Pages(users, size=2)
    module.read_administrators(pages, {})
    assert [p["offset"] for p in pages.asked] == [0, 2, 4, 5]
    assert read(module, *users[:2], users[0], size=2)[0].code == "U1"  # a row that came twice is one user
    assert len(read(module, *users[:2], users[0], size=3)) == 2


def pages_that_do_not_end(module: ModuleType) -> None:
    """A server that does not know ``offset`` answers the same page for ever."""
    with pytest.raises(NotAsAgreed, match="the pages do not go on"):
        read(module, user(1), user(2), ends=False)


PURE_CHECKS = (
    as_the_new_version_says,
    as_the_old_version_says,
    where_they_belong,
    page_after_page,
    pages_that_do_not_end,
)


@pytest.mark.parametrize("check", PURE_CHECKS, ids=lambda check: check.__name__)
def test_reading(check: Any) -> None:
    check(administrators)
