"""What comes and looks like something that goes, or is there: found by content, whatever district, parent or state."""

from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.model.resource import Resource, State
from websakctl.plan.change import Action, Finding, SourceLine
from websakctl.plan.look_alikes import probable_renames

from .checks import DISTRICTS, code, going, state, unit

KINDS = all_kinds()
Earlier = dict[Address, tuple[Address, ...]]


def renames(
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
        probable_renames(
            iter([*going(gone), *going(made, action)]),
            made if desired is None else desired,
            {**gone, **(there or {})},
            KINDS,
            DISTRICTS,
            previously or {},
            lambda a: SourceLine(file=f"districts/{a.scope}/org_units.yaml", line=7, column=3),
        )
    )


def test_within_a_district() -> None:
    old, new = unit("OPPV"), unit("OPPVEKST")
    (finding,) = renames(state(old, name="Oppvekst"), state(new, name="Oppvekst"))
    assert finding.allowance == "rename:org_unit/OPPVEKST=1"
    assert finding.message == (
        "OPPV would go and OPPVEKST come with the same content (frogner): probably a rename. "
        "Say `previously: [OPPV]` at OPPVEKST, or `previously: []` if it is new"
    )
    assert renames(state(old, name="Oppvekst"), state(new, name="Noe annet")) == []
    assert renames(state(old, name="Oppvekst"), state(new, name="Oppvekst"), {new: ()}) == []
    assert len(renames(state(old, name="Oppvekst"), state(new, name="Oppvekst"), {new: (unit("OPVEKST"),)})) == 1
    assert renames(state(old, name="Oppvekst"), state(new, name="Oppvekst"), desired={}) == []
    assert renames(state(old, name="Oppvekst"), state(new, name="Oppvekst"), action=Action.UPDATE) == []
    (finding,) = renames(state(code(1), name="Vernet"), state(code(2), name="Vernet"))
    assert finding.allowance == "rename:access_code/K2=1"


def test_neither_key_nor_place_nor_what_the_config_leaves_to_websak_tells_two_apart() -> None:
    old = state(unit("A"), name="N", abbreviation="A", unit_type="Avd", parent="FR-X", phone="22", external_id="FR-A")
    new = state(unit("B"), name="N", abbreviation="B", unit_type="Seksjon", parent="FR-Y", external_id="FR-B")
    assert len(renames(old, new)) == 1
    other_phone = state(unit("B"), name="N", phone="23")
    assert renames(old, other_phone) == []


def test_across_districts_the_line_to_write_is_an_address() -> None:
    old, new = unit("BH", "sagene"), unit("BH")
    (finding,) = renames(state(old, name="Askeladden"), state(new, name="Askeladden"))
    assert finding.allowance == "rename:org_unit/BH=1"
    assert "probably a move" in finding.message
    assert (
        "`previously: [org_unit/sagene/SA-BH]` at org_unit/frogner/FR-BH (districts/frogner/org_units.yaml:7)"
        in finding.message
    )
    # every district has its own: nothing tells that it is this one
    everywhere = state(new, unit("OPPV2", "sagene"), name="Oppvekst")
    assert renames(state(old, name="Oppvekst"), state(new, name="Oppvekst"), desired=everywhere) == []
    two = state(unit("BH", "sagene"), unit("BH2", "sagene"), name="Askeladden")
    assert renames(two, state(new, name="Askeladden")) == []


def test_what_is_brought_back_is_looked_at_too() -> None:
    old, new = unit("BH", "sagene"), unit("BH")
    retired = state(retired=[new], name="Askeladden")
    desired = state(new, name="Askeladden")
    (finding,) = renames(state(old, name="Askeladden"), desired, there=retired, action=Action.ACTIVATE)
    assert "FR-BH is taken by what was retired" in finding.message
    given = {new: (old,)}
    assert len(renames(state(old, name="Askeladden"), desired, given, there=retired, action=Action.ACTIVATE)) == 1
    assert renames(state(old, name="Askeladden"), desired, {new: ()}, there=retired, action=Action.ACTIVATE) == []


def test_what_is_there_already_is_a_look_alike_too() -> None:
    new = unit("BH")
    for live in (state(unit("BH", "sagene"), name="Askeladden"), state(retired=[unit("BH-GML")], name="Askeladden")):
        (finding,) = renames({}, state(new, name="Askeladden"), there=live)
        assert "is in Websak already with the same content" in finding.message
    kept = state(unit("BH", "sagene"), name="Askeladden")
    assert (
        renames({}, state(new, name="Askeladden"), desired={**kept, **state(new, name="Askeladden")}, there=kept) == []
    )


def test_the_same_pair_in_several_districts_is_one_finding() -> None:
    scopes = ["alna", "bjerke", "frogner", "grorud"]
    districts = {
        s: District(slug=s, name=s, number=str(n), orgnr="", short_name="", prefix=s[:2].upper())
        for n, s in enumerate(scopes)
    }
    for count, named in ((3, "(alna, bjerke, frogner): "), (4, "(alna, bjerke, frogner, …): ")):
        gone = state(*(Address("org_unit", s, f"{s[:2].upper()}-A") for s in scopes[:count]), name="N")
        created = state(*(Address("org_unit", s, f"{s[:2].upper()}-B") for s in scopes[:count]), name="N")
        changes = [*going(gone), *going(created, Action.CREATE)]
        (finding,) = probable_renames(changes, created, gone, KINDS, districts, {})
        assert finding.allowance == f"rename:org_unit/B={count}"
        assert named in finding.message


def test_each_that_goes_is_one_look_alike() -> None:
    gone = state(unit("A"), name="N")
    created = state(unit("B"), unit("C"), name="N")
    assert [f.allowance for f in renames(gone, created)] == ["rename:org_unit/B=1"]
    (first,) = renames(state(unit("A"), unit("Z"), name="N"), state(unit("B"), name="N"))
    assert first.message.startswith("A would go and B come")


def test_nothing_to_know_it_by_is_no_look_alike() -> None:
    one, other = Address("access_group", "base", "A"), Address("access_group", "base", "B")
    assert renames({one: Resource(address=one, fields={})}, {other: Resource(address=other, fields={})}) == []
    empty = {"name": None, "phone": None, "address": None}
    assert renames(state(unit("A"), **empty), state(unit("B"), **empty)) == []
    composed, decomposed = state(unit("A"), name="P\u00e5"), state(unit("B"), name="Pa\u030a")
    assert len(renames(composed, decomposed)) == 1


def test_what_config_makes_for_every_district_is_told_in_an_override() -> None:
    gone = state(Address("sub_org", "frogner", "974778726"), name="Bydel Frogner", channel="svarinn")
    created = state(Address("sub_org", "frogner", "874778702"), name="Bydel Frogner", channel="svarinn")
    changes = [*going(gone), *going(created, Action.CREATE)]
    template = SourceLine(file="config/sub_orgs.yaml", line=3, column=5)
    (finding,) = probable_renames(changes, created, gone, KINDS, DISTRICTS, {}, lambda _: template)
    assert 'Say `previously: ["974778726"]` for 874778702 under `overrides:` in districts/frogner/,' in finding.message
