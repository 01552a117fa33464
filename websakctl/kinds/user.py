"""User (bruker): a person with a service need, made from the template user of a role."""

from typing import Annotated, Literal

from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import ConfigOnly, Kept, Key, Ref, Stepwise, Unique, WriteOnly
from websakctl.model.shape import Judged, Limits, Managed, Unfit
from websakctl.model.types import Name, Text
from websakctl.redaction import national_id_valid


def _national_id(text: str) -> str:
    if not (len(text) == 11 and text.isascii() and text.isdigit() and national_id_valid(text)):
        raise Unfit("national-id", "this is no national identity number: a digit is wrong or missing")
    return text


NationalId = Annotated[str, Judged(_national_id), Limits(schema={"pattern": "^[0-9]{11}$"})]


class Login(Managed):
    """A way to log in (userAccess): an identity provider's scheme, and the person's key there."""

    provider: Text = "AD"
    key: Text
    domain: Text | None = None


class RoleHeld(Managed):
    """Where a role of Websak holds for the user: ``own`` the user's unit, ``district`` its top unit, ``none`` no unit named."""

    units: Literal["own", "district", "none"] = "own"
    archives: list[Text] = []
    journal_units: list[Text] = []
    grades: list[Text] = []


class User(Named):
    """One user of a district; who is no longer listed is deactivated, never deleted."""

    code: Annotated[str, Key(), Limits(pattern=r"^[A-ZÆØÅ0-9][A-ZÆØÅ0-9._-]{0,29}$")]
    name: Name
    role: Annotated[str, Ref("user_role")]
    unit: Annotated[str, Ref("org_unit", same_scope=True)]
    title: Annotated[Text | None, Kept()] = None
    phone: Annotated[Text | None, Kept()] = None
    mobile: Annotated[Text | None, Kept()] = None
    username: Annotated[str | None, Kept(), Unique(), WriteOnly(needed=True), Limits(pattern=r"^[^\s]{1,100}$")] = None
    email: Annotated[
        str | None, Kept(), WriteOnly(needed=True), Limits(pattern=r"^[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+$")
    ] = None
    logins: Annotated[list[Login] | None, Kept(), WriteOnly(), Stepwise(), Limits(min_length=1)] = None
    zones: Annotated[list[int] | None, Kept(), WriteOnly()] = None  # unsaid, the role's
    national_no: Annotated[NationalId | None, Kept(), WriteOnly()] = None
    access_functions: Annotated[list[str] | None, Kept(), Stepwise()] = None  # unsaid, the role's; so below
    roles: Annotated[dict[str, RoleHeld] | None, Kept(), Stepwise()] = None
    groups: Annotated[list[str] | None, Kept(), Stepwise(), Ref("access_group")] = None
    district_groups: Annotated[list[str] | None, Kept(), Stepwise(), Ref("access_group", same_scope=True)] = None
    protected: Annotated[bool, ConfigOnly()] = False


KIND = Kind(
    name="user",
    plural="users",
    model=User,
    api=Api.USER,
    endpoint="users",
    scoping=Scoping.DISTRICT,
    on_removal=Removal.DEACTIVATE,
    title="user (bruker) of a district",
    renames=False,
    example="KARNOR: {name: Kari Nordmann, role: CASEWORKER, unit: OPPV, username: karnor, email: karnor@example.org}",
)
