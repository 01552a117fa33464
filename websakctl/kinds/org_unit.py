"""Org unit (administrativ enhet): the tree of departments."""

from typing import Annotated

from msgspec import Meta

from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import (
    ConfigOnly,
    CreateOnly,
    DefaultsToKey,
    Kept,
    Key,
    NamesPeople,
    Overridable,
    Ref,
    Unique,
)
from websakctl.model.patterns import matching
from websakctl.model.types import Email, Name, PostalCode, Text


class OrgUnit(Named, frozen=True, kw_only=True):
    """A unit in the tree; its key is the external id (externalId) that integrations know it by."""

    key: Annotated[
        str,
        Key(),
        matching(r"[A-ZÆØÅ0-9]+(-[A-ZÆØÅ0-9]+)*", "capitals and digits, with hyphens between them", max_length=40),
    ]
    name: Annotated[Name, Overridable()]
    parent: Annotated[str | None, Ref(kind="org_unit", same_scope=True)] = (
        None  # None: under the environment's root unit
    )
    abbreviation: Annotated[Annotated[str, Meta(min_length=1, max_length=40)] | None, Unique(), DefaultsToKey()] = None
    unit_type: Annotated[str, CreateOnly(), Meta(min_length=1)] = "Avd"
    address: Annotated[Text | None, Kept(), Overridable()] = None
    address2: Annotated[Text | None, Kept(), Overridable()] = None
    postal_no: Annotated[PostalCode | None, Kept(), Overridable()] = None
    contact: Annotated[Text | None, Kept(), Overridable(), NamesPeople()] = None
    phone: Annotated[Text | None, Kept(), Overridable(), NamesPeople()] = None
    visiting_address: Annotated[Text | None, Kept(), Overridable()] = None
    emails: Annotated[list[Email] | None, Kept(), Overridable(), NamesPeople()] = None
    mail_group: Annotated[
        str | None, Kept(), Overridable(), Ref(kind="access_group", same_scope=True, or_base=True)
    ] = None  # whose members distribute its mail (mailDistributionGroup)
    admin_group: Annotated[
        str | None, Kept(), Overridable(), Ref(kind="access_group", same_scope=True, or_base=True)
    ] = None
    einnsyn_code: Annotated[Text | None, ConfigOnly()] = None  # enhetskode: what eInnsyn knows the unit by
    protected: Annotated[bool, ConfigOnly()] = False


KIND = Kind(
    name="org_unit",
    plural="org_units",
    model=OrgUnit,
    api=Api.USER,
    endpoint="departments",
    scoping=Scoping.BOTH,
    on_removal=Removal.DEACTIVATE,
    title="unit in the department tree (administrativ enhet)",
    local_keys=True,
    root_key="BYDEL",
    open_cases="no API tells its open cases: list those that it is responsible for in Websak, and move them before it is retired",
    key_mirror="external_id",
    example="OPPV: {name: Oppvekst}",
)
