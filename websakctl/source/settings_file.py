"""What ``config/websak.yaml`` may say."""

from typing import Annotated, Literal, get_args

from msgspec import Meta

from websakctl.access.assumptions import AccessModel, confirmation_problem
from websakctl.diagnostics import RULES
from websakctl.model.entry import Entry
from websakctl.model.marks import Check
from websakctl.model.patterns import matching
from websakctl.model.types import OrgNumber
from websakctl.urls import UrlError, checked_url


def _url_problem(text: str) -> str | None:
    try:
        checked_url(text)
    except UrlError as error:
        return str(error)
    return None


def _openapi_problem(text: str) -> str | None:
    return None if text.startswith("/") and not text.startswith("//") else _url_problem(text)


_URL_HELP = "write the whole address, as in https://websak.example.no"
Address = Annotated[str, Check(problem=_url_problem, help=_URL_HELP)]  # of a server; empty: none
ApiVersion = Annotated[str, matching(r"(3\.0|3\.3)", "3.0 or 3.3")]


class Organisation(Entry, frozen=True, kw_only=True):
    """Whose setup this is."""

    name: str
    orgnr: OrgNumber


def _exports_problem(exports: dict[str, str]) -> str | None:
    from websakctl.kinds import all_kinds
    from websakctl.model.kind import Api

    known = [name for name, kind in all_kinds().items() if kind.api in (Api.MANUAL, Api.SETUP)]
    for name in exports:
        if name not in known:
            return f"{name} is no kind that people set: these are {', '.join(known)}"
    for path in exports.values():
        if path.startswith(("/", "\\")) or path[1:2] == ":" or ".." in path.replace("\\", "/").split("/"):
            return f"{path} leads out of the repository"
    return None


def _owners_problem(owners: dict[str, str]) -> str | None:
    from websakctl.kinds import all_kinds
    from websakctl.model.kind import Api

    known = [name for name, kind in all_kinds().items() if kind.api in (Api.USER, Api.SETUP)]
    for name, owner in owners.items():
        if name not in known:
            return f"{name} is no kind that an API carries: these are {', '.join(known)}"
        if not owner.strip():
            return f"the owner of {name} has no name"
    return None


class Environment(Entry, frozen=True, kw_only=True):
    """One Websak. ``setup_url`` empty: this Websak has no Setup API; ``api_version`` omitted: found out by a read-only probe."""

    base_url: Address = ""
    setup_url: Address = ""
    token_url: Address = ""
    allow_insecure: bool = False  # http:// beyond this machine; never where protected
    client_id: str = ""
    root_unit: str = ""
    own_user: str = ""  # code of the Websak user that the client works as; plans that lock it out are refused
    protected: bool = False
    state: Literal["local", "git"] = (
        "local"  # where journal and lock are: on this machine, or on a branch of the git remote
    )
    state_branch: str = ""  # empty: websakctl-state/ and the environment's name
    state_remote: str = "origin"
    state_pause: Annotated[float, Meta(ge=5, le=600)] = (
        30.0  # seconds after an accepted push in which writes may be sent
    )
    require_rehearsal: bool = False  # `apply` takes only saved plans that `rehearse` has passed
    require_signature: bool = False  # `apply FILE` takes only plans that are signed with the state key
    api_version: ApiVersion | None = None
    concurrency: Annotated[int, Meta(ge=1, le=32)] = 4  # requests at a time
    exports: Annotated[
        dict[str, str],
        Check(
            problem=_exports_problem, help="name one of these kinds, and a path below the root, or take the line away"
        ),
    ] = {}  # files that show what people set, by kind; paths from the root
    owners: Annotated[
        dict[str, str],
        Check(problem=_owners_problem, help="name one of these kinds, or take the line away"),
    ] = {}  # who else writes a kind there, such as {user: entra}: it is compared, and never written from here
    openapi_url: Annotated[
        str, Check(problem=_openapi_problem, help="write a path below base_url, as in /openapi.json")
    ] = ""  # where this Websak shows its OpenAPI document, if it does; the upgrade check compares it
    rate: Annotated[float, Meta(gt=0, le=1000)] | None = (
        None  # writes a second at the most; None: as fast as they are answered
    )


