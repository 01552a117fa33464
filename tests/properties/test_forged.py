"""A saved plan that was forged, its digest and its time made to fit: nothing but what the config gives is ever done."""

import json
from typing import Any

from hypothesis import assume, event, given
from hypothesis import strategies as st

from tests.properties.test_plan import DISTRICTS, KINDS, NOW, ask
from tests.strategies import Scenery, sceneries
from websakctl.model.address import Address
from websakctl.plan.change import Action, Change, Plan
from websakctl.plan.document import PlanFileError, digest_of, from_document, sealed, to_document
from websakctl.plan.guards import not_allowed
from websakctl.plan.saved import objections
from websakctl.plan.selection import Selection
from websakctl.plan.stale import still_holding

# Nothing in these is done or decided from: what is shown of them is made again.
_WITHOUT_WEIGHT = ("warnings", "manual", "tool_version", "config_digest", "live_digest", "source", "reason", "follows")


def document_of(plan: Plan) -> Any:
    return json.loads(json.dumps(to_document(plan, tool_version="0", created_at=NOW)))


def made_to_fit(document: Any) -> Any:
    """What a forger does last: the unkeyed check sums are recomputed."""
    digest = digest_of(document)
    return {**document, "created_at": sealed(NOW, digest), "digest": digest}


def planned_from(scenery: Scenery, made_from: Any, only: frozenset[Address] | None = None) -> Plan:
    """The plan, made again from what a file says that it was made from."""
    selection = Selection(
        scopes=frozenset(made_from["districts"]),
        kinds=frozenset(made_from["kinds"]),
        targets=tuple(made_from["targets"]),
    )
    return ask(scenery, selection=selection, prune=frozenset(made_from["prune"]), only=only)


def done(document: Any, scenery: Scenery) -> tuple[Change, ...] | None:
    """What would be done of a file; ``None``: it is refused."""
    try:
        saved = from_document(document)
    except PlanFileError:
        return None
    again = planned_from(scenery, document["made_from"])
    holding = still_holding(saved.changes, scenery.live)
    if objections(document, saved, holding, again, document_of(again), live=scenery.live, districts=DISTRICTS):
        return None
    if not_allowed(again.findings, [finding.allowance for finding in saved.findings]):
        return None  # somebody allows on the command line what the file shows, and no more
    approved = {change.address for change in holding.changes}
    return tuple(change for change in again.changes if change.address in approved)


def leaves(value: Any, path: tuple[Any, ...]) -> Any:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, number))
    else:
        yield path


def with_another_leaf(document: Any, data: st.DataObject) -> str:
    path = data.draw(st.sampled_from([p for p in leaves(document, ()) if p[0] not in ("digest", "created_at")]))
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    old = holder[path[-1]]
    others = [None, "", "x", 0, 1, 7, True, False, [], ["x"], {}, "delete", "deactivate", "org_unit/alna/AL-A", "alna"]
    if isinstance(old, str):
        others += [f"{old}x", old.upper()]
    new = data.draw(st.sampled_from([o for o in others if o != old or type(o) is not type(old)]))
    holder[path[-1]] = new
    return next((str(step) for step in reversed(path) if step in _WITHOUT_WEIGHT), "/".join(map(str, path)))


def with_another_order(document: Any, data: st.DataObject) -> str:
    before = list(document["changes"])
    document["changes"] = data.draw(st.permutations(before))
    assume(document["changes"] != before)
    return "order"


def without_a_part(document: Any, data: st.DataObject) -> str:
    part = data.draw(
        st.sampled_from([p for p in ("changes", "groups", "findings", "unmanaged") if document[p]] or [""])
    )
    assume(part)
    document[part].pop(data.draw(st.integers(0, len(document[part]) - 1)))
    return part


