"""Finding (tilsynsfunn): what a supervisory report found, by when it is to be mended, and what closed it."""

from typing import Annotated, Literal

from websakctl.model.entry import Entry
from websakctl.model.kind import Api, Kind, Removal, Scoping
from websakctl.model.marks import ConfigOnly, Key, Ref
from websakctl.model.patterns import matching
from websakctl.model.types import IsoDate, Text


class Finding(Entry, frozen=True, kw_only=True):
    """One finding of a supervisory report. It is closed from a day on, and only by evidence of its measure."""

    code: Annotated[str, Key(), matching(r"[A-ZÆØÅ0-9-]{2,40}", "2 to 40 capitals, digits and hyphens")]
    name: Text
    source: Text  # the report: who wrote it, its day and case number
    reported: IsoDate
    districts: Annotated[list[str], Ref(kind="district")] = []  # none: all
    responsible: Text | None = None  # a role or a unit of the city, never a person
    deadline: IsoDate | None = None
    measure: Text | None = None
    evidence: Text | None = None  # a link, or a case number
    closed: IsoDate | None = None
    status: Annotated[Literal["example"] | None, ConfigOnly()] = None


KIND = Kind(
    name="finding",
    plural="findings",
    model=Finding,
    api=Api.CONFIG,
    endpoint="",
    scoping=Scoping.BASE,
    on_removal=Removal.DELETE,
    title="finding (tilsynsfunn) of a supervisory report: deadline, measure, and what closed it",
    renames=False,
    example="""TILSYN-2027-1:
  name: Rutine for kassasjon mangler
  source: Tilsynsrapport, sak 27/1234
  reported: 2027-02-01
  deadline: 2027-06-01
  responsible: Byarkivet
  measure: Rutinen er skrevet og vedtatt
  evidence: sak 27/1300
  closed: 2027-05-10""",
)
