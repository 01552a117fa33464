"""Rollout batch (pulje): districts that go live together."""

from typing import Annotated

from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import ConfigOnly, Key, NamesPeople, Ref
from websakctl.model.patterns import matching
from websakctl.model.types import IsoDate, Name, Text


class RolloutBatch(Named, frozen=True, kw_only=True):
    """Which districts go live together, and when; a paused batch keeps all it has."""

    code: Annotated[str, Key(), matching(r"[A-ZÆØÅ0-9-]{2,20}", "2 to 20 capitals, digits and hyphens")]
    name: Name
    go_live: IsoDate | None = None
    districts: Annotated[list[str], Ref(kind="district")] = []
    paused: bool = False
    pause_reason: Annotated[Text | None, NamesPeople()] = None
    protected: Annotated[bool, ConfigOnly()] = False


KIND = Kind(
    name="rollout_batch",
    plural="rollout_batches",
    model=RolloutBatch,
    api=Api.SETUP,
    endpoint="rollout-batches",
    scoping=Scoping.BASE,
    on_removal=Removal.DEACTIVATE,
    title="rollout batch (pulje)",
    example="PULJE-1: {name: Første pulje, go_live: 2027-03-01, districts: [frogner, ullern, vestre-aker]}",
)
