"""Specialist system (fagsystem): where case work is done outside Websak, and how its archive stands."""

from typing import Annotated, Literal

from websakctl.model.deviation import Deviation
from websakctl.model.kind import Api, Kind, Named, Removal, Scoping
from websakctl.model.marks import ConfigOnly, Key, NamesPeople, Ref
from websakctl.model.patterns import matching
from websakctl.model.types import Name, Text


class SpecialistSystem(Named, frozen=True, kw_only=True):
    """A system with documents of its own; ``archive`` says whether they are kept as the law wants."""

    code: Annotated[str, Key(), matching(r"[A-ZÆØÅ0-9-]{2,20}", "2 to 20 capitals, digits and hyphens")]
    name: Name
    archive: Literal["approved", "in-approval", "paper", "unknown"]
    small: bool = False  # few cases: what it holds may be filed in Websak instead
    used_for: Text | None = None
    owner: Text | None = None  # who decides over it: a role or a unit of the city, never a person
    integration: Annotated[str | None, Ref(kind="integration")] = None
    exceptions: Annotated[dict[str, Deviation], Ref(kind="district"), NamesPeople()] = {}
    protected: Annotated[bool, ConfigOnly()] = False


KIND = Kind(
    name="specialist_system",
    plural="specialist_systems",
    model=SpecialistSystem,
    api=Api.MANUAL,
    endpoint="",
    scoping=Scoping.BASE,
    on_removal=Removal.DEACTIVATE,
    title="specialist system (fagsystem) and how its archive stands",
    example="GERICA: {name: Gerica, archive: paper}",
)
