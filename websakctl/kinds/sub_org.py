"""Sub-org number (underorganisasjonsnummer): where mail to it ends."""

from typing import Annotated, Literal

from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import ConfigOnly, Key, NamesPeople, Overridable, Ref
from websakctl.model.types import IsoDate, Name, OrgNumber, Text


class SubOrg(Named, frozen=True, kw_only=True):
    """A number of the district or of one of its sub-units, and the route of the mail addressed to it."""

    orgnr: Annotated[OrgNumber, Key()]
    name: Annotated[Name, Overridable()]
    unit: Annotated[str | None, Ref(kind="org_unit", same_scope=True), Overridable()] = None
    channel: Annotated[Literal["svarinn", "altinn"], Overridable()]
    message_types: Annotated[list[Text], Overridable()] = []  # forsendelsestyper; empty: all
    level: Annotated[Literal[3, 4] | None, Overridable()] = None  # security level
    readers: Annotated[list[Text], Overridable(), NamesPeople()] = []  # roles that read Altinn every day, never persons
    # Roles that read the confidential mail there; concerns Altinn alone, so Websak is not told of it.
    confidential_readers: Annotated[list[Text] | None, ConfigOnly(), Overridable(), NamesPeople()] = None
    daily_routine: Annotated[Text | None, Overridable(), NamesPeople()] = None
    arrives: Annotated[Literal["dokulink", "svarinn", "altinn", "paper"] | None, Overridable()] = None  # today
    valid_from: IsoDate | None = None
    valid_to: IsoDate | None = None
    batch: Annotated[str | None, Ref(kind="rollout_batch")] = None
    protected: Annotated[bool, ConfigOnly()] = False


KIND = Kind(
    name="sub_org",
    plural="sub_orgs",
    model=SubOrg,
    api=Api.SETUP,
    endpoint="sub-orgs",
    scoping=Scoping.DISTRICT,
    on_removal=Removal.DEACTIVATE,
    title="sub-org number (underorganisasjonsnummer) and its mail route",
    example='"975016684": {name: Frogner barnehage, unit: BH-FROGNER, channel: altinn, readers: [Styrer], confidential_readers: [Styrer]}',
)
