"""What ``config/websak.yaml`` may say."""

from typing import Annotated, Literal

from websakctl.diagnostics import RULES
from websakctl.model.shape import Judged, Limits, Managed
from websakctl.model.types import OrgNumber


class Organisation(Managed):
    """Whose setup this is."""

    name: str
    orgnr: OrgNumber


def _of_kinds(exports: dict[str, str]) -> dict[str, str]:
    from websakctl.kinds import all_kinds
    from websakctl.model.kind import Api

    known = [name for name, kind in all_kinds().items() if kind.api in (Api.MANUAL, Api.SETUP)]
    for name in exports:
        if name not in known:
            raise ValueError(f"{name} is no kind that people set: these are {', '.join(known)}")
    return exports


class Environment(Managed):
    """One Websak. ``setup_url`` empty: this Websak has no Setup API; ``api_version`` unsaid: found out by a read-only probe."""

    base_url: str = ""
    setup_url: str = ""
    token_url: str = ""
    client_id: str = ""
    root_unit: str = ""
    own_user: str = ""  # code of the Websak user that the client works as; plans that lock it out are refused
    protected: bool = False
    api_version: Annotated[str | None, Limits(pattern=r"^(3\.0|3\.3)$")] = None
    concurrency: Annotated[int, Limits(ge=1, le=32)] = 4  # requests at a time
    exports: Annotated[
        dict[str, str], Judged(_of_kinds)
    ] = {}  # files that show what people set, by kind; paths from the root
    openapi_url: str = ""  # where this Websak shows its OpenAPI document, if it does; the upgrade check compares it
    rate: Annotated[float | None, Limits(gt=0, le=1000)] = (
        None  # writes a second at the most; None: as fast as they are answered
    )


class Guards(Managed):
    """How many removals a plan may hold before somebody must insist (docs/decisions/0005-guards.md)."""

    per_kind: Annotated[int, Limits(ge=0)] = 5
    per_district: Annotated[int, Limits(ge=0)] = 5
    in_all: Annotated[int, Limits(ge=0)] = 20


class UserImport(Managed):
    """How ``users import`` reads files from HR; all of it adds to what the command knows by itself (docs/users.md)."""

    columns: dict[Literal["code", "name", "first_name", "last_name", "role", "unit", "district", "username", "email", "title", "phone", "mobile", "national_id"], list[str]] = {}  # fmt: skip  # headers by what they hold
    units: dict[str, str] = {}  # local keys of units by what HR files call them
    roles: dict[str, str] = {}  # keys of user roles by what HR files call them
    districts: dict[str, str] = {}  # slugs by what HR files call the districts
    national_id: bool = False  # take national identity numbers; unsaid, a file that holds one is refused


class Fiks(Managed):
    """KS Fiks, asked which system receives a number's mail; off without credentials (docs/mail-routes.md)."""

    url: str = "https://api.fiks.ks.no"
    issuer: str = "https://maskinporten.no/"  # whose tokens it takes
    client_id: str = ""  # at Maskinporten
    key_id: str = ""
    integration_id: str = ""
    receiving_system: str = ""  # mottakersystem that fetches for Websak; empty: not compared


class Registers(Managed):
    """Registers outside Websak, which are only asked."""

    business: str = "https://data.brreg.no/enhetsregisteret/api"
    fiks: Fiks = Fiks()


class SettingsFile(Managed):
    """The whole file."""

    organisation: Organisation | None = None
    environments: dict[str, Environment] = {}
    guards: Guards = Guards()
    registers: Registers = Registers()
    user_import: UserImport = UserImport()
    rules: Annotated[  # severities of rules of the field, by name
        dict[str, Literal["error", "warning", "off"]],
        Limits(schema={"propertyNames": {"enum": [rule.name for rule in RULES.values() if rule.settable]}}),
    ] = {}
