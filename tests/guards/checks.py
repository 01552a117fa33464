"""What the guards promise. Each check is given the guards' module, so that altered copies can be held to it too."""

from collections.abc import Iterable
from types import ModuleType
from typing import Any

from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.administrator import Administrator
from websakctl.model.district import District
from websakctl.model.resource import Resource, State
from websakctl.plan.change import Action, Change, FieldChange, Finding
from websakctl.plan.diff import LastApplied

KINDS = all_kinds()
FROGNER = District(slug="frogner", name="Bydel Frogner", number="05", orgnr="874778702", short_name="BFR", prefix="FR")
SAGENE = District(slug="sagene", name="Bydel Sagene", number="03", orgnr="974778726", short_name="BSA", prefix="SA")
DISTRICTS = {"frogner": FROGNER, "sagene": SAGENE}


def unit(number: int | str, scope: str = "frogner") -> Address:
    return Address("org_unit", scope, f"{DISTRICTS[scope].prefix}-{number}")


def code(number: int) -> Address:
    return Address("access_code", "base", f"K{number}")


def licence(number: int) -> Address:
    return Address("licence", "base", f"L-{number}")


def change(address: Address, action: Action) -> Change:
    return Change(address=address, action=action, fields=(), reason="")


def going(addresses: Iterable[Address], action: Action = Action.DEACTIVATE) -> list[Change]:
    return [change(a, action) for a in addresses]


def state(*addresses: Address, retired: Iterable[Address] = (), **fields: Any) -> State:
    ended = set(retired)
    return {
        a: Resource(address=a, fields=fields or {"name": str(a)}, active=a not in ended) for a in (*addresses, *ended)
    }


def found(
    guards: ModuleType,
    changes: Iterable[Change],
    live: State | None = None,
    *,
    known: dict[Address, LastApplied] | None = None,
    protected: set[Address] | None = None,
    **limits: int,
) -> list[str]:
    """The allowances that a guard asks for. ``live`` omitted holds one more of all that goes, so that nothing is emptied."""
    listed = list(changes)
    if live is None:
        spare = {Address(c.address.kind, c.address.scope, "STAYS") for c in listed}
        live = state(*(c.address for c in listed), *spare)
    findings = guards.guard(iter(listed), live, known or {}, protected or set(), guards.RemovalLimits(**limits))
    assert isinstance(findings, tuple)
    return [finding.allowance for finding in findings]


def told(findings: Iterable[Finding]) -> str:
    return "\n".join(finding.message for finding in findings)


def nothing_that_stays_is_counted(guards: ModuleType) -> None:
    for action in (Action.CREATE, Action.UPDATE, Action.ACTIVATE):
        changes = going([unit(n) for n in range(30)], action)
        assert found(guards, changes, protected={unit(1)}, per_kind=0, per_district=0, in_all=0) == []
    assert guards.guard([], {}, {}, set(), guards.RemovalLimits(per_kind=0, per_district=0, in_all=0)) == ()


def the_limits_are_five_five_and_twenty(guards: ModuleType) -> None:
    assert guards.RemovalLimits() == guards.RemovalLimits(per_kind=5, per_district=5, in_all=20)
    five, six = ([unit(n) for n in range(count)] for count in (5, 6))
    assert found(guards, going(five)) == []
    assert found(guards, going(six)) == ["deactivate:org_unit=6", "deactivate:org_unit/frogner=6"]


def too_many_of_a_kind(guards: ModuleType) -> None:
    spread = [unit(1), unit(2), unit(1, "sagene")]
    assert found(guards, going(spread), per_kind=3) == []
    assert found(guards, going(spread), per_kind=2) == ["deactivate:org_unit=3"]
    assert found(guards, going([code(1), code(2), *spread[:2]]), per_kind=2) == []  # each kind for itself
    both = [*going([licence(1), licence(2)], Action.DELETE), *going([licence(3), licence(4)])]
    assert found(guards, both, per_kind=1) == ["deactivate:licence=2", "delete:licence=2"]  # each action for itself
    findings = guards.guard(
        going(spread), state(*spread, unit(9), unit(9, "sagene")), {}, set(), guards.RemovalLimits(per_kind=2)
    )
    assert told(findings) == "3 of kind org_unit would go at once (limit 2)"
    assert [f.count for f in findings] == [3]


def too_many_in_a_district(guards: ModuleType) -> None:
    changes = going([*(unit(n) for n in range(4)), unit(1, "sagene"), unit(2, "sagene")])
    assert found(guards, changes, per_kind=99, per_district=4) == []
    assert found(guards, changes, per_kind=99, per_district=3) == ["deactivate:org_unit/frogner=4"]
    assert found(guards, changes, per_kind=99, per_district=1) == [
        "deactivate:org_unit/frogner=4",
        "deactivate:org_unit/sagene=2",
    ]
    assert found(guards, going(map(code, range(5))), per_kind=99, per_district=1) == []  # the base is no district
    live = state(*(c.address for c in changes), unit(9), unit(9, "sagene"))
    findings = guards.guard(changes, live, {}, set(), guards.RemovalLimits(per_kind=99, per_district=3))
    assert told(findings) == "4 of kind org_unit would go in frogner (limit 3)"
    assert [f.count for f in findings] == [4]


