"""What holds for every plan, whatever was wanted and whatever was there: carried out in memory, by the rules of the two APIs."""

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.planning import planned
from tests.strategies import DISTRICTS, Scenery, as_read, desired_states, renames, sceneries, some_of, trees
from websakctl.kinds import all_kinds
from websakctl.model.address import BASE, Address
from websakctl.model.kind import Api, referred
from websakctl.model.resource import Resource, State
from websakctl.plan.change import Action, Change, Plan
from websakctl.plan.diff import LastApplied, patched
from websakctl.plan.document import PlanFileError, from_document, to_document
from websakctl.plan.order import old_address
from websakctl.plan.selection import Selection
from websakctl.plan.stale import still_holding
from websakctl.redaction import redacted

KINDS = all_kinds()
NOW = "2027-01-01T00:00:00Z"


def ask(scenery: Scenery, **more: Any) -> Plan:
    about = {"known": scenery.known, "prune": scenery.prune, "kinds": KINDS, "districts": DISTRICTS}
    return planned(scenery.desired, scenery.live, **{**about, **more})


class Broken(AssertionError):
    """A rule of the server that a change would have broken at its turn."""


class Websak:
    """A Websak in memory, which refuses what the real ones refuse and what the plan promises never to do."""

    def __init__(self, live: State, plan: Plan) -> None:
        self.state = dict(live)
        self.plan = plan
        self.pending = {old_address(change): change for change in plan.changes}

    def do(self, change: Change) -> None:
        del self.pending[old_address(change)]
        if change.action.removes:
            self.remove(change)
            return
        before = self.state.get(old_address(change)) or self.there(change.address)
        if change.action is Action.CREATE:
            self.insist(before is None, f"{change.address} is there already")
            fields = {**KINDS[change.address.kind].defaults, **{f.path: f.after for f in change.fields}}
        else:
            assert before is not None, change
            self.insist(
                before.active is (change.action is Action.UPDATE), f"{change.address} is active: {before.active}"
            )
            del self.state[before.address]
            fields = patched(before.fields, change.fields)
            if before.address.key != change.address.key:
                self.insist(self.there(change.address) is None, f"{change.address} is taken")
                self.follow(before.address, change.address)
        self.state[change.address] = Resource(address=change.address, fields=fields)
        self.check(change.address)

    def follow(self, old: Address, new: Address) -> None:
        """Within one API what refers to a renamed resource refers to it still."""
        for address, resource in self.state.items():
            if KINDS[address.kind].api is KINDS[old.kind].api and old in self.targets(address, resource):
                fields = {
                    n: new.key if n in KINDS[address.kind].references and v == old.key else v
                    for n, v in resource.fields.items()
                }
                self.state[address] = replace(resource, fields=fields)

    def there(self, address: Address) -> Resource | None:
        result = [r for a, r in self.state.items() if (a.kind, a.key) == (address.kind, address.key)]
        return result[0] if result else None

    def remove(self, change: Change) -> None:
        address = change.address
        for other, resource in self.state.items():
            waiting = self.pending.get(other)
            if waiting is None or (waiting.action.removes and self.in_circle(other)):
                continue  # those that are each other's parents cannot all go last
            if resource.active and address in self.targets(other, resource):
                raise Broken(f"{address} goes before {other}, which still refers to it")
        if change.action is Action.DELETE:
            del self.state[address]
        else:
            self.state[address] = replace(self.state[address], active=False)

    def in_circle(self, address: Address) -> bool:
        seen, todo = set[Address](), [address]
        while todo:
            here = todo.pop()
            above = [t for t in self.targets(here, self.state[here]) if t in self.state]
            todo.extend(t for t in above if t not in seen)
            seen.update(above)
        return address in seen

    def check(self, address: Address) -> None:
        resource = self.state[address]
        for target in self.targets(address, resource):
            live = self.state.get(target)
            self.insist(live is not None and live.active, f"{address} refers to {target}, which is not there")
            if target.kind == "org_unit" and address.kind != "org_unit" and live is not None:
                self.insist(live.fields["external_id"] == target.key, f"{target} cannot be found by its key yet")
        if address.kind == "org_unit":
            self.check_tree(address)
            self.check_unique(address)

    def check_tree(self, address: Address) -> None:
        seen = [address]
        while (parent := self.state[seen[-1]].fields["parent"]) is not None:
            above = Address("org_unit", address.scope, parent)
            if above not in self.state or above in seen[1:]:
                return  # somebody else's cycle
            self.insist(above != address, f"{address} stands below itself")
            seen.append(above)

    def check_unique(self, address: Address) -> None:
        mine = self.state[address].fields["abbreviation"]
        for other, resource in self.state.items():
            if other != address and other.kind == "org_unit" and resource.fields["abbreviation"] == mine:
                warned = any("unique" in warning for warning in self.plan.warnings)
                self.insist(
                    warned, f"{address} takes the abbreviation {mine}, which is {other}'s, and nobody was warned"
                )
                event("an abbreviation was taken, as warned")

    @staticmethod
    def targets(address: Address, resource: Resource) -> list[Address]:
        result = referred(KINDS[address.kind], resource.fields)
        return [
            Address(r.kind, address.scope if r.same_scope else BASE, k) for _, r, k in result if r.kind != "district"
        ]

    @staticmethod
    def insist(holds: bool, otherwise: str) -> None:
        if not holds:
            raise Broken(otherwise)


