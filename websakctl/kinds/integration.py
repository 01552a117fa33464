"""Integration (integrasjon): what Websak is connected to, made once for all districts."""

from typing import Annotated, Literal

from websakctl.model.deviation import Deviation
from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import ConfigOnly, Key, NamesPeople, Ref
from websakctl.model.patterns import matching
from websakctl.model.types import Name, Text


class Integration(Named, frozen=True, kw_only=True):
    """A connection to a system around Websak; no API sets it up, so people do, from a work list."""

    code: Annotated[str, Key(), matching(r"[A-ZÆØÅ0-9-]{2,20}", "2 to 20 capitals, digits and hyphens")]
    name: Name
    purpose: Text
    direction: Literal["in", "out", "both"]
    through: Annotated[str | None, Ref(kind="integration")] = None  # what carries it, as Acos Mottak carries SvarInn
    case_types: Annotated[list[str], Ref(kind="case_type")] = []  # where documents that come in are filed
    responsible: Annotated[Text, NamesPeople()]  # a role or a unit of the city, never a person
    exceptions: Annotated[dict[str, Deviation], Ref(kind="district"), NamesPeople()] = {}
    protected: Annotated[bool, ConfigOnly()] = False


KIND = Kind(
    name="integration",
    plural="integrations",
    model=Integration,
    api=Api.MANUAL,
    endpoint="",
    scoping=Scoping.BASE,
    on_removal=Removal.DEACTIVATE,
    title="shared integration (integrasjon), made once for all districts",
    example="""WEBCRUITER:
  name: WebCruiter
  purpose: Dokumenter i tilsettingssaker
  direction: in
  case_types: [TILS]
  responsible: Byarkivet, systemforvaltning""",
)