def too_many_in_all(guards: ModuleType) -> None:
    mixed = [*going([unit(1), code(1), unit(1, "sagene")]), *going([licence(1)], Action.DELETE)]
    assert found(guards, mixed, in_all=4) == []
    assert found(guards, mixed, in_all=3) == ["removals:all=4"]
    live = state(unit(1), unit(2), code(1), code(2), unit(1, "sagene"), unit(2, "sagene"), licence(1), licence(2))
    findings = guards.guard(mixed, live, {}, set(), guards.RemovalLimits(in_all=3))
    assert told(findings) == "4 resources would go in all (limit 3)"


def a_set_that_is_emptied(guards: ModuleType) -> None:
    for count in range(1, 10):  # however few they are
        members = [unit(n) for n in range(count)]
        findings = guards.guard(
            going(members), state(*members), {}, set(), guards.RemovalLimits(per_kind=99, per_district=99, in_all=99)
        )
        assert [f.allowance for f in findings] == [f"empty:org_unit/frogner={count}"]
        assert findings[0].message == f"the last {count} of kind org_unit in frogner would go"
        assert found(guards, going(members), state(*members, unit("SPARE")), per_kind=99, per_district=99) == []
    retired_remain = state(unit(1), retired=[unit(2)])
    assert found(guards, going([unit(1)]), retired_remain) == ["empty:org_unit/frogner=1"]
    others = state(unit(1), unit(1, "sagene"), Address("sub_org", "frogner", "874778702"))
    assert found(guards, going([unit(1)]), others) == ["empty:org_unit/frogner=1"]
    both = state(unit(1), unit(1, "sagene"), code(1))
    assert found(guards, going(both), both) == [
        "empty:access_code/base=1",
        "empty:org_unit/frogner=1",
        "empty:org_unit/sagene=1",
    ]
    assert found(guards, going([licence(1)], Action.DELETE), state(licence(1))) == ["empty:licence/base=1"]


def what_is_or_was_protected(guards: ModuleType) -> None:
    three = [unit(1), unit(2), code(1)]
    assert found(guards, going(three), protected={unit(2), unit(9)}) == ["protected:org_unit/frogner/FR-2=1"]
    known = {unit(1): LastApplied({}), code(1): LastApplied({}, protected=True)}
    assert found(guards, going(three), known=known) == ["protected:access_code/base/K1=1"]
    both = found(guards, going(three), known=known, protected={code(1), unit(1)})
    assert both == ["protected:org_unit/frogner/FR-1=1", "protected:access_code/base/K1=1"]
    live = state(*three, unit(9), code(9))
    assert (
        told(guards.guard(going(three), live, known, set(), guards.RemovalLimits()))
        == "access_code/base/K1 is protected"
    )


def several_findings_at_once(guards: ModuleType) -> None:
    two = [unit(1), unit(2)]
    assert found(guards, going(two), state(*two), protected={unit(2)}, per_kind=1, per_district=1, in_all=1) == [
        "deactivate:org_unit=2",
        "deactivate:org_unit/frogner=2",
        "removals:all=2",
        "empty:org_unit/frogner=2",
        "protected:org_unit/frogner/FR-2=1",
    ]


# --- lock-out


def the_unit_of_our_own_user(guards: ModuleType) -> None:
    administrators = [
        Administrator(code="OTHER", unit=unit(2)),
        Administrator(code="SYS", unit=unit(1)),
        Administrator(code="ROOT", unit=None),
    ]
    (finding,) = guards.lock_out(going([unit(1)]), administrators, "SYS")
    assert finding.allowance == "lock-out:own-user=1"
    assert finding.message == "org_unit/frogner/FR-1 is the unit of SYS, the user that this tool works as"
    assert len(guards.lock_out(going([unit(1)]), administrators, "sys")) == 1
    assert guards.lock_out(going([unit(1)], Action.UPDATE), administrators, "SYS") == ()
    assert guards.lock_out(going([unit(3)]), administrators, "SYS") == ()
    assert guards.lock_out(going([unit(2)]), administrators, "SYS") == ()
    assert guards.lock_out(going([unit(1)]), administrators, "ROOT") == ()
    nobody = [Administrator(code="", unit=unit(1)), Administrator(code="X", unit=unit(2))]
    assert guards.lock_out(going([unit(1)]), nobody, "") == ()


