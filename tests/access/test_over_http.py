"""Access as Websak has it, at both versions of the User API: read for everybody, reviewed, signed, and demanded by a gate."""

import json
import sqlite3
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Sandbox
from tests.users.office import office

CODES = """\
access_codes:
  P: {name: Personalsaker, basis_chosen_per_case: true, screening_level: 3}
  BV:
    name: Barnevern
    legal_basis: [{reference: offl. § 13, valid_from: 2009-01-01}]
    screening_level: 3
  U: {name: Unntatt, basis_chosen_per_case: true, screening_level: 1}
access_groups: {BYARKIVET: {owner: Byarkivet}}
"""
ROLES = """\
user_roles:
  CASEWORKER:
    name: Saksbehandler
    template_id: "20001"
    access_functions: ["10"]
    groups: []
    district_groups: [SAKSBEHANDLERE]
    roles: {SB: {units: own, grades: [U]}}
    zones: [Åpen sone]
each_district:
  access_groups: {SAKSBEHANDLERE: {owner: Bydelsdirektør}}
"""
GATES = "gates:\n  TILGANG: {name: Tilgang er gjennomgått, check: access-review}\n"
KARI = "{name: Kari Nordmann, role: CASEWORKER, unit: OPPV, username: karnor, email: kari@example.org, logins: [{key: S-1}]}"


@pytest.fixture(params=["3.0", "3.3"])
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """An office with a caseworker of Frogner applied, at each version."""
    return settled(tmp_path, request.getfixturevalue(f"sandbox{request.param.replace('.', '')}"), request.param)


@pytest.fixture
def at33(tmp_path: Path, sandbox33: Sandbox) -> Any:
    return settled(tmp_path, sandbox33, "3.3")


def settled(tmp_path: Path, sandbox: Sandbox, version: str) -> Any:
    result: Any = office(tmp_path, sandbox)
    for name, text in (("access", CODES), ("user_roles", ROLES), ("gates", GATES)):
        (tmp_path / f"config/{name}.yaml").write_text(text, encoding="utf-8")
    result.lists("frogner", KARNOR=KARI)
    result.apply()
    result.version = version
    return result


def answer(at: Any, *words: str) -> Any:
    return json.loads(at("access", *words, "--format", "json")[0])


def readers(document: Any) -> dict[str, list[str]]:
    """Through what each user reads, and whether it is certain."""
    return {
        r["user"]: [f"{w['kind']} {w['name']} {w['reads']}".strip() for w in r["ways"]] for r in document["readers"]
    }


def give_role(at: Any, code: str, **role: str) -> None:
    """Somebody gives a role in Websak."""
    lists = {"departmentList": "", "gradeList": "", "archiveList": "", "journalUnitList": "", **role}
    at.ask("POST", f"/Users/{at.user(code)['gidId']}/roles", lists)


def test_everybody_is_read_with_all_that_lets_them_read(at: Any) -> None:
    kari = at.user("KARNOR")
    assert readers(answer(at, "who", "--code", "U", "--unit", "FR-OPPV")).get("KARNOR") == ["role SB yes"]
    assert "KARNOR" not in readers(answer(at, "who", "--code", "BV"))
    give_role(at, "KARNOR", id="LD", departmentList=kari["departmentId"], gradeList="BV,U")
    found = answer(at, "who", "--code", "BV", "--unit", "FR-BHG")  # below OPPV
    assert readers(found)["KARNOR"] == ["role LD yes"]
    assert found["source"] == "live" and found["incomplete"] == []
    assert readers(found)["SYS-BYARK"] == ["administrator 0 yes"]


def test_a_role_for_the_root_unit_holds_for_every_district(at: Any) -> None:
    give_role(at, "KARNOR", id="AR", departmentList=at.ask("GET", "/Departments/external/OSLO")["id"], gradeList="BV")
    found = answer(at, "who", "--code", "BV", "--unit", "SA-BHG")
    assert readers(found)["KARNOR"] == ["role AR yes"] and found["incomplete"] == []
    across = answer(at, "review", "--district", "sagene")["inwards"]
    assert {"user": "KARNOR", "district": "frogner", "code": "BV", "reads": "yes", "districts": ["sagene"]} in across


def test_two_roles_of_one_type_both_count(at: Any) -> None:
    of_unit = {key: at.ask("GET", f"/Departments/external/{key}")["id"] for key in ("FR-HELSE", "SA-HELSE")}
    for unit in of_unit.values():
        give_role(at, "KARNOR", id="LD", departmentList=unit, gradeList="BV")
    for key in of_unit:
        assert readers(answer(at, "who", "--code", "BV", "--unit", key)).get("KARNOR") == ["role LD yes"], key


