"""What a plan says it does to access: counted, at both versions, from complete and from incomplete data, without names."""

import json
from typing import Any

import pytest

from .office import KARI, OLA, Office

CODES = """\
access_codes:
  U: {name: Unntatt offentlighet, basis_chosen_per_case: true, screening_level: 2}
  A: {name: Annet, basis_chosen_per_case: true, screening_level: 2}
  P:
    name: Personalsaker
    screening_level: 3
    sensitive: true
    legal_basis: [{reference: offl. § 13, valid_from: 2009-01-01}]
"""
GROUPS = "access_groups:\n  BYARKIVET: {}\n"
LEADER = OLA.replace("}", ", logins: [{key: S-1-5}]}")
OPEN = "roles: {LD: {units: own, grades: [U]}, SB: {units: district, grades: [A]}}"
WIDER = OPEN.replace("grades: [U]", "grades: [P, U]")
CONFIRMED = "\naccess_model: {confirmed_by: Byarkivet, on: 2026-11-02}\n"


@pytest.fixture
def here(at: Office) -> Office:
    return with_a_leader(at)


@pytest.fixture
def here33(at33: Office) -> Office:
    return with_a_leader(at33)


def with_a_leader(at: Office) -> Office:
    """With a leader of Frogner applied, whose roles open U and A."""
    (at.root / "config/access.yaml").write_text(GROUPS + CODES, encoding="utf-8")
    at.lists("frogner", OLANOR=LEADER)
    at.apply()
    at.written()
    return at


def edit(at: Office, file: str, old: str, new: str) -> None:
    path = at.root / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def widen(at: Office) -> None:
    edit(at, "config/user_roles.yaml", OPEN, WIDER)


def texts(plan: Any) -> list[str]:
    return [code["text"] for code in plan["access"]["codes"]]


def test_a_role_that_opens_one_more_code_and_a_plan_that_touches_nothing(here: Office) -> None:
    assert here.plan()["access"] is None
    assert here.plan("--access")["access"] == {"computed": True, "why_not": None, "codes": [], "gaps": []}
    assert "nobody can read more or less than before" in here("plan", "--access")[0]
    assert "Access" not in here("plan")[0]
    widen(here)
    plan = here.plan()
    (code,) = plan["access"]["codes"]
    assert (code["code"], code["gained"], code["sensitive"], code["at_least"]) == ("P", {"frogner": 1}, True, False)
    assert code["text"] == "1 more person can read code P (1 in frogner)"
    assert 4 in code["assumed"]
    assert plan["findings"] == [] and any("access_model" in warning for warning in plan["warnings"])
    out, _ = here("plan")
    assert "Access:\n  1 more person can read code P (1 in frogner) [sensitive]\n" in out
    assert "rests on rules that nobody has confirmed" in out
    comment, _ = here("plan", "--format", "markdown")
    assert "### Access\n\n- 1 more person can read code P (1 in frogner) \\[sensitive\\]" in comment
    page, _ = here("plan", "--format", "html", "--lang", "nb")
    assert "<h2>Tilgang</h2>" in page and "1 til kan lese kode P (1 i frogner) [skjermes særskilt]" in page
    for shown in (out.partition("Access:")[2], json.dumps(plan["access"])):
        assert "Nordmann" not in shown and "OLANOR" not in shown


def test_a_guard_once_somebody_has_confirmed_the_model(here: Office) -> None:
    widen(here)
    edit(here, "config/websak.yaml", "organisation:", f"{CONFIRMED}organisation:")
    plan = here.plan()
    assert [f["allow"] for f in plan["findings"]] == ["access:P=1"]
    assert plan["access"]["codes"][0]["assumed"] == []
    out, err = here.apply(code=4)
    assert "access code P is marked as sensitive: 1 more person can read code P (1 in frogner)" in out + err
    assert here.written() == []
    here.apply("--allow", "access:P=2", code=4)
    here.apply("--allow", "access:P=1")
    assert [each[0] for each in here.written()] != []
    assert here.plan()["access"] is None