class Guards(Entry, frozen=True, kw_only=True):
    """How many removals a plan may hold before somebody must insist (docs/decisions/0005-guards.md)."""

    per_kind: Annotated[int, Meta(ge=0)] = 5
    per_district: Annotated[int, Meta(ge=0)] = 5
    in_all: Annotated[int, Meta(ge=0)] = 20


Column = Literal["employee_number", "code", "name", "first_name", "last_name", "role", "unit", "district", "username", "email", "title", "phone", "mobile", "valid_from", "valid_to", "national_id"]  # fmt: skip


class UserImport(Entry, frozen=True, kw_only=True):
    """How ``users import`` reads files from HR; all of it adds to what the command knows by itself (docs/users.md)."""

    columns: Annotated[
        dict[Column, list[str]], Meta(extra_json_schema={"propertyNames": {"enum": list(get_args(Column))}})
    ] = {}  # headers by what they hold
    units: dict[str, str] = {}  # local keys of units by what HR files call them
    roles: dict[str, str] = {}  # keys of user roles by what HR files call them
    districts: dict[str, str] = {}  # slugs by what HR files call the districts
    login_domains: list[str] = []  # taken off user names that HR writes as DOMAIN\\name
    national_id: bool = False  # take national identity numbers; if omitted, a file that holds one is refused


class Fiks(Entry, frozen=True, kw_only=True):
    """KS Fiks, asked which system receives a number's mail; off without credentials (docs/mail-routes.md)."""

    url: Address = "https://api.fiks.ks.no"
    issuer: Address = "https://maskinporten.no/"  # whose tokens it takes
    client_id: str = ""  # at Maskinporten
    key_id: str = ""
    integration_id: str = ""
    receiving_system: str = ""  # mottakersystem that fetches for Websak; empty: not compared


class Registers(Entry, frozen=True, kw_only=True):
    """Registers outside Websak, which are only asked."""

    business: Address = "https://data.brreg.no/enhetsregisteret/api"
    fiks: Fiks = Fiks()


AltinnColumn = Literal["orgnr", "package", "holder", "first_name", "last_name", "until"]


class Altinn(Entry, frozen=True, kw_only=True):
    """How exports of Altinn's access management are read, and how old one may be (docs/mail-routes.md)."""

    max_age_days: Annotated[int, Meta(ge=1, le=366)] = 90
    columns: Annotated[
        dict[AltinnColumn, list[str]],
        Meta(extra_json_schema={"propertyNames": {"enum": list(get_args(AltinnColumn))}}),
    ] = {}  # further headers by what they hold


class SettingsFile(Entry, frozen=True, kw_only=True):
    """The whole file."""

    organisation: Organisation | None = None
    environments: dict[str, Environment] = {}
    guards: Guards = Guards()
    registers: Registers = Registers()
    altinn: Altinn = Altinn()
    user_import: UserImport = UserImport()
    access_model: Annotated[
        AccessModel,
        Check(
            problem=confirmation_problem,
            help="say both `confirmed_by` and `on`, or neither while nobody has confirmed it",
        ),
    ] = AccessModel()  # how Websak decides who reads, where no document says it (docs/access.md)
    user_code_length: Annotated[int, Meta(ge=1, le=30)] = 10  # characters (Gid_GidKode; the vendor's SCIM guide)
    user_days_ahead: Annotated[int, Meta(ge=0, le=90)] = 0  # before their first day, where Websak keeps that day (3.3)
    law_days_ahead: Annotated[int, Meta(ge=0, le=3650)] = 365  # before the last day of what a legal basis rests on
    rules: Annotated[  # severities of rules of the field, by name
        dict[str, Literal["error", "warning", "off"]],
        Meta(extra_json_schema={"propertyNames": {"enum": [rule.name for rule in RULES.values() if rule.settable]}}),
    ] = {}