def test_who_is_in_a_group_is_read_for_everybody(at: Any) -> None:
    with (at.root / "config/websak.yaml").open("a", encoding="utf-8") as settings:
        settings.write("access_model: {group_codes: {SAKSBEHANDLERE: [BV]}, zones: {U: Åpen sone}}\n")
    assert readers(answer(at, "who", "--code", "BV", "--unit", "FR-HELSE"))["KARNOR"] == ["group FR-SAKSBEHANDLERE yes"]
    assert "KARNOR" not in readers(answer(at, "who", "--code", "BV", "--unit", "SA-HELSE"))
    told = readers(answer(at, "who", "--code", "U", "--unit", "FR-OPPV"))["KARNOR"]
    assert told == ["role SB yes" if at.version == "3.3" else "role SB unknown"]  # no answer of 3.0 tells zones


def test_a_review_is_signed_and_the_gate_takes_it(at33: Any) -> None:
    before = at33("rollout", "check", "PULJE-1", code=4)[0]
    assert "nobody has signed a review of access" in before
    digest = answer(at33, "review", "--district", "frogner")["digest"]
    signed = ("access", "sign", "--district", "frogner", "--by", "Bydelsdirektør", "--evidence", "sak 27/1")
    at33(*signed, "--review", digest)
    assert "sak 27/1" in verdict(at33)["why"][0]
    give_role(at33, "KARNOR", id="LD", departmentList=at33.user("KARNOR")["departmentId"], gradeList="BV")
    refused = at33(*signed, "--review", digest, code=4)[1]
    assert "is not what was signed" in refused


def verdict(at: Any, *words: str, code: int = 0) -> Any:
    """How the gate of Frogner stands."""
    document = json.loads(at("rollout", "check", "PULJE-1", *words, "--format", "json", code=code)[0])
    result = next(v for v in document["districts"][0]["verdicts"] if v["gate"] == "TILGANG")
    assert (result["state"] == "pass") is (code == 0)
    return result


def test_a_gate_compares_what_was_signed_with_access_now(at33: Any) -> None:
    signed_on(at33, today().isoformat())
    assert answer(at33, "review", "--district", "frogner")["signed"]["same"] is True
    rests = f"it rests on access as it was on {today()}, not compared with now"
    assert rests not in verdict(at33)["why"]
    assert rests in verdict(at33, "--offline")["why"] and rests in at33("rollout", "check", "PULJE-1", "--offline")[0]
    assert answer(at33, "review", "--district", "frogner", "--offline")["signed"]["same"] is None
    give_role(at33, "KARNOR", id="LD", departmentList=at33.user("KARNOR")["departmentId"], gradeList="BV")
    assert answer(at33, "review", "--district", "frogner")["signed"]["same"] is False
    assert "Access is another than was signed" in at33("access", "review", "--district", "frogner")[0]
    assert verdict(at33, code=4)["why"][0] == "access is another than was signed"
    signed_on(at33, today().isoformat())
    verdict(at33)


def test_what_was_not_checked_is_counted_kept_and_told(at33: Any) -> None:
    what = "who both approves and administers"
    assert (
        f"1 not checked: {what})" in at33("access", "sign", "--district", "frogner", "--by", "B", "--evidence", "s")[0]
    )
    assert f"not checked when it was signed: {what}" in verdict(at33)["why"]
    shown = at33("access", "review", "--district", "frogner", "--format", "json")[0]
    assert json.loads(shown)["not_checked"] == [what]
    unlisted = at33("access", "review", "--district", "sagene")[0]
    assert "2 not checked" in unlisted and "1 district of which no user is known (sagene)" in unlisted
    assert "0 people" in unlisted


def test_an_older_day_is_taken_only_with_what_was_signed_then(at33: Any) -> None:
    signed = ("access", "sign", "--district", "frogner", "--by", "B", "--evidence", "s")
    for day, words in (("1900-01-01", "before today"), ((today() + timedelta(days=1)).isoformat(), "has not been yet")):
        assert words in at33(*signed, "--on", day, code=64)[1]
    assert "nobody has signed" in at33("rollout", "check", "PULJE-1", code=4)[0]


def test_a_review_is_of_one_district(at33: Any) -> None:
    twice = ("--district", "frogner", "--district", "sagene", "--offline")
    for words in (("review",), ("sign", "--by", "B", "--evidence", "s")):
        assert "a review is of one" in at33("access", *words, *twice, code=64)[1]


