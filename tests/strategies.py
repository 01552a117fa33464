"""Random setups over the real kinds: what a config may want, what a Websak may hold, and what was applied before."""

from datetime import date
from typing import Any, Literal, get_args, get_origin

import msgspec
from hypothesis import strategies as st
from msgspec.structs import replace

from websakctl.kinds import all_kinds
from websakctl.model.address import BASE, Address
from websakctl.model.district import District
from websakctl.model.entry import fields_of, is_model, unwrapped
from websakctl.model.kind import Kind
from websakctl.model.marks import Check
from websakctl.model.resource import Resource, State
from websakctl.model.types import FIRST_DAY, LAST_DAY
from websakctl.plan.diff import LastApplied
from websakctl.redaction import national_id_valid

DISTRICTS = {
    "alna": District(slug="alna", name="Bydel Alna", number="12", orgnr="313000214", short_name="BAL", prefix="AL"),
    "frogner": District(
        slug="frogner", name="Bydel Frogner", number="05", orgnr="313000109", short_name="BFR", prefix="FR"
    ),
    "sagene": District(
        slug="sagene", name="Bydel Sagene", number="03", orgnr="313000303", short_name="BSA", prefix="SA"
    ),
}
UNITS = ("BYDEL", "A", "B", "C", "D")
GROUPS = ("SAK", "LED")
ORGNRS = ("313000001", "313000028", "313000036", "313000044")
CODES = ("P", "U1", "Q")
TYPES = ("PERS", "SAK-2", "BYGG")
BATCHES = ("PULJE-1", "PULJE-2")
NAMES = ("Oppvekst", "Oppvekst og læring", "Helse", "Bydel Frogner", "Grønt")
SHORT = ("K1", "K2", "K3")  # abbreviations that units may take from each other

names = st.sampled_from(NAMES)
maybe = st.booleans()


def resource(kind: Kind, scope: str, key: str, said: dict[str, Any]) -> Resource:
    """Make a resource as the config would: defaults filled in, what steers the tool left out."""
    values = {**kind.defaults, **said}
    for name in kind.defaults_to_key:
        if values.get(name) is None:
            values[name] = key
    if kind.key_mirror is not None:
        values[kind.key_mirror] = key
    return Resource(address=Address(kind.name, scope, key), fields=values)


@st.composite
def desired_states(draw: st.DrawFn, districts: int = 3, exchange: bool = True) -> State:
    """A valid config: no dangling reference, no cycle, no value twice that must be unique.

    Args:
        draw: Hypothesis's.
        districts: How many, from one to three.
        exchange: Whether units may want abbreviations that others have had, which Websak refuses in a circle.
    """
    kinds = all_kinds()
    result: list[Resource] = []
    short = list(SHORT) if exchange else []
    batches = draw(some_of(BATCHES))
    codes = draw(some_of(CODES))
    slugs = list(DISTRICTS)[:districts]
    for key in batches:
        given = {"name": draw(names), "districts": draw(some_of(slugs)), "paused": draw(maybe)}
        result.append(resource(kinds["rollout_batch"], BASE, key, given))
    for key in codes:
        basis = draw(st.sampled_from([[], [{"reference": "§ 13", "valid_from": "2009-01-01", "valid_to": None}]]))
        given = {"name": draw(names), "legal_basis": basis, "screening_level": draw(st.sampled_from([None, 1, 3]))}
        result.append(resource(kinds["access_code"], BASE, key, given))
    for key in draw(some_of(TYPES)):
        code = draw(st.sampled_from([None, *codes]))
        given = {
            "name": draw(names),
            "series": "SAK",
            "ordering_principle": "emne",
            "retention": "B",
            "access_code": code,
        }
        result.append(resource(kinds["case_type"], BASE, key, given))
    for key in draw(some_of(("LIS-1", "LIS-2"))):
        seats = draw(st.dictionaries(st.sampled_from(slugs), st.integers(0, 5)))
        result.append(
            resource(kinds["licence"], BASE, key, {"product": draw(names), "bought": 20, "allotments": seats})
        )
    owners = {orgnr: draw(st.sampled_from([None, *slugs])) for orgnr in ORGNRS}
    for slug in slugs:
        result += draw(
            _of_district(DISTRICTS[slug], short, batches, [o for o, owner in owners.items() if owner == slug])
        )
    return {r.address: r for r in draw(st.permutations(result))}


