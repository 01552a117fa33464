"""User (bruker): a person with a service need, made from the template user of a role."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta

from websakctl.model.entry import Entry
from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import Check, ConfigOnly, Essential, Held, Kept, Key, Ref, Stepwise, Unique, WriteOnly
from websakctl.model.patterns import matching
from websakctl.model.types import Email, IsoDate, Name, Text
from websakctl.redaction import national_id_valid


def _national_id_problem(text: str) -> str | None:
    if len(text) == 11 and text.isascii() and text.isdigit() and national_id_valid(text):
        return None
    return "this is no national identity number: a digit is wrong or missing"


NationalId = Annotated[
    str,
    Check(problem=_national_id_problem, help="take it from HR again: websakctl users import FILE"),
    Meta(extra_json_schema={"pattern": "^[0-9]{11}$"}),
]


class Login(Entry, frozen=True, kw_only=True):
    """A way to log in (userAccess): an identity provider's scheme, and the person's key there."""

    provider: Text = "AD"
    key: Text
    domain: Text | None = None


def _leave_problem(leave: Mapping[str, Any]) -> str | None:
    first, last = leave.get("first_day"), leave.get("last_day")
    if last is not None and first is None:
        return "the leave has a last day and no first day"
    if first is not None and last is not None and last < first:
        return f"the leave ends {last}, before it begins {first}"
    return None


class Leave(Entry, frozen=True, kw_only=True):
    """When somebody is away (permisjon), both days included; no days: not away."""

    first_day: IsoDate | None = None
    last_day: IsoDate | None = None  # omitted: not known yet


class RoleHeld(Entry, frozen=True, kw_only=True):
    """Where a role of Websak holds for the user: ``own`` the user's unit, ``district`` its top unit, ``none`` no unit named."""

    units: Literal["own", "district", "none"] = "own"
    archives: list[Text] = []
    journal_units: list[Text] = []
    grades: list[Text] = []


_CODE = matching(r"[A-ZÆØÅ0-9][A-ZÆØÅ0-9._-]{0,29}", "up to 30 capitals, digits and . _ -")


class User(Named, frozen=True, kw_only=True):
    """One user of a district; who is no longer listed is deactivated, never deleted."""

    code: Annotated[str, Key(), _CODE]
    name: Name
    role: Annotated[str, Ref(kind="user_role")]
    unit: Annotated[str, Ref(kind="org_unit", same_scope=True)]
    title: Annotated[Text | None, Kept()] = None
    phone: Annotated[Text | None, Kept()] = None
    mobile: Annotated[Text | None, Kept()] = None
    username: Annotated[
        Annotated[str, matching(r"[^\s]{1,100}", "up to 100 letters without blanks")] | None,
        Kept(),
        Unique(),
        WriteOnly(needed=True),
    ] = None
    email: Annotated[Email | None, Kept(), WriteOnly(needed=True)] = None
    # All after the first. Websak reports one of them at the most, so for who has one the file must say them all.
    other_emails: Annotated[list[Email] | None, Kept(), WriteOnly(needed=True)] = None
    logins: Annotated[Annotated[list[Login], Meta(min_length=1)] | None, Kept(), WriteOnly(needed=True), Stepwise()] = (
        None
    )
    zones: Annotated[list[Text] | None, Kept(), WriteOnly(needed=True)] = None  # by name; if omitted, the role's
    national_no: Annotated[NationalId | None, Kept(), WriteOnly()] = None
    access_functions: Annotated[list[str] | None, Kept(), Stepwise()] = None  # if omitted, the role's; so below
    roles: Annotated[dict[str, RoleHeld] | None, Kept(), Stepwise(), Held(kind="org_unit", within="units")] = None
    groups: Annotated[list[str] | None, Kept(), Stepwise(), Ref(kind="access_group")] = None
    district_groups: Annotated[list[str] | None, Kept(), Stepwise(), Ref(kind="access_group", same_scope=True)] = None
    # Units whose head the user is (managerUserId), and units whose mail the user passes on (post distributor).
    manages: Annotated[
        list[str] | None, Kept(), Stepwise(), Ref(kind="org_unit", same_scope=True, waits=True, writes=True)
    ] = None
    distributes: Annotated[list[str] | None, Kept(), Stepwise(), Ref(kind="org_unit", same_scope=True, waits=True)] = (
        None
    )
    # The person's first user, by which a secondary one (3.3) logs in.
    primary: Annotated[
        Annotated[str, _CODE] | None, Kept(), WriteOnly(), Essential(), Ref(kind="user", any_scope=True)
    ] = None
    leave: Annotated[
        Annotated[Leave, Check(problem=_leave_problem, help="put the days right, or write `leave: {}` for none")]
        | None,
        Kept(),
    ] = None
    protected: Annotated[bool, ConfigOnly()] = False
    # First day at work; before it the user is not made, but for the days ahead that the settings say.
    valid_from: Annotated[IsoDate | None, ConfigOnly(), Essential()] = None
    valid_to: Annotated[IsoDate | None, ConfigOnly()] = None  # last day; after it the user is deactivated


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