def any_order(changes: tuple[Change, ...], random: Random) -> list[Change]:
    """Some order that respects what each change requires, as several workers at once may end up with."""
    left, done, order = list(changes), set[Address](), list[Change]()
    while left:
        ready = [c for c in left if set(c.requires) <= done]
        assert ready, "the requirements go in a circle"
        chosen = random.choice(ready)
        left.remove(chosen)
        done.add(chosen.address)
        order.append(chosen)
    return order


def reaches(scenery: Scenery, plan: Plan, order: list[Change]) -> State:
    """Carry the changes out, and compare with what was wanted."""
    websak = Websak(scenery.live, plan)
    for change in order:
        websak.do(change)
    by_hand = {step.address for step in plan.manual}
    for address, desired in scenery.desired.items():
        if address in by_hand:
            continue
        live = websak.state[address]
        assert live.active
        for name, value in desired.fields.items():
            assert live.fields[name] == value or name in KINDS[address.kind].create_only, (address, name)
    return websak.state


@given(scenery=sceneries(), random=st.randoms(use_true_random=False))
def test_carrying_out_a_plan_reaches_what_was_desired_in_any_order_it_allows(scenery: Scenery, random: Random) -> None:
    plan = ask(scenery)
    event(f"changes: {min(len(plan.changes), 30) // 10 * 10}+")
    after = reaches(scenery, plan, list(plan.changes))
    assert after == reaches(scenery, plan, any_order(plan.changes, random))
    known = {**scenery.known, **{a: LastApplied(r.fields) for a, r in scenery.desired.items()}}
    again = ask(replace(scenery, live=after, known=known))
    assert again.changes == ()
    asked_before_a_removal = {c.address for c in plan.changes if c.action.removes}  # open cases; asked once
    assert again.manual == tuple(step for step in plan.manual if step.address not in asked_before_a_removal)


@given(scenery=sceneries(cycles=True), random=st.randoms(use_true_random=False))
def test_units_that_are_each_others_parents_in_websak_can_be_put_right(scenery: Scenery, random: Random) -> None:
    plan = ask(scenery)
    after = reaches(scenery, plan, any_order(plan.changes, random))
    assert ask(replace(scenery, live=after)).changes == ()


@given(scenery=sceneries(), random=st.randoms(use_true_random=False), data=st.data())
def test_what_is_renamed_is_reached_in_any_order_too(scenery: Scenery, random: Random, data: st.DataObject) -> None:
    previously = data.draw(renames(scenery))
    plan = ask(scenery, previously=previously)
    event(f"renames: {len(previously)}")
    after = reaches(scenery, plan, any_order(plan.changes, random))
    done = {old_address(c): c.address for c in plan.changes if old_address(c).key != c.address.key}
    assert all(new in previously and old in previously[new] for old, new in done.items())
    known = {a: k for a, k in scenery.known.items() if a not in done}
    again = ask(replace(scenery, live=after, known=known), previously=previously)
    assert again.changes == ()