@st.composite
def _of_district(
    draw: st.DrawFn, district: District, short: list[str], batches: list[str], orgnrs: list[str]
) -> list[Resource]:
    kinds = all_kinds()
    result = []
    created: list[str] = []
    for local in draw(st.permutations(draw(some_of(UNITS)))):
        given: dict[str, Any] = {"name": draw(names), "parent": draw(st.sampled_from([None, *created]))}
        if short and draw(st.integers(0, 3)) == 0:
            given["abbreviation"] = short.pop(draw(st.integers(0, len(short) - 1)))
        if draw(st.integers(0, 3)) == 0:
            given["contact"] = draw(names)
        created.append(district.full_key(local))
        result.append(resource(kinds["org_unit"], district.slug, created[-1], given))
    for local in draw(some_of(GROUPS)):
        result.append(resource(kinds["access_group"], district.slug, district.full_key(local), {}))
    for orgnr in orgnrs:
        given = {
            "name": draw(names),
            "channel": draw(st.sampled_from(["svarinn", "altinn"])),
            "unit": draw(st.sampled_from([None, *created])),
            "batch": draw(st.sampled_from([None, *batches])),
            "readers": draw(some_of(("Styrer", "Leder"))),
        }
        result.append(resource(kinds["sub_org"], district.slug, orgnr, given))
    return result


@st.composite
def trees(draw: st.DrawFn) -> State:
    """Every unit of one district, under any other, without a circle."""
    district, created, result = DISTRICTS["frogner"], list[str](), []
    for local in draw(st.permutations([*UNITS, "E", "F"])):
        given = {"name": "Enhet", "parent": draw(st.sampled_from([None, *created]))}
        created.append(district.full_key(local))
        result.append(resource(all_kinds()["org_unit"], district.slug, created[-1], given))
    return {r.address: r for r in result}


# Values of one field, for each check that no limit says.
CHECKED: dict[str, st.SearchStrategy[Any]] = {
    "_date_problem": st.dates(FIRST_DAY, LAST_DAY).map(date.isoformat),
    "orgnr_problem": st.sampled_from(ORGNRS),
    "_national_id_problem": st.sampled_from(
        [f"414100{n:05}" for n in range(2000) if national_id_valid(f"414100{n:05}")]
    ),
    "problem_of": st.sampled_from(["name", "length(@)", "resources[?kind=='user']"]),
    "_url_problem": st.sampled_from(["https://websak.example.no", "http://127.0.0.1:8000/api"]),
    "_openapi_problem": st.sampled_from(["/openapi.json", "https://websak.example.no/openapi.json"]),
    "_postal_problem": st.integers(1, 9999).map(lambda n: f"{n:04}"),
    "_leave_problem": st.lists(st.dates(FIRST_DAY, LAST_DAY).map(date.isoformat), max_size=2).map(
        lambda days: dict(zip(("first_day", "last_day"), sorted(days), strict=False))
    ),
    "confirmation_problem": st.sampled_from(
        [{}, {"archives": "ignored"}, {"confirmed_by": "Kari Nordmann", "on": "2027-01-31", "units_below": False}]
    ),
    "_owners_problem": st.dictionaries(
        st.sampled_from(["org_unit", "access_code", "case_type"]), st.sampled_from(["Byarkivet", "HR"]), max_size=2
    ),
    "_exports_problem": st.dictionaries(
        st.sampled_from(["committee", "form", "case_type"]),
        st.text(
            st.characters(exclude_categories=["Cs"], exclude_characters=":/\\.")
        ),  # none leads out of the repository
        max_size=2,
    ),
}


def values_of(annotation: Any) -> st.SearchStrategy[Any]:
    """Every value that a type takes, as a file would say it: made from its limits, which ``st.builds`` passes over."""
    type_, alongside, optional = unwrapped(annotation)
    result = next((CHECKED[b.problem.__name__] for b in alongside if isinstance(b, Check)), None)
    if result is None:
        result = _within(type_, next((b for b in alongside if isinstance(b, msgspec.Meta)), msgspec.Meta()))
    return st.none() | result if optional else result


