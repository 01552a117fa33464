"""Legal source (rettskilde): an act, a regulation, a decision or a date that binds, with the time it holds and who confirmed it."""

from typing import Annotated, Literal

from websakctl.model.entry import Entry
from websakctl.model.kind import Api, Kind, Removal, Scoping
from websakctl.model.marks import Key, NamesPeople, Ref
from websakctl.model.patterns import matching
from websakctl.model.types import IsoDate, Text


class Confirmation(Entry, frozen=True, kw_only=True):
    """Who has looked the fact up in its source, and when."""

    by: Annotated[Text, NamesPeople()]  # a role, or who can be asked
    on: IsoDate


class LegalSection(Entry, frozen=True, kw_only=True):
    """A section of it that the config cites. Omitted days are those of the source."""

    valid_from: IsoDate | None = None
    valid_to: IsoDate | None = None
    earlier: Text | None = None  # the number it had before
    successor: Text | None = None  # the section that replaces it, in the successor
    unsettled: Text | None = None  # what nobody has confirmed of it


class LegalSource(Entry, frozen=True, kw_only=True):
    """What legal bases of access codes, case types and retention are looked up in. Without ``confirmed`` it is to be confirmed.

    ``valid_to`` is its last day. ``commencement: undecided``: adopted, and the day it comes into force is not decided.
    """

    code: Annotated[
        str,
        Key(),
        matching(r"[A-ZÆØÅ0-9]+(-[A-ZÆØÅ0-9]+)*", "capitals and digits, with hyphens between them", max_length=40),
    ]
    name: Text
    type: Literal["act", "regulation", "decision", "deadline"]
    number: Text | None = None  # such as LOV-2006-05-19-16
    cited_as: list[Text] = []  # how bases name it, before the section
    sections: dict[str, LegalSection] = {}  # by how they are cited: § 13, art. 15
    valid_from: IsoDate | None = None
    valid_to: IsoDate | None = None
    commencement: Literal["undecided"] | None = None
    successor: Annotated[str | None, Ref(kind="legal_source")] = None
    source: Text  # of the facts: an address, or whom they were heard from
    confirmed: Confirmation | None = None
    unsettled: Text | None = None  # what of it nobody has confirmed
    binds_rollout: bool = False  # `rollout check` and the status page warn of its days
    next: Text | None = None  # what to do about it


KIND = Kind(
    name="legal_source",
    plural="legal_sources",
    model=LegalSource,
    api=Api.CONFIG,
    endpoint="",
    scoping=Scoping.BASE,
    on_removal=Removal.DELETE,
    title="legal source (rettskilde): what legal bases rest on, how long it holds, and who confirmed it",
    renames=False,
    example="""OFFL:
  name: Lov om rett til innsyn i dokument i offentleg verksemd (offentleglova)
  type: act
  number: LOV-2006-05-19-16
  cited_as: [offl., offentleglova]
  sections: {"§ 13": {}}
  valid_from: 2009-01-01
  source: lovdata.no
  confirmed: {by: "Byarkivet, fagansvarlig", on: 2026-11-30}""",
)
