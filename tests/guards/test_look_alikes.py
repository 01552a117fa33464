"""What comes and looks like something that goes, or is there: found by content, whatever district, parent or state."""

from collections.abc import Callable
from types import ModuleType

import pytest

from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.model.resource import Resource, State
from websakctl.plan import look_alikes
from websakctl.plan.change import Action, Change, FieldChange, Finding, SourceLine

from .checks import DISTRICTS, change, code, going, state, unit

KINDS = all_kinds()
Earlier = dict[Address, tuple[Address, ...]]


def renames(
    module: ModuleType,
    gone: State,
    made: State,
    previously: Earlier | None = None,
    *,
    desired: State | None = None,
    there: State | None = None,
    action: Action = Action.CREATE,
) -> list[Finding]:
    """Findings of a plan that retires and makes these; ``there`` is live besides."""
    return list(
        module.probable_renames(
            iter([*going(gone), *going(made, action)]),
            made if desired is None else desired,
            {**gone, **(there or {})},
            KINDS,
            DISTRICTS,
            previously or {},
            lambda a: SourceLine(file=f"districts/{a.scope}/org_units.yaml", line=7, column=3),
        )
    )


def within_a_district(module: ModuleType) -> None:
    old, new = unit("OPPV"), unit("OPPVEKST")
    (finding,) = renames(module, state(old, name="Oppvekst"), state(new, name="Oppvekst"))
    assert finding.allowance == "rename:org_unit/OPPVEKST=1"
    assert finding.message == (
        "OPPV would go and OPPVEKST come with the same content (frogner): probably a rename. "
        "Say `previously: [OPPV]` at OPPVEKST, or `previously: []` if it is new"
    )
    assert renames(module, state(old, name="Oppvekst"), state(new, name="Noe annet")) == []
    assert renames(module, state(old, name="Oppvekst"), state(new, name="Oppvekst"), {new: ()}) == []
    assert (
        len(renames(module, state(old, name="Oppvekst"), state(new, name="Oppvekst"), {new: (unit("OPVEKST"),)})) == 1
    )
    assert renames(module, state(old, name="Oppvekst"), state(new, name="Oppvekst"), desired={}) == []
    assert renames(module, state(old, name="Oppvekst"), state(new, name="Oppvekst"), action=Action.UPDATE) == []
    (finding,) = renames(module, state(code(1), name="Vernet"), state(code(2), name="Vernet"))
    assert finding.allowance == "rename:access_code/K2=1"


def neither_key_nor_place_nor_what_the_config_leaves_to_websak_tells_two_apart(module: ModuleType) -> None:
    old = state(unit("A"), name="N", abbreviation="A", unit_type="Avd", parent="FR-X", phone="22", external_id="FR-A")
    new = state(unit("B"), name="N", abbreviation="B", unit_type="Seksjon", parent="FR-Y", external_id="FR-B")
    assert len(renames(module, old, new)) == 1
    other_phone = state(unit("B"), name="N", phone="23")
    assert renames(module, old, other_phone) == []


def across_districts_the_line_to_write_is_an_address(module: ModuleType) -> None:
    old, new = unit("BH", "sagene"), unit("BH")
    (finding,) = renames(module, state(old, name="Askeladden"), state(new, name="Askeladden"))
    assert finding.allowance == "rename:org_unit/BH=1"
    assert "probably a move" in finding.message
    assert (
        "`previously: [org_unit/sagene/SA-BH]` at org_unit/frogner/FR-BH (districts/frogner/org_units.yaml:7)"
        in finding.message
    )
    # every district has its own: nothing tells that it is this one
    everywhere = state(new, unit("OPPV2", "sagene"), name="Oppvekst")
    assert renames(module, state(old, name="Oppvekst"), state(new, name="Oppvekst"), desired=everywhere) == []
    two = state(unit("BH", "sagene"), unit("BH2", "sagene"), name="Askeladden")
    assert renames(module, two, state(new, name="Askeladden")) == []


def what_is_brought_back_is_looked_at_too(module: ModuleType) -> None:
    old, new = unit("BH", "sagene"), unit("BH")
    retired = state(retired=[new], name="Askeladden")
    desired = state(new, name="Askeladden")
    (finding,) = renames(module, state(old, name="Askeladden"), desired, there=retired, action=Action.ACTIVATE)
    assert "FR-BH is taken by what was retired" in finding.message
    given = {new: (old,)}
    assert (
        len(renames(module, state(old, name="Askeladden"), desired, given, there=retired, action=Action.ACTIVATE)) == 1
    )
    assert (
        renames(module, state(old, name="Askeladden"), desired, {new: ()}, there=retired, action=Action.ACTIVATE) == []
    )