def _within(type_: Any, limits: msgspec.Meta) -> st.SearchStrategy[Any]:
    shortest, longest = limits.min_length or 0, limits.max_length
    if is_model(type_):
        fields = fields_of(type_)
        required = {n: values_of(f.annotation) for n, f in fields.items() if f.required}
        return st.fixed_dictionaries(
            required, optional={n: values_of(f.annotation) for n, f in fields.items() if not f.required}
        )
    if get_origin(type_) is Literal:
        return st.sampled_from(get_args(type_))
    if get_origin(type_) is list:
        return st.lists(values_of(get_args(type_)[0]), min_size=shortest, max_size=longest or shortest + 2)
    if get_origin(type_) is dict:
        key, value = map(values_of, get_args(type_))
        if (names := (limits.extra_json_schema or {}).get("propertyNames")) is not None:
            key = st.sampled_from(names["enum"])
        return st.dictionaries(key, value, min_size=shortest, max_size=longest or shortest + 2)
    if type_ is str and limits.pattern is not None:
        texts = st.from_regex(limits.pattern)
        return texts.filter(lambda text: len(text) >= shortest and (longest is None or len(text) <= longest))
    if type_ is str:
        return st.text(min_size=shortest, max_size=longest or shortest + 8)
    if type_ is float:
        return st.floats(limits.ge or limits.gt, limits.le, exclude_min=limits.gt is not None, allow_nan=False)
    return {int: st.integers(limits.ge, limits.le), bool: st.booleans()}[type_]


def some_of(values: Any) -> st.SearchStrategy[list[Any]]:
    """Any part of the values, in their order."""
    return st.lists(st.sampled_from(values), unique=True).map(lambda part: [v for v in values if v in part])


class Scenery(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted, what is there, and what was applied before."""

    desired: State
    live: State
    known: dict[Address, LastApplied]
    prune: frozenset[str]


@st.composite
def sceneries(draw: st.DrawFn, cycles: bool = False) -> Scenery:
    """A config and a Websak that were made with the same keys in mind, and differ in everything else.

    Args:
        draw: Hypothesis's.
        cycles: Whether units may already be each other's parents in Websak, which does not check it.
    """
    desired, other = draw(desired_states()), draw(desired_states())
    live = as_read(other)
    retired = set(draw(st.lists(st.sampled_from(sorted(live)), max_size=4, unique=True))) if live else set()
    live = {a: replace(r, active=a not in retired) for a, r in live.items()}
    for address, existing in list(live.items()):  # the Setup API lets nothing that is in use refer to what is retired
        for field, target in (("access_code", "access_code"), ("batch", "rollout_batch")):
            if existing.fields.get(field) and Address(target, BASE, existing.fields[field]) in retired:
                live[address] = replace(live[address], active=False)
        if address.kind == "org_unit" and draw(st.integers(0, 5)) == 0:
            live[address] = replace(live[address], fields={**live[address].fields, "external_id": None})
        if cycles and address.kind == "org_unit":
            others = [a.key for a in live if a.kind == "org_unit" and a.scope == address.scope]
            parent = draw(st.sampled_from([None, *others]))
            live[address] = replace(live[address], fields={**live[address].fields, "parent": parent})
    known = {
        a: LastApplied(dict(r.fields), draw(maybe)) for a, r in live.items() if r.active and draw(st.integers(0, 2))
    }
    return Scenery(
        desired=desired, live=live, known=known, prune=frozenset(draw(some_of(("org_unit", "access_code", "licence"))))
    )


@st.composite
def renames(draw: st.DrawFn, scenery: Scenery) -> dict[Address, tuple[Address, ...]]:
    """Old addresses that new resources say they had: each live one at most once, none that is still wanted."""
    kinds = all_kinds()
    old = [a for a in sorted(scenery.live) if a not in scenery.desired]
    result: dict[Address, tuple[Address, ...]] = {}
    for new in sorted(a for a in scenery.desired if a not in scenery.live and kinds[a.kind].renames):
        taken = {a for olds in result.values() for a in olds}
        fitting = [a for a in old if (a.kind, a.scope) == (new.kind, new.scope) and a not in taken]
        if fitting and draw(st.booleans()):
            result[new] = (draw(st.sampled_from(fitting)),)
    return result


def as_read(state: State) -> State:
    """The same setup as a reader would find it: every managed field is there, omitted ones empty."""
    kinds = all_kinds()
    return {a: replace(r, fields={**dict.fromkeys(kinds[a.kind].managed_fields), **r.fields}) for a, r in state.items()}