def test_who_is_new_and_what_nobody_can_tell_of_them(here: Office) -> None:
    """The role of a caseworker names no roles of Websak: they are the template's, and not known."""
    here.lists("frogner", OLANOR=LEADER, KARNOR=KARI)
    plan = here.plan()
    assert {code["code"]: code["unknown"] for code in plan["access"]["codes"]} == {key: {"frogner": 1} for key in "APU"}
    assert all(code["at_least"] for code in plan["access"]["codes"])
    assert texts(plan)[0] == "whether 1 person can read code A is unknown"
    assert "users whose roles in Websak are not told: 1" in plan["access"]["gaps"]
    page, _ = here("plan", "--format", "html", "--lang", "nb")
    assert "det er ukjent om 1 kan lese kodene A, U<" in page
    assert "ikke kjent: brukere som vi ikke kjenner rollene til: 1" in page
    here.lists("frogner", OLANOR=LEADER, KARNOR=KARI, EVANOR=LEADER.replace("ola", "eva").replace("S-1-5", "S-1-6"))
    assert texts(here.plan())[0] == "at least 1 more person can read code A (1 in frogner); for 1 it is unknown"
    edit(here, "config/websak.yaml", "organisation:", f"{CONFIRMED}organisation:")
    assert [f["allow"] for f in here.plan()["findings"]] == ["access:P=1"], "what is unknown is not nothing"


def test_a_unit_that_moves_takes_a_read_for_each_user(here: Office) -> None:
    edit(
        here, "config/org_units.yaml", "BHG: {name: Barnehager, parent: OPPV}", "BHG: {name: Barnehager, parent: HELSE}"
    )
    plan = here.plan()
    assert plan["access"] == {
        "computed": False, "why_not": "it takes a read for each user: --access", "codes": [], "gaps": [],
    }  # fmt: skip
    assert "not computed: it takes a read for each user: --access" in here("plan")[0]
    assert texts(here.plan("--access")) == ["1 person can read code U in more units"]


def test_what_people_are_to_change_of_an_access_code_counts_too(here33: Office) -> None:
    """This Websak has no API for access codes: the plan has somebody set them."""
    here33("worklist", "done", "access_code/base/P", "--by", "Systemforvalter", "--evidence", "sak 26/1")
    edit(here33, "config/access.yaml", "    screening_level: 3\n", "")
    assert here33.plan()["access"]["computed"] is False
    (code,) = here33.plan("--access")["access"]["codes"]
    assert (code["code"], code["gained"], code["unknown"]) == ("P", {"frogner": 1}, {"base": 1})  # the tool's own user


def test_a_saved_plan_says_it_too_and_is_made_again_with_it(here33: Office) -> None:
    widen(here33)
    edit(here33, "config/websak.yaml", "organisation:", f"{CONFIRMED}organisation:")
    here33("plan", "--access", "--out", "p.json")
    saved = json.loads((here33.root / "p.json").read_text(encoding="utf-8"))
    assert saved["made_from"]["access"] is True and texts(saved) == ["1 more person can read code P (1 in frogner)"]
    here33("plan", "--access", "--out", "q.json")
    again = json.loads((here33.root / "q.json").read_text(encoding="utf-8"))
    assert saved["digest"] == again["digest"]
    here33("apply", "p.json", "--auto-approve", code=4)
    out, err = here33("apply", "p.json", "--auto-approve", "--allow", "access:P=1")
    assert "1 more person can read code P" in out + err


def test_roles_given_by_hand_in_websak_are_read_and_not_guessed(here33: Office) -> None:
    """Somebody whom no file lists, with a role of their own, is counted when a unit moves."""
    here33.websak.ask("POST", "edit", {"kind": "user", "key": "OLANOR", "set": {"title": "Sjef"}})
    edit(
        here33,
        "config/org_units.yaml",
        "BHG: {name: Barnehager, parent: OPPV}",
        "BHG: {name: Barnehager, parent: HELSE}",
    )
    (here33.root / "users/frogner.yaml").unlink()
    assert texts(here33.plan("--access")) == ["1 person can read code U in more units"]