def what_is_there_already_is_a_look_alike_too(module: ModuleType) -> None:
    new = unit("BH")
    for live in (state(unit("BH", "sagene"), name="Askeladden"), state(retired=[unit("BH-GML")], name="Askeladden")):
        (finding,) = renames(module, {}, state(new, name="Askeladden"), there=live)
        assert "is in Websak already with the same content" in finding.message
    kept = state(unit("BH", "sagene"), name="Askeladden")
    assert (
        renames(
            module, {}, state(new, name="Askeladden"), desired={**kept, **state(new, name="Askeladden")}, there=kept
        )
        == []
    )


def the_same_pair_in_several_districts_is_one_finding(module: ModuleType) -> None:
    scopes = ["alna", "bjerke", "frogner", "grorud"]
    districts = {
        s: District(slug=s, name=s, number=str(n), orgnr="", short_name="", prefix=s[:2].upper())
        for n, s in enumerate(scopes)
    }
    for count, named in ((3, "(alna, bjerke, frogner): "), (4, "(alna, bjerke, frogner, …): ")):
        gone = state(*(Address("org_unit", s, f"{s[:2].upper()}-A") for s in scopes[:count]), name="N")
        created = state(*(Address("org_unit", s, f"{s[:2].upper()}-B") for s in scopes[:count]), name="N")
        changes = [*going(gone), *going(created, Action.CREATE)]
        (finding,) = module.probable_renames(changes, created, gone, KINDS, districts, {})
        assert finding.allowance == f"rename:org_unit/B={count}"
        assert named in finding.message


def each_that_goes_is_one_look_alike(module: ModuleType) -> None:
    gone = state(unit("A"), name="N")
    created = state(unit("B"), unit("C"), name="N")
    assert [f.allowance for f in renames(module, gone, created)] == ["rename:org_unit/B=1"]
    (first,) = renames(module, state(unit("A"), unit("Z"), name="N"), state(unit("B"), name="N"))
    assert first.message.startswith("A would go and B come")


def nothing_to_know_it_by_is_no_look_alike(module: ModuleType) -> None:
    one, other = Address("access_group", "base", "A"), Address("access_group", "base", "B")
    assert renames(module, {one: Resource(address=one, fields={})}, {other: Resource(address=other, fields={})}) == []
    empty = {"name": None, "phone": None, "address": None}
    assert renames(module, state(unit("A"), **empty), state(unit("B"), **empty)) == []
    composed, decomposed = state(unit("A"), name="P\u00e5"), state(unit("B"), name="Pa\u030a")
    assert len(renames(module, composed, decomposed)) == 1


def what_config_makes_for_every_district_is_told_in_an_override(module: ModuleType) -> None:
    gone = state(Address("sub_org", "frogner", "974778726"), name="Bydel Frogner", channel="svarinn")
    created = state(Address("sub_org", "frogner", "874778702"), name="Bydel Frogner", channel="svarinn")
    changes = [*going(gone), *going(created, Action.CREATE)]
    template = SourceLine(file="config/sub_orgs.yaml", line=3, column=5)
    (finding,) = module.probable_renames(changes, created, gone, KINDS, DISTRICTS, {}, lambda _: template)
    assert 'Say `previously: ["974778726"]` for 874778702 under `overrides:` in districts/frogner/,' in finding.message


def what_stays_or_is_taken_is_no_look_alike(module: ModuleType) -> None:
    new, other = unit("B"), unit("A")
    made = state(new, name="N")
    # A gets another name: it is another thing, though it has B's content today
    changes = [change(other, Action.UPDATE), *going(made, Action.CREATE)]
    desired = {**made, **state(other, name="M")}
    assert module.probable_renames(changes, desired, state(other, name="N"), KINDS, DISTRICTS, {}) == ()
    renamed = Change(
        address=new, action=Action.ACTIVATE, fields=(FieldChange(path="key", before="FR-A", after="FR-B"),), reason=""
    )
    changes = [renamed, *going([unit("C")])]
    live = state(unit("C"), other, name="N")
    assert module.probable_renames(changes, made, live, KINDS, DISTRICTS, {}) == ()  # it says what it was
    changes = [change(other, Action.UPDATE), *going(made, Action.CREATE)]  # nobody's, and pointed to an heir
    assert module.probable_renames(changes, made, state(other, name="N"), KINDS, DISTRICTS, {}) == ()