def the_last_administrators_of_a_district(guards: ModuleType) -> None:
    administrators = [
        Administrator(code="B", unit=unit(2)),
        Administrator(code="A", unit=unit(1)),
        Administrator(code="C", unit=unit(1, "sagene")),
        Administrator(code="ROOT", unit=None),
    ]
    assert guards.lock_out(going([unit(1)]), administrators, "") == ()
    (finding,) = guards.lock_out(going([unit(1), unit(2)]), iter(administrators), "")
    assert finding.allowance == "lock-out:frogner=2"
    assert finding.message == "the units of all administrators of frogner would go (A, B)"
    all_of_them = going([unit(1, "sagene"), unit(1), unit(2)])
    found_ = guards.lock_out(all_of_them, administrators, "C")
    assert [f.allowance for f in found_] == ["lock-out:own-user=1", "lock-out:frogner=2", "lock-out:sagene=1"]
    assert guards.lock_out(all_of_them, [], "SYS") == ()
    assert guards.lock_out(all_of_them, [Administrator(code="ROOT", unit=None)], "ROOT") == ()


def user(code_: str, action: Action = Action.DEACTIVATE, **fields: tuple[Any, Any]) -> Change:
    changed = tuple(FieldChange(path=path, before=before, after=after) for path, (before, after) in fields.items())
    return Change(address=Address("user", "frogner", code_), action=action, fields=changed, reason="")


def the_rights_of_our_own_user(guards: ModuleType) -> None:
    for own in ("SYS", "sys"):
        (finding,) = guards.lock_out([user("SYS")], [], own)
        assert finding.allowance == "lock-out:own-user=1"
        assert finding.message == f"{own} is the user that this tool works as"
    assert guards.lock_out([user("SYS")], [], "OTHER") == guards.lock_out([user("SYS")], [], "") == ()
    assert (
        guards.lock_out([Change(address=unit("SYS"), action=Action.DEACTIVATE, fields=(), reason="")], [], "FR-SYS")
        == ()
    )
    takes = [{"role": ("A", "B")}, {"access_functions": (["0", "1"], ["1"])}, {"access_functions": (["1"], None)}]
    leaves = [
        {"role": (None, "B")},
        {"name": ("A", "B")},
        {"access_functions": (["1"], ["1", "2"])},
        {"access_functions": (None, ["1"])},
        {"access_functions": (["1", "2"], ["2", "1"])},
    ]
    for fields in takes:
        assert len(guards.lock_out([user("SYS", Action.UPDATE, **fields)], [], "SYS")) == 1
        assert guards.may_lock_out([user("SYS", Action.UPDATE, **fields)], KINDS) is True
    for fields in leaves:
        assert guards.lock_out([user("SYS", Action.UPDATE, **fields)], [], "SYS") == ()
        assert guards.may_lock_out([user("SYS", Action.UPDATE, **fields)], KINDS) is False
    assert guards.may_lock_out([user("SYS")], KINDS) is True


def the_rights_of_the_last_administrators(guards: ModuleType) -> None:
    administrators = [
        Administrator(code="b", unit=unit(2)),
        Administrator(code="A", unit=unit(1)),
        Administrator(code="C", unit=unit(1, "sagene")),
    ]
    assert guards.lock_out([user("A"), user("X")], administrators, "") == ()
    for both in ([user("A"), user("B")], [user("A"), *going([unit(2)])]):
        (finding,) = guards.lock_out(both, administrators, "")
        assert finding.allowance == "lock-out:frogner=2"
        assert finding.message == "all administrators of frogner would lose their rights (A, b)"


def when_users_are_looked_at(guards: ModuleType) -> None:
    assert guards.may_lock_out(going([code(1), unit(1)]), KINDS) is True
    assert guards.may_lock_out(going([code(1), licence(1)]), KINDS) is False
    assert guards.may_lock_out(going([unit(1)], Action.UPDATE), KINDS) is False
    assert guards.may_lock_out([], KINDS) is False


# --- allowing


def allowed_only_by_name_and_number(guards: ModuleType) -> None:
    three = [
        Finding(guard="deactivate:org_unit", count=6, message=""),
        Finding(guard="empty:org_unit/frogner", count=6, message=""),
        Finding(guard="removals:all", count=21, message=""),
    ]
    assert guards.not_allowed(three, []) == three
    assert guards.not_allowed(three, ["deactivate:org_unit=6"]) == three[1:]
    assert guards.not_allowed(three, iter([f.allowance for f in three])) == []
    for wrong in (
        "deactivate:org_unit=5",
        "deactivate:org_unit=7",
        "deactivate:org_unit",
        "deactivate:org_unit=06",
        "",
        "*",
    ):
        assert guards.not_allowed(three, [wrong, "6", "deactivate=6"]) == three
    assert guards.not_allowed([], ["deactivate:org_unit=6"]) == []


CHECKS = (
    nothing_that_stays_is_counted,
    the_limits_are_five_five_and_twenty,
    too_many_of_a_kind,
    too_many_in_a_district,
    too_many_in_all,
    a_set_that_is_emptied,
    what_is_or_was_protected,
    several_findings_at_once,
    the_unit_of_our_own_user,
    the_last_administrators_of_a_district,
    the_rights_of_our_own_user,
    the_rights_of_the_last_administrators,
    when_users_are_looked_at,
    allowed_only_by_name_and_number,
)
