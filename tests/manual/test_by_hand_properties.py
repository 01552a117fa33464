"""What holds for every state that people are to set: the steps lead there, in an order that holds, and then nothing is left."""

from hypothesis import given, settings

from tests.planning import planned
from tests.strategies import DISTRICTS, Scenery, sceneries
from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.resource import Resource, State
from websakctl.operations.apply.ownership import after_change
from websakctl.plan.change import Plan
from websakctl.plan.diff import LastApplied

KINDS = all_kinds()


def ask(desired: State, recorded: State) -> Plan:
    known = {address: LastApplied(resource.fields) for address, resource in recorded.items()}
    return planned(desired, recorded, known=known, kinds={}, by_hand=KINDS, districts=DISTRICTS)


@settings(max_examples=50)  # the comparison itself has a property of its own
@given(scenery=sceneries())
def test_doing_all_steps_leaves_none(scenery: Scenery) -> None:
    recorded: State = {a: r for a, r in scenery.live.items() if r.active}
    plan = ask(scenery.desired, recorded)
    assert plan.changes == ()
    turned = ask(dict(reversed(scenery.desired.items())), recorded)
    assert [step.id for step in turned.manual] == [step.id for step in plan.manual]
    done: set[Address] = set()
    for step in plan.manual:
        if (
            step.change is None
        ):  # what no API tells of something that goes: asked beside its own step, never instead of it
            assert step.address in recorded and step.address not in scenery.desired
            continue
        assert set(step.change.requires) <= done
        done.add(step.address)
        before = recorded.get(step.address)
        rows, gone = after_change(
            step.change,
            desired=scenery.desired,
            before=before.fields if before else {},
            protected=set(),
            known={},
            accepted={},
        )
        for address in gone:
            recorded.pop(address, None)
        recorded |= {address: Resource(address=address, fields=fields) for address, fields, _ in rows}
    steps = [step for step in plan.manual if step.change is not None]
    assert len({step.id for step in steps}) == len(steps) == len(done)
    again = ask(scenery.desired, recorded)
    assert again.manual == again.changes == again.unmanaged == ()
    assert set(recorded) == set(scenery.desired)
