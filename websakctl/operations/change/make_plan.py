"""The plan verb: desired and live into a plan."""

from msgspec.structs import replace
from msgspec.structs import replace as struct_replace

from websakctl.model.address import Address
from websakctl.model.resource import State
from websakctl.plan.change import Plan, SourceLine
from websakctl.plan.decide import decide
from websakctl.plan.diff import Known
from websakctl.plan.document import to_document
from websakctl.plan.guards import Limits
from websakctl.plan.input import PeopleOfJournal, PlanInput
from websakctl.plan.unseen import unseen_removals
from websakctl.source.configuration import Configuration
from websakctl.state.people import KIND

ConfigInput = PlanInput[Configuration]


def knowing_people(scene: ConfigInput, live: State) -> ConfigInput:
    """The same, with the users and values that the config or live tell put in where a shared journal holds digests."""
    people = people_of_journal(scene, live)
    if people is None:
        return scene
    known = {
        people.address(a): Known({name: people.value(a, name, v) for name, v in last.fields.items()}, last.protected)
        if a.kind == KIND
        else last
        for a, last in scene.known.items()
    }
    return replace(scene, known=known)


def people_of_journal(scene: ConfigInput, live: State) -> PeopleOfJournal | None:
    """Who tells the users of a shared journal; ``None``: it holds no digests."""
    return scene.people_in([scene.config.state, live]) if scene.people_in is not None else None


def make_plan(scene: ConfigInput, live: State, only: frozenset[Address] | None = None) -> Plan:
    """Compare the config with live; ``only``: the changes that may be made, where a saved plan names them."""
    scene = knowing_people(scene, live)
    config = scene.config

    def position(address: Address) -> SourceLine | None:
        at = config.position_of(address)
        return SourceLine(file=at.file, line=at.line, column=at.column) if at else None  # none: it left the config

    guards = config.settings.guards
    limits = Limits(per_kind=guards.per_kind, per_district=guards.per_district, in_all=guards.in_all)
    plan = decide(struct_replace(scene, position=position, limits=limits, only=only), scene.with_by_hand(live))
    return with_policies(scene, _with_unseen_removals(scene, plan))


def _with_unseen_removals(scene: ConfigInput, plan: Plan) -> Plan:
    """Say first that removals cannot be seen; a guard where a journal should have been here, a warning elsewhere."""
    if not scene.journal_empty or not plan.unmanaged:
        return plan
    found = unseen_removals(plan.unmanaged, scene.environment)
    if found.count and (scene.people_in is not None or scene.protected):
        return replace(plan, unseen=found.message, findings=(found, *plan.findings))
    return replace(plan, warnings=(found.message, *plan.warnings))


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
