"""A district's review: what is beyond the role, across districts, administered, left behind; what is incomplete says so first."""

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace
from openpyxl import load_workbook

from websakctl.access import AccessModel, EffectiveAccess, Question
from websakctl.access.reviewing import Listed, Review, review
from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.model.resource import Resource, State
from websakctl.report.access import compare_report, who_report
from websakctl.report.access_review import review_document, review_workbook
from websakctl.report.layout import wrapped

FROGNER = District(slug="frogner", name="Bydel Frogner", number="05", orgnr="", short_name="BFR", prefix="FR")
SAGENE = District(slug="sagene", name="Bydel Sagene", number="03", orgnr="", short_name="BSA", prefix="SA")
DISTRICTS = {d.slug: d for d in (FROGNER, SAGENE)}
ROLE = {
    "access_functions": ["10"],
    "groups": [],
    "district_groups": ["LEDERE"],
    "roles": {"SB": {"units": "own", "grades": ["U"], "archives": [], "journal_units": []}},
}


def put(state: State, kind: str, scope: str, key: str, *, active: bool = True, **fields: Any) -> Address:
    address = Address(kind, scope, key)
    state[address] = Resource(address=address, fields=fields, active=active)
    return address


def scope(*units: str, grades: tuple[str, ...] = ("U",), archives: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"units": list(units), "grades": list(grades), "archives": list(archives), "journal_units": []}


def websak() -> State:
    state: State = {}
    for district in DISTRICTS.values():
        put(state, "org_unit", district.slug, f"{district.prefix}-BYDEL", parent=None)
        for key in ("BV", "OPPV"):
            put(state, "org_unit", district.slug, f"{district.prefix}-{key}", parent=f"{district.prefix}-BYDEL")
    for code in ("F", "P", "U"):
        put(state, "access_code", "base", code, name=code, screening_level=3)
    put(state, "access_group", "frogner", "FR-LEDERE")
    put(state, "access_group", "base", "ALLE")
    return state


def user(state: State, key: str, *, district: str = "frogner", **said: Any) -> Address:
    told = {
        "name": "Kari Nordmann", "role": "CASEWORKER", "unit": "FR-BV", "roles": {"SB": scope("FR-BV")},
        "access_functions": ["10"], "groups": [], "district_groups": ["FR-LEDERE"],
    }  # fmt: skip
    return put(state, "user", district, key, **{name: v for name, v in {**told, **said}.items() if v is not ...})


def reviewed(state: State, model: AccessModel | None = None, **listed: Any) -> Review:
    access = EffectiveAccess(state, model or AccessModel(), DISTRICTS)
    roles = {
        Address("user_role", "base", "CASEWORKER"): Resource(
            address=Address("user_role", "base", "CASEWORKER"), fields=ROLE
        )
    }
    return review(access, FROGNER, Listed(roles=roles, **listed))  # fmt: skip


BEYOND: dict[str, tuple[Mapping[str, Any], list[tuple[str, str, str]]]] = {
    "as-the-role-gives": ({}, []),
    "less": ({"roles": {}, "access_functions": [], "district_groups": []}, []),
    "unit-below": ({"unit": "FR-BYDEL", "roles": {"SB": scope("FR-BV")}}, []),
    "another-role": ({"roles": {"LD": scope("FR-BV")}}, [("role", "LD", "LD")]),
    "code": ({"roles": {"SB": scope("FR-BV", grades=("U", "F"))}}, [("access code", "F", "SB")]),
    "any-code": ({"roles": {"SB": scope("FR-BV", grades=())}}, [("access code", "", "SB")]),
    "unit": ({"roles": {"SB": scope("FR-BYDEL")}}, [("unit", "FR-BYDEL", "SB")]),
    "no-unit": ({"roles": {"SB": scope()}}, [("unit", "", "SB")]),
    "second-of-a-type": ({"roles": {"SB": scope("FR-BV"), "SB#7": scope("FR-OPPV")}}, [("unit", "FR-OPPV", "SB")]),
    "function": ({"access_functions": ["10", "40"]}, [("function", "40", "")]),
    "group": ({"groups": ["ALLE"]}, [("group", "ALLE", "")]),
    "no-role": ({"role": None}, [("no role", "", "")]),
    "narrowed-by-archives": ({"roles": {"SB": scope("FR-BV", archives=("PERS",))}}, []),
}


