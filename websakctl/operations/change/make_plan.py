"""The plan verb: desired and live into a plan."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import date
from typing import TYPE_CHECKING

from websakctl.model.address import Address
from websakctl.model.kind import Kind
from websakctl.model.resource import State
from websakctl.plan.change import Plan, SourceLine
from websakctl.plan.decide import Question, decide
from websakctl.plan.diff import Accepted, Known
from websakctl.plan.document import to_document
from websakctl.plan.guards import Limits
from websakctl.plan.selection import Selection
from websakctl.record import record
from websakctl.source.configuration import Configuration

if TYPE_CHECKING:
    from websakctl.live.users import RowStore


@record(kw_only=True)
class Scene:
    """What every plan of one command has in common."""

    config: Configuration
    known: Mapping[Address, Known]
    kinds: Mapping[str, Kind]  # those this Websak has an API for
    by_hand: Mapping[str, Kind] = field(default_factory=dict)  # those that people set
    done_by_hand: State = field(default_factory=dict)  # what is known of these: as recorded, or as exported
    environment: str
    protected: bool = False
    selection: Selection = field(default_factory=Selection)
    prune: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    accepted: Accepted = field(default_factory=dict)
    today: date | None = None  # the day that licences must be valid on; ``None``: that is not looked at
    user_rows: "RowStore | None" = None  # what was listed of users before; ``None``: they are read in full

    def with_by_hand(self, live: State) -> State:
        """What was read, and what is known of what people set."""
        return {**self.done_by_hand, **live} if self.done_by_hand else live


def make_plan(scene: Scene, live: State) -> Plan:
    """Compare the config with live."""
    config = scene.config

    def position(address: Address) -> SourceLine | None:
        at = config.position_of(address)
        return SourceLine(at.file, at.line, at.column) if at else None  # none: it left the config

    guards = config.settings.guards
    plan = decide(
        Question(
            desired=config.state,
            live=scene.with_by_hand(live),
            kinds=scene.kinds,
            by_hand=scene.by_hand,
            districts=config.districts,
            known=scene.known,
            accepted=scene.accepted,
            previously=config.previously,
            retirements=config.retirements,
            protected=config.protected,
            selection=scene.selection,
            prune=scene.prune,
            limits=Limits(guards.per_kind, guards.per_district, guards.in_all),
            environment=scene.environment,
            environment_protected=scene.protected,
            position=position,
            warnings=scene.warnings,
        )
    )
    return with_policies(scene, plan)


def with_policies(scene: Scene, plan: Plan) -> Plan:
    """Add what the config's own policies say of a plan."""
    config = scene.config
    if not config.policies:
        return plan
    from websakctl.plan.policy import Policy, judge

    policies = [Policy(name, p.match, p.message, p.severity == "error") for name, p in config.policies.items()]
    findings, told = judge(policies, to_document(plan, tool_version="", created_at=""))
    return replace(plan, findings=(*plan.findings, *findings), warnings=(*plan.warnings, *told))
