"""The plan verb: desired and live into a plan."""

from collections.abc import Mapping

from msgspec.structs import replace
from msgspec.structs import replace as struct_replace

from websakctl.model.address import Address
from websakctl.model.resource import State
from websakctl.plan.change import Plan, SourceLine
from websakctl.plan.decide import decide
from websakctl.plan.diff import LastApplied
from websakctl.plan.document import to_document
from websakctl.plan.guards import RemovalLimits
from websakctl.plan.input import PeopleOfJournal, PlanInput
from websakctl.plan.unseen import unseen_removals
from websakctl.source.configuration import Configuration
from websakctl.state.people import is_digest

ConfigInput = PlanInput[Configuration]


def knowing_people(inputs: ConfigInput, live: State) -> ConfigInput:
    """The same, with the users and values that the config or live tell put in where a shared journal holds digests."""
    people = people_of_journal(inputs, live)
    if people is None:
        return inputs
    accepted = {
        (people.address(a), path): (people.value(a, path, expected), people.value(a, path, created))
        for (a, path), (expected, created) in inputs.accepted.items()
    }
    return replace(inputs, known=with_people(inputs.known, people), accepted=accepted)


def with_people(known: Mapping[Address, LastApplied], people: PeopleOfJournal) -> dict[Address, LastApplied]:
    """What is managed, with the users and values that can be told put in for their digests."""
    return {
        people.address(a): LastApplied(
            {name: people.value(a, name, v) for name, v in last.fields.items()}, last.protected
        )
        if any(map(is_digest, (a.key, *last.fields.values())))
        else last
        for a, last in known.items()
    }


def people_of_journal(inputs: ConfigInput, live: State) -> PeopleOfJournal | None:
    """Who tells the users of a shared journal; ``None``: it holds no digests."""
    return inputs.people_in([inputs.config.state, live]) if inputs.people_in is not None else None


def make_plan(inputs: ConfigInput, live: State, only: frozenset[Address] | None = None) -> Plan:
    """Compare the config with live; ``only``: the changes that may be made, where a saved plan names them."""
    inputs = knowing_people(inputs, live)
    config = inputs.config

    def position(address: Address) -> SourceLine | None:
        at = config.position_of(address)
        return SourceLine(file=at.file, line=at.line, column=at.column) if at else None  # none: it left the config

    guards = config.settings.guards
    limits = RemovalLimits(per_kind=guards.per_kind, per_district=guards.per_district, in_all=guards.in_all)
    plan = decide(struct_replace(inputs, position=position, limits=limits, only=only), inputs.with_by_hand(live))
    return with_policies(inputs, _with_unseen_removals(inputs, plan))


def _with_unseen_removals(inputs: ConfigInput, plan: Plan) -> Plan:
    """Say first that removals cannot be seen; a guard where a journal should have been here, a warning elsewhere."""
    if not inputs.journal_empty or not plan.unmanaged:
        return plan
    result = unseen_removals(plan.unmanaged, inputs.environment)
    if result.count and (inputs.people_in is not None or inputs.protected):
        return replace(plan, unseen=result.message, findings=(result, *plan.findings))
    return replace(plan, warnings=(result.message, *plan.warnings))


def with_policies(inputs: ConfigInput, plan: Plan) -> Plan:
    """Add what the config's own policies say of a plan, in place of what they said before more was known of it."""
    config = inputs.config
    if not config.policies:
        return plan
    from websakctl.plan.policy import Policy, judge

    policies = [
        Policy(name=name, match=p.match, message=p.message, refuse=p.severity == "error")
        for name, p in config.policies.items()
    ]
    findings, reported = judge(policies, to_document(plan, tool_version="", created_at=""))
    earlier = tuple(f"policy {policy.name}: " for policy in policies)
    return replace(
        plan,
        findings=(*(f for f in plan.findings if not f.guard.startswith("policy:")), *findings),
        warnings=(*(warning for warning in plan.warnings if not warning.startswith(earlier)), *reported),
    )
