"""Attestation: who says, from when and on what evidence, that a district has passed a gate; or why it is waived."""

from typing import Annotated

from websakctl.model.entry import Entry
from websakctl.model.kind import Api, Kind, Removal, Scoping
from websakctl.model.marks import Key, Ref
from websakctl.model.types import IsoDate, Text


class Waiver(Entry, frozen=True, kw_only=True):
    """A gate that is let pass, for a time: who decided it, why, and until when."""

    by: Text
    why: Text
    until: IsoDate


class Attestation(Entry, frozen=True, kw_only=True):
    """One gate of one district, as people say it is. It settles what the tool cannot tell; what it can, only a waiver does."""

    gate: Annotated[str, Key(), Ref(kind="gate")]
    by: Text | None = None  # a role, or who can be asked
    on: IsoDate | None = None
    evidence: Text | None = None  # a link, or a case number
    waived: Waiver | None = None


KIND = Kind(
    name="attestation",
    plural="attestations",
    model=Attestation,
    api=Api.CONFIG,
    endpoint="",
    scoping=Scoping.DISTRICT,
    on_removal=Removal.DELETE,
    title="attestation (attestering) that a district has passed a gate, or that the gate is waived",
    label="gate",
    renames=False,
    example="OPPLAERING-LEDERE: {by: Opplæringsansvarlig, on: 2027-01-15, evidence: sak 26/4711}",
)