def test_of_the_users_of_a_district_is_said_in_the_first_line(at33: Any) -> None:
    words = ("who", "--code", "U", "--district", "sagene")
    assert at33("access", *words)[0].startswith("0 of the users of sagene can read code U ")
    assert answer(at33, *words)["question"]["districts"] == ["sagene"]


def test_what_the_config_has_and_websak_not_yet_is_told_as_that(at33: Any) -> None:
    added = "access_codes:\n  NY: {name: Ny, sensitive: true, basis_chosen_per_case: true, screening_level: 3}\n"
    (at33.root / "config/ny.yaml").write_text(added, encoding="utf-8")
    del at33.env["WEBSAKCTL_SETUP_URL"]  # this Websak tells its access codes
    assert "in the config, and not in Websak yet" in at33("access", "who", "--code", "NY", code=4)[1]
    shown = answer(at33, "review", "--district", "frogner")
    assert shown["sensitive"] == []
    assert {"what": "sensitive access codes of the config that no list has", "where": ["NY"]} in shown["incomplete"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("who", "--code", "U", "--unit", "HELSE"), "did you mean FR-HELSE or SA-HELSE?"),
        (("who", "--code", "u"), "did you mean U?"),
        (("what", "NOBODY9"), "users are named by their codes"),
    ],
)
def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(at33: Any, words: Any, said: str) -> None:
    assert said in at33("access", *words, "--offline", code=64)[1]


def test_a_login_name_will_do(at33: Any) -> None:
    at33.lists("frogner", KN01=KARI)
    assert answer(at33, "what", "karnor", "--offline")["user"] == "KN01"


def test_a_csv_file_has_beside_it_what_the_answer_rests_on(at33: Any) -> None:
    out, err = at33("access", "who", "--code", "U", "--offline", "--format", "csv")
    assert "Rests on rules that are assumed" in err and "Rests" not in out


def test_a_page_of_a_review_says_that_it_holds_personal_data(at33: Any) -> None:
    page = at33.root / "t.html"
    said = at33("access", "review", "--district", "frogner", "--format", "html", "--out", str(page))[1]
    assert "holds personal data" in said
    assert page.stat().st_mode & 0o077 == 0


def today() -> date:
    return datetime.now(ZoneInfo("Europe/Oslo")).date()


def signed_on(at: Any, day: str) -> None:
    digest = answer(at, "review", "--district", "frogner")["digest"]
    at(
        "access",
        "sign",
        "--district",
        "frogner",
        "--by",
        "B",
        "--evidence",
        "sak 27/1",
        "--on",
        day,
        "--review",
        digest,
    )


def test_a_review_counts_for_180_days(at33: Any) -> None:
    signed_on(at33, (today() - timedelta(days=181)).isoformat())
    assert "it was signed 181 days ago, and counts for 180" in at33("rollout", "check", "PULJE-1", code=4)[0]
    signed_on(at33, (today() - timedelta(days=180)).isoformat())
    at33("rollout", "check", "PULJE-1")


def test_what_rests_on_half_of_it_passes_no_gate(at33: Any) -> None:
    signed = ("access", "sign", "--district", "frogner", "--by", "B", "--evidence", "sak 27/1")
    assert "Websak was not asked" in at33(*signed, "--offline")[1]
    assert "it rests on the config, and Websak was not asked" in at33("rollout", "check", "PULJE-1", code=4)[0]
    give_role(at33, "KARNOR", id="LD", departmentList=at33.user("KARNOR")["departmentId"], gradeList="NY")
    assert "1 access code that roles name and no list has (NY)" in at33(*signed)[1]
    assert "it rests on incomplete data" in at33("rollout", "check", "PULJE-1", code=4)[0]


def test_half_a_journal_tells_nothing_of_reviews(at33: Any) -> None:
    signed_on(at33, "2026-11-30")
    journal = at33.root / ".websakctl" / "journal.db"
    with sqlite3.connect(journal) as db:
        db.execute("DELETE FROM entries WHERE seq = 2")
    db.close()
    assert "the journal is not whole from entry 2 on" in at33("rollout", "check", "PULJE-1", code=4)[0]


def test_nobody_is_named_and_no_number_shown_unless_asked_for(at33: Any) -> None:
    for words in (
        ("who", "--code", "U"),
        ("what", "KARNOR"),
        ("compare", "KARNOR", "SYS-BYARK"),
        ("review", "--district", "frogner"),
    ):
        plain, named = at33("access", *words)[0], at33("access", *words, "--names")[0]
        assert "Nordmann" not in plain
        assert "Kari Nordmann" in named
