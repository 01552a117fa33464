"""A plan between two states, without a configuration."""

from collections.abc import Mapping
from typing import Any

from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.model.resource import State
from websakctl.model.retirement import Retirement
from websakctl.plan.change import Plan
from websakctl.plan.decide import decide
from websakctl.plan.input import DesiredState, PlanInput


def planned(
    desired: State,
    live: State,
    *,
    districts: Mapping[str, District] | None = None,
    previously: Mapping[Address, tuple[Address, ...]] | None = None,
    retirements: Mapping[Address, Retirement] | None = None,
    protected: set[Address] | None = None,
    environment_protected: bool = False,
    **more: Any,
) -> Plan:
    """Decide; ``more`` is the rest of the plan's input."""
    config = DesiredState(
        state=desired,
        districts=districts or {},
        previously=previously or {},
        retirements=retirements or {},
        protected=protected or set(),
    )
    return decide(PlanInput(config=config, protected=environment_protected, **more), live)