def with_a_removal(document: Any, data: st.DataObject) -> str:
    """What was tried: protected units go, the groups show a rename, and no guard objects."""
    change = {
        "address": "org_unit/frogner/FR-A",
        "kind": "org_unit",
        "scope": "frogner",
        "key": "FR-A",
        "action": "deactivate",
        "fields": [{"path": "active", "before": True, "after": False}],
        "reason": "it left the config",
        "source": None,
        "requires": [],
        "shared": 0,
    }
    assume(all(c["address"] != change["address"] for c in document["changes"]))
    document["changes"].append(change)
    if data.draw(st.booleans()):
        document["summary"]["deactivate"] += 1
        document["groups"].append(
            {
                "kind": "org_unit",
                "action": data.draw(st.sampled_from(["deactivate", "update"])),
                "key": "FR-A",
                "fields": change["fields"],
                "scopes": ["frogner"],
                "addresses": [change["address"]],
                "shared": 0,
                "exception": False,
            }
        )
    return "removal"


@given(scenery=sceneries(), data=st.data())
def test_no_forged_plan_is_accepted(scenery: Scenery, data: st.DataObject) -> None:
    plan = ask(scenery)
    assume(plan.changes)
    honest = document_of(plan)
    assert done(honest, scenery) == plan.changes
    forged = json.loads(json.dumps(honest))
    forge = data.draw(st.sampled_from([with_another_leaf, with_another_order, without_a_part, with_a_removal]))
    part = forge(forged, data)
    also_live = data.draw(st.booleans())
    if also_live:
        forged["live_digest"] = f"sha256:{0:064}"
    result = done(made_to_fit(forged), scenery)
    event(f"{forge.__name__}: {'refused' if result is None else 'without effect'}")
    if result is not None:
        made_from = planned_from(scenery, forged["made_from"]).changes
        assert all(
            change in made_from for change in result
        )  # with the selection that it names, the config gives all that is done
        light = part in _WITHOUT_WEIGHT or part.startswith("made_from")
        if part.startswith("findings"):  # of these, what users decide is found again, and is not compared
            light = any(finding["guard"].startswith("dependents:") for finding in honest["findings"])
        assert also_live or light, part
        if part != "removal" and not also_live and not part.startswith("made_from"):
            assert result == plan.changes


@given(first=sceneries(), second=sceneries(), prune=st.sets(st.sampled_from(sorted(KINDS))))
def test_a_plan_of_one_config_does_nothing_of_its_own_to_another(
    first: Scenery, second: Scenery, prune: set[str]
) -> None:
    """The digest of the config is forged too."""
    document = document_of(ask(first))
    document["made_from"]["prune"] = sorted(prune)
    result = done(made_to_fit(document), second)
    given_by_config = planned_from(second, document["made_from"]).changes
    assert result is None or all(change in given_by_config for change in result)


@given(scenery=sceneries(), scope=st.sampled_from(sorted(DISTRICTS)), kind=st.sampled_from(sorted(KINDS)))
def test_plans_with_a_selection_are_what_they_were(scenery: Scenery, scope: str, kind: str) -> None:
    nothing: dict[str, Any] = {"districts": [], "kinds": [], "targets": [], "prune": sorted(scenery.prune)}
    for part in ({"districts": [scope]}, {"kinds": [kind]}, {"targets": [f"*/{scope}/*"]}):
        plan = planned_from(scenery, {**nothing, **part})
        assert done(document_of(plan), scenery) == plan.changes


@given(scenery=sceneries())
def test_only_what_was_approved_is_done_and_the_guards_look_at_that(scenery: Scenery) -> None:
    merged = ask(scenery)
    approved = frozenset(change.address for change in merged.changes[::2])
    plan = ask(scenery, only=approved)
    addresses = {change.address for change in plan.changes}
    assert addresses <= approved
    for change in plan.changes:
        assert set(change.requires) <= addresses
    assert {a for group in plan.groups for a in group.addresses} == addresses
    removals = sum(change.action in (Action.DEACTIVATE, Action.DELETE) for change in plan.changes)
    assert all(finding.count <= removals for finding in plan.findings if finding.guard.startswith("removals:"))
