"""What would be left behind by something that goes is counted, and what follows something that gets a new key."""

from typing import Any

from msgspec.structs import replace

from tests.planning import planned
from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.resource import Resource, State
from websakctl.plan.change import Action, Change, FieldChange
from websakctl.plan.dependents import with_dependents
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


def guarded(*changes: Change, **retired: bool) -> dict[str, str]:
    plan = planned({}, {}, kinds=KINDS, districts=DISTRICTS, known={OLD: LastApplied({})})
    plan = with_dependents(replace(plan, changes=changes), live(**retired), KINDS, DISTRICTS)
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


def test_everything_that_refers_to_it_is_counted() -> None:
    result = guarded(goes(OLD))
    assert list(result) == ["dependents:org_unit=4"]
    message = result["dependents:org_unit=4"]
    assert message.startswith("org_unit/frogner/FR-OLD: 1 form, 1 org_unit, 1 sub_org and 1 user (")
    assert "Name an heir under `retire:`, or retire them too" in message


def test_whoever_is_tied_to_it_otherwise_is_counted_once() -> None:
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
    (finding,) = with_dependents(goes_on, {**live(), **users} | {KARI: live()[NEW]}, KINDS, DISTRICTS).findings
    assert finding.allowance == "dependents:org_unit=7" and "4 users" in finding.message
    follows = Change(
        address=Address("user", "frogner", "ROLE"),
        action=Action.UPDATE,
        fields=(FieldChange(path="roles.LD", before={"units": ["FR-OLD"]}, after={"units": ["FR-NEW"]}),),
        reason="",
    )
    (finding,) = with_dependents(
        replace(plan, changes=(goes(OLD), follows)), {**live(), **users} | {KARI: live()[NEW]}, KINDS, DISTRICTS
    ).findings
    assert finding.allowance == "dependents:org_unit=6"


def test_what_goes_too_or_points_elsewhere_is_no_dependent() -> None:
    others = (goes(CHILD), points_to(KARI, "unit", "FR-NEW"), points_to(ROUTE, "unit", "FR-NEW"))
    assert list(guarded(goes(OLD), *others)) == ["dependents:org_unit=1"]
    assert guarded(goes(OLD), *others, points_to(FORM, "unit", "NEW")) == {}
    other_field = Change(
        address=KARI, action=Action.UPDATE, fields=(FieldChange(path="name", before="Kari", after="Kåre"),), reason=""
    )
    assert list(guarded(goes(OLD), other_field)) == ["dependents:org_unit=4"]


def test_who_is_retired_already_depends_on_nothing() -> None:
    assert list(guarded(goes(OLD), user=True, form=True)) == ["dependents:org_unit=2"]


def test_what_moves_leaves_nobody_behind_and_is_followed() -> None:
    moved = unit("OLD", "sagene")
    fields = (
        FieldChange(path="key", before="FR-OLD", after="SA-OLD"),
        FieldChange(path="scope", before="frogner", after="sagene"),
    )
    plan = planned({}, {}, kinds=KINDS, districts=DISTRICTS)
    plan = with_dependents(
        replace(plan, changes=(Change(address=moved, action=Action.UPDATE, fields=fields, reason=""),)),
        live(),
        KINDS,
        DISTRICTS,
    )
    assert plan.findings == ()
    assert plan.changes[0].follows == (("form", 1), ("org_unit", 1), ("sub_org", 1), ("user", 1))