@pytest.mark.parametrize("case", BEYOND)
def test_what_somebody_has_beyond_the_role(case: str) -> None:
    said, expected = BEYOND[case]
    state = websak()
    user(state, "KARNOR", **said)
    assert [(e.kind, e.what, e.role) for e in reviewed(state).beyond] == expected


def test_what_a_role_leaves_to_its_template_is_unknown_and_not_in_order() -> None:
    state = websak()
    address = user(state, "KARNOR")
    access = EffectiveAccess(state, AccessModel(), DISTRICTS)
    role = Address("user_role", "base", "CASEWORKER")
    fields = {name: value for name, value in ROLE.items() if name != "roles"}
    result = review(access, FROGNER, Listed(roles={role: Resource(address=role, fields=fields)}))
    assert [(e.account, e.kind, e.what) for e in result.beyond] == [(address, "template", "CASEWORKER")]


def test_who_reads_across_districts_and_who_administers() -> None:
    state = websak()
    outwards = user(state, "KARNOR", roles={"SB": scope("FR-BV", "SA-BV")})
    inwards = user(state, "OLANOR", district="sagene", unit="SA-BV", roles={"SB": scope("FR-BYDEL", grades=("F",))})
    administrator = user(state, "SYSTEM", district="base", roles={}, access_functions=["0"])
    user(state, "HER")
    result = reviewed(state)
    assert [(a.account, a.code, a.districts) for a in result.outwards] == [(outwards, "U", ("sagene",))]
    assert [(a.account, a.code, a.districts) for a in result.inwards] == [(inwards, "F", ("frogner",))]
    assert result.administrators == (administrator,)
    assert {row.account.key for row in result.rows} == {"KARNOR", "HER", "OLANOR", "SYSTEM"}


def test_who_has_left_and_can_still_log_in() -> None:
    state = websak()
    gone, unlisted, listed = user(state, "SLUTTET"), user(state, "UKJENT"), user(state, "HER")
    put(state, "user", "frogner", "BORTE", active=False)
    result = reviewed(
        state, listed=frozenset({listed}), ended={gone: "2026-10-31"}, districts_with_lists=frozenset({"frogner"})
    )
    assert [(each.account, each.why) for each in result.left] == [
        (gone, "left on 2026-10-31"),
        (unlisted, "not in the district's list of users"),
    ]


def test_nobody_both_approves_and_administers_only_where_it_is_said_what_approves() -> None:
    state = websak()
    both = user(state, "BEGGE", roles={"LD": scope("FR-BV")}, access_functions=["0"])
    user(state, "LEDER", roles={"LD": scope("FR-BV")})
    omitted, said = reviewed(state), reviewed(state, AccessModel(approving_role_types=["LD"]))
    assert (omitted.approval_known, omitted.segregation) == (False, ())
    assert (said.approval_known, said.segregation) == (True, (both,))
    assert reviewed(state, AccessModel(approving_functions=["0"])).segregation == (both,)


def test_the_fingerprint_is_another_once_somebodys_access_is() -> None:
    state = websak()
    address = user(state, "KARNOR")
    before = reviewed(state).digest
    state[address] = replace(state[address], fields={**state[address].fields, "name": "Kari Hansen"})
    assert reviewed(state).digest == before
    user(state, "KARNOR", roles={"SB": scope("FR-BV", grades=("U", "F"))})
    assert reviewed(state).digest != before


GAPS: dict[str, tuple[Mapping[str, Any], str]] = {
    "no-role": ({"role": None, "roles": {}}, "1 user without a role (KARNOR)"),
    "roles-not-told": ({"roles": ...}, "1 user whose roles in Websak are not told (KARNOR)"),
    "functions-not-told": ({"access_functions": ...}, "1 user whose access functions are not told (KARNOR)"),
    "unknown-code": ({"roles": {"SB": scope("FR-BV", grades=("NY",))}}, "1 access code that roles name and no list has (NY)"),
    "unknown-unit": ({"roles": {"SB": scope("#99")}}, "1 unit that roles name and no list has (#99)"),
    "of-an-unknown-unit": ({"unit": "#99"}, "1 user of an unknown unit (KARNOR)"),
    "unknown-group": ({"groups": ["BORTE"]}, "1 access group of users that no list has (BORTE)"),
}  # fmt: skip