@given(before=trees(), after=trees(), random=st.randoms(use_true_random=False))
def test_moving_units_makes_no_circle_in_between(before: State, after: State, random: Random) -> None:
    scenery = Scenery(desired=after, live=as_read(before), known={}, prune=frozenset())
    plan = ask(scenery)
    reaches(scenery, plan, any_order(plan.changes, random))


def every_requirement_is_a_change_that_comes_before(plan: Plan, scenery: Scenery) -> None:
    seen = set[Address]()
    for change in plan.changes:
        assert set(change.requires) <= seen
        seen.add(change.address)


def what_is_nobodys_is_left_alone(plan: Plan, scenery: Scenery) -> None:
    plan = ask(replace(scenery, prune=frozenset()))
    mine = {(a.kind, a.key) for a in (*scenery.desired, *scenery.known)}
    assert all((change.address.kind, change.address.key) in mine for change in plan.changes)
    desired = {(a.kind, a.key) for a in scenery.desired}
    expected = {
        a for a, r in scenery.live.items() if r.active and a not in scenery.known and (a.kind, a.key) not in desired
    }
    assert set(plan.unmanaged) == expected


@given(scenery=sceneries())
def test_what_holds_of_every_plan(scenery: Scenery) -> None:
    plan = ask(scenery)
    for holds in (
        every_requirement_is_a_change_that_comes_before,
        what_is_nobodys_is_left_alone,
        groups_are_the_changes_once_each,
        counts_add_up,
        a_saved_plan_comes_back_whole,
    ):
        holds(plan, scenery)


@given(scenery=sceneries(), random=st.randoms(use_true_random=False))
def test_the_same_question_gives_the_same_bytes(scenery: Scenery, random: Random) -> None:
    def shuffled(state: dict[Address, Any]) -> dict[Address, Any]:
        items = list(state.items())
        random.shuffle(items)
        return dict(items)

    first = written(ask(scenery))
    other = replace(
        scenery, desired=shuffled(scenery.desired), live=shuffled(scenery.live), known=shuffled(scenery.known)
    )
    assert written(ask(scenery)) == first
    assert written(ask(other)) == first


def written(plan: Plan) -> bytes:
    return json.dumps(to_document(plan, tool_version="0", created_at=NOW), ensure_ascii=False).encode()


def groups_are_the_changes_once_each(plan: Plan, scenery: Scenery) -> None:
    assert sorted(a for group in plan.groups for a in group.addresses) == sorted(c.address for c in plan.changes)
    by_address = {change.address: change for change in plan.changes}
    for group in plan.groups:
        assert tuple(a.scope for a in group.addresses) == group.scopes
        assert len(set(group.scopes)) == len(group.scopes)
        assert {by_address[a].action for a in group.addresses} == {group.action}
        assert {a.kind for a in group.addresses} == {group.kind}
        assert {tuple(f.path for f in by_address[a].fields) for a in group.addresses} == {
            tuple(f.path for f in group.fields)
        }


@given(scenery=sceneries(), data=st.data())
def test_a_selection_brings_along_what_it_needs_and_nothing_else(scenery: Scenery, data: st.DataObject) -> None:
    merged = ask(scenery)
    scopes = data.draw(some_of(["base", *DISTRICTS]))
    kinds = data.draw(some_of(sorted(KINDS)))
    targets = data.draw(some_of(["org_unit/*/*-A", "*/frogner/*", "sub_org/*", "access_code/base/P"]))
    selection = Selection(scopes=frozenset(scopes), kinds=frozenset(kinds), targets=tuple(targets))
    part = ask(scenery, selection=selection)
    asked = {c.address for c in merged.changes if c.address in selection}
    needed = set(asked)
    for change in reversed(merged.changes):
        if change.address in needed:
            needed |= set(change.requires)
    assert [c.address for c in part.changes] == [c.address for c in merged.changes if c.address in needed]
    websak = Websak(scenery.live, part)
    for change in part.changes:
        websak.do(change)


