"""User role (brukerrolle): what a user is made from, and what every user of the role may."""

from typing import Annotated, Literal

from websakctl.model.entry import Entry
from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import ConfigOnly, Key, Ref
from websakctl.model.patterns import matching
from websakctl.model.types import Name, Text


class RoleScope(Entry, frozen=True, kw_only=True):
    """Where a role of Websak holds: ``own`` the user's unit, ``district`` the district's top unit, ``none`` nowhere named."""

    units: Literal["own", "district", "none"] = "own"
    archives: list[Text] = []
    journal_units: list[Text] = []
    grades: list[Text] = []


class UserRole(Named, frozen=True, kw_only=True):
    """One role for all districts; what is omitted is as the template user gives it, and not compared."""

    code: Annotated[str, Key(), matching(r"[A-ZÆØÅ0-9-]{2,30}", "2 to 30 capitals, digits and hyphens")]
    name: Name
    template_id: Annotated[str, matching(r"[0-9]+", "digits")]  # Websak's id of the template user; the vendor gives it
    licences: Annotated[list[str], Ref(kind="licence")] = []  # pools in which one user of the role takes a seat
    access_functions: list[Annotated[str, matching(r"[^\s,;]+", "one word without commas and semicolons")]] | None = (
        None
    )
    roles: dict[str, RoleScope] | None = None  # Websak's role templates by id
    groups: Annotated[list[str] | None, Ref(kind="access_group")] = None
    district_groups: list[str] | None = None  # local keys: each district has its own
    zones: list[Text] | None = None  # by name, as GET /api/Zones has them
    aliases: list[Text] = []  # what HR files call it
    protected: Annotated[bool, ConfigOnly()] = False


KIND = Kind(
    name="user_role",
    plural="user_roles",
    model=UserRole,
    api=Api.CONFIG,
    endpoint="",
    scoping=Scoping.BASE,
    on_removal=Removal.MANUAL,
    title="role of users (brukerrolle) with its template user and licences",
    example='CASEWORKER: {name: Saksbehandler, template_id: "1", licences: [WEBSAK-PLUS], district_groups: [SAKSBEHANDLERE]}',
)