def test_another_unit_gives_what_the_template_gives_and_nobody_knows_what_that_is(here33: Office) -> None:
    """Changing unit or template resets access: an archivist, of whose access the config says nothing."""
    archivist = LEADER.replace("ola", "eva").replace("S-1-5", "S-1-6").replace("LEADER", "ARCHIVIST")
    here33.lists("frogner", OLANOR=LEADER, EVANOR=archivist)
    here33.apply()
    here33.lists("frogner", OLANOR=LEADER, EVANOR=archivist.replace("HELSE", "OPPV"))
    for args in ((), ("--access",)):
        assert texts(here33.plan(*args))[0] == "whether 1 person can read code A is unknown"


def readers(at: Office) -> dict[str, dict[str, set[str]]]:
    """Who reads each code now, as Websak has it, by verdict."""
    found: dict[str, dict[str, set[str]]] = {}
    for code in "UP":
        rows = json.loads(at("access", "who", "--code", code, "--format", "json")[0])["readers"]
        found[code] = {verdict: {r["user"] for r in rows if r["reads"] == verdict} for verdict in ("yes", "unknown")}
    return found


def test_what_a_plan_says_is_what_is_so_once_it_was_applied(here: Office) -> None:
    """Roles that open more, somebody new, somebody who leaves: counted before, and read from Websak after."""
    eva = LEADER.replace("ola", "eva").replace("S-1-5", "S-1-6")
    lives = {"OLANOR": LEADER, "EVANOR": eva}
    before = readers(here)
    for change in ("new", "more", "left"):
        match change:
            case "new":
                here.lists("frogner", **lives)
            case "more":
                widen(here)
            case "left":
                here.lists("frogner", EVANOR=eva)
        said = {code["code"]: code for code in here.plan("--access")["access"]["codes"]}
        here.apply()
        after = readers(here)
        for code in "UP":
            gained, lost = after[code]["yes"] - before[code]["yes"], before[code]["yes"] - after[code]["yes"]
            told = said.get(code, {"gained": {}, "lost": {}})
            assert (sum(told["gained"].values()), sum(told["lost"].values())) == (len(gained), len(lost)), (
                change,
                code,
            )
        assert said and after != before
        before = after


def test_changes_of_other_sorts_one_after_the_other(here33: Office) -> None:
    """More of a code that is not sensitive, less of one, somebody who leaves, a new unit, a renamed one, and a policy."""
    roles = (here33.root / "config/user_roles.yaml").read_text(encoding="utf-8")
    edit(here33, "config/websak.yaml", "organisation:", f"{CONFIRMED}organisation:")
    edit(
        here33, "config/user_roles.yaml", "SB: {units: district, grades: [A]}", "SB: {units: district, grades: [A, U]}"
    )
    plan = here33.plan()
    assert texts(plan) == ["1 person can read code U in more units"] and plan["findings"] == []
    edit(here33, "config/user_roles.yaml", "grades: [A, U]", "grades: [U]")
    assert texts(here33.plan())[0] == "1 fewer person can read code A (1 in frogner)"

    (here33.root / "config/user_roles.yaml").write_text(roles, encoding="utf-8")
    units = (here33.root / "config/org_units.yaml").read_text(encoding="utf-8")
    old = "HELSE: {name: Helse og mestring}"
    edit(here33, "config/org_units.yaml", old, "HELSE: {name: Helse}\n    NY: {name: Ny, parent: HELSE}")
    assert here33.plan("--access")["access"]["codes"] == []
    edit(here33, "config/websak.yaml", CONFIRMED, "")
    assert here33.plan()["access"] is None

    (here33.root / "config/org_units.yaml").write_text(units, encoding="utf-8")
    (here33.root / "config/policy").mkdir()
    (here33.root / "config/policy/access.yaml").write_text(
        'policies:\n  NOBODY-MORE: {match: "access.codes[?gained].code", message: Ingen skal lese mer}\n',
        encoding="utf-8",
    )
    here33.lists(
        "frogner", EVANOR=LEADER.replace("ola", "eva").replace("S-1-5", "S-1-6").replace("LEADER", "ARCHIVIST")
    )
    plan = here33.plan()
    assert "1 fewer person can read code U (1 in frogner)" in texts(plan)[-1]
    assert [f for f in plan["findings"] if f["guard"].startswith("policy")] == []
    here33.lists("frogner", OLANOR=LEADER)
    widen(here33)
    assert [f["message"] for f in here33.plan()["findings"]] == ["policy NOBODY-MORE: Ingen skal lese mer (P)"]
