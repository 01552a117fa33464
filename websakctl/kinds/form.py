"""Form (skjema): what inhabitants send in, and where it goes."""

from typing import Annotated, Literal

from websakctl.model.deviation import Deviation
from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import ConfigOnly, Key, NamesPeople, Ref
from websakctl.model.patterns import matching
from websakctl.model.types import Name, Text


class Form(Named, frozen=True, kw_only=True):
    """A form of the shared form solution: the same in every district, but for the exceptions that it names."""

    code: Annotated[str, Key(), matching(r"[A-ZÆØÅ0-9-]{2,20}", "2 to 20 capitals, digits and hyphens")]
    name: Name
    target: Literal["websak", "specialist-system", "grants"]
    specialist_system: Annotated[str | None, Ref(kind="specialist_system")] = None
    integration: Annotated[str | None, Ref(kind="integration")] = None
    automatic: bool  # received, registered and distributed without hands
    case_type: Annotated[str | None, Ref(kind="case_type")] = None
    unit: Annotated[str | None, Ref(kind="org_unit", everywhere=True)] = None  # local key, in every district
    note: Annotated[Text | None, NamesPeople()] = None
    exceptions: Annotated[dict[str, Deviation], Ref(kind="district"), NamesPeople()] = {}
    protected: Annotated[bool, ConfigOnly()] = False


KIND = Kind(
    name="form",
    plural="forms",
    model=Form,
    api=Api.MANUAL,
    endpoint="",
    scoping=Scoping.BASE,
    on_removal=Removal.DEACTIVATE,
    title="form (skjema): target, registration, case type and responsible unit",
    example="STOEY: {name: Dispensasjon fra støyforskrift, target: websak, automatic: true, case_type: STOEY, unit: MILJ}",
)