@pytest.mark.parametrize("case", GAPS)
def test_incomplete_data_is_counted_and_named_in_the_first_line(case: str) -> None:
    said, expected = GAPS[case]
    state = websak()
    user(state, "KARNOR", **said)
    access = EffectiveAccess(state, AccessModel(), DISTRICTS)
    question = Question(code="U")
    answer = who_report(access, question, access.who(question), source="live", names=False)
    assert answer.headline.splitlines()[0] == f"Incomplete data: {expected}."
    document = review_document(reviewed(state), access, FROGNER, source="live", language="en", names=False)
    assert document.title.endswith("(incomplete data)") and not document.ok and expected in document.verdict


def test_whole_data_is_not_called_incomplete() -> None:
    state = websak()
    user(state, "KARNOR")
    user(state, "SYSTEM", district="base", role=None, unit=None, roles={}, access_functions=["0"])
    assert EffectiveAccess(state, AccessModel(), DISTRICTS).gaps == ()


def test_what_is_not_told_is_unknown_and_never_no() -> None:
    state = websak()
    address = user(state, "KARNOR", roles=..., access_functions=...)
    access = EffectiveAccess(state, AccessModel(), DISTRICTS)
    assert {reader.verdict for reader in access.what(address).values()} == {"unknown"}


@pytest.mark.parametrize("names", [False, True])
def test_names_of_persons_are_for_those_who_ask_for_them(names: bool) -> None:
    state = websak()
    user(state, "KARNOR", role=None)
    user(state, "SYSTEM", district="base", name="Per Hansen", access_functions=["0"])
    user(state, "OLANOR", district="sagene", name="Ola Lie", roles={"SB": scope("FR-BYDEL")})
    access, result = EffectiveAccess(state, AccessModel(), DISTRICTS), reviewed(state)
    document = review_document(result, access, FROGNER, source="live", language="nb", names=names)
    book = load_workbook(io.BytesIO(review_workbook(result, access, language="nb", names=names)))
    cells = " ".join(str(cell.value) for row in book.active.iter_rows() for cell in row)
    shown = f"{document.sections} {json.dumps(document.data)} {cells}"
    for name in ("Kari Nordmann", "Per Hansen", "Ola Lie"):
        assert shown.count(name) == 0 if not names else shown.count(name) >= 3
    assert (
        "Riktig?" in cells and result.digest in cells and "administrator" in cells and "rollen er ikke kjent" in cells
    )


def test_what_is_not_known_is_neither_alike_nor_different() -> None:
    state = websak()
    one, same = user(state, "KARNOR"), user(state, "OLANOR")
    unknown = user(state, "PERLIE", roles=..., access_functions=["10"])
    access = EffectiveAccess(state, AccessModel(), DISTRICTS)

    def alike(first: Address, second: Address) -> list[bool | None]:
        report = compare_report(access, first, second, source="live", names=False)
        return [code["alike"] for code in report.data["codes"]]

    assert alike(one, same) == [True, True, True]
    assert alike(one, unknown) == [None, None, None]
    assert "of 3 more it is unknown" in compare_report(access, one, unknown, source="live", names=False).headline


def test_the_review_counts_the_districts_people_once_and_others_not_at_all() -> None:
    state = websak()
    user(state, "KARNOR")
    user(state, "SYSTEM", district="base", roles={}, access_functions=["0"])
    result = reviewed(state)
    assert (result.people, len(result.rows)) == (1, 2)


def test_a_fingerprint_is_on_one_line_in_a_narrow_terminal() -> None:
    digest = reviewed(websak()).digest
    assert f"  {digest}" in wrapped(f"Fingerprint: {digest}", 60).splitlines()
