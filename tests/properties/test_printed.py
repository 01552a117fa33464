"""How much a plan prints: as much for fifteen districts as for one, and never more than the terminal is wide per group."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.planning import planned as decided
from tests.strategies import DISTRICTS, GROUPS, NAMES, UNITS, as_read, resource, some_of
from websakctl.kinds import all_kinds
from websakctl.model.district import District
from websakctl.model.resource import Resource, State
from websakctl.plan.change import Plan
from websakctl.plan.diff import LastApplied
from websakctl.plan.guards import RemovalLimits
from websakctl.report.formats import text
from websakctl.report.view_models import Look, PlanReport

KINDS = all_kinds()
NO_GUARDS = RemovalLimits(per_kind=10**6, per_district=10**6, in_all=10**6)
FIFTEEN = {
    f"bydel-{i}": District(
        slug=f"bydel-{i}",
        name=f"Bydel {chr(65 + i)}lund",
        number=f"{i:02}",
        orgnr=f"3130009{i:02}",
        short_name=f"B{chr(65 + i)}X",
        prefix=f"X{i}",
    )
    for i in range(15)
}
Skeleton = dict[str, dict[str, str | None]]


@st.composite
def skeletons(draw: st.DrawFn) -> Skeleton:
    """Units by local key, each with a name that may speak of the district, and a parent made before it."""
    result: Skeleton = {}
    for local in draw(some_of(UNITS)):
        name = draw(st.sampled_from([*NAMES, "{name}", "Arkiv i {name}"]))
        result[local] = {"name": name, "parent": draw(st.sampled_from([None, *result]))}
    return result


def made(skeleton: Skeleton, groups: list[str], districts: dict[str, District], with_number: bool) -> State:
    result: list[Resource] = []
    for d in districts.values():
        for local, stated in skeleton.items():
            name, parent = str(stated["name"]).format(name=d.name), stated["parent"]
            fields = {"name": name, "parent": d.full_key(parent) if parent else None}
            result.append(resource(KINDS["org_unit"], d.slug, d.full_key(local), fields))
        result.extend(resource(KINDS["access_group"], d.slug, d.full_key(local), {}) for local in groups)
        if with_number:
            stated = {
                "name": d.name,
                "channel": "svarinn",
                "unit": d.full_key(next(iter(skeleton))) if skeleton else None,
            }
            result.append(resource(KINDS["sub_org"], d.slug, d.orgnr, stated))
    return {r.address: r for r in result}


def planned(before: State, after: State, districts: dict[str, District]) -> Plan:
    known = {a: LastApplied(r.fields) for a, r in before.items()}
    live = as_read(before)
    # what was never applied is removed by nobody: leave a unit that keeps each set from being emptied
    for d in districts.values():
        extra = resource(KINDS["org_unit"], d.slug, d.full_key("REST"), {"name": "Rest"})
        number = resource(KINDS["sub_org"], d.slug, f"9{d.orgnr[1:]}", {"name": "Rest", "channel": "svarinn"})
        live |= as_read({extra.address: extra, number.address: number})
    return decided(after, live, known=known, kinds=KINDS, districts=districts, limits=NO_GUARDS)


def lines(plan: Plan, width: int) -> list[str]:
    return text.FORMAT.render(PlanReport(plan=plan, made=dict), Look(width=width)).split("\n")


@given(
    before=skeletons(),
    after=skeletons(),
    groups=st.tuples(some_of(GROUPS), some_of(GROUPS)),
    numbers=st.tuples(st.booleans(), st.booleans()),
    width=st.integers(60, 140),
)
def test_fifteen_districts_print_as_many_lines_as_one(
    before: Skeleton, after: Skeleton, groups: tuple[list[str], list[str]], numbers: tuple[bool, bool], width: int
) -> None:
    def printed(districts: dict[str, District]) -> list[str]:
        states = [made(s, g, districts, n) for s, g, n in zip((before, after), groups, numbers, strict=True)]
        return lines(planned(states[0], states[1], districts), width)

    one = dict(list(FIFTEEN.items())[:1])
    few, many = printed(one), printed(FIFTEEN)
    more_steps = sum(line.startswith("  … and ") for line in many)
    heads = [line for line in many if line[:2] in ("+ ", "~ ", "- ")]
    wrapped = len(heads) if width < 120 else 0  # "(all 15 districts)" may push the name to a line of its own
    steps = 2 * sum("Steps for a person" in line for line in many) * len(GROUPS)
    assert len(many) - more_steps <= len(few) + steps + wrapped
    assert all(len(line) <= max(width, 78) for line in heads)
    assert [line.split("  ")[0] for line in heads] == [
        line.split("  ")[0] for line in few if line[:2] in ("+ ", "~ ", "- ")
    ]


@given(before=skeletons(), after=skeletons(), odd=st.sampled_from(sorted(FIFTEEN)))
def test_the_exception_stands_before_the_others(before: Skeleton, after: Skeleton, odd: str) -> None:
    desired = made(after, [], FIFTEEN, False)
    mine = {a: r for a, r in desired.items() if a.scope == odd}
    desired |= {a: replace(r, fields={**r.fields, "name": "Noe eget"}) for a, r in mine.items()}
    plan = planned(made(before, [], FIFTEEN, False), desired, FIFTEEN)
    families: dict[tuple[str, str], list[int]] = {}
    for group in plan.groups:
        local = group.key if len(group.scopes) > 1 else FIFTEEN[group.scopes[0]].local_key(group.key)
        families.setdefault((group.kind, local), []).append(len(group.scopes))
    assert all(sizes == sorted(sizes) for sizes in families.values())
    assert all(len(sizes) <= 2 for sizes in families.values())


@given(skeleton=skeletons())
def test_expand_prints_every_change(skeleton: Skeleton) -> None:
    plan = planned({}, made(skeleton, [], DISTRICTS, False), DISTRICTS)
    expanded = text.FORMAT.render(PlanReport(plan=plan, made=dict), Look(width=80, expand=True))
    assert all(f"{c.address.scope}/{c.address.key}\n" in f"{expanded}\n" for c in plan.changes)
