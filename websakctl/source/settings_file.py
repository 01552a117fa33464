"""What ``config/websak.yaml`` may say."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from websakctl.diagnostics import RULES
from websakctl.model.types import OrgNumber


class _Section(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class Organisation(_Section):
    """Whose setup this is."""

    name: str
    orgnr: OrgNumber


class Environment(_Section):
    """One Websak. ``setup_url`` empty: this Websak has no Setup API; ``api_version`` unsaid: found out by a read-only probe."""

    base_url: str = ""
    setup_url: str = ""
    token_url: str = ""
    client_id: str = ""
    root_unit: str = ""
    own_user: str = ""  # code of the Websak user that the client works as; plans that lock it out are refused
    protected: bool = False
    api_version: Annotated[str | None, Field(pattern=r"^(3\.0|3\.3)$")] = None
    concurrency: Annotated[int, Field(ge=1, le=32)] = 4  # requests at a time
    exports: dict[str, str] = {}  # files that show what people set, by kind; paths from the root
    openapi_url: str = ""  # where this Websak shows its OpenAPI document, if it does; the upgrade check compares it
    rate: Annotated[float | None, Field(gt=0, le=1000)] = (
        None  # writes a second at the most; None: as fast as they are answered
    )

    @field_validator("exports")
    @classmethod
    def _of_kinds(cls, exports: dict[str, str]) -> dict[str, str]:
        from websakctl.kinds import all_kinds
        from websakctl.model.kind import Api

        known = [name for name, kind in all_kinds().items() if kind.api in (Api.MANUAL, Api.SETUP)]
        for name in exports:
            if name not in known:
                raise ValueError(f"{name} is no kind that people set: these are {', '.join(known)}")
        return exports


class Guards(_Section):
    """How many removals a plan may hold before somebody must insist (docs/decisions/0005-guards.md)."""

    per_kind: Annotated[int, Field(ge=0)] = 5
    per_district: Annotated[int, Field(ge=0)] = 5
    in_all: Annotated[int, Field(ge=0)] = 20


class UserImport(_Section):
    """How ``users import`` reads files from HR; all of it adds to what the command knows by itself (docs/users.md)."""

    columns: dict[Literal["code", "name", "first_name", "last_name", "role", "unit", "district", "username", "email", "title", "phone", "mobile", "national_id"], list[str]] = {}  # fmt: skip  # headers by what they hold
    units: dict[str, str] = {}  # local keys of units by what HR files call them
    roles: dict[str, str] = {}  # keys of user roles by what HR files call them
    districts: dict[str, str] = {}  # slugs by what HR files call the districts
    national_id: bool = False  # take national identity numbers; unsaid, a file that holds one is refused


class Fiks(_Section):
    """KS Fiks, asked which system receives a number's mail; off without credentials (docs/mail-routes.md)."""

    url: str = "https://api.fiks.ks.no"
    issuer: str = "https://maskinporten.no/"  # whose tokens it takes
    client_id: str = ""  # at Maskinporten
    key_id: str = ""
    integration_id: str = ""
    receiving_system: str = ""  # mottakersystem that fetches for Websak; empty: not compared


class Registers(_Section):
    """Registers outside Websak, which are only asked."""

    business: str = "https://data.brreg.no/enhetsregisteret/api"
    fiks: Fiks = Field(default_factory=Fiks)


class SettingsFile(_Section):
    """The whole file."""

    organisation: Organisation | None = None
    environments: dict[str, Environment] = {}
    guards: Guards = Field(default_factory=Guards)
    registers: Registers = Field(default_factory=Registers)
    user_import: UserImport = Field(default_factory=UserImport)
    rules: Annotated[  # severities of rules of the field, by name
        dict[str, Literal["error", "warning", "off"]],
        Field(json_schema_extra={"propertyNames": {"enum": [rule.name for rule in RULES.values() if rule.settable]}}),
    ] = {}
