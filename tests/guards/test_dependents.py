"""What would be left behind by something that goes is counted, and what follows something that gets a new key."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from tests.planning import planned
from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.resource import Resource, State
from websakctl.model.retirement import Retirement
from websakctl.plan import dependents
from websakctl.plan.change import Action, Change, FieldChange, Finding, ManualStep
from websakctl.plan.diff import LastApplied

from .checks import DISTRICTS, unit

KINDS = all_kinds()
OLD, NEW, CHILD = unit("OLD"), unit("NEW"), unit("CHILD")
KARI = Address("user", "frogner", "KARNOR")
ROUTE = Address("sub_org", "frogner", "975016684")
FORM = Address("form", "base", "SOKNAD")


def live(**retired: bool) -> State:
    fields: dict[Address, dict[str, Any]] = {
        OLD: {"name": "Gammel", "external_id": "FR-OLD"},
        NEW: {"name": "Ny", "external_id": "FR-NEW"},
        CHILD: {"name": "Under", "parent": "FR-OLD"},
        KARI: {"name": "Kari", "unit": "FR-OLD"},
        ROUTE: {"name": "Barnehage", "unit": "FR-OLD"},
        FORM: {"name": "Søknad", "unit": "OLD"},
    }
    return {a: Resource(address=a, fields=f, active=not retired.get(a.kind, False)) for a, f in fields.items()}


def guarded(module: ModuleType, *changes: Change, **retired: bool) -> dict[str, str]:
    plan = planned({}, {}, kinds=KINDS, districts=DISTRICTS, known={OLD: LastApplied({})})
    plan = module.with_dependents(replace(plan, changes=changes), live(**retired), KINDS, DISTRICTS)
    return {finding.allowance: finding.message for finding in plan.findings}


def goes(address: Address) -> Change:
    return Change(
        address=address,
        action=Action.DEACTIVATE,
        fields=(FieldChange(path="active", before=True, after=False),),
        reason="",
    )


def points_to(address: Address, field: str, after: str) -> Change:
    return Change(
        address=address,
        action=Action.UPDATE,
        fields=(FieldChange(path=field, before="FR-OLD", after=after),),
        reason="",
    )


def everything_that_refers_to_it_is_counted(module: ModuleType) -> None:
    result = guarded(module, goes(OLD))
    assert list(result) == ["dependents:org_unit=4"]
    message = result["dependents:org_unit=4"]
    assert message.startswith("org_unit/frogner/FR-OLD: 1 form, 1 org_unit, 1 sub_org and 1 user (")
    assert "Name an heir under `retire:`, or retire them too" in message


def whoever_is_tied_to_it_otherwise_is_counted_once(module: ModuleType) -> None:
    """Its head, who distributes its mail, and those whose roles hold for it; whether or not they are in it."""
    fields = {
        "HEAD": {"unit": "FR-NEW", "manages": ["FR-OLD"]},
        "MAIL": {"unit": "FR-NEW", "distributes": ["FR-NEW", "FR-OLD"]},
        "ROLE": {"unit": "FR-NEW", "roles": {"SB": {"units": ["FR-NEW"]}, "LD": {"units": ["FR-OLD"]}}},
        "ALL": {
            "unit": "FR-OLD",
            "manages": ["FR-OLD"],
            "distributes": ["FR-OLD"],
            "roles": {"SB": {"units": ["FR-OLD"]}},
        },
        "NONE": {"unit": "FR-NEW", "roles": {"SB": {"units": []}}, "manages": []},
    }
    users = {(a := Address("user", "frogner", code)): Resource(address=a, fields=f) for code, f in fields.items()}
    plan = planned({}, {}, kinds=KINDS, districts=DISTRICTS, known={OLD: LastApplied({})})
    goes_on = replace(plan, changes=(goes(OLD),))
    (finding,) = module.with_dependents(goes_on, {**live(), **users} | {KARI: live()[NEW]}, KINDS, DISTRICTS).findings
    assert finding.allowance == "dependents:org_unit=7" and "4 users" in finding.message
    follows = Change(
        address=Address("user", "frogner", "ROLE"),
        action=Action.UPDATE,
        fields=(FieldChange(path="roles.LD", before={"units": ["FR-OLD"]}, after={"units": ["FR-NEW"]}),),
        reason="",
    )
    (finding,) = module.with_dependents(
        replace(plan, changes=(goes(OLD), follows)), {**live(), **users} | {KARI: live()[NEW]}, KINDS, DISTRICTS
    ).findings
    assert finding.allowance == "dependents:org_unit=6"


def what_goes_too_or_points_elsewhere_is_no_dependent(module: ModuleType) -> None:
    others = (goes(CHILD), points_to(KARI, "unit", "FR-NEW"), points_to(ROUTE, "unit", "FR-NEW"))
    assert list(guarded(module, goes(OLD), *others)) == ["dependents:org_unit=1"]
    assert guarded(module, goes(OLD), *others, points_to(FORM, "unit", "NEW")) == {}
    other_field = Change(
        address=KARI, action=Action.UPDATE, fields=(FieldChange(path="name", before="Kari", after="Kåre"),), reason=""
    )
    assert list(guarded(module, goes(OLD), other_field)) == ["dependents:org_unit=4"]


def who_is_retired_already_depends_on_nothing(module: ModuleType) -> None:
    assert list(guarded(module, goes(OLD), user=True, form=True)) == ["dependents:org_unit=2"]


def what_moves_leaves_nobody_behind_and_is_followed(module: ModuleType) -> None:
    moved = unit("OLD", "sagene")
    fields = (
        FieldChange(path="key", before="FR-OLD", after="SA-OLD"),
        FieldChange(path="scope", before="frogner", after="sagene"),
    )
    plan = planned({}, {}, kinds=KINDS, districts=DISTRICTS)
    plan = module.with_dependents(
        replace(plan, changes=(Change(address=moved, action=Action.UPDATE, fields=fields, reason=""),)),
        live(),
        KINDS,
        DISTRICTS,
    )
    assert plan.findings == ()
    assert plan.changes[0].follows == (("form", 1), ("org_unit", 1), ("sub_org", 1), ("user", 1))


HEIRS = {OLD: Retirement(heir=NEW, reason="r")}
ROLE = {"LD": {"units": ["FR-OLD", "FR-X"], "grades": []}}


def told(
    module: ModuleType,
    changes: tuple[Change, ...],
    there: State,
    retirements: dict[Address, Retirement],
    **of_plan: Any,
) -> tuple[list[str], list[tuple[Address, str]]]:
    """Messages of the findings, and the steps for a person."""
    plan = replace(planned({}, {}, kinds=KINDS, districts=DISTRICTS), changes=changes, **of_plan)
    plan = module.with_dependents(plan, there, KINDS, DISTRICTS, retirements)
    return [f.message for f in plan.findings], [(m.address, m.what) for m in plan.manual]


def who_is_left_where_there_is_an_heir_is_a_step_for_a_person(module: ModuleType) -> None:
    others = (goes(CHILD), points_to(ROUTE, "unit", "FR-NEW"), points_to(FORM, "unit", "NEW"))
    (message,), steps = told(module, (goes(OLD), *others), live(), HEIRS)
    step = (KARI, "its unit FR-OLD is retired: move it to FR-NEW in Websak")
    assert steps == [step] and message.endswith("as the steps for a person say")
    # without an heir, and for what does not go, there is none
    nobody = {OLD: Retirement(reason="r")}
    for retirements in (nobody, {CHILD: Retirement(heir=NEW, reason="r")}):
        (message,), steps = told(module, (goes(OLD), *others), live(), retirements)
        assert steps == [] and message.endswith("or retire them too")
    assert told(module, (goes(CHILD),), live(), HEIRS) == ([], [])
    # what an API can point to the heir is no step: it is a change of the plan, or missing there
    _, steps = told(module, (goes(OLD),), live(user=True), HEIRS)
    assert steps == []
    # once is enough
    said = ManualStep(address=KARI, what="already")
    assert told(module, (goes(OLD), *others), live(), HEIRS, manual=(said,))[1] == [(KARI, "already")]


def roles_that_are_held_there_are_named(module: ModuleType) -> None:
    there = live() | {KARI: Resource(address=KARI, fields={"name": "Kari", "unit": "FR-NEW", "roles": ROLE})}
    others = (goes(CHILD), points_to(ROUTE, "unit", "FR-NEW"), points_to(FORM, "unit", "NEW"))
    role = "a role is given for FR-OLD, which is retired: give it for FR-NEW in Websak"
    assert told(module, (goes(OLD), *others), there, HEIRS)[1] == [(KARI, role)]
    both = there | {KARI: Resource(address=KARI, fields={"name": "Kari", "unit": "FR-OLD", "roles": ROLE})}
    unit_first = f"its unit FR-OLD is retired: move it to FR-NEW in Websak; {role}"
    assert told(module, (goes(OLD), *others), both, HEIRS)[1] == [(KARI, unit_first)]
    # an heir is named for one of two units; who is left in the other gets no step of that
    x = unit("X")
    x_goes = {**both, x: Resource(address=x, fields={"name": "X"})}
    without_heir = {**HEIRS, x: Retirement(reason="r")}
    (message,), steps = told(module, (goes(OLD), goes(x), *others), x_goes, without_heir)
    assert steps == [(KARI, unit_first)] and message.endswith("or retire them too")
    with_heir = {**HEIRS, x: Retirement(heir=CHILD, reason="r")}  # it does not go here: nothing is said of it
    assert told(module, (goes(OLD), *others), both, with_heir)[1] == [(KARI, unit_first)]
    elsewhere = there | {KARI: Resource(address=KARI, fields={"name": "Kari", "unit": "FR-NEW", "manages": ["FR-OLD"]})}
    assert told(module, (goes(OLD), *others), elsewhere, HEIRS)[1] == []  # nothing says what to change of it


def many_are_named_by_three(module: ModuleType) -> None:
    units = [unit(f"U{n}") for n in range(5)]
    for count, more in ((3, ""), (4, "; and 1 more"), (5, "; and 2 more")):
        there = {u: Resource(address=u, fields={"name": u.key}) for u in units[:count]}
        for n, u in enumerate(units[:count]):
            person = Address("user", "frogner", f"P{n}")
            there[person] = Resource(address=person, fields={"name": "P", "unit": u.key})
        changes = tuple(map(goes, units[:count]))
        (message,), _ = told(module, changes, there, {})
        assert message.count("FR-U") == 3 and f"(user/frogner/P2){more} would be left behind" in message


def each_kind_is_a_finding_and_others_stay(module: ModuleType) -> None:
    code, case = Address("access_code", "base", "P"), Address("case_type", "base", "PERS")
    there = live() | {
        code: Resource(address=code, fields={"name": "P"}),
        case: Resource(address=case, fields={"name": "Pers", "access_code": "P"}),
    }
    before = Finding(guard="deactivate:org_unit", count=9, message="too many")
    stale = Finding(guard="dependents:org_unit", count=99, message="as it was counted before")
    plan = replace(
        planned({}, {}, kinds=KINDS, districts=DISTRICTS), changes=(goes(OLD), goes(code)), findings=(before, stale)
    )
    found = [f.allowance for f in module.with_dependents(plan, there, KINDS, DISTRICTS).findings]
    assert found == ["deactivate:org_unit=9", "dependents:access_code=1", "dependents:org_unit=4"]
    strange = Address("nothing", "base", "X")
    there[strange] = Resource(address=strange, fields={"unit": "FR-OLD"})  # of no kind that is known
    found = [f.allowance for f in module.with_dependents(plan, there, KINDS, DISTRICTS).findings]
    assert found[1:] == ["dependents:access_code=1", "dependents:org_unit=4"]


def a_plan_that_neither_retires_nor_renames_is_as_it_was(module: ModuleType) -> None:
    change = points_to(KARI, "unit", "FR-NEW")
    plan = replace(planned({}, {}, kinds=KINDS, districts=DISTRICTS), changes=(change,))
    assert module.with_dependents(plan, live(), KINDS, DISTRICTS) is plan
    both = replace(plan, changes=(change, goes(unit("EMPTY"))))
    after = module.with_dependents(both, live(), KINDS, DISTRICTS)
    assert after.changes == both.changes and after.findings == () and after.manual == ()


def nothing_depends_on_itself(module: ModuleType) -> None:
    own = {OLD: Resource(address=OLD, fields={"name": "Ring", "parent": "FR-OLD"})}
    assert told(module, (goes(OLD),), own, {}) == ([], [])
    renamed = renames_to("NY")
    plan = replace(planned({}, {}, kinds=KINDS, districts=DISTRICTS), changes=(renamed,))
    assert module.with_dependents(plan, own, KINDS, DISTRICTS).changes[0].follows == ()


def a_key_that_goes_from_one_to_another_leaves_nobody(module: ModuleType) -> None:
    taken_over = Change(
        address=OLD,
        action=Action.UPDATE,
        fields=(FieldChange(path="key", before="FR-NEW", after="FR-OLD"),),
        reason="",
    )
    assert told(module, (renames_to("NY"), taken_over), live(), {}) == ([], [])


def renames_to(key: str) -> Change:
    return Change(
        address=unit(key),
        action=Action.UPDATE,
        fields=(FieldChange(path="key", before="FR-OLD", after=f"FR-{key}"),),
        reason="",
    )


def users_are_read_for_what_they_may_depend_on(module: ModuleType) -> None:
    def asked(*changes: Change, kinds: Any = KINDS) -> bool:
        plan = replace(planned({}, {}, kinds=KINDS, districts=DISTRICTS), changes=changes)
        return bool(module.people_may_depend(plan, kinds))

    renamed = renames_to("NY")
    made = replace(renamed, action=Action.CREATE)
    assert asked(goes(OLD)) and asked(renamed)
    assert not asked() and not asked(made) and not asked(points_to(OLD, "name", "x"))
    assert not asked(goes(ROUTE)) and not asked(replace(renamed, address=ROUTE))
    assert not asked(goes(OLD), kinds={name: kind for name, kind in KINDS.items() if name != "user"})


def what_goes_is_followed_by_nobody_unless_it_goes(module: ModuleType) -> None:
    plan = replace(
        planned({}, {}, kinds=KINDS, districts=DISTRICTS), changes=(goes(OLD), points_to(CHILD, "name", "x"))
    )
    gone, stays = module.with_dependents(plan, live(), KINDS, DISTRICTS).changes
    assert gone.follows == (("form", 1), ("org_unit", 1), ("sub_org", 1), ("user", 1)) and stays.follows == ()


DEPENDENTS_CHECKS = (
    who_is_left_where_there_is_an_heir_is_a_step_for_a_person,
    roles_that_are_held_there_are_named,
    many_are_named_by_three,
    each_kind_is_a_finding_and_others_stay,
    a_plan_that_neither_retires_nor_renames_is_as_it_was,
    nothing_depends_on_itself,
    a_key_that_goes_from_one_to_another_leaves_nobody,
    users_are_read_for_what_they_may_depend_on,
    what_goes_is_followed_by_nobody_unless_it_goes,
    everything_that_refers_to_it_is_counted,
    whoever_is_tied_to_it_otherwise_is_counted_once,
    what_goes_too_or_points_elsewhere_is_no_dependent,
    who_is_retired_already_depends_on_nothing,
    what_moves_leaves_nobody_behind_and_is_followed,
)


@pytest.mark.parametrize("check", DEPENDENTS_CHECKS, ids=lambda check: check.__name__)
def test_dependents(check: Callable[[ModuleType], None]) -> None:
    check(dependents)
