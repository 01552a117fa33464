"""The plan verb: desired and live into a plan."""

from msgspec.structs import replace
from msgspec.structs import replace as struct_replace

from websakctl.model.address import Address
from websakctl.model.resource import State
from websakctl.plan.change import Plan, SourceLine
from websakctl.plan.decide import decide
from websakctl.plan.document import to_document
from websakctl.plan.guards import Limits
from websakctl.plan.input import PlanInput
from websakctl.source.configuration import Configuration

ConfigInput = PlanInput[Configuration]


def make_plan(scene: ConfigInput, live: State) -> Plan:
    """Compare the config with live."""
    config = scene.config

    def position(address: Address) -> SourceLine | None:
        at = config.position_of(address)
        return SourceLine(file=at.file, line=at.line, column=at.column) if at else None  # none: it left the config

    guards = config.settings.guards
    limits = Limits(per_kind=guards.per_kind, per_district=guards.per_district, in_all=guards.in_all)
    plan = decide(struct_replace(scene, position=position, limits=limits), scene.with_by_hand(live))
    return with_policies(scene, plan)


def with_policies(scene: ConfigInput, plan: Plan) -> Plan:
    """Add what the config's own policies say of a plan."""
    config = scene.config
    if not config.policies:
        return plan
    from websakctl.plan.policy import Policy, judge

    policies = [
        Policy(name=name, match=p.match, message=p.message, refuse=p.severity == "error")
        for name, p in config.policies.items()
    ]
    findings, told = judge(policies, to_document(plan, tool_version="", created_at=""))
    return replace(plan, findings=(*plan.findings, *findings), warnings=(*plan.warnings, *told))