@given(scenery=sceneries(), data=st.data())
def test_what_changed_since_is_dropped_with_what_depends_on_it(scenery: Scenery, data: st.DataObject) -> None:
    plan = ask(scenery)
    now = dict(scenery.live)
    for address in data.draw(st.lists(st.sampled_from(sorted(now)), max_size=3, unique=True)) if now else ():
        live = now[address]
        match data.draw(st.sampled_from(["gone", "retired", "renamed"])):
            case "gone":
                del now[address]
            case "retired":
                now[address] = replace(live, active=not live.active)
            case "renamed":
                now[address] = replace(live, fields={**live.fields, "name": "Endret for hånd"})
    holding = still_holding(plan.changes, now)
    kept, dropped = {c.address for c in holding.changes}, {s.change.address for s in holding.stale}
    already = {c.address for c in holding.already}
    assert sorted([*kept, *dropped, *already]) == sorted(c.address for c in plan.changes)
    for change in plan.changes:
        if change.address in kept:
            assert not dropped & set(change.requires)
        if now == scenery.live:
            assert change.address in kept
    for stale in holding.stale:
        assert bool(stale.conflicts) is (stale.because_of is None)
    assert all(set(c.requires) <= kept for c in holding.changes)


def counts_add_up(plan: Plan, scenery: Scenery) -> None:
    counted = plan.summary
    assert sum(counted[action.value] for action in Action) == len(plan.changes)
    assert counted["unchanged"] + sum(1 for c in plan.changes if not c.action.removes) + len(
        {m.address for m in plan.manual} & set(scenery.desired)
    ) == len(scenery.desired)


def a_saved_plan_comes_back_whole(plan: Plan, scenery: Scenery) -> None:
    assert from_document(json.loads(written(plan))) == plan


@given(scenery=sceneries(), data=st.data())
def test_an_edited_plan_is_refused(scenery: Scenery, data: st.DataObject) -> None:
    document = json.loads(written(ask(scenery)))
    path = data.draw(st.sampled_from(list(leaves(document, ()))))
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    old = holder[path[-1]]
    holder[path[-1]] = data.draw(
        st.sampled_from([None, "", "x", 0, 1, True, [], "sha256:0"]).filter(
            lambda new: new != old or type(new) is not type(old)
        )
    )
    with pytest.raises(PlanFileError):
        from_document(document)


@given(scenery=sceneries(), moment=st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)))
def test_a_plan_of_any_time_passes_redaction(scenery: Scenery, moment: datetime) -> None:
    document = to_document(ask(scenery), tool_version="0", created_at=f"{moment.isoformat(timespec='milliseconds')}Z")
    assert redacted(document) == document
    assert moment - datetime.fromisoformat(document["created_at"]).replace(tzinfo=None) < timedelta(seconds=0.01)


def test_a_digit_of_the_time_cannot_be_edited() -> None:
    nothing: Any = dict.fromkeys(("changes", "groups", "unmanaged", "manual", "findings", "warnings"), ())
    plan = Plan(environment="test", unchanged=0, digests=lambda: ("sha256:0", "sha256:1"), **nothing)
    document = to_document(plan, tool_version="0", created_at="2027-01-01T00:00:00.123Z")
    time = document["created_at"]
    assert time.startswith("2027-01-01T00:00:00.12") and len(time) == 27
    for place in (place for place, character in enumerate(time) if character.isdigit()):
        for other in {*"0123456789"} - {time[place]}:
            with pytest.raises(PlanFileError):
                from_document({**document, "created_at": f"{time[:place]}{other}{time[place + 1 :]}"})


def leaves(value: Any, path: tuple[Any, ...]) -> Any:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, number))
    else:
        yield path


@given(scenery=sceneries())
def test_without_a_setup_api_its_kinds_are_steps_for_a_person(scenery: Scenery) -> None:
    kinds = {name: kind for name, kind in KINDS.items() if kind.api is Api.USER}
    live = {a: r for a, r in scenery.live.items() if a.kind in kinds}
    plan = ask(replace(scenery, live=live), kinds=kinds)
    assert all(c.address.kind in kinds for c in plan.changes)
    assert {a for a in scenery.desired if a.kind not in kinds} <= {m.address for m in plan.manual}
    after = reaches(replace(scenery, live=live), plan, list(plan.changes))
    assert set(after) >= {a for a in scenery.desired if a.kind in kinds} - {m.address for m in plan.manual}


@given(desired=desired_states())
def test_nothing_to_do_where_all_is_as_desired(desired: State) -> None:
    plan = ask(Scenery(desired=desired, live=as_read(desired), known={}, prune=frozenset()))
    assert plan.changes == plan.manual == plan.unmanaged == plan.warnings == plan.findings == ()
    assert plan.unchanged == len(desired)
