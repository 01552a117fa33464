"""Committee (råd og utvalg): who meets, and how its meetings are handled."""

from typing import Annotated

from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import ConfigOnly, Key, NamesPeople, Overridable, Ref
from websakctl.model.patterns import matching
from websakctl.model.types import Name, Text


class Committee(Named, frozen=True, kw_only=True):
    """A district's committee in the meeting module."""

    key: Annotated[
        str,
        Key(),
        matching(r"[A-ZÆØÅ0-9]+(-[A-ZÆØÅ0-9]+)*", "capitals and digits, with hyphens between them", max_length=40),
    ]
    name: Annotated[Name, Overridable()]
    unit: Annotated[str | None, Ref(kind="org_unit", same_scope=True), Overridable()] = None  # its secretariat
    secretaries: Annotated[str | None, Ref(kind="access_group", same_scope=True), Overridable()] = None
    case_type: Annotated[str | None, Ref(kind="case_type"), Overridable()] = None
    portal: Annotated[bool, Overridable()] = True  # papers for the members in Møteportalen
    external_members: Annotated[bool, Overridable()] = True  # they log in with MinID
    publish: Annotated[bool, Overridable()] = True  # agenda and minutes are published
    note: Annotated[Text | None, Overridable(), NamesPeople()] = None
    protected: Annotated[bool, ConfigOnly()] = False


KIND = Kind(
    name="committee",
    plural="committees",
    model=Committee,
    api=Api.MANUAL,
    endpoint="",
    scoping=Scoping.DISTRICT,
    on_removal=Removal.DEACTIVATE,
    title="committee (utvalg) in the meeting module",
    local_keys=True,
    example="BU: {name: Bydelsutvalget, unit: BU, secretaries: UTVALG}",
)