def two_that_are_there_are_not_told_apart(module: ModuleType) -> None:
    new = unit("B")
    two = state(retired=[unit("A"), unit("C")], name="N")
    assert renames(module, {}, state(new, name="N"), there=two) == []
    retired = state(retired=[new], name="N")
    only_there = {**retired, **state(retired=[unit("C")], name="N")}
    assert renames(module, {}, state(new, name="N"), there=only_there, action=Action.ACTIVATE) == []


def what_the_config_leaves_open_tells_nothing(module: ModuleType) -> None:
    old = state(unit("A"), name="N", phone="22")
    assert len(renames(module, old, state(unit("B"), name="N", phone=None))) == 1


def each_message_says_where_to_write(module: ModuleType) -> None:
    (finding,) = renames(module, {}, state(unit("BH"), name="N"), there=state(retired=[unit("BH-GML")], name="N"))
    assert finding.message.startswith("org_unit/frogner/FR-BH-GML is in Websak already")
    retired, desired = state(retired=[unit("BH")], name="N"), state(unit("BH"), name="N")
    (finding,) = renames(module, state(unit("GML"), name="N"), desired, there=retired, action=Action.ACTIVATE)
    assert finding.message.startswith("org_unit/frogner/FR-GML would go and org_unit/frogner/FR-BH, which was retired")
    (finding,) = renames(module, state(code(1), name="Vernet"), state(code(2), name="Vernet"))
    assert "Say `previously: [K1]` at K2, or" in finding.message
    loose = Address("org_unit", "frogner", "#1234")
    (finding,) = renames(module, {}, state(unit("BH"), name="N"), there=state(loose, name="N"))
    assert 'Say `previously: ["org_unit/frogner/#1234"]`' in finding.message
    base, made = state(code(1), name="Vernet"), state(code(2), name="Vernet")
    line = SourceLine(file="config/codes.yaml", line=7, column=3)
    changes = going(made, Action.CREATE)
    (finding,) = module.probable_renames(changes, made, base, KINDS, DISTRICTS, {}, lambda _: line)
    assert "at access_code/base/K2 (config/codes.yaml:7)" in finding.message
    moved, there = state(unit("BH"), name="N"), state(unit("BH", "sagene"), name="N")
    (finding,) = module.probable_renames(
        [*going(there), *going(moved, Action.CREATE)], moved, there, KINDS, DISTRICTS, {}
    )
    assert "`previously: [org_unit/sagene/SA-BH]` at org_unit/frogner/FR-BH, or" in finding.message  # no line is known


def findings_come_in_the_order_of_what_they_are_about(module: ModuleType) -> None:
    gone = {**state(unit("Z"), name="En"), **state(unit("Y"), name="To"), **state(code(1), name="Tre")}
    made = {**state(unit("A"), name="En"), **state(unit("B"), name="To"), **state(code(2), name="Tre")}
    found = [f.allowance for f in renames(module, gone, made)]
    assert found == ["rename:access_code/K2=1", "rename:org_unit/B=1", "rename:org_unit/A=1"]


LOOK_ALIKE_CHECKS = (
    what_stays_or_is_taken_is_no_look_alike,
    two_that_are_there_are_not_told_apart,
    what_the_config_leaves_open_tells_nothing,
    each_message_says_where_to_write,
    findings_come_in_the_order_of_what_they_are_about,
    within_a_district,
    neither_key_nor_place_nor_what_the_config_leaves_to_websak_tells_two_apart,
    across_districts_the_line_to_write_is_an_address,
    what_is_brought_back_is_looked_at_too,
    what_is_there_already_is_a_look_alike_too,
    the_same_pair_in_several_districts_is_one_finding,
    each_that_goes_is_one_look_alike,
    nothing_to_know_it_by_is_no_look_alike,
    what_config_makes_for_every_district_is_told_in_an_override,
)


@pytest.mark.parametrize("check", LOOK_ALIKE_CHECKS, ids=lambda check: check.__name__)
def test_look_alikes(check: Callable[[ModuleType], None]) -> None:
    check(look_alikes)
